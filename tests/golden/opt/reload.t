=== title
a field of the context that a register holds
=== args
optimize --passes=reload -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 12)
	r0 = r2
	r0 += r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = r2
	r0 = r2
	r0 += r3
	exit

=== title
must not take packet bytes over a store that may meet them
=== args
optimize --passes=reload -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r5 = *(u8 *)(r2 + 3)
	r4 = *(u32 *)(r1 + 12)
	r4 &= 7
	r0 = r2
	r0 += r4
	*(u8 *)(r0 + 0) = 9
	r0 = *(u8 *)(r2 + 3)
	r0 += r5
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L15
	r5 = *(u8 *)(r2 + 3)
	r4 = *(u32 *)(r1 + 12)
	r4 &= 7
	r0 = r2
	r0 += r4
	*(u8 *)(r0 + 0) = 9
	r0 = *(u8 *)(r2 + 3)
	r0 += r5
	exit
L15:
	r0 = 2
	exit

=== title
must not take a map value from a register: another processor may have written it
=== args
optimize --passes=reload -S %in.s
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
	r1 = *(u64 *)(r0 + 0)
	r2 = *(u64 *)(r0 + 0)
	r1 += r2
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
	if r0 == 0 goto L11
	r1 = *(u64 *)(r0 + 0)
	r2 = *(u64 *)(r0 + 0)
	r1 += r2
	*(u64 *)(r0 + 8) = r1
L11:
	r0 = 2
	exit
