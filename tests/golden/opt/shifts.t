=== title
pairs to a 32-bit move and a mask
=== args
optimize --passes=shifts -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u64 *)(r10 - 8)
	r2 = r1
	r0 = 0x1122334455667788 ll
	r3 = *(u32 *)(r1 + 12)
	r0 += r3
	r0 <<= 32
	r0 >>= 32
	r3 += r0
	r3 <<= 48
	r3 >>= 48
	r0 += r3
	exit
=== expect
f:
	r6 = *(u64 *)(r10 - 8)
	r2 = r1
	r0 = 0x1122334455667788 ll
	r3 = *(u32 *)(r1 + 12)
	r0 += r3
	w0 = w0
	r3 += r0
	r3 &= 65535
	r0 += r3
	exit

=== title
a signed pair at level 4
=== args
optimize --passes=shifts --cpu v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r0 <<= 32
	r0 s>>= 32
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r0 = (s32)r0
	exit

=== title
must not make an instruction that the level has not
=== args
optimize --passes=shifts --cpu v1 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r0 <<= 32
	r0 s>>= 32
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r0 <<= 32
	r0 s>>= 32
	exit

=== title
must not pair different amounts, nor over a use between
=== args
optimize --passes=shifts -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r0 <<= 40
	r0 >>= 32
	r2 = r0
	r2 <<= 56
	r3 = r2
	r2 >>= 56
	r0 += r2
	r0 += r3
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r0 <<= 40
	r0 >>= 32
	r2 = r0
	r2 <<= 56
	r3 = r2
	r2 >>= 56
	r0 += r2
	r0 += r3
	exit

=== title
a block whose last instruction has just gone
=== args
optimize --passes=shifts -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r1 = *(u32 *)(r1 + 16)
	r2 = r6
	r0 = r1
	if r6 == 77 goto a
	r1 &= 255
	r1 <<= 32
	r2 <<= 32
	r1 >>= 32
a:
	r0 += r1
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r1 = *(u32 *)(r1 + 16)
	r2 = r6
	r0 = r1
	if r6 == 77 goto L10
	r1 &= 255
	r2 <<= 32
L10:
	r0 += r1
	exit
