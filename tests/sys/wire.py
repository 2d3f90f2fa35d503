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


# 0x1234 passes with another first byte, the rest is dropped.
PASS = TX.replace('r0 = 3', 'r0 = 2')
CLONE = 'r6 = r1\nr2 = {to}\nr3 = 0\ncall bpf_clone_redirect\nr1 = r6\nr2 = {to}\nr3 = 0\ncall bpf_clone_redirect\nr0 = 2\nexit\n'
WHERE = {'xdp': 'r0 = *(u32 *)(r1 + 12)\nexit\n', 'tc': 'r0 = *(u32 *)(r1 + 40)\nr2 = *(u32 *)(r1 + 36)\nr0 <<= 8\nr0 |= r2\nexit\n'}


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
    contexts(tmp, near, other)
    maps(tmp, near)
    sockets(tmp, near, other)
    p = run(tmp, tx, frames, near, '-e', 'jit')
    received(near, 2)
    p.terminate()
    said, err = sums(p)
    check('a signal ends it', p.returncode == 0 and said['summary']['packets'] == 3 and said['runs'] == [], f'{said} {err}')
    got = subprocess.run([skep, 'run', tx, '-i', 'nowhere', '-e', 'jit'], capture_output=True, text=True)
    check('no such interface', got.returncode == 4 and 'is no interface' in got.stderr, got.stderr)
    got = subprocess.run([skep, 'run', tx, '-i', 'skepa', '-e', 'kernel'], capture_output=True, text=True)
    check('an interface and the kernel', got.returncode == 2, got.stderr)


def contexts(tmp, near, socks):
    """Where a frame arrived, and clones."""
    at, to = socket.if_nametoindex('skepa'), socket.if_nametoindex('skepc')
    for kind, want in ('xdp', at), ('tc', at << 8 | at):
        p = run(tmp, assemble(tmp, f'where_{kind}.o', kind, WHERE[kind]), [frame(b'\x12\x34', 1)], near, '-e', 'jit', '-c', '1', '--seconds', '10')
        said, err = sums(p)
        check(f'the interface in the context, {kind}', [r['return'] for r in said['runs']] == [want], f'{said} {err}')
    p = run(tmp, assemble(tmp, 'clone.o', 'tc', CLONE.format(to=to)), [frame(b'\x12\x34', 7)], near, '-e', 'interp', '-c', '1', '--seconds', '10')
    got = received(socks, 2)
    said, err = sums(p)
    check('clones', got == [frame(b'\x12\x34', 7)] * 2 and said['sent'] == 2 and said['summary']['verdicts'] == {'TC_ACT_SHOT': 1} and
          [(w['to'], w['index'], bytes.fromhex(w['clone'])) for w in said['runs'][0]['ways']] == [('interface', to, got[0])] * 2, f'{got} {said} {err}')


def maps(tmp, near):
    """Redirects by maps: recorded, and done where that can be."""
    clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
    if not clang:
        print('SKIP redirects by maps: no clang')
        return
    source, arch = pathlib.Path(__file__).resolve().parent / 'ways.bpf.c', f'/usr/include/{os.uname().machine}-linux-gnu'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', arch, '-c', source, '-o', tmp / 'ways.o'], check=True)
    a, c = socket.if_nametoindex('skepa'), socket.if_nametoindex('skepc')
    for words in (['prog', 'load', tmp / 'ways.o', 'ways'], ['map', 'update', 'name', 'devs', 'key', '1', 'value', str(c)],
                  ['map', 'update', 'name', 'devs', 'key', '2', 'value', str(a)], ['map', 'update', 'name', 'cpus', 'key', '1', 'value', '192']):
        done = subprocess.run([skep, *map(str, words)], capture_output=True, text=True)
        check(' '.join(map(str, words)), done.returncode == 0, done.stderr)
    for first, want in (0, (4, [('interface', c, 0)])), (2, (4, [('interface', c, 24), ('interface', a, 24)])), (4, (4, [('cpu', 1, 0)])), \
            (6, (1, [])), (8, (2, [])), (10, (3, [])):
        (tmp / 'frame').write_bytes(bytes([first]) + frame(b'\x12\x34', 1)[1:])
        done = subprocess.run([skep, 'prog', 'run', 'ways', '--data-in', tmp / 'frame', '--json'], capture_output=True, text=True)
        said = json.loads(done.stdout or '{}').get('run', {})
        got = said.get('return'), [(w['to'], w['index'], w['flags']) for w in said.get('ways', [])]
        check(f'way {first}', (got[0], sorted(got[1])) == (want[0], sorted(want[1])) and
              all(w['clone'] is None and w['map'] for w in said['ways']), f'{got} {done.stderr}')
    subprocess.run([skep, 'prog', 'unpin', 'ways'], check=True)


