#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seeds for fuzz_sys: a map is made, filled, looked at; a program is loaded and run; random records."""
import pathlib
import random
import struct
import sys

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def rec(cmd, fd=0, other=0, n=0, attr=b''):
    return bytes([cmd, fd, other, n]) + attr[:36].ljust(36, b'\0')


def both(r):
    return r + r


def create(kind, key, value, entries, flags=0):
    return both(rec(0, attr=struct.pack('<5I', kind, key, value, entries, flags)))


use = b''.join(both(rec(cmd, attr=struct.pack('<I4xQ', 0, 8) + bytes(20))) for cmd in (2, 1, 4, 21, 2, 2, 3, 24, 25, 26, 27, 22, 2, 15, 6, 7, 31))
kinds = [(1, 4, 8, 4), (2, 4, 8, 4), (3, 4, 4, 4), (5, 4, 8, 4), (6, 4, 8, 4), (9, 4, 8, 4), (11, 8, 8, 4, 1), (22, 0, 8, 3), (23, 0, 8, 3),
         (27, 0, 0, 4096), (30, 0, 8, 10), (12, 4, 4, 2), (14, 4, 4, 2)]
for k in kinds:
    (out / f'map{k[0]}').write_bytes(create(*k) + use)
# "r0 = 2; exit" behind the type, then a run of 64 bytes.
prog = both(rec(5, n=1, attr=struct.pack('<IQQ', 6, 0x2000000b7, 0x95))) + both(rec(10, fd=1, attr=bytes(12) + struct.pack('<I', 64)))
(out / 'prog').write_bytes(create(1, 4, 8, 4) + prog + use)
r = random.Random(1)
for k in range(20):
    (out / f'random{k}').write_bytes(b''.join(rec(r.randrange(37), r.randrange(8), r.randrange(256), r.randrange(256), bytes(
        r.choice([0, 0, 0, 1, 4, 8, r.randrange(256)]) for _ in range(36))) for _ in range(60)))
