# SPDX-License-Identifier: BSD-2-Clause
"""Inputs of the command-line tests: objects written byte by byte, broken ones, compiled examples."""
import pathlib
import shutil
import struct
import subprocess

# The compilers whose names a case may need, and the level that the examples are compiled for.
COMPILERS = ('clang-14', 'clang-19')
LEVEL = 'v3'
EM_BPF, ET_REL = 247, 1
PROGBITS, SYMTAB, STRTAB = 1, 2, 3
WRITE, ALLOC, EXEC = 1, 2, 4


def insn(code, dst=0, src=0, off=0, imm=0, order='<'):
    regs = src << 4 | dst if order == '<' else dst << 4 | src
    return struct.pack(order + 'BBhi', code, regs, off, imm)


def strings(names):
    """A string table, and where each name is in it."""
    table, at = b'\0', {'': 0}
    for name in names:
        if name not in at:
            at[name] = len(table)
            table += name.encode() + b'\0'
    return table, at


def elf(sections, symbols, order='<'):
    """An object. sections: (name, flags, bytes); symbols: (name, index of the section, value, size)."""
    sym_table, sym_at = strings([s[0] for s in symbols])
    names, name_at = strings([s[0] for s in sections] + ['.symtab', '.strtab'])
    symtab = bytes(24)
    for name, section, value, size in symbols:
        symtab += struct.pack(order + 'IBBHQQ', sym_at[name], 1 << 4 | 2, 0, section, value, size)
    n = len(sections)
    rows = [(name_at[name], PROGBITS, flags, data, 0, 0, 8, 0) for name, flags, data in sections]
    rows.append((name_at['.symtab'], SYMTAB, 0, symtab, n + 2, 1, 8, 24))
    # One table for both kinds of names: shift those of the symbols behind those of the sections.
    body = b''
    headers = bytes(64)
    strtab = names
    shift = len(names) - 1
    patched = bytearray(rows[-1][3])
    for i in range(1, len(symbols) + 1):
        old = struct.unpack_from(order + 'I', patched, i * 24)[0]
        struct.pack_into(order + 'I', patched, i * 24, old + shift if old else 0)
    rows[-1] = rows[-1][:3] + (bytes(patched),) + rows[-1][4:]
    strtab += sym_table[1:]
    rows.append((name_at['.strtab'], STRTAB, 0, strtab, 0, 0, 1, 0))
    for name, kind, flags, data, link, info, align, entsize in rows:
        body += bytes(-len(body) % align)
        headers += struct.pack(order + 'IIQQQQIIQQ', name, kind, flags, 0, 64 + len(body), len(data), link,
                               info, align, entsize)
        body += data
    body += bytes(-len(body) % 8)
    ident = b'\x7fELF' + bytes([2, 1 if order == '<' else 2, 1]) + bytes(9)
    head = ident + struct.pack(order + 'HHIQQQIHHHHHH', ET_REL, EM_BPF, 1, 0, 0, 64 + len(body), 0, 64, 0, 0,
                               64, len(rows) + 1, len(rows))
    return head + body + headers


def tiny(order='<'):
    """XDP: pass, or drop when the first word of the context is 0."""
    code = (insn(0x61, 2, 1, 0, 0, order) + insn(0xb7, 0, 0, 0, 2, order) + insn(0x55, 2, 0, 1, 0, order)
            + insn(0xb7, 0, 0, 0, 1, order) + insn(0x95, order=order))
    return elf([('xdp', ALLOC | EXEC, code), ('license', ALLOC | WRITE, b'GPL\0')],
               [('filter', 1, 0, len(code)), ('_license', 2, 0, 4)], order)


def two():
    """Two programs; the second calls a subprogram in place."""
    one = insn(0xb7, 0, 0, 0, 0) + insn(0x95)
    main = insn(0x85, 0, 1, 0, 1) + insn(0x95)
    sub = insn(0x18, 0, 0, 0, -1) + insn(0, imm=-1) + insn(0x95)
    return elf([('socket', ALLOC | EXEC, one), ('tc', ALLOC | EXEC, main + sub),
                ('license', ALLOC | WRITE, b'Dual BSD/GPL\0')],
               [('first', 1, 0, len(one)), ('second', 2, 0, len(main)), ('helper', 2, len(main), len(sub))])


