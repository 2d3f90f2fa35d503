#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep run --interface: frames at a veth through XDP and tc programs in user space: wire.py SKEP

Runs itself in network namespaces of its own, with a user namespace when it is not root. What programs send back or
elsewhere is received at the other ends.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

skep = pathlib.Path(sys.argv[1]).resolve()
failed = passed = 0


def check(what, ok, shown=''):
    global failed, passed
    passed += bool(ok)
    failed += not ok
    if not ok:
        print(f'FAIL {what}\n{shown}')


def skip(why):
    print(f'SKIP {why}\n0 passed, 0 failed, 1 skipped')
    sys.exit(77)


def link(*words):
    return subprocess.run(['ip', 'link', *words], capture_output=True, text=True)


def open_end(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 0))
    s.settimeout(3)
    return s


def frame(kind, n):
    return bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]) + kind + bytes([n]) * 60


def received(s, wanted):
    """Frames that the other side sent, until there are as many as wanted or none comes."""
    got = []
    try:
        while len(got) < wanted:
            data, at = s.recvfrom(4096)
            if at[2] != socket.PACKET_OUTGOING and data[12:14] in (b'\x12\x34', b'\x12\x35'):
                got.append(data)
    except TimeoutError:
        pass
    return got


def assemble(tmp, name, section, code):
    text = f'.license "GPL"\n.section "{section}"\n.func f\n{code}'
    subprocess.run([skep, 'asm', '-', '-o', tmp / name], input=text, text=True, check=True)
    return tmp / name


# 0x1234 goes back with another first byte, the rest is dropped.
TX = '''r0 = 1
r2 = *(u32 *)(r1 + 0)
r3 = *(u32 *)(r1 + 4)
r4 = r2
r4 += 15
if r4 > r3 goto out
r5 = *(u16 *)(r2 + 12)
if r5 != 0x3412 goto out
*(u8 *)(r2 + 0) = r5
r0 = 3
out:
exit
'''
REDIRECT = 'r1 = {to}\nr2 = 0\ncall bpf_redirect\nexit\n'


def run(tmp, obj, frames, near, *more):
    """Start the command, send the frames to it once it listens, and give what it prints."""
    p = subprocess.Popen([skep, 'run', obj, '--interface', 'skepa', '--json', *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    for _ in range(100):
        listening = pathlib.Path('/proc/net/packet').read_text().count('\n')
        if listening > run.sockets:
            break
        time.sleep(0.05)
    time.sleep(0.2)
    for f in frames:
        near.send(f)
    return p


def sums(p):
    out, err = p.communicate(timeout=20)
    return (json.loads(out) if out else {}), err


def tests(tmp):
    for a, b in ('skepa', 'skepb'), ('skepc', 'skepd'):
        link('add', a, 'type', 'veth', 'peer', 'name', b)
        for name in a, b:
            pathlib.Path(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6').write_text('1')
            link('set', name, 'up')
    near, other = open_end('skepb'), open_end('skepd')
    run.sockets = pathlib.Path('/proc/net/packet').read_text().count('\n')
    tx = assemble(tmp, 'tx.o', 'xdp', TX)
    frames = [frame(b'\x12\x34', 1), frame(b'\x12\x36', 2), frame(b'\x12\x34', 3)]
    for engine in 'interp', 'jit':
        p = run(tmp, tx, frames, near, '--engine', engine, '--count', '3', '--seconds', '10')
        got = received(near, 2)
        want = [b'\x12' + f[1:] for f in (frames[0], frames[2])]
        said, err = sums(p)
        check(f'XDP_TX, {engine}: frames', got == want, str(got))
        check(f'XDP_TX, {engine}: verdicts', said.get('summary', {}).get('verdicts') == {'XDP_TX': 2, 'XDP_DROP': 1} and
              said.get('sent') == 2 and said.get('not_sent') == 0 and len(said.get('runs', [])) == 3, f'{said} {err}')
    to = socket.if_nametoindex('skepc')
    for kind, verdict in ('xdp', 'XDP_REDIRECT'), ('tc', 'TC_ACT_REDIRECT'):
        p = run(tmp, assemble(tmp, f'{kind}.o', kind, REDIRECT.format(to=to)), frames[:1], near, '-e', 'jit', '-c', '1', '--seconds', '10')
        got = received(other, 1)
        said, err = sums(p)
        check(f'redirect, {kind}', got == frames[:1] and said['summary']['verdicts'] == {verdict: 1}, f'{got} {said} {err}')
    p = run(tmp, tx, frames, near, '-e', 'jit')
    received(near, 2)
    p.terminate()
    said, err = sums(p)
    check('a signal ends it', p.returncode == 0 and said['summary']['packets'] == 3 and said['runs'] == [], f'{said} {err}')
    got = subprocess.run([skep, 'run', tx, '-i', 'nowhere', '-e', 'jit'], capture_output=True, text=True)
    check('no such interface', got.returncode == 4 and 'is no interface' in got.stderr, got.stderr)
    got = subprocess.run([skep, 'run', tx, '-i', 'skepa', '-e', 'kernel'], capture_output=True, text=True)
    check('an interface and the kernel', got.returncode == 2, got.stderr)


def main():
    if len(sys.argv) < 3:
        how = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
        if not shutil.which('ip') or subprocess.run([*how, 'true'], capture_output=True).returncode:
            skip('no ip(8), or no network namespaces for this user')
        sys.exit(subprocess.run([*how, sys.executable, __file__, sys.argv[1], 'inside']).returncode)
    if link('add', 'skepx', 'type', 'veth', 'peer', 'name', 'skepy').returncode:
        skip('no veth')
    with tempfile.TemporaryDirectory() as name:
        os.environ['SKEP_STORE'] = name + '/store'
        os.mkdir(name + '/store', 0o700)
        tests(pathlib.Path(name))
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


sys.exit(main())