def sockets(tmp, near, other):
    """AF_XDP: a program decides alone. The stack is what another socket sees at the interface."""
    tx = assemble(tmp, 'tx.o', 'xdp', TX)
    words = ['-e', 'jit', '--socket', 'xdp', '--seconds', '10', '-c']
    frames = [frame(b'\x12\x34', 1), frame(b'\x12\x36', 2), frame(b'\x12\x34', 3)]
    p = subprocess.run([skep, 'run', tx, '-i', 'skepa', *words, '1', '--seconds', '1'], capture_output=True, text=True)
    if p.returncode == 4:
        print(f'SKIP AF_XDP: {p.stderr.strip()}')
        return
    stack = open_end('skepa')
    run.sockets += 1
    want = [b'\x12' + f[1:] for f in (frames[0], frames[2])]
    p = run(tmp, tx, frames, near, *words, '3')
    got = received(near, 2)
    said, err = sums(p)
    check('AF_XDP, TX', got == want and said['sent'] == 2 and said['socket'] == 'xdp' and
          said['summary']['verdicts'] == {'XDP_TX': 2, 'XDP_DROP': 1}, f'{got} {said} {err}')
    stack.settimeout(0.3)
    check('AF_XDP, TX: the stack sees nothing', received(stack, 1) == [], '')
    p = run(tmp, assemble(tmp, 'pass.o', 'xdp', PASS), frames, near, *words, '3')
    stack.settimeout(3)
    got = received(stack, 2)
    said, err = sums(p)
    check('AF_XDP, PASS: the stack gets what the program made', got == want and said['not_sent'] == 0, f'{got} {said} {err}')
    p = run(tmp, assemble(tmp, 'xdp_there.o', 'xdp', REDIRECT.format(to=socket.if_nametoindex('skepc'))), frames[:1], near, *words, '1')
    got = received(other, 1)
    said, err = sums(p)
    check('AF_XDP, redirect', got == frames[:1], f'{got} {said} {err}')
    p = run(tmp, assemble(tmp, 'xdp_where.o', 'xdp', WHERE['xdp']), frames[:1], near, *words, '1')
    said, err = sums(p)
    check('AF_XDP, context', [r['return'] for r in said['runs']] == [socket.if_nametoindex('skepa')], f'{said} {err}')
    p = run(tmp, tx, [], near, *words, '800')
    got = []
    for _ in range(8):
        for n in range(100):
            near.send(frame(b'\x12\x34', n))
        got += received(near, 100)
    said, err = sums(p)
    check('AF_XDP, more frames than a ring has', len(got) == 800 and said.get('sent') == 800, f'{len(got)} {said.get("summary")} {err}')
    stack.settimeout(0.1)
    while received(stack, 100):
        pass
    near.send(frames[0])
    stack.settimeout(3)
    check('AF_XDP, afterwards the stack sees all', received(stack, 1) == frames[:1], '')
    p = subprocess.run([skep, 'run', assemble(tmp, 'tc_one.o', 'tc', 'r0 = 0\nexit\n'), '-i', 'skepa', *words, '1'], capture_output=True, text=True)
    check('AF_XDP, a tc program', p.returncode == 4 and 'only to programs of type xdp' in p.stderr, p.stderr)
    p = subprocess.run([skep, 'run', tx, '-i', 'lo', *words, '1', '--seconds', '1'], capture_output=True, text=True)
    check('AF_XDP, a driver without XDP', p.returncode == 4 and 'its driver has no XDP' in p.stderr, p.stderr)
    p = run(tmp, assemble(tmp, 'tc_auto.o', 'tc', 'r0 = 0\nexit\n'), frames[:1], near, '-e', 'jit', '--socket', 'auto', '-c', '1', '--seconds', '10')
    said, err = sums(p)
    check('auto, a tc program', said.get('socket') == 'packet', f'{said} {err}')


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
