.object little

.section ".data" align=4
.label a
	.hex 01000000

.section ".rodata" align=4
.label m
	.ascii "text\0"
	.hex 000000
.var b local
	.hex 02000000

.section ".bss" align=4
.label z
	.zero 16

.section "xdp"

.func f
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r1 = .rodata+8 ll
	r0 = *(u32 *)(r1 + 0)
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r1 = *(u32 *)(r1 + 0)
	r1 &= 3
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r1 <<= 2
	r2 = z ll
	r2 += r1
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r1 = a ll
	r1 = *(u32 *)(r1 + 0)
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r0 += r1
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r2 = *(u32 *)(r2 + 0)
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r0 += r2
	r1 &= 3
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r2 = m ll
	r2 += r1
	r1 = *(u8 *)(r2 + 0)
	r1 <<= 56
	r1 s>>= 56
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	r0 += r1
	; 4: SEC("xdp") int f(void *c) { return a + b + z[b & 3] + m[a & 3]; }
	exit
