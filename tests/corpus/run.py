#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every program of the corpus: built, read, written, optimized, run, and judged by the kernel.

A program of an object is a test for each of the two goals (size, speed); an
object is one more test for reading and writing. What fails although it should
not, and what passes although inventory.json says that it fails, fails the run.
The last line is `N passed, N failed, N skipped`; skipped is what nothing could
be told of.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BATCH, TIMEOUT = 8, 900 # objects together; seconds of processor time for them
GOALS = ('size', 'speed')
DEARER = 5 # per cent more instructions for the kernel's verifier, from which on a program is counted

# The programs for which K2's authors give numbers and whose sources are in the corpus:
# name there, object and program here, slots before and after there.
K2 = [
    ('xdp_exception', 'samples/xdp_sample', 'tp_xdp_exception', 18, 16),
    ('xdp_redirect_err', 'samples/xdp_sample', 'tp_xdp_redirect_err', 18, 16),
    ('xdp_devmap_xmit', 'samples/xdp_sample', 'tp_xdp_devmap_xmit', 36, 29),
    ('xdp_cpumap_kthread', 'samples/xdp_sample', 'tp_xdp_cpumap_kthread', 24, 18),
    ('xdp_cpumap_enqueue', 'samples/xdp_sample', 'tp_xdp_cpumap_enqueue', 26, 21),
    ('sys_enter_open', 'samples/syscall_tp_kern', 'trace_enter_open', 24, 20),
    ('socket/0', 'samples/sockex3_kern', 'main_prog', 29, 27),
    ('socket/1', 'samples/sockex3_kern', 'bpf_func_PARSE_VLAN', 32, 30),
    ('xdp_router_ipv4', 'samples/xdp_router_ipv4', 'xdp_router_ipv4_prog', 111, 99),
    ('xdp_redirect', 'samples/xdp_redirect', 'xdp_redirect_prog', 43, 35),
    ('xdp1', 'samples/xdp1_kern', 'xdp_prog1', 61, 56),
    ('xdp2', 'samples/xdp2_kern', 'xdp_prog1', 78, 71),
    ('xdp_fwd', 'samples/xdp_fwd_kern', 'xdp_fwd_prog', 155, 128),
]


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- objects

def build(out, args):
    command = [sys.executable, str(HERE / 'build.py'), str(out)]
    for extra in ([['--full'], ['--full', '--clang', '13', '--mcpu', 'v1']] if args.full else [[]]):
        if subprocess.run(command + extra, stdout=sys.stderr).returncode:
            sys.exit('run.py: the corpus could not be built')


def objects(out, args):
    """Rows of the manifest to test; without --full no more than build.py's sample has. What was compiled in other
    ways (--effort, --big-endian) is not of them."""
    rows = [r for r in json.loads((out / 'manifest.json').read_text())['objects'] if 'other' not in r]
    if not args.full:
        import build as builder
        tree = builder.Tree(out / 'src', builder.find_tarball(None)) if (out / 'src').is_dir() else None
        wanted = {f'{s.group}/{s.name}' for s in builder.sampled(builder.kernel_sources(tree))} if tree else None
        rows = [r for r in rows if wanted is None or r['group'] not in ('progs', 'samples')
                or r['object'].split('/', 1)[1].removesuffix('.o') in wanted]
        rows = [r for r in rows if r['clang'] != '13']
    if args.only:
        rows = [r for r in rows if fnmatch.fnmatch(r['object'], args.only)]
    return rows


# ---------------------------------------------------------------- running check

def limited(command):
    """Run with a limit of processor time: what else the machine does must not decide."""
    return subprocess.run(['prlimit', f'--cpu={TIMEOUT}', *command], capture_output=True)


def late(done):
    return f'no answer in {TIMEOUT} seconds of processor time' if done.returncode == -signal.SIGXCPU else None


def run_check(args, out, batch):
    """One JSON object for each row; a crash or a timeout is looked for object by object."""
    command = [args.check, '-n', str(args.inputs), '-s', str(args.seed)] + (['-k'] if args.kernel else [])
    done = limited(command + [str(out / row['object']) for row in batch])
    lines = [json.loads(line) for line in done.stdout.decode().splitlines() if line.endswith('}')]
    why = late(done) or f'check died with status {done.returncode}: {done.stderr.decode().strip()[-500:]}'
    if len(lines) == len(batch):
        return lines
    if len(batch) == 1:
        return [{'object': batch[0]['object'], 'error': why}]
    return [line for row in batch for line in run_check(args, out, [row])]


