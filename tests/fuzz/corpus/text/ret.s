.object little shoff=0x1e8 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x1a9 size=61 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "xdp" type=progbits flags=ax align=8 offset=0x40 size=16 sum=0x8ba1e8ed

.func f type=4
	.file "/tmp/tmp2z0tunk7/ret.c"
	.line 3:29 "SEC(\"xdp\") int f(void *c) { return 2; }"
	r0 = 2
	exit

.section ".BTF" type=progbits flags=0 align=4 offset=0x50 size=160
	.hex 9feb010018000000000000003c0000003c0000004c0000000000000000000002
	.hex 00000000000000000100000d0300000001000000010000000300000000000001
	.hex 0400000020000001070000000100000c02000000006300
	.ascii "int\0"
	.hex 6600
	.ascii "xdp\0"
	.ascii "/tmp/tmp2z0tunk7/ret.c\0"
	.ascii "SEC(\"xdp\") int f(void *c) { return 2; }\0"

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0xf0 size=80 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x188 size=32
	.rel 0x2c nodyld32 xdp
	.rel 0x40 nodyld32 xdp

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x1a8 size=1
	.hex 0a

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x140 size=72
	.sym xdp local section in=xdp
	.sym f global func
