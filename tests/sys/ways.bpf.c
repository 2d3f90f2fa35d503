/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways out of an XDP program by maps; the first byte of the frame says which. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAP(name_, type_, n_)                                                                      \
	struct {                                                                                   \
		__uint(type, type_);                                                               \
		__uint(max_entries, n_);                                                           \
		__type(key, __u32);                                                                \
		__type(value, __u32);                                                              \
	} name_ SEC(".maps")
MAP(devs, BPF_MAP_TYPE_DEVMAP, 8);
MAP(cpus, BPF_MAP_TYPE_CPUMAP, 4);
MAP(socks, BPF_MAP_TYPE_XSKMAP, 4);

SEC("xdp")
int ways(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data;

	if (p + 1 > (unsigned char *)(long)ctx->data_end)
		return XDP_ABORTED;
	switch (*p) {
	case 0: return bpf_redirect_map(&devs, 1, 0);
	case 2: return bpf_redirect_map(&devs, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
	case 4: return bpf_redirect_map(&cpus, 1, 0);
	case 6: return bpf_redirect_map(&socks, 2, XDP_DROP);
	case 8:
		bpf_redirect(1, 0);
		return XDP_PASS;
	default: return bpf_redirect_map(&devs, 7, XDP_TX);
	}
}

char LICENSE[] SEC("license") = "GPL";
