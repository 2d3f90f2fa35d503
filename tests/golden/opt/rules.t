=== title
two shifts one way, with something between
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r2 <<= 3
	r3 += 1
	r2 <<= 5
	r0 = r2
	r0 += r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r3 += 1
	r2 <<= 8
	r0 = r2
	r0 += r3
	exit

=== title
must not: shifted out altogether
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	w0 >>= 20
	w0 >>= 12
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	w0 = 0
	exit

=== title
must not: the value between is read
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r2 <<= 3
	r0 = r2
	r2 <<= 5
	r0 ^= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r2 <<= 3
	r0 = r2
	r2 <<= 5
	r0 ^= r2
	exit

=== title
must not: a jump arrives between
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	if r2 == 0 goto a
	r0 <<= 3
a:
	r0 <<= 5
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	if r2 == 0 goto L5
	r0 <<= 3
L5:
	r0 <<= 5
	exit

=== title
shifts down and up: a mask
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 12
	r4 <<= 12
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= -4096
	r0 = r4
	exit

=== title
must not: the mask has more than 32 bits
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 40
	r4 <<= 40
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 40
	r4 <<= 40
	r0 = r4
	exit

=== title
32 bits up and down
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 <<= 9
	w4 >>= 9
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 &= 8388607
	r0 = r4
	exit

=== title
zero-extension and shift
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 32
	r4 >>= 40
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 >>= 8
	r0 = r4
	exit

=== title
sign-extension and shift
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 32
	r4 s>>= 32
	r4 <<= 3
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 = (s32)r4
	r4 <<= 3
	r0 = r4
	exit

=== title
mask of bits that are shifted out
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= -256
	r4 >>= 8
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 8
	r0 = r4
	exit

=== title
must not: a bit that stays is masked
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= -512
	r4 >>= 8
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= -512
	r4 >>= 8
	r0 = r4
	exit

=== title
both operands shifted
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 <<= 5
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 += r5
	r4 <<= 5
	r0 = r4
	exit

=== title
must not: shifted otherwise
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 <<= 6
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 <<= 6
	r4 += r5
	r0 = r4
	exit

=== title
must not: the other operand is read again
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 <<= 5
	r4 += r5
	r4 ^= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 <<= 5
	r4 += r5
	r4 ^= r5
	r0 = r4
	exit

=== title
a mask of 40 ones
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r5 = 0xffffffffff ll
	r4 &= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 24
	r4 >>= 24
	r0 = r4
	exit

=== title
a mask of 24 high ones
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r5 = 0xffffff0000000000 ll
	r4 &= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 40
	r4 <<= 40
	r0 = r4
	exit

=== title
must not: a mask with a gap
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r5 = 0xff00ffffffff ll
	r4 &= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r0 = 0xff00ffffffff ll
	r0 &= r4
	exit

=== title
constants of masks
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= 0xff0
	r4 &= 0x3fc
	r5 |= 1
	r5 |= 4
	r4 ^= r5
	r4 ^= 5
	r4 ^= 6
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= 1008
	r5 |= 5
	r4 ^= r5
	r4 ^= 3
	r0 = r4
	exit

=== title
mask and set, set and mask
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= 0xff
	r4 |= -256
	r5 |= 15
	r5 &= -16
	r4 ^= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 |= -256
	r5 &= -16
	r4 ^= r5
	r0 = r4
	exit

=== title
the other mask
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r5 = r4
	r5 &= 7
	r4 -= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= -8
	r0 = r4
	exit

=== title
itself
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 |= r4
	r5 ^= r5
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 += 0
	r0 = r4
	exit

=== title
a mask of 32 bits in a register
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w5 = 0x80000000
	r4 &= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 &= -2147483648
	r0 = r4
	exit

=== title
must not: the constant is still read
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w5 = 0x80000000
	r4 &= r5
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w5 = -2147483648
	r4 &= r5
	r4 += r5
	r0 = r4
	exit

=== title
negatives
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r5 = -r5
	r4 += r5
	r4 ^= -1
	r4 += 1
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 -= r5
	r4 = -r4
	r0 = r4
	exit

=== title
powers of two
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 *= 8
	r4 /= 2
	r5 %= 16
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 3
	r4 >>= 1
	r5 &= 15
	r4 += r5
	r0 = r4
	exit

=== title
must not: no power of two
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 *= 12
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 *= 12
	r0 = r4
	exit

=== title
extensions that are not seen
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 = w4
	w4 += 3
	r5 <<= 32
	r5 s>>= 32
	w4 ^= w5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 += 3
	w4 ^= w5
	r0 = r4
	exit

=== title
low halves of 64-bit operations
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 += r5
	w4 = w4
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 += w5
	r0 = r4
	exit

=== title
must not: a shift down
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 3
	w4 = w4
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 3
	w0 = w4
	exit

=== title
shifts to signed moves at level 4
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 <<= 24
	w4 s>>= 24
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 = (s8)w4
	r0 = r4
	exit

=== title
must not: level 3 has no signed moves
=== args
optimize --passes=rules --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 <<= 24
	w4 s>>= 24
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 <<= 24
	w4 s>>= 24
	r0 = r4
	exit

