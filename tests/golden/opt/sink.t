=== title
a key that one way does not need
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	if r6 > 3 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	if r6 > 3 goto L11
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L11
	r0 = *(u64 *)(r0 + 0)
	exit
L11:
	r0 = 2
	exit

=== title
overlapping stores keep their order
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	*(u8 *)(r10 - 3) = r6
	if r6 > 3 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	if r6 > 3 goto L12
	*(u32 *)(r10 - 4) = 7
	*(u8 *)(r10 - 3) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L12
	r0 = *(u64 *)(r0 + 0)
	exit
L12:
	r0 = 2
	exit

=== title
the taken way needs it
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r6
	if r6 > 3 goto in
	r0 = 1
	exit
in:
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	if r6 > 3 goto L15
	r0 = 1
	exit
L15:
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L13
	r0 = *(u64 *)(r0 + 0)
	exit
L13:
	r0 = 2
	exit

=== title
must not: both ways need it
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r6
	if r6 > 3 goto in
	r0 = *(u16 *)(r10 - 4)
	exit
in:
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r6
	if r6 > 3 goto L6
	r0 = *(u16 *)(r10 - 4)
	exit
L6:
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L13
	r0 = *(u64 *)(r0 + 0)
	exit
L13:
	r0 = 2
	exit

=== title
must not: read before the branch
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	r0 = *(u8 *)(r10 - 2)
	if r6 > r0 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	r0 = *(u8 *)(r10 - 2)
	if r6 > r0 goto L12
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L12
	r0 = *(u64 *)(r0 + 0)
	exit
L12:
	r0 = 2
	exit

=== title
must not: the stored register changes
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r6
	r6 += 1
	if r6 > 3 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r6
	r6 += 1
	if r6 > 3 goto L12
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L12
	r0 = *(u64 *)(r0 + 0)
	exit
L12:
	r0 = 2
	exit

=== title
must not: another way comes there, too
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = 9
	if r7 > 3 goto b
	*(u32 *)(r10 - 4) = 7
	if r6 > 3 goto out
b:
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = 9
	if r7 > 3 goto L7
	*(u32 *)(r10 - 4) = 7
	if r6 > 3 goto L14
L7:
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L14
	r0 = *(u64 *)(r0 + 0)
	exit
L14:
	r0 = 2
	exit

=== title
must not: a call between may look
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	r1 = r10
	r1 += -4
	r2 = 4
	r3 = 0
	r4 = 0
	r5 = 0
	call bpf_csum_diff
	if r6 > 3 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	r1 = r10
	r1 += -4
	r2 = 4
	r3 = 0
	r4 = 0
	r5 = 0
	call bpf_csum_diff#28
	if r6 > 3 goto L18
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L18
	r0 = *(u64 *)(r0 + 0)
	exit
L18:
	r0 = 2
	exit

=== title
down two branches in two rounds
=== args
optimize --passes=sink -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 7
	if r6 > 3 goto out
	if r6 == 1 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = *(u64 *)(r0 + 0)
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	if r6 > 3 goto L12
	if r6 == 1 goto L12
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L12
	r0 = *(u64 *)(r0 + 0)
	exit
L12:
	r0 = 2
	exit
