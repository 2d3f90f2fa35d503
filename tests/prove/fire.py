#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every rule is applied to a program made for it: fire.py SKEP RULE-PROGRAMS [SEED].

The pass must apply the rule (or another that fits there, too), both programs must agree on random inputs,
and the prover must not find a difference (what it cannot tell in its short time is counted). The seed is printed; SKEP_SEED sets it.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile


def check(skep, tmp, number, name):
    """'own', 'other', 'unknown', or what is wrong."""
    source, out, remarks = tmp / f'{number}.s', tmp / f'{number}.o', tmp / f'{number}.json'
    optimize = [skep, 'optimize', source, '--passes=rules', '--cpu=v4']
    p = subprocess.run([*optimize, '-o', out, '--remarks', remarks], capture_output=True, text=True, timeout=120)
    if p.returncode:
        return f'optimize: status {p.returncode}: {p.stderr}'
    used = [json.loads(w).split(': ')[0] for w in re.findall(r'"why":\s*("rule (?:[^"\\]|\\.)*")', remarks.read_text())]
    if not used:
        return 'was not applied'
    p = subprocess.run([skep, 'differ', source, out, '-n', '100'], capture_output=True, text=True, timeout=120)
    if p.returncode:
        return f'differ: status {p.returncode}: {p.stdout}{p.stderr}'
    p = subprocess.run([*optimize, '--prove'], capture_output=True, text=True, timeout=120)
    if '(differs: ' in p.stdout or 'proofs: ' not in p.stdout:
        return f'a proof failed: {p.stdout}'
    if ', 0 refused' not in p.stdout:
        return 'unknown'
    return 'own' if f'rule {name}' in used else 'other'


def main():
    skep, programs = (str(pathlib.Path(a).resolve()) for a in sys.argv[1:3])
    seed = sys.argv[3] if len(sys.argv) > 3 else os.environ.get('SKEP_SEED') or str(random.randrange(1 << 32))
    print(f'seed {seed}')
    with tempfile.TemporaryDirectory() as tmp:
        p = subprocess.run([programs, tmp, seed], capture_output=True, text=True, timeout=120)
        rules = [line.split(' ', 1) for line in p.stdout.splitlines()]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda r: check(skep, pathlib.Path(tmp), *r), rules))
        count = collections.Counter()
        for (number, name), result in zip(rules, results):
            good = result in ('own', 'other', 'unknown')
            count[result if good else 'failed'] += 1
            if not good:
                print(f'FAIL {name}: {result}\n{(pathlib.Path(tmp) / f"{number}.s").read_text()}')
    if p.returncode:
        print(f'FAIL: {p.stderr}')
    print(f"{count['own'] + count['other'] + count['unknown']} passed, {count['failed']} failed, 0 skipped; "
          f"{count['other']} where another rule fits, too, {count['unknown']} not proved in time")
    return 1 if p.returncode or count['failed'] or not rules else 0


if __name__ == '__main__':
    sys.exit(main())