def make(out):
    good = tiny()
    wild = elf([('xdp', ALLOC | EXEC, insn(0x05, off=7) + insn(0x95))], [('filter', 1, 0, 16)])
    files = {
        'tiny.o': good,
        'tiny-be.o': tiny('>'),
        'two.o': two(),
        'empty.o': b'',
        'text.o': b'This is no object.\n',
        'truncated.o': good[:len(good) // 2],
        'elf32.o': good[:4] + b'\1' + good[5:],
        'x86.o': good[:18] + struct.pack('<H', 62) + good[20:],
        'badop.o': elf([('xdp', ALLOC | EXEC, b'\xff' * 8 + insn(0x95))], [('filter', 1, 0, 16)]),
        'wild.o': wild,
        'control.o': elf([('xdp', ALLOC | EXEC, insn(0xb7) + insn(0x95))], [('a\x1b[31mb', 1, 0, 16)]),
    }
    for name, data in files.items():
        (out / name).write_bytes(data)
    (out / 'dir').mkdir()
    kernel(out / 'kernel')


INT, PTR, STRUCT, FUNC, FUNC_PROTO = 1, 2, 4, 12, 13


def btf(types, first_string=0):
    """BTF of types (kind, name, size or type, [(member's name, type, bits)]), whose strings begin at that offset."""
    text, at, body = b'' if first_string else b'\0', {'': 0}, b''

    def string(name):
        nonlocal text
        if name not in at:
            at[name] = first_string + len(text)
            text += name.encode() + b'\0'
        return at[name]

    for kind, name, ref, members in types:
        body += struct.pack('<III', string(name), kind << 24 | len(members), ref)
        body += struct.pack('<I', 32) if kind == INT else b''
        for member, to, bits in members:
            body += struct.pack('<II', string(member), to)
            body += struct.pack('<I', bits) if kind == STRUCT else b''
    return struct.pack('<HBBIIIII', 0xeb9f, 1, 0, 24, 0, len(body), len(body), len(text)) + body + text, len(text)


def kernel(folder):
    """The types of a small kernel and of two modules, which both go on where the kernel's end."""
    folder.mkdir()
    base, strings = btf([(INT, 'int', 4, []), (STRUCT, 'thing', 8, [('a', 1, 0), ('b', 1, 32)]), (PTR, '', 2, [])])
    (folder / 'vmlinux').write_bytes(base)
    for module, size in (('one', 16), ('two', 24)):
        members = [('of_' + module, 1, 0), ('thing', 3, 64), ('more', 1, 128)]
        types = [(STRUCT, module + '_object', size, members[:size // 8]), (PTR, '', 4, []),
                 (FUNC_PROTO, '', 1, [('object', 5, 0)]), (FUNC, module + '_traced', 6, [])]
        (folder / module).write_bytes(btf(types, strings)[0])


def compile_examples(root, out):
    """Compile the examples with each compiler that is there; what was made, as names to need."""
    have = set()
    multiarch = subprocess.run(['cc', '-print-multiarch'], capture_output=True, text=True).stdout.strip()
    for compiler in COMPILERS:
        if not shutil.which(compiler):
            continue
        have.add(compiler)
        sources = sorted((root / 'examples').glob('*.bpf.c')) + sorted((root / 'tests/cli').glob('*.bpf.c'))
        for source in sources:
            name = source.name.removesuffix('.bpf.c')
            target = out / compiler / f'{name}.o'
            target.parent.mkdir(exist_ok=True)
            command = [compiler, '-target', 'bpf', f'-mcpu={LEVEL}', '-O2', '-g', '-Iexamples',
                       f'-I/usr/include/{multiarch}', f'-ffile-prefix-map={root}=.', '-c',
                       str(source.relative_to(root)), '-o', str(target)]
            if subprocess.run(command, cwd=root, capture_output=True).returncode == 0:
                have.add(f'{compiler}/{name}.o')
    return have


def circumstances():
    """What holds on this machine, as names to need."""
    switch = pathlib.Path('/proc/sys/kernel/unprivileged_bpf_disabled')
    anyone = switch.exists() and switch.read_text().strip() == '0'
    return set() if anyone else {'bpf-needs-capabilities'}


def copy(objects, directory):
    shutil.copytree(objects, directory, dirs_exist_ok=True)
