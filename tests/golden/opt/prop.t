=== title
a constant becomes the operand
=== args
optimize --passes=prop -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = 7
	r2 += r3
	r0 = r2
	if r0 > r3 goto a
	r0 = 1
a:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = 7
	r2 += 7
	r0 = r2
	if r0 > 7 goto L7
	r0 = 1
L7:
	exit

=== title
must not make a division by an immediate zero, nor a shift by the width
=== args
optimize --passes=prop -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r3 = 0
	r0 /= r3
	r4 = 64
	r0 <<= r4
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = 0
	r0 /= r3
	r4 = 64
	r0 <<= r4
	exit

=== title
must not take a 64-bit constant for its sign-extended low half
=== args
optimize --passes=prop -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r3 = 0xffffffff ll
	r0 += r3
	r0 >>= 8
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = 0xffffffff ll
	r0 += r3
	r0 >>= 8
	exit
