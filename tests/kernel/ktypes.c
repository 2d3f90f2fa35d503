/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What skep reads from the kernel's types against what the running kernel's verifier does:
 * reads of large structs, at all offsets and widths, and what they give.
 */
#include "btf/btf.h"
#include "probe.h"

static unsigned nwalk, ntaken, nkinds, nkfuncs, npart, nacquire;
static struct skep_btf *types;
static struct skep_arena arena;

static void *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 1 << 24;
	char *p = malloc(cap);

	*len = f && p ? fread(p, 1, cap, f) : 0;
	if (f)
		fclose(f);
	return p;
}

/* The value of r0 behind the last instruction with a number below 16, letters and '_' only. */
static void r0_text(const char *from, char *out, size_t n)
{
	const char *s = strstr(from, "R0=");
	const char *w = strstr(from, "R0_w=");
	size_t len = 0;

	s = s ? s + 3 : w ? w + 5 : NULL;
	*out = '\0';
	while (s && len + 1 < n &&
	       (s[len] == '_' || (s[len] >= 'a' && s[len] <= 'z') ||
		(s[len] >= '0' && s[len] <= '9')))
		len++;
	if (s)
		snprintf(out, n, "%.*s", (int)len, s);
}

/* Where programs get pointers to kernel structs from: the context at `off`. */
static const struct source {
	struct probe_type type;
	s16 off;
	const char *name;
	bool trusted;
} sources[] = {
	{{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, BTF_KIND_FUNC, "bpf_iter_task"},
	 8,
	 "task_struct",
	 true},
	{{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, BTF_KIND_FUNC, "bpf_iter_task_file"},
	 24,
	 "file",
	 false},
	{{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, BTF_KIND_FUNC, "bpf_iter_cgroup"},
	 8,
	 "cgroup",
	 true},
	{{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, BTF_KIND_FUNC, "bpf_iter_unix"},
	 8,
	 "unix_sock",
	 false},
	{{SKEP_PROG_NETFILTER, SKEP_ATTACH_NETFILTER, 0, NULL}, 8, "sk_buff", true},
	{{SKEP_PROG_STRUCT_OPS, 0, BTF_KIND_STRUCT, "tcp_congestion_ops"}, 0, "tcp_sock", true},
};

/* What the log says of a pointer before the name of its type. */
static const char *prefix(const struct source *s, const struct skep_btf_walk *w)
{
	u32 f = s->trusted && w->member ? skep_field_flags(s->name, w->member) : 0;

	if (w->flags & SKEP_BTF_UNION_MEMBER)
		return "untrusted_ptr_";
	if (w->flags & (SKEP_BTF_RCU | SKEP_BTF_PERCPU | SKEP_BTF_USER))
		return NULL;
	if (f & SKEP_FIELD_TRUSTED)
		return f & SKEP_FIELD_NULL ? "trusted_ptr_or_null_" : "trusted_ptr_";
	if (f & SKEP_FIELD_RCU)
		return f & SKEP_FIELD_NULL ? "rcu_ptr_or_null_" : "rcu_ptr_";
	return "ptr_";
}

static bool same_pointer(const char *got, const char *before, const char *name)
{
	size_t n = before ? strlen(before) : 0;

	if (!before) /* type tags: not every compiler writes them */
		return strlen(got) >= strlen(name) &&
		       !strcmp(got + strlen(got) - strlen(name), name);
	return !strncmp(got, before, n) && !strcmp(got + n, name);
}

/* How the log names what was read. */
static void check_kind(const struct source *s, s32 off, u32 size, const struct skep_btf_walk *w)
{
	const char *line = strstr(probe_log, "4: (");
	struct skep_btf_type t = {.name = ""};
	char got[128];
	bool same;

	if (!line)
		return;
	r0_text(line, got, sizeof(got));
	if (!*got)
		return;
	nkinds++;
	if (w->type)
		skep_btf_get(types, w->type, &t);
	if (w->what == SKEP_WALK_SCALAR)
		same = !strcmp(got, "scalar");
	else if (w->what == SKEP_WALK_PTR_OTHER)
		same = !strcmp(got, "scalar") || strstr(got, "mem");
	else
		same = same_pointer(got, prefix(s, w), t.name);
	if (!same)
		probe_fail("%s: %u bytes at %d: kernel %s, skep %u %s", s->name, size, off, got,
			   w->what, t.name);
}

