=== title
must not take a guard of a pointer with an unknown part of which nothing is proven
=== args
optimize --passes=ranges -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto out
	r4 = *(u8 *)(r2 + 0)
	r2 += 14
	if r4 == 5 goto j
	r2 += 4
j:
	r3 = r2
	r3 += 20
	if r3 > r6 goto out
	r0 = *(u8 *)(r2 + 19)
	r0 &= 1
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto L16
	r4 = *(u8 *)(r2 + 0)
	r2 += 14
	if r4 == 5 goto L11
	r2 += 4
L11:
	r3 = r2
	r3 += 20
	if r3 > r6 goto L16
	r0 = *(u8 *)(r2 + 19)
	r0 &= 1
L16:
	exit

=== title
a guard that an earlier one covers
=== args
optimize --passes=ranges -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto out
	r4 = r2
	r4 += 14
	if r4 > r6 goto out
	r0 = *(u8 *)(r2 + 13)
	r0 &= 1
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto L12
	r4 = r2
	r4 += 14
	r0 = *(u8 *)(r2 + 13)
	r0 &= 1
L12:
	exit
