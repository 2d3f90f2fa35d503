=== title
for size the key and its neighbour are stored at once
=== args
optimize --for=size -S %in.s
=== input
.map m type=array key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	*(u32 *)(r10 - 8) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u32 *)(r10 - 8)
	*(u32 *)(r0 + 0) = r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L10
	*(u32 *)(r0 + 0) = 1
L10:
	r0 = 2
	exit

=== title
for the verifier it is one store, too, where that is counted to be cheaper
=== args
optimize --for=verifier -S %in.s
=== input
.map m type=array key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
	*(u32 *)(r10 - 8) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u32 *)(r10 - 8)
	*(u32 *)(r0 + 0) = r1
out:
	r0 = 2
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L10
	*(u32 *)(r0 + 0) = 1
L10:
	r0 = 2
	exit
