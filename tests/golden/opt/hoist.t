=== title
the constant of one arm
=== args
optimize --passes=hoist -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	if r2 == 1 goto a
	r0 = r2
	goto b
a:
	r0 = 7
b:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 7
	if r2 == 1 goto L6
	r0 = r2
	goto L6
L6:
	exit

=== title
must not when the other arm reads the register
=== args
optimize --passes=hoist -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = 3
	if r2 == 1 goto a
	r0 += r2
	goto b
a:
	r0 = 7
b:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = 3
	if r2 == 1 goto L6
	r0 += r2
	goto L7
L6:
	r0 = 7
L7:
	exit

=== title
must not when the condition reads it
=== args
optimize --passes=hoist -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	if r0 == 1 goto a
	r0 = 4
	goto b
a:
	r0 = 7
b:
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	if r0 == 1 goto L5
	r0 = 4
	goto L6
L5:
	r0 = 7
L6:
	exit
