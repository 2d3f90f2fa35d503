#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compile code of the kernel that is no BPF program for BPF: libraries, ciphers, the network stack.

What `skep learn` learns from beside the corpus: such code computes more, and in other ways, than programs
written for BPF. Nothing of it is to be loaded. Sources come from Debian's linux-source package, with the
headers that build.py makes. A function that the back end for BPF refuses (too many arguments, inline
assembly of x86) is left out of its object; a source that stays refused is listed with its reason.

    OUT/clang14-v1/lib_crypto_sha256.o     one object, named after its source
    OUT/clang14-v1.txt                     what was refused

A second run makes only what is not there.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import sys
import tempfile

import build

DIRS = ("lib", "crypto", "net/core", "net/ipv4", "net/ipv6", "net/netfilter", "net/sched", "net/xfrm")

# Macros behind functions that put them into sections of their own; what they leave is assembly.
REGISTER = re.compile(r'^(?:EXPORT_\w*SYMBOL\w*|MODULE_\w+|module_\w+|\w+_initcall\w*)'
                      r'\s*\((?:"[^"\n]*"|[^;"\n])*\);?[ \t]*$', re.M)

# Options of the kernel's configuration without which the sources are not whole.
OPTIONS = [f"-DCONFIG_{name}=1" for name in (
    "ARCH_HAS_SET_DIRECT_MAP", "CRYPTO_LIB_POLY1305_RSIZE", "CRYPTO_STATS", "CRYPTO_USER", "IP_MROUTE", "IP_MULTICAST",
    "IP_MULTIPLE_TABLES", "IP_PIMSM_V1", "IP_PIMSM_V2", "IP_ROUTE_CLASSID", "IP_ROUTE_MULTIPATH", "IP_VS", "IP_VS_IPV6",
    "IP_VS_PROTO_TCP", "IP_VS_PROTO_UDP", "IPV6_MROUTE", "IPV6_MULTIPLE_TABLES", "IPV6_SUBTREES", "NETFILTER_ADVANCED",
    "NETFILTER_FAMILY_ARP", "NETFILTER_FAMILY_BRIDGE", "NETFILTER_INGRESS", "NETFILTER_NETLINK", "NETFILTER_XTABLES",
    "NETWORK_SECMARK", "NF_CONNTRACK", "NF_CONNTRACK_EVENTS", "NF_CONNTRACK_LABELS", "NF_CONNTRACK_MARK",
    "NF_CONNTRACK_PROCFS", "NF_CONNTRACK_SECMARK", "NF_CONNTRACK_TIMEOUT", "NF_CONNTRACK_TIMESTAMP",
    "NF_CONNTRACK_ZONES", "NF_CT_PROTO_DCCP", "NF_CT_PROTO_GRE", "NF_CT_PROTO_SCTP", "NF_CT_PROTO_UDPLITE",
    "NF_DEFRAG_IPV4", "NF_DEFRAG_IPV6", "NF_FLOW_TABLE", "NF_NAT", "NF_NAT_MASQUERADE", "NF_TABLES", "NF_TABLES_INET",
    "SKB_EXTENSIONS", "SYN_COOKIES", "TLS_DEVICE", "XFRM", "XFRM_MIGRATE", "XFRM_OFFLOAD", "XFRM_STATISTICS")]

# How often a source is compiled: each time without the functions that the back end refused.
ATTEMPTS = 25


def unpack(tree, tarball, dirs):
    """The directories that are not there yet, into the tree that build.py unpacked."""
    stamp = tree.cache / f"{tree.kernel.name}.code"
    have = set(stamp.read_text().split()) if stamp.exists() else set()
    for name in dirs:
        if name in have:
            continue
        build.say(f"unpacking {name}")
        done = build.run(["tar", "xf", tarball, "-C", tree.cache, f"{tree.kernel.name}/{name}"])
        if done.returncode:
            sys.exit(f"kernel_code.py: no {name} in {tarball}")
        have.add(name)
        stamp.write_text("\n".join(sorted(have)) + "\n")


def undefine(text, name):
    """LLVM assembly with one function declared in place of defined; None if it has no such function."""
    found = re.search(r'^define [^\n]*@"?%s"?\([^\n]*\{\n.*?^\}\n' % re.escape(name), text, re.S | re.M)
    if not found:
        return None
    head = found[0].split("\n")[0]
    for pattern in (r"\s*(?:!dbg !\d+)?\s*\{$", r' section "[^"]*"', r"\balign \d+$",
                    r"\b(?:internal|linkonce_odr|weak|available_externally|private|hidden|dso_local|comdat)\b ?"):
        head = re.sub(pattern, "", head)
    return text[:found.start()] + "declare" + head[len("define"):] + "\n" + text[found.end():]


