/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links and the kernel's places: the same calls to skep and to the running kernel, results and errors
 * compared. What only the kernel has (a program that really is attached) is not called. Without a
 * kernel that lets us the results are compared with those that it gave.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/abi.h"
#include "sys/sys.h"

static u32 passed, failed;
static bool kernel;

static int ask(bool user, int cmd, void *attr, u32 size)
{
	long r = user ? skep_sys_bpf(cmd, attr, size) : syscall(SYS_bpf, cmd, attr, size);

	return user ? (int)r : r < 0 ? -errno : (int)r;
}

/* r0 = 1, of a type and for a place. */
static int load(bool user, u32 type, u32 attach)
{
	static const struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1}, {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {0};

	a.prog_type = type;
	a.expected_attach_type = attach;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = 2;
	a.license = (u64)(uintptr_t) "GPL";
	return ask(user, BPF_PROG_LOAD, &a, sizeof(a));
}

/* --- the same call to both ----------------------------------------------------------------------- */

struct fds {
	int cls, tracepoint, skb, bind, link, map, cgroup, netns, file;
};
static struct fds fd[2];
enum which { NONE, BAD, CLS, TP, SKB, BIND, LINK, MAP, CGROUP, NETNS, FILE_, LO, NOWHERE };

static u32 value(const struct fds *f, enum which w)
{
	switch (w) {
	case NONE: return 0;
	case BAD: return 9999;
	case CLS: return (u32)f->cls;
	case TP: return (u32)f->tracepoint;
	case SKB: return (u32)f->skb;
	case BIND: return (u32)f->bind;
	case LINK: return (u32)f->link;
	case MAP: return (u32)f->map;
	case CGROUP: return (u32)f->cgroup;
	case NETNS: return (u32)f->netns;
	case FILE_: return (u32)f->file;
	case LO: return if_nametoindex("lo");
	default: return 0x7ffffff0;
	}
}

