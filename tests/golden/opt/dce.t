=== title
a result and a store that nobody reads
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = 5
	*(u64 *)(r10 - 8) = 1
	*(u64 *)(r10 - 8) = 2
	r0 = *(u64 *)(r10 - 8)
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 2
	r0 = *(u64 *)(r10 - 8)
	exit

=== title
must not take the key of a lookup, nor a lookup that moves an entry
=== args
optimize --passes=dce -S %in.s
=== input
.map m type=lru_hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 0
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
	r0 = 0
	exit

=== title
must not take a string that is printed through a register
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "tracepoint/x/y"
.func f
	*(u64 *)(r10 - 8) = 0x6968
	*(u64 *)(r10 - 16) = 0x7325
	r1 = r10
	r1 += -16
	r2 = 3
	r3 = r10
	r3 += -8
	call bpf_trace_printk
	r0 = 0
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 26984
	*(u64 *)(r10 - 16) = 29477
	r1 = r10
	r1 += -16
	r2 = 3
	r3 = r10
	r3 += -8
	call bpf_trace_printk#6
	r0 = 0
	exit

=== title
must not take a string that is printed through an array of values
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "tracepoint/x/y"
.func f
	*(u64 *)(r10 - 8) = 0x6968
	*(u64 *)(r10 - 16) = 0x7325
	r3 = r10
	r3 += -8
	*(u64 *)(r10 - 24) = r3
	r1 = r10
	r1 += -16
	r2 = 3
	r3 = r10
	r3 += -24
	r4 = 8
	call bpf_trace_vprintk
	r0 = 0
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 26984
	*(u64 *)(r10 - 16) = 29477
	r3 = r10
	r3 += -8
	*(u64 *)(r10 - 24) = r3
	r1 = r10
	r1 += -16
	r2 = 3
	r3 = r10
	r3 += -24
	r4 = 8
	call bpf_trace_vprintk#177
	r0 = 0
	exit
