=== title
two shifts one way, with something between
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r2 <<= 3
	r3 += 1
	r2 <<= 5
	r0 = r2
	r0 += r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r3 += 1
	r2 <<= 8
	r0 = r2
	r0 += r3
	exit

=== title
must not: shifted out altogether
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	w0 >>= 20
	w0 >>= 12
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	w0 >>= 20
	w0 >>= 12
	exit

=== title
must not: the value between is read
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r2 <<= 3
	r0 = r2
	r2 <<= 5
	r0 += r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r2 <<= 3
	r0 = r2
	r2 <<= 5
	r0 += r2
	exit

=== title
must not: a jump arrives between
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	if r2 == 0 goto a
	r0 <<= 3
a:
	r0 <<= 5
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	if r2 == 0 goto L5
	r0 <<= 3
L5:
	r0 <<= 5
	exit