/* Words of the attributes: of the command's structure the first five, by meaning. */
struct call {
	const char *what;
	int cmd;
	enum which word[2];
	u32 type, flags;
	enum which last;
	int result; /* what Linux 6.18 gives */
};
static const struct call calls[] = {
	{"query tcx", BPF_PROG_QUERY, {LO}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, 0},
	{"query tcx, egress", BPF_PROG_QUERY, {LO}, SKEP_ATTACH_TCX_EGRESS, 0, NONE, 0},
	{"query tcx, no interface", BPF_PROG_QUERY, {NOWHERE}, SKEP_ATTACH_TCX_EGRESS, 0, NONE, -ENODEV},
	{"query tcx, flags", BPF_PROG_QUERY, {LO}, SKEP_ATTACH_TCX_EGRESS, 1, NONE, -EINVAL},
	{"query a namespace", BPF_PROG_QUERY, {NETNS}, BPF_FLOW_DISSECTOR, 0, NONE, 0},
	{"query a namespace, sk_lookup", BPF_PROG_QUERY, {NETNS}, BPF_SK_LOOKUP, 0, NONE, 0},
	{"query a namespace, flags", BPF_PROG_QUERY, {NETNS}, BPF_SK_LOOKUP, 1, NONE, -EINVAL},
	{"query a namespace, no descriptor", BPF_PROG_QUERY, {BAD}, BPF_FLOW_DISSECTOR, 0, NONE, -EBADF},
	{"query a namespace, a file", BPF_PROG_QUERY, {FILE_}, BPF_FLOW_DISSECTOR, 0, NONE, -EINVAL},
	{"query a cgroup", BPF_PROG_QUERY, {CGROUP}, BPF_CGROUP_INET_INGRESS, 0, NONE, 0},
	{"query a cgroup, device", BPF_PROG_QUERY, {CGROUP}, BPF_CGROUP_DEVICE, 0, NONE, 0},
	{"query a cgroup, effective", BPF_PROG_QUERY, {CGROUP}, BPF_CGROUP_SYSCTL, 1, NONE, 0},
	{"query a cgroup, flags", BPF_PROG_QUERY, {CGROUP}, BPF_CGROUP_SYSCTL, 2, NONE, -EINVAL},
	{"query a cgroup, a file", BPF_PROG_QUERY, {FILE_}, BPF_CGROUP_INET_INGRESS, 0, NONE, -EBADF},
	{"query a cgroup, no descriptor", BPF_PROG_QUERY, {BAD}, BPF_CGROUP_INET_INGRESS, 0, NONE, -EBADF},
	{"query a map that is none of sockets", BPF_PROG_QUERY, {MAP}, BPF_SK_SKB_STREAM_PARSER, 0, NONE, -EOPNOTSUPP},
	{"query a map, a file", BPF_PROG_QUERY, {FILE_}, BPF_SK_MSG_VERDICT, 0, NONE, -EINVAL},
	{"query xdp", BPF_PROG_QUERY, {LO}, BPF_XDP, 0, NONE, -EINVAL},
	{"query fentry", BPF_PROG_QUERY, {NONE}, BPF_TRACE_FENTRY, 0, NONE, -EINVAL},
	{"query nothing known", BPF_PROG_QUERY, {NONE}, 1000, 0, NONE, -EINVAL},
	{"attach tcx, no program", BPF_PROG_ATTACH, {LO, BAD}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -EBADF},
	{"attach tcx, another type", BPF_PROG_ATTACH, {LO, SKB}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -EINVAL},
	{"attach tcx, no interface", BPF_PROG_ATTACH, {NOWHERE, CLS}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -ENODEV},
	{"attach tcx, flags", BPF_PROG_ATTACH, {LO, CLS}, SKEP_ATTACH_TCX_INGRESS, 3, NONE, -EINVAL},
	{"attach to a cgroup, no program", BPF_PROG_ATTACH, {CGROUP, BAD}, BPF_CGROUP_INET_EGRESS, 0, NONE, -EBADF},
	{"attach to a cgroup, a map", BPF_PROG_ATTACH, {CGROUP, MAP}, BPF_CGROUP_INET_EGRESS, 0, NONE, -EINVAL},
	{"attach to a cgroup, none", BPF_PROG_ATTACH, {FILE_, SKB}, BPF_CGROUP_INET_EGRESS, 0, NONE, -EBADF},
	{"attach to a cgroup, for another place", BPF_PROG_ATTACH, {CGROUP, BIND}, BPF_CGROUP_INET4_CONNECT, 0, NONE, -EINVAL},
	{"attach to a cgroup, flags", BPF_PROG_ATTACH, {CGROUP, SKB}, BPF_CGROUP_INET_EGRESS, 0x8000, NONE, -EINVAL},
	{"attach to a namespace, none", BPF_PROG_ATTACH, {NETNS, TP}, BPF_FLOW_DISSECTOR, 0, NONE, -EINVAL},
	{"attach fentry, no program", BPF_PROG_ATTACH, {NONE, BAD}, BPF_TRACE_FENTRY, 0, NONE, -EBADF},
	{"attach nothing known", BPF_PROG_ATTACH, {NONE, CLS}, 1000, 0, NONE, -EINVAL},
	{"detach tcx", BPF_PROG_DETACH, {LO, CLS}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -ENOENT},
	{"detach tcx, no interface", BPF_PROG_DETACH, {NOWHERE, CLS}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -ENODEV},
	{"detach tcx, another type", BPF_PROG_DETACH, {LO, SKB}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -EINVAL},
	{"detach from a cgroup", BPF_PROG_DETACH, {CGROUP, SKB}, BPF_CGROUP_INET_EGRESS, 0, NONE, -ENOENT},
	{"detach from a cgroup, none", BPF_PROG_DETACH, {FILE_, SKB}, BPF_CGROUP_INET_EGRESS, 0, NONE, -EBADF},
	{"detach fentry", BPF_PROG_DETACH, {NONE, CLS}, BPF_TRACE_FENTRY, 0, NONE, -EINVAL},
	{"detach nothing known", BPF_PROG_DETACH, {NONE, CLS}, 1000, 0, NONE, -EINVAL},
	{"link to an interface, xdp, another type", BPF_LINK_CREATE, {CLS, LO}, BPF_XDP, 0, NONE, -EINVAL},
	{"link to an interface, tcx, no interface", BPF_LINK_CREATE, {CLS, NOWHERE}, SKEP_ATTACH_TCX_INGRESS, 0, NONE, -ENODEV},
	{"link to a cgroup, a file", BPF_LINK_CREATE, {SKB, FILE_}, BPF_CGROUP_INET_EGRESS, 0, NONE, -EBADF},
	{"link, no program", BPF_LINK_CREATE, {BAD, CGROUP}, BPF_CGROUP_INET_EGRESS, 0, NONE, -EBADF},
	{"update a tracepoint", BPF_LINK_UPDATE, {LINK, TP}, 0, 0, NONE, -EINVAL},
	{"update, no link", BPF_LINK_UPDATE, {BAD, TP}, 0, 0, NONE, -EBADF},
	{"update, no program", BPF_LINK_UPDATE, {LINK, BAD}, 0, 0, NONE, -EBADF},
	{"update, a map", BPF_LINK_UPDATE, {LINK, MAP}, 0, 0, NONE, -EINVAL},
	{"update, flags", BPF_LINK_UPDATE, {LINK, TP}, 1, 0, NONE, -EINVAL},
	{"update, an old program that is none", BPF_LINK_UPDATE, {LINK, TP}, BPF_F_REPLACE, 9999, NONE, -EBADF},
	{"iterate over a tracepoint", BPF_ITER_CREATE, {LINK}, 0, 0, NONE, -EINVAL},
	{"iterate, no link", BPF_ITER_CREATE, {BAD}, 0, 0, NONE, -EBADF},
	{"detach a link, a program", BPF_LINK_DETACH, {TP}, 0, 0, NONE, -EINVAL},
	{"detach a link, none", BPF_LINK_DETACH, {BAD}, 0, 0, NONE, -EBADF},
};

