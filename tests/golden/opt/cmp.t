=== title
a constant on the left
=== args
optimize --passes=cmp --cpu v2 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = 5
	r0 = 1
	if r3 > r2 goto a
	r0 = 2
a:
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = 5
	r0 = 1
	if r2 < 5 goto L6
	r0 = 2
L6:
	exit

=== title
a byte swap into the constant
=== args
optimize --passes=cmp -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u16 *)(r2 + 12)
	r4 = be16 r4
	if r4 == 0x800 goto out
	r0 = 1
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
	if r4 > r3 goto L11
	r4 = *(u16 *)(r2 + 12)
	if r4 == 8 goto L11
	r0 = 1
	exit
L11:
	r0 = 2
	exit

=== title
must not swap into the constant of an order
=== args
optimize --passes=cmp -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u16 *)(r2 + 12)
	r4 = be16 r4
	if r4 > 0x800 goto out
	r0 = 1
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
	if r4 > r3 goto L11
	r4 = *(u16 *)(r2 + 12)
	r4 = be16 r4
	if r4 > 2048 goto L11
	r0 = 1
	exit
L11:
	r0 = 2
	exit

=== title
must not drop a swap that cuts bits off
=== args
optimize --passes=cmp -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u32 *)(r2 + 10)
	r4 = be16 r4
	if r4 == 0x800 goto out
	r0 = 1
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
	if r4 > r3 goto L11
	r4 = *(u32 *)(r2 + 10)
	r4 = be16 r4
	if r4 == 2048 goto L11
	r0 = 1
	exit
L11:
	r0 = 2
	exit

=== title
must not drop a swap whose result is used
=== args
optimize --passes=cmp -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u16 *)(r2 + 12)
	r4 = be16 r4
	r0 = r4
	if r4 == 0x800 goto out
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
	if r4 > r3 goto L11
	r4 = *(u16 *)(r2 + 12)
	r4 = be16 r4
	r0 = r4
	if r4 == 2048 goto L11
	exit
L11:
	r0 = 2
	exit
