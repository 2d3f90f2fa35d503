=== title
maps, variables, functions of another section
=== args
asm %in.s -o %out.o && disasm --text %out.o
=== input
; comments end at the end of the line
.object little
.license "GPL"
.map counters type=hash key=4 value=8 max=1024
.map flags_and_pin type=array key=4 value=4 max=2 flags=0x400 pin=1
.section ".rodata"
.var limit local
	.u32 7
message:
	.ascii "a \"quoted\"; text\n\0"
.section ".bss"
total:
	.zero 8
.section "xdp"
.func entry
	r1 = counters ll
	r2 = limit ll
	r3 = .rodata+4 ll
	r4 = total ll
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 0)
	call twice
out:
	r0 = 2
	exit
.section ".text"
.func twice local
	r0 = r1
	r0 += r1
	exit
=== expect
.object little
.license "GPL"
.map counters type=hash key=4 value=8 max=1024
.map flags_and_pin type=array key=4 value=4 max=2 flags=0x400 pin=1

.section ".rodata" align=8
.var limit local
	.hex 07000000
.label message
	.ascii "a \"quoted\"; text\n\0"

.section ".bss" align=8
.label total
	.zero 8

.section "xdp"

.func entry
	r1 = counters ll
	r2 = limit ll
	r3 = .rodata+4 ll
	r4 = total ll
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L1
	r1 = *(u64 *)(r0 + 0)
	call twice
L1:
	r0 = 2
	exit

.section ".text"

.func twice local
	r0 = r1
	r0 += r1
	exit

=== title
the whole form names every part of the file
=== args
asm %in.s -o %out.o && disasm --whole %out.o
=== input
.license "GPL"
.map m type=array key=4 value=4 max=1
.section "tc"
.func f
	r1 = m ll
	call g
	exit
.section ".text"
.func g local
	r0 = 1
	exit
=== expect
.object little shoff=0x300 names=.strtab
; .map m type=array key=4 value=4 max=1

.section "tc" type=progbits flags=ax align=8 offset=0x40 size=32 sum=0xbe9c05d8

.func f
	r1 = m ll
	call g
	exit

.section ".text" type=progbits flags=ax align=8 offset=0x60 size=16 sum=0x85eb8bdf

.func g
	r0 = 1
	exit

.section "license" type=progbits flags=wa align=1 offset=0x70 size=4
	.ascii "GPL\0"

.section ".BTF" type=progbits flags=0 align=4 offset=0x74 size=334
	.hex 9feb010018000000000000000401000004010000320000000100000000000001
	.hex 0400000020000001000000000000000300000000010000000100000002000000
	.hex 0000000000000002020000000000000000000003000000000100000001000000
	.hex 0400000000000000000000020400000000000000000000030000000001000000
	.hex 0100000004000000000000000000000206000000000000000000000300000000
	.hex 0100000001000000010000000000000000000002080000000000000004000004
	.hex 200000000500000003000000000000000a000000050000004000000013000000
	.hex 07000000800000001e00000009000000c00000002a0000000000000e0a000000
	.hex 010000002c0000000100000f200000000b000000000000002000000000
	.ascii "int\0"
	.ascii "type\0"
	.ascii "key_size\0"
	.ascii "value_size\0"
	.ascii "max_entries\0"
	.hex 6d00
	.ascii ".maps\0"

.section ".maps" type=progbits flags=wa align=8 offset=0x1c8 size=32
.label m
	.zero 32

.section ".reltc" type=rel flags=0 align=8 link=.symtab info=tc offset=0x1e8 size=32 auto

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x208 size=192
	.sym tc local section in=tc
	.sym .text local section in=.text
	.sym license local section in=license
	.sym .maps local section in=.maps
	.sym g local func
	.sym f global func
	.sym m global object

.section ".strtab" type=strtab flags=0 align=1 offset=0x2c8 size=55 auto

=== title
big-endian
=== args
asm %in.s -o %out.o && disasm --whole %out.o
=== input
.object big
.section ".data"
x:
	.u16 0x1234
	.u64 1
.section "xdp"
.func f
	r1 = x+2 ll
	r0 = 7
	exit
=== expect
.object big shoff=0x120 names=.strtab

.section ".data" type=progbits flags=wa align=8 offset=0x40 size=10
.label x
	.hex 12340000000000000001

.section "xdp" type=progbits flags=ax align=8 offset=0x50 size=32 sum=0x520c4d5f

.func f
	r1 = x+2 ll
	r0 = 7
	exit

.section ".relxdp" type=rel flags=0 align=8 link=.symtab info=xdp offset=0x70 size=16 auto

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x80 size=120
	.sym .data local section in=.data
	.sym xdp local section in=xdp
	.sym x global object
	.sym f global func

.section ".strtab" type=strtab flags=0 align=1 offset=0xf8 size=35 auto

=== title
an instruction that was put into a whole text moves all that is behind it
=== args
asm %in.s -o %out.o && disasm --whole %out.o
=== input
.object little shoff=0x190 names=.strtab
.section "tc" type=progbits flags=ax align=8 offset=0x40 size=24 sum=0xc3ac4abc
.func f
	if r1 == 0 goto L1
	r1 = r1
	r0 = 1
L1:
	exit
.section ".debug_str" type=progbits flags=0 align=1 offset=0x58 size=4
	.ascii "abc\0"
.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x60 size=72
	.sym tc local section in=tc
	.sym f global func
.section ".strtab" type=strtab flags=0 align=1 offset=0xd8 size=22 auto
=== expect
.object little shoff=0xc0 names=.strtab

.section "tc" type=progbits flags=ax align=8 offset=0x40 size=32 sum=0xb38bb68a

.func f
	if r1 == 0 goto L1
	r1 = r1
	r0 = 1
L1:
	exit

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x60 size=72
	.sym tc local section in=tc
	.sym f global func

.section ".strtab" type=strtab flags=0 align=1 offset=0xa8 size=22 auto
