#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's bpftool and a user of libbpf through skep exec, as an ordinary user.

    bpftool.py SKEP CLIENT

When run as root the commands run as nobody, so that no privilege can help. The client's output
is compared with what the kernel gives it, where there is a kernel that lets us.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

skep, client = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
root = pathlib.Path(__file__).resolve().parents[2]
failed = 0


def check(what, ok, shown=''):
    global failed
    if not ok:
        failed += 1
        print(f'FAIL {what}\n{shown}')


def drop():
    """To run before a command: give up root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def run(*words, env=None, prefix=True):
    cmd = ([skep, 'exec', '--'] if prefix else []) + [str(w) for w in words]
    return subprocess.run(cmd, capture_output=True, text=True, timeout=60, env=env, preexec_fn=drop if prefix else None)


def good(*words, env):
    got = run(*words, env=env)
    check(' '.join(map(str, words)), got.returncode == 0, got.stdout[-2000:] + got.stderr[-2000:])
    return got.stdout


def find_bpftool():
    for path in [shutil.which('bpftool'), '/usr/sbin/bpftool', '/sbin/bpftool']:
        if path and os.access(path, os.X_OK):
            return path
    return None


def compile_example(name, to):
    clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
    if not clang:
        return None
    obj = to / f'{name}.o'
    arch = '/usr/include/' + os.uname().machine + '-linux-gnu'
    done = subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-I', arch, '-I', root / 'examples', '-c',
                           root / 'examples' / f'{name}.bpf.c', '-o', obj], capture_output=True, text=True)
    return obj if done.returncode == 0 else None


def maps(tool, env):
    good(tool, 'map', 'create', '/sys/fs/bpf/m', 'type', 'hash', 'key', 4, 'value', 8, 'entries', 4, 'name', 'first', env=env)
    good(tool, 'map', 'update', 'pinned', '/sys/fs/bpf/m', 'key', 1, 0, 0, 0, 'value', 1, 2, 3, 4, 5, 6, 7, 8, env=env)
    out = json.loads(good(tool, '-j', 'map', 'dump', 'pinned', '/sys/fs/bpf/m', env=env))
    check('map dump', out == [{'key': ['0x01', '0x00', '0x00', '0x00'],
                               'value': [f'0x0{n}' for n in range(1, 9)]}], str(out))
    out = json.loads(good(tool, '-j', 'map', 'show', 'name', 'first', env=env))
    out = out[0] if isinstance(out, list) else out
    check('map show', (out['type'], out['bytes_key'], out['bytes_value'], out['max_entries']) == ('hash', 4, 8, 4), str(out))
    got = run(tool, 'map', 'lookup', 'pinned', '/sys/fs/bpf/m', 'key', 9, 0, 0, 0, env=env)
    check('lookup of what is not there', 'Not found' in got.stdout + got.stderr, got.stdout + got.stderr)
    good(tool, 'map', 'delete', 'pinned', '/sys/fs/bpf/m', 'key', 1, 0, 0, 0, env=env)
    good('rm', '/sys/fs/bpf/m', env=env)
    got = run(tool, '-j', 'map', 'show', env=env)
    check('what nobody holds is gone', got.stdout.strip() in ('[]', ''), got.stdout)


def programs(tool, obj, tmp, env):
    good(tool, 'prog', 'load', obj, '/sys/fs/bpf/counter', env=env)
    out = json.loads(good(tool, '-j', 'prog', 'show', 'pinned', '/sys/fs/bpf/counter', env=env))
    check('prog show', out['type'] == 'xdp' and out['name'] == 'count_packets' and len(out['map_ids']) == 2, str(out))
    out = good(tool, 'prog', 'dump', 'xlated', 'pinned', '/sys/fs/bpf/counter', env=env)
    check('prog dump', 'call bpf_map_lookup_elem#1' in out and 'exit' in out, out)
    check('prog dump has source lines', re.search(r'^; .*ctx->data_end;$', out, re.M) and 'error' not in out, out)
    (tmp / 'packet').write_bytes(bytes(12) + b'\x08\x00\x45' + bytes(8) + b'\x06' + bytes(60))
    out = good(tool, 'prog', 'run', 'pinned', '/sys/fs/bpf/counter', 'data_in', tmp / 'packet', 'repeat', 10, env=env)
    check('prog run', 'Return value: 2,' in out, out)
    dump = good(tool, 'map', 'dump', 'name', 'counters', env=env)
    check('what the program counted', re.search(r'"packets": 10\b', dump) and re.search(r'"bytes": 840\b', dump), dump[:2000])
    ids = json.loads(good(tool, '-j', 'btf', 'show', env=env))
    out = good(tool, 'btf', 'dump', 'id', ids[0]['id'], 'format', 'c', env=env)
    check('btf dump', 'struct' in out, out[:500])
    out = good(tool, 'gen', 'skeleton', obj, env=env)
    check('gen skeleton', '__load(struct' in out)
    good(tool, 'prog', 'loadall', obj, '/sys/fs/bpf/all', env=env)
    out = good('ls', '/sys/fs/bpf/all', env=env)
    check('loadall', out == 'count_packets\n', out)
    bad = tmp / 'bad.o'
    bad.write_bytes(obj.read_bytes()[:400])
    check('a broken object', run(tool, 'prog', 'load', bad, '/sys/fs/bpf/x', env=env).returncode != 0)


def places(tool, env):
    """What only the kernel has: nothing is attached there, and that is an answer."""
    net = json.loads(good(tool, '-j', 'net', env=env))
    check('net', net == [{'xdp': [], 'tc': [], 'flow_dissector': []}], str(net))
    group = next((g for g in ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'] if os.path.exists(g + '/cgroup.procs')), None)
    if group:
        out = run(tool, 'cgroup', 'show', group, env=env)
        check('cgroup show', out.returncode == 0 and not out.stderr, out.stdout + out.stderr)
        out = run(tool, 'cgroup', 'attach', group, 'ingress', 'name', 'count_packets', env=env)
        check('cgroup attach', out.returncode != 0, out.stdout + out.stderr)
    out = run(tool, 'cgroup', 'show', '/tmp', env=env)
    check('cgroup show of none', out.returncode != 0 and 'Bad file' in out.stderr, out.stdout + out.stderr)
    check('link show', good(tool, '-j', 'link', env=env).strip() in ('[]', ''))


def store_is_needed(tool, env):
    """A process that meets no store must not see an empty one."""
    got = run('env', 'SKEP_STORE=/proc/nothing', tool, 'map', 'show', env=env)
    check('map show without a store', got.returncode != 0 and 'Operation not permitted' in got.stderr,
          got.stdout + got.stderr)


def store_is_checked(tool, tmp, env):
    """Files of the store that were cut or filled with anything: errors, no crash."""
    good(tool, 'map', 'create', '/sys/fs/bpf/t', 'type', 'hash', 'key', 4, 'value', 8, 'entries', 100, 'name', 't', env=env)
    pin = tmp / 'store' / 'fs' / 't'
    whole = pin.read_bytes()
    damages = [b'', whole[:4096], whole[:-4096], whole[:-1]] + [
        whole[:at] + bytes([0xff]) * n + whole[at + n:]
        for at, n in [(0, 256), (0, len(whole) - 4096), (len(whole) - 4096, 16), (len(whole) - 4096 + 56, 40),
                      (len(whole) - 4096 + 56 + 12, 4), (len(whole) - 4096 + 140, 60)]]
    for k, data in enumerate(damages):
        pin.write_bytes(data)
        for words in (['map', 'dump', 'pinned', '/sys/fs/bpf/t'], ['map', 'show'],
                      ['map', 'update', 'pinned', '/sys/fs/bpf/t', 'key', 1, 0, 0, 0, 'value', *[1] * 8],
                      ['map', 'delete', 'pinned', '/sys/fs/bpf/t', 'key', 1, 0, 0, 0]):
            got = run(tool, *words, env=env)
            check(f'damage {k}: {words[1]} ends by itself', got.returncode >= 0, f'{got.returncode} {got.stderr}')
    pin.write_bytes(whole)


def compare(objects, env):
    mine = run(client, 'rings', env=env)
    check('rings through skep', mine.returncode == 0 and 'ring_buffer__new: yes' in mine.stdout, mine.stdout[-1000:] + mine.stderr)
    theirs = run(client, 'rings', prefix=False)
    if 'ring_buffer__new: yes' not in theirs.stdout:
        print('SKIP comparing with the kernel: it does not let us')
        return
    check('rings as the kernel', mine.stdout == theirs.stdout, 'differs')
    for obj in objects:
        mine, theirs = run(client, 'objects', 200, obj, env=env), run(client, 'objects', 200, obj, prefix=False)
        check(f'{obj.name} as in the kernel', mine.stdout == theirs.stdout and ' error 0' in mine.stdout,
              f'skep:\n{mine.stdout}\nkernel:\n{theirs.stdout}')


def main():
    tool = find_bpftool()
    with tempfile.TemporaryDirectory() as name:
        tmp = pathlib.Path(name)
        os.chmod(tmp, 0o755)
        (tmp / 'store').mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(tmp / 'store', 65534, 65534)
        env = {k: os.environ[k] for k in ('PATH', 'ASAN_OPTIONS') if k in os.environ}
        env.update(SKEP_STORE=str(tmp / 'store'), HOME='/')
        names = ['packet_counter', 'firewall', 'mac_swap', 'packed_parser', 'tail_dispatch']
        objects = [o for o in (compile_example(n, tmp) for n in names) if o]
        if tool:
            maps(tool, env)
            store_is_needed(tool, env)
            store_is_checked(tool, tmp, env)
        else:
            print('SKIP bpftool: not installed')
        if tool and objects:
            programs(tool, objects[0], tmp, env)
            places(tool, env)
        compare(objects, env)
    print('failed' if failed else 'passed', failed or '')
    return 1 if failed else 0


sys.exit(main())
