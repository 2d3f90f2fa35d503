=== title
a copy by parts from the packet to the stack
=== args
optimize --passes=pairs -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u32 *)(r2 + 0)
	*(u32 *)(r10 - 8) = r4
	r4 = *(u32 *)(r2 + 4)
	*(u32 *)(r10 - 4) = r4
	r0 = *(u64 *)(r10 - 8)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L12
	r4 = *(u64 *)(r2 + 0)
	*(u64 *)(r10 - 8) = r4
	r0 = *(u64 *)(r10 - 8)
	exit
L12:
	r0 = 2
	exit

=== title
must not store over what the second part reads
=== args
optimize --passes=pairs -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 20
	if r4 > r3 goto out
	r4 = *(u32 *)(r2 + 0)
	*(u32 *)(r2 + 4) = r4
	r4 = *(u32 *)(r2 + 4)
	*(u32 *)(r2 + 8) = r4
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 20
	if r4 > r3 goto L10
	r4 = *(u32 *)(r2 + 0)
	*(u32 *)(r2 + 4) = r4
	r4 = *(u32 *)(r2 + 4)
	*(u32 *)(r2 + 8) = r4
L10:
	r0 = 2
	exit

=== title
must not make an unaligned access to the stack
=== args
optimize --passes=pairs -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u32 *)(r2 + 0)
	*(u32 *)(r10 - 12) = r4
	r4 = *(u32 *)(r2 + 4)
	*(u32 *)(r10 - 8) = r4
	r0 = *(u32 *)(r10 - 12)
	r1 = *(u32 *)(r10 - 8)
	r0 += r1
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L14
	r4 = *(u32 *)(r2 + 0)
	*(u32 *)(r10 - 12) = r4
	r4 = *(u32 *)(r2 + 4)
	*(u32 *)(r10 - 8) = r4
	r0 = *(u32 *)(r10 - 12)
	r1 = *(u32 *)(r10 - 8)
	r0 += r1
	exit
L14:
	r0 = 2
	exit

=== title
must not widen an access to the context
=== args
optimize --passes=pairs -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r4 = *(u32 *)(r1 + 8)
	*(u32 *)(r10 - 8) = r4
	r4 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r4
	r0 = *(u64 *)(r10 - 8)
	exit
=== expect
f:
	r4 = *(u32 *)(r1 + 8)
	*(u32 *)(r10 - 8) = r4
	r4 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r4
	r0 = *(u64 *)(r10 - 8)
	exit
