#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Uprobes and USDT between processes under `skep exec`: programs that know nothing of skep, as an ordinary user."""
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

skep, target, tracer, lib = (str(pathlib.Path(a).resolve()) for a in sys.argv[1:5])
here = pathlib.Path(__file__).resolve().parent
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no clang')
    sys.exit(77)
failed = 0


def check(what, got, want):
    global failed
    if got != want:
        print(f'FAIL {what}: got {got!r}, not {want!r}')
        failed += 1


def drop():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


class Run:
    """A program under skep exec with a conversation by lines."""

    def __init__(self, store, *args):
        self.p = subprocess.Popen([skep, 'exec', '--store', store, '--', *map(str, args)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, preexec_fn=drop)
        self.seen = []

    def line(self, limit=20):
        if not select.select([self.p.stdout], [], [], limit)[0]:
            return '(nothing)'
        return self.p.stdout.readline().rstrip('\n')

    def ask(self, text):
        self.p.stdin.write(text + '\n')
        self.p.stdin.flush()
        return self.line()

    def end(self):
        self.p.stdin.close()
        rest = self.p.stdout.read().splitlines()
        self.p.wait(20)
        self.p.stdout.close()
        return rest


def main(tmp):
    store = f'{tmp}/store'
    os.mkdir(store, 0o700)
    for path in (tmp, store):
        os.chown(path, *((65534, 65534) if os.geteuid() == 0 else (-1, -1)))
    obj = {}
    for name, src in (('ring', here.parents[1] / 'examples/uprobe_ring.bpf.c'), ('count', here / 'uprobe_count.bpf.c'),
                      ('usdt', here / 'uprobe_usdt.bpf.c')):
        obj[name] = f'{tmp}/{name}.o'
        subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c', src, '-o',
                        obj[name]], check=True)
        os.chmod(obj[name], 0o644)

    def start():
        t = Run(store, target)
        return t, t.line()

    def trace(kind, symbol, pid='-1', binary=target, oname=None):
        t = Run(store, tracer, kind, obj[oname or kind], binary, symbol, pid)
        return t, t.line()

    a, apid = start()
    b, bpid = start()
    # Entry and return, all processes, one that starts later, and a child.
    t, said = trace('ring', 'open_like')
    check('attached', said, 'ready')
    check('call', a.ask('open x/file 7'), '607')
    check('event', t.line(), f'{apid} uprobe-target(x/file, 7) = 607')
    check('call', b.ask('open other 1'), '501')
    check('event', t.line(), f'{bpid} uprobe-target(other, 1) = 501')
    c, cpid = start()
    check('call', c.ask('open late 0'), '400')
    check('event', t.line(), f'{cpid} uprobe-target(late, 0) = 400')
    child = c.ask('fork')
    check('call', c.ask('open child 5'), '505')
    check('event', t.line(), f'{child} uprobe-target(child, 5) = 505')
    check('end', t.end(), ['done'])
    check('call after', a.ask('open x/file 7'), '607')
    c.end()
    # One process only.
    t, said = trace('count', 'open_like', apid)
    check('attached', said, 'ready')
    a.ask('many 1000')
    b.ask('many 1000')
    env = {**os.environ, 'SKEP_STORE': store}
    shown = subprocess.run([skep, 'link', 'show'], env=env, preexec_fn=drop, capture_output=True, text=True).stdout.split('\n')[1].split()
    check('link show', (shown[1], shown[3].split('+')[0]), ('perf_event', target))
    bpftool = next((p for p in [shutil.which('bpftool'), '/usr/sbin/bpftool'] if p and os.access(p, os.X_OK)), None)
    if bpftool:
        shown = json.loads(subprocess.run([skep, 'exec', '--', bpftool, '-j', 'perf'], env=env, preexec_fn=drop, capture_output=True,
                                          text=True).stdout or '[]')
        check('bpftool perf', [(e['pid'], e['fd_type'], e['filename']) for e in shown], [(t.p.pid, 'uprobe', target)])
    check('of one process', t.end(), ['1000 hits, cookie 5', 'done'])
    d, dpid = start()
    t, said = trace('count', 'open_like', dpid)
    d.ask('many 10')
    check('another process', d.ask('fork').isdigit(), True)
    d.ask('many 100')
    check('not its child', t.end(), ['10 hits, cookie 5', 'done'])
    d.end()
    # Places for tracing: arguments, cookie, semaphore, and what a killed tracer leaves.
    check('before', a.ask('usdt 1 2'), '12 0')
    t, said = trace('usdt', 'plain', apid)
    check('attached', said, 'ready')
    check('call', a.ask('usdt -10 -20'), '-54 0')
    check('arguments', t.line(), 'usdt -10 -20 -7 cookie 4711 n 3')
    check('end', t.end(), ['done'])
    t, said = trace('usdt', 'counted', '-1')
    check('attached', said, 'ready')
    check('semaphore', a.ask('usdt 1 2'), '12 1')
    check('arguments', t.line(), 'usdt 6 1 0 cookie 4711 n 2')
    t.p.send_signal(signal.SIGKILL)
    t.p.wait()
    until = time.time() + 10
    while (said := a.ask('usdt 1 2')) != '12 0' and time.time() < until:
        time.sleep(0.1)
    check('killed tracer', said, '12 0')
    # A library that comes and goes while it is traced.
    t, said = trace('count', 'late_function', '-1', lib)
    check('attached', said, 'ready')
    for turn in range(2):
        check('load', a.ask(f'lib {lib}'), 'yes')
        time.sleep(1.2)
        check('call', a.ask('call late_function 2'), '42')
        check('unload', a.ask('unload'), '0')
        time.sleep(0.7)
    check('library', t.end(), ['2 hits, cookie 5', 'done'])
    # What cannot be done is said.
    t = Run(store, tracer, 'count', obj['count'], target, 'short_one', '-1')
    said = t.end()
    check('refused', [l for l in said if 'too short' in l and l.startswith('skep: a probe cannot be placed')] != [], True)
    check('refused', said[-1], 'attach: Operation not supported')
    check('runs on', a.ask('short'), '2')
    # Attached and detached while it computes.
    n, hits = 800000000, 0
    a.p.stdin.write(f'many {n}\n')
    a.p.stdin.flush()
    for turn in range(4):
        t, said = trace('count', 'open_like', apid)
        check('attached', said, 'ready')
        hits += int(t.end()[0].split()[0])
    check('hits while computing', hits > 0, True)
    check('computed', a.line(60), str(n * (n - 1) // 2 + 100 * n))
    # Its own functions, in every way there is.
    want = [('link', 100, 9), ('destroyed', 0, 0), ('event', 100, 0), ('disabled', 0, 0), ('enabled', 100, 0), ('closed', 0, 0),
            ('multi', 200, 71), ('detached', 0, 0)]
    check('self', Run(store, tracer, 'self', obj['count'], '-', '-', '-').end(), [f'{w}: {n} hits, cookie {c}' for w, n, c in want])
    # The interpreter runs there, too.
    os.environ['SKEP_ENGINE'] = 'interp'
    check('self', Run(store, tracer, 'self', obj['count'], '-', '-', '-').end(), [f'{w}: {n} hits, cookie {c}' for w, n, c in want])
    # The kernel has no uprobes.
    if os.geteuid() == 0:
        os.mkdir(f'{tmp}/bare', 0o700)
        os.chown(f'{tmp}/bare', 65534, 65534)
        del os.environ['SKEP_ENGINE']
        bare = subprocess.run(['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /sys && exec setpriv --reuid 65534 --clear-groups "$@"', 'sh', skep,
                               'exec', '--store', f'{tmp}/bare', '--', tracer, 'self', obj['count'], '-', '-', '-'],
                              capture_output=True, text=True)
        check('no kernel events', bare.stdout.splitlines(), [f'{w}: {n} hits, cookie {c}' for w, n, c in want])
    else:
        print('not tested: a kernel without uprobes (needs root)')
    check('end', a.end() + b.end(), [])
    Run(store, 'true').end()
    check('links left', os.listdir(f'{store}/bpf_link') + os.listdir(f'{store}/perf'), [])


with tempfile.TemporaryDirectory() as tmp:
    main(tmp)
print(f'{failed} failed')
sys.exit(failed != 0)
