=== title
a frame pointer in a slot survives a store to a variable place
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r6 &= 7
	*(u64 *)(r10 - 32) = 0
	*(u64 *)(r10 - 24) = 0
	r2 = r10
	r2 += -40
	*(u64 *)(r10 - 8) = r2
	r3 = r10
	r3 += -32
	r3 += r6
	*(u8 *)(r3 + 0) = 1
	*(u64 *)(r10 - 40) = 5
	r4 = *(u64 *)(r10 - 8)
	*(u64 *)(r4 + 0) = 9
	r0 = *(u64 *)(r10 - 40)
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r6 &= 7
	r2 = r10
	r2 += -40
	*(u64 *)(r10 - 8) = r2
	r3 = r10
	r3 += -32
	r3 += r6
	*(u8 *)(r3 + 0) = 1
	*(u64 *)(r10 - 40) = 5
	r4 = *(u64 *)(r10 - 8)
	*(u64 *)(r4 + 0) = 9
	r0 = *(u64 *)(r10 - 40)
	exit

=== title
a helper that takes memory may write the context
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "syscall"
.func f
	r6 = r1
	r7 = *(u64 *)(r6 + 0)
	*(u64 *)(r10 - 8) = 7
	r1 = r6
	r2 = 8
	r3 = r10
	r3 += -8
	call bpf_probe_read_kernel
	r0 = *(u64 *)(r6 + 0)
	r0 -= r7
	exit
=== expect
f:
	r6 = r1
	r7 = *(u64 *)(r1 + 0)
	*(u64 *)(r10 - 8) = 7
	r2 = 8
	r3 = r10
	r3 += -8
	call bpf_probe_read_kernel#113
	r0 = *(u64 *)(r6 + 0)
	r0 -= r7
	exit

=== title
the compiler passes two values where the source of a static function takes one pointer
=== args
optimize -S %in.s
=== input
.object little shoff=0x448 names=.strtab

.section ".strtab" type=strtab flags=0 align=1 offset=0x401 size=68 auto

.section ".text" type=progbits flags=ax align=8 offset=0x40 size=80 sum=0xb79dec9d

.func add type=9
	.file "./promoted.c"
	.line 4:15 "\tint x = p->a * 7, y = p->b;"
	r1 *= 7
	.line 5:6 "\tif (x == 5) return y * 9;"
	r0 = r2
	r0 *= 9
	.line 4:15 "\tint x = p->a * 7, y = p->b;"
	r3 = r1
	r3 <<= 32
	r3 >>= 32
	.line 5:6 "\tif (x == 5) return y * 9;"
	if r3 == 5 goto L1
	r1 ^= r2
	r0 = r1
	.line 7:1 "}"
L1:
	exit

.section "tc" type=progbits flags=ax align=8 offset=0x90 size=48 sum=0x373d4cd4

.func f type=4
	.file "./promoted.c"
	.line 11:9 "\treturn add(&p) + 1;"
	r3 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r1 = r3
	call add
	.line 11:17 "\treturn add(&p) + 1;"
	r0 += 1
	.line 11:2 "\treturn add(&p) + 1;"
	exit

.section ".reltc" type=rel flags=0x40 align=8 link=.symtab info=tc offset=0x350 size=16 auto

.section ".BTF" type=progbits flags=0 align=4 offset=0xc0 size=320
	.hex 9feb010018000000000000009c0000009c0000008c0000000000000000000002
	.hex 00000000000000000100000d0300000001000000010000000500000000000001
	.hex 0400000020000001090000000100000c02000000000000000000000206000000
	.hex 3000000002000004080000003500000007000000000000003700000007000000
	.hex 2000000039000000000000010400000020000000000000000100000d03000000
	.hex 4600000005000000480000000000000c0800000000
	.ascii "ctx\0"
	.ascii "int\0"
	.hex 6600746300
	.ascii "./promoted.c\0"
	.ascii "\treturn add(&p) + 1;\0"
	.ascii "pair\0"
	.hex 61006200
	.ascii "unsigned int\0"
	.hex 7000
	.ascii "add\0"
	.ascii ".text\0"
	.ascii "\tint x = p->a * 7, y = p->b;\0"
	.ascii "\tif (x == 5) return y * 9;\0"
	.hex 7d00

