#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Names that the linker sees: in every library of the build they begin with skep_, so that they meet nobody's.

    symbols.py [--shared LIBRARY.so...] LIBRARY.a...

The shared libraries export nothing else either, but for what they interpose (a preloaded one is not given here).
"""
import argparse
import shutil
import subprocess
import sys

# gdb looks for these by name. Functions of src/sys begin with sys_, which no other module uses.
GDB = {'__jit_debug_descriptor', '__jit_debug_register_code'}


def names(options, path):
    """Global names that are defined there."""
    text = subprocess.run(['nm', '--defined-only', *options, path], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in 'TDBRVWGSi':
            yield words[2]


def allowed(name, path):
    if name.startswith(('skep_', '_Z', '__asan', '__ubsan', '__tsan', '__gcov', '__odr')) or name in GDB:
        return True
    return name.startswith('sys_') and 'skep_sys' in path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--shared', action='append', default=[])
    parser.add_argument('static', nargs='+')
    args = parser.parse_args()
    if not shutil.which('nm'):
        print('SKIP: there is no nm')
        return 77
    seen = bad = 0
    for path in args.static:
        for name in names(['-g'], path):
            seen += 1
            if not allowed(name, path):
                print(f'{path}: {name}')
                bad += 1
    for path in args.shared:
        exported = [n.split('@')[0] for n in names(['-D'], path)]
        seen += len(exported)
        for name in exported:
            if not name.startswith('skep_'):
                print(f'{path} exports {name}')
                bad += 1
    print(f'{seen} names, {bad} that are not ours')
    return bad > 0 or seen < 500


sys.exit(main())
