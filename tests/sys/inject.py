#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep attach: probes in processes that run already, as an ordinary user: inject.py SKEP TARGET STATIC TRACER

Processes wait, compute, allocate, handle signals meanwhile, and check themselves; those that must be left alone go on, too.
"""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

skep, target, static, tracer = (str(pathlib.Path(a).resolve()) for a in sys.argv[1:5])
here = pathlib.Path(__file__).resolve().parent
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no clang')
    sys.exit(77)
failed = passed = 0
ordinary = os.geteuid() == 0


def check(what, ok, shown=''):
    global failed, passed
    passed += bool(ok)
    failed += not ok
    if not ok:
        print(f'FAIL {what}: {shown}')


def drop():
    if ordinary:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def start(*words, user=drop):
    p = subprocess.Popen([target if len(words) == 1 else words[1], words[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, preexec_fn=user)
    time.sleep(0.3)
    return p


def attach(p, store, user=drop, json_='--json'):
    return subprocess.run([skep, 'attach', str(getattr(p, 'pid', p)), *([json_] if json_ else [])], env={**os.environ, 'SKEP_STORE': store}, preexec_fn=user,
                          capture_output=True, text=True, timeout=60)


def end(p):
    p.send_signal(signal.SIGTERM)
    try:
        return p.communicate(timeout=20)[0].decode(errors='replace').strip()
    except subprocess.TimeoutExpired:
        p.kill()
        return 'does not end'


def trace(obj, store, pid):
    p = subprocess.Popen([skep, 'exec', '--', tracer, 'count', obj, target, 'hit', str(pid)], env={**os.environ, 'SKEP_STORE': store},
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=drop)
    if not select.select([p.stdout], [], [], 20)[0]:
        return p, '(nothing)'
    return p, p.stdout.readline().strip()


def hits(p):
    out = p.communicate('', timeout=20)[0].split()
    return int(out[0]) if len(out) > 1 and out[1] == 'hits,' else out


def loaded(p):
    return 'libskep-preload' in pathlib.Path(f'/proc/{p.pid}/maps').read_text()


def one(mode, obj, store):
    p = start(mode)
    said = attach(p, store)
    check(f'{mode}: attached', said.returncode == 0 and json.loads(said.stdout)['processes'] == [{'pid': p.pid, 'refused': None}] and loaded(p),
          said.stdout + said.stderr)
    t, ready = trace(obj, store, p.pid)
    check(f'{mode}: traced', ready == 'ready', ready)
    if mode == 'read':
        for c in b'abc':
            p.stdin.write(bytes([c]))
            p.stdin.flush()
            check('a byte comes back', os.read(p.stdout.fileno(), 1) == bytes([c]))
        n = hits(t)
        check('read: hits', n == 3, n)
    elif mode != 'wait':
        time.sleep(0.4)
        n = hits(t)
        check(f'{mode}: hits', isinstance(n, int) and n > 3, n)
    again = attach(p, store)
    check(f'{mode}: again', again.returncode == 0, again.stderr)
    said = end(p)
    check(f'{mode}: goes on as it was', said == 'good', said)
    if mode == 'wait':
        n = hits(t)
        check('wait: hits', n == 4, n)


def many(store):
    """Attach and let go, often, at any moment of what it does."""
    for mode in 'busy', 'signals', 'alloc':
        for turn in range(6):
            p = start(mode)
            time.sleep(0.013 * turn)
            said = attach(p, store)
            check(f'{mode}, turn {turn}', said.returncode == 0, said.stderr)
            said = end(p)
            check(f'{mode}, turn {turn}: goes on', said == 'good', said)


def refused(tmp, store):
    for mode, why in ('handler', 'no thread waits or computes outside'), ('filter', 'seccomp'), ('stopped', 'it is stopped'):
        p = start(mode)
        said = attach(p, store, json_='')
        check(f'{mode}: refused', said.returncode == 4 and why in said.stderr and 'SKEP9047' in said.stderr and not loaded(p), said.stderr)
        if mode == 'handler':
            p.kill()
            p.communicate()
            continue
        p.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        said = end(p)
        check(f'{mode}: goes on', said == 'good', said)
    if static != target:
        p = start('sleep', static)
        said = attach(p, store, json_='')
        check('static: refused', said.returncode == 4 and 'linked statically' in said.stderr, said.stderr)
        said = end(p)
        check('static: goes on', said == 'good', said)
    else:
        print('SKIP a static program: none could be linked')
    said = attach(999999999, store, json_='')
    check('no such process', said.returncode == 4 and 'no such process' in said.stderr, said.stderr)
    said = attach('x1', store)
    check('no number', said.returncode == 2, said.stderr)
    if ordinary:
        p = start('sleep', user=None)
        said = attach(p, store, json_='')
        check("another user's", said.returncode == 4 and 'another user' in said.stderr, said.stderr)
        end(p)
    p = start('sleep')
    other = f'{tmp}/other'
    os.mkdir(other, 0o700)
    os.chown(other, *((65534, 65534) if ordinary else (-1, -1)))
    check('one store', attach(p, store).returncode == 0)
    said = attach(p, other, json_='')
    check('another store', said.returncode == 4 and 'another store' in said.stderr, said.stderr)
    said = end(p)
    check('another store: goes on', said == 'good', said)


def main(tmp):
    store = f'{tmp}/store'
    os.mkdir(store, 0o700)
    for path in (tmp, store):
        os.chown(path, *((65534, 65534) if ordinary else (-1, -1)))
    obj = f'{tmp}/count.o'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c',
                    here / 'uprobe_count.bpf.c', '-o', obj], check=True)
    os.chmod(obj, 0o644)
    p = start('sleep')
    said = attach(p, store)
    if said.returncode == 4 and 'ptrace(2)' in said.stdout:
        print(f'SKIP: {said.stderr.strip()}')
        return 77
    end(p)
    if said.returncode == 4 and 'static TL' in said.stdout:
        print('SKIP: the library has more thread-local data than may come late (a build with a sanitizer)')
        return 77
    for mode in 'sleep', 'busy', 'read', 'alloc', 'wait', 'signals':
        one(mode, obj, store)
    many(store)
    refused(tmp, store)
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


with tempfile.TemporaryDirectory() as name:
    result = main(name)
sys.exit(result)
