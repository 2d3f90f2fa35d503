=== title
a branch over a jump, a jump to a jump, a jump to an exit
=== args
optimize --passes=branch -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	if r0 == 1 goto a
	goto b
a:
	r0 = 5
	goto c
b:
	r0 += 1
c:
	goto d
d:
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	if r0 != 1 goto L6
	r0 = 5
	exit
L6:
	r0 += 1
	exit
	exit

=== title
must not invert a test of bits: it has no opposite
=== args
optimize --passes=branch -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	if r0 & 8 goto a
	goto b
a:
	r0 += 5
b:
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	if r0 & 8 goto L4
	exit
L4:
	r0 += 5
	exit
