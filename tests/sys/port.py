#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep prog, map, link and run over both ports: port.py SKEP

Each command is given to the port in user space (as nobody when started as root) and to the kernel, where one lets us;
both must print the same, but for ids, times and sizes of what each made of a program. What must be printed stands
beside the commands of whose output that is not obvious.
"""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

skep = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parents[2]
failed = passed = 0


def check(what, ok, shown=''):
    global failed, passed
    passed += bool(ok)
    if not ok:
        failed += 1
        print(f'FAIL {what}\n{shown}')


def drop():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def compile_example(name, to):
    clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
    if not clang:
        return None
    obj = to / f'{name}.o'
    arch = '/usr/include/' + os.uname().machine + '-linux-gnu'
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', arch, '-I', root / 'examples', '-c',
                    root / 'examples' / f'{name}.bpf.c', '-o', obj], check=True)
    return obj


def capture(path, order, nano, packets):
    data = struct.pack(order + 'IHHiIII', 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for k, p in enumerate(packets):
        data += struct.pack(order + 'IIII', 1000 + k, k, len(p), len(p)) + p
    path.write_bytes(data)


def read_capture(path, order):
    data, at, out = path.read_bytes(), 24, []
    while at < len(data):
        sec, frac, n, _ = struct.unpack_from(order + 'IIII', data, at)
        out.append((sec, frac, data[at + 16:at + 16 + n]))
        at += 16 + n
    return out


class Port:
    def __init__(self, name, env):
        self.name, self.env = name, {**os.environ, **env, 'SKEP_PORT': name, 'LC_ALL': 'C'}

    def __call__(self, *words, cwd=None):
        cmd = [str(w) for w in (skep, *words)]
        done = subprocess.run(cmd, capture_output=True, text=True, timeout=60, env=self.env, cwd=cwd,
                              preexec_fn=drop if self.name == 'user' else None)
        return done.returncode, done.stdout, done.stderr


# Commands, the status, and what the output has to match (anything when empty).
PIN = '/sys/fs/bpf/skep_port_test'
LINES = [
    (f'map create {PIN}/h type hash key 4 value 8 entries 4 name port_h', 0, ''),
    (f'map create {PIN}/h type hash key 4 value 8 entries 4 name port_h', 3, ''),
    (f'map update {PIN}/h key 1 value 77', 0, ''),
    (f'map update {PIN}/h key 10.0.0.1 value hex 01 02 03 04 05 06 07 ff', 0, ''),
    (f'map update {PIN}/h key 1 0 0 0 value 2 0 0 0 0 0 0 0 noexist', 3, ''),
    (f'map update {PIN}/h key 9 value 1 exist', 1, ''),
    (f'map update {PIN}/h key 1 0 0 value 1', 2, ''),
    (f'map lookup {PIN}/h key 1', 0, r'key 01 00 00 00 value 4d 00 00 00 00 00 00 00\n'),
    (f'map lookup {PIN}/h key 10.0.0.1 --json', 0, r'.*"key":"0a000001","values":\["01020304050607ff"\].*'),
    (f'map lookup {PIN}/h key 5', 1, ''),
    (f'map delete {PIN}/h key 10.0.0.1', 0, ''),
    (f'map getnext {PIN}/h', 0, r'next 01 00 00 00\n'),
    (f'map getnext {PIN}/h key 1', 1, ''),
    (f'map dump {PIN}/h', 0, r'key 01 00 00 00 value 4d 00 00 00 00 00 00 00\n'),
    ('map show name port_h', 0, r'.*hash +port_h +4 +8 +4 +0x0\n'),
    (f'map freeze {PIN}/h', 0, ''),
    (f'map update {PIN}/h key 1 value 78', 4, ''),
    ('map pin name port_h ' + PIN + '/again', 0, ''),
    (f'map unpin {PIN}/h', 0, ''),
    (f'map lookup {PIN}/again key 1', 0, r'.* value 4d .*\n'),
    (f'map unpin {PIN}/again', 0, ''),
    (f'map unpin {PIN}/again', 1, ''),
    (f'map dump {PIN}/again', 1, ''),
    (f'map create {PIN}/c type percpu_array key 4 value 4 entries 2 name port_c', 0, ''),
    (f'map update {PIN}/c key 1 value 300', 0, ''),
    (f'map lookup {PIN}/c key 1', 0, r'key 01 00 00 00\n(    cpu \d+ value 2c 01 00 00\n)+'),
    (f'map unpin {PIN}/c', 0, ''),
    ('map show id 999999999', 1, ''),
    ('prog load {counter} ' + PIN + '/counter --pinmaps ' + PIN + '/maps', 0, ''),
    ('prog load {bad} ' + PIN + '/bad', 1, ''),
    (f'prog run {PIN}/counter --data-in packet --repeat 10', 0, r'returns 2 \(XDP_PASS\), packet of 83 bytes, .*\n'),
    (f'map lookup {PIN}/maps/counters key 6', 0, r'key 6\n(.*\n)*    cpu \d+ value {"packets":10,"bytes":830}\n(.*\n)*'),
    (f'map lookup {PIN}/maps/counters key 6 --raw', 0, r'key 06 00 00 00\n(.*\n)*'),
    (f'map lookup {PIN}/maps/counters key 6 --json', 0, r'.*"typed":{"key":6,"values":\[.*{"packets":10,"bytes":830}.*'),
    (f'prog dump xlated {PIN}/counter --source', 0, r'(.*\n)*; .*ctx->data_end;\n(.*\n)*.*exit\n'),
    (f'prog unpin {PIN}/counter', 0, ''),
    (f'prog show {PIN}/counter', 1, ''),
    (f'map unpin {PIN}/maps/counters', 0, ''),
    (f'map dump {PIN}/maps/packet_c_rodata', 0, r'(.*\n)*'),
    (f'map unpin {PIN}/maps/packet_c_rodata', 0, ''),
    ('prog loadall {dispatch} ' + PIN + '/all', 0, ''),
    ('prog show name dispatch --json', 0, r'.*"type":"xdp","name":"dispatch".*'),
    ('prog load {point} ' + PIN + '/point', 0, ''),
    (f'link create {PIN}/point raw_tracepoint sys_enter {PIN}/link', 0, ''),
    (f'link show {PIN}/link', 0, r'.*raw_tracepoint +\d+ +sys_enter\n'),
    (f'link create {PIN}/point kprobe sys_enter {PIN}/other', 2, ''),
    (f'link create {PIN}/nothing raw_tracepoint sys_enter {PIN}/other', 1, ''),
    (f'link unpin {PIN}/link', 0, ''),
    (f'link show {PIN}/link', 1, ''),
    (f'prog unpin {PIN}/point', 0, ''),
    ('link show --json', 0, r'.*"links":\[.*'),
    ('link detach id 999999999', 1, ''),
    ('map shw', 2, ''),
    ('prog dump llvm id 1', 2, ''),
]
# What differs between ports and runs.
NOISE = [(r'"(id|ns|runs|run_ns|btf_id|uid|verified_insns|jited_bytes|xlated_bytes)":\d+', r'"\1":N'), (r'"tag":"\w+"', '"tag":T'),
         (r'"map_ids":\[[\d,]*\]', '"map_ids":[]'), (r'\d+ ns', 'N ns'), (r'(?m)^ *(id|\d+)  ', 'ID  '), (r'raw_tracepoint +\d+', 'raw_tracepoint N'),
         (r'"links":.*', 'LINKS')]


def quiet(text):
    for pattern, to in NOISE:
        text = re.sub(pattern, to, text)
    return text


def commands(ports, names, tmp):
    for line, status, pattern in LINES:
        words = line.format(**names).split() if line.startswith('prog load') else line.split()
        texts = []
        for port in ports:
            got = port(*words, cwd=tmp)
            shown = f'{port.name}: status {got[0]}\n{got[1]}{got[2]}'
            check(f'{line}: status {status}', got[0] == status, shown)
            check(line, not pattern or re.fullmatch(pattern, got[1]) or (pattern.startswith('.*') and re.search(pattern[2:], got[1])),
                  shown)
            texts.append(quiet(got[1]) if 'dump xlated' not in line and '--json' not in line or 'lookup' in line else '')
        check(f'{line}: both ports the same', len(set(texts)) == 1, '\n'.join(texts))


def native(port, counter, tmp):
    port('prog', 'load', counter, PIN + '/native')
    got = port('prog', 'dump', 'jited', PIN + '/native', '--source')
    if 'SKEP9015' in got[2] or 'SKEP9046' in got[2]:
        print(f'SKIP native code, {port.name}: {got[2].strip()}')
    else:
        check(f'prog dump jited, {port.name}', got[0] == 0 and 'ret' in got[1] and '; ' in got[1] and 'ctx->data_end' in got[1], got[1] + got[2])
    port('prog', 'unpin', PIN + '/native')


# Sends IPv4 back with another first byte, drops the rest.
EDIT = '''.license "GPL"
.section "xdp"
.func f
r0 = 1
r2 = *(u32 *)(r1 + 0)
r3 = *(u32 *)(r1 + 4)
r4 = r2
r4 += 14
if r4 > r3 goto out
r5 = *(u8 *)(r2 + 12)
*(u8 *)(r2 + 0) = r5
if r5 != 8 goto out
r0 = 3
out:
exit
'''


def runs(ports, counter, edit, dispatch, tmp):
    packets = [bytes([2] * 6 + [4] * 6) + b'\x08\x00\x45' + bytes(8) + b'\x06' + bytes(60), b'\x01' * 10,
               bytes([6] * 6 + [8] * 6) + b'\x86\xdd\x60' + bytes(60)]
    for order, nano in ('<', False), ('>', True):
        capture(tmp / 'in.pcap', order, nano, packets)
        engines = ['interp', 'jit'] + (['kernel'] if len(ports) > 1 else [])
        for engine in engines:
            port = ports[-1] if engine == 'kernel' else ports[0]
            out = tmp / 'out' / f'{engine}.pcap'
            got = port('run', edit, '--engine', engine, '--pcap', tmp / 'in.pcap', '--pcap-out', out)
            check(f'run --pcap, {engine}', got[0] == 0 and got[1].splitlines()[-1] == '3 packets: 1 XDP_TX, 1 not taken, 1 XDP_DROP', got[1] + got[2])
            kept = read_capture(out, order) if out.exists() else []
            want = [(1000, 0, b'\x08' + packets[0][1:])]
            check(f'--pcap-out, {engine}', kept == want, str(kept))
            out.unlink(missing_ok=True)
    got = ports[0]('run', counter, '--pcap', tmp / 'in.pcap', '--quiet')
    check('run --pcap without an engine', got[1] == '3 packets: 3 XDP_PASS\n', got[1] + got[2])
    (tmp / 'cut.pcap').write_bytes((tmp / 'in.pcap').read_bytes()[:-5])
    got = ports[0]('run', counter, '--pcap', tmp / 'cut.pcap', '-q', '-e', 'jit')
    check('a capture that ends early', got[0] == 3 and 'middle of a packet' in got[2], got[1] + got[2])
    got = ports[0]('run', counter, '--pcap', counter, '-e', 'jit')
    check('no capture', got[0] == 3 and 'SKEP9045' in got[2], got[1] + got[2])
    texts = {e: re.sub(r'\d+ ns', '', ports[-1 if e == 'kernel' else 0]('run', counter, '-e', e, '-n', 20)[1]) for e in engines}
    tails = {e: re.sub(r'\d+ ns', '', ports[-1 if e == 'kernel' else 0]('run', dispatch, '-p', 'dispatch', '-e', e, '-n', 20)[1])
             for e in engines}
    check('tail calls, every engine', len(set(tails.values())) == 1 and 'returns' in tails['jit'], str(tails))
    check('generated inputs, every engine', len(set(texts.values())) == 1 and texts['jit'].count('XDP_PASS') > 10, str(texts))


def main():
    # Values per processor are the same in both ports when both run on the same.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        tmp = pathlib.Path(name)
        os.chmod(tmp, 0o755)
        for d in 'store', 'out':
            (tmp / d).mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(tmp / d, 65534, 65534)
        (tmp / 'packet').write_bytes(bytes(12) + b'\x08\x00\x45' + bytes(8) + b'\x06' + bytes(59))
        names = {'counter': 'packet_counter', 'dispatch': 'tail_dispatch'}
        names = {k: compile_example(v, tmp) for k, v in names.items()}
        if not names['counter']:
            print('SKIP: no compiler for eBPF\n0 passed, 0 failed, 1 skipped')
            return 77
        text = '.license "GPL"\n.section "xdp"\n.func f\nr0 = *(u64 *)(r10 + 8)\nexit\n'
        names['bad'] = tmp / 'bad.o'
        subprocess.run([skep, 'asm', '-', '-o', names['bad']], input=text, text=True, check=True)
        names['edit'], names['point'] = tmp / 'edit.o', tmp / 'point.o'
        subprocess.run([skep, 'asm', '-', '-o', names['point']], input='.license "GPL"\n.section "raw_tp/sys_enter"\n.func p\nr0 = 0\nexit\n',
                       text=True, check=True)
        subprocess.run([skep, 'asm', '-', '-o', names['edit']], input=EDIT, text=True, check=True)
        ports = [Port('user', {'SKEP_STORE': str(tmp / 'store')})]
        kernel = Port('kernel', {})
        got = kernel('map', 'create', PIN + '/probe', 'type', 'array', 'key', 4, 'value', 4, 'entries', 1)
        if got[0] == 0:
            ports.append(kernel)
            kernel('map', 'unpin', PIN + '/probe')
        else:
            print(f'SKIP the kernel: {got[2].strip()}')
        try:
            commands(ports, names, tmp)
            for port in ports:
                native(port, names['counter'], tmp)
            runs(ports, names['counter'], names['edit'], names['dispatch'], tmp)
        finally:
            if len(ports) > 1:
                shutil.rmtree(PIN, ignore_errors=True)
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


sys.exit(main())
