/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of helpers against the running kernel: for each program type and
 * helper, may it be called; is a call with the arguments that the table says taken,
 * and refused when a pointer is replaced by a number; for each map type and helper, do
 * they go together. What the kernel's configuration lacks is counted.
 */
#include "probe.h"

enum { RS = 6, RTASK = 7, RSK = 8, RDST = 9 };

static unsigned nallowed, nlacking, ncalls, nreturns, nwrong, nmaps, nunreached;
static int map_fd[SKEP_MAP_NR];
static const struct btf *vmlinux;

static bool log_has(const char *s)
{
	return strstr(probe_log, s) != NULL;
}

static bool not_allowed(void)
{
	return log_has("not supported for program type") || log_has("supported only for fentry") ||
	       log_has("cannot use helper") || log_has("unknown func") || log_has("invalid func");
}

/* In no type of this kernel, or where lockdown and configuration say no. */
static bool config_lacks(s64 id)
{
	return id == SKEP_FN_probe_write_user || id == SKEP_FN_override_return;
}

static bool may_call(const struct probe_type *t, s64 id)
{
	const char *to = t->name;

	if (to && !strncmp(to, "bpf_iter_", 9))
		to += 9;
	return skep_helper_allowed_to(t->prog, t->attach, to, id);
}

static void check_allowed(const struct probe_type *t)
{
	for (s64 id = 1; id <= SKEP_FN_cgrp_storage_delete; id++) {
		bool ours = may_call(t, id), kernel;

		probe_n = 0;
		emit_call((s32)id);
		emit_exit();
		probe_load(t->prog, t->attach, 1);
		/* refused for what it is only after its arguments are checked */
		kernel = !not_allowed() &&
			 !(id == SKEP_FN_get_func_ip && t->prog != SKEP_PROG_KPROBE);
		if (ours && !kernel && config_lacks(id)) {
			nlacking++;
			continue;
		}
		nallowed++;
		/* sched_ext's helpers belong to STRUCT_OPS, but not to every struct */
		if (ours != kernel &&
		    !(t->prog == SKEP_PROG_STRUCT_OPS && ours &&
		      (id == SKEP_FN_task_storage_get || id == SKEP_FN_task_storage_delete)))
			probe_fail("%s: %s: kernel %s, table %s", probe_name(t),
				   skep_helper_find(id)->name, kernel ? "allows" : "refuses",
				   ours ? "allows" : "refuses");
	}
}

/* --- calls with arguments ------------------------------------------------------ */

static int make_map(u32 type)
{
	LIBBPF_OPTS(bpf_map_create_opts, o);
	u32 key = 4, value = 8, n = 4;

	switch (type) {
	case SKEP_MAP_QUEUE:
	case SKEP_MAP_STACK:
	case SKEP_MAP_BLOOM_FILTER: key = 0; break;
	case SKEP_MAP_RINGBUF:
	case SKEP_MAP_USER_RINGBUF:
		key = value = 0;
		n = 4096;
		break;
	case SKEP_MAP_LPM_TRIE:
		key = 8;
		o.map_flags = BPF_F_NO_PREALLOC;
		break;
	case SKEP_MAP_PROG_ARRAY:
	case SKEP_MAP_PERF_EVENT_ARRAY:
	case SKEP_MAP_CGROUP_ARRAY:
	case SKEP_MAP_CPUMAP:
	case SKEP_MAP_DEVMAP:
	case SKEP_MAP_DEVMAP_HASH:
	case SKEP_MAP_XSKMAP: value = 4; break;
	case SKEP_MAP_ARRAY_OF_MAPS:
	case SKEP_MAP_HASH_OF_MAPS:
		value = 4;
		o.inner_map_fd = map_fd[SKEP_MAP_ARRAY];
		break;
	case SKEP_MAP_CGROUP_STORAGE:
	case SKEP_MAP_PERCPU_CGROUP_STORAGE:
		key = 8;
		n = 0;
		break;
	case SKEP_MAP_STACK_TRACE: break;
	default: break;
	}
	return bpf_map_create(type, "probe", key, value, n, &o);
}

/* The storage maps of sockets, inodes, tasks and cgroups need types for key and value. */
static int make_storage(u32 type)
{
	struct btf *btf = btf__new_empty();
	int id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_NO_PREALLOC,
		    .btf_key_type_id = (u32)id, .btf_value_type_id = (u32)id);
	int fd, err = btf__load_into_kernel(btf);

	if (err)
		return err;
	o.btf_fd = (u32)btf__fd(btf);
	fd = bpf_map_create(type, "probe", 4, 4, 0, &o);
	btf__free(btf);
	return fd;
}