static int one(bool user, const struct call *c, u8 *attr)
{
	const struct fds *f = &fd[user];
	u32 w[5] = {value(f, c->word[0]), value(f, c->word[1]), c->type, c->flags, value(f, c->last)};

	memset(attr, 0, 128);
	if (c->cmd == BPF_PROG_QUERY) /* target, type, flags */
		memmove(w + 1, w + 2, 8), w[3] = 0;
	memcpy(attr, w, c->cmd == BPF_LINK_DETACH ? 4 : c->cmd == BPF_ITER_CREATE ? 8 : sizeof(w));
	return ask(user, c->cmd, attr, c->cmd == BPF_LINK_DETACH || c->cmd == BPF_ITER_CREATE ? 16 : 64);
}

static void check(const char *what, bool ok)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("FAIL %s\n", what);
}

static void compare(const struct call *c)
{
	u8 ours[128] __attribute__((aligned(8))), theirs[128] __attribute__((aligned(8)));
	int got, want = c->result;

	if (value(&fd[1], c->word[0]) == UINT32_MAX || value(&fd[1], c->word[1]) == UINT32_MAX)
		return;
	got = one(true, c, ours);
	if (kernel)
		want = one(false, c, theirs);
	if (got == want && (!kernel || got < 0 || memcmp(ours + 4, theirs + 4, 60) == 0) && want == c->result) {
		passed++;
		return;
	}
	failed++;
	for (u32 k = 1; kernel && k < 16; k++)
		if (memcmp(ours + 4 * k, theirs + 4 * k, 4) != 0)
			printf("word %u: %u, the kernel %u\n", k, ((u32 *)(void *)ours)[k], ((u32 *)(void *)theirs)[k]);
	printf("FAIL %s: %d, the kernel %d, expected %d\n", c->what, got, want, c->result);
}

/* --- links ------------------------------------------------------------------------------------------- */

static int tracepoint_link(bool user, const char *name, int prog, u64 cookie)
{
	struct {
		u64 name;
		u32 fd, pad;
		u64 cookie;
	} a = {(u64)(uintptr_t)name, (u32)prog, 0, cookie};

	return ask(user, BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
}

static int info(bool user, int link, struct skep_sys_link_info *i)
{
	struct {
		u32 fd, len;
		u64 info;
	} a = {(u32)link, sizeof(*i), (u64)(uintptr_t)i};
	int err = ask(user, BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a));

	return err;
}

