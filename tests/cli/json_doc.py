#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/json.md against what commands print: json_doc.py SKEP

Every member that a command prints is on the page, under its command; every
member on the page is printed by some command, but for those whose meaning
begins with "only". A command of the table needs a section.
"""
import fnmatch
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import fixtures

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMON = 'Every command'
# What is run for each command, in a directory with the objects of fixtures.py.
LINES = [
    'show tiny.o', 'show two.o', 'show {firewall}', 'disasm two.o', 'disasm -s {packet_counter}',
    'disasm -t tiny.o', 'asm t.s -o t.o', 'cfg tiny.o', 'optimize tiny.o', 'optimize tiny.o --heat 5', 'optimize --drop-unused {tunable}', 'optimize {packet_counter}', 'learn two.o learn.s --cache none --min-hits 1',
    'specialize --list {tunable}', 'specialize --set debug=0 {tunable}',
    'check tiny.o', 'check bad.o', 'check --compare a.csv b.csv', 'differ tiny.o tiny.o', 'differ tiny.o other.s', 'run tiny.o', 'run {tail_dispatch} -p dispatch -n 20',
    'attach 999999999', 'run tiny.o --engine jit', 'run tiny.o --engine jit --pcap t.pcap',
    'prog load {packet_counter} /sys/fs/bpf/p', 'prog show', 'prog run /sys/fs/bpf/p', 'prog dump xlated /sys/fs/bpf/p --source',
    'prog dump jited /sys/fs/bpf/p', 'map create /sys/fs/bpf/m type hash key 4 value 4 entries 1', 'map show',
    'map update /sys/fs/bpf/m key 1 value 1', 'map dump counters', 'map getnext /sys/fs/bpf/m', 'prog load point.o /sys/fs/bpf/point', 'link create /sys/fs/bpf/point raw_tracepoint event /sys/fs/bpf/l', 'link show',
    'explain 1203', 'help', 'help run', 'version', 'show missing.o', 'show badop.o', 'asm bad.s -o x.o',
    *(f'list {what}' for what in 'insns helpers maps progs sections passes rules diags'.split()),
]


def documented():
    """{section: {pattern: meaning}} of the page; the first table of each section."""
    page, section, table = {}, None, 0
    for line in (ROOT / 'docs/json.md').read_text().splitlines():
        if line.startswith('## '):
            section, table = line[3:], 0
            page[section] = {}
        elif line.startswith('|---'):
            table += 1
        elif line.startswith('| `') and table == 1:
            names, meaning = line.strip('|').split('|', 1)
            page[section].update({name: meaning.strip() for name in re.findall(r'`([^`]+)`', names)})
    return page


def members(value, path=''):
    if isinstance(value, dict):
        for key, inner in value.items():
            name = f'{path}.{key}' if path else key
            yield name
            yield from members(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, path + '[]')


def fits(path, pattern):
    return fnmatch.fnmatchcase(path, pattern.replace('[]', '[[][]]'))


def main():
    skep = str(pathlib.Path(sys.argv[1]).resolve())
    page, seen, bad = documented(), {}, []
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        fixtures.make(tmp)
        have = fixtures.compile_examples(ROOT, tmp)
        compiler = next((c for c in fixtures.COMPILERS if c in have), None)
        if not compiler:
            print('SKIP: no compiler for eBPF\n0 passed, 0 failed, 1 skipped')
            return 77
        text = subprocess.run([skep, 'disasm', '-t', 'tiny.o'], cwd=tmp, capture_output=True, text=True).stdout
        (tmp / 't.s').write_text(text)
        (tmp / 'learn.s').write_text('.license "GPL"\n.section "xdp"\n.func f\ncall bpf_get_prandom_u32\n'
                                     'r6 = r0\nr6 ^= 77\nr6 += r0\nr6 ^= 77\nr0 = r6\nexit\n')
        (tmp / 'other.s').write_text(text.replace('r0 = 2', 'r0 = 3'))
        subprocess.run([skep, 'asm', '-', '-o', 'bad.o'], cwd=tmp, input=text.replace('r0 = 2', 'r0 = r9'), text=True)
        for name, program in ('a.csv', 'tiny.o'), ('b.csv', 'bad.o'):
            said = subprocess.run([skep, 'check', '--csv', program], cwd=tmp, capture_output=True, text=True).stdout
            (tmp / name).write_text(said.replace(program, 'x.o'))
        (tmp / 't.pcap').write_bytes(struct.pack('<IHHiIIIIIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1, 0, 0, 60, 60) + bytes(60))
        subprocess.run([skep, 'asm', '-', '-o', 'point.o'], cwd=tmp, input='.license "GPL"\n.section "raw_tp/x"\n.func p\nr0 = 0\nexit\n', text=True)
        (tmp / 'store').mkdir(mode=0o700)
        os.environ.update(SKEP_STORE=str(tmp / 'store'), SKEP_PORT='user')
        (tmp / 'bad.s').write_text('  r0 = 1\n')
        names = {p.stem: str(p) for p in (tmp / compiler).glob('*.o')}
        for line in LINES:
            words = line.format(**names).split()
            done = subprocess.run([skep, *words, '--json'], cwd=tmp, capture_output=True, text=True)
            if done.stderr:
                bad.append(f'{line}: something on standard error: {done.stderr.strip()}')
            said = json.loads(done.stdout)
            if said['status'] != done.returncode:
                bad.append(f'{line}: status {said["status"]}, but it exits with {done.returncode}')
            seen.setdefault(words[0], set()).update(members(said))
    commands = {c['name'] for c in json.loads(subprocess.run([skep, 'help', '-j'], capture_output=True,
                                                             text=True).stdout)['commands']}
    bad += [f'docs/json.md has no section {c}' for c in sorted(commands - set(page))]
    bad += [f'docs/json.md has a section {c}, but there is no such command'
            for c in sorted(set(page) - commands - {COMMON})]
    for command, paths in sorted(seen.items()):
        patterns = {**page[COMMON], **page.get(command, {})}
        bad += [f'{command}: {p} is not documented' for p in sorted(paths)
                if not any(fits(p, pattern) for pattern in patterns)]
    everything = set().union(*seen.values())
    for section, patterns in page.items():
        paths = everything if section == COMMON else seen.get(section, set())
        if section in seen or section == COMMON:
            bad += [f'{section}: {p} is documented, but nothing printed it' for p, meaning in patterns.items()
                    if not meaning.startswith('only') and not any(fits(path, p) for path in paths)]
    print('\n'.join(bad))
    total = sum(len(p) for p in page.values())
    print(f'{max(total - len(bad), 0)} passed, {len(bad)} failed, 0 skipped')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
