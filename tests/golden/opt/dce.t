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

=== title
zeroes under a helper that overwrites all of its output
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "kprobe/f"
.func f
	r3 = *(u64 *)(r1 + 104)
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	*(u64 *)(r10 - 24) = 0
	r1 = r10
	r1 += -20
	r2 = 20
	call bpf_probe_read_kernel
	r0 = *(u64 *)(r10 - 8)
	r1 = *(u64 *)(r10 - 16)
	r0 += r1
	r1 = *(u64 *)(r10 - 24)
	r0 += r1
	exit
=== expect
f:
	r3 = *(u64 *)(r1 + 104)
	*(u64 *)(r10 - 24) = 0
	r1 = r10
	r1 += -20
	r2 = 20
	call bpf_probe_read_kernel#113
	r0 = *(u64 *)(r10 - 8)
	r1 = *(u64 *)(r10 - 16)
	r0 += r1
	r1 = *(u64 *)(r10 - 24)
	r0 += r1
	exit

=== title
must keep zeroes under helpers that may leave bytes behind a short string
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "kprobe/f"
.func f
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	r1 = r10
	r1 += -16
	r2 = 16
	call bpf_get_current_comm
	r0 = *(u64 *)(r10 - 8)
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 0
	r1 = r10
	r1 += -16
	r2 = 16
	call bpf_get_current_comm#16
	r0 = *(u64 *)(r10 - 8)
	exit

=== title
zeroes under bytes of the packet that are read only where the helper brought them
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "xdp.frags"
.func f
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	r3 = r10
	r3 += -16
	r2 = 0
	r4 = 16
	call bpf_xdp_load_bytes
	r1 = r0
	r0 = 1
	if r1 != 0 goto out
	r0 = *(u64 *)(r10 - 16)
	r1 = *(u64 *)(r10 - 8)
	r0 ^= r1
	r0 &= 1
out:
	exit
=== expect
f:
	r3 = r10
	r3 += -16
	r2 = 0
	r4 = 16
	call bpf_xdp_load_bytes#189
	r1 = r0
	r0 = 1
	if r1 != 0 goto L15
	r0 = *(u64 *)(r10 - 16)
	r1 = *(u64 *)(r10 - 8)
	r0 ^= r1
	r0 &= 1
L15:
	exit

=== title
must keep zeroes that are read when the helper fails
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "xdp.frags"
.func f
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	r3 = r10
	r3 += -16
	r2 = 0
	r4 = 16
	call bpf_xdp_load_bytes
	if r0 == 0 goto good
	r0 = *(u64 *)(r10 - 16)
	exit
good:
	r0 = *(u64 *)(r10 - 8)
	r0 &= 1
	exit
=== expect
f:
	*(u64 *)(r10 - 16) = 0
	r3 = r10
	r3 += -16
	r2 = 0
	r4 = 16
	call bpf_xdp_load_bytes#189
	if r0 == 0 goto L11
	r0 = *(u64 *)(r10 - 16)
	exit
L11:
	r0 = *(u64 *)(r10 - 8)
	r0 &= 1
	exit

=== title
must keep zeroes when the test comes too late, or tests something else
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "xdp.frags"
.func f
	r6 = r1
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	r3 = r10
	r3 += -8
	r2 = 0
	r4 = 8
	call bpf_xdp_load_bytes
	r7 = r0
	r3 = r10
	r3 += -16
	r1 = r6
	r2 = 0
	r4 = 8
	call bpf_xdp_load_bytes
	if r7 != 0 goto out
	r1 = *(u64 *)(r10 - 16)
	r0 = *(u64 *)(r10 - 8)
	r0 ^= r1
	r0 &= 1
	exit
out:
	r0 = 1
	exit
=== expect
f:
	r6 = r1
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	r3 = r10
	r3 += -8
	r2 = 0
	r4 = 8
	call bpf_xdp_load_bytes#189
	r7 = r0
	r3 = r10
	r3 += -16
	r1 = r6
	r2 = 0
	r4 = 8
	call bpf_xdp_load_bytes#189
	if r7 != 0 goto L22
	r1 = *(u64 *)(r10 - 16)
	r0 = *(u64 *)(r10 - 8)
	r0 ^= r1
	r0 &= 1
	exit
L22:
	r0 = 1
	exit

=== title
must not take dead stores when a subprogram has legacy packet loads: the kernel loses its way
=== args
optimize --passes=dce -S %in.s
=== input
.license "GPL"
.section "socket"
.func f
	*(u64 *)(r10 - 8) = 1
	call g
	*(u64 *)(r10 - 8) = 2
	r0 = 0
	exit
.section ".text"
.func g
	r6 = r1
	r0 = *(u8 *)skb[3]
	r2 = 7
	exit
=== expect
f:
	*(u64 *)(r10 - 8) = 1
	call g
	*(u64 *)(r10 - 8) = 2
	r0 = 0
	exit
g:
	r6 = r1
	r0 = *(u8 *)skb[3]
	exit
