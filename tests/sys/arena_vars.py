#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Variables in an arena: arena_vars.py SKEP SOURCE

Loaded by skep into user space and, where that is possible, into the kernel: their first values, their addresses, what
programs leave in them for the next; an arena that is pinned by name keeps them.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

skep, source = (str(pathlib.Path(a).resolve()) for a in sys.argv[1:3])
clang = next((c for c in ['clang-19', 'clang-20', 'clang-21'] if shutil.which(c)), None)
if not clang:
    print('SKIP: no compiler for arenas')
    sys.exit(77)
PIN = '/sys/fs/bpf/skep_arena_vars'
failed = passed = 0


def check(what, ok, shown=''):
    global failed, passed
    passed += bool(ok)
    if not ok:
        failed += 1
        print(f'FAIL {what}\n{shown}')


def build(to, *defines):
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-mcpu=v4', '-I', f'/usr/include/{os.uname().machine}-linux-gnu', *defines,
                    '-c', source, '-o', to], check=True)
    return to


class Port:
    def __init__(self, name, store):
        self.name, self.env = name, {**os.environ, 'SKEP_STORE': store, 'SKEP_PORT': name, 'LC_ALL': 'C'}

    def __call__(self, *words, engine=''):
        done = subprocess.run([skep, *words], capture_output=True, text=True, timeout=60,
                              env={**self.env, 'SKEP_ENGINE': engine})
        return done.returncode, done.stdout + done.stderr

    def expect(self, words, status, said, engine=''):
        got = self(*words, engine=engine)
        check(f'{self.name} {engine}: {" ".join(words)}: not {status}, {said}', got[0] == status and said in got[1], got)
        return got


def with_port(port, objects):
    plain, placed, pinned = objects
    for engine in ('interp', 'jit') if port.name == 'user' else ('',):
        for obj in (plain, placed):
            if port.expect(['prog', 'loadall', obj, PIN], 0, '', engine)[0]:
                continue
            for prog, results in {'bump': (105027, 206029), 'calls': (6001,), 'follow': (308, 315), 'other': (3,)}.items():
                for r in results:
                    port.expect(['prog', 'run', 'pinned', f'{PIN}/{prog}'], 0, f'returns {r}\n', engine)
            if obj == placed:
                port.expect(['prog', 'run', 'pinned', f'{PIN}/upper'], 0, f'returns {1 << 13}\n', engine)
            for prog in ('bump', 'calls', 'follow', 'other') + (('upper',) if obj == placed else ()):
                port.expect(['prog', 'unpin', f'{PIN}/{prog}'], 0, '', engine)
    # Two loaders, one arena: the second one does not begin again.
    for r in (105027, 206029):
        port.expect(['prog', 'load', pinned, f'{PIN}/bump', '-p', 'bump'], 0, '')
        port.expect(['prog', 'run', 'pinned', f'{PIN}/bump'], 0, f'returns {r}\n')
        port.expect(['prog', 'unpin', f'{PIN}/bump'], 0, '')
    port.expect(['map', 'unpin', '/sys/fs/bpf/arena_vars'], 0, '')


with tempfile.TemporaryDirectory() as tmp:
    store = f'{tmp}/store'
    os.mkdir(store, 0o700)
    objects = (build(f'{tmp}/plain.o'), build(f'{tmp}/placed.o', '-DPLACED'), build(f'{tmp}/pinned.o', '-DPINNED'))
    user, kernel = Port('user', store), Port('kernel', store)
    for obj in objects:
        user.expect(['check', obj], 0, 'bump: safe')
    with_port(user, objects)
    user.expect(['run', objects[0], '--engine', 'interp', '-p', 'bump'], 0, '105027')
    user.expect(['run', objects[0], '--engine', 'jit', '-p', 'follow'], 0, '308')
    small = kernel('prog', 'load', objects[0], f'{PIN}/try', '-p', 'other')
    if small[0]:
        print(f'SKIP the kernel: {small[1]}')
    else:
        kernel('prog', 'unpin', f'{PIN}/try')
        with_port(kernel, objects)
        kernel.expect(['run', objects[0], '--engine', 'kernel', '-p', 'bump'], 0, '105027')
        shutil.rmtree(PIN, ignore_errors=True)
print(f'{passed} passed, {failed} failed')
sys.exit(failed != 0)
