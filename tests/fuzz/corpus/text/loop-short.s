.object little

.section "tc"

.func f
	; 3: SEC("tc") int f(struct __sk_buff *s) { int n = 0;
	r0 = 0
	r2 = *(u32 *)(r1 + 0)
	; 5: for (int i = 0; i < s->len; i++) n += s->mark; return n; }
	if r2 == 0 goto L1
	r0 = *(u32 *)(r1 + 8)
	r0 *= r2
	; 5: for (int i = 0; i < s->len; i++) n += s->mark; return n; }
L1:
	exit
