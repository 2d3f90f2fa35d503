.object little shoff=0x260 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x219 size=66 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "fentry/x" type=progbits flags=ax align=8 offset=0x40 size=16 sum=0x482712c5

.func f type=5
	.file "/tmp/tmp2z0tunk7/core.c"
	.line 4:38 "SEC(\"fentry/x\") int f(struct t *c) { return c->b; }"
	.core byte_off 2 "0:1"
	r0 = *(u32 *)(r1 + 4)
	exit

.section ".BTF" type=progbits flags=0 align=4 offset=0x50 size=224
	.hex 9feb010018000000000000006000000060000000680000000000000000000002
	.hex 0200000001000000020000040800000003000000030000000000000005000000
	.hex 030000002000000007000000000000010400000020000001000000000100000d
	.hex 030000000b000000010000000d0000000100000c0400000000740061006200
	.ascii "int\0"
	.hex 63006600
	.ascii "fentry/x\0"
	.ascii "0:1\0"
	.ascii "/tmp/tmp2z0tunk7/core.c\0"
	.ascii "SEC(\"fentry/x\") int f(struct t *c) { return c->b; }\0"

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x130 size=108 auto
	.ext header=32 func line core

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x1e8 size=48
	.rel 0x2c nodyld32 fentry/x
	.rel 0x40 nodyld32 fentry/x
	.rel 0x5c nodyld32 fentry/x

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x218 size=1
	.hex 0a

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x1a0 size=72
	.sym fentry/x local section in=fentry/x
	.sym f global func