static void check_read(const struct source *s, u32 id, s32 off, u32 size)
{
	static const u8 code[9] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};
	struct skep_btf_walk w;
	bool ours = skep_btf_walk(types, id, off, size, &w), kernel;

	probe_n = 0;
	emit(BPF_LDX | BPF_MEM | BPF_DW, 1, 1, s->off, 0);
	emit(BPF_JMP | BPF_JNE | BPF_K, 1, 0, 2, 0);
	emit_mov(0, 0);
	emit_exit();
	emit(BPF_LDX | BPF_MEM | code[size], 0, 1, (s16)off, 0);
	emit_mov(0, 0);
	emit_exit();
	kernel = !probe_load(s->type.prog, s->type.attach, 2);
	nwalk++;
	ntaken += kernel;
	if (kernel != ours)
		probe_fail("%s: %u bytes at %d: kernel %s, skep %s", s->name, size, off,
			   kernel ? "allows" : "refuses", ours ? "allows" : "refuses");
	else if (ours)
		check_kind(s, off, size, &w);
}

static void check_walk(const struct source *s, const struct btf *vmlinux)
{
	u32 id = skep_btf_find(types, SKEP_BTF_STRUCT, s->name);
	s32 end = (s32)skep_btf_size(types, id);

	if (!probe_begin(&s->type, vmlinux))
		return;
	for (s32 off = -8; off < end + 16; off++)
		for (u32 size = 1; size <= 8; size *= 2)
			check_read(s, id, off, size);
}

/* --- kernel functions ----------------------------------------------------------------- */

/* Calls it with zeroes. */
static int call_kfunc(const struct probe_type *t, u32 id)
{
	probe_n = 0;
	for (u8 r = 1; r <= 5; r++)
		emit_mov(r, 0);
	emit(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (s32)id);
	emit_mov(0, 1);
	emit_exit();
	return probe_load(t->prog, t->attach, 1);
}

static void check_kfunc(const struct probe_type *t, const char *name, u32 id)
{
	const struct skep_kfunc *k = skep_kfunc_find(name);
	bool ours = k && skep_kfunc_allowed(t->prog, k), kernel, leak;

	if (call_kfunc(t, id) && !strstr(probe_log, "call "))
		return;
	kernel = !strstr(probe_log, "is not allowed");
	nkfuncs++;
	if (kernel != ours) {
		/* some ask for the attach type, too: the table takes all of a program type */
		if (!ours)
			probe_fail("%s: %s: kernel allows, table refuses", probe_name(t), name);
		else
			npart++;
		return;
	}
	if (!ours)
		return;
	if (!(k->flags & SKEP_KF_SLEEPS) != !strstr(probe_log, "must be sleepable") &&
	    t->prog != SKEP_PROG_SYSCALL)
		probe_fail("%s: %s: sleeps or not", probe_name(t), name);
	leak = strstr(probe_log, "Unreleased reference") || strstr(probe_log, "reference leak");
	if (leak && !(k->flags & (SKEP_KF_ACQUIRE | SKEP_KF_ITER_NEW)))
		probe_fail("%s: %s acquires a reference", probe_name(t), name);
	if (leak)
		nacquire++;
	/* all was taken: then there is nothing to release */
	if (strstr(probe_log, "processed 8 insns") && k->flags & SKEP_KF_ACQUIRE && !leak)
		probe_fail("%s: %s acquires no reference", probe_name(t), name);
}

static void check_kfuncs(const struct btf *vmlinux)
{
	struct skep_btf_type tag, func;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(probe_types); i++) {
		if (!probe_begin(&probe_types[i], vmlinux))
			continue;
		for (u32 id = 0; (id = skep_btf_next(types, "bpf_kfunc", 9, id)) != 0;)
			if (skep_btf_get(types, id, &tag) && tag.kind == SKEP_BTF_DECL_TAG &&
			    skep_btf_get(types, tag.ref, &func))
				check_kfunc(&probe_types[i], func.name, func.id);
	}
}

int main(void)
{
	struct btf *vmlinux;
	size_t len;
	void *raw;

	if (!probe_possible())
		return PROBE_SKIP;
	raw = slurp("/sys/kernel/btf/vmlinux", &len);
	skep_arena_init(&arena);
	if (!len || skep_btf_read(raw, len, false, &arena, NULL, &types)) {
		printf("SKIP: the kernel has no types\n");
		return PROBE_SKIP;
	}
	skep_btf_index(types, &arena);
	vmlinux = btf__load_vmlinux_btf();
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(sources); i++)
		check_walk(&sources[i], vmlinux);
	check_kfuncs(vmlinux);
	printf("%u reads of structs, %u taken, %u kinds; %u pairs of program type and kernel function "
	       "(%u allowed for some attach types only), %u acquired; %u disagree\n",
	       nwalk, ntaken, nkinds, nkfuncs, npart, nacquire, probe_failed);
	skep_arena_fini(&arena);
	free(raw);
	btf__free(vmlinux);
	return probe_failed ? 1 : 0;
}
