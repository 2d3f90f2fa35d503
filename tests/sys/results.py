#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The same programs on the same inputs in the interpreter, as native code, and in the kernel.

    results.py SKEP RESULTS [--inputs N] [--least N] [--only PATTERN] [OBJECT|DIRECTORY...]

Without objects: the examples, compiled here. Return values, packets, contexts and the contents of maps must be the
same. The kernel is asked twice: what it answers differently itself (time, random numbers, addresses) is left out,
and named. With --least that many programs must have been compared. The kernel runs in a network namespace of its
own, so that nothing that a program sends goes anywhere.
"""
import argparse
import collections
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ['packet_counter', 'firewall', 'mac_swap', 'packed_parser', 'tail_dispatch', 'load_balancer', 'embed',
            'latency_hist', 'uprobe_ring']
TIMEOUT = 600


def compile_example(name, to):
    clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
    if not clang:
        return None
    obj = to / f'{name}.o'
    arch = '/usr/include/' + os.uname().machine + '-linux-gnu'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', arch, '-I', ROOT / 'examples', '-c',
                    ROOT / 'examples' / f'{name}.bpf.c', '-o', obj], check=True)
    return obj


class Runner:
    def __init__(self, args, store):
        # Programs that count for the processor they run on do so on the same.
        self.tool = ['taskset', '-c', str(min(os.sched_getaffinity(0))), str(args.results.resolve())]
        self.exec = [str(args.skep.resolve()), 'exec', '--store', str(store)]
        self.alone = ['unshare', '-n'] if subprocess.run(['unshare', '-n', 'true'], capture_output=True).returncode == 0 else None

    def ask(self, where, inputs, path, verbose=False):
        """The lines of one object, in their order."""
        before = self.alone if where == 'kernel' else self.exec + ['--engine', where, '--']
        words = before + self.tool + (['-v'] if verbose else []) + [str(inputs), str(path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT)
        if done.returncode:
            return [f'{path} * ended with status {done.returncode} {done.stderr[-300:]}']
        return done.stdout.splitlines()


def named(lines):
    """{program or program/map: what is said of it}"""
    return {words[1]: words[2] if len(words) > 2 else '' for words in (line.split(' ', 2) for line in lines)}


def first_input(runner, inputs, path, name, wheres):
    """Where two answers part."""
    texts = []
    for where in wheres:
        mine = []
        for line in runner.ask(where, inputs, path, verbose=True):
            if line.startswith('  input'):
                mine.append(line.strip())
            elif line.split(' ', 2)[1] == name.split('/')[0]:
                break
            elif '/' not in line.split(' ', 2)[1]:
                mine = []
        texts.append(mine)
    pair = next((p for p in zip(*texts) if p[0] != p[1]), None)
    return '; '.join(f'{where}: {text}' for where, text in zip(wheres, pair)) if pair else 'no input by itself'


def lacks(lines, name):
    """What skep has not, when that is why an object is refused, as the log names it."""
    said = lines.get(name.split('/')[0], '')
    found = re.search(r'unsupported helper \d+ \((\w+)\)|(no map of type \d+)|(unsupported kernel function \w+)|'
                      r'points to (a kernel object), which is not there in user space', said)
    return f'skep: {next(filter(None, found.groups()))}' if found else None


class Totals:
    def __init__(self, known):
        self.known, self.used = known, set()
        self.count, self.left_out, self.failed = collections.Counter(), collections.Counter(), []

    def reason_of(self, base, name):
        for k, entry in enumerate(self.known):
            if fnmatch.fnmatch(f'{base}:{name}', entry['test']):
                self.used.add(k)
                return entry['reason']
        return None


def judge(runner, totals, path, inputs):
    twice = [named(runner.ask('kernel', inputs, path)) for _ in range(2)] if runner.alone else None
    engines = {where: named(runner.ask(where, inputs, path)) for where in ('interp', 'jit')}
    for name, said in (twice[0] if twice else engines['interp']).items():
        what = 'map' if '/' in name else 'program'
        if 'does not load' in said or 'cannot be opened' in said or 'ran 0 ' in said:
            totals.left_out[f'{what}: the kernel does not load or run it'] += 1
            continue
        if twice and twice[1].get(name) != said:
            totals.left_out[f'{what}: the kernel answers differently each time'] += 1
            continue
        other = next((where for where, lines in engines.items() if lines.get(name) != said), None)
        if not other:
            totals.count[what] += 1
            continue
        reason = lacks(engines[other], name) or totals.reason_of(path.name, name)
        if reason:
            totals.left_out[f'{what}: {reason}'] += 1
            continue
        text = f'{path.name} {name}: {other} says {engines[other].get(name)!r}, not {said!r}'
        if what == 'program' and 'ran' in engines[other].get(name, ''):
            text += '; ' + first_input(runner, inputs, path, name, ['kernel' if twice else 'interp', other])
        totals.failed.append(text)
        print('FAIL', text, flush=True)


def find(args, tmp):
    if not args.objects:
        return [o for o in (compile_example(name, tmp) for name in EXAMPLES) if o]
    paths = []
    for given in args.objects:
        paths += sorted(given.rglob('*.o')) if given.is_dir() else [given]
    return [p for p in paths if not args.only or fnmatch.fnmatch(str(p), args.only)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('skep', type=pathlib.Path)
    ap.add_argument('results', type=pathlib.Path)
    ap.add_argument('objects', nargs='*', type=pathlib.Path)
    ap.add_argument('--inputs', type=int, default=2000)
    ap.add_argument('--least', type=int, default=0)
    ap.add_argument('--only')
    args = ap.parse_intermixed_args()
    totals = Totals(json.loads((pathlib.Path(__file__).parent / 'results.json').read_text()))
    with tempfile.TemporaryDirectory() as name:
        tmp = pathlib.Path(name)
        (tmp / 'store').mkdir(mode=0o700)
        runner = Runner(args, tmp / 'store')
        paths = find(args, tmp)
        if runner.alone and paths and not any('ran' in line and ' ran 0 ' not in line
                                              for p in paths[:20] for line in runner.ask('kernel', 1, p)):
            runner.alone = None
        if not runner.alone:
            print('SKIP comparing with the kernel: it does not let us; the engines are compared with each other')
        for path in paths:
            judge(runner, totals, path, args.inputs)
    for why, n in sorted(totals.left_out.items()):
        print(f'left out: {n} {why}')
    if not paths:
        print('SKIP: no objects (is there a clang?)')
    if paths and totals.count['program'] < args.least:
        totals.failed.append('too few')
        print(f"FAIL {totals.count['program']} programs were compared, {args.least} should be")
    print(f"{totals.count['program']} programs and {totals.count['map']} maps the same on {args.inputs} inputs")
    print(f"{totals.count['program'] + totals.count['map']} passed, {len(totals.failed)} failed, "
          f'{sum(totals.left_out.values())} skipped')
    return 1 if totals.failed else 0


sys.exit(main())
