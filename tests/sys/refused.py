#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs that must not load in user space, and why, as their source says: refused.py SKEP RESULTS SOURCE"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

skep, results, source = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no compiler for eBPF')
    sys.exit(77)
if not os.access('/sys/kernel/btf/vmlinux', os.R_OK):
    print('SKIP: the kernel does not tell its types')
    sys.exit(77)
with tempfile.TemporaryDirectory() as tmp:
    obj = f'{tmp}/refused.o'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c', source,
                    '-o', obj], check=True)
    os.mkdir(f'{tmp}/store', 0o700)
    said = subprocess.run([skep, 'exec', '--store', f'{tmp}/store', '--', results, '1', obj], capture_output=True, text=True,
                          timeout=60).stdout
bad = 0
for name, why in re.findall(r'^ \* (\w+): (.*)$', source.read_text(), re.M):
    line = next((text for text in said.splitlines() if text.split()[1] == name), '')
    if 'does not load' not in line or why not in line:
        print(f'FAIL {name}: {line!r} instead of {why!r}')
        bad += 1
print(f'{bad} failed')
sys.exit(bad != 0)
