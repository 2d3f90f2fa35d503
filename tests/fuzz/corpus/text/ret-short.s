.object little

.section "xdp"

.func f
	; 3: SEC("xdp") int f(void *c) { return 2; }
	r0 = 2
	exit
