#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The verdicts of skep's verifier beside those of the running kernel, for every program of the objects.

    verdicts.py [--cache FILE] [--only PATTERN] OBJECT|DIRECTORY...

A program that we accept and the kernel refuses for safety is a defect. One that the kernel accepts and we refuse,
or cannot tell of, is a gap: it is counted, by the code of our message. What the kernel refuses for another reason
(something that its configuration lacks, or its own limits) says nothing of safety; `elsewhere` in verdicts.json
lists those, and `verdicts` there has the disagreements that are known, each with its reason.

--cache keeps what the kernel said: it is read if the file is there, and written otherwise. Times are side by side
only without it: then each batch of objects is given to one and to the other in turn.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BATCH, TIMEOUT = 8, 120
# At least these shares of what the kernel accepts, and of what it refuses for safety.
GOAL = 98.0


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- asking

def ask(command, paths):
    """One row for each program. An object that ends or stops the tool gets a row of its own that says so."""
    try:
        done = subprocess.run(command + paths, capture_output=True, text=True, errors='replace', timeout=TIMEOUT)
        if not done.returncode:
            return [json.loads(line) for line in done.stdout.splitlines() if line]
        why = f'died with status {done.returncode}: {done.stderr.strip()[-300:]}'
    except subprocess.TimeoutExpired:
        why = f'no answer in {TIMEOUT} seconds'
    if len(paths) == 1:
        return [{'object': paths[0], 'program': '*', 'verdict': 'crash', 'err': -6, 'stage': 'crash', 'log': why}]
    return [row for path in paths for row in ask(command, [path])]


def quickest(turns):
    """The rows of the first turn with the least time of all."""
    for row, *others in zip(*turns):
        if 'usec' in row:
            row['usec'] = min(r['usec'] for r in (row, *others))
    return turns[0]


def ask_all(commands, paths, jobs, repeat=1):
    """For each command its rows; the commands take turns on each batch, so that times compare."""
    batches = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
    out = [[] for _ in commands]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for answers in pool.map(lambda b: [[ask(c, b) for c in commands] for _ in range(repeat)], batches):
            for k, rows in enumerate(out):
                rows += quickest([turn[k] for turn in answers])
    return out


def key(row, base):
    return os.path.relpath(row['object'], base), row['program']


# ---------------------------------------------------------------- judging

def words(row):
    """The line of the log that tells why."""
    lines = [line.strip() for line in (row.get('log') or '').splitlines() if line.strip()]
    return lines[-1] if lines else 'no log'


def first(row):
    lines = [line.strip() for line in (row.get('log') or '').splitlines() if line.strip()]
    return lines[0] if lines else 'no message'


class Inventory:
    def __init__(self, path):
        data = json.loads(path.read_text())
        self.elsewhere = [(re.compile(e['log']), e['reason']) for e in data.get('elsewhere', [])]
        self.known = data.get('verdicts', [])
        self.used, self.wrong = set(), []

    def not_safety(self, row):
        """Why a refusal says nothing of safety, or None."""
        if row['stage'] != 'verifier':
            return 'not loaded: ' + re.sub(r"'[^']*'|\d+", '_', words(row))[:70]
        log = row.get('log') or ''
        return next((reason for pattern, reason in self.elsewhere if pattern.search(log)), None)

    def find(self, name, cls):
        for i, entry in enumerate(self.known):
            if fnmatch.fnmatch(name, entry['test']):
                self.used.add(i)
                if cls == entry['class']:
                    return entry
                self.wrong.append(f"{name}: {cls}, and verdicts.json says {entry['class']}")
        return None


def judge(ours, kernel, inv):
    """(class, group) of one program."""
    accepted = ours['verdict'] == 'safe'
    group = f"SKEP{ours['code']:04}" if ours.get('code') else ours['verdict']
    if ours['verdict'] in ('crash', 'failed'):
        return 'broken', first(ours)
    if not kernel['err']:
        if accepted:
            return 'both accept', ''
        return ('gap' if ours['verdict'] == 'unsafe' else 'undecided'), group
    reason = inv.not_safety(kernel)
    if reason:
        return ('elsewhere, we accept' if accepted else 'elsewhere, we do not'), reason
    if accepted:
        return 'defect', re.sub(r'0x[0-9a-f]+|\d+', 'N', words(kernel))[:80]
    return 'both refuse', ''


def compare(ours, kernel, base, inv):
    theirs = {key(r, base): r for r in kernel}
    out = []
    for row in ours:
        name = key(row, base)
        other = theirs.get(name)
        if row['verdict'] == 'crash':
            out.append((name, 'broken', first(row), row, None))
        elif other:
            cls, group = judge(row, other, inv)
            entry = inv.find(':'.join(name), cls)
            out.append((name, 'known' if entry else cls, entry['reason'] if entry else group, row, other))
        else:
            out.append((name, 'no verdict of the kernel', '', row, None))
    return out


# ---------------------------------------------------------------- telling

def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(c) for c in row) + ' |' for row in rows])


