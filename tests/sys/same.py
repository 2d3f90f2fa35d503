#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A client of libbpf with its object: in both engines and in the kernel it must print the same.

    same.py SKEP CLIENT SOURCE MARK [ARGUMENT]

MARK must be in what it prints. With ARGUMENT the client is called once more with it, in both engines: it must end well.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

skep, client, source = (str(pathlib.Path(a).resolve()) for a in sys.argv[1:4])
mark, more = sys.argv[4], sys.argv[5:]
compilers = ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19']
if 'btf_type_tag' in pathlib.Path(source).read_text():  # which the older ones do not write down
    compilers = ['clang-19', 'clang-18', 'clang-17', 'clang-16', 'clang-15']
cpu = []
if 'address_space' in pathlib.Path(source).read_text():  # and the views of an arena
    compilers, cpu = ['clang-19', 'clang-20', 'clang-21'], ['-mcpu=v4']
clang = next((c for c in compilers if shutil.which(c)), None)
if not clang:
    print('SKIP: no compiler for eBPF')
    sys.exit(77)


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


# Stores are in memory where they can be, as without an option.
shm = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
with tempfile.TemporaryDirectory() as tmp, tempfile.TemporaryDirectory(dir=shm) as store:
    obj = f'{tmp}/client.o'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', *cpu, '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c',
                    source, '-o', obj], check=True)
    port = {e: [skep, 'exec', '--store', store, '--engine', e, '--'] for e in ('interp', 'jit')}
    said = {e: run(*port[e], client, obj) for e in port}
    again = {f'{word}, {e}': run(*port[e], client, obj, word) for e in port for word in more}
    kernel = run(client, obj)
bad = [f'{e}: status {p.returncode}\n{p.stdout}{p.stderr}' for e, p in (said | again).items() if p.returncode]
if kernel.returncode:
    print('SKIP the kernel: it does not load the object')
    want = said['jit'].stdout
else:
    want = kernel.stdout
if mark not in want:
    bad.append(f'not as expected:\n{want}')
bad += [f'{e} prints\n{p.stdout}instead of\n{want}' for e, p in said.items() if p.stdout != want]
print('\n'.join(bad) or 'passed')
sys.exit(1 if bad else 0)
