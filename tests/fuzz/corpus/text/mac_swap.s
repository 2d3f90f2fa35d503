.object little shoff=0xbb0 names=.strtab
; .map enabled type=array key=4 value=4 max=1

.section ".strtab" type=strtab flags=0 align=1 offset=0xb1d size=142 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "xdp" type=progbits flags=ax align=8 offset=0x40 size=568 sum=0x327c2962

.func mac_swap type=15
	.file "/build/skep-1/examples/mac_swap.bpf.c"
	.line 36:38 "\tvoid *data_end = (void *)(long)ctx->data_end;"
	r2 = *(u32 *)(r1 + 4)
	.line 37:43 "\tstruct frame *frame = (void *)(long)ctx->data;"
	r6 = *(u32 *)(r1 + 0)
	w1 = 0
	.line 38:8 "\t__u32 zero = 0, *on;"
	*(u32 *)(r10 - 4) = r1
	w0 = 1
	.line 41:6 "\tif ((void *)(frame + 1) > data_end)"
	r1 = r6
	r1 += 14
	.line 41:6 "\tif ((void *)(frame + 1) > data_end)"
	if r1 > r2 goto L2
	r2 = r10
	.line 0:0 ""
	r2 += -4
	.line 44:7 "\ton = bpf_map_lookup_elem(&enabled, &zero);"
	r1 = enabled ll
	call bpf_map_lookup_elem#1
	r1 = r0
	w0 = 2
	r2 = passed ll
	.line 45:10 "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {"
	if r1 == 0 goto L1
	.line 45:14 "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {"
	r1 = *(u32 *)(r1 + 0)
	.line 45:18 "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {"
	if w1 == 0 goto L1
	.line 45:22 "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {"
	r1 = *(u8 *)(r6 + 0)
	.line 45:41 "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {"
	w1 &= 1
	.line 45:6 "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {"
	if w1 != 0 goto L1
	.line 50:15 "\ttmp = frame->dst;"
	r1 = *(u8 *)(r6 + 5)
	w1 <<= 8
	r2 = *(u8 *)(r6 + 4)
	w1 |= w2
	*(u16 *)(r10 - 8) = r1
	r1 = *(u8 *)(r6 + 1)
	w1 <<= 8
	r2 = *(u8 *)(r6 + 0)
	w1 |= w2
	r2 = *(u8 *)(r6 + 3)
	w2 <<= 8
	r3 = *(u8 *)(r6 + 2)
	w2 |= w3
	w2 <<= 16
	w2 |= w1
	*(u32 *)(r10 - 12) = r2
	.line 51:22 "\tframe->dst = frame->src;"
	r1 = *(u8 *)(r6 + 8)
	*(u8 *)(r6 + 2) = r1
	r1 = *(u8 *)(r6 + 9)
	*(u8 *)(r6 + 3) = r1
	r1 = *(u8 *)(r6 + 6)
	*(u8 *)(r6 + 0) = r1
	r1 = *(u8 *)(r6 + 7)
	*(u8 *)(r6 + 1) = r1
	r1 = *(u8 *)(r6 + 10)
	*(u8 *)(r6 + 4) = r1
	r1 = *(u8 *)(r6 + 11)
	*(u8 *)(r6 + 5) = r1
	.line 52:15 "\tframe->src = tmp;"
	r1 = *(u32 *)(r10 - 12)
	w2 = w1
	w2 >>= 16
	*(u8 *)(r6 + 8) = r2
	w2 = w1
	w2 >>= 24
	*(u8 *)(r6 + 9) = r2
	*(u8 *)(r6 + 6) = r1
	w1 >>= 8
	*(u8 *)(r6 + 7) = r1
	r1 = *(u16 *)(r10 - 8)
	*(u8 *)(r6 + 10) = r1
	w1 >>= 8
	*(u8 *)(r6 + 11) = r1
	w0 = 3
	r2 = reflected ll
.label LBB0_5
L1:
	r1 = 1
	.line 0:0 ""
	lock *(u64 *)(r2 + 0) += r1
.label LBB0_6
	.line 56:1 "}"
L2:
	exit

.section ".relxdp" type=rel flags=0x40 align=8 link=.symtab info=xdp offset=0x978 size=48 auto

.section ".bss" type=nobits flags=wa align=8 offset=0x278 size=16
.label reflected
	.zero 8
.label passed
	.zero 8

.section ".maps" type=progbits flags=wa align=8 offset=0x278 size=32
.label enabled
	.zero 32

