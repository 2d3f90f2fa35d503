=== title
a constant that fits in 32 bits, an address that is there already
=== args
optimize --passes=reuse -S %in.s
=== input
.map m type=array key=4 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	r6 = m ll
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 0x7fffffff ll
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r6 = m ll
	r2 = r10
	r2 += -4
	r1 = r6
	call bpf_map_lookup_elem#1
	r0 = 2147483647
	exit

=== title
a constant of 32 bits with the highest set stays unsigned
=== args
optimize --passes=reuse -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = 0xfffffffe ll
	r0 >>= 4
	exit
=== expect
f:
	w0 = -2
	r0 >>= 4
	exit

=== title
must not take what a call destroys
=== args
optimize --passes=reuse -S %in.s
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
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 0
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 0
	exit
