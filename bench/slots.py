#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What optimizing gains over sets of objects: slots for both goals and, when the kernel may be asked, what its verifier processes.

    bench/slots.py --check build/tests/corpus/check [--kernel] [--results FILE] NAME=DIRECTORY...

Means are of programs: of the change of each, in per cent. *dearer* are programs
of which the verifier processes over 5 % more than before. Prints a Markdown table.
"""
import argparse
import json
import pathlib
import subprocess
import sys

BATCH, TIMEOUT, DEARER = 8, 600, 5
GOALS = ('size', 'speed')


def ask(args, paths):
    """What check says of some objects, without running programs; the objects that it cannot read are left out."""
    command = [args.check, '-n', '0'] + (['-k'] if args.kernel else []) + [str(p) for p in paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(paths):
        sys.exit(f'slots.py: check died with status {done.returncode} at {paths[len(lines)]}: {done.stderr.strip()}')
    return [line for line in lines if not line['error']]


def mean(values):
    return f'{sum(values) / len(values):+.1f} %' if values else '-'


def change(pairs):
    return [100.0 * (after - before) / before for before, after in pairs if before]


def row(args, name, directory):
    paths = sorted(pathlib.Path(directory).rglob('*.o'))
    if not paths:
        sys.exit(f'slots.py: no objects in {directory}')
    lines = [line for k in range(0, len(paths), BATCH) for line in ask(args, paths[k:k + BATCH])]
    out = [name, len(lines)]
    for goal in GOALS:
        programs = [p for line in lines if not line[goal]['error'] for p in line[goal]['programs']]
        judged = [(p['kernel_before'], p['kernel_after']) for p in programs if p.get('kernel_before')]
        cost = change([(b['processed'], a['processed']) for b, a in judged if not b['err'] and not a['err']])
        if goal == GOALS[0]:
            out.append(len(programs))
        out += [mean(change([(p['before'], p['after']) for p in programs])), mean(cost), sum(c > DEARER for c in cost)]
        out.append(sum(not b['err'] and bool(a['err']) for b, a in judged))
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--check', default='build/tests/corpus/check')
    ap.add_argument('--kernel', action='store_true', help='ask the kernel, too')
    ap.add_argument('--results', type=pathlib.Path, metavar='FILE')
    ap.add_argument('sets', nargs='+', metavar='NAME=DIRECTORY')
    args = ap.parse_args()
    head = ['objects of', 'objects', 'programs']
    for goal in GOALS:
        head += [f'slots ({goal})', 'verified', 'dearer', 'refused']
    rows = [head, ['---'] * len(head)] + [row(args, *item.split('=', 1)) for item in args.sets]
    text = '\n'.join('| ' + ' | '.join(str(c) for c in r) + ' |' for r in rows) + '\n'
    print(text, end='')
    if args.results:
        args.results.write_text('# Slots\n\nMade by `bench/slots.py`, which says what the columns are.\n\n' + text)


if __name__ == '__main__':
    main()
