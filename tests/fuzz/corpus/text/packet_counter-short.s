.object little
.license "Dual BSD/GPL"
.map counters type=percpu_array key=4 value=16 max=257

.section ".rodata" align=1
.label ipv4_only
	.hex 00

.section "xdp"

.func count_packets
	; 62: int count_packets(struct xdp_md *ctx)
	w2 = 256
	; 65: void *data_end = (void *)(long)ctx->data_end;
	r6 = *(u32 *)(r1 + 4)
	; 64: void *data = (void *)(long)ctx->data;
	r7 = *(u32 *)(r1 + 0)
	; 39: if ((void *)(eth + 1) > data_end)
	r1 = r7
	r1 += 14
	; 39: if ((void *)(eth + 1) > data_end)
	if r1 > r6 goto L2
	; 42: if (eth->h_proto == bpf_htons(ETH_P_IP)) {
	r3 = *(u8 *)(r7 + 12)
	r1 = *(u8 *)(r7 + 13)
	w1 <<= 8
	w1 |= w3
	; 42: if (eth->h_proto == bpf_htons(ETH_P_IP)) {
	if w1 == 56710 goto L1
	if w1 != 8 goto L2
	; 45: if ((void *)(ip + 1) > data_end)
	r1 = r7
	r1 += 34
	; 45: if ((void *)(ip + 1) > data_end)
	if r1 > r6 goto L2
	; 47: return ip->protocol;
	r2 = *(u8 *)(r7 + 23)
	goto L2
	; 50: if (eth->h_proto == bpf_htons(ETH_P_IPV6) && !ipv4_only) {
L1:
	r1 = ipv4_only ll
	r1 = *(u8 *)(r1 + 0)
	; 50: if (eth->h_proto == bpf_htons(ETH_P_IPV6) && !ipv4_only) {
	if w1 != 0 goto L2
	r1 = r7
	r1 += 54
	if r1 > r6 goto L2
	; 55: return ip6->nexthdr;
	r2 = *(u8 *)(r7 + 20)
	; 66: __u32 slot = protocol_of(data, data_end);
L2:
	*(u32 *)(r10 - 4) = r2
	r2 = r10
	; 0: 
	r2 += -4
	; 69: c = bpf_map_lookup_elem(&counters, &slot);
	r1 = counters ll
	call bpf_map_lookup_elem#1
	; 70: if (!c)
	if r0 == 0 goto L3
	; 73: c->packets++;
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
	; 74: c->bytes += data_end - data;
	r6 -= r7
	; 74: c->bytes += data_end - data;
	r1 = *(u64 *)(r0 + 8)
	r6 += r1
	*(u64 *)(r0 + 8) = r6
	; 76: }
L3:
	w0 = 2
	exit
