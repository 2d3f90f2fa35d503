#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What runs between any two instructions of a program has no vector instruction: objects, disassembled."""
import re
import shutil
import subprocess
import sys

if not shutil.which('objdump'):
    print('SKIP: no objdump')
    sys.exit(77)
bad = 0
for archive in sys.argv[1:]:
    text = subprocess.run(['objdump', '-dr', '--no-show-raw-insn', archive], capture_output=True, text=True, check=True).stdout
    code = [l for l in text.splitlines() if re.match(r'\s+[0-9a-f]+:\t', l)]
    found = [l for l in code if re.search(r'%(xmm|ymm|zmm|mm|k|st)\d?\b', l)]
    if len(code) < 10 or found:
        print(archive, len(code), *found, sep='\n')
        bad += 1
    # A program that runs plainly calls the program and nothing else.
    if 'plain' in archive and re.search(r'(call|jmp) .*<[a-z]', re.sub(r'<sys_prog_run_plain[^>]*>', '', text)):
        print(f'{archive} calls functions')
        bad += 1
sys.exit(bad)
