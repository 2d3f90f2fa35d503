#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Move the instructions of the examples and ask the kernel: moving.py PROP-MOVING KERNEL-MOVING [OBJECT]..."""
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'prop'))
import objects  # noqa: E402


def main():
    mover, asker, *given = sys.argv[1:]
    seed = os.environ.get('SKEP_SEED', str(random.randrange(1 << 32)))
    print(f'seed {seed}')
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        pairs = []
        for i, path in enumerate(given or objects.loadable(objects.build(tmp))):
            moved = tmp / f'moved{i}.o'
            subprocess.run([mover, '-s', seed, '-o', str(moved), path], check=True)
            pairs += [path, str(moved)]
        if not pairs:
            print('SKIP: no compiler for eBPF\n0 passed, 0 failed, 1 skipped')
            return 77
        return subprocess.run([asker, *pairs]).returncode


if __name__ == '__main__':
    sys.exit(main())
