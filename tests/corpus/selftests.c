/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own small verifier cases, given to skep's verifier and set beside
 * the running kernel's verdict and the one that the cases expect. The cases are a
 * shared object that selftests.py compiles from a kernel's source tree. Prints one
 * JSON object a line for each case.
 *
 * usage: selftests CASES.so [-b BTF] [-i NUMBER] [-v]
 * -i one case only, -v prints its code, too
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "obj/obj.h"
#include "selftests.h"
#include "verify/verify.h"
#include "../slurp.h"

static const struct skep_btf *kernel_types;
static struct skep_btf_holder {
	struct skep_arena arena;
	void *image;
} types;
static bool show;
static FILE *out; /* the cases print on standard output as they please; that goes to stderr */

/* A case as a model. */
struct model {
	const struct selftest *t;
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_obj *obj;
	struct skep_insn **at; /* by slot */
	u8 *starts;	       /* by slot: a function starts here */
	const char *refused;   /* why it is no program at all, or NULL */
	const char *unable;    /* what this driver cannot build, or NULL */
};

/* --- code ---------------------------------------------------------------------------- */

static s64 target_of(const struct skep_insn *i)
{
	if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_SUBPROG)
		return (s64)i->slot + 1 + i->in.imm;
	if (i->in.op == SKEP_LDDW && i->in.src == SKEP_LD_FUNC)
		return (s64)i->slot + 1 + (s32)i->in.imm;
	return -1;
}

static bool names_function(const struct skep_insn *i)
{
	return (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_SUBPROG) ||
	       (i->in.op == SKEP_LDDW && i->in.src == SKEP_LD_FUNC);
}

static bool decode(struct model *m)
{
	u32 n = m->t->slots, slots;

	m->at = SKEP_NEW_N(&m->arena, struct skep_insn *, n + 1);
	m->starts = SKEP_NEW_N(&m->arena, u8, n + 1);
	m->starts[0] = 1;
	for (u32 s = 0; s < n; s += slots) {
		const char *why = NULL;
		struct skep_ins in;

		slots = skep_isa_decode(m->t->code + (size_t)s * 8, (size_t)(n - s) * 8, false, &in,
					&why);
		if (!slots) {
			m->refused = why;
			return false;
		}
		m->at[s] = skep_insn_new(m->obj, &in, NULL);
		m->at[s]->slot = s;
		m->at[s]->flags = 0;
	}
	for (u32 s = 0; s < n; s++) {
		s64 to;

		if (!m->at[s] || !names_function(m->at[s]))
			continue;
		to = target_of(m->at[s]);
		if (to < 0 || to >= n || !m->at[to]) {
			m->refused = "a call leads nowhere";
			return false;
		}
		m->starts[to] = 1;
	}
	return true;
}

static void cut(struct model *m)
{
	struct skep_obj *o = m->obj;
	struct skep_csec *sec = SKEP_NEW(&m->arena, struct skep_csec);
	struct skep_func *f = NULL;

	sec->name = "case";
	sec->func = o->func = SKEP_NEW_N(&m->arena, struct skep_func *, m->t->slots);
	o->csec = SKEP_NEW_N(&m->arena, struct skep_csec *, 1);
	o->csec[o->ncsec++] = sec;
	sec->slots_read = m->t->slots;
	for (u32 s = 0; s < m->t->slots; s++) {
		if (m->starts[s]) {
			f = SKEP_NEW(&m->arena, struct skep_func);
			f->name = s ? skep_arena_printf(&m->arena, "at_%u", s) : "prog";
			f->sec = sec;
			f->index = o->nfunc;
			f->flags = s ? 0 : SKEP_FF_PROG | SKEP_FF_GLOBAL;
			f->prog_type = s ? 0 : m->t->prog_type;
			f->attach_type = s ? 0 : m->t->attach_type;
			for (u32 k = 0; k < m->t->nfunc; k++)
				if (m->t->func[k].slot == s)
					f->type = m->t->func[k].type;
			o->func[o->nfunc++] = f;
		}
		if (m->at[s])
			skep_edit_append(f, m->at[s]);
	}
	sec->nfunc = o->nfunc;
}

