#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""CO-RE records as skep and as libbpf resolve them.

core.py KERNEL-CORE: compiles core_prog.bpf.c with each clang that is installed, against the types of
core_target.bpf.c, of itself, and of the running kernel; and members of the kernel's structs in core_ops.bpf.c.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COMPILERS = ['clang'] + [f'clang-{v}' for v in range(11, 23)]


def main():
    tool = sys.argv[1]
    found = {str(Path(c).resolve()): c for c in map(shutil.which, COMPILERS) if c}
    ran = bad = 0
    with tempfile.TemporaryDirectory() as d:
        for clang in found.values():
            objects = {}
            for name in ('core_prog', 'core_target', 'core_ops'):
                out = f'{d}/{Path(clang).name}-{name}.o'
                r = subprocess.run([clang, '-g', '-O2', '-target', 'bpf', '-c', str(HERE / f'{name}.bpf.c'),
                                    '-o', out], capture_output=True, text=True)
                if r.returncode:
                    print(f'not compared: {clang}: {r.stderr.splitlines()[0] if r.stderr else r.returncode}')
                    break
                objects[name] = out
            if len(objects) < 3:
                continue
            for args in (['-b', objects['core_target']], ['-b', objects['core_prog']], []):
                r = subprocess.run([tool, *args, objects['core_prog']], capture_output=True, text=True)
                print(Path(clang).name, 'itself' if 'prog' in ' '.join(args) else 'target' if args else 'kernel',
                      r.stdout.strip())
                ran += r.returncode == 0
                # without the kernel's types there is nothing to compare with
                if r.returncode not in (0, 77) or ', 0 records compared' in r.stdout:
                    bad += 1
            r = subprocess.run([tool, objects['core_ops']], capture_output=True, text=True)
            print(Path(clang).name, 'struct_ops', r.stdout.strip())
            bad += r.returncode not in (0, 77)
    if not ran and not bad:
        print('SKIP: no clang for BPF')
        sys.exit(77)
    sys.exit(1 if bad else 0)


main()
