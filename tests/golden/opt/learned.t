=== title
a mask of what the shift drops
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
	r0 >>= 6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 >>= 6
	exit

=== title
must not: the mask takes more than the shift drops
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
	r0 >>= 5
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 &= -64
	r0 >>= 5
	exit

=== title
a mask of 32 bits needs no register
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	w1 = -64
	r0 &= r1
	r0 += r6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 &= -64
	r0 += r6
	exit

=== title
must not: the register is needed
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	w1 = -64
	r0 &= r1
	r0 += r1
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w1 = -64
	r0 &= r1
	r0 += r1
	exit

=== title
a shift does not change the sign
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r1 = r0
	r1 <<= 7
	r1 s>>= 3
	if r1 s> -1 goto l
	r0 = 1
	exit
l:
	r0 = 2
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r0 <<= 7
	if r0 s> -1 goto L10
	r0 = 1
	exit
L10:
	r0 = 2
	exit

=== title
must not: the shifted value is needed
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r1 = r0
	r1 <<= 7
	r1 s>>= 3
	if r1 s> -1 goto l
	r0 = r1
	exit
l:
	r0 = 2
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r1 = r0
	r1 <<= 7
	r1 s>>= 3
	if r1 s> -1 goto L10
	r0 = r1
	exit
L10:
	r0 = 2
	exit

=== title
the low half of a product
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r0 *= 3
	w0 = w0
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 *= 3
	exit

=== title
low bits compared
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 &= 255
	r1 = r0
	r1 &= 255
	if r6 != r1 goto l
	exit
l:
	r0 = 2
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r6 &= 255
	r6 -= r0
	if r6 & 255 goto L9
	exit
L9:
	r0 = 2
	exit

=== title
must not: more bits on the other side
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 &= 511
	r1 = r0
	r1 &= 255
	if r6 != r1 goto l
	exit
l:
	r0 = 2
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r6 &= 511
	r1 = r0
	r1 &= 255
	if r6 != r1 goto L9
	exit
L9:
	r0 = 2
	exit

=== title
the first byte of the other order
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r0 = bswap64 r0
	r0 >>= 56
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r0 &= 255
	exit

=== title
up and further down, of few bits
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r0 &= 255
	r0 <<= 8
	r0 >>= 10
	r0 += r6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r0 &= 255
	r0 >>= 2
	r0 += r6
	exit

=== title
must not: bits are lost at the top
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r0 *= r6
	r0 <<= 8
	r0 >>= 10
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r0 *= r6
	r0 <<= 8
	r0 >>= 10
	exit

=== title
a large constant added before the shift
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r0 <<= 4
	r1 = 0x100000000 ll
	r0 += r1
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r0 += 268435456
	r0 <<= 4
	exit

=== title
must not: the constant has low bits
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r0 <<= 4
	r1 = 0x100000008 ll
	r0 += r1
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r0 <<= 4
	r1 = 0x100000008 ll
	r0 += r1
	exit

=== title
a shift looks at the low bits of its amount alone
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 *= r0
	w6 = w6
	r0 <<= r6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r6 *= r0
	r0 <<= r6
	exit

=== title
the low half beside itself shifted up
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 <<= 32
	r0 = r6
	r0 >>= 32
	r0 += r6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	w0 = w6
	r6 <<= 32
	r0 += r6
	exit

=== title
a rotation of 16 bits
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 &= 65535
	r1 = r6
	r1 >>= 12
	r0 = r6
	r0 <<= 4
	r0 |= r1
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r6 &= 65535
	r0 = r6
	r0 *= 65537
	r0 >>= 12
	exit

=== title
must not: a rotation of what has more bits
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 &= 131071
	r1 = r6
	r1 >>= 12
	r0 = r6
	r0 <<= 4
	r0 |= r1
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r6 &= 131071
	r0 = r6
	r0 <<= 4
	r6 >>= 12
	r0 |= r6
	exit

=== title
the mask goes to the constant
=== args
optimize --passes=rules --cpu=v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_prandom_u32
	r6 = r0
	call bpf_get_prandom_u32
	r6 &= 255
	r6 ^= 771
	r6 &= 255
	r0 += r6
	exit
=== expect
f:
	call bpf_get_prandom_u32#7
	r6 = r0
	call bpf_get_prandom_u32#7
	r6 &= 255
	r6 ^= 3
	r0 += r6
	exit

=== title
an upper half that another rule gave up is no fact any more
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	call bpf_ktime_get_ns
	r6 = r0
	r6 *= r0
	r6 <<= 32
	r6 >>= 32
	w6 &= -1
	r0 = r6
	exit
=== expect
f:
	call bpf_ktime_get_ns#5
	r6 = r0
	r6 *= r0
	w6 &= -1
	r0 = r6
	exit

=== title
a sum folded to 16 bits twice, to see whether bits are left
=== args
optimize --passes=rules --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	call bpf_ktime_get_ns
	r6 = r0
	w7 = w6
	w7 >>= 16
	w6 &= 65535
	w6 += w7
	r6 *= 65537
	r0 = 1
	if w6 < -65536 goto out
	r0 = 2
out:
	exit
=== expect
f:
	call bpf_ktime_get_ns#5
	r6 = r0
	r0 = 1
	r6 *= 65537
	if w6 <= -65538 goto L11
	r0 = 2
L11:
	exit

=== title
behind a loop nobody reads the upper half, either
=== args
optimize --passes=rules --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = 0
again:
	r6 *= 31
	r6 <<= 32
	r6 s>>= 32
	r7 += 1
	if r7 < 5 goto again
	w0 = w6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = 0
L3:
	r6 *= 31
	r7 += 1
	if r7 < 5 goto L3
	w0 = w6
	exit

=== title
a part of a word as an index: masked where it stands, shifted once
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 >>= 16
	r6 &= 255
	r6 <<= 2
	r0 = r6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 &= 16711680
	r6 >>= 14
	r0 = r6
	exit

=== title
an index that is shifted up by more than down stays as it is
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 >>= 1
	r6 &= 255
	r6 <<= 2
	r0 = r6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 >>= 1
	r6 &= 255
	r6 <<= 2
	r0 = r6
	exit

=== title
a result that replaces its second operand needs no copy first
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = r6
	r8 ^= r7
	r7 = r8
	r0 = r7
	r0 *= r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r7 ^= r6
	r0 = r7
	r0 *= r7
	exit

=== title
an operand that is read afterwards stays where it is
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = r6
	r8 &= r7
	r9 = r8
	r0 = r9
	r0 += r7
	r0 += r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = r6
	r8 &= r7
	r0 = r8
	r0 += r7
	r0 += r8
	exit

=== title
a mask of bits that a shift does not read
=== args
optimize --passes=rules --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	w7 &= 31
	w6 <<= w7
	r0 = r6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	w6 <<= w7
	r0 = r6
	exit

=== title
halves shifted together, of which only the low half is read
=== args
optimize --passes=rules --cpu=v1 -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 24
	r8 = r7
	r8 >>= 8
	r6 |= r8
	w0 = w6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r6 <<= 32
	r6 += r7
	r6 >>= 8
	w0 = w6
	exit
