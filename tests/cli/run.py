#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the command-line tests: cases/*.test, each a transcript of commands.

    # title          comment; a line `# needs: NAME` skips the case without that tool, object
                     or circumstance
    $ COMMAND        run by sh in a fresh directory, `skep` and the objects at hand
    > TEXT           a line of its standard output
    ! TEXT           a line of its standard error
    ? N              its exit status, when it is not 0

In expected lines `{*}` stands for any text, and a line `...` for any number of
lines. --accept rewrites the cases that differ to what was printed.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import fixtures

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIMEOUT = 60


class Step:
    def __init__(self, command):
        self.command, self.out, self.err, self.status = command, [], [], 0

    def lines(self):
        text = ['$ ' + self.command]
        text += [('> ' + line).rstrip() if not line else '> ' + line for line in self.out]
        text += [('! ' + line).rstrip() if not line else '! ' + line for line in self.err]
        return text + ([f'? {self.status}'] if self.status else [])


def parse(path):
    """[comment text or Step], and what the case needs."""
    parts, needs = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark, text = line[:1], line[2:]
        if line.startswith('# needs:'):
            needs += line[8:].split()
        if mark in ('#', ''):
            parts.append(line)
        elif mark == '$':
            parts.append(Step(text))
        elif mark in '>!?' and parts and isinstance(parts[-1], Step):
            if mark == '?':
                parts[-1].status = int(text)
            else:
                (parts[-1].out if mark == '>' else parts[-1].err).append(text)
        else:
            raise SystemExit(f'{path}:{number}: neither a command nor what it prints')
    return parts, needs


def matches(expected, actual):
    """Does the text fit the expected lines with their wild cards?"""
    pattern = ''
    for line in expected:
        if line == '...':
            pattern += r'(?:.*\n)*?'
        else:
            pattern += '.*'.join(re.escape(p) for p in line.split('{*}')) + r'\n'
    return re.fullmatch(pattern, ''.join(line + '\n' for line in actual)) is not None


def run_step(step, cwd, env):
    got = Step(step.command)
    try:
        p = subprocess.run(['sh', '-c', step.command], cwd=cwd, env=env, capture_output=True,
                           stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        got.err, got.status = [f'timeout after {TIMEOUT} s'], 124
        return got
    got.out = p.stdout.decode(errors='backslashreplace').splitlines()
    got.err = p.stderr.decode(errors='backslashreplace').splitlines()
    got.status = p.returncode
    return got


def run_case(path, args, have, objects):
    """(outcome, text to show)."""
    parts, needs = parse(path)
    lacking = [n for n in needs if n not in have and not shutil.which(n)]
    if lacking:
        return 'SKIP', f'no {", ".join(lacking)}'
    bad, result = [], []
    with tempfile.TemporaryDirectory() as tmp:
        fixtures.copy(objects, pathlib.Path(tmp))
        env = {'PATH': f'{args.skep.parent}:{os.environ["PATH"]}', 'LC_ALL': 'C', 'HOME': tmp,
               'TMPDIR': tmp, 'ASAN_OPTIONS': 'detect_leaks=1:verify_asan_link_order=0'}
        for part in parts:
            if isinstance(part, str):
                result.append(part)
                continue
            got = run_step(part, tmp, env)
            if (matches(part.out, got.out) and matches(part.err, got.err)
                    and part.status == got.status):
                result += part.lines()
                continue
            result += got.lines()
            bad += [f'expected:\n{indent(part.lines())}\ngot:\n{indent(got.lines())}']
    if bad and args.accept:
        path.write_text('\n'.join(result) + '\n')
        return 'PASS', 'accepted'
    return ('FAIL', '\n'.join(bad)) if bad else ('PASS', '')


def indent(lines):
    return '\n'.join('    ' + line for line in lines)


def has_native(skep, objects):
    """Does this build print native code? It needs a compiler for the processor, and Zydis."""
    cmd = [skep, 'disasm', '--native', '-p', 'first', objects / 'two.o']
    return {'native'} if subprocess.run(cmd, capture_output=True).returncode != 4 else set()


def has_search(skep, objects):
    """Can this build search and remember? It needs a solver and SQLite: a rewrite is found, and a cache made."""
    probe = objects / 'probe.s'
    probe.write_text('.license "GPL"\n.section "xdp"\n.func f\ncall bpf_get_prandom_u32\nr0 *= 3\nr0 *= 7\nexit\n')
    cmd = [skep, 'optimize', probe, '--passes', 'search', '--search', '20', '--cache', objects / 'probe.db']
    said = subprocess.run(cmd, capture_output=True, text=True)
    return {'search'} if '1 rewrites found' in said.stdout and not said.stderr else set()


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--skep', type=lambda p: pathlib.Path(p).resolve(),
                    default=ROOT / 'build/src/cli/skep')
    ap.add_argument('--accept', action='store_true')
    ap.add_argument('names', nargs='*', help='cases to run; all without')
    args = ap.parse_args()
    cases = [p for p in sorted((HERE / 'cases').glob('*.test')) if not args.names or p.stem in args.names]

    count = {'PASS': 0, 'FAIL': 0, 'SKIP': 0}
    with tempfile.TemporaryDirectory() as tmp, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        objects = pathlib.Path(tmp)
        fixtures.make(objects)
        have = fixtures.compile_examples(ROOT, objects) | fixtures.circumstances()
        have |= has_native(args.skep, objects) | has_search(args.skep, objects)
        futures = [pool.submit(run_case, p, args, have, objects) for p in cases]
        for path, future in zip(cases, futures):
            outcome, text = future.result()
            count[outcome] += 1
            if outcome != 'PASS':
                print(f'{outcome} {path.stem}: ' + ('\n' if outcome == 'FAIL' else '') + text)
    print(f"{count['PASS']} passed, {count['FAIL']} failed, {count['SKIP']} skipped")
    return 1 if count['FAIL'] or not sum(count.values()) else 0


if __name__ == '__main__':
    sys.exit(main())
