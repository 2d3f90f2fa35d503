/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of context accesses against the running kernel: every program type with
 * its attach types, offset, size, load and store (of a register and of a constant), and what
 * a load gives; the same for sockets behind pointers; and the range of the return
 * value that each program type must have.
 */
#include "probe.h"

static const u8 load_code[9] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};
static const char *const value_name[] = {"scalar",    "pkt",	     "pkt_end", "pkt_meta",
					 "flow_keys", "sock_common", "sock",	"tp_buffer"};
static unsigned nreturns, naccess, nloads, nsocks, nslips;

/*
 * One slip of the kernel: the lower end of a tracepoint's record is compared without a sign, so
 * that it lets loads below the record pass. They are no less unsafe.
 */
static bool kernel_slips(const struct probe_type *t, s32 off, bool write)
{
	return t->prog == SKEP_PROG_TRACEPOINT && off < 0 && !write;
}

static bool kernel_takes(const struct probe_type *t, u32 level)
{
	return !probe_load(t->prog, t->attach, level) || strstr(probe_log, "At program exit");
}

/* What the log says of r0 behind the first instruction. */
static void loaded_value(char *out, size_t n)
{
	const char *s = strstr(probe_log, "0: R1=ctx");
	size_t len = 0;

	*out = '\0';
	s = s ? strstr(s, "R0=") ? strstr(s, "R0=") + 3 : strstr(s, "R0_w=") : NULL;
	if (s && !strncmp(s, "R0_w=", 5))
		s += 5;
	while (s && len + 1 < n && (s[len] == '_' || (s[len] >= 'a' && s[len] <= 'z')))
		len++;
	if (s)
		snprintf(out, n, "%.*s", (int)len, s);
}

static void check_value(const struct probe_type *t, s32 off, u32 size,
			const struct skep_ctx_answer *a)
{
	char got[80], want[80];

	loaded_value(got, sizeof(got));
	/* a number that is not followed any more is not always printed */
	if (!*got && a->value == SKEP_CV_SCALAR)
		return;
	if (a->value == SKEP_CV_BTF)
		snprintf(want, sizeof(want), "trusted_ptr_%s%s", a->null ? "or_null_" : "", a->btf);
	else
		snprintf(want, sizeof(want), "%s%s", value_name[a->value],
			 a->null ? "_or_null" : "");
	nloads++;
	if (strcmp(got, want))
		probe_fail("%s: load of %u at %d: kernel %s, table %s", probe_name(t), size, off,
			   got, want);
}

static void check_access(const struct probe_type *t, s32 off, u32 size, int how)
{
	struct skep_ctx_answer a;
	bool write = how > 0, ours = skep_ctx_access(t->prog, t->attach, off, size, write, &a),
	     kernel;

	probe_n = 0;
	if (how == 0)
		emit(BPF_LDX | BPF_MEM | load_code[size], 0, 1, (s16)off, 0);
	else if (how == 1)
		emit(BPF_ST | BPF_MEM | load_code[size], 1, 0, (s16)off, 0);
	else {
		emit_mov(2, 0);
		emit(BPF_STX | BPF_MEM | load_code[size], 1, 2, (s16)off, 0);
	}
	emit_mov(0, 1);
	emit_exit();
	kernel = kernel_takes(t, how ? 1 : 2);
	naccess++;
	if (kernel && !ours && kernel_slips(t, off, write))
		nslips++;
	else if (kernel != ours)
		probe_fail("%s: %s of %u at %d: kernel %s, table %s", probe_name(t),
			   write ? "store" : "load", size, off, kernel ? "allows" : "refuses",
			   ours ? "allows" : "refuses");
	else if (ours && !write)
		check_value(t, off, size, &a);
}

static void check_context(const struct probe_type *t)
{
	s32 end = (s32)skep_prog_type_find(t->prog)->ctx_size;

	end = end ? end + 32 : 160;
	for (s32 off = -8; off < end; off++)
		for (u32 size = 1; size <= 8; size *= 2)
			for (int how = 0; how < 3; how++)
				check_access(t, off, size, how);
}

/* The last bytes of the long ones. */
static void check_ends(void)
{
	static const struct probe_type tp = {SKEP_PROG_TRACEPOINT, 0, 0, NULL},
				       sc = {SKEP_PROG_SYSCALL, 0, 0, NULL};

	probe_btf_id = 0;
	for (s32 off = 8192 - 16; off < 8192 + 16; off++)
		for (u32 size = 1; size <= 8; size *= 2) {
			check_access(&tp, off, size, 0);
			check_access(&tp, off, size, 1);
		}
	for (s32 off = 32767 - 16; off < 32767; off++)
		for (u32 size = 1; size <= 8; size *= 2)
			check_access(&sc, off, size, 0);
}

