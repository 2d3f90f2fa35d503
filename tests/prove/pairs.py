#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The prover on pairs of programs: pairs.py --skep PROGRAM [FILE].

Each program is first compared with itself; then changes that are right must be proved, and changes
that are wrong must be refused: with an input on which they differ, or as unknown. A wrong change that
is proved is a failure, and so is one that cannot be read.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

FRAME = '.license "GPL"\n.map m type=hash key=4 value=16 max=64\n.map n type=hash key=4 value=16 max=64\n.map a type=array key=4 value=16 max=4\n'


def read(path):
    """[(base, body, [(kind, title, [(old, new), ...]), ...]), ...]"""
    bases = []
    for line in path.read_text().splitlines():
        if line.startswith('#'):
            continue
        word, _, rest = line.partition(' ')
        if word == 'base':
            bases.append((rest, [], []))
        elif word in ('right', 'wrong'):
            bases[-1][2].append((word, rest, []))
        elif line.startswith('- '):
            edits = bases[-1][2][-1][2]
            if not edits or edits[-1][1]:
                edits.append(([], []))
            edits[-1][0].append(line[2:])
        elif line.startswith('+ '):
            bases[-1][2][-1][2][-1][1].append(line[2:])
        elif line.strip():
            bases[-1][1].append(line)
    return bases


def change(name, title, body, edits):
    for old, new in edits:
        at = [k for k in range(len(body)) if body[k:k + len(old)] == old]
        if not at or (len(at) > 1 and not old):
            sys.exit(f'{name}: {title}: the old lines do not stand in the program')
        body = body[:at[0]] + new + body[at[0] + len(old):]
    return body


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--skep', required=True)
    ap.add_argument('file', nargs='?', type=pathlib.Path, default=pathlib.Path(__file__).with_name('pairs.txt'))
    ap.add_argument('-v', action='store_true')
    args = ap.parse_args()
    skep = str(pathlib.Path(args.skep).resolve())
    failed = passed = wrong = shown = unknown = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)

        def prove(a, b):
            for name, body in (('a.s', a), ('b.s', b)):
                (tmp / name).write_text(FRAME + f'.section "{kind}"\n.func f\n' + '\n'.join(body) + '\n')
            p = subprocess.run([skep, 'prove', 'a.s', 'b.s', '-n', '300'], cwd=tmp, capture_output=True, text=True,
                               timeout=60)
            return p.returncode, p.stdout + p.stderr

        for base, body, changes in read(args.file):
            kind = 'tc' if base == 'context' else 'xdp'
            status, out = prove(body, body)
            if status:
                failed += 1
                print(f'FAIL {base}: not proved equal to itself (status {status})\n{out}')
                continue
            passed += 1
            for what, title, edits in changes:
                status, out = prove(body, change(base, title, body, edits))
                ok = status == 0 if what == 'right' else status in (1, 5)
                if what == 'wrong':
                    wrong += ok
                    shown += status == 1
                    unknown += status == 5
                passed += ok
                if args.v:
                    print(f'{base}: {what}: {title}: status {status}: {out.splitlines()[0] if out else ""}')
                if not ok:
                    failed += 1
                    print(f'FAIL {base}: {what}: {title}: status {status}\n{out}')
    print(f'{passed} passed, {failed} failed, 0 skipped; {wrong} wrong changes refused, '
          f'{shown} with an input that shows it')
    return 1 if failed or wrong < 50 else 0


if __name__ == '__main__':
    sys.exit(main())
