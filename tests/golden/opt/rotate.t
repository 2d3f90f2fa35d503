=== title
as hashes have it
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 <<= 32
	r4 |= r2
	r4 >>= 18
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit

=== title
the other way round, stored and used in place
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 <<= 9
	w4 = w2
	w4 >>= 23
	w4 ^= w3
	*(u32 *)(r10 - 4) = r4
	w4 += 7
	r0 = r4
	r0 += r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 <<= 32
	r4 |= r2
	r4 >>= 23
	*(u32 *)(r10 - 4) = r4
	w4 += 7
	r0 = r4
	r0 += r2
	exit

=== title
must not: the upper half is needed
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	r5 -= r4
	r0 = r5
	r0 ^= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	r5 -= r4
	r0 = r5
	r0 ^= r2
	exit

=== title
must not: all eight bytes are stored
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	*(u64 *)(r10 - 8) = r4
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	*(u64 *)(r10 - 8) = r4
	r0 = r2
	exit

=== title
must not: it is needed in another block
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	if w5 == 7 goto out
	w5 -= w4
	w0 = w5
	w0 ^= w2
out:
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	if w5 == 7 goto L12
	w5 -= w4
	w0 = w5
	w0 ^= w2
L12:
	r0 = r4
	exit

=== title
must not: a comparison
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	if r4 == 7 goto out
	w2 = 0
out:
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	if r4 == 7 goto L10
	w2 = 0
L10:
	r0 = r2
	exit

=== title
must not: amounts that do not make 32
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 17
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 17
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit

=== title
must not: the other half is needed
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 += w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 += w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit

=== title
must not: two values
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w5
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w4 = w5
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit

=== title
must not: the value is written between
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w2 += 1
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r5 = *(u32 *)(r1 + 16)
	w3 = w2
	w3 >>= 18
	w2 += 1
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit

=== title
must not: 64 bits may be in it
=== args
optimize --passes=rotate -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_ktime_get_ns
	r2 = r0
	r5 = 3
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
=== expect
f:
	call bpf_ktime_get_ns#5
	r2 = r0
	r5 = 3
	w3 = w2
	w3 >>= 18
	w4 = w2
	w4 <<= 14
	w4 |= w3
	w5 -= w4
	w0 = w5
	w0 ^= w2
	exit
