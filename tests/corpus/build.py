#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Build the corpus: BPF objects compiled from the kernel's own sources.

Sources come from Debian's linux-source package (samples/bpf and the BPF
selftests), from a directory of examples, and, ready made, from xdp-tools if
that package is installed. Each source is compiled with each chosen clang at
each BPF instruction set version that compiler knows.

    OUT/clang14-v3/progs/NAME.o     one object; the groups are samples, progs, examples, and
                                    linked for what bpftool links out of several of them
                                    (clang14-v3-Oz: with -Oz in place of -O2; clang14-v3-be: for
                                    big-endian machines)
    OUT/manifest.json               every object, and every source that failed
    OUT/src/                        the unpacked sources, vmlinux.h, stub headers

A second run only compiles what changed: an entry is kept while its command
line, its source and the shared headers are the same. Failures are kept too.
vmlinux.h is made once, from the running kernel; remove it to have it made
again.
"""

import argparse
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARBALLS = "/usr/src/linux-source-*.tar.xz"
KERNEL_BTF = "/sys/kernel/btf/vmlinux"
KNOWN_CLANGS = range(13, 20)
BPF_DATALAYOUT = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"

# What is taken out of the kernel's source archive.
PARTS = (
    "Makefile", "include", "samples/bpf", "scripts/bpf_doc.py",
    "arch/x86/include", "arch/x86/entry/syscalls",
    "tools/arch/x86", "tools/include", "tools/lib/bpf", "tools/perf/include",
    "tools/testing/selftests/bpf",
)

# Section names of programs that see packets as they come in or go out.
PACKET_SECTION = re.compile(r'SEC\("(xdp|classifier|action|tcx?[/"])')

# Objects that are made by linking others, with `bpftool gen object`.
LINKED = {
    **{f"samples/{name}": (f"samples/{name}", "samples/xdp_sample")
       for name in ("xdp_monitor", "xdp_redirect", "xdp_redirect_cpu", "xdp_redirect_map",
                    "xdp_redirect_map_multi", "xdp_router_ipv4")},
    **{f"progs/{name}": (f"progs/{name}1", f"progs/{name}2")
       for name in ("linked_funcs", "linked_maps", "linked_vars", "test_static_linked")},
    "progs/test_subskeleton": ("progs/test_subskeleton_lib2", "progs/test_subskeleton_lib",
                               "progs/test_subskeleton"),
    "progs/test_usdt": ("progs/test_usdt", "progs/test_usdt_multispec"),
}

# What a sample's own script passes on the compiler's command line.
EXTRA_FLAGS = {
    "test_lwt_bpf": ["-DSRC_MAC=0x020000000001", "-DDST_MAC=0x020000000002", "-DDST_IFINDEX=2"],
    "test_l4lb_noinline": ["-fno-inline"],
    "test_xdp_noinline": ["-fno-inline"],
    # These two use a type that none of the headers they include declares.
    "tracex3": ["-include", "block_rq.h"],
    "tracex6": ["-include", "linux/bpf.h"],
}
BLOCK_RQ = """struct trace_event_raw_block_rq {
	unsigned long long common;
	unsigned int dev;
	unsigned long long sector;
	unsigned int nr_sector;
};
"""

# Stand-ins for what the kernel's build makes out of .config. Only the shape of
# the headers matters here, not the layout of one particular kernel.
AUTOCONF = {
    "64BIT": 1, "ARCH_HAS_CACHE_LINE_SIZE": 1, "ARCH_HAS_CPU_RELAX": 1, "ARCH_HAS_KCOV": 1,
    "ARCH_HAS_MEM_ENCRYPT": 1, "ARCH_HAS_PARANOID_L1D_FLUSH": 1, "ARCH_HAS_PTE_SPECIAL": 1,
    "ARCH_HAS_SET_MEMORY": 1, "ARCH_HAS_STRICT_KERNEL_RWX": 1, "ARCH_HAS_SYSCALL_WRAPPER": 1,
    "ARCH_SUPPORTS_ATOMIC_RMW": 1, "ARCH_USE_BUILTIN_BSWAP": 1, "BASE_SMALL": 0, "BLOCK": 1,
    "BPF": 1, "BPF_EVENTS": 1, "BPF_SYSCALL": 1, "BUG": 1, "CC_IS_CLANG": 1, "CGROUPS": 1,
    "CGROUP_BPF": 1, "CGROUP_NET_CLASSID": 1, "DEFAULT_MMAP_MIN_ADDR": 65536, "EVENT_TRACING": 1,
    "GENERIC_BUG": 1, "GENERIC_ENTRY": 1, "GENERIC_GETTIMEOFDAY": 1, "GENERIC_IOMAP": 1,
    "HAVE_ARCH_HUGE_VMAP": 1, "HAVE_ARCH_JUMP_LABEL": 1, "HAVE_ARCH_SECCOMP_FILTER": 1,
    "HAVE_ARCH_THREAD_STRUCT_WHITELIST": 1, "HAVE_ARCH_TRACEHOOK": 1,
    "HAVE_ARCH_TRANSPARENT_HUGEPAGE": 1, "HAVE_ARCH_WITHIN_STACK_FRAMES": 1,
    "HAVE_EFFICIENT_UNALIGNED_ACCESS": 1, "HAVE_HARDENED_USERCOPY_ALLOCATOR": 1,
    "HAVE_MOD_ARCH_SPECIFIC": 1, "HAVE_RELIABLE_STACKTRACE": 1, "HAVE_SYSCALL_TRACEPOINTS": 1,
    "HZ": 250, "ILLEGAL_POINTER_VALUE": "0xdead000000000000", "INET": 1, "IPV6": 1, "IRQ_WORK": 1,
    "KERNFS": 1, "KPROBES": 1, "LOG_BUF_SHIFT": 17, "LWTUNNEL": 1, "LWTUNNEL_BPF": 1, "MEMCG": 1,
    "MMU": 1, "MODULES": 1, "NET": 1, "NETDEVICES": 1, "NETFILTER": 1, "NET_CLS_ACT": 1,
    "NODES_SHIFT": 6, "NR_CPUS": 64, "PERF_EVENTS": 1, "PGTABLE_LEVELS": 4,
    "PHYSICAL_ALIGN": "0x200000", "PHYSICAL_START": "0x1000000", "PRINTK": 1, "PROC_FS": 1,
    "QUEUED_RWLOCKS": 1, "QUEUED_SPINLOCKS": 1, "SLUB": 1, "SMP": 1, "SOCK_CGROUP_DATA": 1,
    "SPARSEMEM": 1, "SPARSEMEM_VMEMMAP": 1, "STACKTRACE": 1, "SWIOTLB": 1, "SYSCTL": 1,
    "SYSFS": 1, "THREAD_INFO_IN_TASK": 1, "TRACEPOINTS": 1, "TRACING": 1, "TREE_RCU": 1,
    "UPROBES": 1, "X86": 1, "X86_64": 1, "X86_CMOV": 1, "X86_CMPXCHG64": 1,
    "X86_INTERNODE_CACHE_SHIFT": 6, "X86_L1_CACHE_SHIFT": 6, "X86_MINIMUM_CPU_FAMILY": 64,
    "X86_TSC": 1, "XDP_SOCKETS": 1, "ZONE_DMA": 1, "ZONE_DMA32": 1,
}
BOUNDS = {"MAX_NR_ZONES": 4, "NR_CPUS_BITS": 6, "NR_PAGEFLAGS": 24,
          "SPINLOCK_SIZE": 4, "LRU_GEN_WIDTH": 0, "__LRU_REFS_WIDTH": 0}


def say(text):
    print(text, flush=True)


def run(args, **kw):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, **kw)


def write_if_changed(path, text):
    """Write a generated header, leaving it (and its age) alone if it is the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def defines(prefix, values):
    return "".join(f"#define {prefix}{k} {v}\n" for k, v in sorted(values.items()))


