.object little shoff=0xc18 names=.strtab
; .map counters type=percpu_array key=4 value=16 max=257

.section ".strtab" type=strtab flags=0 align=1 offset=0xb7c size=152 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "xdp" type=progbits flags=ax align=8 offset=0x40 size=328 sum=0xea87e96

.func count_packets type=19
	.file "/build/skep-1/examples/packet_counter.bpf.c"
	.line 62:0 "int count_packets(struct xdp_md *ctx)"
	w2 = 256
	.line 65:38 "\tvoid *data_end = (void *)(long)ctx->data_end;"
	r6 = *(u32 *)(r1 + 4)
	.line 64:34 "\tvoid *data = (void *)(long)ctx->data;"
	r7 = *(u32 *)(r1 + 0)
	.line 39:19 "\tif ((void *)(eth + 1) > data_end)"
	r1 = r7
	r1 += 14
	.line 39:6 "\tif ((void *)(eth + 1) > data_end)"
	if r1 > r6 goto L2
	.line 42:11 "\tif (eth->h_proto == bpf_htons(ETH_P_IP)) {"
	r3 = *(u8 *)(r7 + 12)
	r1 = *(u8 *)(r7 + 13)
	w1 <<= 8
	w1 |= w3
	.line 42:6 "\tif (eth->h_proto == bpf_htons(ETH_P_IP)) {"
	if w1 == 56710 goto L1
	if w1 != 8 goto L2
	.line 45:19 "\t\tif ((void *)(ip + 1) > data_end)"
	r1 = r7
	r1 += 34
	.line 45:7 "\t\tif ((void *)(ip + 1) > data_end)"
	if r1 > r6 goto L2
	.line 47:14 "\t\treturn ip->protocol;"
	r2 = *(u8 *)(r7 + 23)
	goto L2
.label LBB0_5
	.line 50:48 "\tif (eth->h_proto == bpf_htons(ETH_P_IPV6) && !ipv4_only) {"
L1:
	r1 = ipv4_only ll
	r1 = *(u8 *)(r1 + 0)
	.line 50:6 "\tif (eth->h_proto == bpf_htons(ETH_P_IPV6) && !ipv4_only) {"
	if w1 != 0 goto L2
	r1 = r7
	r1 += 54
	if r1 > r6 goto L2
	.line 55:15 "\t\treturn ip6->nexthdr;"
	r2 = *(u8 *)(r7 + 20)
.label LBB0_8
	.line 66:8 "\t__u32 slot = protocol_of(data, data_end);"
L2:
	*(u32 *)(r10 - 4) = r2
	r2 = r10
	.line 0:0 ""
	r2 += -4
	.line 69:6 "\tc = bpf_map_lookup_elem(&counters, &slot);"
	r1 = counters ll
	call bpf_map_lookup_elem#1
	.line 70:6 "\tif (!c)"
	if r0 == 0 goto L3
	.line 73:12 "\tc->packets++;"
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
	.line 74:23 "\tc->bytes += data_end - data;"
	r6 -= r7
	.line 74:11 "\tc->bytes += data_end - data;"
	r1 = *(u64 *)(r0 + 8)
	r6 += r1
	*(u64 *)(r0 + 8) = r6
.label LBB0_10
	.line 76:1 "}"
L3:
	w0 = 2
	exit

.section ".relxdp" type=rel flags=0x40 align=8 link=.symtab info=xdp offset=0x9c8 size=32 auto

.section ".rodata" type=progbits flags=a align=1 offset=0x188 size=1
.label ipv4_only
	.hex 00

.section ".maps" type=progbits flags=wa align=8 offset=0x190 size=32
.label counters
	.zero 32

.section "license" type=progbits flags=wa align=1 offset=0x1b0 size=13
.label LICENSE
	.ascii "Dual BSD/GPL\0"

