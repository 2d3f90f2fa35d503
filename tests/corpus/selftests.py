#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's own small verifier cases, given to skep's verifier.

They are compiled from the source of Debian's linux-source package, where they stay, and each goes to the running
kernel, too. Its verdict is the judge; where it has none (no permission, a program type or a type of the module with
which these cases come), what the source expects. Every case that is refused must be refused, and at least 96 % of
those that are accepted accepted. `selftests` in verdicts.json has known exceptions, each with its reason.
"""
import argparse
import collections
import fnmatch
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SELFTESTS = 'tools/testing/selftests/bpf'
GOAL = 96.0
sys.path.insert(0, str(HERE))
import build  # noqa: E402


def find_tree(cache):
    tarball = build.find_tarball(None)
    if not tarball:
        print(f'SKIP the cases of the kernel: no {build.TARBALLS}\n0 passed, 0 failed, 1 skipped')
        sys.exit(0)
    return build.Tree(cache / 'src', tarball).kernel


def compile_cases(tree, out):
    """The cases as a shared object, made again when the source or the driver is newer."""
    out.mkdir(parents=True, exist_ok=True)
    folder, target = tree / SELFTESTS, out / 'cases.so'
    listed = sorted(p.name for p in (folder / 'verifier').glob('*.c'))
    build.write_if_changed(out / 'verifier/tests.h',
                           '#ifdef FILL_ARRAY\n' + ''.join(f'#include "{n}"\n' for n in listed) + '#endif\n')
    sources = [HERE / 'selftests_cases.c', HERE / 'selftests.h', folder / 'test_verifier.c', out / 'verifier/tests.h']
    if target.exists() and all(s.stat().st_mtime <= target.stat().st_mtime for s in sources):
        return target
    includes = [HERE, out, folder, folder / 'verifier', tree / 'tools/include', tree / 'tools/include/uapi']
    done = subprocess.run([shutil.which('cc') or 'gcc', '-O0', '-fPIC', '-shared', '-w', '-o', target, sources[0],
                           folder / 'cap_helpers.c', *(f'-I{i}' for i in includes), '-lbpf'],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit('selftests.py: the cases could not be compiled:\n' + done.stderr[:2000])
    return target


def run(tool, cases, number, verbose):
    command = [tool] + (['-i', str(number)] if number is not None else []) + (['-v'] if verbose else []) + [str(cases)]
    done = subprocess.run(command, capture_output=True, text=True, errors='replace')
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]
    if verbose:
        print(done.stderr)
    if done.returncode:
        died = rows[-1]['number'] + 1 if rows else 0
        print(f'the driver died with status {done.returncode} on case {died}')
        rows.append({'number': died, 'name': '(died here)', 'kernel': 'silent', 'expect': 'accept',
                     'expect_unpriv': 'accept', 'skep': {'verdict': 'crash', 'said': '', 'code': 0},
                     'skep_unpriv': {'verdict': 'crash', 'said': '', 'code': 0}})
    return rows


def judge(row):
    """What should come out, and what came out."""
    return (row['expect'] if row['kernel'] == 'silent' else row['kernel']), row['skep']['verdict']


def line(row):
    said = (row['skep']['said'] or '').strip().splitlines()
    log = [x for x in (row.get('kernel_log') or '').splitlines()
           if x and not x.startswith(('processed', 'stack depth', 'verification time'))]
    text = f"{row['number']:5} {row['name']}"
    if row['skep']['verdict'] == 'accept':
        return f"{text}: the kernel says: {log[-1] if log else row.get('expect_text')}"
    return f"{text}: {said[0] if said else row['skep']['verdict']}"


def report(rows, known):
    counts, shown = collections.Counter(), collections.defaultdict(list)
    for row in rows:
        want, got = judge(row)
        entry = next((k for k in known if fnmatch.fnmatchcase(row['name'], k['case'])), None)
        if got == 'unable':
            kind = f"not built ({row['skep']['said']})"
        elif got in ('crash', 'failed'):
            kind = 'broken'
        elif want == 'reject':
            kind = {'reject': 'refused, as it must be', 'accept': 'defect: accepted'}.get(got, 'not accepted: ' + got)
        else:
            kind = 'accepted, as the kernel does' if got == 'accept' else 'gap: ' + got
        if entry and not kind.endswith(('as it must be', 'as the kernel does')):
            kind = f"known: {entry['reason']}"
        counts[kind] += 1
        if kind.startswith(('defect', 'gap', 'broken')):
            shown[kind].append(row)
    for kind, n in sorted(counts.items(), key=lambda c: -c[1]):
        print(f'{n:6} {kind}')
    for kind, some in shown.items():
        print(f'\n## {kind}: {len(some)}\n')
        for code, n in collections.Counter(r['skep']['code'] for r in some).most_common():
            print(f'  SKEP{code:04}: {n}')
        print('\n'.join(line(r) for r in some))
    return counts


def unprivileged(rows):
    """Only told: the running kernel is not asked as another user."""
    pairs = collections.Counter((r['expect_unpriv'], r['skep_unpriv']['verdict']) for r in rows
                                if r['skep_unpriv']['verdict'] != 'unable')
    print('\nwithout privileges, by the expectation of the source:')
    for (want, got), n in sorted(pairs.items()):
        print(f'{n:6} expected {want}, skep {got}')


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--tool', default=str(ROOT / 'build/tests/corpus/selftests'))
    ap.add_argument('--corpus', type=pathlib.Path, default=ROOT / 'build/corpus', metavar='DIR')
    ap.add_argument('--out', type=pathlib.Path, default=ROOT / 'build/selftests', metavar='DIR')
    ap.add_argument('-i', dest='number', type=int, metavar='N', help='one case, with its code')
    ap.add_argument('--raw', type=pathlib.Path, metavar='FILE')
    args = ap.parse_args()
    cases = compile_cases(find_tree(args.corpus.resolve()), args.out.resolve())
    rows = run(args.tool, cases, args.number, args.number is not None)
    if args.number is not None:
        print(json.dumps(rows, indent=1))
        return 0
    if args.raw:
        args.raw.write_text(''.join(json.dumps(r) + '\n' for r in rows))
    counts = report(rows, json.loads((HERE / 'verdicts.json').read_text()).get('selftests', []))
    unprivileged(rows)
    good, refused = counts['accepted, as the kernel does'], counts['refused, as it must be']
    gaps = sum(n for kind, n in counts.items() if kind.startswith('gap'))
    bad = counts['defect: accepted'] + counts['broken']
    share = 100.0 * good / (good + gaps) if good + gaps else 0
    print(f'\n{len(rows)} cases; accepted {good} of {good + gaps} ({share:.1f} %), refused {refused} of '
          f"{refused + counts['defect: accepted']}")
    print(f'{good + refused} passed, {bad} failed, {len(rows) - good - refused - bad} skipped')
    return 1 if bad or share < GOAL else 0


if __name__ == '__main__':
    sys.exit(main())