=== title
a narrow store
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 &= 255
	*(u8 *)(r10 - 1) = r4
	r4 = *(u8 *)(r10 - 1)
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	*(u8 *)(r10 - 1) = r4
	r4 = *(u8 *)(r10 - 1)
	r0 = r4
	exit

=== title
must not: the store shows a masked bit
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 &= 127
	*(u8 *)(r10 - 1) = r4
	r4 = *(u8 *)(r10 - 1)
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	w4 &= 127
	*(u8 *)(r10 - 1) = r4
	r4 = *(u8 *)(r10 - 1)
	r0 = r4
	exit

=== title
sum and comparison
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 += 5
	if r4 == 12 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	if r4 == 7 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
must not: the order of sums
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 += 5
	if r4 > 12 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 += 5
	if r4 > 12 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
difference compared with zero
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 -= r5
	if r4 != 0 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	if r4 != r5 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
shift compared with zero
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 12
	if r4 == 0 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	if r4 <= 4095 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
at level 1 there is no less-or-equal
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 12
	if r4 == 0 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 12
	if r4 == 0 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
the sign
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 63
	if r4 != 0 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	if r4 s<= -1 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
shift, mask and constant
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 >>= 4
	r4 &= 7
	if r4 == 5 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= 112
	if r4 == 80 goto L12
	r4 = 1
	goto L13
L12:
	r4 = 2
L13:
	r0 = r4
	exit

=== title
one bit
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 &= 16
	if r4 == 16 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	if r4 & 16 goto L11
	r4 = 1
	goto L12
L11:
	r4 = 2
L12:
	r0 = r4
	exit

=== title
sign-extended for a comparison
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 32
	r4 s>>= 32
	if r4 s> -7 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	if w4 s> -7 goto L12
	r4 = 1
	goto L13
L12:
	r4 = 2
L13:
	r0 = r4
	exit

=== title
must not: the extended value is read
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 32
	r4 s>>= 32
	r0 = 1
	if r4 s> -7 goto L
	r4 += 1
L:
	r5 = r4
	if r5 == 3 goto yes
	r4 = 1
	goto out
yes:
	r4 = 2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 = (s32)r4
	r0 = 1
	if r4 s> -7 goto L13
	r4 += 1
L13:
	if r4 == 3 goto L16
	r4 = 1
	goto L17
L16:
	r4 = 2
L17:
	r0 = r4
	exit

=== title
swaps
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 = be32 r4
	r4 >>= 16
	r5 &= 0xffff
	r5 = be16 r5
	r4 ^= r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 = be16 r4
	r5 = be16 r5
	r4 ^= r5
	r0 = r4
	exit

=== title
swapped twice
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 = be64 r4
	r5 += 1
	r4 = be64 r4
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r5 += 1
	r4 += r5
	r0 = r4
	exit

=== title
something between reads it
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	*(u64 *)(r10 - 8) = r4
	r4 <<= 6
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	*(u64 *)(r10 - 8) = r4
	r4 <<= 6
	r0 = r4
	exit

=== title
something between writes the operand
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 += r4
	r4 = r3
	r4 <<= 6
	r4 += r5
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r2
	r5 = r3
	r5 *= r3
	r4 <<= 5
	r5 += r4
	r4 = r3
	r4 <<= 6
	r4 += r5
	r0 = r4
	exit

=== title
must not: a shift that the kernel refuses has no meaning for rules
=== args
optimize --passes=rules -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	w0 >>= 41
	w0 <<= 41
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	w0 >>= 41
	w0 <<= 41
	exit

=== title
left side before and after a branch; the other way needs nothing of it
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	w0 &= -64
	if r6 == 5 goto out
	r0 >>= 6
	exit
out:
	r0 = 2
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	if r6 == 5 goto L8
	w0 >>= 6
	exit
L8:
	r0 = 2
	exit

=== title
the same where the branch is taken
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	w0 &= -64
	if r6 == 5 goto out
	r0 = 2
	exit
out:
	r0 >>= 6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	if r6 == 5 goto L8
	r0 = 2
	exit
L8:
	w0 >>= 6
	exit

=== title
must not: the other way reads what goes
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	w0 &= -64
	if r6 == 5 goto out
	r0 >>= 6
	exit
out:
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 &= -64
	if r6 == 5 goto L8
	r0 >>= 6
	exit
L8:
	exit

=== title
must not: control also comes another way
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	if r6 == 7 goto out
	w0 &= -64
	if r6 == 5 goto out
	r0 = 1
	exit
out:
	r0 >>= 6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	if r6 == 7 goto L9
	w0 &= -64
	if r6 == 5 goto L9
	r0 = 1
	exit
L9:
	r0 >>= 6
	exit

=== title
must not: the branch reads it
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	w0 &= -64
	if r0 == 5 goto out
	r0 >>= 6
	exit
out:
	r0 = 2
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 &= -64
	if r0 == 5 goto L8
	r0 >>= 6
	exit
L8:
	r0 = 2
	exit
