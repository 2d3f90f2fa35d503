.object little shoff=0x558 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x511 size=67 auto

.section ".text" type=progbits flags=ax align=8 offset=0x40 size=48 sum=0x2d020ef6

.func h type=3
	.file "/tmp/tmp2z0tunk7/calls.c"
	.line 4:49 "__attribute__((noinline)) int h(int a) { return g(a) + 1; }"
	call g
	.line 4:54 "__attribute__((noinline)) int h(int a) { return g(a) + 1; }"
	r0 += 1
	.line 4:42 "__attribute__((noinline)) int h(int a) { return g(a) + 1; }"
	exit

.func g type=5
	.line 3:0 "static __attribute__((noinline)) int g(int a) { return a * 3; }"
	r0 = r1
	.line 3:58 "static __attribute__((noinline)) int g(int a) { return a * 3; }"
	r0 *= 3
	.line 3:49 "static __attribute__((noinline)) int g(int a) { return a * 3; }"
	exit

.section "xdp" type=progbits flags=ax align=8 offset=0x70 size=24 sum=0x2d7d9eee

.func f type=11
	.file "/tmp/tmp2z0tunk7/calls.c"
	.line 5:45 "SEC(\"xdp\") int f(struct xdp_md *c) { return h(c->rx_queue_index); }"
	r1 = *(u32 *)(r1 + 16)
	call h
	.line 5:38 "SEC(\"xdp\") int f(struct xdp_md *c) { return h(c->rx_queue_index); }"
	exit

.section ".relxdp" type=rel flags=0x40 align=8 link=.symtab info=xdp offset=0x450 size=16 auto

.section ".BTF" type=progbits flags=0 align=4 offset=0x88 size=598
	.hex 9feb01001800000000000000ec000000ec000000520100000100000000000001
	.hex 0400000020000001000000000100000d01000000050000000100000007000000
	.hex 0100000c02000000000000000100000d01000000050000000100000064000000
	.hex 0000000c04000000000000000000000207000000a60000000600000418000000
	.hex ad0000000800000000000000b20000000800000020000000bb00000008000000
	.hex 40000000c50000000800000060000000d50000000800000080000000e4000000
	.hex 08000000a0000000f30000000000000809000000f90000000000000104000000
	.hex 20000000000000000100000d010000000601000006000000080100000100000c
	.hex 0a00000000
	.ascii "int\0"
	.hex 61006800
	.ascii ".text\0"
	.ascii "/tmp/tmp2z0tunk7/calls.c\0"
	.ascii "__attribute__((noinline)) int h(int a) { return g(a) + 1; }\0"
	.hex 6700
	.ascii "static __attribute__((noinline)) int g(int a) { return a * 3; }\0"
	.ascii "xdp_md\0"
	.ascii "data\0"
	.ascii "data_end\0"
	.ascii "data_meta\0"
	.ascii "ingress_ifindex\0"
	.ascii "rx_queue_index\0"
	.ascii "egress_ifindex\0"
	.ascii "__u32\0"
	.ascii "unsigned int\0"
	.hex 63006600
	.ascii "xdp\0"
	.ascii "SEC(\"xdp\") int f(struct xdp_md *c) { return h(c->rx_queue_index); }\0"

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x2e0 size=224 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x460 size=176
	.rel 0x2c nodyld32 .text
	.rel 0x34 nodyld32 .text
	.rel 0x44 nodyld32 xdp
	.rel 0x58 nodyld32 .text
	.rel 0x68 nodyld32 .text
	.rel 0x78 nodyld32 .text
	.rel 0x88 nodyld32 .text
	.rel 0x98 nodyld32 .text
	.rel 0xa8 nodyld32 .text
	.rel 0xc0 nodyld32 xdp
	.rel 0xd0 nodyld32 xdp

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x510 size=1
	.hex 0f

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x3c0 size=144
	.sym .text local section in=.text
	.sym g local func
	.sym xdp local section in=xdp
	.sym h global func
	.sym f global func
