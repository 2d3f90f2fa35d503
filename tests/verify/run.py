#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Small programs, each about one rule: what skep's verifier and the running kernel say of them.

    run.py --skep SKEP --kernel VERDICTS [--verify VERIFY] [FILE[:CASE]]...

README.md describes the files. Without BPF in the kernel its part is skipped, with the reason. Without a
command `check` in skep only the kernel is asked: then the expectations are what is tested.

Every disagreement must stand in inventory.json with its reason, and an agreement that the inventory does not
expect fails, too. A program that skep accepts and the kernel refuses is a failure even when it is listed, unless
the reason says that it is no matter of safety (`"safety": false`).
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 60
MAPS = {
    'array': 'type=array key=4 value=64 max=4',
    'small': 'type=array key=4 value=8 max=1',
    'hash': 'type=hash key=4 value=16 max=8',
    'wide': 'type=hash key=16 value=48 max=8',
    'percpu': 'type=percpu_array key=4 value=16 max=2',
    'lru': 'type=lru_hash key=4 value=16 max=8',
    'progs': 'type=prog_array key=4 value=4 max=8',
    'events': 'type=perf_event_array key=4 value=4 max=0',
    'ring': 'type=ringbuf key=0 value=0 max=4096',
    'queue': 'type=queue key=0 value=8 max=8',
    'stack': 'type=stack key=0 value=8 max=8',
    'devs': 'type=devmap key=4 value=4 max=8',
    'cpus': 'type=cpumap key=4 value=4 max=8',
    'xsks': 'type=xskmap key=4 value=4 max=8',
    'sockmap': 'type=sockmap key=4 value=4 max=8',
    'sockhash': 'type=sockhash key=4 value=4 max=8',
    'stacks': 'type=stack_trace key=4 value=64 max=8',
    'cgroups': 'type=cgroup_array key=4 value=4 max=1',
    'cgstorage': 'type=cgroup_storage key=8 value=16 max=0',
    'bloom': 'type=bloom_filter key=0 value=4 max=8',
    'rdonly': 'type=array key=4 value=64 max=4 flags=0x80',
    'wronly': 'type=array key=4 value=64 max=4 flags=0x100',
}
MACROS = {
    # r0 = the first element of a map with a key of four bytes, or NULL; r1-r5 and four bytes of stack are used
    'lookup': ['*(u32 *)(r10 - 4) = 0', 'r2 = r10', 'r2 += -4', 'r1 = {0} ll', 'call bpf_map_lookup_elem'],
    # the same, and leave when there is none
    'value': ['*(u32 *)(r10 - 4) = 0', 'r2 = r10', 'r2 += -4', 'r1 = {0} ll', 'call bpf_map_lookup_elem',
              'if r0 == 0 goto leave'],
    # r2, r3 = the packet and its end, of xdp and of skb
    'xdp': ['r2 = *(u32 *)(r1 + 0)', 'r3 = *(u32 *)(r1 + 4)'],
    'skb': ['r2 = *(u32 *)(r1 + 76)', 'r3 = *(u32 *)(r1 + 80)'],
    # leave when there are fewer than so many bytes behind r2
    'bytes': ['r4 = r2', 'r4 += {0}', 'if r4 > r3 goto leave'],
    # a number that nothing is known of
    'random': ['call bpf_get_prandom_u32'],
    'random64': ['call bpf_ktime_get_ns'],
    'repeat': None,
}


class Case:
    def __init__(self, file, name, section, expect, place):
        self.file, self.name, self.section, self.expect, self.place = file, name, section, expect, place
        self.body, self.path, self.program, self.problem = [], None, 'prog', None
        self.user = False
        self.kernel = self.skep = None  # what they said

    @property
    def title(self):
        return f'{self.file}:{self.name}'


# ---------------------------------------------------------------- reading

