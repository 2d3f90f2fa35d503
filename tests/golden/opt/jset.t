=== title
copy, mask, comparison
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r3 &= 2
	if r3 != 0 goto a
	r2 = 0
a:
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	if r2 & 2 goto L6
	r2 = 0
L6:
	r0 = r2
	exit

=== title
a mask in a register
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 = 0
	r2 &= r3
	if r2 != 0 goto a
	r0 = 1
a:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 = 0
	if r2 & r3 goto L7
	r0 = 1
L7:
	exit

=== title
at zero with a copy the ways change places
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r3 &= 1
	if r3 == 0 goto a
	r2 = 0
a:
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	if r2 & 1 goto L5
	goto L6
L5:
	r2 = 0
L6:
	r0 = r2
	exit

=== title
must not at zero where nothing is saved
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r2 &= 1
	if r2 == 0 goto a
	r0 = 1
a:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r2 &= 1
	if r2 == 0 goto L6
	r0 = 1
L6:
	exit

=== title
must not when the masked value is read
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r2 &= 6
	if r2 != 0 goto a
	exit
a:
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r2 &= 6
	if r2 != 0 goto L6
	exit
L6:
	r0 = r2
	exit

=== title
the original changes between: the copy stays
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r3 = r2
	r3 &= 6
	r2 += 1
	if r3 != 0 goto a
	exit
a:
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r3 = r2
	r2 += 1
	if r3 & 6 goto L8
	exit
L8:
	r0 = r2
	exit

=== title
a negative mask of 32 bits needs the test of 32 bits
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u64 *)(r10 - 8)
	r2 = *(u32 *)(r1 + 12)
	r2 *= r2
	r0 = 0
	w2 &= -8
	if r2 != 0 goto a
	r0 = 1
a:
	exit
=== expect
f:
	r2 = *(u64 *)(r10 - 8)
	r2 = *(u32 *)(r1 + 12)
	r2 *= r2
	r0 = 0
	if w2 & -8 goto L8
	r0 = 1
L8:
	exit

=== title
must not compare another constant
=== args
optimize --passes=jset --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r2 &= 6
	if r2 != 2 goto a
	r0 = 1
a:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 0
	r2 &= 6
	if r2 != 2 goto L6
	r0 = 1
L6:
	exit
