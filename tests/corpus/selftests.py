#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's own small verifier cases, given to skep's verifier.

They are compiled from the source of Debian's linux-source package, where they stay, and each goes to the running
kernel, too, with all rights and as a user without privileges. Its verdict is the judge; where it has none (no
permission, a program type or a type of the module with which these cases come), what the source expects. Every case
that is refused must be refused, and at least 96 % of those that are accepted accepted. `selftests` in verdicts.json
has known exceptions, each with its reason.

Where users may load no programs (unprivileged_bpf_disabled), a user without CAP_PERFMON stands for one without
privileges. The kernel's word is then missing on what CAP_BPF alone permits (NEEDS_BPF): there the source has it.
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
SOCKET_FILTER, CGROUP_SKB = 1, 8
# What the source expects the log to say of programs that CAP_BPF alone lets in; the last one lies with the
# maps, which this test makes with all rights.
NEEDS_BPF = ['loading/calling other bpf or kernel functions', 'allowed for', 'back-edge', 'unknown func',
             'invalid bpf_context access', 'program of this type cannot use helper', 'tail_call abusing map_ptr']
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
        rows.append({'number': died, 'name': '(died here)', 'type': SOCKET_FILTER,
                     'kernel': {'verdict': 'silent', 'log': ''}, 'user': {'verdict': 'silent', 'log': ''}, 'expect': 'accept',
                     'expect_unpriv': 'accept', 'skep': {'verdict': 'crash', 'said': '', 'code': 0},
                     'skep_unpriv': {'verdict': 'crash', 'said': '', 'code': 0}})
    return rows


def judge(row):
    """What should come out, and what came out."""
    said = row['kernel']['verdict']
    return (row['expect'] if said == 'silent' else said), row['skep']['verdict']


def judge_user(row):
    """The same without privileges."""
    said, want = row['user']['verdict'], row['expect_unpriv']
    if row['type'] not in (SOCKET_FILTER, CGROUP_SKB):
        want = 'reject'  # of all other types the kernel asks for capabilities before it looks at the program
    elif said != 'silent':
        late = row['bpf_capable'] and any(text in (row['unpriv_text'] or '') for text in NEEDS_BPF)
        want = want if said == 'accept' and late else said
    return want, row['skep_unpriv']['verdict']


def line(row, side):
    said = (row[side]['said'] or '').strip().splitlines()
    asked = row['user' if side == 'skep_unpriv' else 'kernel']
    log = [x for x in (asked['log'] or '').splitlines()
           if x and not x.startswith(('processed', 'stack depth', 'verification time'))]
    text = f"{row['number']:5} {row['name']}"
    if row[side]['verdict'] == 'accept':
        return f"{text}: the kernel says: {log[-1] if log else row.get('expect_text')}"
    return f"{text}: {said[0] if said else row[side]['verdict']}"


def report(rows, known, side):
    counts, shown = collections.Counter(), collections.defaultdict(list)
    for row in rows:
        want, got = judge(row) if side == 'skep' else judge_user(row)
        entry = next((k for k in known if fnmatch.fnmatchcase(row['name'], k['case'])), None)
        if got == 'unable':
            kind = f"not built ({row[side]['said']})"
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
        for code, n in collections.Counter(r[side]['code'] for r in some).most_common():
            print(f'  SKEP{code:04}: {n}')
        print('\n'.join(line(r, side) for r in some))
    return counts


def tell(rows, counts):
    """The sums; (passed, failed, skipped) and whether that will do."""
    good, refused = counts['accepted, as the kernel does'], counts['refused, as it must be']
    gaps = sum(n for kind, n in counts.items() if kind.startswith('gap'))
    bad = counts['defect: accepted'] + counts['broken']
    share = 100.0 * good / (good + gaps) if good + gaps else 0
    print(f'\n{len(rows)} cases; accepted {good} of {good + gaps} ({share:.1f} %), refused {refused} of '
          f"{refused + counts['defect: accepted']}\n")
    return (good + refused, bad, len(rows) - good - refused - bad), not bad and share >= GOAL


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
    known = json.loads((HERE / 'verdicts.json').read_text()).get('selftests', [])
    print('with all rights:')
    root, root_ok = tell(rows, report(rows, known, 'skep'))
    print('without privileges:')
    user, user_ok = tell(rows, report(rows, known, 'skep_unpriv'))
    print('%d passed, %d failed, %d skipped' % tuple(a + b for a, b in zip(root, user)))
    return 0 if root_ok and user_ok else 1


if __name__ == '__main__':
    sys.exit(main())