static void tracepoint_info(bool user)
{
	struct skep_sys_link_info i = {0};
	char name[32], small[4] = "";

	check("info of a tracepoint", info(user, fd[user].link, &i) == 0 && i.type == 1 && i.id && i.prog_id &&
					      i.raw_tracepoint.tp_name_len == 10 && i.raw_tracepoint.cookie == 4711);
	i.raw_tracepoint.tp_name = (u64)(uintptr_t)name;
	check("its name", info(user, fd[user].link, &i) == 0 && strcmp(name, "sys_enter") == 0);
	i.raw_tracepoint.tp_name = (u64)(uintptr_t)small;
	i.raw_tracepoint.tp_name_len = sizeof(small);
	check("its name, too long", info(user, fd[user].link, &i) == -ENOSPC && strcmp(small, "sys") == 0);
	memset(&i, 0, sizeof(i));
	i.raw_tracepoint.tp_name_len = 3;
	check("room for a name, but where", info(user, fd[user].link, &i) == -EINVAL);
}

/* What a program gets of its link's cookie when an embedder raises the event. */
static void cookie(void)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	int map = ask(true, BPF_MAP_CREATE, &a, sizeof(a)), prog, link;
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
		{.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4},
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
		{0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 4},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 7, .src_reg = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_attach_cookie},
		{.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 7, .src_reg = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	u64 got = 0, arg = 1;
	u32 key = 0;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = SKEP_ARRAY_SIZE(code);
	a.license = (u64)(uintptr_t) "GPL";
	prog = ask(true, BPF_PROG_LOAD, &a, sizeof(a));
	link = tracepoint_link(true, "cookie", prog, 0x1122334455667788);
	check("raised", link >= 0 && skep_sys_raise("cookie", &arg, 1) == 1);
	memset(&a, 0, sizeof(a));
	a.map_fd = (u32)map;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)&got;
	check("its cookie", ask(true, BPF_MAP_LOOKUP_ELEM, &a, sizeof(a)) == 0 && got == 0x1122334455667788);
	close(link);
	close(prog);
	close(map);
}

static int task_query(bool user, u32 pid, int of, char *buf, u32 room, u32 *out)
{
	union bpf_attr a = {0};
	int err;

	a.task_fd_query.pid = pid;
	a.task_fd_query.fd = (u32)of;
	a.task_fd_query.buf = (u64)(uintptr_t)buf;
	a.task_fd_query.buf_len = room;
	err = ask(user, BPF_TASK_FD_QUERY, &a, sizeof(a));
	out[0] = a.task_fd_query.buf_len;
	out[1] = a.task_fd_query.prog_id;
	out[2] = a.task_fd_query.fd_type;
	out[3] = (u32)a.task_fd_query.probe_offset;
	return err;
}

static void tasks(bool user)
{
	u32 me = (u32)getpid(), got[4];
	char name[64] = "";

	check("whose link", task_query(user, me, fd[user].link, name, sizeof(name), got) == 0 && got[0] == 9 && got[1] && got[2] == 0 &&
				    strcmp(name, "sys_enter") == 0);
	check("whose link, little room", task_query(user, me, fd[user].link, name, 4, got) == -ENOSPC && strcmp(name, "sys") == 0);
	check("whose: a file", task_query(user, me, fd[user].file, name, 4, got) == -524);
	check("whose: no descriptor", task_query(user, me, 9999, name, 4, got) == -EBADF);
	check("whose: no process", task_query(user, 0x7ffffff0, 0, name, 4, got) == -ENOENT);
}

static u32 link_count(bool user)
{
	union bpf_attr a = {0};
	u32 n = 0;

	while (ask(user, BPF_LINK_GET_NEXT_ID, &a, sizeof(a)) == 0) {
		a.start_id = a.next_id;
		n++;
	}
	return n;
}

static u32 uprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	u32 type = 9;

	if (f) {
		if (fscanf(f, "%u", &type) != 1)
			type = 9;
		fclose(f);
	}
	return type;
}

/* Instructions that every kernel can put a probe on, 16 bytes apart, and where they stand in the file. */
__asm__(".pushsection .text\n.globl places_to_probe\nplaces_to_probe:\n.fill 48, 1, 0x90\n.popsection");
extern const char places_to_probe[], __executable_start[];

