=== title
a key of which half is cleared
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
a byte that is known to be one
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	r2 &= 255
	*(u8 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r2 &= 255
	*(u64 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
what goes to the upper half later stays
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 8) = r2
	*(u16 *)(r10 - 4) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	*(u16 *)(r10 - 4) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
the constant has something below, which is stored over
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 77
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	*(u64 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: the value may be wider than the store
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u16 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u16 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: the constant has something above
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = -1
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = -1
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: the number does not stand at the start
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: the zeros are read before
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u16 *)(r10 - 4)
	r2 += r3
	w2 = w2
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u16 *)(r10 - 4)
	r2 += r3
	w2 = w2
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: part of it is written before
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u16 *)(r10 - 4) = r2
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 12)
	*(u16 *)(r10 - 4) = r2
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: a helper gets the zeros
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r6 = *(u32 *)(r1 + 12)
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	*(u32 *)(r10 - 8) = r6
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r6 = *(u32 *)(r1 + 12)
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	*(u32 *)(r10 - 8) = r6
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit

=== title
must not: a pointer
=== args
optimize --passes=widen -S %in.s
=== input
.license "GPL"
.map m type=hash key=8 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 0)
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem
	r0 = 1
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r2 = *(u32 *)(r1 + 0)
	*(u32 *)(r10 - 8) = r2
	r2 = r10
	r2 += -8
	r1 = m ll
	call bpf_map_lookup_elem#1
	r0 = 1
	exit
