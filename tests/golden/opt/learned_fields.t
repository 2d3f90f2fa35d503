=== title
a field that is one of two neighbours
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 7
	r6 += -1
	if r6 > 1 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 += 7
	if r6 & 6 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
must not: the neighbours go around the end of the field
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 7
	r6 += -6
	if r6 > 3 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 7
	r6 += -6
	if r6 > 3 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
must not: as many neighbours as no power of two
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 7
	r6 += -1
	if r6 > 2 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 7
	r6 += -1
	if r6 > 2 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
a byte in a range needs no mask
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 255
	r6 += -33
	r6 &= 255
	if r6 > 23 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 255
	r6 += -33
	if r6 > 23 goto L9
	r0 = 1
	exit
L9:
	r0 = 0
	exit

=== title
a byte in a range that goes around
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 255
	r6 += -33
	r6 &= 255
	if r6 > 223 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 255
	r6 += -33
	if r6 > -33 goto L9
	r0 = 1
	exit
L9:
	r0 = 0
	exit

=== title
two parts that must both be zero need not be joined
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 16
	r6 |= r7
	if r6 == 0 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 |= r7
	if r6 == 0 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
must not: the shift drops bits of the first part
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 40
	r6 |= r7
	if r6 == 0 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 40
	r6 |= r7
	if r6 == 0 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
bits chosen by a mask
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 8)
	r6 &= r7
	r7 ^= -1
	r8 &= r7
	r8 |= r6
	r0 = r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 8)
	r6 ^= r8
	r6 &= r7
	r8 ^= r6
	r0 = r8
	exit

=== title
must not: the inverted mask is read later
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 8)
	r6 &= r7
	r7 ^= -1
	r8 &= r7
	r8 |= r6
	r0 = r8
	r0 += r7
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 8)
	r6 &= r7
	r7 ^= -1
	r8 &= r7
	r8 |= r6
	r0 = r8
	r0 += r7
	exit

=== title
two numbers shifted alike are shifted once
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 3
	r7 <<= 3
	r7 -= r6
	r0 = r7
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r7 -= r6
	r7 <<= 3
	r0 = r7
	exit

=== title
must not: shifted by different counts
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 3
	r7 <<= 4
	r7 -= r6
	r0 = r7
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 3
	r7 <<= 4
	r7 -= r6
	r0 = r7
	exit

=== title
must not: a sum of numbers shifted down has another carry
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 >>= 3
	r7 >>= 3
	r7 += r6
	r0 = r7
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 >>= 3
	r7 >>= 3
	r7 += r6
	r0 = r7
	exit

=== title
a field of the upper half that must be one
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 31
	r6 += r7
	r7 = 0x7f80000000000000 ll
	r6 &= r7
	r7 = 0x80000000000000 ll
	if r6 != r7 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 31
	r6 += r7
	r7 = 0x7f80000000000000 ll
	r6 += r7
	if r6 & r7 goto L11
	r0 = 1
	exit
L11:
	r0 = 0
	exit

=== title
must not: the field must be two
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 31
	r6 += r7
	r7 = 0x7f80000000000000 ll
	r6 &= r7
	r7 = 0x100000000000000 ll
	if r6 != r7 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 31
	r6 += r7
	r7 = 0x7f80000000000000 ll
	r6 &= r7
	r7 = 0x100000000000000 ll
	if r6 != r7 goto L11
	r0 = 1
	exit
L11:
	r0 = 0
	exit

=== title
a count and one more, as bytes, above a size
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 3
	r6 += 8
	if r6 > r7 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r7 >>= 3
	if r6 >= r7 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
must not: two more
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 3
	r6 += 16
	if r6 > r7 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 3
	r6 += 16
	if r6 > r7 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
halves with signs compared
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 = (s32)r6
	r7 = (s32)r7
	if r6 s> r7 goto L1
	r0 = 1
	exit
L1:
	r0 = 0
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	if w6 s> w7 goto L8
	r0 = 1
	exit
L8:
	r0 = 0
	exit

=== title
a bit cleared whose number is in a register
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = 1
	r8 <<= r6
	r8 ^= -1
	r0 = r7
	r0 &= r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r0 = 1
	r0 <<= r6
	r0 &= r7
	r0 ^= r7
	exit

=== title
must not: the lower half of a pointer is a number, the pointer is none
=== args
optimize --passes=rules --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r7 = *(u32 *)(r1 + 4)
	r6 = r10
	w8 = w6
	w8 <<= 3
	w7 |= w8
	w0 = w7
	exit
=== expect
f:
	r7 = *(u32 *)(r1 + 4)
	r6 = r10
	w8 = w6
	w8 <<= 3
	w7 |= w8
	w0 = w7
	exit