# ---------------------------------------------------------------- the sources

class Tree:
    """The unpacked kernel sources and the headers generated for them."""

    def __init__(self, cache, tarball):
        self.cache = cache
        self.gen = cache / "generated"
        self.kernel = self._unpack(tarball)
        self.samples = self.kernel / "samples/bpf"
        self.selftests = self.kernel / "tools/testing/selftests/bpf"
        self.progs = self.selftests / "progs"

    def _unpack(self, tarball):
        name = tarball.name.split(".tar")[0]
        tree, stamp = self.cache / name, self.cache / (name + ".unpacked")
        if stamp.exists() and stamp.read_text() == repr(PARTS):
            return tree
        say(f"unpacking {tarball}")
        shutil.rmtree(tree, ignore_errors=True)
        self.cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "xf", tarball, "-C", self.cache] + [f"{name}/{p}" for p in PARTS],
                       check=True)
        stamp.write_text(repr(PARTS))
        return tree

    def prepare(self):
        """Generate what the kernel's build would have generated."""
        self._libbpf_headers()
        self._vmlinux()
        self._asm_wrappers()
        self._syscall_tables()
        generated = self.gen / "kernel/generated"
        write_if_changed(generated / "autoconf.h", defines("CONFIG_", AUTOCONF))
        write_if_changed(generated / "bounds.h", defines("", BOUNDS))
        write_if_changed(generated / "asm-offsets.h", "")
        write_if_changed(generated / "timeconst.h", "")
        write_if_changed(self.gen / "kernel/syscall_nrs.h",
                         defines("SYS__NR_", {"read": 0, "write": 1, "mmap": 9}))
        write_if_changed(self.gen / "kernel/block_rq.h", BLOCK_RQ)
        major, minor = self.version()
        write_if_changed(generated / "uapi/linux/version.h", defines("", {
            "LINUX_VERSION_CODE": (major << 16) + (minor << 8),
            "KERNEL_VERSION(a,b,c)": "(((a) << 16) + ((b) << 8) + (c))"}))

    def version(self):
        text = (self.kernel / "Makefile").read_text()
        return tuple(int(re.search(rf"^{k} = (\d+)", text, re.M)[1])
                     for k in ("VERSION", "PATCHLEVEL"))

    def _libbpf_headers(self):
        """<bpf/...> as installed: libbpf's headers and the list of helpers."""
        bpf = self.gen / "libbpf/bpf"
        for header in (self.kernel / "tools/lib/bpf").glob("*.h"):
            write_if_changed(bpf / header.name, header.read_text())
        made = run([sys.executable, self.kernel / "scripts/bpf_doc.py", "--header", "--file",
                    self.kernel / "tools/include/uapi/linux/bpf.h"])
        if made.returncode:
            sys.exit(f"build.py: bpf_doc.py: {made.stderr.strip()}")
        write_if_changed(bpf / "bpf_helper_defs.h", made.stdout)

    def _vmlinux(self):
        path = self.gen / "vmlinux/vmlinux.h"
        if path.exists():
            return
        made = run(["bpftool", "btf", "dump", "file", KERNEL_BTF, "format", "c"])
        if made.returncode:
            say(f"build.py: no vmlinux.h: {(made.stderr or made.stdout).strip()}")
        else:
            write_if_changed(path, made.stdout)

    def _asm_wrappers(self):
        """<asm/x.h> for each header that x86 takes from asm-generic."""
        x86 = self.kernel / "arch/x86/include"
        generic = self.kernel / "include"
        for kind in ("", "uapi/"):
            listed = ""
            for kbuild in (generic / f"{kind}asm-generic/Kbuild", x86 / f"{kind}asm/Kbuild"):
                listed += kbuild.read_text()
            for name in re.findall(r"^(?:mandatory|generic)-y \+= (\S+)", listed, re.M):
                own = x86 / f"{kind}asm" / name
                if not own.exists() and (generic / f"{kind}asm-generic" / name).exists():
                    write_if_changed(self.gen / f"kernel/{kind}asm" / name,
                                     f"#include <asm-generic/{name}>\n")

    def _syscall_tables(self):
        """<asm/unistd_64.h> and its 32-bit and x32 sisters."""
        tables = self.kernel / "arch/x86/entry/syscalls"
        for table, abis, out, offset in (
                ("syscall_64.tbl", {"common", "64"}, "uapi/asm/unistd_64.h", ""),
                ("syscall_64.tbl", {"common", "x32"}, "uapi/asm/unistd_x32.h", "__X32_SYSCALL_BIT + "),
                ("syscall_64.tbl", {"x32"}, "asm/unistd_64_x32.h", ""),
                ("syscall_32.tbl", {"i386"}, "uapi/asm/unistd_32.h", ""),
                ("syscall_32.tbl", {"i386"}, "asm/unistd_32_ia32.h", "")):
            text, last = "", 0
            for line in (tables / table).read_text().splitlines():
                words = line.split("#")[0].split()
                if len(words) >= 3 and words[1] in abis:
                    prefix = "__NR_" if out.startswith("uapi") else "__NR_" + out.split("_")[-1][:-2] + "_"
                    text += f"#define {prefix}{words[2]} ({offset}{words[0]})\n"
                    last = max(last, int(words[0]))
            text += f"#define __NR_syscalls {last + 1}\n" if out.endswith("unistd_64.h") else ""
            write_if_changed(self.gen / "kernel" / out, text)