def parse_text(path):
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith('== '):
            fields = [f.strip() for f in line[3:].split('|')]
            if len(fields) != 3 or not re.fullmatch(r'accept|reject [a-z0-9-]+', fields[2]):
                sys.exit(f'{path}:{number}: wants == NAME | SECTION | accept or reject RULE')
            cases.append(Case(path.stem, *fields, f'{path.name}:{number}'))
        elif cases and line.strip() == '.user':
            cases[-1].user = True
        elif cases and line.strip() and not line.startswith('#'):
            cases[-1].body.append(line.strip())
        elif line.strip() and not line.startswith('#'):
            sys.exit(f'{path}:{number}: text before the first case')
    return cases


def parse_c(path):
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'(ACCEPT|REJECT)\((?:"([a-z0-9-]+)", )?"([^"]+)", (\w+)', line)
        if not found:
            continue
        expect = 'accept' if found[1] == 'ACCEPT' else f'reject {found[2]}'
        case = Case(path.name.split('.')[0], found[4], found[3], expect, f'{path.name}:{number}')
        case.program = found[4]
        cases.append(case)
    return cases


def expand(body):
    out = []
    for line in body:
        word, _, rest = line.partition(' ')
        if word == '@repeat':
            count, _, what = rest.partition(' ')
            out += [what.replace('#', str(i)) for i in range(int(count))]
        elif word.startswith('@'):
            out += [m.format(*rest.split()) for m in MACROS[word[1:]]]
        else:
            out.append(line)
    return out


def assembly(case):
    """The text of the object: the maps that are named, the licence, the code."""
    raw = '.raw' in case.body
    body = [line for line in expand(case.body) if line != '.raw']
    text = '\n'.join(body)
    used = set(re.findall(r'= (\w+) ll', text))
    lines = [line for line in body if line.startswith(('.map ', '.license '))]
    named = {line.split()[1] for line in lines if line.startswith('.map ')}
    if not any(line.startswith('.license') for line in lines):
        lines.append('.license "GPL"')
    lines += [f'.map {m} {MAPS[m]}' for m in sorted(used - named) if m in MAPS]
    code = [line for line in body if not line.startswith(('.map ', '.license '))]
    main = next((i for i, line in enumerate(code) if line.startswith('.')), len(code))
    head, tail = code[:main], code[main:]
    if 'goto leave' in '\n'.join(head) and 'leave:' not in head:
        head += ['leave:', 'r0 = 0', 'exit']
    elif not raw and not re.match(r'exit|goto ', head[-1]):
        head += ['r0 = 0', 'exit']
    return '\n'.join(lines + [f'.section "{case.section}"', '.func prog'] + head + tail) + '\n'


def build_text(case, skep, out):
    source, target = out / f'{case.file}-{case.name}.s', out / f'{case.file}-{case.name}.o'
    source.write_text(assembly(case))
    done = subprocess.run([skep, 'asm', str(source), '-o', str(target)], capture_output=True, text=True)
    if done.returncode:
        case.problem = 'not assembled: ' + done.stderr.strip()[:300]
    case.path = str(target)