.section "license" type=progbits flags=wa align=1 offset=0x298 size=13
.label LICENSE
	.ascii "Dual BSD/GPL\0"

.section ".BTF" type=progbits flags=0 align=4 offset=0x2a8 size=1169
	.hex 9feb010018000000000000002402000024020000550200000000000000000002
	.hex 0300000001000000000000010400000020000001000000000000000300000000
	.hex 0200000004000000020000000500000000000001040000002000000000000000
	.hex 0000000206000000000000000000000300000000020000000400000001000000
	.hex 0000000000000002080000001900000000000008090000001f00000000000001
	.hex 04000000200000000000000004000004200000002c0000000100000000000000
	.hex 3100000005000000400000003d00000007000000800000004100000007000000
	.hex c0000000470000000000000e0a0000000100000000000000000000020d000000
	.hex 4f00000006000004180000005600000008000000000000005b00000008000000
	.hex 200000006400000008000000400000006e00000008000000600000007e000000
	.hex 08000000800000008d00000008000000a0000000000000000100000d02000000
	.hex 9c0000000c000000a00000000100000c0e0000000b0200000000000811000000
	.hex 11020000000000010800000040000000240200000000000e1000000001000000
	.hex 2e0200000000000e100000000100000035020000000000010100000008000001
	.hex 00000000000000030000000014000000040000000d0000003a0200000000000e
	.hex 1500000001000000420200000200000f00000000120000000000000008000000
	.hex 130000000000000008000000470200000100000f000000000b00000000000000
	.hex 200000004d0200000100000f0000000016000000000000000d00000000
	.ascii "int\0"
	.ascii "__ARRAY_SIZE_TYPE__\0"
	.ascii "__u32\0"
	.ascii "unsigned int\0"
	.ascii "type\0"
	.ascii "max_entries\0"
	.ascii "key\0"
	.ascii "value\0"
	.ascii "enabled\0"
	.ascii "xdp_md\0"
	.ascii "data\0"
	.ascii "data_end\0"
	.ascii "data_meta\0"
	.ascii "ingress_ifindex\0"
	.ascii "rx_queue_index\0"
	.ascii "egress_ifindex\0"
	.ascii "ctx\0"
	.ascii "mac_swap\0"
	.ascii "xdp\0"
	.ascii "/build/skep-1/examples/mac_swap.bpf.c\0"
	.ascii "\tvoid *data_end = (void *)(long)ctx->data_end;\0"
	.ascii "\tstruct frame *frame = (void *)(long)ctx->data;\0"
	.ascii "\t__u32 zero = 0, *on;\0"
	.ascii "\tif ((void *)(frame + 1) > data_end)\0"
	.ascii "\ton = bpf_map_lookup_elem(&enabled, &zero);\0"
	.ascii "\tif (!on || !*on || (frame->dst.byte[0] & 1)) {\0"
	.ascii "\ttmp = frame->dst;\0"
	.ascii "\tframe->dst = frame->src;\0"
	.ascii "\tframe->src = tmp;\0"
	.hex 7d00
	.ascii "__u64\0"
	.ascii "unsigned long long\0"
	.ascii "reflected\0"
	.ascii "passed\0"
	.ascii "char\0"
	.ascii "LICENSE\0"
	.ascii ".bss\0"
	.ascii ".maps\0"
	.ascii "license\0"

.section ".rel.BTF" type=rel flags=0x40 align=8 link=.symtab info=.BTF offset=0x9a8 size=64
	.rel 0x1f8 nodyld32 reflected
	.rel 0x204 nodyld32 passed
	.rel 0x21c nodyld32 enabled
	.rel 0x234 nodyld32 LICENSE

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x73c size=352 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x9e8 size=304
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
	.rel 0xe0 nodyld32 xdp
	.rel 0xf0 nodyld32 xdp
	.rel 0x100 nodyld32 xdp
	.rel 0x110 nodyld32 xdp
	.rel 0x120 nodyld32 xdp
	.rel 0x130 nodyld32 xdp
	.rel 0x140 nodyld32 xdp
	.rel 0x150 nodyld32 xdp

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0xb18 size=5
	.hex 0d100f0e11

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x8a0 size=216
	.sym xdp local section in=xdp
	.sym LBB0_6 local notype
	.sym LBB0_5 local notype
	.sym mac_swap global func
	.sym enabled global object
	.sym passed global object
	.sym reflected global object
	.sym LICENSE global object
