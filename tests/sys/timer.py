#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Timers in both engines, and in the kernel: timer.py SKEP CLIENT. All must print the same."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

skep, client = (str(pathlib.Path(a).resolve()) for a in sys.argv[1:3])
here = pathlib.Path(__file__).resolve().parent
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no compiler for eBPF')
    sys.exit(77)
with tempfile.TemporaryDirectory() as tmp:
    obj = f'{tmp}/timer.o'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c',
                    here / 'timer.bpf.c', '-o', obj], check=True)
    os.mkdir(f'{tmp}/store', 0o700)
    said = {e: subprocess.run([skep, 'exec', '--store', f'{tmp}/store', '--engine', e, '--', client, obj], capture_output=True, text=True,
                              timeout=30) for e in ('interp', 'jit')}
    many = {e: subprocess.run([skep, 'exec', '--store', f'{tmp}/store', '--engine', e, '--', client, obj, 'threads'], capture_output=True,
                              text=True, timeout=30) for e in ('interp', 'jit')}
    kernel = subprocess.run([client, obj], capture_output=True, text=True, timeout=30)
bad = [f'threads, {e}: status {p.returncode}\n{p.stdout}{p.stderr}' for e, p in many.items() if p.returncode]
bad += [f'{e}: status {p.returncode}\n{p.stdout}{p.stderr}' for e, p in said.items() if p.returncode]
if kernel.returncode:
    print('SKIP the kernel: it does not load the object')
    want = said['jit'].stdout
else:
    want = kernel.stdout
if 'fired 10, in the hash table 1,' not in want:
    bad.append(f'not as expected:\n{want}')
bad += [f'{e} prints\n{p.stdout}instead of\n{want}' for e, p in said.items() if p.stdout != want]
print('\n'.join(bad) or 'passed')
sys.exit(1 if bad else 0)
