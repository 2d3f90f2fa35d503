#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make the seeds of the fuzz targets from small programs: seeds.py SKEP

Needs clang and llvm-strip. The seeds are small on purpose: a fuzzer changes one
place of a small file faster than of a large one.
"""
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
examples = here.parent.parent / "examples"
TINY = {
    "ret": 'SEC("xdp") int f(void *c) { return 2; }',
    "loop": 'SEC("tc") int f(struct __sk_buff *s) { int n = 0;\n'
            '#pragma clang loop unroll(disable)\n'
            'for (int i = 0; i < s->len; i++) n += s->mark; return n; }',
    "calls": 'static __attribute__((noinline)) int g(int a) { return a * 3; }\n'
             '__attribute__((noinline)) int h(int a) { return g(a) + 1; }\n'
             'SEC("xdp") int f(struct xdp_md *c) { return h(c->rx_queue_index); }',
    "data": 'int a = 1; static volatile const int b = 2; int z[4]; const char m[] = "text";\n'
            'SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }',
    "map": 'struct { __uint(type, 1); __type(key, int); __type(value, long); __uint(max_entries, 8); } m SEC(".maps");\n'
           'SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }',
    "core": 'struct t { int a, b; } __attribute__((preserve_access_index));\n'
            'SEC("fentry/x") int f(struct t *c) { return c->b; }',
    "ext": 'extern int kf(int) __attribute__((section(".ksyms"))); extern int KC __attribute__((section(".kconfig")));\n'
           'SEC("tc") int f(void *c) { return kf(KC); }',
}


def compile_one(src, out, *flags):
    clang = next(c for c in ("clang-14", "clang-19", "clang") if shutil.which(c))
    subprocess.run([clang, "-O2", "-g", "-target", "bpf", "-I/usr/include/x86_64-linux-gnu", *flags, "-c",
                    str(src), "-o", str(out)], check=True)
    strip = next(s for s in ("llvm-strip-14", "llvm-strip-19", "llvm-strip") if shutil.which(s))
    subprocess.run([strip, "-g", str(out)], check=True)


def section(image, name):
    shoff, = struct.unpack_from("<Q", image, 40)
    n, names = struct.unpack_from("<HH", image, 60)
    head = [struct.unpack_from("<IIQQQQ", image, shoff + 64 * i) for i in range(n)]
    for h in head:
        at = head[names][4] + h[0]
        if image[at:image.index(b"\0", at)].decode() == name:
            return image[h[4]:h[4] + h[5]]
    return b""


def main():
    tool = sys.argv[1]
    for door in "elf", "btf", "insns", "text":
        (here / "corpus" / door).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        jobs = []
        for name, text in TINY.items():
            src = tmp / f"{name}.c"
            src.write_text('#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n' + text + "\n")
            jobs.append((name, src, ("-mcpu=v2",)))
        jobs.append(("tiny-big", tmp / "map.c", ("-target", "bpfeb")))
        for name in "mac_swap", "packet_counter":
            jobs.append((name, examples / f"{name}.bpf.c", ("-mcpu=v3",)))
        for name, src, flags in jobs:
            out = tmp / f"{name}.o"
            compile_one(src, out, *flags)
            image = out.read_bytes()
            (here / "corpus/elf" / name).write_bytes(image)
            (here / "corpus/text" / f"{name}.s").write_bytes(subprocess.run([tool, "disasm", "--whole", str(out)], check=True,
                                                                         stdout=subprocess.PIPE).stdout)
            (here / "corpus/text" / f"{name}-short.s").write_bytes(subprocess.run([tool, "disasm", "--text", str(out)], check=True,
                                                                            stdout=subprocess.PIPE).stdout)
            if image[5] == 2:
                continue
            btf, ext = section(image, ".BTF"), section(image, ".BTF.ext")
            if btf:
                head = struct.pack("<I", len(btf) << 8)
                (here / "corpus/btf" / name).write_bytes(head + btf + ext)
    # One of each kind of instruction, by opcode.
    slots = b"".join(struct.pack("<BBhi", op, 0x21, 4, 16) for op in range(256))
    (here / "corpus/insns/opcodes").write_bytes(b"\0" + slots)
    atomics = b"".join(struct.pack("<BBhi", op, 0x21, -8, imm) for op in (0xc3, 0xdb, 0xd3)
                       for imm in (0, 1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110))
    (here / "corpus/insns/atomics").write_bytes(b"\0" + atomics)
    (here / "corpus/insns/plain").write_bytes(b"\0" + b"".join(
        struct.pack("<BBhi", op, regs, off, imm) for op, regs, off, imm in
        [(0xb7, 1, 0, 5), (0xbf, 0x21, 0, 0), (0x18, 1, 0, 7), (0, 0, 0, 1), (0x85, 0, 0, 1), (0x85, 0x10, 0, -1),
         (0x85, 0x20, 0, 3), (0x95, 0, 0, 0), (5, 0, 2, 0), (6, 0, 0, 9), (0x87, 3, 0, 0), (0xd7, 3, 0, 32),
         (0xbf, 0x21, 8, 0), (0x3f, 0x21, 1, 0), (0x61, 0x21, 4, 0), (0x81, 0x21, 4, 0), (0x7a, 1, 0, 9)]))


main()
