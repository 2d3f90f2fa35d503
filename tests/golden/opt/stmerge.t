=== title
neighbours at once
=== args
optimize --passes=stmerge -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	*(u8 *)(r10 - 4) = 1
	*(u8 *)(r10 - 3) = 2
	*(u16 *)(r10 - 2) = 3
	r0 = *(u32 *)(r10 - 4)
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 197121
	r0 = *(u32 *)(r10 - 4)
	exit

=== title
in a big-endian object the first is the highest
=== args
optimize --passes=stmerge -S %in.s
=== input
.object big
.license "GPL"
.section "xdp"
.func f
	*(u8 *)(r10 - 4) = 1
	*(u8 *)(r10 - 3) = 2
	r0 = *(u16 *)(r10 - 4)
	exit
=== expect
f:
	*(u16 *)(r10 - 4) = 258
	r0 = *(u16 *)(r10 - 4)
	exit

=== title
must not move over a read
=== args
optimize --passes=stmerge -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	*(u8 *)(r10 - 2) = 1
	r0 = *(u8 *)(r10 - 2)
	*(u8 *)(r10 - 1) = 2
	r1 = *(u16 *)(r10 - 2)
	r0 += r1
	exit
=== expect
f:
	*(u8 *)(r10 - 2) = 1
	r0 = *(u8 *)(r10 - 2)
	*(u8 *)(r10 - 1) = 2
	r1 = *(u16 *)(r10 - 2)
	r0 += r1
	exit

=== title
must not make a constant that is no sign-extension
=== args
optimize --passes=stmerge -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 8) = 1
	*(u32 *)(r10 - 4) = 2
	r0 = *(u64 *)(r10 - 8)
	r0 >>= 16
	exit
=== expect
f:
	*(u32 *)(r10 - 8) = 1
	*(u32 *)(r10 - 4) = 2
	r0 = *(u64 *)(r10 - 8)
	r0 >>= 16
	exit

=== title
must not move over a release to another processor
=== args
optimize --passes=stmerge -S %in.s
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
	r1 = 1
	*(u8 *)(r0 + 0) = 1
	store_release(*(u32 *)(r0 + 16), r1)
	*(u8 *)(r0 + 1) = 2
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
	r1 = 1
	*(u8 *)(r0 + 0) = 1
	store_release(*(u32 *)(r0 + 16), r1)
	*(u8 *)(r0 + 1) = 2
L11:
	r0 = 2
	exit
