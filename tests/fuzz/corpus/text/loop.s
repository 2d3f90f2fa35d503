.object little shoff=0x6f0 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x6a9 size=67 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "tc" type=progbits flags=ax align=8 offset=0x40 size=48 sum=0x4995afc0

.func f type=18
	.file "/tmp/tmp2z0tunk7/loop.c"
	.line 3:0 "SEC(\"tc\") int f(struct __sk_buff *s) { int n = 0;"
	r0 = 0
	r2 = *(u32 *)(r1 + 0)
	.line 5:1 "for (int i = 0; i < s->len; i++) n += s->mark; return n; }"
	if r2 == 0 goto L1
	r0 = *(u32 *)(r1 + 8)
	r0 *= r2
.label LBB0_2
	.line 5:48 "for (int i = 0; i < s->len; i++) n += s->mark; return n; }"
L1:
	exit

.section ".BTF" type=progbits flags=0 align=4 offset=0x70 size=1316
	.hex 9feb01001800000000000000d4020000d4020000380200000000000000000002
	.hex 020000000100000022000004c00000000b00000003000000000000000f000000
	.hex 03000000200000001800000003000000400000001d0000000300000060000000
	.hex 2b00000003000000800000003400000003000000a00000004100000003000000
	.hex c00000004a00000003000000e00000005500000003000000000100005e000000
	.hex 03000000200100006e0000000300000040010000760000000300000060010000
	.hex 7f00000005000000800100008200000003000000200200008700000003000000
	.hex 40020000920000000300000060020000970000000300000080020000a0000000
	.hex 03000000a0020000a800000003000000c0020000af00000003000000e0020000
	.hex ba0000000300000000030000c40000000700000020030000cf00000007000000
	.hex a0030000d90000000300000020040000e50000000300000040040000f0000000
	.hex 0300000060040000000000000800000080040000fa0000000a000000c0040000
	.hex 0101000003000000000500000a0100000300000020050000000000000c000000
	.hex 400500001301000003000000800500001c0100000e000000a005000028010000
	.hex 0a000000c0050000310100000000000804000000370100000000000104000000
	.hex 2000000000000000000000030000000003000000060000000500000044010000
	.hex 0000000104000000200000000000000000000003000000000300000006000000
	.hex 0400000000000000010000050800000058010000090000000000000000000000
	.hex 000000021300000062010000000000080b000000680100000000000108000000
	.hex 400000000000000001000005080000007b0100000d0000000000000000000000
	.hex 00000002140000007e010000000000080f000000830100000000000101000000
	.hex 08000000000000000100000d1100000091010000010000009301000000000001
	.hex 0400000020000001970100000100000c10000000210200000000000700000000
	.hex 2f020000000000070000000000
	.ascii "__sk_buff\0"
	.ascii "len\0"
	.ascii "pkt_type\0"
	.ascii "mark\0"
	.ascii "queue_mapping\0"
	.ascii "protocol\0"
	.ascii "vlan_present\0"
	.ascii "vlan_tci\0"
	.ascii "vlan_proto\0"
	.ascii "priority\0"
	.ascii "ingress_ifindex\0"
	.ascii "ifindex\0"
	.ascii "tc_index\0"
	.hex 636200
	.ascii "hash\0"
	.ascii "tc_classid\0"
	.ascii "data\0"
	.ascii "data_end\0"
	.ascii "napi_id\0"
	.ascii "family\0"
	.ascii "remote_ip4\0"
	.ascii "local_ip4\0"
	.ascii "remote_ip6\0"
	.ascii "local_ip6\0"
	.ascii "remote_port\0"
	.ascii "local_port\0"
	.ascii "data_meta\0"
	.ascii "tstamp\0"
	.ascii "wire_len\0"
	.ascii "gso_segs\0"
	.ascii "gso_size\0"
	.ascii "tstamp_type\0"
	.ascii "hwtstamp\0"
	.ascii "__u32\0"
	.ascii "unsigned int\0"
	.ascii "__ARRAY_SIZE_TYPE__\0"
	.ascii "flow_keys\0"
	.ascii "__u64\0"
	.ascii "unsigned long long\0"
	.hex 736b00
	.ascii "__u8\0"
	.ascii "unsigned char\0"
	.hex 7300
	.ascii "int\0"
	.hex 6600746300
	.ascii "/tmp/tmp2z0tunk7/loop.c\0"
	.ascii "SEC(\"tc\") int f(struct __sk_buff *s) { int n = 0;\0"
	.ascii "for (int i = 0; i < s->len; i++) n += s->mark; return n; }\0"
	.ascii "bpf_flow_keys\0"
	.ascii "bpf_sock\0"

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x594 size=112 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x668 size=64
	.rel 0x2c nodyld32 tc
	.rel 0x40 nodyld32 tc
	.rel 0x50 nodyld32 tc
	.rel 0x60 nodyld32 tc

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x6a8 size=1
	.hex 0c

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x608 size=96
	.sym tc local section in=tc
	.sym LBB0_2 local notype
	.sym f global func