def run_all(args, out, rows):
    batches = [rows[i:i + BATCH] for i in range(0, len(rows), BATCH)]
    results, done = {}, 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for batch, lines in zip(batches, pool.map(lambda b: run_check(args, out, b), batches)):
            results.update({row['object']: line for row, line in zip(batch, lines)})
            done += len(batch)
            if done % (BATCH * 25) < BATCH:
                say(f'  {done} of {len(rows)}')
    return results


def read_raw(paths):
    """What --raw wrote; objects by the last three parts of their paths, as in the manifest."""
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return {'/'.join(pathlib.PurePath(line['object']).parts[-3:]): line for line in lines}


def text_form(args, out, row):
    """Text and back: the same bytes? None, or what is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        text, made = pathlib.Path(scratch) / 'o.s', pathlib.Path(scratch) / 'o.o'
        p = limited([args.skep, 'disasm', '--whole', str(out / row['object'])])
        text.write_bytes(p.stdout)
        if not p.returncode:
            p = limited([args.skep, 'asm', str(text), '-o', str(made)])
        if p.returncode:
            return 'text: ' + (late(p) or p.stderr.decode(errors='replace').strip()[:200])
        same = made.read_bytes() == (out / row['object']).read_bytes()
        return None if same else 'text: the bytes are not the same'


def has_text(args):
    listed = subprocess.run([args.skep, 'help'], capture_output=True, text=True).stdout
    return any(line.split()[:1] == ['asm'] for line in listed.splitlines())


# ---------------------------------------------------------------- judging

class Verdicts:
    """Outcomes of tests against the inventory of known exceptions."""

    def __init__(self, inventory):
        self.known = inventory['exceptions']
        self.used = set()
        self.counts = collections.Counter()
        self.failures, self.unknown = [], collections.Counter()

    def exception(self, test):
        for i, entry in enumerate(self.known):
            if fnmatch.fnmatch(test, entry['test']):
                return i
        return None

    def add(self, test, outcome, reason=None):
        """outcome: pass, fail, unknown"""
        known = self.exception(test)
        if known is not None:
            self.used.add(known)
            expected = self.known[known]['outcome']
            if outcome == expected:
                self.counts['skipped'] += 1
                self.unknown[f'known: {self.known[known]["reason"]}'] += 1
                return
            if outcome == 'pass' and expected == 'fail':
                outcome, reason = 'fail', 'passes, but the inventory expects that it fails'
        if outcome == 'pass':
            self.counts['passed'] += 1
        elif outcome == 'unknown':
            self.counts['skipped'] += 1
            self.unknown[reason] += 1
        else:
            self.counts['failed'] += 1
            self.failures.append(f'{test}: {reason}')


def judge_object(v, row, line, text):
    name = row['object']
    if line['error']:
        v.add(name, 'fail', line['error'])
        return
    wrong = [what for what in ('write', 'remake') if not line[what]]
    wrong = [f'{what}: the bytes are not the same' for what in wrong]
    wrong += [f'moving: {line["move"]}'] if line['move'] else []
    wrong += [text] if text else []
    v.add(name, 'fail' if wrong else 'pass', '; '.join(wrong))
    for goal in GOALS:
        if line[goal]['error']:
            v.add(f'{name}:{goal}', 'fail', line[goal]['error'])
            continue
        for p in line[goal]['programs']:
            v.add(f'{name}:{goal}:{p["name"]}', *judge_program(p))


def judge_program(p):
    before, after = p.get('kernel_before'), p.get('kernel_after')
    if before and after and not before['err'] and after['err']:
        return 'fail', f'refused by the kernel afterwards ({after["err"]}): {last_words(after["log"])}'
    if p.get('verdict') in ('differs', 'failed'):
        return 'fail', p['reason']
    if p['after'] > p['before']:
        return 'fail', f'grew from {p["before"]} to {p["after"]} slots'
    if p.get('verdict') == 'unknown':
        return 'unknown', p['reason']
    return 'pass', None


def last_words(log):
    lines = [line for line in (log or '').splitlines() if line and not line.startswith('processed ')]
    return lines[-1] if lines else 'no log'


# ---------------------------------------------------------------- tables

def percent(before, after):
    return f'{100.0 * (after - before) / before:+.1f} %' if before else '-'


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(c) for c in row) + ' |' for row in rows])


def summary(rows, results, goal):
    """One row for each compiler and instruction set version."""
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row['clang'], row['mcpu']].append(results[row['object']])
    out = []
    for (clang, mcpu), lines in sorted(groups.items()):
        good = [line for line in lines if not line['error'] and not line[goal]['error']]
        programs = [p for line in good for p in line[goal]['programs']]
        asked = [(p['kernel_before'], p['kernel_after']) for p in programs
                 if p.get('kernel_before') and p.get('kernel_after')]
        both = [(b['processed'], a['processed']) for b, a in asked if not b['err'] and not a['err']]
        count = collections.Counter(p.get('verdict') for p in programs)
        before, after = sum(p['before'] for p in programs), sum(p['after'] for p in programs)
        mean = [100.0 * (p['after'] - p['before']) / p['before'] for p in programs if p['before']]
        size = sum(line['bytes'] - line['debug'] for line in good), \
            sum(line[goal]['bytes'] - line[goal]['debug'] for line in good)
        seen = sum(x for x, _ in both), sum(y for _, y in both)
        cost = [100.0 * (y - x) / x for x, y in both if x]
        out.append([
            f'{clang} {mcpu}'.strip(), len(lines), len(programs), f'{before} -> {after}', percent(before, after),
            f'{sum(mean) / len(mean):+.1f} %' if mean else '-', f'{size[0]} -> {size[1]}', percent(*size),
            f'{seen[0]} -> {seen[1]}', percent(*seen), f'{sum(cost) / len(cost):+.1f} %' if cost else '-',
            sum(c > DEARER for c in cost), len(both), sum(1 for b, a in asked if not b['err'] and a['err']), count['equal'], count['differs'],
            count['unknown'], len(lines) - len(good) + count['failed']])
    return table(['compiler', 'objects', 'programs', 'slots', '', 'mean', 'file bytes without DWARF', '',
                  'verified instructions', '', 'mean', 'dearer', 'accepted', 'refused afterwards', 'equal', 'differ', 'unknown',
                  'failed'], out)


def k2_table(results):
    for where in ('clang13-v1', 'clang14-v1'):
        out = []
        for name, obj, program, old, new in K2:
            line = results.get(f'{where}/{obj}.o') or {'error': 'absent'}
            found = [] if line['error'] or line['size']['error'] else \
                [p for p in line['size']['programs'] if p['name'] == program]
            if found:
                p = found[0]
                out.append([name, f'{old} -> {new}', percent(old, new), f'{p["before"]} -> {p["after"]}',
                            percent(p['before'], p['after'])])
        if out:
            return f'compiled by {where}; K2\'s sources are older\n\n' + \
                table(['program', 'K2', '', 'skep', ''], out)
    return ''


def coverage(results):
    seen = [p for line in results.values() if not line['error'] and not line['size']['error']
            for p in line['size']['programs'] if p.get('verdict') == 'equal']
    shares = sorted(p['reached'] / p['slots'] for p in seen if p['slots'])
    if not shares:
        return ''
    return (f'inputs reach {100 * shares[len(shares) // 2]:.0f} % of the median program; '
            f'{sum(s >= 0.9 for s in shares)} of {len(shares)} programs to 90 % or more, '
            f'{sum(s < 0.5 for s in shares)} to less than half')


def preface(results):
    """What the columns mean, and on what the figures rest."""
    programs = [p for line in results.values() for goal in GOALS if not line['error'] and not line[goal]['error']
                for p in line[goal]['programs']]
    inputs = max((p.get('inputs', 0) for p in programs), default=0)
    text = (f'Slots are summed over programs; *mean* is the mean change of a program. Each program ran on up to '
            f'{inputs} inputs before and after.')
    if any(p.get('kernel_before') for p in programs):
        text += (f' *accepted*: by the verifier of Linux {platform.release().split("-")[0]} before and after; a program that it '
                 'refuses already before (types, modules or attach points that this kernel lacks) says nothing. '
                 '*verified instructions* are those that it processed for them, with their *mean* change; *dearer* '
                 f'are programs of which it processed over {DEARER} % more than before.')
    return text


def losses(rows, results):
    """Programs that the kernel accepted before and refuses afterwards, with its last words."""
    out = []
    for row in rows:
        line = results[row['object']]
        for goal in GOALS if not line['error'] else ():
            for p in line[goal].get('programs', ()):
                before, after = p.get('kernel_before'), p.get('kernel_after')
                if before and after and not before['err'] and after['err']:
                    out.append(f'- `{row["object"]}`, `{p["name"]}`, for {goal}: {last_words(after["log"])}')
    return '\n'.join(out)


def report(rows, results, v, reasons):
    parts = [preface(results)]
    for goal in GOALS:
        parts.append(f'## Optimized for {goal}\n\n{summary(rows, results, goal)}')
    lost = losses(rows, results)
    parts += [f'## Refused afterwards\n\n{lost}'] if lost else []
    k2 = k2_table(results)
    parts += [f'## Beside K2\n\n{k2}'] if k2 else []
    parts.append('## Inputs\n\n' + coverage(results))
    parts += ['\n'.join(f'SKIP {r}' for r in reasons)] if reasons else []
    return '\n\n'.join(parts)


def parse_args():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--skep', default='build/src/cli/skep')
    ap.add_argument('--check', help='the bulk checker (default: beside the build of skep)')
    ap.add_argument('--full', action='store_true', help='every source, and clang 13 at v1')
    ap.add_argument('--corpus', type=pathlib.Path, default=ROOT / 'build/corpus', metavar='DIR')
    ap.add_argument('--no-build', action='store_true', help='take the objects that are there')
    ap.add_argument('--no-kernel', dest='kernel', action='store_false', help='do not ask the kernel')
    ap.add_argument('--no-text', dest='text', action='store_false', help='leave out the text form')
    ap.add_argument('--only', metavar='PATTERN', help='only objects that match, such as clang14-v3/*')
    ap.add_argument('--inputs', type=int, default=500, metavar='N')
    ap.add_argument('--seed', type=int, default=1, metavar='N')
    ap.add_argument('--results', type=pathlib.Path, metavar='FILE', help='write the tables there, as Markdown')
    ap.add_argument('--raw', type=pathlib.Path, metavar='FILE', help='write what check said, as JSON lines')
    ap.add_argument('--from', dest='given', type=pathlib.Path, nargs='+', metavar='FILE',
                    help='check nothing; judge what earlier runs wrote with --raw, without the text form')
    ap.add_argument('-j', dest='jobs', type=int, default=os.cpu_count(), metavar='N')
    args = ap.parse_args()
    args.skep = os.path.abspath(args.skep)
    args.check = args.check or str(pathlib.Path(args.skep).parents[2] / 'tests/corpus/check')
    return args


def main():
    args, start, reasons = parse_args(), time.monotonic(), []
    out = args.corpus.resolve()
    if args.given:
        args.no_build, args.text = True, False
    elif not os.access(args.check, os.X_OK):
        sys.exit(f'run.py: {args.check} is missing: build first')
    if not args.no_build:
        build(out, args)
    sys.path.insert(0, str(HERE))
    rows = objects(out, args)
    given = read_raw(args.given or [])
    rows = [r for r in rows if not given or r['object'] in given]
    say(f'{len(rows)} objects')
    results = given or run_all(args, out, rows)
    if args.raw:
        args.raw.write_text(''.join(json.dumps(results[r['object']]) + '\n' for r in rows))
    for reason, n in collections.Counter(line.get('no_kernel') for line in results.values()).items():
        if reason:
            reasons.append(f'the kernel\'s verdict on {n} objects: {reason}')
    texts = {}
    if args.text and has_text(args):
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            texts = dict(zip((r['object'] for r in rows), pool.map(lambda r: text_form(args, out, r), rows)))
    elif args.text:
        reasons.append('the text form: this skep has no command asm')

    v = Verdicts(json.loads((HERE / 'inventory.json').read_text()))
    for row in rows:
        judge_object(v, row, results[row['object']], texts.get(row['object']))
    text = report(rows, results, v, reasons)
    if args.results:
        args.results.write_text(f'# The corpus\n\n{text}\n')
    print(text)
    print('\n## Nothing could be told of\n')
    for reason, n in v.unknown.most_common(25):
        print(f'{n:6} {reason}')
    if v.failures:
        print('\n## Failures\n')
        print('\n'.join(v.failures))
    say(f'{time.monotonic() - start:.0f} seconds')
    print(f'\n{v.counts["passed"]} passed, {v.counts["failed"]} failed, {v.counts["skipped"]} skipped')
    return 1 if v.counts['failed'] or not v.counts['passed'] else 0


if __name__ == '__main__':
    sys.exit(main())
