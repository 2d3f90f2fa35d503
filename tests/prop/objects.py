#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run a property test on objects: objects.py [--level vN]... -- PROGRAM [ARGUMENT]...

The objects are the examples, compiled with every compiler that is installed at
every level that it knows, both byte orders, and once without -g.
SKEP_SEED sets the seed; without it a new one is taken and printed.
"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
COMPILERS = ('clang-19', 'clang-14', 'clang')
VARIANTS = [('v1', '-g'), ('v3', '-g'), ('v2', '-g'), ('v4', '-g'), ('v3', '-g', '-big'), ('v3', '-plain')]


def build(out):
    """Paths of all objects that could be compiled."""
    multiarch = subprocess.run(['cc', '-print-multiarch'], capture_output=True, text=True).stdout.strip()
    objects = []
    compilers = [c for c in COMPILERS if shutil.which(c)]
    for compiler in compilers[:2]:
        for variant in VARIANTS:
            for source in sorted((TOP / 'examples').glob('*.bpf.c')):
                target = out / f'{compiler}-{"".join(variant)}-{source.stem}.o'
                command = [compiler, '-target', 'bpfeb' if '-big' in variant else 'bpf', f'-mcpu={variant[0]}', '-O2',
                           '-Iexamples', f'-I/usr/include/{multiarch}', '-c', f'examples/{source.name}', '-o', str(target)]
                command += ['-g'] if '-g' in variant else []
                if subprocess.run(command, cwd=TOP, capture_output=True).returncode == 0:
                    objects.append(str(target))
    return objects


def loadable(paths):
    """Those that the kernel of this machine could take."""
    return [p for p in paths if not any(mark in os.path.basename(p) for mark in ('-big', '-plain'))]


def main():
    command = sys.argv[sys.argv.index('--') + 1:]
    if os.path.basename(command[0]) == 'prop-moving':
        command += ['-s', os.environ.get('SKEP_SEED', str(random.randrange(1 << 32)))]
    with tempfile.TemporaryDirectory() as tmp:
        objects = build(pathlib.Path(tmp))
        if not objects:
            print('SKIP: no compiler for eBPF\n0 passed, 0 failed, 1 skipped')
            return 77
        return subprocess.run([*command, *objects]).returncode


if __name__ == '__main__':
    sys.exit(main())
