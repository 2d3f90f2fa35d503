.object little

.section ".text"

.func h
	; 4: __attribute__((noinline)) int h(int a) { return g(a) + 1; }
	call g
	; 4: __attribute__((noinline)) int h(int a) { return g(a) + 1; }
	r0 += 1
	; 4: __attribute__((noinline)) int h(int a) { return g(a) + 1; }
	exit

.func g local
	; 3: static __attribute__((noinline)) int g(int a) { return a * 3; }
	r0 = r1
	; 3: static __attribute__((noinline)) int g(int a) { return a * 3; }
	r0 *= 3
	; 3: static __attribute__((noinline)) int g(int a) { return a * 3; }
	exit

.section "xdp"

.func f
	; 5: SEC("xdp") int f(struct xdp_md *c) { return h(c->rx_queue_index); }
	r1 = *(u32 *)(r1 + 16)
	call h
	; 5: SEC("xdp") int f(struct xdp_md *c) { return h(c->rx_queue_index); }
	exit