static bool branches(struct model *m)
{
	for (u32 s = 0; s < m->t->slots; s++) {
		struct skep_insn *i = m->at[s];
		s64 to;

		if (!i || !skep_is_branch(i->in.op))
			continue;
		to = (s64)s + 1 + i->in.off;
		if (to < 0 || to >= m->t->slots || !m->at[to] || m->at[to]->func != i->func) {
			m->refused = "a jump leaves its function";
			return false;
		}
		skep_edit_set_target(i, m->at[to]);
	}
	return true;
}

/* --- what the code refers to ----------------------------------------------------------- */

static struct skep_map *map_by_fd(const struct model *m, int fd)
{
	for (u32 k = 0; k < m->t->nmap; k++)
		if (m->t->map[k].fd == fd)
			return m->obj->map[k];
	return NULL;
}

static u32 new_symbol(struct model *m, u8 kind, const char *name)
{
	struct skep_sym *s = &m->obj->sym[m->obj->nsym];

	s->name = name;
	s->kind = kind;
	return m->obj->nsym++;
}

static void take_types(struct model *m, const struct selftest_btf *from)
{
	struct skep_btf *btf;

	if (!from->data)
		return;
	if (m->obj->btf) {
		/* An object has its types in one place. */
		if (m->obj->btf->len != from->len)
			m->unable = "types of the map and of the program";
		return;
	}
	if (skep_btf_read(from->data, from->len, false, &m->arena, &m->ds, &btf))
		m->unable = "types that are not read";
	else
		m->obj->btf = btf;
}

static void make_maps(struct model *m)
{
	struct skep_obj *o = m->obj;

	o->map = SKEP_NEW_N(&m->arena, struct skep_map *, m->t->nmap);
	for (u32 k = 0; k < m->t->nmap; k++) {
		const struct selftest_map *from = &m->t->map[k];
		struct skep_map *map = SKEP_NEW(&m->arena, struct skep_map);

		map->name = skep_arena_printf(&m->arena, "map_%u", k);
		map->type = from->type;
		map->key_size = from->key_size;
		map->value_size = from->value_size;
		map->max_entries = from->max_entries;
		map->map_flags = from->flags;
		map->key_type = from->btf.data ? from->key_type : 0;
		map->value_type = from->btf.data ? from->value_type : 0;
		map->index = o->nmap;
		map->sym = new_symbol(m, SKEP_SYM_MAP, map->name);
		o->sym[map->sym].map = map;
		o->map[o->nmap++] = map;
		take_types(m, &from->btf);
	}
	for (u32 k = 0; k < m->t->nmap; k++)
		if (m->t->map[k].inner_fd)
			o->map[k]->inner = map_by_fd(m, m->t->map[k].inner_fd);
}

static void refer_to_map(struct model *m, struct skep_insn *i)
{
	struct skep_map *map = map_by_fd(m, (s32)(u32)i->in.imm);
	struct skep_dsec *data;
	u32 off = (u32)((u64)i->in.imm >> 32);

	if (!map) {
		m->refused = "no such map";
		return;
	}
	if (i->in.src == SKEP_LD_MAP_FD) {
		/* The second half must be zero. */
		if (off)
			m->refused = "an offset to a map";
		i->ref = SKEP_REF_MAP;
		i->sym = map->sym;
	} else {
		data = SKEP_NEW(&m->arena, struct skep_dsec);
		data->name = map->name;
		data->size = map->value_size;
		data->map = map;
		data->kind = SKEP_DSEC_DATA;
		i->ref = SKEP_REF_DATA;
		i->sym = new_symbol(m, SKEP_SYM_DATA, map->name);
		m->obj->sym[i->sym].data = data;
		m->obj->sym[i->sym].size = data->size;
		/* A value of a map that has more than one element, or none: the kernel takes arrays
		 * of one only. */
		if (map->type != SKEP_MAP_ARRAY || map->max_entries != 1 || off >= map->value_size)
			m->refused = "no such place in a map";
	}
	i->in.src = 0;
	i->in.imm = i->ref == SKEP_REF_DATA ? off : 0;
}

