.object little shoff=0x638 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x5da size=92 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "xdp" type=progbits flags=ax align=8 offset=0x40 size=192 sum=0x9b2b46b3

.func f type=4
	.file "/tmp/tmp2z0tunk7/data.c"
	.line 4:40 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r1 = .rodata+8 ll
	r0 = *(u32 *)(r1 + 0)
	.line 4:46 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r1 = *(u32 *)(r1 + 0)
	r1 &= 3
	.line 4:44 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r1 <<= 2
	r2 = z ll
	r2 += r1
	.line 4:36 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r1 = a ll
	r1 = *(u32 *)(r1 + 0)
	.line 4:38 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r0 += r1
	.line 4:44 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r2 = *(u32 *)(r2 + 0)
	.line 4:42 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r0 += r2
	r1 &= 3
	.line 4:55 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r2 = m ll
	r2 += r1
	r1 = *(u8 *)(r2 + 0)
	r1 <<= 56
	r1 s>>= 56
	.line 4:53 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	r0 += r1
	.line 4:29 "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }"
	exit

.section ".relxdp" type=rel flags=0x40 align=8 link=.symtab info=xdp offset=0x4a8 size=64 auto

.section ".data" type=progbits flags=wa align=4 offset=0x100 size=4
.label a
	.hex 01000000

.section ".rodata" type=progbits flags=a align=4 offset=0x104 size=12
.label m
	.ascii "text\0"
	.hex 000000
.label b
	.hex 02000000

.section ".bss" type=nobits flags=wa align=4 offset=0x110 size=16
.label z
	.zero 16

.section ".BTF" type=progbits flags=0 align=4 offset=0x110 size=503
	.hex 9feb0100180000000000000044010000440100009b0000000000000000000002
	.hex 00000000000000000100000d0300000001000000010000000300000000000001
	.hex 0400000020000001070000000100000c02000000670000000000000e03000000
	.hex 01000000000000000000000a0700000069000000000000010100000008000001
	.hex 0000000000000003000000000600000009000000050000006e00000000000001
	.hex 0400000020000000820000000000000e0800000001000000000000000000000a
	.hex 0c000000000000000000000903000000840000000000000e0b00000000000000
	.hex 000000000000000300000000030000000900000004000000860000000000000e
	.hex 0e00000001000000880000000100000f000000000f0000000000000010000000
	.hex 8d0000000100000f00000000050000000000000004000000930000000200000f
	.hex 000000000a00000000000000050000000d0000000800000004000000006300
	.ascii "int\0"
	.hex 6600
	.ascii "xdp\0"
	.ascii "/tmp/tmp2z0tunk7/data.c\0"
	.ascii "SEC(\"xdp\") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }\0"
	.hex 6100
	.ascii "char\0"
	.ascii "__ARRAY_SIZE_TYPE__\0"
	.hex 6d0062007a00
	.ascii ".bss\0"
	.ascii ".data\0"
	.ascii ".rodata\0"

.section ".rel.BTF" type=rel flags=0x40 align=8 link=.symtab info=.BTF offset=0x4e8 size=64
	.rel 0x118 nodyld32 z
	.rel 0x130 nodyld32 a
	.rel 0x148 abs32 m
	.rel 0x154 abs32 .rodata

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x308 size=224 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x528 size=176
	.rel 0x2c nodyld32 xdp
	.rel 0x40 nodyld32 xdp
	.rel 0x50 nodyld32 xdp
	.rel 0x60 nodyld32 xdp
	.rel 0x70 nodyld32 xdp
	.rel 0x80 nodyld32 xdp
	.rel 0x90 nodyld32 xdp
	.rel 0xa0 nodyld32 xdp
	.rel 0xb0 nodyld32 xdp
	.rel 0xc0 nodyld32 xdp
	.rel 0xd0 nodyld32 xdp

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x5d8 size=2
	.hex 0c03

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x3e8 size=192
	.sym xdp local section in=xdp
	.sym b local object
	.sym .rodata local section in=.rodata
	.sym f global func
	.sym z global object
	.sym a global object
	.sym m global object size=5
