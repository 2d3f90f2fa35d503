=== title
a copy, and an addition to an address
=== args
optimize --passes=forward -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = r1
	r2 = r6
	r2 += 8
	r0 = *(u32 *)(r2 + 4)
	r3 = r0
	r0 += r3
	exit
=== expect
f:
	r6 = r1
	r2 = r1
	r2 += 8
	r0 = *(u32 *)(r1 + 12)
	r3 = r0
	r0 += r0
	exit

=== title
must not use the original after it was written
=== args
optimize --passes=forward -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r2 += 1
	r0 = r3
	r0 += r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r2 += 1
	r0 = r3
	r0 += r2
	exit

=== title
must not follow a 32-bit copy
=== args
optimize --passes=forward -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = -1
	w3 = w2
	r0 = r3
	r0 >>= 8
	exit
=== expect
f:
	r2 = -1
	w3 = w2
	r0 = r3
	r0 >>= 8
	exit

=== title
must not hand a copy on to a place that other paths reach
=== args
optimize --passes=forward -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	if r2 == 1 goto a
	r3 = 5
a:
	r0 = r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	if r2 == 1 goto L5
	r3 = 5
L5:
	r0 = r3
	exit

=== title
must keep a frame pointer that a store with release put on the stack for one
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = r10
	r1 += -16
	store_release(*(u64 *)(r10 - 8), r1)
	r2 = *(u64 *)(r10 - 8)
	*(u64 *)(r10 - 16) = 7
	*(u64 *)(r2 + 0) = 9
	r0 = *(u64 *)(r10 - 16)
	exit
=== expect
f:
	r1 = r10
	r1 += -16
	store_release(*(u64 *)(r10 - 8), r1)
	r2 = *(u64 *)(r10 - 8)
	*(u64 *)(r10 - 16) = 7
	*(u64 *)(r2 + 0) = 9
	r0 = *(u64 *)(r10 - 16)
	exit
