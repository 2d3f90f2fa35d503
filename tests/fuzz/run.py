#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Replay the fuzz doors on their seeds and on random changes of them, within a minute.

usage: run.py [--seed N] [--rounds N] DOOR=PROGRAM...
       run.py --keep DIR DOOR=             only write the door's seeds
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'cli'))
import fixtures  # noqa: E402

TEXTS = ('r1 = 5', 'w1 += -7', 'r0 = 0x1122334455667788 ll', 'if r1 s> 3 goto +4', 'call 12', 'exit',
         '*(u32 *)(r10 - 8) = r1', 'r1 = *(u8 *)(r2 + 4)', 'lock *(u64 *)(r1 + 0) += r2', 'r1 = be16 r1')


def seeds(door, out, examples):
    """Files to start from."""
    if door == 'object':
        fixtures.make(out)
        return [p for p in sorted(out.rglob('*.o')) if p.is_file()] + examples
    if door == 'insns':
        code = fixtures.insn(0xb7, 1, imm=5) + fixtures.insn(0x18, 2, imm=1) + fixtures.insn(0, imm=2)
        code += b''.join(fixtures.insn(c, 1, 2, 8, 3) for c in (0x0f, 0x61, 0x7b, 0x15, 0xdb, 0x85, 0x95))
        (out / 'code').write_bytes(b'\0' + code)
        for c in range(256):
            (out / f'op{c:02x}').write_bytes(b'\0' + fixtures.insn(c, 1, 2, 0, 0))
    else:
        for i, text in enumerate(TEXTS):
            (out / f'text{i}').write_text(text)
    return sorted(out.iterdir())


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--rounds', type=int, default=0)
    ap.add_argument('--keep', type=pathlib.Path)
    ap.add_argument('doors', nargs='+')
    args = ap.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        top = pathlib.Path(tmp)
        (top / 'examples').mkdir()
        fixtures.compile_examples(HERE.parent.parent, top / 'examples')
        examples = sorted((top / 'examples').rglob('*.o'))
        for door, program in (d.split('=', 1) for d in args.doors):
            (top / door).mkdir()
            files = seeds(door, top / door, examples)
            if args.keep:
                for i, file in enumerate(files):
                    shutil.copy(file, args.keep / f'seed{i}')
                continue
            rounds = args.rounds or (200 if door == 'object' else 1000)
            p = subprocess.run([program, str(args.seed), str(rounds), *map(str, files)],
                               capture_output=True, text=True, errors='replace')
            if p.returncode:
                failed += 1
                print(f'FAIL {door}: status {p.returncode} with seed {args.seed}, {rounds} rounds\n'
                      + p.stderr[-4000:])
    if args.keep:
        return 0
    print(f'{len(args.doors) - failed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