class Source:
    """One file to compile: where it is, its group, and the way it is compiled."""

    def __init__(self, path, group, shown):
        self.path, self.group, self.shown = path, group, shown
        self.name = re.sub(r"(\.bpf)?\.c$", "", path.name)
        self.kernel_headers = group == "samples" and path.name.endswith("_kern.c")
        self.sees_packets = self.name.startswith("xdp") or \
            bool(PACKET_SECTION.search(path.read_text(errors="replace")))


def kernel_sources(tree):
    found = []
    for path in sorted(tree.samples.glob("*_kern.c")) + sorted(tree.samples.glob("*.bpf.c")) + \
            [tree.samples / "test_lwt_bpf.c"]:
        if path.exists():
            found.append(Source(path, "samples", f"samples/bpf/{path.name}"))
    for path in sorted(tree.progs.glob("*.c")):
        found.append(Source(path, "progs", f"tools/testing/selftests/bpf/progs/{path.name}"))
    return sorted(found, key=lambda s: s.shown)


def example_sources(directory):
    return [Source(p, "examples", f"examples/{p.name}") for p in sorted(directory.glob("*.bpf.c"))]


def sampled(sources):
    """All that see packets, and every eighth of the others."""
    others = [s for s in sources if not s.sees_packets]
    return sorted([s for s in sources if s.sees_packets] + others[::8], key=lambda s: s.shown)