/* Maps that belong to the type of the program that used them first. */
static void renew_maps(void)
{
	static const u8 owned[] = {SKEP_MAP_PROG_ARRAY, SKEP_MAP_DEVMAP, SKEP_MAP_DEVMAP_HASH,
				   SKEP_MAP_CPUMAP};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(owned); i++) {
		close(map_fd[owned[i]]);
		map_fd[owned[i]] = make_map(owned[i]);
	}
}

static void make_maps(void)
{
	for (u32 t = 1; t < SKEP_MAP_NR; t++) {
		bool storage = t == SKEP_MAP_SK_STORAGE || t == SKEP_MAP_INODE_STORAGE ||
			       t == SKEP_MAP_TASK_STORAGE || t == SKEP_MAP_CGRP_STORAGE;

		map_fd[t] = storage ? make_storage(t) : make_map(t);
		if (map_fd[t] < 0)
			printf("not compared: no map of type %s: %s\n", skep_map_type_find(t)->name,
			       strerror(errno));
	}
}

/* Where a program of that type finds a socket in its context, or -1. */
static int ctx_socket(u32 prog)
{
	switch (prog) {
	case SKEP_PROG_SCHED_CLS:
	case SKEP_PROG_SCHED_ACT:
	case SKEP_PROG_CGROUP_SKB:
	case SKEP_PROG_SK_SKB: return 168;
	case SKEP_PROG_SOCK_OPS: return 184;
	case SKEP_PROG_SK_MSG: return 72;
	case SKEP_PROG_CGROUP_SOCK_ADDR: return 64;
	default: return -1;
	}
}

/* Registers with the context, the task and a socket; the stack is filled. */
static bool prologue(const struct probe_type *t, const struct skep_helper_type *h)
{
	bool task = false, sock = false;

	probe_n = 0;
	emit_movr(RS, 1);
	for (u32 i = 0; i < 5; i++) {
		task |= h->arg[i].kind == SKEP_AT_BTF && h->arg[i].btf &&
			!strcmp(h->arg[i].btf, "task_struct");
		sock |= h->arg[i].kind == SKEP_AT_BTF_SOCK || h->arg[i].kind == SKEP_AT_SOCK_COMMON;
	}
	for (s16 off = -256; off < 0; off += 8)
		emit(BPF_ST | BPF_MEM | BPF_DW, 10, 0, off, 0);
	if (task) {
		if (!skep_helper_allowed(t->prog, t->attach, SKEP_FN_get_current_task_btf))
			return false;
		emit_call(SKEP_FN_get_current_task_btf);
		emit_movr(RTASK, 0);
	}
	if (sock) {
		if (ctx_socket(t->prog) < 0)
			return false;
		emit(BPF_LDX | BPF_MEM | BPF_DW, RSK, RS, (s16)ctx_socket(t->prog), 0);
		emit(BPF_JMP | BPF_JNE | BPF_K, RSK, 0, 2, 0);
		emit_mov(0, 1);
		emit_exit();
	}
	return true;
}

/* False: no way to make such an argument here. */
static bool argument(const struct skep_arg_type *a, u32 n, int map)
{
	u8 reg = (u8)(n + 1);

	switch (a->kind) {
	case SKEP_AT_NONE: return true;
	case SKEP_AT_ANY: emit_mov(reg, 0); return true;
	case SKEP_AT_CTX: emit_movr(reg, RS); return true;
	case SKEP_AT_MAP:
		if (map < 0)
			return false;
		emit_map(reg, map);
		return true;
	case SKEP_AT_KEY:
	case SKEP_AT_VALUE:
	case SKEP_AT_MEM:
	case SKEP_AT_FIXED:
		emit_movr(reg, 10);
		emit(BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, -256 + 40 * (s32)n);
		return true;
	case SKEP_AT_SIZE:
	case SKEP_AT_SIZE0:
	case SKEP_AT_ALLOC_SIZE: emit_mov(reg, 24); return true;
	case SKEP_AT_BTF:
		if (!a->btf || strcmp(a->btf, "task_struct"))
			return false;
		emit_movr(reg, RTASK);
		return true;
	case SKEP_AT_BTF_SOCK:
	case SKEP_AT_SOCK_COMMON: emit_movr(reg, RSK); return true;
	default: return false;
	}
}

/* Emits a whole call; argument `wrong` (or -1) is a number. */
static bool call(const struct probe_type *t, const struct skep_helper_type *h, int map, int wrong)
{
	if (!prologue(t, h))
		return false;
	for (u32 i = 0; i < 5; i++) {
		if (!argument(&h->arg[i], i, map))
			return false;
		if (wrong == (int)i)
			emit_mov((u8)(i + 1), 1);
	}
	emit_call(h->id);
	emit_mov(0, 1);
	emit_exit();
	return true;
}

