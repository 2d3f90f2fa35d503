.object little

.section "fentry/x"

.func f
	; 4: SEC("fentry/x") int f(struct t *c) { return c->b; }
	.core byte_off 2 "0:1"
	r0 = *(u32 *)(r1 + 4)
	exit
