=== title
addresses that change places
=== args
optimize --passes=six -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 14
	if r1 > r2 goto out
	r1 = *(u32 *)(r6 + 0)
	r2 = *(u32 *)(r6 + 6)
	*(u32 *)(r6 + 0) = r2
	r2 = *(u16 *)(r6 + 10)
	r3 = *(u16 *)(r6 + 4)
	*(u16 *)(r6 + 10) = r3
	*(u32 *)(r6 + 6) = r1
	*(u16 *)(r6 + 4) = r2
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 14
	if r1 > r2 goto L15
	r1 = *(u32 *)(r6 + 0)
	r2 = *(u64 *)(r6 + 6)
	r3 = *(u16 *)(r6 + 4)
	*(u64 *)(r6 + 0) = r2
	*(u16 *)(r6 + 10) = r3
	*(u32 *)(r6 + 6) = r1
L15:
	exit

=== title
must not beyond what was proven
=== args
optimize --passes=six -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 12
	if r1 > r2 goto out
	r1 = *(u32 *)(r6 + 0)
	r2 = *(u32 *)(r6 + 6)
	*(u32 *)(r6 + 0) = r2
	r2 = *(u16 *)(r6 + 10)
	r3 = *(u16 *)(r6 + 4)
	*(u16 *)(r6 + 10) = r3
	*(u32 *)(r6 + 6) = r1
	*(u16 *)(r6 + 4) = r2
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 12
	if r1 > r2 goto L15
	r1 = *(u32 *)(r6 + 0)
	r2 = *(u32 *)(r6 + 6)
	*(u32 *)(r6 + 0) = r2
	r2 = *(u16 *)(r6 + 10)
	r3 = *(u16 *)(r6 + 4)
	*(u16 *)(r6 + 10) = r3
	*(u32 *)(r6 + 6) = r1
	*(u16 *)(r6 + 4) = r2
L15:
	exit

=== title
must not when the bytes beyond are not overwritten
=== args
optimize --passes=six -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto out
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto L11
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
L11:
	exit

=== title
must not when the bytes beyond are read before they are overwritten
=== args
optimize --passes=six -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto out
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
	r0 = *(u8 *)(r6 + 7)
	*(u16 *)(r6 + 6) = 5
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto L13
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
	r0 = *(u8 *)(r6 + 7)
	*(u16 *)(r6 + 6) = 5
L13:
	exit

=== title
the bytes beyond get a constant
=== args
optimize --passes=six -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto out
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
	*(u16 *)(r6 + 6) = 5
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto L12
	r1 = *(u64 *)(r6 + 16)
	*(u64 *)(r6 + 0) = r1
	*(u16 *)(r6 + 6) = 5
L12:
	exit

=== title
must not when the ways differ in what they proved
=== args
optimize --passes=six -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto out
	goto in
out:
	r0 = 2
in:
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
	*(u16 *)(r6 + 6) = 5
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r2 = *(u32 *)(r1 + 4)
	r0 = 1
	r1 = r6
	r1 += 34
	if r1 > r2 goto L8
	goto L9
L8:
	r0 = 2
L9:
	r1 = *(u32 *)(r6 + 16)
	*(u32 *)(r6 + 0) = r1
	r1 = *(u16 *)(r6 + 20)
	*(u16 *)(r6 + 4) = r1
	*(u16 *)(r6 + 6) = 5
	exit
