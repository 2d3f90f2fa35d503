.object big shoff=0x500 names=.strtab
; .map m type=hash key=4 value=8 max=8

.section ".strtab" type=strtab flags=0 align=1 offset=0x4a2 size=89 auto

.section ".text" type=progbits flags=ax align=4 offset=0x40 size=0

.section "kprobe/x" type=progbits flags=ax align=8 offset=0x40 size=104 sum=0x3170bc2c

.func f type=14
	.file "/tmp/tmp2z0tunk7/map.c"
	.line 4:0 "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }"
	r1 = 0
	.line 4:38 "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }"
	*(u32 *)(r10 - 4) = r1
	r2 = r10
	.line 0:0 ""
	r2 += -4
	.line 4:55 "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }"
	r1 = m ll
	call bpf_map_lookup_elem#1
	.line 4:88 "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }"
	if r0 == 0 goto L1
	.line 4:94 "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }"
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
.label LBB0_2
	.line 4:100 "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }"
L1:
	r0 = 0
	exit

.section ".relkprobe/x" type=rel flags=0x40 align=8 link=.symtab info=kprobe/x offset=0x400 size=16 auto

.section ".maps" type=progbits flags=wa align=8 offset=0xa8 size=32
.label m
	.zero 32

.section ".BTF" type=progbits flags=0 align=4 offset=0xc8 size=524
	.hex eb9f010000000018000000000000012000000120000000d40000000002000000
	.hex 0000000300000001010000000000000401000020000000000300000000000000
	.hex 0000000200000004000000010000000501000000000000040000002000000000
	.hex 0200000000000002000000000200000000000007000000190100000000000008
	.hex 0100004000000000020000000000000900000000030000000000000000000002
	.hex 00000004000000080000000004000004000000200000001e0000000100000000
	.hex 0000002300000005000000400000002700000006000000800000002d00000008
	.hex 000000c0000000390e0000000000000a00000001000000000200000000000000
	.hex 000000000d000001000000020000003b0000000c0000003d0c0000010000000d
	.hex 000000ce0f000001000000000000000b000000000000002000
	.ascii "int\0"
	.ascii "__ARRAY_SIZE_TYPE__\0"
	.ascii "long\0"
	.ascii "type\0"
	.ascii "key\0"
	.ascii "value\0"
	.ascii "max_entries\0"
	.hex 6d0063006600
	.ascii "kprobe/x\0"
	.ascii "/tmp/tmp2z0tunk7/map.c\0"
	.ascii "SEC(\"kprobe/x\") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }\0"
	.ascii ".maps\0"

.section ".rel.BTF" type=rel flags=0x40 align=8 link=.symtab info=.BTF offset=0x410 size=16
	.rel 0x130 nodyld32 m

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x2d4 size=176 auto
	.ext header=32 func line

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x420 size=128
	.rel 0x2c nodyld32 kprobe/x
	.rel 0x40 nodyld32 kprobe/x
	.rel 0x50 nodyld32 kprobe/x
	.rel 0x60 nodyld32 kprobe/x
	.rel 0x70 nodyld32 kprobe/x
	.rel 0x80 nodyld32 kprobe/x
	.rel 0x90 nodyld32 kprobe/x
	.rel 0xa0 nodyld32 kprobe/x

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x4a0 size=2
	.hex 0c0d

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x388 size=120
	.sym kprobe/x local section in=kprobe/x
	.sym LBB0_2 local notype
	.sym f global func
	.sym m global object
