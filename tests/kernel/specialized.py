#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Specialize an object and have the kernel load what comes out: specialized.py SKEP [OBJECT VAR=VALUE...]

libbpf must find its way through an object from which maps, programs, externs and
entries of BTF are gone, and the verifier must accept every program that it accepts
in the object whose values are set but whose code is as it was.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SETTINGS = (
    ['debug=false'],
    ['debug=true'],
    ['mode=MODE_NEGATIVE'],
    ['limit=0', 'debug=0', 'mode=MODE_DROP'],
    ['mode=0', 'CONFIG_HZ=250', 'LINUX_KERNEL_VERSION=0x60000', 'cfg.port=443', 'ports[2]=9', 'limit=-5',
     'seed=0x123456789abcdef', 'cfg.name=eth0', 'cfg.on=1'],
)
ONLY = ([], ['--only=other'], ['--only=main_prog'], ['--only=main_prog', '--only=steps', '--keep-maps'], ['--optimize'])


def verdicts(skep, path):
    """{program: accepted}, or why the kernel cannot be asked."""
    p = subprocess.run([skep, 'optimize', '-k', '--repeat=0', '--passes=', '--json', str(path)], capture_output=True)
    said = json.loads(p.stdout)
    if 'functions' not in said or said['kernel_unavailable']:
        return said.get('kernel_unavailable') or said['diagnostics'][0]['message']
    return {f['name']: f['kernel_before'] for f in said['functions'] if f['program']}


def compiled(tmp):
    multiarch = subprocess.run(['cc', '-print-multiarch'], capture_output=True, text=True).stdout.strip()
    for compiler in ('clang-13', 'clang-14', 'clang-19'):
        if not shutil.which(compiler):
            continue
        for level in ('v1', 'v3'):
            out = tmp / f'{compiler}-{level}.o'
            subprocess.run([compiler, '-target', 'bpf', f'-mcpu={level}', '-O2', '-g', f'-I/usr/include/{multiarch}',
                            '-c', str(ROOT / 'tests/cli/tunable.bpf.c'), '-o', str(out)], check=True)
            yield out


def compare(skep, obj, sets, only, tmp):
    """What is wrong with one setting, as text; None when the kernel cannot be asked."""
    args = [f'--set={s}' for s in sets]
    subprocess.run([skep, 'specialize', obj, *args, '--values', '-o', tmp / 'a.o'], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([skep, 'specialize', obj, *args, *only, '-o', tmp / 'b.o'], check=True, stdout=subprocess.DEVNULL)
    before, after = verdicts(skep, tmp / 'a.o'), verdicts(skep, tmp / 'b.o')
    if isinstance(after, str):
        return after if isinstance(before, dict) else None
    bad = [name for name, said in after.items() if not said['accepted']
           and (isinstance(before, str) or before[name]['accepted'])]
    if not after:
        return 'no program is left'
    return '; '.join(f'{n} is refused: {after[n]["log"]}' for n in bad)


def main():
    skep = sys.argv[1]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        objects = list(compiled(tmp))
        if not objects:
            print('SKIP: no compiler for eBPF')
            return 77
        for obj in objects:
            if isinstance(verdicts(skep, obj), str):
                print(f'SKIP: {verdicts(skep, obj)}')
                return 77
            for sets in SETTINGS:
                for only in ONLY:
                    bad = compare(skep, obj, sets, only, tmp)
                    if bad != '':
                        print(f'FAIL {obj.name} {" ".join(sets + only)}: {bad}')
                    failed += bad != ''
                    passed += bad == ''
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
