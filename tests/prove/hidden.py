#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Inputs from the solver: hidden.py --skep PROGRAM [FILE].

Of each pair an input must be found on which both differ; generated ones must not do it (with
as many as skep prove would try). What was written down is run again, on both.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from pairs import FRAME, change


def read(path):
    """[(type, title, body, edits), ...]"""
    pairs = []
    for line in path.read_text().splitlines():
        if line.startswith('pair '):
            _, kind, title = line.split(' ', 2)
            pairs.append((kind, title, [], []))
        elif line.startswith('- '):
            pairs[-1][3].append(([line[2:]], []))
        elif line.startswith('+ '):
            pairs[-1][3][-1][1].append(line[2:])
        elif line.strip() and not line.startswith('#'):
            pairs[-1][2].append(line)
    return pairs


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--skep', required=True)
    ap.add_argument('file', nargs='?', type=pathlib.Path, default=pathlib.Path(__file__).with_name('hidden.txt'))
    ap.add_argument('-v', action='store_true')
    args = ap.parse_args()
    skep = str(pathlib.Path(args.skep).resolve())
    passed = failed = by_chance = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)

        def run(*words):
            p = subprocess.run([skep, *words], cwd=tmp, capture_output=True, text=True, timeout=100)
            return p.returncode, p.stdout, p.stdout + p.stderr

        def one(kind, title, body, edits):
            for name, code in (('a.s', body), ('b.s', change('pair', title, body, edits))):
                (tmp / name).write_text(FRAME + f'.section "{kind}"\n.func f\n' + '\n'.join(code) + '\n')
            found = tmp / title.replace(' ', '-').replace(',', '').replace("'", '')
            status, out, said = run('prove', 'a.s', 'b.s', '-n', '1', '--json', '--witness', found.name)
            if status != 1:
                return f'status {status}: {said}'
            answer = json.loads(out)['functions'][0]
            if not answer['solver_inputs']:
                return f'not by the solver: {said}'
            if not (found / 'packet.pcap').read_bytes() or not (found / 'helpers').read_text():
                return 'nothing was written'
            # Run again, from the files: they differ in what they return, or in what they leave.
            runs = []
            for name in ('a.s', 'b.s'):
                status, out, said = run('run', name, '--witness', found.name, '--json')
                if status:
                    return f'run {name}: status {status}: {said}'
                runs.append(json.loads(out)['runs'][0])
            a, b = runs
            if 'to a map' not in title and a['return'] == b['return'] and a['packet'] == b['packet']:
                return f'no difference from the files: {a} {b}'
            nonlocal by_chance
            by_chance += run('differ', 'a.s', 'b.s', '-n', '1000')[0] == 1
            return None

        for kind, title, body, edits in read(args.file):
            why = one(kind, title, body, edits)
            passed += why is None
            failed += why is not None
            if why or args.v:
                print(f'{"FAIL" if why else "ok"} {title}{": " + why if why else ""}')
    print(f'{passed} passed, {failed} failed, 0 skipped; {by_chance} of them differ on one of 1000 generated inputs')
    return 1 if failed or passed < 10 else 0


if __name__ == '__main__':
    sys.exit(main())
