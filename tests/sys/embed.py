#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A program with eBPF inside: its object is compiled, it runs under skep exec, what it prints is compared."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# skep, program, its BPF source, what it prints
skep, embed, source = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
expected = sys.argv[4]
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no clang')
    sys.exit(77)
with tempfile.TemporaryDirectory() as tmp:
    obj = pathlib.Path(tmp) / 'embed.bpf.o'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c',
                    source, '-o', obj], check=True)
    os.mkdir(f'{tmp}/store', 0o700)
    got = subprocess.run([skep, 'exec', '--store', f'{tmp}/store', '--', embed, obj], capture_output=True, text=True, timeout=30)
    print(got.stdout, got.stderr, sep='')
    sys.exit(got.stdout != expected + '\n' or got.returncode)
