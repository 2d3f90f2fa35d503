=== title
a frame pointer in a slot survives a store to a variable place
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r6 &= 7
	*(u64 *)(r10 - 32) = 0
	*(u64 *)(r10 - 24) = 0
	r2 = r10
	r2 += -40
	*(u64 *)(r10 - 8) = r2
	r3 = r10
	r3 += -32
	r3 += r6
	*(u8 *)(r3 + 0) = 1
	*(u64 *)(r10 - 40) = 5
	r4 = *(u64 *)(r10 - 8)
	*(u64 *)(r4 + 0) = 9
	r0 = *(u64 *)(r10 - 40)
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r6 &= 7
	r2 = r10
	r2 += -40
	*(u64 *)(r10 - 8) = r2
	r3 = r10
	r3 += -32
	r3 += r6
	*(u8 *)(r3 + 0) = 1
	*(u64 *)(r10 - 40) = 5
	r4 = *(u64 *)(r10 - 8)
	*(u64 *)(r4 + 0) = 9
	r0 = *(u64 *)(r10 - 40)
	exit

=== title
a helper that takes memory may write the context
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "syscall"
.func f
	r6 = r1
	r7 = *(u64 *)(r6 + 0)
	*(u64 *)(r10 - 8) = 7
	r1 = r6
	r2 = 8
	r3 = r10
	r3 += -8
	call bpf_probe_read_kernel
	r0 = *(u64 *)(r6 + 0)
	r0 -= r7
	exit
=== expect
f:
	r6 = r1
	r7 = *(u64 *)(r1 + 0)
	*(u64 *)(r10 - 8) = 7
	r2 = 8
	r3 = r10
	r3 += -8
	call bpf_probe_read_kernel#113
	r0 = *(u64 *)(r6 + 0)
	r0 -= r7
	exit