/* An event and a link of many places, of which the kernel needs a tracer's rights. */
static void probe_info(bool user)
{
	u64 here = (u64)(places_to_probe - __executable_start);
	struct perf_event_attr e = {.size = sizeof(e), .type = uprobe_type(), .config = 1 | (u64)64 << 32, .config1 = (u64)(uintptr_t) "/proc/self/exe",
				    .config2 = here};
	u64 at[3] = {here, here + 16, here + 32}, cookie[3] = {7, 8, 9}, back[3] = {0}, cookies[3] = {0};
	struct {
		u32 prog, target, type, flags;
		u64 path, offsets, refs, cookies;
		u32 cnt, multi_flags, pid, pad;
	} m = {.type = SKEP_ATTACH_TRACE_UPROBE_MULTI, .path = (u64)(uintptr_t) "/proc/self/exe", .offsets = (u64)(uintptr_t)at,
	       .cookies = (u64)(uintptr_t)cookie, .cnt = 3};
	struct skep_sys_link_info i = {0};
	char name[256] = "", exe[256] = "";
	int prog = load(user, BPF_PROG_TYPE_KPROBE, 0), prog_multi = load(user, BPF_PROG_TYPE_KPROBE, SKEP_ATTACH_TRACE_UPROBE_MULTI);
	int event = user ? skep_sys_perf_event_open(&e, 0, -1, -1, 0) : (int)syscall(SYS_perf_event_open, &e, 0, -1, -1, 0);
	union bpf_attr a = {0};
	u32 got[4];
	int link;

	if (!user && (prog < 0 || event < 0)) {
		printf("no uprobes by this kernel: %s\n", strerror(errno));
		return;
	}
	a.link_create.prog_fd = (u32)prog;
	a.link_create.target_fd = (u32)event;
	a.link_create.attach_type = BPF_PERF_EVENT;
	a.link_create.perf_event.bpf_cookie = 99;
	link = ask(user, BPF_LINK_CREATE, &a, sizeof(a));
	i.uprobe.file_name = (u64)(uintptr_t)name;
	i.uprobe.name_len = sizeof(name);
	check("info of a return probe", link >= 0 && info(user, link, &i) == 0 && i.type == 7 && i.uprobe.type == 2 &&
						i.uprobe.offset == here && i.uprobe.cookie == 99 && i.uprobe.name_len == strlen(name) + 1 &&
						i.uprobe.ref_ctr_offset == 64);
	check("whose event", task_query(user, (u32)getpid(), event, exe, sizeof(exe), got) == 0 && got[1] && got[2] == 5 && got[3] == (u32)here &&
				     strcmp(exe, name) == 0);
	close(link);
	close(event);
	m.prog = (u32)prog_multi;
	link = ask(user, BPF_LINK_CREATE, &m, sizeof(m));
	memset(&i, 0, sizeof(i));
	i.multi.path = (u64)(uintptr_t)name;
	i.multi.path_size = sizeof(name);
	i.multi.offsets = (u64)(uintptr_t)back;
	i.multi.cookies = (u64)(uintptr_t)cookies;
	i.multi.count = 2;
	check("info of many, little room", link >= 0 && info(user, link, &i) == -ENOSPC && back[1] == here + 16 && !back[2]);
	i.multi.count = 3;
	check("info of many", info(user, link, &i) == 0 && i.type == 12 && i.multi.count == 3 && back[2] == here + 32 && cookies[2] == 9 &&
				      readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0 && strncmp(name, exe, strlen(name)) == 0 &&
				      i.multi.path_size == strlen(name) + 1 && i.multi.pid == 0);
	close(link);
}

/* --- a test run at an interface --------------------------------------------------------------------- */