# -------------------------------------------------------------- the compilers

class Clang:
    def __init__(self, version):
        self.version = version
        self.path = shutil.which(f"clang-{version}")
        self.includes = self._system_includes() if self.path else []

    def mcpus(self, wanted):
        known = ["v1", "v2", "v3"] + (["v4"] if self.version >= 18 else [])
        return [m for m in known if not wanted or m in wanted]

    def _system_includes(self):
        """The directories clang would search for the host, searched last."""
        text = run([self.path, "-v", "-E", "-x", "c", "/dev/null"]).stderr
        listed = re.search(r"<\.\.\.> search starts here:\n(.*?)End of search list", text, re.S)
        return [f for d in (listed[1].split("\n") if listed else []) if d.strip()
                for f in ("-idirafter", d.strip())]


def bpf_flags(tree, source, mcpu, big_endian):
    """Flags for sources written for `-target bpf`."""
    include = [tree.gen / "libbpf", tree.selftests, tree.samples, tree.gen / "vmlinux",
               tree.kernel / "tools/include/uapi"]
    if source.group == "examples":
        include = [source.path.parent, "/usr/include/x86_64-linux-gnu"]
    flags = ["-target", "bpf", "-mbig-endian" if big_endian else "-mlittle-endian", "-D__TARGET_ARCH_x86",
             "-Wno-compare-distinct-pointer-types"]
    flags += [f"-I{d}" for d in include]
    if source.group == "progs" and mcpu >= "v3":
        flags.append("-DENABLE_ATOMICS_TESTS")
    return flags + EXTRA_FLAGS.get(source.name.removesuffix("_kern"), [])


