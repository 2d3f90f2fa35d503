.object little shoff=0x340 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x2f1 size=72 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "tc" type=progbits flags=ax align=8 offset=0x40 size=40 sum=0x74e8e90

.func f type=4
	.file "/tmp/tmp2z0tunk7/ext.c"
	.line 4:38 "SEC(\"tc\") int f(void *c) { return kf(KC); }"
	r1 = KC ll
	.line 4:35 "SEC(\"tc\") int f(void *c) { return kf(KC); }"
	r1 = *(u32 *)(r1 + 0)
	call kf
	.line 4:28 "SEC(\"tc\") int f(void *c) { return kf(KC); }"
	exit

.section ".reltc" type=rel flags=0x40 align=8 link=.symtab info=tc offset=0x270 size=32 auto

.section ".BTF" type=progbits flags=0 align=4 offset=0x68 size=281
	.hex 9feb010018000000000000009c0000009c000000650000000000000000000002
	.hex 00000000000000000100000d0300000001000000010000000300000000000001
	.hex 0400000020000001070000000100000c02000000000000000100000d03000000
	.hex 00000000030000004f0000000200000c05000000520000000000000e03000000
	.hex 02000000550000000100000f000000000700000000000000040000005e000000
	.hex 0100000f00000000060000000000000000000000006300
	.ascii "int\0"
	.hex 6600746300
	.ascii "/tmp/tmp2z0tunk7/ext.c\0"
	.ascii "SEC(\"tc\") int f(void *c) { return kf(KC); }\0"
	.hex 6b66004b4300
	.ascii ".kconfig\0"
	.ascii ".ksyms\0"

.section ".rel.BTF" type=rel flags=0x40 align=8 link=.symtab info=.BTF offset=0x290 size=32
	.rel 0x94 abs32 KC
	.rel 0xac abs32 kf

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x184 size=112 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x2b0 size=64
	.rel 0x2c nodyld32 tc
	.rel 0x40 nodyld32 tc
	.rel 0x50 nodyld32 tc
	.rel 0x60 nodyld32 tc

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x2f0 size=1
	.hex 0a

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x1f8 size=120
	.sym tc local section in=tc
	.sym f global func
	.sym KC global notype
	.sym kf global notype
