=== title
two static functions that are the same
=== args
optimize --passes=dedup -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = r1
	call one
	r7 = r0
	r1 = r6
	call two
	r0 += r7
	exit
.section ".text"
.func one local
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto big
	r0 <<= 2
big:
	exit
.func two local
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto big
	r0 <<= 2
big:
	exit
=== expect
f:
	r6 = r1
	call one
	r7 = r0
	r1 = r6
	call one
	r0 += r7
	exit
one:
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto L11
	r0 <<= 2
L11:
	exit
two:
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto L15
	r0 <<= 2
L15:
	exit

=== title
proved, and callees that are the same, too
=== args
optimize --passes=dedup --prove -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_get_smp_processor_id
	r1 = 5
	call one
	r6 = r0
	r1 = 6
	call two
	r0 += r6
	exit
.section ".text"
.func one local
	call in_one
	r0 += 1
	exit
.func two local
	call in_two
	r0 += 1
	exit
.func in_one local
	r0 = r1
	r0 *= 3
	exit
.func in_two local
	r0 = r1
	r0 *= 3
	exit
=== expect
f:
	call bpf_get_smp_processor_id#8
	r1 = 5
	call one
	r6 = r0
	r1 = 6
	call one
	r0 += r6
	exit
one:
	call in_one
	r0 += 1
	exit
two:
	call in_two
	r0 += 1
	exit
in_one:
	r0 = r1
	r0 *= 3
	exit
in_two:
	r0 = r1
	r0 *= 3
	exit

=== title
must not: a constant, a width, a target differs
=== args
optimize --passes=dedup -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = r1
	call one
	r1 = r6
	call two
	r1 = r6
	call three
	r1 = r6
	call four
	exit
.section ".text"
.func one local
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto big
	r0 <<= 2
big:
	r0 += 1
	exit
.func two local
	r0 = *(u32 *)(r1 + 12)
	if r0 > 8 goto big
	r0 <<= 2
big:
	r0 += 1
	exit
.func three local
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto big
	w0 <<= 2
big:
	r0 += 1
	exit
.func four local
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto big
	r0 <<= 2
	r0 += 1
big:
	exit
=== expect
f:
	r6 = r1
	call one
	r1 = r6
	call two
	r1 = r6
	call three
	r1 = r6
	call four
	exit
one:
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto L13
	r0 <<= 2
L13:
	r0 += 1
	exit
two:
	r0 = *(u32 *)(r1 + 12)
	if r0 > 8 goto L18
	r0 <<= 2
L18:
	r0 += 1
	exit
three:
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto L23
	w0 <<= 2
L23:
	r0 += 1
	exit
four:
	r0 = *(u32 *)(r1 + 12)
	if r0 > 7 goto L29
	r0 <<= 2
	r0 += 1
L29:
	exit

=== title
must not: one gets the context, the other the stack
=== args
optimize --passes=dedup -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 3
	call one
	r1 = r10
	r1 += -16
	call two
	exit
.section ".text"
.func one local
	r0 = *(u32 *)(r1 + 12)
	exit
.func two local
	r0 = *(u32 *)(r1 + 12)
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 3
	call one
	r1 = r10
	r1 += -16
	call two
	exit
one:
	r0 = *(u32 *)(r1 + 12)
	exit
two:
	r0 = *(u32 *)(r1 + 12)
	exit

=== title
must not: global functions are verified alone, by their types
=== args
optimize --passes=dedup -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = 1
	call one
	r1 = 1
	call two
	exit
.section ".text"
.func one
	r0 = 1
	exit
.func two
	r0 = 1
	exit
=== expect
f:
	r1 = 1
	call one
	r1 = 1
	call two
	exit
one:
	r0 = 1
	exit
two:
	r0 = 1
	exit
