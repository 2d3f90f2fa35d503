=== title
computed where it is wanted
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r2 += r3
	r0 = r2
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 += r3
	exit

=== title
r0 is renamed in operations of one operand
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	r0 = be16 r0
	r0 = -r0
	r7 = r0
	r0 = 1
	r7 += r6
	r0 += r7
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r7 = be16 r7
	r7 = -r7
	r0 = 1
	r7 += r6
	r0 += r7
	exit

=== title
both are read behind and hold the same
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = r2
	r0 += r2
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r0 += r0
	exit

=== title
must not when the second changes while the first is used behind
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = r2
	r0 += 5
	r0 *= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = r2
	r0 += 5
	r0 *= r2
	exit

=== title
must not when the second changes on one way and the first is used on the other
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 = r2
	r0 += 1
	if r3 == 0 goto a
	r0 <<= 1
	exit
a:
	r0 = r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 = r2
	r0 += 1
	if r3 == 0 goto L8
	r0 <<= 1
	exit
L8:
	r0 = r2
	exit

=== title
over branches
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u32 *)(r1 + 16)
	r2 = 1
	if r3 == 0 goto a
	r2 = *(u32 *)(r1 + 12)
a:
	r0 = r2
	exit
=== expect
f:
	r3 = *(u32 *)(r1 + 16)
	r0 = 1
	if r3 == 0 goto L6
	r0 = *(u32 *)(r1 + 12)
L6:
	exit

=== title
a call that does not take it is no use
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r6 = r2
	r6 += 1
	call bpf_get_smp_processor_id
	r0 += r6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r6 += 1
	call bpf_get_smp_processor_id#8
	r0 += r6
	exit

=== title
must not when a call loses both
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	call bpf_ktime_get_ns
	r6 = r0
	call bpf_get_smp_processor_id
	r0 += r6
	exit
=== expect
f:
	call bpf_ktime_get_ns#5
	r6 = r0
	call bpf_get_smp_processor_id#8
	r0 += r6
	exit

=== title
registers of arguments and of compare and exchange stay
=== args
optimize --passes=coalesce --cpu v3 -S %in.s
=== input
.map m type=array key=4 value=8 max=1
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r6 = r0
	r0 = 7
	r3 = 9
	r0 = cmpxchg(*(u64 *)(r6 + 0), r0, r3)
	r7 = r0
	r7 += r6
out:
	r0 = 0
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L13
	r6 = r0
	r0 = 7
	r3 = 9
	r0 = cmpxchg(*(u64 *)(r6 + 0), r0, r3)
	r0 += r6
L13:
	r0 = 0
	exit

=== title
in a loop
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = 0
	r0 = 0
l:
	r3 = r2
	r3 += 1
	r0 += r3
	r2 = r3
	if r3 < 10 goto l
	exit
=== expect
f:
	r3 = 0
	r0 = 0
L4:
	r3 += 1
	r0 += r3
	if r3 < 10 goto L4
	exit

=== title
must not when the second is used between
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = 3
	r2 = *(u32 *)(r1 + 12)
	r2 += r0
	r0 = r2
	exit
=== expect
f:
	r0 = 3
	r2 = *(u32 *)(r1 + 12)
	r2 += r0
	r0 = r2
	exit

=== title
behind a move to itself the value is still the same
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r3 = *(u32 *)(r1 + 12)
	r3 = r3
	r0 = 5
	r0 ^= r3
	r1 = r3
	r0 += r1
	r0 += r1
	exit
=== expect
f:
	r1 = *(u32 *)(r1 + 12)
	r0 = 5
	r0 ^= r1
	r0 += r1
	r0 += r1
	exit
