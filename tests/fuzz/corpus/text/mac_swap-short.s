.object little
.license "Dual BSD/GPL"
.map enabled type=array key=4 value=4 max=1

.section ".bss" align=8
.label reflected
	.zero 8
.label passed
	.zero 8

.section "xdp"

.func mac_swap
	; 36: void *data_end = (void *)(long)ctx->data_end;
	r2 = *(u32 *)(r1 + 4)
	; 37: struct frame *frame = (void *)(long)ctx->data;
	r6 = *(u32 *)(r1 + 0)
	w1 = 0
	; 38: __u32 zero = 0, *on;
	*(u32 *)(r10 - 4) = r1
	w0 = 1
	; 41: if ((void *)(frame + 1) > data_end)
	r1 = r6
	r1 += 14
	; 41: if ((void *)(frame + 1) > data_end)
	if r1 > r2 goto L2
	r2 = r10
	; 0: 
	r2 += -4
	; 44: on = bpf_map_lookup_elem(&enabled, &zero);
	r1 = enabled ll
	call bpf_map_lookup_elem#1
	r1 = r0
	w0 = 2
	r2 = passed ll
	; 45: if (!on || !*on || (frame->dst.byte[0] & 1)) {
	if r1 == 0 goto L1
	; 45: if (!on || !*on || (frame->dst.byte[0] & 1)) {
	r1 = *(u32 *)(r1 + 0)
	; 45: if (!on || !*on || (frame->dst.byte[0] & 1)) {
	if w1 == 0 goto L1
	; 45: if (!on || !*on || (frame->dst.byte[0] & 1)) {
	r1 = *(u8 *)(r6 + 0)
	; 45: if (!on || !*on || (frame->dst.byte[0] & 1)) {
	w1 &= 1
	; 45: if (!on || !*on || (frame->dst.byte[0] & 1)) {
	if w1 != 0 goto L1
	; 50: tmp = frame->dst;
	r1 = *(u8 *)(r6 + 5)
	w1 <<= 8
	r2 = *(u8 *)(r6 + 4)
	w1 |= w2
	*(u16 *)(r10 - 8) = r1
	r1 = *(u8 *)(r6 + 1)
	w1 <<= 8
	r2 = *(u8 *)(r6 + 0)
	w1 |= w2
	r2 = *(u8 *)(r6 + 3)
	w2 <<= 8
	r3 = *(u8 *)(r6 + 2)
	w2 |= w3
	w2 <<= 16
	w2 |= w1
	*(u32 *)(r10 - 12) = r2
	; 51: frame->dst = frame->src;
	r1 = *(u8 *)(r6 + 8)
	*(u8 *)(r6 + 2) = r1
	r1 = *(u8 *)(r6 + 9)
	*(u8 *)(r6 + 3) = r1
	r1 = *(u8 *)(r6 + 6)
	*(u8 *)(r6 + 0) = r1
	r1 = *(u8 *)(r6 + 7)
	*(u8 *)(r6 + 1) = r1
	r1 = *(u8 *)(r6 + 10)
	*(u8 *)(r6 + 4) = r1
	r1 = *(u8 *)(r6 + 11)
	*(u8 *)(r6 + 5) = r1
	; 52: frame->src = tmp;
	r1 = *(u32 *)(r10 - 12)
	w2 = w1
	w2 >>= 16
	*(u8 *)(r6 + 8) = r2
	w2 = w1
	w2 >>= 24
	*(u8 *)(r6 + 9) = r2
	*(u8 *)(r6 + 6) = r1
	w1 >>= 8
	*(u8 *)(r6 + 7) = r1
	r1 = *(u16 *)(r10 - 8)
	*(u8 *)(r6 + 10) = r1
	w1 >>= 8
	*(u8 *)(r6 + 11) = r1
	w0 = 3
	r2 = reflected ll
L1:
	r1 = 1
	; 0: 
	lock *(u64 *)(r2 + 0) += r1
	; 56: }
L2:
	exit
