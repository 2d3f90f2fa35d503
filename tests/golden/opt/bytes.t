=== title
four bytes of the packet, highest first
=== args
optimize --passes=bytes -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r0 = *(u8 *)(r2 + 0)
	r0 <<= 24
	r4 = *(u8 *)(r2 + 1)
	r4 <<= 16
	r0 |= r4
	r4 = *(u8 *)(r2 + 2)
	r4 <<= 8
	r0 |= r4
	r4 = *(u8 *)(r2 + 3)
	r0 |= r4
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
	if r4 > r3 goto L17
	r0 = *(u8 *)(r2 + 0)
	r0 <<= 24
	r4 = *(u8 *)(r2 + 1)
	r4 <<= 16
	r0 |= r4
	r4 = *(u8 *)(r2 + 2)
	r4 <<= 8
	r0 |= r4
	r4 = *(u8 *)(r2 + 3)
	r0 = *(u32 *)(r2 + 0)
	r0 = be32 r0
	exit
L17:
	r0 = 2
	exit

=== title
a value stored byte by byte
=== args
optimize --passes=bytes -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r5 = *(u32 *)(r1 + 12)
	*(u8 *)(r2 + 0) = r5
	r5 >>= 8
	*(u8 *)(r2 + 1) = r5
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L10
	r5 = *(u32 *)(r1 + 12)
	*(u16 *)(r2 + 0) = r5
	r5 >>= 8
L10:
	r0 = 2
	exit

=== title
must not read what was written between
=== args
optimize --passes=bytes -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r0 = *(u8 *)(r2 + 0)
	*(u8 *)(r2 + 1) = 7
	r4 = *(u8 *)(r2 + 1)
	r4 <<= 8
	*(u8 *)(r2 + 0) = 8
	r0 |= r4
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
	if r4 > r3 goto L13
	r0 = *(u8 *)(r2 + 0)
	*(u8 *)(r2 + 1) = 7
	r4 = *(u8 *)(r2 + 1)
	r4 <<= 8
	*(u8 *)(r2 + 0) = 8
	r0 |= r4
	exit
L13:
	r0 = 2
	exit

=== title
must not join bytes that are not neighbours
=== args
optimize --passes=bytes -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r0 = *(u8 *)(r2 + 0)
	r4 = *(u8 *)(r2 + 2)
	r4 <<= 8
	r0 |= r4
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
	r0 = *(u8 *)(r2 + 0)
	r4 = *(u8 *)(r2 + 2)
	r4 <<= 8
	r0 |= r4
	exit
L11:
	r0 = 2
	exit

=== title
in a big-endian object the highest byte first is the order of the machine
=== args
optimize --passes=bytes -S %in.s
=== input
.object big
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r0 = *(u8 *)(r2 + 0)
	r0 <<= 8
	r4 = *(u8 *)(r2 + 1)
	r0 |= r4
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
	r0 = *(u8 *)(r2 + 0)
	r0 <<= 8
	r4 = *(u8 *)(r2 + 1)
	r0 = *(u16 *)(r2 + 0)
	exit
L11:
	r0 = 2
	exit
