; a hand-written program
.object little
.license "GPL"
.map counters type=hash key=4 value=8 max=1024
.map arr type=array key=4 value=4 max=2 flags=0x400

.section ".rodata"
.var limit local
	.u32 7
msg:
	.ascii "hi %d\n\0"

.section "xdp"
.func count global
	r1 = 5
	*(u32 *)(r10 - 4) = r1
	r2 = r10
	r2 += -4
	r1 = counters ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:
	r1 = limit ll
	r1 = .rodata+4 ll
	r1 = 3
	call helper_fn
	r0 = 2
	exit
.section ".text"
.func helper_fn local
	r0 = r1
	exit