def build_c(path, cases, out):
    """All cases of a C file are programs of one object. A reason, when it cannot be built here."""
    compiler = next((c for c in ('clang-19', 'clang-14', 'clang') if shutil.which(c)), None)
    if not compiler:
        return 'no compiler for eBPF'
    multiarch = subprocess.run(['cc', '-print-multiarch'], capture_output=True, text=True).stdout.strip()
    target = out / (path.name.split('.')[0] + '.o')
    command = [compiler, '-target', 'bpf', '-mcpu=v3', '-O2', '-g', f'-I{path.parent}', f'-I/usr/include/{multiarch}',
               '-Wall', '-Wno-unused-function', '-c', str(path), '-o', str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    for case in cases:
        case.path = str(target)
        if done.returncode:
            case.problem = 'not compiled: ' + done.stderr.strip()[:500]
    return None


# ---------------------------------------------------------------- asking

def ask(command, paths):
    """{(object, program): row}; an object that stops the tool has a row for '*'."""
    rows, batch = {}, 40
    for i in range(0, len(paths), batch):
        rows.update(ask_batch(command, paths[i:i + batch]))
    return rows


def ask_batch(command, paths):
    try:
        done = subprocess.run(command + paths, capture_output=True, text=True, errors='replace', timeout=TIMEOUT)
        if not done.returncode:
            return {(r['object'], r['program']): r for r in map(json.loads, done.stdout.splitlines())}
        why = f'died with status {done.returncode}: {done.stderr.strip()[-300:]}'
    except subprocess.TimeoutExpired:
        why = f'no answer in {TIMEOUT} seconds'
    if len(paths) == 1:
        return {(paths[0], '*'): {'crash': why}}
    return {k: v for p in paths for k, v in ask_batch(command, [p]).items()}


def ask_skep(skep, paths, jobs, options):
    """The rows of `skep check --json`, one process for each object."""
    def one(path):
        try:
            done = subprocess.run([skep, 'check', '--json', *options, path], capture_output=True, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return {(path, '*'): {'crash': f'no answer in {TIMEOUT} seconds'}}
        if done.returncode not in (0, 1, 5):
            return {(path, '*'): {'crash': f'status {done.returncode}: {(done.stderr or done.stdout)[-300:]}'}}
        answer = json.loads(done.stdout)
        return {(path, p['program']): p for p in answer['programs']}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return {k: v for rows in pool.map(one, paths) for k, v in rows.items()}


def log_words(row):
    lines = [line.strip() for line in (row.get('log') or '').splitlines() if line.strip()]
    return ' / '.join(lines[-2:])


# ---------------------------------------------------------------- judging

class Verdicts:
    def __init__(self, inventory, rules, verbose):
        self.known, self.rules, self.verbose = inventory['disagreements'], rules, verbose
        self.uncounted, self.counted_by = inventory['counts'], inventory['counts_of']
        self.used, self.counts, self.failures = set(), collections.Counter(), []

    def fail(self, case, text):
        self.counts['failed'] += 1
        self.failures.append(f'{case.title} ({case.place}): {text}')

    def listed(self, case, who):
        for i, entry in enumerate(self.known):
            if entry['who'] == who and fnmatch.fnmatch(case.title, entry['case']):
                self.used.add(i)
                return entry
        return None

    def judge(self, case, who, verdict, detail, right_reason):
        """verdict: accept, reject, undecided or broken; compared with what is expected."""
        want = case.expect.split()[0]
        entry = self.listed(case, who)
        agrees = verdict == want
        if self.verbose:
            print(f'{case.title}: {who}: {verdict} (expected {case.expect}) {detail}')
        if verdict == 'broken':
            self.fail(case, f'{who}: {detail}')
        elif entry:
            if agrees:
                self.fail(case, f'{who} agrees ({verdict}), but the inventory expects that it does not')
            elif who == 'skep' and verdict == 'accept' and entry.get('safety', True):
                self.fail(case, 'skep accepts what is unsafe; no entry of the inventory excuses that')
            elif verdict != entry['verdict']:
                self.fail(case, f'{who}: {verdict}, and the inventory says {entry["verdict"]}')
            else:
                self.counts['listed'] += 1
        elif not agrees:
            self.fail(case, f'{who}: {verdict}, expected {case.expect}: {detail}')
        elif want == 'reject' and not right_reason:
            self.fail(case, f'{who} refuses it for another reason than {case.expect.split()[1]}: {detail}')
        else:
            self.counts['passed'] += 1

    def kernel(self, case, row):
        rule = self.rules.get(case.expect.split()[-1])
        if row is None:
            self.fail(case, 'the kernel was not asked: libbpf does not open the object')
        elif 'crash' in row:
            self.judge(case, 'kernel', 'broken', row['crash'], False)
        elif not row['err'] and case.user and rule and rule.get('capability') and row['cap_bpf']:
            self.counts['capability'] += 1
        elif not row['err']:
            self.judge(case, 'kernel', 'accept', '', True)
        elif row['err'] == -1 and row['stage'] == 'loader':
            self.counts['skipped'] += 1
        else:
            text = row.get('log') or ''
            right = bool(rule) and any(re.search(k, text) for k in rule['kernel'])
            self.judge(case, 'kernel', 'reject', f"{row['err']} {log_words(row)}", right)

    def skep(self, case, row):
        if row is None:
            self.fail(case, 'skep says nothing of it')
        elif 'crash' in row:
            self.judge(case, 'skep', 'broken', row['crash'], False)
        else:
            verdict = {'safe': 'accept', 'unsafe': 'reject', 'undecided': 'undecided'}.get(row['verdict'], 'broken')
            text = '; '.join(d['message'] for d in row['messages'][:2])
            rule = self.rules.get(case.expect.split()[-1], {})
            if verdict == 'undecided' and rule.get('undecided'):
                verdict = 'reject'
            codes = rule.get('skep')
            self.judge(case, 'skep', verdict, f"{row.get('code')} {text}", not codes or row.get('code') in codes)


    def count(self, case, kernel, skep):
        """Where both accept, the instructions that they processed for it: skep tells what it costs the kernel."""
        if not kernel or not skep or kernel.get('err') != 0 or skep.get('verdict') != 'safe':
            return
        entry = next((e for e in self.uncounted if fnmatch.fnmatch(case.title, e['case'])), None)
        same = kernel['processed'] == skep['processed']
        if entry:
            entry['used'] = True
        if self.verbose:
            print(f"{case.title}: the kernel processed {kernel['processed']} instructions, skep {skep['processed']}")
        if same and entry:
            self.fail(case, f"both processed {skep['processed']} instructions, and the inventory expects other numbers")
        elif not same and not entry:
            self.fail(case, f"skep processed {skep['processed']} instructions, the kernel {kernel['processed']}")
        else:
            self.counts['passed' if same else 'listed'] += 1


def load_rules(cases):
    rules = json.loads((HERE / 'rules.json').read_text())['rules']
    unknown = {c.expect.split()[1] for c in cases if c.expect != 'accept'} - set(rules)
    if unknown:
        sys.exit(f'run.py: not in rules.json: {", ".join(sorted(unknown))}')
    return rules


def read_cases(names):
    cases = [c for p in sorted(HERE.glob('*.t')) for c in parse_text(p)]
    cases += [c for p in sorted((HERE / 'c').glob('*.bpf.c')) for c in parse_c(p)]
    twice = [t for t, n in collections.Counter(c.title for c in cases).items() if n > 1]
    if twice:
        sys.exit(f'run.py: two cases of one name: {", ".join(twice)}')
    if not names:
        return cases
    return [c for c in cases if any(fnmatch.fnmatch(c.title, n) or c.file == n for n in names)]


def build(cases, skep, out, jobs):
    text = [c for c in cases if not c.place.split(':')[0].endswith('.c')]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda c: build_text(c, skep, out), text))
    skipped = []
    for path in sorted((HERE / 'c').glob('*.bpf.c')):
        mine = [c for c in cases if c.place.startswith(path.name + ':')]
        why = build_c(path, mine, out) if mine else None
        if why:
            skipped.append(f'{len(mine)} cases of {path.name}: {why}')
            cases = [c for c in cases if c not in mine]
    return cases, skipped


