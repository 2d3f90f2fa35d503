/* SPDX-License-Identifier: BSD-2-Clause */
/* What a verifier asks about programs as a whole: return values, licences, who may sleep, what is
 * attached to. */
#include "abi/abi.h"

enum { MAX_ERRNO = 4095 };

static const struct {
	const char *name;
	u8 flags;
} hooks[] = {
#define HOOK(name, flags) {#name, flags},
#include "abi/lsm.def"
};

u32 skep_lsm_flags(const char *hook)
{
	if (!strncmp(hook, "bpf_lsm_", 8))
		hook += 8;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(hooks); i++)
		if (!strcmp(hooks[i].name, hook))
			return hooks[i].flags;
	return 0;
}

bool skep_ops_member_ok(const char *ops, const char *member)
{
	static const char *const qdisc[] = {"enqueue", "dequeue", "init", "reset", "destroy"};

	if (!strcmp(ops, "tcp_congestion_ops"))
		return strcmp(member, "get_info") != 0;
	if (strcmp(ops, "Qdisc_ops"))
		return true;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(qdisc); i++)
		if (!strcmp(member, qdisc[i]))
			return true;
	return false;
}

static const struct {
	const char *name;
	u8 iter, arg, flags;
} kargs[] = {
#define TP(name, arg, flags) {#name, 0, arg, flags},
#define ITER(name, arg, flags) {#name, 1, arg, flags},
#include "abi/karg.def"
};

u32 skep_karg_flags(u32 attach_type, const char *attach_to, u32 arg)
{
	u8 iter = attach_type == SKEP_ATTACH_TRACE_ITER;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(kargs); i++)
		if (kargs[i].iter == iter && kargs[i].arg == arg &&
		    !strcmp(kargs[i].name, attach_to))
			return kargs[i].flags;
	return 0;
}

static bool range(s32 min, s32 max, struct skep_ret_range *out)
{
	*out = (struct skep_ret_range){.min = min, .max = max};
	return true;
}

static bool sock_addr_range(u32 attach_type, struct skep_ret_range *out)
{
	switch (attach_type) {
	case SKEP_ATTACH_CGROUP_UDP4_RECVMSG:
	case SKEP_ATTACH_CGROUP_UDP6_RECVMSG:
	case SKEP_ATTACH_CGROUP_UNIX_RECVMSG:
	case SKEP_ATTACH_CGROUP_INET4_GETPEERNAME:
	case SKEP_ATTACH_CGROUP_INET6_GETPEERNAME:
	case SKEP_ATTACH_CGROUP_UNIX_GETPEERNAME:
	case SKEP_ATTACH_CGROUP_INET4_GETSOCKNAME:
	case SKEP_ATTACH_CGROUP_INET6_GETSOCKNAME:
	case SKEP_ATTACH_CGROUP_UNIX_GETSOCKNAME: return range(1, 1, out);
	case SKEP_ATTACH_CGROUP_INET4_BIND:
	case SKEP_ATTACH_CGROUP_INET6_BIND: return range(0, 3, out);
	default: return range(0, 1, out);
	}
}

static bool tracing_range(u32 attach_type, struct skep_ret_range *out)
{
	switch (attach_type) {
	case SKEP_ATTACH_TRACE_FENTRY:
	case SKEP_ATTACH_TRACE_FEXIT: return range(0, 0, out);
	case SKEP_ATTACH_TRACE_ITER: return range(0, 1, out);
	default: return false;
	}
}

static bool lsm_range(u32 attach_type, const char *hook, bool returns_void,
		      struct skep_ret_range *out)
{
	if (attach_type == SKEP_ATTACH_LSM_CGROUP)
		return returns_void ? range(1, 1, out) : range(0, 1, out);
	if (returns_void)
		return false;
	if (hook && skep_lsm_flags(hook) & SKEP_LSM_BOOL)
		range(0, 1, out);
	else
		range(-MAX_ERRNO, 0, out);
	out->word = true;
	return true;
}