/* --- sockets ---------------------------------------------------------------------- */

/* r0 = a socket of that kind; every way out returns 1. */
static void emit_socket(enum skep_sock_kind kind)
{
	emit(BPF_LDX | BPF_MEM | BPF_DW, 0, 1, 168, 0);
	emit(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
	emit_mov(0, 1);
	emit_exit();
	if (kind == SKEP_SOCK_COMMON)
		return;
	emit_movr(1, 0);
	emit_call(kind == SKEP_SOCK_FULL ? SKEP_FN_sk_fullsock : SKEP_FN_tcp_sock);
	emit(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
	emit_mov(0, 1);
	emit_exit();
}

static void check_sockets(void)
{
	static const struct probe_type t = {SKEP_PROG_SCHED_CLS, 0, 0, NULL};

	probe_btf_id = 0;
	for (u32 kind = 0; kind < SKEP_SOCK_XDP; kind++)
		for (s32 off = -8; off < 128; off++)
			for (u32 size = 1; size <= 8; size *= 2)
				for (int write = 0; write < 2; write++) {
					bool ours = !write && skep_sock_access(kind, off, size),
					     kernel;

					probe_n = 0;
					emit_socket(kind);
					emit((u8)((write ? BPF_ST : BPF_LDX) | BPF_MEM |
						  load_code[size]),
					     0, 0, (s16)off, 0);
					emit_mov(0, 1);
					emit_exit();
					kernel = kernel_takes(&t, 1);
					nsocks++;
					if (kernel != ours)
						probe_fail(
							"socket %u: %s of %u at %d: kernel %s, table %s",
							kind, write ? "store" : "load", size, off,
							kernel ? "allows" : "refuses",
							ours ? "allows" : "refuses");
				}
}

/* --- return values -------------------------------------------------------------------- */

/* Programs that return v, as a number of 64 bits. */
static bool kernel_takes_return(const struct probe_type *t, s64 v)
{
	probe_n = 0;
	emit(BPF_LD | BPF_DW | BPF_IMM, 0, 0, 0, (s32)v);
	emit(0, 0, 0, 0, (s32)(v >> 32));
	emit_exit();
	return !probe_load(t->prog, t->attach, 0);
}

static void check_returns(const struct probe_type *t)
{
	static const s64 more[] = {INT64_MIN, -4096, -4095, 1ll << 32, (1ll << 32) + 1, INT64_MAX};
	struct skep_ret_range r = {0};
	bool any = !skep_return_range(t->prog, t->attach, NULL, false, &r);

	for (s64 i = -8; i < 8 + (s64)SKEP_ARRAY_SIZE(more); i++) {
		s64 v = i < 8 ? i : more[i - 8];
		bool ours = any || (v >= r.min && v <= r.max), kernel = kernel_takes_return(t, v);

		nreturns++;
		if (ours != kernel)
			probe_fail("%s: return %lld: kernel %s, table %s", probe_name(t),
				   (long long)v, kernel ? "allows" : "refuses",
				   ours ? "allows" : "refuses");
	}
}

static void check_sleep(const struct probe_type *t)
{
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = t->attach,
		    .attach_btf_id = probe_btf_id, .prog_flags = PROBE_SLEEPABLE, .log_level = 1,
		    .log_buf = probe_log, .log_size = sizeof(probe_log));
	bool ours = skep_prog_may_sleep(t->prog, t->attach, NULL), kernel;
	int fd;

	probe_n = 0;
	emit_mov(0, 1);
	emit_exit();
	probe_log[0] = '\0';
	fd = bpf_prog_load(t->prog, NULL, "GPL", probe_code, probe_n, &o);
	kernel = fd >= 0 || strstr(probe_log, "At program exit");
	if (fd >= 0)
		close(fd);
	if (kernel != ours)
		probe_fail("%s: sleepable: kernel %s, table %s: %s", probe_name(t),
			   kernel ? "allows" : "refuses", ours ? "allows" : "refuses", probe_log);
}

int main(void)
{
	struct btf *vmlinux;

	if (!probe_possible())
		return PROBE_SKIP;
	vmlinux = btf__load_vmlinux_btf();
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(probe_types); i++)
		if (probe_begin(&probe_types[i], vmlinux)) {
			check_returns(&probe_types[i]);
			check_sleep(&probe_types[i]);
			if (!skep_ctx_by_btf(probe_types[i].prog))
				check_context(&probe_types[i]);
		}
	check_ends();
	check_sockets();
	printf("%u accesses to contexts (%u slips of the kernel), %u loaded values, "
	       "%u accesses to sockets, %u return values; %u disagree\n",
	       naccess, nslips, nloads, nsocks, nreturns, probe_failed);
	btf__free(vmlinux);
	return probe_failed ? 1 : 0;
}