def has_check(skep):
    listed = subprocess.run([skep, 'help'], capture_output=True, text=True).stdout
    return any(line.split()[:1] == ['check'] for line in listed.splitlines())


def has_kernel(args, paths):
    """None, or why the kernel cannot be asked: an empty program must load."""
    if not args.kernel:
        return 'built without libbpf'
    probe = os.path.join(os.path.dirname(paths[0]), 'probe.s')
    pathlib.Path(probe).write_text('.license "GPL"\n.section "socket"\n.func prog\nr0 = 0\nexit\n')
    subprocess.run([args.skep, 'asm', probe, '-o', probe[:-1] + 'o'], check=True)
    row = ask([args.kernel], [probe[:-1] + 'o']).get((probe[:-1] + 'o', 'prog'), {'err': 'nothing was said'})
    return None if not row['err'] else f"this kernel loads no programs for us ({row['err']})"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--skep', required=True)
    ap.add_argument('--kernel', metavar='VERDICTS', help='the tool that asks the kernel')
    ap.add_argument('--expectations', action='store_true', help='do not ask skep: are the expectations the kernel\'s?')
    ap.add_argument('-v', '--verbose', action='store_true')
    ap.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    ap.add_argument('--keep', type=pathlib.Path, metavar='DIR', help='put the objects there')
    ap.add_argument('names', nargs='*', metavar='FILE[:CASE]')
    args = ap.parse_args()
    args.skep = os.path.abspath(args.skep)
    cases = read_cases(args.names)
    with tempfile.TemporaryDirectory() as scratch:
        out = args.keep or pathlib.Path(scratch)
        out.mkdir(exist_ok=True)
        rules = load_rules(cases)
        asked = set()
        cases, skipped = build(cases, args.skep, out, args.jobs)
        v = Verdicts(json.loads((HERE / 'inventory.json').read_text()), rules, args.verbose)
        for case in cases:
            if case.problem:
                v.fail(case, case.problem)
        cases = [c for c in cases if not c.problem]
        paths = sorted({c.path for c in cases})
        why = has_kernel(args, paths) if paths else 'no cases'
        if why:
            skipped.append(f'the verdict of the kernel on {len(cases)} cases: {why}')
        else:
            asked.add('kernel')
            for user, option in ((False, []), (True, ['-u'])):
                some = [c for c in cases if c.user == user]
                rows = ask([args.kernel] + option, sorted({c.path for c in some}))
                for case in some:
                    case.kernel = rows.get((case.path, case.program)) or rows.get((case.path, '*'))
                    v.kernel(case, case.kernel)
        if v.counts['capability']:
            skipped.append(f"the verdict of the kernel on {v.counts['capability']} cases: users without CAP_BPF may load nothing")
        if args.expectations:
            skipped.append('the verdict of skep: it was not to be asked')
        elif has_check(args.skep):
            asked.add('skep')
            for user, option in ((False, []), (True, ['--unprivileged'])):
                some = [c for c in cases if c.user == user]
                rows = ask_skep(args.skep, sorted({c.path for c in some}), args.jobs, option)
                for case in some:
                    case.skep = rows.get((case.path, case.program)) or rows.get((case.path, '*'))
                    v.skep(case, case.skep)
        else:
            skipped.append('the verdict of skep: this build has no command check')
    if asked == {'kernel', 'skep'}:
        if os.uname().release.startswith(v.counted_by):
            for case in cases:
                v.count(case, case.kernel, case.skep)
            for entry in v.uncounted:
                if not entry.get('used') and not args.names:
                    v.counts['failed'] += 1
                    v.failures.append(f'inventory.json: {entry["case"]} (counts) is no case')
        else:
            skipped.append(f'the instructions that were processed: skep counts as Linux {v.counted_by} does')
    for i, entry in enumerate(v.known):
        if i not in v.used and not args.names and entry['who'] in asked:
            v.counts['failed'] += 1
            v.failures.append(f'inventory.json: {entry["case"]} ({entry["who"]}) is no case')
    print('\n'.join(v.failures))
    for text in skipped:
        print(f'SKIP {text}')
    wants = collections.Counter(c.expect.split()[0] for c in cases)
    print(f"{len(cases)} cases: {wants['accept']} to accept, {wants['reject']} to reject, "
          f"{len({c.expect for c in cases}) - 1} rules; {v.counts['listed']} listed disagreements")
    print(f"{v.counts['passed'] + v.counts['listed']} passed, {v.counts['failed']} failed, "
          f"{v.counts['skipped'] + len(skipped)} skipped")
    if not asked and not v.counts['failed']:
        return 77
    return 1 if v.counts['failed'] or not v.counts['passed'] else 0


if __name__ == '__main__':
    sys.exit(main())
