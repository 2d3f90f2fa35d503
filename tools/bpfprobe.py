# SPDX-License-Identifier: BSD-2-Clause
"""Tiny programs for the running kernel, and what its verifier says of them.

For the tools that make tables out of what the kernel does. Needs the rights to
load programs of all types.
"""
import ctypes
import os
import re
import struct
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
SYS_BPF = {'x86_64': 321, 'aarch64': 280}[os.uname().machine]
log = ctypes.create_string_buffer(1 << 16)
GPL = ctypes.create_string_buffer(b'GPL')
SLEEPABLE = 16


def bpf(cmd, attr):
    buf = ctypes.create_string_buffer(attr, max(len(attr), 152))
    r = libc.syscall(SYS_BPF, cmd, buf, len(attr))
    return r if r >= 0 else -ctypes.get_errno()


def insn(op, dst=0, src=0, off=0, imm=0):
    return struct.pack('<BBhI', op, dst | src << 4, off, imm & 0xffffffff)


EXIT = insn(0x95)


def mov(reg, value):
    return insn(0xb7, reg, 0, 0, value)


def load(prog, attach, code, btf_id=0, flags=0, level=1):
    """(error or 0, the verifier's log) of loading a program."""
    ib = ctypes.create_string_buffer(code, len(code))
    log[0] = b'\0'
    attr = struct.pack('<IIQQIIQI', prog, len(code) // 8, ctypes.addressof(ib), ctypes.addressof(GPL),
                       level, len(log) if level else 0, ctypes.addressof(log) if level else 0, 0)
    attr += struct.pack('<I16sII', flags, b'', 0, attach)
    attr += struct.pack('<IIQIIQIIII', 0, 0, 0, 0, 0, 0, 0, btf_id, 0, 0)
    r = bpf(5, attr)
    if r >= 0:
        os.close(r)
        r = 0
    return r, log.value.decode(errors='replace')


def kernel_ids(*names):
    """BTF ids of (kind, name) pairs in the kernel's types."""
    out = subprocess.run(['bpftool', 'btf', 'dump', 'file', '/sys/kernel/btf/vmlinux'],
                         capture_output=True, text=True, check=True).stdout
    ids = {}
    for m in re.finditer(r"^\[(\d+)\] (\w+) '(\w+)'", out, re.M):
        ids.setdefault((m.group(2), m.group(3)), int(m.group(1)))
    return [ids.get(n, 0) for n in names]


def enum_names(path, macro):
    """id -> name of a table of src/abi."""
    with open(path) as f:
        return {int(m.group(1)): m.group(2) for m in re.finditer(rf'^{macro}\((\d+), (\w+)', f.read(), re.M)}


def attach_names(path):
    with open(path) as f:
        return re.findall(r'^ATTACH\((\w+)\)', f.read(), re.M)