static int some_map(s64 id, const struct probe_type *t)
{
	for (u32 m = 1; m < SKEP_MAP_NR; m++)
		if (map_fd[m] >= 0 && skep_helper_map_ok(t->prog, t->attach, id, m) &&
		    (m != SKEP_MAP_ARENA && m != SKEP_MAP_STRUCT_OPS))
			return map_fd[m];
	return -1;
}

/* What the verifier also wants of single helpers, which is not the business of the table. */
static bool excused(const struct probe_type *t, s64 id)
{
	return log_has("leepable") || log_has("reference leak") ||
	       log_has("Unreleased reference") || log_has("must be referenced") ||
	       log_has("At program exit") || log_has("allowlist") || log_has("not allowed") ||
	       log_has("d_path") || (id == SKEP_FN_snprintf || id == SKEP_FN_trace_printk) ||
	       log_has("fmt") || log_has("PTR_TO_BTF_ID") ||
	       (t->prog == SKEP_PROG_SOCK_OPS && log_has("expected=sock"));
}

/* How the log names what a helper returns. */
static bool same_return(const struct skep_arg_type *r, const char *got)
{
	static const char *const names[] = {[SKEP_RT_INT] = "scalar",
					    [SKEP_RT_VOID] = "",
					    [SKEP_RT_VALUE] = "map_value",
					    [SKEP_RT_SOCKET] = "sock",
					    [SKEP_RT_TCP_SOCK] = "tcp_sock",
					    [SKEP_RT_SOCK_COMMON] = "sock_common",
					    [SKEP_RT_RINGBUF] = "ringbuf_mem",
					    [SKEP_RT_DYNPTR_MEM] = "mem",
					    [SKEP_RT_PERCPU] = "",
					    [SKEP_RT_BTF] = "ptr_"};
	char want[80];

	if (r->kind == SKEP_RT_BTF) {
		snprintf(want, sizeof(want), "%sptr_%s%s",
			 r->flags & SKEP_AF_TRUSTED ? "trusted_" : "",
			 r->flags & SKEP_AF_NULL ? "or_null_" : "", r->btf ? r->btf : "");
		return !strcmp(got, want);
	}
	snprintf(want, sizeof(want), "%s%s", names[r->kind],
		 r->flags & SKEP_AF_NULL ? "_or_null" : "");
	return !strcmp(got, want);
}