bool skep_return_range(u32 prog_type, u32 attach_type, const char *attach_to, bool returns_void,
		       struct skep_ret_range *out)
{
	switch (prog_type) {
	case SKEP_PROG_CGROUP_SKB:
		return range(0, attach_type == SKEP_ATTACH_CGROUP_INET_EGRESS ? 3 : 1, out);
	case SKEP_PROG_CGROUP_SOCK:
	case SKEP_PROG_SOCK_OPS:
	case SKEP_PROG_CGROUP_DEVICE:
	case SKEP_PROG_CGROUP_SYSCTL:
	case SKEP_PROG_CGROUP_SOCKOPT:
	case SKEP_PROG_SK_LOOKUP:
	case SKEP_PROG_NETFILTER: return range(0, 1, out);
	case SKEP_PROG_CGROUP_SOCK_ADDR: return sock_addr_range(attach_type, out);
	case SKEP_PROG_KPROBE:
		if (attach_type != SKEP_ATTACH_TRACE_KPROBE_SESSION &&
		    attach_type != SKEP_ATTACH_TRACE_UPROBE_SESSION)
			return false;
		return range(0, 1, out);
	case SKEP_PROG_TRACING: return tracing_range(attach_type, out);
	case SKEP_PROG_LSM: return lsm_range(attach_type, attach_to, returns_void, out);
	default: return false;
	}
}

bool skep_license_gpl(const char *license)
{
	static const char *const gpl[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};

	for (u32 i = 0; license && i < SKEP_ARRAY_SIZE(gpl); i++)
		if (!strcmp(gpl[i], license))
			return true;
	return false;
}

bool skep_prog_unpriv(u32 prog_type)
{
	return prog_type == SKEP_PROG_SOCKET_FILTER || prog_type == SKEP_PROG_CGROUP_SKB;
}

bool skep_prog_needs_gpl(u32 prog_type)
{
	return prog_type == SKEP_PROG_LSM || prog_type == SKEP_PROG_STRUCT_OPS;
}

bool skep_prog_needs_btf(u32 prog_type)
{
	return skep_ctx_by_btf(prog_type);
}

bool skep_prog_may_sleep(u32 prog_type, u32 attach_type, const char *attach_to)
{
	switch (prog_type) {
	case SKEP_PROG_SYSCALL:
	case SKEP_PROG_KPROBE:
	case SKEP_PROG_STRUCT_OPS: return true;
	case SKEP_PROG_TRACING:
		return attach_type == SKEP_ATTACH_TRACE_FENTRY ||
		       attach_type == SKEP_ATTACH_TRACE_FEXIT ||
		       attach_type == SKEP_ATTACH_MODIFY_RETURN ||
		       attach_type == SKEP_ATTACH_TRACE_ITER;
	case SKEP_PROG_LSM:
		return attach_type == SKEP_ATTACH_LSM_MAC &&
		       (!attach_to || skep_lsm_flags(attach_to) & SKEP_LSM_SLEEP);
	default: return false;
	}
}

bool skep_section_sleepable(const char *section)
{
	size_t n;

	if (*section == '?')
		section++;
	n = strcspn(section, "/");
	if (n == 7 && !strncmp(section, "syscall", n))
		return true;
	return n > 2 && section[n - 2] == '.' && section[n - 1] == 's' &&
	       skep_section_prog_type(section, NULL);
}

/* The part of a section's name behind what says the type: longest row that fits. */
static size_t type_part(const char *section)
{
	static const char *const two[] = {"sk_reuseport/", "xdp/", "tc/", "tcx/", "netkit/"};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(two); i++)
		if (!strncmp(section, two[i], strlen(two[i])))
			return 0;
	return strcspn(section, "/");
}

const char *skep_section_attach_to(const char *section)
{
	u32 attach = 0, type;
	size_t n;

	if (*section == '?')
		section++;
	type = skep_section_prog_type(section, &attach);
	n = type_part(section);
	if (!n || !section[n] || !section[n + 1])
		return NULL;
	switch (type) {
	case SKEP_PROG_TRACING:
	case SKEP_PROG_LSM:
	case SKEP_PROG_STRUCT_OPS:
	case SKEP_PROG_EXT:
	case SKEP_PROG_TRACEPOINT:
	case SKEP_PROG_RAW_TRACEPOINT:
	case SKEP_PROG_RAW_TRACEPOINT_WRITABLE:
	case SKEP_PROG_KPROBE: return section + n + 1;
	default: return NULL;
	}
}
