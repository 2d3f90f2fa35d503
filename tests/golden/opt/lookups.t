=== title
another slot, the same key: r0 holds it still
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L17
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	if r0 == 0 goto L17
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L17:
	r0 = 2
	exit

=== title
a call between: a register keeps it
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns
	r7 = r0
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r7
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r6 = r0
	if r0 == 0 goto L18
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns#5
	r7 = r0
	r0 = r6
	if r0 == 0 goto L18
	*(u64 *)(r0 + 0) = r7
L18:
	r0 = 2
	exit

=== title
a per-CPU array, a key from a register
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = c ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns
	r2 = r10
	r2 += -4
	r1 = c ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = c ll
	call bpf_map_lookup_elem#1
	r6 = r0
	if r0 == 0 goto L19
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	r0 = r6
	if r0 == 0 goto L19
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L19:
	r0 = 2
	exit

=== title
over a join
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r8 = 1
	if r7 > 3 goto a
	call bpf_ktime_get_ns
	r8 = r0
a:
	*(u32 *)(r10 - 8) = r6
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r8
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r9 = r0
	if r0 == 0 goto L20
	r8 = 1
	if r7 > 3 goto L17
	call bpf_ktime_get_ns#5
	r8 = r0
L17:
	r0 = r9
	if r0 == 0 goto L20
	*(u64 *)(r0 + 0) = r8
L20:
	r0 = 2
	exit

=== title
three lookups, one register
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	call bpf_ktime_get_ns
	r8 = r0
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r8
	call bpf_ktime_get_ns
	r8 = r0
	*(u32 *)(r10 - 12) = 7
	r2 = r10
	r2 += -12
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r8
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r6 = r0
	if r0 == 0 goto L25
	call bpf_ktime_get_ns#5
	r8 = r0
	r0 = r6
	if r0 == 0 goto L25
	*(u64 *)(r0 + 0) = r8
	call bpf_ktime_get_ns#5
	r8 = r0
	r0 = r6
	if r0 == 0 goto L25
	*(u64 *)(r0 + 0) = r8
L25:
	r0 = 2
	exit

=== title
must not: a hash table
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = h ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns
	r7 = r0
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = h ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r7
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = h ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L18
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns#5
	r7 = r0
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = h ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L18
	*(u64 *)(r0 + 0) = r7
L18:
	r0 = 2
	exit

=== title
must not: another map
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = c ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L17
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = c ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L17
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L17:
	r0 = 2
	exit

=== title
must not: another key
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u32 *)(r10 - 8) = 6
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L17
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u32 *)(r10 - 8) = 6
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L17
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L17:
	r0 = 2
	exit

=== title
must not: the key was written
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u8 *)(r10 - 3) = r7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L19
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u8 *)(r10 - 3) = r7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L19
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L19:
	r0 = 2
	exit

=== title
must not: a call may have written the key
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r9 = r1
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	r1 = r9
	r2 = 0
	r3 = r10
	r3 += -4
	r4 = 4
	call bpf_xdp_load_bytes
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	r9 = r1
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L23
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	r1 = r9
	r2 = 0
	r3 = r10
	r3 += -4
	r4 = 4
	call bpf_xdp_load_bytes#189
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L23
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L23:
	r0 = 2
	exit

=== title
must not: only one way looked it up
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	if r7 > 3 goto a
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
a:
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r0 = 2
	exit
=== expect
f:
	r7 = *(u32 *)(r1 + 16)
	if r7 > 3 goto L12
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L20
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L12:
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L20
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
L20:
	r0 = 2
	exit

=== title
must not: no register is free
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = r1
	r8 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r9 = r7
	r6 = r7
	r6 += 5
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns
	r7 += r0
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r7
	*(u64 *)(r0 + 0) = r8
	*(u64 *)(r0 + 0) = r9
	*(u64 *)(r0 + 0) = r6
out:
	r0 = 2
	exit
=== expect
f:
	r8 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r9 = r7
	r6 = r7
	r6 += 5
	*(u32 *)(r10 - 4) = 7
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L27
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_ktime_get_ns#5
	r7 += r0
	*(u32 *)(r10 - 8) = 7
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L27
	*(u64 *)(r0 + 0) = r7
	*(u64 *)(r0 + 0) = r8
	*(u64 *)(r0 + 0) = r9
	*(u64 *)(r0 + 0) = r6
L27:
	r0 = 2
	exit

=== title
must not: each round of a loop has its key
=== args
optimize --passes=lookups,dce -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=16
.map c type=percpu_array key=4 value=8 max=16
.map h type=hash key=4 value=8 max=16
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 &= 7
a:
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	r6 += 1
	if r6 != 9 goto a
out:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r6 &= 7
L4:
	*(u32 *)(r10 - 4) = r6
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L14
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	r6 += 1
	if r6 != 9 goto L4
L14:
	r0 = 2
	exit