def kernel_flags(tree, source):
    """Flags for sources that include the kernel's internal headers.

    Those headers hold x86 inline assembly, so the front end has to run for
    x86; what it makes is then handed to the back end for BPF.
    """
    k, g = tree.kernel, tree.gen / "kernel"
    include = [k / "arch/x86/include", g, k / "include", k / "arch/x86/include/uapi", g / "uapi",
               g / "generated/uapi", k / "include/uapi", tree.samples, tree.selftests, tree.gen / "libbpf"]
    return ["-nostdinc"] + [f"-I{d}" for d in include] + [
        "-include", k / "include/linux/compiler-version.h", "-include", k / "include/linux/kconfig.h",
        "-include", k / "include/linux/compiler_types.h",
        "-include", tree.samples / "asm_goto_workaround.h",
        "-D__KERNEL__", "-D__BPF_TRACING__", "-D__TARGET_ARCH_x86", '-DKBUILD_MODNAME="corpus"',
        "-std=gnu11", "-fno-strict-aliasing", "-fno-asynchronous-unwind-tables", "-fcf-protection=none",
        "-mcmodel=kernel", "-mno-sse", "-Xclang", "-disable-llvm-passes",
    ] + EXTRA_FLAGS.get(source.name.removesuffix("_kern"), [])


def retarget(text):
    """Turn LLVM assembly made for x86 into a module for BPF."""
    text = re.sub(r'^target datalayout = .*$', f'target datalayout = "{BPF_DATALAYOUT}"', text, flags=re.M)
    text = re.sub(r'^target triple = .*$', 'target triple = "bpf"', text, flags=re.M)
    return re.sub(r' "(?:target-cpu|target-features|tune-cpu)"="[^"]*"', "", text)


class Job:
    """One source, one compiler, one instruction set version.

    A job knows its object, what would make it stale (digest) and how to make
    it (compile); the build and the manifest need no more than that.
    """

    def __init__(self, tree, source, clang, mcpu, out, effort="-O2", big_endian=False):
        self.source, self.clang, self.mcpu = source, clang, mcpu
        self.group, self.shown = source.group, source.shown
        self.other = ([effort[1:]] if effort != "-O2" else []) + (["be"] if big_endian else [])
        level = "-".join([f"clang{clang.version}", mcpu] + self.other)
        self.object = out / level / source.group / f"{source.name}.o"
        self.key = str(self.object.relative_to(out))
        end = [effort, "-g", "-w"]
        if source.kernel_headers:
            self.front = [clang.path] + end + kernel_flags(tree, source) + clang.includes
            self.back = [clang.path] + end + ["-target", "bpf", f"-mcpu={mcpu}"]
        else:
            self.front = None
            self.back = [clang.path] + end + [f"-mcpu={mcpu}"] + bpf_flags(tree, source, mcpu, big_endian) + clang.includes

    def digest(self, shared):
        h = hashlib.sha256((repr([str(a) for a in (self.front or []) + self.back]) + shared).encode())
        h.update(self.source.path.read_bytes())
        if self.source.group == "examples":
            for header in sorted(self.source.path.parent.glob("*.h")):
                h.update(header.read_bytes())
        return h.hexdigest()[:16]

    def compile(self):
        """Compile; returns the text of the first error, or None."""
        self.object.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            made, source = scratch / "made.o", self.source.path
            if self.front:
                ir = scratch / "made.ll"
                done = run(self.front + ["-S", "-emit-llvm", source, "-o", ir], cwd=source.parent)
                if done.returncode:
                    return first_error(done.stderr)
                ir.write_text(retarget(ir.read_text()))
                source = ir
            done = run(self.back + ["-c", source, "-o", made], cwd=self.source.path.parent)
            if done.returncode:
                self.object.unlink(missing_ok=True)
                return first_error(done.stderr)
            shutil.move(made, self.object)
        return None


class LinkJob:
    """Several objects of one compiler and instruction set version, linked into one."""

    def __init__(self, name, parts, clang, mcpu, out):
        objects = out / f"clang{clang.version}-{mcpu}"
        self.clang, self.mcpu, self.group, self.other = clang, mcpu, "linked", []
        self.shown = " ".join(parts)
        self.parts = [objects / f"{part}.o" for part in parts]
        self.object = objects / "linked" / f"{pathlib.Path(name).name}.o"
        self.key = str(self.object.relative_to(out))

    def is_possible(self):
        return all(part.exists() for part in self.parts)

    def digest(self, _shared):
        return hashlib.sha256(b"".join(part.read_bytes() for part in self.parts)).hexdigest()[:16]

    def compile(self):
        self.object.parent.mkdir(parents=True, exist_ok=True)
        self.object.unlink(missing_ok=True)
        done = run(["bpftool", "gen", "object", self.object] + self.parts)
        if done.returncode:
            self.object.unlink(missing_ok=True)
            return first_error(done.stderr or done.stdout)
        return None


