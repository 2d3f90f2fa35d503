#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bpftool struct_ops over skep and over the kernel must say the same: struct_ops.py SKEP SOURCE"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

skep, source = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
clang = next((c for c in ['clang-14', 'clang', 'clang-15', 'clang-16', 'clang-19'] if shutil.which(c)), None)
if not clang or not shutil.which('bpftool'):
    print('SKIP: no compiler for eBPF or no bpftool')
    sys.exit(77)
if not os.access('/sys/kernel/btf/vmlinux', os.R_OK):
    print('SKIP: the kernel does not tell its types')
    sys.exit(77)
failed = 0


def check(what, ok, shown=''):
    global failed
    if not ok:
        failed += 1
        print(f'FAIL {what}: {shown!r}')


def run(*words):
    p = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout, p.stderr


def plain(text):
    """Without ids."""
    text = re.sub(r'(prog_id:|\bid \(?|"(?:btf_)?(?:vmlinux_)?id": ?)\d+', r'\g<1>N', text)
    return re.sub(r'^\d+:', 'N:', text, flags=re.M)


def session(tool, obj):
    """What it says when the object's structs are registered, shown and taken back."""
    said = [run(*tool, 'struct_ops', 'register', obj)]
    found = re.search(r'whole id (\d+)', said[0][2])
    if not found:
        return None, said
    number = found.group(1)
    said += [run(*tool, 'struct_ops', 'list', 'id', number), run(*tool, '-j', 'struct_ops', 'dump', 'id', number),
             run(*tool, 'struct_ops', 'unregister', 'id', number), run(*tool, 'struct_ops', 'list', 'id', number)]
    return number, [(status, plain(out), plain(err)) for status, out, err in said]


with tempfile.TemporaryDirectory() as tmp:
    obj = f'{tmp}/ops.o'
    os.mkdir(f'{tmp}/store', 0o700)
    subprocess.run([clang, '-O2', '-g', '-target', 'bpf', '-D__TARGET_ARCH_x86', '-I', f'/usr/include/{os.uname().machine}-linux-gnu',
                    '-c', source, '-o', obj], check=True)
    exec_ = [str(skep), 'exec', '--store', f'{tmp}/store', '--']
    number, ours = session(exec_ + ['bpftool'], obj)
    check('it is registered', number, ours)
    known, theirs = session(['bpftool'], obj)
    if not known:
        print('SKIP the kernel: it does not register the struct')
    elif number:
        check('as the kernel', ours == theirs, [pair for pair in zip(ours, theirs) if pair[0] != pair[1]])
    if number:
        check('state', '"state": "BPF_STRUCT_OPS_STATE_INUSE"' in ours[2][1].replace('":"', '": "'), ours[2][1])
        check('functions', 'halve/prog_id' in ours[2][1] and '"skep_whole"' in ours[2][1], ours[2][1])
    # Nobody has it open, and it is there until it is taken back; then everything is gone.
    status, out, err = run(*exec_, 'bpftool', 'struct_ops', 'register', obj)
    check('a second time', 'whole id' in err, out + err)
    status, out, err = run(*exec_, 'bpftool', 'prog', 'show')
    check('its programs live', out.count('struct_ops') == 3, out)
    run(*exec_, 'bpftool', 'struct_ops', 'unregister', 'name', 'whole')
    for kind in ('prog', 'map'):
        status, out, err = run(*exec_, 'bpftool', kind, 'show')
        check(f'no {kind} is left', out.strip() == '' and status == 0, out)
    # Without the kernel's types.
    hide = ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"', 'sh']
    if run(*hide, 'true')[0]:
        print('SKIP without types: no mount namespace can be had')
    else:
        words = ['map', 'create', '/sys/fs/bpf/m', 'type', 'struct_ops', 'key', '4', 'value', '64', 'entries', '1', 'name', 'm']
        status, out, err = run(*hide, *exec_, 'bpftool', *words)
        check('without types', status != 0 and 'no map of type struct_ops: the kernel does not tell its types' in err, out + err)
print(f'{failed} failed')
sys.exit(failed != 0)
