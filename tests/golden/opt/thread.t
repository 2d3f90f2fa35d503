=== title
flags that are put together from two comparisons
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u16 *)(r1 + 12)
	r2 = 1
	r5 = 1
	if r3 == 129 goto a
	r5 = 0
	if r3 == 43144 goto b
a:
	r2 = 0
b:
	r2 |= r5
	if r2 != 1 goto out
	r0 = 2
	exit
out:
	r0 = 1
	exit
=== expect
f:
	r3 = *(u16 *)(r1 + 12)
	r2 = 1
	r5 = 1
	if r3 == 129 goto L10
	r5 = 0
	if r3 == 43144 goto L10
	r2 = 0
	r2 |= r5
	if r2 != 1 goto L12
L10:
	r0 = 2
	exit
L12:
	r0 = 1
	exit

=== title
must not when what is computed on the way is read
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u16 *)(r1 + 12)
	r2 = 1
	if r3 == 129 goto a
	r2 = 0
a:
	r2 <<= 3
	if r2 != 8 goto out
	r0 = r2
	exit
out:
	r0 = r2
	r0 += 1
	exit
=== expect
f:
	r3 = *(u16 *)(r1 + 12)
	r2 = 1
	if r3 == 129 goto L5
	r2 = 0
L5:
	r2 <<= 3
	if r2 != 8 goto L9
	r0 = r2
	exit
L9:
	r0 = r2
	r0 += 1
	exit

=== title
must not over a store or a call
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u16 *)(r1 + 12)
	r2 = 1
	if r3 == 129 goto a
	if r3 == 130 goto b
	r2 = 0
	goto b
a:
	*(u32 *)(r10 - 4) = 3
	if r2 != 1 goto out
	r0 = *(u32 *)(r10 - 4)
	exit
b:
	call bpf_get_smp_processor_id
	r2 = 1
	if r2 != 1 goto out
	exit
out:
	r0 = 1
	exit
=== expect
f:
	r3 = *(u16 *)(r1 + 12)
	r2 = 1
	if r3 == 129 goto L7
	if r3 == 130 goto L11
	r2 = 0
	goto L11
L7:
	*(u32 *)(r10 - 4) = 3
	if r2 != 1 goto L15
	r0 = *(u32 *)(r10 - 4)
	exit
L11:
	call bpf_get_smp_processor_id#8
	r2 = 1
	if r2 != 1 goto L15
	exit
L15:
	r0 = 1
	exit

=== title
the value that an equality tells
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u16 *)(r1 + 12)
	if r3 == 7 goto a
	r3 = *(u16 *)(r1 + 16)
a:
	if r3 > 6 goto b
	r0 = 1
	exit
b:
	r0 = 2
	exit
=== expect
f:
	r3 = *(u16 *)(r1 + 12)
	if r3 == 7 goto L7
	r3 = *(u16 *)(r1 + 16)
	if r3 > 6 goto L7
	r0 = 1
	exit
L7:
	r0 = 2
	exit

=== title
must not by the low half of a value that has an upper one
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u64 *)(r10 - 8)
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r3 *= r3
	if w3 == 7 goto a
	r3 = *(u16 *)(r1 + 16)
a:
	if r3 > 8 goto b
	r0 = 1
	exit
b:
	r0 = 2
	exit
=== expect
f:
	r3 = *(u64 *)(r10 - 8)
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r3 *= r3
	if w3 == 7 goto L7
	r3 = *(u16 *)(r1 + 16)
L7:
	if r3 > 8 goto L10
	r0 = 1
	exit
L10:
	r0 = 2
	exit

=== title
NULL was found, and 0 is returned
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.map counters type=array key=4 value=8 max=16
.section "xdp"
.func f
	r2 = r10
	r2 += -4
	r1 = 5
	*(u32 *)(r10 - 4) = r1
	r1 = counters ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 0)
	r0 = 2
	if r1 == 0 goto out
	if r1 == 7 goto out
	exit
out:
	w0 = 0
	exit
=== expect
f:
	r2 = r10
	r2 += -4
	r1 = 5
	*(u32 *)(r10 - 4) = r1
	r1 = counters ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L14
	r1 = *(u64 *)(r0 + 0)
	r0 = 2
	if r1 == 0 goto L13
	if r1 == 7 goto L13
	exit
L13:
	w0 = 0
L14:
	exit

=== title
NULL with another number, or a number of which only half is known: nothing
=== args
optimize --passes=thread --cpu=v3 -S %in.s
=== input
.license "GPL"
.map counters type=array key=4 value=8 max=16
.section "xdp"
.func f
	r2 = r10
	r2 += -4
	r1 = 5
	*(u32 *)(r10 - 4) = r1
	r1 = counters ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	if w0 == 1 goto out
	r0 = 2
	exit
out:
	r0 = 1
	exit
=== expect
f:
	r2 = r10
	r2 += -4
	r1 = 5
	*(u32 *)(r10 - 4) = r1
	r1 = counters ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L12
	r0 = *(u64 *)(r0 + 0)
	if w0 == 1 goto L12
	r0 = 2
	exit
L12:
	r0 = 1
	exit