def with_assembly(text):
    """The functions that hold assembly of x86 (an empty one is a barrier for the compiler)."""
    bodies = re.findall(r'^define [^\n]*@"?([\w.$]+)"?\([^\n]*\{\n(.*?)^\}\n', text, re.S | re.M)
    return [name for name, body in bodies if re.search(r' asm [a-z ]*"[^"]', body)]


class KernelCode:
    """One source, as build.Job wants it."""

    def __init__(self, tree, path):
        self.path, self.group, self.kernel_headers = path, "code", True
        self.shown = str(path.relative_to(tree.kernel))
        self.name = self.shown.removesuffix(".c").replace("/", "_")


def compile_source(tree, source, clang, mcpu, out):
    """Compile; returns why not, or None."""
    job = build.Job(tree, source, clang, mcpu, out)
    near = [f"-I{source.path.parent}", f"-I{tree.kernel / 'lib'}"]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        stripped, ir, made = scratch / source.path.name, scratch / "made.ll", scratch / "made.o"
        stripped.write_text(REGISTER.sub("", source.path.read_text(errors="replace")))
        done = build.run(job.front[:1] + near + job.front[1:] + OPTIONS + ["-S", "-emit-llvm", stripped, "-o", ir])
        if done.returncode:
            return build.first_error(done.stderr)
        text = build.retarget(ir.read_text())
        for _ in range(ATTEMPTS):
            ir.write_text(text)
            done = build.run(job.back + ["-c", ir, "-o", made])
            if not done.returncode:
                new = out / f"{source.name}.o.new"
                shutil.move(made, new)
                new.replace(out / f"{source.name}.o")
                return None
            before = text
            for name in set(re.findall(r"in function (\S+) ", done.stderr)) or with_assembly(text):
                text = undefine(text, name) or text
            if text == before:
                break
        return build.first_error(done.stderr)


def note_refused(path, tried, errors):
    """The list of what was refused, with the lines of sources that this run did not try."""
    lines = {}
    if path.exists():
        lines = dict(line.split(": ", 1) for line in path.read_text().splitlines())
    for source in tried:
        lines.pop(source.shown, None)
    lines.update((s.shown, e) for s, e in zip(tried, errors) if e)
    path.write_text("".join(f"{shown}: {error}\n" for shown, error in sorted(lines.items())))
    return len(lines)


def parse_args():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=pathlib.Path, metavar="OUT", help="directory for the objects")
    p.add_argument("--dir", action="append", metavar="DIR",
                   help=f"a directory of the kernel's source, can be repeated (default: {' '.join(DIRS)})")
    p.add_argument("--clang", type=int, default=14, metavar="N", help="the compiler (default 14)")
    p.add_argument("--mcpu", default="v1", metavar="LEVEL", help="the instruction set version (default v1)")
    p.add_argument("--cache", type=pathlib.Path, default=build.ROOT / "build/corpus/src", metavar="DIR",
                   help="unpacked sources and generated headers, as of build.py (default build/corpus/src)")
    p.add_argument("-j", dest="jobs", type=int, default=os.cpu_count(), metavar="N",
                   help="compile N at a time (default: one per processor)")
    return p.parse_args()


def main():
    args = parse_args()
    tarball = build.find_tarball(None)
    if not tarball:
        sys.exit(f"kernel_code.py: no {build.TARBALLS}: install the package linux-source")
    clang = build.choose_clangs(str(args.clang))[0]
    if not clang.mcpus({args.mcpu}):
        sys.exit(f"kernel_code.py: clang-{args.clang} has no -mcpu={args.mcpu}")
    tree = build.Tree(args.cache.resolve(), tarball)
    tree.prepare()
    dirs = args.dir or DIRS
    unpack(tree, tarball, dirs)
    level = f"clang{args.clang}-{args.mcpu}"
    out = args.out.resolve() / level
    out.mkdir(parents=True, exist_ok=True)
    paths = sorted({path for name in dirs for path in (tree.kernel / name).rglob("*.c")})
    todo = [s for s in (KernelCode(tree, path) for path in paths) if not (out / f"{s.name}.o").exists()]
    build.say(f"{len(paths)} sources, {len(todo)} to compile")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        errors = list(pool.map(lambda s: compile_source(tree, s, clang, args.mcpu, out), todo))
    refused = note_refused(args.out / f"{level}.txt", todo, errors)
    build.say(f"{len(list(out.glob('*.o')))} objects, {refused} refused")


if __name__ == "__main__":
    main()
