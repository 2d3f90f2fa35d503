#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The prover on objects: examples.py SKEP OBJECT...

Each object is proved equal to itself; then every rewrite of it must be proved, and the result of
all rewrites in one proof, too (that one may remain unknown, and is counted). Questions that went to
the solver are asked again of cvc5, when it is there: an answer that differs is a failure.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile


def second_opinion(folder):
    """(questions on which cvc5 agrees, does not, cannot tell)."""
    agree, against, open_ = 0, [], 0
    files = sorted(folder.glob('*.smt2'))
    for f in files[::max(1, len(files) // 6)][:6]:
        p = subprocess.run(['cvc5', '--tlimit=3000', str(f)], capture_output=True, text=True)
        said = p.stdout.split()[:1]
        z3 = (folder / (f.name + '.answer')).read_text().strip()
        if said not in (['sat'], ['unsat']) or z3 == 'unknown':
            open_ += 1
        elif said[0] == z3:
            agree += 1
        else:
            against.append(f'{f.name}: Z3 says {z3}, cvc5 {said[0]}')
    return agree, against, open_


def main():
    skep, *objects = sys.argv[1:]
    skep = str(pathlib.Path(skep).resolve())
    passed = failed = unknown = asked = edits = 0
    for path in objects:
        with tempfile.TemporaryDirectory() as tmp:
            tmp = pathlib.Path(tmp)
            (tmp / 'smt').mkdir()

            def run(*args):
                return subprocess.run([skep, *args], cwd=tmp, capture_output=True, text=True, timeout=250)

            def check(ok, what, said):
                nonlocal passed, failed
                passed += ok
                failed += not ok
                if not ok:
                    print(f'FAIL {path}: {what}\n{said}')
            p = run('prove', path, path, '-n', '1')
            check(p.returncode == 0, 'not equal to itself', p.stdout + p.stderr)
            p = run('optimize', '--prove', '--smt-dump', 'smt', '-o', 'out.o', '--json', path)
            p = run('optimize', '--prove', '--smt-dump', 'smt', '--json', path) if not p.stdout else p
            if p.returncode or not p.stdout:
                check(False, f'optimize: status {p.returncode}', p.stdout + p.stderr)
                continue
            proofs = json.loads(p.stdout)['proofs']
            edits += proofs['proved']
            refused = proofs['refused']
            check(not refused, 'rewrites that are not proved', json.dumps(refused, indent=1))
            p = run('prove', path, 'out.o', '-n', '50')
            check(p.returncode in (0, 5), 'all rewrites at once', p.stdout + p.stderr)
            unknown += p.returncode == 5
            if shutil.which('cvc5'):
                agree, against, open_ = second_opinion(tmp / 'smt')
                asked += agree
                unknown += open_
                check(not against, 'the solvers disagree', '\n'.join(against))
    print(f'{edits} rewrites, {asked} questions asked of two solvers')
    print(f'{passed} passed, {failed} failed, 0 skipped' + (f', {unknown} UNKNOWN' if unknown else ''))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
