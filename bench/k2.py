#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Linux programs of the K2 paper (SIGCOMM 2021), ours beside K2's percentages.

    bench/k2.py --skep build/src/cli/skep --corpus build/corpus/clang13-v1 [--results FILE]

The sources have changed since the paper was written, so slots differ; what is
compared is the reduction in per cent, whatever it costs the verifier. Prints a
Markdown table.
"""
import argparse
import json
import pathlib
import subprocess
import sys

# K2's name, slots before and after; the objects and the program in today's sources.
ROWS = [
    ('xdp_exception', 18, 16, ['xdp_sample', 'xdp_monitor'], 'tp_xdp_exception'),
    ('xdp_redirect_err', 18, 16, ['xdp_sample', 'xdp_monitor'], 'tp_xdp_redirect_err'),
    ('xdp_devmap_xmit', 36, 29, ['xdp_sample', 'xdp_monitor'], 'tp_xdp_devmap_xmit'),
    ('xdp_cpumap_kthread', 24, 18, ['xdp_sample', 'xdp_monitor'], 'tp_xdp_cpumap_kthread'),
    ('xdp_cpumap_enqueue', 26, 21, ['xdp_sample', 'xdp_monitor'], 'tp_xdp_cpumap_enqueue'),
    ('sys_enter_open', 24, 20, ['syscall_tp_kern'], 'trace_enter_open'),
    ('socket/0', 29, 27, ['sockex3_kern'], 'main_prog'),
    ('socket/1', 32, 30, ['sockex3_kern'], 'bpf_func_PARSE_VLAN'),
    ('xdp_router_ipv4', 111, 99, ['xdp_router_ipv4'], 'xdp_router_ipv4_prog'),
    ('xdp_redirect', 43, 35, ['xdp_redirect'], 'xdp_redirect_prog'),
    ('xdp1', 61, 56, ['xdp1_kern'], 'xdp_prog1'),
    ('xdp2', 78, 71, ['xdp2_kern'], 'xdp_prog1'),
    ('xdp_fwd', 155, 128, ['xdp_fwd_kern'], 'xdp_fwd_prog'),
]
NO_KERNEL = 4  # exit status: no permission to ask it, or no kernel with eBPF


def optimize(skep, obj):
    for judge in ['--kernel-check', '--dearer=1000'], []:
        done = subprocess.run([skep, 'optimize', *judge, '--json', obj], capture_output=True, text=True, check=False)
        said = json.loads(done.stdout)
        if said['status'] != NO_KERNEL:
            break
    return said['functions']


def find(args, objects, program):
    for name in objects:
        path = pathlib.Path(args.corpus) / 'samples' / (name + '.o')
        if path.exists():
            for func in optimize(args.skep, path):
                if func['name'] == program:
                    return func
    return None


def percent(before, after):
    return 100.0 * (before - after) / before


def verdict(func):
    after = func.get('kernel_after')
    return 'not asked' if not after else 'accepted' if after['accepted'] else 'not loaded alone'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--skep', required=True)
    parser.add_argument('--corpus', required=True, help='folder of one compiler and level')
    parser.add_argument('--results', help='write the table to this file, too')
    args = parser.parse_args()
    lines = ['| program | K2 | K2 % | skep | skep % | | kernel |', '|---|---|---:|---|---:|---|---|']
    ours, theirs = [], []
    for name, before, after, objects, program in ROWS:
        func = find(args, objects, program)
        if not func:
            lines.append(f'| {name} | {before} -> {after} | {percent(before, after):.1f} | not built | | | |')
            continue
        a, b = func['slots_before'], func['slots_after']
        mine, k2 = percent(a, b), percent(before, after)
        ours.append(mine)
        theirs.append(k2)
        mark = 'better' if mine > k2 + 0.05 else 'equal' if mine > k2 - 0.05 else 'worse'
        lines.append(f'| {name} | {before} -> {after} | {k2:.1f} | {a} -> {b} | {mine:.1f} | {mark} | {verdict(func)} |')
    if ours:
        lines.append(f'| mean | | {sum(theirs) / len(theirs):.1f} | | {sum(ours) / len(ours):.1f} | | |')
    text = '\n'.join(lines) + '\n'
    print(text, end='')
    if args.results:
        pathlib.Path(args.results).write_text(f'# K2\'s Linux programs, {pathlib.Path(args.corpus).name}\n\n' + text)
    return 0 if ours else 1


if __name__ == '__main__':
    sys.exit(main())
