// SPDX-License-Identifier: BSD-2-Clause
/* Variables of every kind that user space can set before loading, and code that depends on them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum mode { MODE_PASS, MODE_NEGATIVE = -3, MODE_DROP = 7 };
struct config {
	__u16 port;
	signed char level;
	_Bool on;
	__u32 bits : 3;
	struct {
		__u64 big;
	};
	char name[8];
};

const volatile _Bool debug;
const volatile struct config cfg = {.port = 80, .level = -2, .big = 5, .name = "lo"};
const volatile __u16 ports[4] = {1, 2, 3, 4};
const volatile enum mode mode = MODE_PASS;
const volatile int limit = 100;
const volatile __u64 seed = 1;
const int folded = 3;
int counter;
extern int CONFIG_HZ __kconfig;
extern unsigned int LINUX_KERNEL_VERSION __kconfig;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

int other(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = {.values = {[1] = (void *)&other}};

static __attribute__((noinline)) int note(struct xdp_md *ctx, __u32 key)
{
	__u64 *v = bpf_map_lookup_elem(&seen, &key);

	if (v)
		(*v)++;
	return v ? (int)*v : (int)(ctx->data_end - ctx->data);
}

SEC("xdp")
int other(struct xdp_md *ctx)
{
	__u32 key = 2;
	__u64 *v = bpf_map_lookup_elem(&stats, &key);

	if (v)
		*v += cfg.port;
	return XDP_DROP;
}

SEC("xdp")
int main_prog(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 *v;
	int ret = XDP_PASS;

	if (debug) {
		ret += note(ctx, limit);
		bpf_tail_call(ctx, &jumps, 1);
	}
	v = bpf_map_lookup_elem(&stats, &key);
	if (v) {
		*v += cfg.port + cfg.big + seed;
		for (int i = 0; i < 4; i++)
			*v += ports[i];
	}
	if (mode == MODE_DROP)
		return XDP_DROP;
	if (mode == MODE_NEGATIVE)
		return XDP_TX;
	if (cfg.level < -1 && ctx->data_end - ctx->data > limit)
		ret = XDP_DROP;
	if (cfg.on && cfg.name[0] == 'e')
		ret ^= 1;
	counter++;
	if (CONFIG_HZ == 250)
		ret += LINUX_KERNEL_VERSION > 0x50000;
	return ret + folded;
}

SEC("xdp")
int steps(struct xdp_md *ctx)
{
	int n = 0;

	/* Without a step nothing of the loop is left. */
	for (__u32 i = 0; i < (__u32)limit && i < 64; i++)
		n += counter + (int)i;
	return n;
}

char _license[] SEC("license") = "GPL";