static void refer_to_kfunc(struct model *m, struct skep_insn *i)
{
	for (u32 k = 0; k < m->t->nkfunc; k++)
		if ((u32)m->t->kfunc[k].slot == i->slot) {
			i->ref = SKEP_REF_EXTERN;
			i->sym = new_symbol(m, SKEP_SYM_EXTERN, m->t->kfunc[k].name);
			return;
		}
	m->unable = "a kernel function by number";
}

static void references(struct model *m)
{
	for (u32 s = 0; s < m->t->slots && !m->refused; s++) {
		struct skep_insn *i = m->at[s];

		if (!i)
			continue;
		if (names_function(i)) {
			i->ref = SKEP_REF_FUNC;
			i->callee = m->at[target_of(i)]->func;
			i->in.imm = 0;
			i->in.src = i->in.op == SKEP_CALL ? SKEP_CALL_SUBPROG : 0;
		} else if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_KFUNC) {
			refer_to_kfunc(m, i);
		} else if (i->in.op == SKEP_LDDW &&
			   (i->in.src == SKEP_LD_MAP_FD || i->in.src == SKEP_LD_MAP_VALUE)) {
			refer_to_map(m, i);
		} else if (i->in.op == SKEP_LDDW && i->in.src) {
			m->unable = "a load of an address by number";
		}
	}
}

static void build(struct model *m)
{
	struct skep_obj *o = m->obj = SKEP_NEW(&m->arena, struct skep_obj);

	o->arena = &m->arena;
	o->license = "GPL";
	o->level = 3;
	o->sym = SKEP_NEW_N(&m->arena, struct skep_sym, SELFTEST_MAPS + m->t->slots + 1);
	o->sym[0].name = "";
	o->nsym = 1;
	if (m->t->incomplete)
		m->unable = "a map that this kernel does not make";
	if (!m->t->slots) {
		m->refused = "no code";
		return;
	}
	take_types(m, &m->t->btf);
	make_maps(m);
	if (!decode(m))
		return;
	cut(m);
	if (branches(m))
		references(m);
}

/* --- verdicts ----------------------------------------------------------------------------- */

static void put_says(struct skep_json *j, const char *key, const struct selftest_verdict *v)
{
	static const char *const names[] = {"accept", "reject", "silent"};

	skep_json_key(j, key);
	skep_json_open(j, '{');
	skep_json_kstr(j, "verdict", names[v->says]);
	skep_json_kint(j, "errno", v->error);
	skep_json_kstr(j, "log", v->log);
	skep_json_close(j, '}');
}

static void put_kernel(struct skep_json *j, const struct selftest *t)
{
	static const char *const names[] = {"accept", "reject"};

	skep_json_kstr(j, "expect", names[t->expect]);
	skep_json_kstr(j, "expect_unpriv", names[t->unpriv_expect]);
	skep_json_kstr(j, "expect_text", t->expect_text);
	skep_json_kstr(j, "unpriv_text", t->unpriv_text);
	skep_json_kbool(j, "bpf_capable", t->bpf_capable);
	put_says(j, "kernel", &t->kernel);
	put_says(j, "user", &t->user);
}

