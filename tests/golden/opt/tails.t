=== title
equal ends of paths
=== args
optimize --passes=tails -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 1
	if r2 == 1 goto a
	r0 += r2
	r0 <<= 3
	r0 ^= 5
	exit
a:
	r0 -= r2
	r0 <<= 3
	r0 ^= 5
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 1
	if r2 == 1 goto L8
	r0 += r2
	goto L9
L8:
	r0 -= r2
L9:
	r0 <<= 3
	r0 ^= 5
	exit

=== title
must not merge ends that differ in the width
=== args
optimize --passes=tails -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 1
	if r2 == 1 goto a
	r0 -= r2
	r0 <<= 3
	exit
a:
	r0 -= r2
	w0 <<= 3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 1
	if r2 == 1 goto L7
	r0 -= r2
	r0 <<= 3
	exit
L7:
	r0 -= r2
	w0 <<= 3
	exit
