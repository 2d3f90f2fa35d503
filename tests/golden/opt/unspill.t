=== title
eight bytes over a call
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r9 = r2
	call bpf_ktime_get_ns#5
	r2 = r9
	r0 ^= r2
	exit

=== title
four bytes, two ways, a constant on one
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r2
	if r2 > 7 goto big
	*(u32 *)(r10 - 4) = -9
big:
	call bpf_ktime_get_ns
	r3 = *(u32 *)(r10 - 4)
	r0 ^= r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	w9 = w2
	if r2 > 7 goto L5
	w9 = -9
L5:
	call bpf_ktime_get_ns#5
	r3 = r9
	r0 ^= r3
	exit

=== title
and the moves go: all passes
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r6
	call bpf_ktime_get_ns
	r6 = r0
	call bpf_ktime_get_ns
	r7 = *(u64 *)(r10 - 8)
	r0 ^= r6
	r0 += r7
	exit
=== expect
f:
	r7 = *(u32 *)(r1 + 12)
	call bpf_ktime_get_ns#5
	r6 = r0
	call bpf_ktime_get_ns#5
	r0 ^= r6
	r0 += r7
	exit

=== title
a value makes room that another register can hold
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	*(u64 *)(r10 - 8) = r2
	r9 = 3
	r9 ^= r8
	r8 += r9
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	r9 = r0
	call bpf_ktime_get_ns
	r0 += r9
	r0 += r8
	r6 -= r7
	r0 += r6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	r9 = r2
	r0 = 3
	r0 ^= r8
	r8 += r0
	call bpf_ktime_get_ns#5
	r2 = r9
	r0 ^= r2
	r9 = r0
	call bpf_ktime_get_ns#5
	r0 += r9
	r0 += r8
	r6 -= r7
	r0 += r6
	exit

=== title
must not: no register is free
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	*(u64 *)(r10 - 8) = r2
	r9 = *(u32 *)(r1 + 8)
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	r0 += r8
	r0 += r9
	r6 -= r7
	r0 += r6
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r8 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	*(u64 *)(r10 - 8) = r2
	r9 = *(u32 *)(r1 + 8)
	call bpf_ktime_get_ns#5
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	r0 += r8
	r0 += r9
	r6 -= r7
	r0 += r6
	exit

=== title
must not: a helper reads the place
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.map m type=array key=4 value=8 max=4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r2
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = *(u32 *)(r10 - 4)
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r2
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = *(u32 *)(r10 - 4)
	exit

=== title
must not: a helper reads over the place
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 16) = 7
	*(u64 *)(r10 - 8) = r2
	r1 = r10
	r1 += -16
	r2 = 16
	call bpf_trace_printk
	r0 = *(u64 *)(r10 - 8)
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 16) = 7
	*(u64 *)(r10 - 8) = r2
	r1 = r10
	r1 += -16
	r2 = 16
	call bpf_trace_printk#6
	r0 = *(u64 *)(r10 - 8)
	exit

=== title
must not: half of it is read
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	r2 = *(u32 *)(r10 - 8)
	r0 += r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	call bpf_ktime_get_ns#5
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	r2 = *(u32 *)(r10 - 8)
	r0 += r2
	exit

=== title
must not: the place is written through another register
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	r3 = r10
	r3 += -8
	*(u64 *)(r3 + 0) = 5
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	r3 = r10
	r3 += -8
	*(u64 *)(r3 + 0) = 5
	call bpf_ktime_get_ns#5
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit

=== title
must not: written somewhere in the stack
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	*(u64 *)(r10 - 16) = 1
	r2 &= 8
	r3 = r10
	r3 += -16
	r3 += r2
	*(u64 *)(r3 + 0) = 5
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	*(u64 *)(r10 - 16) = 1
	r2 &= 8
	r3 = r10
	r3 += -16
	r3 += r2
	*(u64 *)(r3 + 0) = 5
	call bpf_ktime_get_ns#5
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit

=== title
must not: a subprogram gets an address in the stack
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	*(u64 *)(r10 - 16) = 1
	r1 = r10
	r1 += -16
	call sub
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit
.section ".text"
.func sub local
	r0 = *(u64 *)(r1 + 8)
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	*(u64 *)(r10 - 16) = 1
	r1 = r10
	r1 += -16
	call sub
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit
sub:
	r0 = *(u64 *)(r1 + 8)
	exit

=== title
must not: it may be read before it is written
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	if r2 > 7 goto big
	*(u64 *)(r10 - 8) = r2
big:
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	if r2 > 7 goto L4
	*(u64 *)(r10 - 8) = r2
L4:
	call bpf_ktime_get_ns#5
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	exit

=== title
a register that another place has taken in the same run
=== args
optimize --passes=unspill -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r9 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	*(u64 *)(r10 - 16) = r2
	call bpf_ktime_get_ns
	r3 = *(u64 *)(r10 - 16)
	r0 ^= r3
	*(u64 *)(r10 - 8) = r0
	*(u64 *)(r10 - 16) = 0
	call bpf_ktime_get_ns
	r2 = *(u64 *)(r10 - 8)
	r0 ^= r2
	r6 -= r7
	r0 += r6
	r0 += r9
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 0)
	r7 = *(u32 *)(r1 + 4)
	r9 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	r8 = r2
	call bpf_ktime_get_ns#5
	r3 = r8
	r0 ^= r3
	r8 = r0
	r0 = 0
	call bpf_ktime_get_ns#5
	r2 = r8
	r0 ^= r2
	r6 -= r7
	r0 += r6
	r0 += r9
	exit
