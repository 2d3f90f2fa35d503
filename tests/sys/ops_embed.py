#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An application's own struct of operations, implemented by programs: ops_embed.py SKEP CLIENT SOURCE"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

skep, client, source = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no compiler for eBPF')
    sys.exit(77)
failed = 0


def check(what, ok, shown=''):
    global failed
    if not ok:
        failed += 1
        print(f'FAIL {what}: {shown}')


def compile_(out, *words):
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-D__TARGET_ARCH_x86', '-I', f'/usr/include/{os.uname().machine}-linux-gnu',
                    *words, '-c', source, '-o', out], check=True)


with tempfile.TemporaryDirectory() as tmp:
    obj, other = f'{tmp}/ops.o', f'{tmp}/bad.o'
    compile_(obj)

    def under(store, *words):
        os.makedirs(f'{tmp}/{store}', 0o700, exist_ok=True)
        return [str(skep), 'exec', '--store', f'{tmp}/{store}', '--', *(str(w) for w in words)]

    def run(*words):
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    os.makedirs(f'{tmp}/store', 0o700)
    old = pathlib.Path(f'{tmp}/store/types-0123456789abcdef')  # of another boot, whatever is in it
    old.write_bytes(b'types')
    for k in range(2):  # the second time it is declared already
        p = run(*under('store', client, obj))
        check('all ways', p.returncode == 0 and p.stdout == 'good\n', p.stdout + p.stderr)
        # The process is gone, and the pinned link registers its struct.
        os.environ['SKEP_STORE'] = f'{tmp}/store'
        links = json.loads(run(skep, '--json', 'link', 'show').stdout)['links']
        maps = json.loads(run(skep, '--json', 'map', 'show').stdout)['maps']
        strict = [m['id'] for m in maps if m['name'] == 'strict']
        check('its link', [(x['type'], x['target']) for x in links] == [('struct_ops', f'map {strict[0] if strict else None}')],
              f'{links} {maps}')
        run(skep, 'link', 'unpin', '/sys/fs/bpf/strict')
        check('nothing is left', json.loads(run(skep, '--json', 'map', 'show').stdout)['maps'] == [], maps)
        del os.environ['SKEP_STORE']
    check('the file of another boot is gone', not old.exists())
    p = run(*under('threads', client, obj, 'threads'))
    check('threads', p.returncode == 0 and p.stdout == 'good\n', p.stdout + p.stderr)
    p = run(*under('forks', client, obj, 'forks'))
    check('forks', p.returncode == 0 and p.stdout == 'good\n', p.stdout + p.stderr)
    hide = ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"', 'sh']
    if run(*hide, 'true').returncode:
        print('SKIP a kernel without types: no mount namespace can be had')
    else:
        p = run(*hide, *under('bare', client, obj))
        check('a kernel without types', p.returncode == 0 and p.stdout == 'good\n', p.stdout + p.stderr)
    # Programs that may not do what they do. What was declared before them looks the same in each.
    for number, why in re.findall(r'/\* (\d): (.*) \*/', source.read_text()):
        compile_(other, f'-DBAD={number}')
        p = run(*under('bad', client, other))
        check(f'bad program {number}', p.returncode and why in p.stderr, p.stdout + p.stderr)
    compile_(other, '-DBAD=6')
    p = run(*under('bad', client, other))
    check('a program that reads by a helper loads', 'failed to load' not in p.stderr, p.stderr)
    # By somebody else.
    if not shutil.which('bpftool'):
        print('SKIP registering by bpftool: there is none')
    else:
        with subprocess.Popen(under('store2', client, obj, 'wait'), stdout=subprocess.PIPE, text=True) as app:
            said = [app.stdout.readline(), app.stdout.readline()]
            done = run(*under('store2', 'bpftool', 'struct_ops', 'register', obj))
            while said[-1] not in ('-6999\n', ''):
                said.append(app.stdout.readline())
            run(*under('store2', 'bpftool', 'struct_ops', 'unregister', 'name', 'strict'))
            said.append(app.stdout.readline())
            run(*under('store2', 'bpftool', 'struct_ops', 'unregister', 'name', 'plain'))
            said += app.stdout.read().split('\n')[:-1]
            app.wait(30)
        said = [s.strip() for s in said]
        if said[2:3] == ['43006']:  # between the first and the second
            del said[2]
        check('by bpftool', said == ['declared', '-2', '-6999', '43006', '-2'] and app.returncode == 0, f'{said} {done.stderr}')
print(f'{failed} failed')
sys.exit(failed != 0)
