=== title
a branch between constants goes one way, and what it does not reach goes
=== args
optimize --passes=unreach -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = 5
	if r1 == 5 goto a
	r0 = 1
	exit
a:
	r0 = 2
	exit
=== expect
f:
	r1 = 5
	r0 = 2
	exit

=== title
must not decide a branch on a value of two paths
=== args
optimize --passes=unreach -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = 5
	if r2 == 1 goto a
	r3 = 6
a:
	if r3 == 5 goto b
	r0 = 1
	exit
b:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = 5
	if r2 == 1 goto L5
	r3 = 6
L5:
	if r3 == 5 goto L8
	r0 = 1
	exit
L8:
	r0 = 2
	exit

=== title
must not decide by 64 bits what compares 32
=== args
optimize --passes=unreach -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = 0x100000005 ll
	if w1 == 5 goto a
	r0 = 1
	exit
a:
	r0 = 2
	exit
=== expect
f:
	r1 = 0x100000005 ll
	r0 = 2
	exit

=== title
a loop that nothing reaches
=== args
optimize --passes=unreach -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = 1
	goto out
again:
	r0 += 1
	if r0 > 9 goto other
	goto again
other:
	r0 = 5
	if r0 < 3 goto again
out:
	exit
=== expect
f:
	r0 = 1
	exit
