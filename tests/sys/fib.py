#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bpf_fib_lookup() from a given table beside the kernel with the same routes: fib.py SKEP

Makes network namespaces of its own. Where the kernel cannot be asked, the answers are compared with some that it gave.
"""
import ipaddress
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

skep = pathlib.Path(sys.argv[1]).resolve()
failed = passed = 0
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
ROUTES = ['192.168.7.0/24 dev skepb', 'fd00:7::/64 dev skepb metric 256', '10.1.0.0/16 dev skepa', '10.1.2.0/24 via 192.168.7.2 dev skepb src 192.168.7.1', '10.1.2.128/25 via 192.168.7.3 dev skepb metric 7',
          'unreachable 10.2.0.0/16', 'blackhole 10.3.0.0/16', 'prohibit 10.4.0.0/16', '10.5.0.0/16 via 192.168.7.2 dev skepb mtu lock 700',
          '10.6.0.0/16 via inet6 fd00:7::2 dev skepb', '10.7.0.0/16 via 192.168.7.9 dev skepb', 'default via 192.168.7.2 dev skepb',
          '10.8.0.0/16 via 192.168.7.2 dev skepb table 100', 'fd00:1::/32 via fd00:7::2 dev skepb metric 9',
          'fd00:1:5::/48 dev skepa metric 10', 'unreachable fd00:2::/32', 'blackhole fd00:3::/32']
NEIGHBOURS = ['192.168.7.2 dev skepb lladdr 02:00:00:00:07:02', '192.168.7.3 dev skepb lladdr 02:00:00:00:07:03',
              '10.1.0.5 dev skepa lladdr 02:00:00:00:01:05', 'fd00:7::2 dev skepb lladdr 02:00:00:00:77:02',
              'fd00:1:5::5 dev skepa lladdr 02:00:00:00:15:05']
PLACES = ['10.1.0.5', '10.1.0.6', '10.1.2.1', '10.1.2.129', '10.1.2.255', '10.2.3.4', '10.3.0.1', '10.4.255.255', '10.5.1.1', '10.6.0.1', '10.7.1.1',
          '10.8.1.1', '11.1.1.1', '192.168.7.1', '192.168.7.2', '0.0.0.1', 'fd00:1::9', 'fd00:1:5::5', 'fd00:1:5::6', 'fd00:2::1', 'fd00:3::1', 'fd00:7::2',
          'fd01::1']


def check(what, ok, shown=''):
    global failed, passed
    passed += bool(ok)
    failed += not ok
    if not ok:
        print(f'FAIL {what}: {shown}')


def sh(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode:
        print(f'{" ".join(map(str, words))}: {done.stderr.strip()}')
    return done.returncode == 0


def make_net():
    """The interfaces and routes in the kernel, and the same as a table."""
    table = []
    for name, mtu in ('skepa', 1500), ('skepb', 1400):
        sh('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name + 'x')
        sh('ip', 'link', 'set', name + 'x', 'up')
        sh('ip', 'link', 'set', name, 'address', f'02:00:00:00:00:0{mtu // 100 - 13}', 'mtu', mtu)
        pathlib.Path(f'/proc/sys/net/ipv6/conf/{name}/accept_dad').write_text('0')
        sh('ip', 'link', 'set', name, 'up')
        table.append(f'dev {name} lladdr 02:00:00:00:00:0{mtu // 100 - 13} mtu {mtu}')
    for path in 'ipv4/ip_forward', 'ipv6/conf/all/forwarding':
        pathlib.Path(f'/proc/sys/net/{path}').write_text('1')
    sh('ip', 'addr', 'add', '192.168.7.1/32', 'dev', 'skepb')
    table.append('route 192.168.7.1 local')
    for r in ROUTES:
        words = ['-6', 'route', 'add'] if 'fd00' in r and 'inet6' not in r else ['route', 'add']
        sh('ip', *words, *r.split())
        first, rest = r.split(' ', 1)
        to, rest = (rest, first) if first in ('unreachable', 'blackhole', 'prohibit') else (first, rest)
        if rest in ('unreachable', 'blackhole', 'prohibit') and ':' in to:
            rest += ' metric 1024'
        table.append(f'route {to} {rest.replace("inet6 ", "").replace("mtu lock", "mtu")}')
    for n in NEIGHBOURS:
        sh('ip', 'neigh', 'replace', *n.split(), 'nud', 'permanent')
        table.append('neigh ' + n)
    return table


def question(to, dev, length, flags, table=0):
    """Parameters as struct bpf_fib_lookup has them."""
    a = ipaddress.ip_address(to)
    return struct.pack('<BB2s2sHII16s16sI12sIi', 2 if a.version == 4 else 10, 17, b'\0\7', b'\0\7', length, dev, 0, bytes(16),
                       a.packed.ljust(16, b'\0'), table, bytes(12), flags, 99)


def answer(engine, prog, tmp, q, more=()):
    (tmp / 'frame').write_bytes(bytes(12) + b'\x12\x34\0\0' + q)
    done = subprocess.run([skep, 'run', tmp / 'fib.o', '-p', prog, '-e', engine, '--data-in', tmp / 'frame', '--data-out', tmp / 'out', '--json', *more],
                          capture_output=True, text=True)
    if done.returncode:
        return f'exit {done.returncode} {done.stdout}{done.stderr}'
    return (tmp / 'out').read_bytes()[16:16 + 72]


def shown(x):
    return x if isinstance(x, str) else f'{x[:12].hex()} {x[12:16].hex()} {x[16:32].hex()} {x[32:48].hex()} {x[48:64].hex()} {struct.unpack("<i", x[68:72])}'


def tests(tmp):
    table = make_net()
    (tmp / 'table').write_text('# all\n' + '\n'.join(table) + '\n')
    fib = ['--fib', tmp / 'table']
    a, b = socket.if_nametoindex('skepa'), socket.if_nametoindex('skepb')
    first = answer('kernel', 'fib_xdp', tmp, question('10.1.2.1', a, 0, 0))
    kernel = not isinstance(first, str)
    if not kernel:
        print(f'SKIP the comparison: {first[:200]}')
    want = bytes.fromhex('020000000702') + bytes.fromhex('020000000001')
    got = answer('jit', 'fib_xdp', tmp, question('10.1.2.1', a, 0, 0), fib)
    check('a route, a gateway, its neighbour', got[68:72] == bytes(4) and got[8:12] == struct.pack('<I', b) and
          got[52:64] == bytes.fromhex('020000000001') + bytes.fromhex('020000000702'), f'{shown(got)} {want.hex()}')
    got = answer('jit', 'fib_xdp', tmp, question('10.1.2.1', a, 0, 0))
    check('without a table nothing is found', got[68:72] == struct.pack('<i', 4), shown(got))
    rng = random.Random(7)
    cases = [(p, a, 0, 0, 0) for p in PLACES] + [(p, b, 1450, 0, 0) for p in PLACES] + [(p, a, 800, 4, 0) for p in PLACES[::2]]
    cases += [('10.1.2.1', a, 0, 16, 0), ('fd00:1::9', a, 0, 64, 0), ('10.1.2.1', 99999, 0, 0, 0), ('10.8.1.1', a, 0, 1 | 8, 100),
              ('10.8.1.1', a, 0, 1, 0), ('192.168.7.1', a, 0, 1, 0), ('10.1.2.1', a, 0, 1 | 8, 77)]
    cases += [(rng.choice(PLACES), rng.choice([a, b]), rng.choice([0, 60, 699, 701, 1400, 1401, 1501]), rng.choice([0, 1, 4, 2]), 0) for _ in range(40)]
    for k, c in enumerate(cases if kernel else []):
        prog = 'fib_tc' if k % 3 == 2 else 'fib_xdp'
        q = question(*c)
        theirs, ours = answer('kernel', prog, tmp, q), answer('interp' if k % 2 else 'jit', prog, tmp, q, fib)
        check(f'{prog} {c}', theirs == ours, f'\n{shown(theirs)}, skep\n{shown(ours)}')
    for line, why in ('route 10.0.0.0/33 dev skepa', 'no number'), ('route 10.0.0.0/8', 'needs an interface'), ('way 1.1.1.1', 'begins with'), \
            ('neigh 1.1.1.1 dev 3 lladdr 02:00', 'no link address'), ('route 10.0.0.0/8 via fe80::1 dev nowhere', 'no interface'), \
            ('route fd00::/8 via 1.1.1.1 dev 3', 'another family'), ('route', 'prefix is missing'), ('dev 3 mtu', 'no number'):
        (tmp / 'bad').write_text('\n' + line + '\n')
        done = subprocess.run([skep, 'run', tmp / 'fib.o', '-p', 'fib_xdp', '-e', 'jit', '--fib', tmp / 'bad'], capture_output=True, text=True)
        check(f'refused: {line}', done.returncode == 3 and 'line 2: ' in done.stderr and why in done.stderr, done.stderr)
    done = subprocess.run([skep, 'exec', '--fib', tmp / 'bad', '--', 'true'], capture_output=True, text=True)
    check('exec with a bad table', done.returncode == 3 and 'line 2: ' in done.stderr, done.stderr)
    done = subprocess.run([skep, 'exec', '--fib', tmp / 'table', '--', 'sh', '-c', 'echo $SKEP_FIB'], capture_output=True, text=True)
    check('exec with a table', done.stdout.strip() == str((tmp / 'table').resolve()), done.stdout + done.stderr)


def main():
    if not clang:
        print('SKIP: no clang')
        sys.exit(77)
    if len(sys.argv) < 3:
        how = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
        if not shutil.which('ip') or subprocess.run([*how, 'true'], capture_output=True).returncode:
            print('SKIP: no ip(8), or no network namespaces for this user')
            sys.exit(77)
        sys.exit(subprocess.run([*how, sys.executable, __file__, sys.argv[1], 'inside']).returncode)
    if subprocess.run(['ip', 'link', 'add', 'skepv', 'type', 'veth', 'peer', 'name', 'skepw'], capture_output=True).returncode:
        print('SKIP: no veth')
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        os.environ['SKEP_STORE'] = name + '/store'
        os.mkdir(name + '/store', 0o700)
        source = pathlib.Path(__file__).resolve().parent / 'fib.bpf.c'
        subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', '-c', source, '-o', name + '/fib.o'],
                       check=True)
        tests(pathlib.Path(name))
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


sys.exit(main())