.section ".BTF.ext" type=progbits flags=0 align=4 offset=0x200 size=216 auto
	.ext header=32 func line
	.order func tc .text
	.order line tc .text

.section ".rel.BTF.ext" type=rel flags=0x40 align=8 link=.symtab info=.BTF.ext offset=0x360 size=160
	.rel 0x2c nodyld32 tc
	.rel 0x3c nodyld32 .text
	.rel 0x50 nodyld32 tc
	.rel 0x60 nodyld32 tc
	.rel 0x70 nodyld32 tc
	.rel 0x88 nodyld32 .text
	.rel 0x98 nodyld32 .text
	.rel 0xa8 nodyld32 .text
	.rel 0xb8 nodyld32 .text
	.rel 0xc8 nodyld32 .text

.section ".llvm_addrsig" type=0x6fff4c03 flags=0x80000000 align=1 offset=0x400 size=1
	.hex 0e

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0x2d8 size=120
	.sym .text local section in=.text
	.sym tc local section in=tc
	.sym add local func
	.sym f global func
=== expect
add:
	r1 *= 7
	r0 = r2
	r0 *= 9
	w3 = w1
	if r3 == 5 goto L10
	r1 ^= r2
	r0 = r1
L10:
	exit
f:
	r3 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r1 = r3
	call add
	r0 += 1
	exit

=== title
the first instruction of a function is also reached from its caller
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = 9
	call g
	exit
.func g local
top:
	if r1 > 5 goto out
	r0 = 1
	r1 += 1
	if r1 <= 5 goto top
	exit
out:
	r0 = 7
	exit
=== expect
f:
	r1 = 9
	call g
	exit
g:
	if r1 > 5 goto L9
	r0 = 1
L6:
	r1 += 1
	if r1 <= 5 goto L6
	exit
L9:
	r0 = 7
	exit

=== title
a packet's address is not kept over a write to its dynptr, which may move it
=== args
optimize -S %in.s
=== input
.license "GPL"
.extern bpf_dynptr_from_skb
.section "tc"
.func f
	r6 = r1
	*(u32 *)(r10 - 20) = 7
	r2 = 0
	r3 = r10
	r3 += -16
	call bpf_dynptr_from_skb
	r1 = *(u32 *)(r6 + 76)
	r2 = *(u32 *)(r6 + 80)
	r7 = r1
	r7 += 4
	r0 = 0
	if r7 > r2 goto out
	r8 = *(u8 *)(r1 + 0)
	r1 = r10
	r1 += -16
	r2 = 0
	r3 = r10
	r3 += -20
	r4 = 4
	r5 = 0
	call bpf_dynptr_write
	r1 = *(u32 *)(r6 + 76)
	r2 = *(u32 *)(r6 + 80)
	r3 = r1
	r3 += 4
	r0 = 0
	if r3 > r2 goto out
	r0 = *(u8 *)(r1 + 0)
	r0 += r8
out:
	exit
=== expect
f:
	r6 = r1
	*(u32 *)(r10 - 20) = 7
	r2 = 0
	r3 = r10
	r3 += -16
	call bpf_dynptr_from_skb
	r1 = *(u32 *)(r6 + 76)
	r2 = *(u32 *)(r6 + 80)
	r7 = r1
	r7 += 4
	r0 = 0
	if r7 > r2 goto L30
	r8 = *(u8 *)(r1 + 0)
	r1 = r10
	r1 += -16
	r2 = 0
	r3 = r10
	r3 += -20
	r4 = 4
	r5 = 0
	call bpf_dynptr_write#202
	r1 = *(u32 *)(r6 + 76)
	r2 = *(u32 *)(r6 + 80)
	r3 = r1
	r3 += 4
	r0 = 0
	if r3 > r2 goto L30
	r0 = *(u8 *)(r1 + 0)
	r0 += r8
L30:
	exit