.section ".BTF" type=progbits flags=0 align=4 offset=0x1c0 size=1440
	.hex 9feb010018000000000000006002000060020000280300000000000000000002
	.hex 0300000001000000000000010400000020000001000000000000000300000000
	.hex 0200000004000000060000000500000000000001040000002000000000000000
	.hex 0000000206000000000000000000000300000000020000000400000001010000
	.hex 0000000000000002080000001900000000000008090000001f00000000000001
	.hex 040000002000000000000000000000020b0000002c0000000200000410000000
	.hex 340000000c000000000000003c0000000c000000400000004200000000000008
	.hex 0d00000048000000000000010800000040000000000000000400000420000000
	.hex 5b00000001000000000000006000000005000000400000006c00000007000000
	.hex 80000000700000000a000000c0000000760000000000000e0e00000001000000
	.hex 0000000000000002110000007f00000006000004180000008600000008000000
	.hex 000000008b00000008000000200000009400000008000000400000009e000000
	.hex 0800000060000000ae0000000800000080000000bd00000008000000a0000000
	.hex 000000000100000d02000000cc00000010000000d00000000100000c12000000
	.hex 000000000000000a15000000000000000000000916000000f502000000000001
	.hex 0100000008000004fb0200000000000e14000000010000000503000000000001
	.hex 010000000800000100000000000000030000000018000000040000000d000000
	.hex 0a0300000000000e1900000001000000120300000100000f000000000f000000
	.hex 0000000020000000180300000100000f00000000170000000000000001000000
	.hex 200300000100000f000000001a000000000000000d00000000
	.ascii "int\0"
	.ascii "__ARRAY_SIZE_TYPE__\0"
	.ascii "__u32\0"
	.ascii "unsigned int\0"
	.ascii "counter\0"
	.ascii "packets\0"
	.ascii "bytes\0"
	.ascii "__u64\0"
	.ascii "unsigned long long\0"
	.ascii "type\0"
	.ascii "max_entries\0"
	.ascii "key\0"
	.ascii "value\0"
	.ascii "counters\0"
	.ascii "xdp_md\0"
	.ascii "data\0"
	.ascii "data_end\0"
	.ascii "data_meta\0"
	.ascii "ingress_ifindex\0"
	.ascii "rx_queue_index\0"
	.ascii "egress_ifindex\0"
	.ascii "ctx\0"
	.ascii "count_packets\0"
	.ascii "xdp\0"
	.ascii "/build/skep-1/examples/packet_counter.bpf.c\0"
	.ascii "int count_packets(struct xdp_md *ctx)\0"
	.ascii "\tvoid *data_end = (void *)(long)ctx->data_end;\0"
	.ascii "\tvoid *data = (void *)(long)ctx->data;\0"
	.ascii "\tif ((void *)(eth + 1) > data_end)\0"
	.ascii "\tif (eth->h_proto == bpf_htons(ETH_P_IP)) {\0"
	.ascii "\t\tif ((void *)(ip + 1) > data_end)\0"
	.ascii "\t\treturn ip->protocol;\0"
	.ascii "\tif (eth->h_proto == bpf_htons(ETH_P_IPV6) && !ipv4_only) {\0"
	.ascii "\t\treturn ip6->nexthdr;\0"
	.ascii "\t__u32 slot = protocol_of(data, data_end);\0"
	.ascii "\tc = bpf_map_lookup_elem(&counters, &slot);\0"
	.ascii "\tif (!c)\0"
	.ascii "\tc->packets++;\0"
	.ascii "\tc->bytes += data_end - data;\0"
	.hex 7d00
	.ascii "_Bool\0"
	.ascii "ipv4_only\0"
	.ascii "char\0"
	.ascii "LICENSE\0"
	.ascii ".maps\0"
	.ascii ".rodata\0"
	.ascii "license\0"

.section ".rel.BTF" type=rel flags=0x40 align=8 link=.symtab info=.BTF offset=0x9e8 size=48
	.rel 0x240 nodyld32 counters
	.rel 0x258 abs32 ipv4_only
	.rel 0x270 nodyld32 LICENSE

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x760 size=400 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0xa18 size=352
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
	.rel 0x160 nodyld32 xdp
	.rel 0x170 nodyld32 xdp
	.rel 0x180 nodyld32 xdp

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0xb78 size=4
	.hex 0e0f1011

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x8f0 size=216
	.sym xdp local section in=xdp
	.sym LBB0_8 local notype
	.sym LBB0_5 local notype
	.sym LBB0_10 local notype
	.sym count_packets global func
	.sym ipv4_only global object
	.sym counters global object
	.sym LICENSE global object