/* What the log says of r0 behind the call. */
static void check_return(const struct probe_type *t, s64 id, const struct skep_arg_type *r)
{
	char line[64], got[80];
	const char *s, *end;
	int n = 0;

	probe_load(t->prog, t->attach, 2);
	snprintf(line, sizeof(line), "call %s#%d", skep_helper_find(id)->name, (int)id);
	/* the last one: the first list of instructions has it, too */
	for (s = NULL; (end = strstr(s ? s + 1 : probe_log, line)) != NULL;)
		s = end;
	end = s ? strchr(s, '\n') : NULL;
	s = s ? strstr(s, "R0=") ? strstr(s, "R0=") : strstr(s, "R0_w=") : NULL;
	if (!s || s > end)
		return;
	s = strchr(s, '=') + 1;
	while (s[n] == '_' || (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9'))
		n++;
	snprintf(got, sizeof(got), "%.*s", n, s);
	nreturns++;
	/* a number, and what a lookup in a map of maps or sockets gives */
	if (n && (got[0] < 'a' || !strcmp(got, "map_ptr_or_null")))
		snprintf(got, sizeof(got), "%s", got[0] < 'a' ? "scalar" : "map_value_or_null");
	if (!same_return(r, got))
		probe_fail("%s: %s returns: kernel %s, table %u", probe_name(t),
			   skep_helper_find(id)->name, got, r->kind);
}

static void check_call(const struct probe_type *t, s64 id)
{
	const struct skep_helper_type *h = skep_helper_type(t->prog, id);
	int map = some_map(id, t), err;
	char want[16];

	if (!h || !call(t, h, map, -1)) {
		nunreached++;
		return;
	}
	err = probe_load(t->prog, t->attach, 1);
	if (not_allowed())
		return;
	if (err && !excused(t, id)) {
		size_t n = strlen(probe_log), from = n > 400 ? n - 400 : 0;

		probe_fail("%s: %s: the call is refused: %s", probe_name(t),
			   skep_helper_find(id)->name, probe_log + from);
		return;
	}
	check_return(t, id, &h->ret);
	if (err)
		return;
	ncalls++;
	for (int i = 0; i < 5; i++) {
		u8 k = h->arg[i].kind;

		if (k == SKEP_AT_NONE || k == SKEP_AT_ANY || k == SKEP_AT_SIZE ||
		    k == SKEP_AT_SIZE0 || k == SKEP_AT_ALLOC_SIZE || !call(t, h, map, i))
			continue;
		err = probe_load(t->prog, t->attach, 1);
		snprintf(want, sizeof(want), "R%d type=", i + 1);
		nwrong++;
		if (!err || !(log_has(want) || log_has("must be") || log_has("expected")))
			probe_fail("%s: %s: a number as argument %d: %d %.300s", probe_name(t),
				   skep_helper_find(id)->name, i + 1, err, probe_log);
	}
}

/* --- maps ------------------------------------------------------------------------- */

static void check_map(const struct probe_type *t, s64 id, u32 m)
{
	const struct skep_helper_type *h = skep_helper_type(t->prog, id);
	bool ours = skep_helper_map_ok(t->prog, t->attach, id, m), refused;
	int err;

	if (!call(t, h, map_fd[m], -1))
		return;
	err = probe_load(t->prog, t->attach, 1);
	refused = log_has("cannot pass map_type");
	if (err && !refused && !log_has("reference leak") && !log_has("Unreleased reference") &&
	    !log_has("At program exit")) {
		nunreached++;
		return;
	}
	nmaps++;
	if (ours == refused)
		probe_fail("%s: %s on %s: kernel %s, table %s", probe_name(t),
			   skep_helper_find(id)->name, skep_map_type_find(m)->name,
			   refused ? "refuses" : "takes", ours ? "takes" : "refuses");
}

static bool takes_map(const struct skep_helper_type *h)
{
	for (u32 i = 0; h && i < 5; i++)
		if (h->arg[i].kind == SKEP_AT_MAP)
			return true;
	return false;
}

static void check_maps(const struct probe_type *t)
{
	for (s64 id = 1; id <= SKEP_FN_cgrp_storage_delete; id++)
		if (may_call(t, id) && takes_map(skep_helper_type(t->prog, id)))
			for (u32 m = 1; m < SKEP_MAP_NR; m++)
				if (map_fd[m] >= 0)
					check_map(t, id, m);
}

/* A program that only mentions a map. */
static void check_mention(const struct probe_type *t, u32 m, bool sleepable)
{
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = t->attach,
		    .attach_btf_id = probe_btf_id, .prog_flags = sleepable ? PROBE_SLEEPABLE : 0,
		    .log_level = 1, .log_buf = probe_log, .log_size = sizeof(probe_log));
	bool ours = skep_map_prog_ok(t->prog, sleepable, m, 0), refused;
	int fd;

	probe_n = 0;
	emit_map(2, map_fd[m]);
	emit_mov(0, 1);
	emit_exit();
	probe_log[0] = '\0';
	fd = bpf_prog_load(t->prog, NULL, "GPL", probe_code, probe_n, &o);
	if (fd >= 0)
		close(fd);
	refused = fd < 0 && !log_has("At program exit");
	nmaps++;
	if (ours == refused)
		probe_fail("%s%s with a map %s: kernel %s, table %s: %s", probe_name(t),
			   sleepable ? " (sleepable)" : "", skep_map_type_find(m)->name,
			   refused ? "refuses" : "takes", ours ? "takes" : "refuses", probe_log);
}

int main(void)
{
	if (!probe_possible())
		return PROBE_SKIP;
	vmlinux = btf__load_vmlinux_btf();
	make_maps();
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(probe_types); i++) {
		const struct probe_type *t = &probe_types[i];

		if (!probe_begin(t, vmlinux))
			continue;
		renew_maps();
		check_allowed(t);
		for (s64 id = 1; id <= SKEP_FN_cgrp_storage_delete; id++)
			if (may_call(t, id))
				check_call(t, id);
		check_maps(t);
		for (u32 m = 1; m < SKEP_MAP_NR; m++)
			if (map_fd[m] >= 0) {
				if (t->prog != SKEP_PROG_SYSCALL)
					check_mention(t, m, false);
				if (t->prog == SKEP_PROG_SYSCALL ||
				    (t->prog == SKEP_PROG_KPROBE && !t->attach))
					check_mention(t, m, true);
			}
	}
	printf("%u pairs of program type and helper (%u not in this kernel), %u calls, %u returned values, "
	       "%u wrong arguments, %u pairs with maps, %u not reached; %u disagree\n",
	       nallowed, nlacking, ncalls, nreturns, nwrong, nmaps, nunreached, probe_failed);
	return probe_failed ? 1 : 0;
}
