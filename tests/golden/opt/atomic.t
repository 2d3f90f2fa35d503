=== title
a counter
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 8)
	r1 += 1
	*(u64 *)(r0 + 8) = r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L10
	r1 = 1
	lock *(u64 *)(r0 + 8) += r1
L10:
	r0 = 2
	exit

=== title
must not when the sum is used
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 8)
	r1 += 1
	*(u64 *)(r0 + 8) = r1
	r0 = r1
	exit
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L12
	r1 = *(u64 *)(r0 + 8)
	r1 += 1
	*(u64 *)(r0 + 8) = r1
	r0 = r1
	exit
L12:
	r0 = 2
	exit

=== title
must not at an unaligned place, nor for speed
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u32 *)(r0 + 6)
	r1 += 1
	*(u32 *)(r0 + 6) = r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L10
	r1 = *(u32 *)(r0 + 6)
	r1 += 1
	*(u32 *)(r0 + 6) = r1
L10:
	r0 = 2
	exit

=== title
must not when the addend is written between
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r2 = *(u64 *)(r0 + 16)
	r1 = *(u64 *)(r0 + 8)
	r1 += r2
	r2 = 5
	*(u64 *)(r0 + 8) = r1
	*(u64 *)(r0 + 24) = r2
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L13
	r2 = *(u64 *)(r0 + 16)
	r1 = *(u64 *)(r0 + 8)
	r1 += r2
	r2 = 5
	*(u64 *)(r0 + 8) = r1
	*(u64 *)(r0 + 24) = r2
L13:
	r0 = 2
	exit

=== title
must not where the alignment of the place is not known
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r6 &= 3
	r0 += r6
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L13
	r6 &= 3
	r0 += r6
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
L13:
	r0 = 2
	exit

=== title
an element of an array of counters
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r6 &= 3
	r6 <<= 3
	r0 += r6
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L14
	r6 &= 3
	r6 <<= 3
	r0 += r6
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L14:
	r0 = 2
	exit

=== title
behind a join with NULL
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=32 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	r6 = r0
	if r0 == 0 goto a
	*(u64 *)(r0 + 8) = 1
a:
	call bpf_get_smp_processor_id
	if r6 == 0 goto out
	r1 = *(u64 *)(r6 + 24)
	r1 += 1
	*(u64 *)(r6 + 24) = r1
out:
	r0 = 1
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r6 = r0
	if r0 == 0 goto L9
	*(u64 *)(r0 + 8) = 1
L9:
	call bpf_get_smp_processor_id#8
	if r6 == 0 goto L14
	r1 = 1
	lock *(u64 *)(r6 + 24) += r1
L14:
	r0 = 1
	exit

=== title
must not behind a join with a value that is not aligned
=== args
optimize --passes=atomic -S %in.s
=== input
.map m type=array key=4 value=32 max=4
.license "GPL"
.section "xdp"
.func f
	r7 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	if r7 == 0 goto a
	r0 += 4
a:
	r1 = *(u64 *)(r0 + 8)
	r1 += 1
	*(u64 *)(r0 + 8) = r1
out:
	r0 = 1
	exit
=== expect
f:
	r7 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L13
	if r7 == 0 goto L10
	r0 += 4
L10:
	r1 = *(u64 *)(r0 + 8)
	r1 += 1
	*(u64 *)(r0 + 8) = r1
L13:
	r0 = 1
	exit
