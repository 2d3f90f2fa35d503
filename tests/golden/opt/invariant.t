=== title
a product of what does not change
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
a:
	r7 = r8
	r7 *= 100
	r0 += r7
	r6 += 1
	if r6 < 9 goto a
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r7 = r8
	r7 *= 100
L7:
	r0 += r7
	r6 += 1
	if r6 < 9 goto L7
	exit

=== title
over a jump into the loop
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r8 += 3
	goto a
b:
	r7 = r8
	r7 *= 100
	r0 += r7
	r6 += 1
a:
	if r6 < 9 goto b
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r8 += 3
	r7 = r8
	r7 *= 100
	goto L11
L9:
	r0 += r7
	r6 += 1
L11:
	if r6 < 9 goto L9
	exit

=== title
an address of the frame, beside calls
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r9 = 0
	*(u64 *)(r10 - 8) = 0
a:
	r7 = r10
	r7 += -4
	*(u32 *)(r10 - 4) = r6
	r2 = r7
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto n
	r9 += 1
n:
	r6 += 1
	if r6 < 9 goto a
	r0 = r9
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r9 = 0
	*(u64 *)(r10 - 8) = 0
	r7 = r10
	r7 += -4
L9:
	*(u32 *)(r10 - 4) = r6
	r2 = r7
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L15
	r9 += 1
L15:
	r6 += 1
	if r6 < 9 goto L9
	r0 = r9
	exit

=== title
must not: an operand changes
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
a:
	r7 = r6
	r7 *= 100
	r0 += r7
	r6 += 1
	if r6 < 9 goto a
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
L5:
	r7 = r6
	r7 *= 100
	r0 += r7
	r6 += 1
	if r6 < 9 goto L5
	exit

=== title
must not: a call takes it away
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r9 = 0
a:
	r1 = 5
	r9 += r1
	call bpf_ktime_get_ns
	r9 += r0
	r6 += 1
	if r6 < 9 goto a
	r0 = r9
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r9 = 0
L6:
	r1 = 5
	r9 += r1
	call bpf_ktime_get_ns#5
	r9 += r0
	r6 += 1
	if r6 < 9 goto L6
	r0 = r9
	exit

=== title
must not: read from the round before
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r7 = 1
a:
	r0 += r7
	r7 = r8
	r7 *= 100
	r6 += 1
	if r6 < 9 goto a
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
	r7 = 1
L6:
	r0 += r7
	r7 = r8
	r7 *= 100
	r6 += 1
	if r6 < 9 goto L6
	exit

=== title
must not: read between
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
a:
	r7 = r8
	r0 += r7
	r7 *= 100
	r0 += r7
	r6 += 1
	if r6 < 9 goto a
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
L5:
	r7 = r8
	r0 += r7
	r7 *= 100
	r0 += r7
	r6 += 1
	if r6 < 9 goto L5
	exit

=== title
must not: written on two ways
=== args
optimize --passes=invariant -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
a:
	r7 = 1
	if r6 == 3 goto b
	r7 = 2
b:
	r0 += r7
	r6 += 1
	if r6 < 9 goto a
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r8 = *(u32 *)(r1 + 16)
	r6 &= 7
	r0 = 0
L5:
	r7 = 1
	if r6 == 3 goto L8
	r7 = 2
L8:
	r0 += r7
	r6 += 1
	if r6 < 9 goto L5
	exit
