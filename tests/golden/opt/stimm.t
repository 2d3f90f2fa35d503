=== title
a register that holds a constant
=== args
optimize --passes=stimm -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = 7
	*(u32 *)(r10 - 4) = r1
	r2 = -1
	*(u64 *)(r10 - 16) = r2
	r0 = *(u64 *)(r10 - 16)
	r3 = *(u32 *)(r10 - 4)
	r0 += r3
	exit
=== expect
f:
	r1 = 7
	*(u32 *)(r10 - 4) = 7
	r2 = -1
	*(u64 *)(r10 - 16) = -1
	r0 = *(u64 *)(r10 - 16)
	r3 = *(u32 *)(r10 - 4)
	r0 += r3
	exit

=== title
a large constant to the stack in two halves
=== args
optimize --passes=stimm -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r1 = 0x1122334455667788 ll
	*(u64 *)(r10 - 8) = r1
	r0 = *(u64 *)(r10 - 8)
	r0 >>= 24
	exit
=== expect
f:
	*(u32 *)(r10 - 8) = 1432778632
	*(u32 *)(r10 - 4) = 287454020
	r0 = *(u64 *)(r10 - 8)
	r0 >>= 24
	exit

=== title
must not store an immediate into the context
=== args
optimize --passes=stimm -S %in.s
=== input
.license "GPL"
.section "tc"
.func f
	r2 = 1
	*(u32 *)(r1 + 8) = r2
	r0 = 0
	exit
=== expect
f:
	r2 = 1
	*(u32 *)(r1 + 8) = r2
	r0 = 0
	exit

=== title
must not split a store to a map value
=== args
optimize --passes=stimm -S %in.s
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
	r1 = 0x1122334455667788 ll
	*(u64 *)(r0 + 0) = r1
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
	if r0 == 0 goto L9
	r1 = 0x1122334455667788 ll
	*(u64 *)(r0 + 0) = r1
L9:
	r0 = 2
	exit
