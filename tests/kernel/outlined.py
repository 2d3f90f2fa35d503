#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Functions that pass outline makes, in the kernel: outlined.py SKEP.

Objects whose .text was empty: the kernel takes the result, with a record and a type of
the new function; it is proved to do the same, and does.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def compiled(tmp):
    multiarch = subprocess.run(['cc', '-print-multiarch'], capture_output=True, text=True).stdout.strip()
    for compiler in ('clang-19', 'clang-14', 'clang'):
        if not shutil.which(compiler):
            continue
        for level in ('v1', 'v3'):
            out = tmp / f'{compiler}-{level}.o'
            subprocess.run([compiler, '-target', 'bpf', f'-mcpu={level}', '-O2', '-g', f'-I/usr/include/{multiarch}',
                            '-c', str(HERE / 'outlined.bpf.c'), '-o', str(out)], check=True)
            yield out


def check(skep, obj, tmp):
    """What is wrong with the result, or None; 'skip' when the kernel cannot be asked."""
    def run(*words):
        return subprocess.run([skep, *map(str, words)], capture_output=True, text=True, check=False)

    out = tmp / 'out.o'
    done = run('optimize', '-k', '--repeat=1', '--cpu=v3', '--json', '--passes=outline', obj, '-o', out)
    result = json.loads(done.stdout) if done.stdout else {}
    if done.returncode == 4 or result.get('kernel_unavailable'):
        return 'skip'
    if done.returncode:
        return f'status {done.returncode}: {done.stderr}'
    made = [f for f in result['functions'] if f['made']]
    prog = next(f for f in result['functions'] if f['program'])
    if not made or made[0]['slots_after'] < 5 or made[0]['insns_before']:
        return 'no function was made'
    if sum(f['slots_after'] for f in result['functions']) >= prog['slots_before']:
        return 'it did not become smaller'
    if not prog['kernel_after']['accepted']:
        return 'refused: ' + prog['kernel_after']['log']
    for command in ('prove', 'differ'):
        said = run(command, obj, out)
        if said.returncode:
            return f'{command}: {said.stdout}{said.stderr}'
    text = run('show', out, '--json').stdout
    return None if made[0]['name'] in text else 'the function is not in the object'


def main():
    skep = os.path.abspath(sys.argv[1])
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as tmp:
        for obj in compiled(pathlib.Path(tmp)):
            wrong = check(skep, obj, pathlib.Path(tmp))
            if wrong == 'skip':
                skipped += 1
                continue
            passed += wrong is None
            if wrong:
                failed += 1
                print(f'FAIL {obj.name}: {wrong}')
    if not passed + failed:
        print(f'SKIP: no compiler for eBPF, or the kernel cannot be asked\n0 passed, 0 failed, {max(skipped, 1)} skipped')
        return 77
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