def times(pairs):
    """Of programs that both accept: microseconds of each."""
    both = [(o, k) for _, c, _, o, k in pairs if c == 'both accept' and k['usec'] >= 0]
    if not both:
        return 'no times'
    rows = []
    for who, at in (('skep', 0), ('kernel', 1)):
        us = [p[at]['usec'] for p in both]
        rows.append([who, f'{sum(us) / 1e3:.1f} ms', f'{statistics.median(us):.0f} us', f'{max(us) / 1e3:.1f} ms',
                     sum(p[at]['processed'] for p in both)])
    ratio = sorted(o['usec'] / max(k['usec'], 1) for o, k in both)
    rows.append(['ratio', f"{sum(o['usec'] for o, _ in both) / max(1, sum(k['usec'] for _, k in both)):.2f}",
                 f'{statistics.median(ratio):.2f} (of the ratios)', f'{ratio[-1]:.1f} (of the ratios)', ''])
    worst = sorted(((o['usec'] - 2 * k['usec'], n, o, k) for n, c, _, o, k in pairs if c == 'both accept'),
                   key=lambda w: -w[0])[:5]
    slow = [f"{n[0]}:{n[1]}: {o['usec']} us against {k['usec']}, {o['processed']} processed against {k['processed']}"
            for d, n, o, k in worst if d > 1000]
    memory = max(pairs, key=lambda p: p[3].get('peak_bytes', 0))
    text = table(['of both accepted', 'total', 'median', 'longest', 'processed'], rows)
    text += f"\n\nmost memory: {memory[3].get('peak_bytes', 0) / 2**20:.1f} MiB ({':'.join(memory[0])})"
    return text + ('\n\nslow:\n' + '\n'.join(slow) if slow else '')


def report(pairs, inv, args):
    count = collections.Counter(c for _, c, _, _, _ in pairs)
    print(table(['class', 'programs'], sorted(count.items(), key=lambda x: -x[1])))
    taken = count['both accept'] + count['gap'] + count['undecided']
    refused = count['both refuse'] + count['defect']
    if taken:
        print(f"\naccepted by the kernel: {taken}; we accept {100 * count['both accept'] / taken:.2f} % of them")
    if refused:
        print(f"refused for safety: {refused}; we do not accept {100 * count['both refuse'] / refused:.2f} % of them")
    print('\n' + times(pairs))
    if inv.wrong:
        print('\n## not as listed\n\n' + '\n'.join(inv.wrong))
    for cls in ('broken', 'defect', 'gap', 'undecided', 'known'):
        groups = collections.defaultdict(list)
        for name, c, group, o, k in pairs:
            if c == cls:
                groups[group].append((name, o, k))
        if not groups:
            continue
        print(f'\n## {cls}: {count[cls]}\n')
        for group, rows in sorted(groups.items(), key=lambda g: -len(g[1])):
            print(f'{len(rows):5} {group}')
            for name, o, k in rows[:None if cls in args.list else 3]:
                text = words(k) if cls == 'defect' else first(o)
                print(f"        {':'.join(name)}: {text[:160]}")
    return count, taken, refused


def parse_args():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = ROOT / 'build/tests/corpus'
    ap.add_argument('objects', nargs='+', metavar='OBJECT|DIRECTORY')
    ap.add_argument('--verify', default=str(build / 'verify'), help='the tool that asks skep')
    ap.add_argument('--kernel', default=str(build / 'verdicts'), help='the tool that asks the kernel')
    ap.add_argument('--cache', type=pathlib.Path, metavar='FILE', help="the kernel's verdicts, as JSON lines")
    ap.add_argument('--base', default='', metavar='DIR', help='objects are named relative to it')
    ap.add_argument('--only', metavar='PATTERN', help='only objects whose path matches')
    ap.add_argument('--list', default='broken,defect', help='list every program of these classes')
    ap.add_argument('--raw', type=pathlib.Path, metavar='FILE', help='write all as JSON lines')
    ap.add_argument('--budget', type=int, default=0)
    ap.add_argument('--repeat', type=int, default=1, metavar='N', help='ask N times; the least time counts')
    ap.add_argument('-j', dest='jobs', type=int, default=1, metavar='N')
    return ap.parse_args()


def find_objects(args):
    paths = []
    for given in args.objects:
        paths += sorted(map(str, pathlib.Path(given).rglob('*.o'))) if os.path.isdir(given) else [given]
    if args.only:
        paths = [p for p in paths if fnmatch.fnmatch(p, args.only)]
    return paths


def main():
    args = parse_args()
    paths = find_objects(args)
    if not paths or not all(os.access(tool, os.X_OK) for tool in (args.verify, args.kernel)):
        print(f"SKIP verdicts: {'no objects' if not paths else 'the tools are not built: libbpf is missing'}")
        print('0 passed, 0 failed, 1 skipped')
        return 0
    base = args.base or os.path.commonpath([os.path.dirname(os.path.abspath(p)) for p in paths])
    mine = [args.verify] + (['-n', str(args.budget)] if args.budget else [])
    if args.cache and args.cache.exists():
        kernel = [json.loads(line) for line in args.cache.read_text().splitlines()]
        ours, = ask_all([mine], paths, args.jobs, args.repeat)
    else:
        ours, kernel = ask_all([mine, [args.kernel]], paths, args.jobs, args.repeat)
        if args.cache:
            args.cache.write_text(''.join(json.dumps(r) + '\n' for r in kernel))
    inv = Inventory(HERE / 'verdicts.json')
    pairs = compare(ours, kernel, base, inv)
    if args.raw:
        args.raw.write_text(''.join(json.dumps({'name': ':'.join(n), 'class': c, 'group': g, 'ours': o, 'kernel': k})
                                    + '\n' for n, c, g, o, k in pairs))
    count, taken, _ = report(pairs, inv, args)
    if paths and not kernel:
        print('SKIP the verdicts of the kernel: it gave none')
    bad = count['broken'] + count['defect'] + len(inv.wrong)
    enough = taken and 100.0 * count['both accept'] / taken >= GOAL
    print(f"\n{count['both accept'] + count['both refuse']} passed, {bad} failed, "
          f"{len(pairs) - count['both accept'] - count['both refuse'] - bad} skipped")
    return 1 if bad or (kernel and not enough) else 0


if __name__ == '__main__':
    sys.exit(main())
