=== title
pairs of shifts of different registers, interleaved
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u32 *)(r1 + 12)
	r9 = *(u32 *)(r1 + 16)
	r3 *= -3
	r9 *= -5
	r3 <<= 32
	r9 <<= 32
	r3 >>= 32
	r9 >>= 32
	r0 = r3
	r0 ^= r9
	exit
=== expect
f:
	r3 = *(u32 *)(r1 + 12)
	r9 = *(u32 *)(r1 + 16)
	r3 *= -3
	r9 *= -5
	w9 = w9
	w0 = w3
	r0 ^= r9
	exit

=== title
a mask and a shift of another width
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r0 &= 0xff00
	r0 >>= 4
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r0 &= 65280
	r0 >>= 4
	exit

=== title
minus one in 32 bits is no minus one in 64
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	w1 = -1
	*(u64 *)(r10 - 8) = r1
	r0 = *(u64 *)(r10 - 8)
	r0 >>= 16
	exit
=== expect
f:
	r0 = 65535
	exit

=== title
the arguments of a subprogram
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r1 = 3
	r3 = 4
	call g
	exit
.func g local
	r0 = r1
	r0 *= r2
	r0 += r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r1 = 3
	r3 = 4
	call g
	exit
g:
	r0 = r1
	r0 *= r2
	r0 += r3
	exit

=== title
no immediate into the context
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "tc"
.func f
	r2 = 1
	*(u32 *)(r1 + 8) = r2
	r2 = 0
	*(u32 *)(r1 + 48) = r2
	r0 = 0
	exit
=== expect
f:
	r2 = 1
	*(u32 *)(r1 + 8) = r2
	r2 = 0
	*(u32 *)(r1 + 48) = r2
	r0 = 0
	exit