/* What the program sees of `word` in its context, or a negative errno. */
static int see(bool user, u32 type, u32 word, u8 *ctx, u32 ctx_len)
{
	struct bpf_insn code[] = {{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 1, .off = (s16)word}, {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {.prog_type = type, .insns = (u64)(uintptr_t)code, .insn_cnt = 2, .license = (u64)(uintptr_t) "GPL"};
	u8 packet[64] = {[12] = 8, 6};
	int prog = ask(user, BPF_PROG_LOAD, &a, sizeof(a)), err;

	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (u32)prog;
	a.test.data_in = (u64)(uintptr_t)packet;
	a.test.data_size_in = sizeof(packet);
	a.test.ctx_in = (u64)(uintptr_t)ctx;
	a.test.ctx_size_in = ctx_len;
	err = ask(user, BPF_PROG_TEST_RUN, &a, sizeof(a));
	close(prog);
	return err ? err : (int)a.test.retval;
}

static void contexts(void)
{
	static const struct {
		u32 type, word, a, b;
		int result;
	} c[] = {{BPF_PROG_TYPE_SCHED_CLS, 40, 0, 0, 1},	 {BPF_PROG_TYPE_SCHED_CLS, 36, 1, 77, 77}, {BPF_PROG_TYPE_SCHED_CLS, 36, 0, 0, 0},
		 {BPF_PROG_TYPE_SCHED_CLS, 40, 9999999, 0, -ENODEV}, {BPF_PROG_TYPE_XDP, 12, 0, 0, 1},	   {BPF_PROG_TYPE_XDP, 12, 1, 0, 1},
		 {BPF_PROG_TYPE_XDP, 12, 9999999, 0, -ENODEV},	 {BPF_PROG_TYPE_XDP, 16, 0, 1, -EINVAL}};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(c); k++)
		for (u32 user = kernel ? 0 : 1; user < 2; user++) {
			union {
				struct __sk_buff skb;
				struct xdp_md xdp;
				u8 bytes[1];
			} x = {0};
			bool xdp = c[k].type == BPF_PROG_TYPE_XDP;
			int got;

			if (xdp)
				x.xdp = (struct xdp_md){.data_end = 64, .ingress_ifindex = c[k].a, .rx_queue_index = c[k].b};
			else
				x.skb = (struct __sk_buff){.ifindex = c[k].a, .ingress_ifindex = c[k].b};
			got = see(user, c[k].type, c[k].word, x.bytes, xdp ? sizeof(x.xdp) : sizeof(x.skb));
			check("a context's interface", got == c[k].result);
			if (got != c[k].result)
				printf("case %u by %s: %d, not %d\n", k, user ? "skep" : "the kernel", got, c[k].result);
		}
}

/* --- all --------------------------------------------------------------------------------------------- */

static void open_all(bool user)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	struct fds *f = &fd[user];

	f->cls = load(user, BPF_PROG_TYPE_SCHED_CLS, 0);
	f->tracepoint = load(user, BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	f->skb = load(user, BPF_PROG_TYPE_CGROUP_SKB, 0);
	f->bind = load(user, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND);
	f->map = ask(user, BPF_MAP_CREATE, &a, sizeof(a));
	f->link = tracepoint_link(user, "sys_enter", f->tracepoint, 4711);
	f->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	f->file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	f->cgroup = fd[!user].cgroup;
}

/* A cgroup of our own, in a namespace of our own: nothing is attached there. */
static int own_cgroup(char *dir)
{
	char path[256];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || !mkdtemp(dir) || mount("none", dir, "cgroup2", 0, NULL))
		return -1;
	snprintf(path, sizeof(path), "%s/skep-%d", dir, getpid());
	if (mkdir(path, 0700))
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int main(void)
{
	char dir[] = "/tmp/skep-places-XXXXXX", store[] = "/tmp/skep-places-store-XXXXXX", path[256];
	u32 before;

	setvbuf(stdout, NULL, _IONBF, 0);
	setenv("SKEP_PROBES", "0", 1);
	if (!mkdtemp(store) || setenv("SKEP_STORE", store, 1))
		return 2;
	fd[0].cgroup = fd[1].cgroup = own_cgroup(dir);
	if (fd[1].cgroup < 0)
		printf("SKIP what is about cgroups: none can be made here (%s)\n", strerror(errno));
	kernel = load(false, BPF_PROG_TYPE_RAW_TRACEPOINT, 0) >= 0;
	if (!kernel)
		printf("SKIP the kernel: programs cannot be loaded here; compared with what Linux 6.18 gives\n");
	before = link_count(true);
	for (u32 user = kernel ? 0 : 1; user < 2; user++)
		open_all(user);
	check("links are counted", link_count(true) == before + 1);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(calls); k++)
		compare(&calls[k]);
	for (u32 user = kernel ? 0 : 1; user < 2; user++) {
		u32 was = failed;

		tracepoint_info(user);
		tasks(user);
		probe_info(user);
		if (failed != was)
			printf("these by %s\n", user ? "skep" : "the kernel");
	}
	contexts();
	cookie();
	if (fd[1].cgroup >= 0) {
		snprintf(path, sizeof(path), "%s/skep-%d", dir, getpid());
		rmdir(path);
		umount2(dir, MNT_DETACH);
	}
	rmdir(dir);
	snprintf(path, sizeof(path), "rm -rf %s", store);
	if (system(path))
		failed++;
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
