=== title
the other operand takes the sum
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r3 *= 5
	r4 = r2
	r4 += r3
	r0 = r4
	r0 ^= r2
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r3 *= 5
	r3 += r0
	r0 ^= r3
	exit

=== title
a number takes the frame pointer
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r6
	r3 = r6
	r3 &= 3
	r1 = r10
	r1 += r3
	r2 = 4
	r0 = r1
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r6
	r3 = r6
	r3 &= 3
	r3 += r10
	r2 = 4
	r0 = r3
	exit

=== title
must not when the other operand is read behind
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 += r3
	r0 = r4
	r0 ^= r2
	r0 *= r3
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r0
	r4 += r3
	r0 ^= r4
	r0 *= r3
	exit

=== title
must not subtract the other way
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 -= r3
	r0 = r4
	r0 ^= r2
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r0
	r4 -= r3
	r0 ^= r4
	exit

=== title
must not when what was copied changes between
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r2 += 1
	r4 += r3
	r0 = r4
	r0 ^= r2
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r0
	r0 += 1
	r4 += r3
	r0 ^= r4
	exit

=== title
a constant into the address of a variable
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = a ll
	r2 += 4
	r0 = *(u32 *)(r2 + 0)
	exit
=== expect
f:
	r2 = a+4 ll
	r0 = *(u32 *)(r2 + 0)
	exit

=== title
must not past the end of its section
=== args
optimize --passes=commute -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = a ll
	r2 += 8
	r0 = *(u32 *)(r2 - 4)
	exit
=== expect
f:
	r2 = a ll
	r2 += 8
	r0 = *(u32 *)(r2 - 4)
	exit