def first_error(text):
    lines = [l for l in text.splitlines() if "error:" in l] or \
            [l for l in text.splitlines() if l.strip()] or ["(no message)"]
    return re.sub(r"^.*/(?=[^/ ]+:\d+)", "", lines[0]).strip()


# --------------------------------------------------------------- the manifest

class Manifest:
    def __init__(self, out):
        self.out, self.path = out, out / "manifest.json"
        self.entries = {}
        if self.path.exists():
            old = json.loads(self.path.read_text())
            self.entries = {e["object"]: e for e in old["objects"] + old["failed"]}

    def is_current(self, job, digest):
        entry = self.entries.get(job.key)
        return bool(entry) and entry["digest"] == digest and ("error" in entry or job.object.exists())

    def add(self, job, digest, error):
        self.entries[job.key] = {
            "object": job.key, "source": job.shown, "group": job.group,
            "clang": str(job.clang.version), "mcpu": job.mcpu, "digest": digest,
            **({"other": "-".join(job.other)} if job.other else {}),
            **({"error": error} if error else {})}

    def add_shipped(self, path, package):
        copy = self.out / "shipped" / package / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        key = str(copy.relative_to(self.out))
        self.entries[key] = {"object": key, "source": str(path), "group": package, "clang": "shipped",
                             "mcpu": "", "digest": hashlib.sha256(path.read_bytes()).hexdigest()[:16]}

    def write(self):
        rows = [self.entries[k] for k in sorted(self.entries)]
        objects = [e for e in rows if "error" not in e and (self.out / e["object"]).exists()]
        failed = [e for e in rows if "error" in e]
        self.out.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({"objects": objects, "failed": failed}, indent=1) + "\n")
        new.replace(self.path)

    def summary(self):
        counts = {}
        for e in self.entries.values():
            row = counts.setdefault((e["clang"], "-".join(filter(None, [e["mcpu"], e.get("other")])), e["group"]), [0, 0])
            row["error" in e] += 1
        lines = [f"{'clang':8}{'mcpu':10}{'group':12}{'objects':>8}{'failed':>8}"]
        lines += [f"{c:8}{m:10}{g:12}{n[0]:8}{n[1]:8}" for (c, m, g), n in sorted(counts.items())]
        return "\n".join(lines)


# -------------------------------------------------------------------- the tool

def shared_digest(tree):
    """Changes when a generated header that every source may include changes."""
    h = hashlib.sha256()
    for path in sorted(tree.gen.rglob("*.h")):
        h.update(path.read_bytes())
    return h.hexdigest()


def build(jobs, manifest, workers, shared, force):
    todo = []
    for job in jobs:
        digest = job.digest(shared)
        if force or not manifest.is_current(job, digest):
            todo.append((job, digest))
    say(f"{len(jobs)} objects wanted, {len(todo)} to compile, {workers} at a time")
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(job.compile): (job, digest) for job, digest in todo}
        try:
            for n, done in enumerate(concurrent.futures.as_completed(running), 1):
                manifest.add(*running[done], done.result())
                if n % 50 == 0 or n == len(todo):
                    manifest.write()
                    say(f"  {n} of {len(todo)}")
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            manifest.write()
            sys.exit(130)
    manifest.write()


