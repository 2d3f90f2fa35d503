#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Entries and returns of very many functions of a program and of libc are probed; the program does what it did without."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

skep, tracer, most = *(str(pathlib.Path(a).resolve()) for a in sys.argv[1:3]), int(sys.argv[3])
here = pathlib.Path(__file__).resolve().parent
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang or not shutil.which('readelf'):
    print('SKIP: no clang or no readelf')
    sys.exit(77)
seed = int(os.environ.get('SKEP_SEED', '1'))
rand = random.Random(seed)
failed = 0


def functions(binary, wanted):
    """Offsets of functions in the file, some of them when there are more."""
    out = subprocess.run(['readelf', '-lsW', binary], capture_output=True, text=True, check=True).stdout
    loads, found = [], set()
    for line in out.splitlines():
        f = line.split()
        if f and f[0] == 'LOAD':
            loads.append((int(f[1], 16), int(f[2], 16), int(f[4], 16)))
        if len(f) >= 8 and f[3] == 'FUNC' and f[6] not in ('UND', 'ABS') and int(f[2], 0):
            addr = int(f[1], 16)
            found |= {addr - va + off for off, va, size in loads if va <= addr < va + size}
    found = sorted(found)
    rand.shuffle(found)
    return found[:wanted]


def run(what, binary, offsets, command, store, obj):
    global failed
    plain = subprocess.run(command, capture_output=True, text=True)
    t = subprocess.Popen([skep, 'exec', '--no-probes', '--store', store, '--', tracer, 'every', obj, binary, '-', '-'],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    t.stdin.write(''.join(f'{o:x}\n' for o in offsets) + 'go\n')
    t.stdin.flush()
    said = t.stdout.readline()
    from_ = time.time()
    probed = subprocess.run([skep, 'exec', '--store', store, '--', *command], capture_output=True, text=True)
    took = time.time() - from_
    t.stdin.close()
    hits = t.stdout.read().strip()
    t.wait()
    print(f'{what}: {len(offsets)} functions, {took:.1f} s, {hits}')
    if said != 'ready\n' or (plain.returncode, plain.stdout, plain.stderr) != (probed.returncode, probed.stdout, probed.stderr):
        print(f'FAIL {what} (SKEP_SEED={seed}): {said!r}, status {plain.returncode} and {probed.returncode}')
        print(probed.stdout[-2000:], probed.stderr[-2000:])
        failed += 1
    if ' 0 hits' in hits:
        print(f'FAIL {what}: nothing was hit')
        failed += 1


with tempfile.TemporaryDirectory() as tmp:
    os.mkdir(f'{tmp}/store', 0o700)
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c',
                    here / 'uprobe_count.bpf.c', '-o', f'{tmp}/count.o'], check=True)
    command = [skep, 'disasm', f'{tmp}/count.o', '--facts']
    run('a program', skep, functions(skep, most), command, f'{tmp}/store', f'{tmp}/count.o')
    ldd = subprocess.run(['ldd', shutil.which('awk')], capture_output=True, text=True).stdout
    libc = next((l.split()[2] for l in ldd.splitlines() if 'libc.so' in l), None)
    if libc:
        run('libc', libc, functions(libc, most), [shutil.which('awk'), 'BEGIN { for (i = 0; i < 20000; i++) a[i % 100] = a[i % 100] sprintf("%d %s", i, sqrt(i)); '
            'for (k in a) n += length(a[k]); print n, toupper("abc"), substr("hello", 2), match("xyz", /y/) }'], f'{tmp}/store', f'{tmp}/count.o')
sys.exit(failed != 0)