static void put_verdict(struct skep_json *j, struct model *m, u32 flags, const char *key)
{
	static const char *const names[] = {"accept", "reject", "undecided"};
	struct skep_verify_opts opts = {.sz = sizeof(opts),
					.prog_type = m->t->prog_type,
					.attach_type = m->t->attach_type,
					.attach_to = m->t->attach_to,
					.kernel = kernel_types,
					.flags = flags};
	struct skep_verify_result r = {0};
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_buf said = {0};
	int err = 0;

	skep_arena_init(&arena);
	skep_diags_init(&ds);
	if (m->t->strict_align)
		opts.flags |= SKEP_VF_STRICT_ALIGN;
	if (!m->refused && !m->unable)
		err = skep_verify_prog(m->obj, m->obj->func[0], &opts, &arena, &ds, &r);
	skep_diags_print(&ds, "", &said);
	skep_json_key(j, key);
	skep_json_open(j, '{');
	skep_json_kstr(j, "verdict",
		       m->unable			  ? "unable"
		       : m->refused || err == SKEP_EINPUT ? "reject"
		       : err				  ? "failed"
							  : names[r.verdict]);
	skep_json_kstr(j, "said", m->unable ? m->unable : m->refused ? m->refused : said.p);
	skep_json_kint(j, "code", r.code);
	skep_json_kint(j, "err", err);
	skep_json_kint(j, "processed", (s64)r.processed);
	skep_json_close(j, '}');
	skep_buf_fini(&said);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
}

static void print_code(const struct model *m)
{
	struct skep_buf b = {0};

	for (u32 s = 0; m->at && s < m->t->slots; s++)
		if (m->at[s]) {
			skep_buf_printf(&b, "%4u ", s);
			skep_isa_print(&m->at[s]->in, NULL, &b);
			skep_buf_puts(&b, "\n");
		}
	fprintf(stderr, "%s", b.p ? b.p : "");
	skep_buf_fini(&b);
}

static void use(const struct selftest *t, void *arg)
{
	struct skep_buf text = {0};
	struct skep_json j;
	struct model m = {.t = t};

	skep_arena_init(&m.arena);
	skep_diags_init(&m.ds);
	build(&m);
	if (show)
		print_code(&m);
	skep_json_init(&j, &text, false);
	skep_json_open(&j, '{');
	skep_json_kint(&j, "number", *(u32 *)arg);
	skep_json_kstr(&j, "name", t->name);
	skep_json_kint(&j, "type", t->prog_type);
	skep_json_kint(&j, "slots", t->slots);
	put_kernel(&j, t);
	put_verdict(&j, &m, 0, "skep");
	put_verdict(&j, &m, SKEP_VF_UNPRIV, "skep_unpriv");
	skep_json_close(&j, '}');
	fprintf(out, "%s", text.failed ? "" : text.p);
	fflush(out);
	skep_buf_fini(&text);
	skep_diags_fini(&m.ds);
	skep_arena_fini(&m.arena);
}

static void read_types(const char *path)
{
	struct skep_btf *btf;
	struct skep_diags ds;
	size_t len;

	skep_arena_init(&types.arena);
	skep_diags_init(&ds);
	types.image = slurp(path, &len);
	if (types.image && len &&
	    skep_btf_read(types.image, len, false, &types.arena, &ds, &btf) == 0)
		skep_btf_index(btf, &types.arena), kernel_types = btf;
	skep_diags_fini(&ds);
}

int main(int argc, char **argv)
{
	const char *btf = "/sys/kernel/btf/vmlinux";
	selftests_count_fn *count;
	selftests_get_fn *get;
	long only = -1;
	void *cases;
	int opt;

	while ((opt = getopt(argc, argv, "b:i:v")) != -1) {
		switch (opt) {
		case 'b': btf = optarg; break;
		case 'i': only = strtol(optarg, NULL, 0); break;
		case 'v': show = true; break;
		default: return 2;
		}
	}
	out = fdopen(dup(STDOUT_FILENO), "w");
	if (!out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return 2;
	cases = optind < argc ? dlopen(argv[optind], RTLD_NOW) : NULL;
	if (!cases) {
		fprintf(stderr, "selftests: %s\n", optind < argc ? dlerror() : "which cases?");
		return 2;
	}
	*(void **)&count = dlsym(cases, "selftests_count");
	*(void **)&get = dlsym(cases, "selftests_get");
	if (!count || !get)
		return 2;
	read_types(btf);
	for (u32 i = 0; i < count(); i++)
		if (only < 0 || (u32)only == i)
			get(i, use, &i);
	skep_arena_fini(&types.arena);
	free(types.image);
	fclose(out);
	return 0;
}
