.object big
.map m type=hash key=4 value=8 max=8

.section "kprobe/x"

.func f
	; 4: SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }
	r1 = 0
	; 4: SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }
	*(u32 *)(r10 - 4) = r1
	r2 = r10
	; 0: 
	r2 += -4
	; 4: SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }
	r1 = m ll
	call bpf_map_lookup_elem#1
	; 4: SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }
	if r0 == 0 goto L1
	; 4: SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
	; 4: SEC("kprobe/x") int f(void *c) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); if (v) *v += 1; return 0; }
L1:
	r0 = 0
	exit