def parse_args():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", nargs="?", type=pathlib.Path, default=ROOT / "build/corpus", metavar="OUT",
                   help="directory for objects and manifest (default build/corpus)")
    which = p.add_mutually_exclusive_group()
    which.add_argument("--sample", action="store_true",
                       help="the packet programs and every eighth of the others (default)")
    which.add_argument("--full", action="store_true", help="every source")
    p.add_argument("--clang", default="14,19", metavar="LIST",
                   help="compilers to use, of 13 to 19; those not installed are left out (default 14,19)")
    p.add_argument("--mcpu", default="", metavar="LIST",
                   help="instruction set versions (default: all the compiler knows: v1,v2,v3, from 18 on v4)")
    p.add_argument("--examples", type=pathlib.Path, default=ROOT / "examples", metavar="DIR",
                   help="examples, always compiled (default: the project's)")
    p.add_argument("--effort", choices=("1", "2", "s", "z"), default="2", metavar="N",
                   help="compile with -O1, -Os or -Oz, into folders of their own (default 2)")
    p.add_argument("--big-endian", action="store_true",
                   help="for big-endian machines, into folders of their own (what needs no headers of the kernel's)")
    p.add_argument("--only", metavar="PATTERN",
                   help="only sources whose name or path matches this shell pattern, sampled or not")
    p.add_argument("--cache", type=pathlib.Path, metavar="DIR",
                   help="unpacked sources and generated headers (default OUT/src)")
    p.add_argument("--source", type=pathlib.Path, metavar="TARBALL",
                   help=f"kernel source archive (default: the newest {TARBALLS})")
    p.add_argument("--force", action="store_true", help="compile again even what is there")
    p.add_argument("--failed", action="store_true", help="list the failures at the end")
    p.add_argument("-j", dest="jobs", type=int, default=os.cpu_count(), metavar="N",
                   help="compile N at a time (default: one per processor)")
    args = p.parse_args()
    args.out = args.out.resolve()
    args.cache = (args.cache or args.out / "src").resolve()
    return args


def find_tarball(given):
    if given:
        return given
    found = sorted(pathlib.Path("/").glob(TARBALLS[1:]),
                   key=lambda p: [int(n) for n in re.findall(r"\d+", p.name)])
    return found[-1] if found else None


def choose_clangs(wanted):
    clangs = []
    for word in wanted.split(","):
        if not word.isdigit() or int(word) not in KNOWN_CLANGS:
            sys.exit(f"build.py: --clang takes numbers from {KNOWN_CLANGS[0]} to "
                     f"{KNOWN_CLANGS[-1]}, not {word!r}")
        clang = Clang(int(word))
        if clang.path:
            clangs.append(clang)
        else:
            say(f"build.py: clang-{word} is not installed, left out")
    if not clangs:
        sys.exit("build.py: no compiler")
    return clangs


def matches(source, pattern):
    return any(fnmatch.fnmatch(text, pattern) for text in (source.name, source.path.name, source.shown))


def add_linked(args, manifest, sources, clangs, mcpus):
    chosen = {f"{s.group}/{s.name}" for s in sources}
    links = [LinkJob(name, parts, c, m, args.out) for name, parts in LINKED.items()
             if chosen.intersection(parts) for c in clangs for m in c.mcpus(mcpus)]
    build([l for l in links if l.is_possible()], manifest, args.jobs, "", args.force)


def main():
    args = parse_args()
    clangs = choose_clangs(args.clang)
    tarball = find_tarball(args.source)
    if not tarball:
        sys.exit(f"build.py: no {TARBALLS}: install the package linux-source")

    tree = Tree(args.cache, tarball)
    tree.prepare()
    sources = kernel_sources(tree)
    if not args.full and not args.only:
        sources = sampled(sources)
    sources += example_sources(args.examples)
    if args.only:
        sources = [s for s in sources if matches(s, args.only)]

    manifest = Manifest(args.out)
    mcpus = set(args.mcpu.split(",")) - {""}
    if args.big_endian:
        sources = [s for s in sources if not s.kernel_headers]
    jobs = [Job(tree, s, c, m, args.out, f"-O{args.effort}", args.big_endian)
            for s in sources for c in clangs for m in c.mcpus(mcpus)]
    build(jobs, manifest, args.jobs, shared_digest(tree), args.force)
    if not args.big_endian and args.effort == "2":
        add_linked(args, manifest, sources, clangs, mcpus)
        for path in sorted(pathlib.Path("/usr/lib").glob("*/bpf/*.o")):
            manifest.add_shipped(path, "xdp-tools")
    manifest.write()

    say(manifest.summary())
    if args.failed:
        for e in sorted((e for e in manifest.entries.values() if "error" in e), key=lambda e: e["object"]):
            say(f"{e['object']}: {e['error']}")


if __name__ == "__main__":
    main()
