#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Optimize the examples and ask the kernel: optimized.py SKEP KERNEL-MOVING [OBJECT]..."""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'prop'))
import objects  # noqa: E402


def main():
    skep, asker, *given = sys.argv[1:]
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        pairs = []
        for i, path in enumerate(given or objects.loadable(objects.build(tmp))):
            for goal in ('size', 'speed'):
                out = tmp / f'{i}-{goal}.o'
                subprocess.run([skep, 'optimize', f'--for={goal}', path, '-o', str(out)], check=True,
                               stdout=subprocess.DEVNULL)
                pairs += [path, str(out)]
        if not pairs:
            print('SKIP: no compiler for eBPF\n0 passed, 0 failed, 1 skipped')
            return 77
        return subprocess.run([asker, '-o', *pairs]).returncode


if __name__ == '__main__':
    sys.exit(main())
