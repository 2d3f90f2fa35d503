/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The native code of a program beside its instructions and source lines. The
 * program is compiled, never run: maps, variables and helpers have addresses that
 * only stand for them. Decoding is Zydis' work.
 */
#include "cli/native.h"

#include "jit/jit.h"
#include "obj/obj.h"

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>

bool skep_native_possible(struct skep_cli *cli)
{
	return true;
}

u32 skep_native_text(const u8 *p, u32 len, u64 at, struct skep_buf *out)
{
	ZydisDisassembledInstruction d;

	if (!ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, at, p, len, &d))) {
		skep_buf_printf(out, "(bad) 0x%02x", *p);
		return 1;
	}
	skep_buf_puts(out, d.text);
	return d.info.length;
}

/* Symbol n of the object begins at SYMBOLS + n << 32; helpers are 16 bytes apart from `near` on. */
#define SYMBOLS ((u64)0x1000 << 32)
enum { HELPERS = 4096, STEP = 16 };

struct native {
	struct skep_cli *cli;
	const struct skep_obj *obj;
	struct skep_image *image;
	struct skep_eng_prog *prog;
	struct skep_eng_map *map; /* of each symbol */
	struct skep_eng_helper *helper;
	u64 near;
	bool source;
	const struct skep_line_rec *last;
};

/* --- what stands for the world --------------------------------------------------------- */

static bool stand_in(void *user, const struct skep_ins *in, u64 *value,
		     const struct skep_eng_map **map)
{
	struct native *n = user;
	u32 sym = (u32)in->imm;

	*value = SYMBOLS + ((u64)sym << 32) + (u32)(in->imm >> 32);
	*map = in->src == SKEP_LD_MAP_FD ? &n->map[sym] : NULL;
	return true;
}

static const struct skep_eng_helper *helper_at(struct native *n, u64 id)
{
	struct skep_eng_helper *h = &n->helper[id];

	h->fn = (skep_eng_fn)(n->near + id * STEP);
	h->kind = id == SKEP_FN_map_lookup_elem ? SKEP_ENG_LOOKUP
		  : id == SKEP_FN_tail_call	? SKEP_ENG_TAIL_CALL
						: SKEP_ENG_CALL;
	return h;
}

static const struct skep_eng_helper *find_helper(void *user, s64 id)
{
	return id > 0 && id < HELPERS / 2 ? helper_at(user, (u64)id) : NULL;
}

/* The symbol of a kernel function was put into imm. */
static const struct skep_eng_helper *find_kfunc(void *user, const struct skep_ins *in)
{
	return in->imm >= 0 && in->imm < HELPERS / 2 ? helper_at(user, HELPERS / 2 + (u64)in->imm)
						     : NULL;
}

static s64 no_packet(u64 ctx, s64 off, u64 size)
{
	return -1;
}

static void describe_map(struct native *n, u32 sym, const struct skep_map *m)
{
	struct skep_eng_map *e = &n->map[sym];

	e->max_entries = m->max_entries;
	e->stride = (m->value_size + 7) & ~7u;
	e->values = (u8 *)(SYMBOLS + ((u64)sym << 32));
	e->progs = (struct skep_eng_prog **)e->values;
	if (m->type == SKEP_MAP_ARRAY)
		e->kind = SKEP_ENG_MAP_ARRAY;
	else if (m->type == SKEP_MAP_PROG_ARRAY)
		e->kind = SKEP_ENG_MAP_PROGS;
}

/* References become numbers of symbols. */
static void patch(struct native *n)
{
	for (u32 k = 0; k < n->image->nfix; k++) {
		const struct skep_insn *i = n->image->fix[k].insn;
		u8 *at = n->image->code + (size_t)n->image->fix[k].slot * 8;
		const struct skep_map *m = i->ref == SKEP_REF_MAP ? skep_insn_map(n->obj, i) : NULL;

		if (i->in.op == SKEP_CALL) {
			at[1] = (u8)((at[1] & 0x0f) | SKEP_CALL_KFUNC << 4);
			skep_put32(at + 4, i->sym % (HELPERS / 2), false);
			continue;
		}
		if (m)
			describe_map(n, i->sym, m);
		at[1] = (u8)((at[1] & 0x0f) | (m ? SKEP_LD_MAP_FD : SKEP_LD_MAP_VALUE) << 4);
		skep_put32(at + 4, i->sym, false);
		skep_put32(at + 12, m ? 0 : (u32)((u64)i->in.imm + n->obj->sym[i->sym].value),
			   false);
	}
}

/* --- text -------------------------------------------------------------------------------- */

/* What a number in the code stands for, or NULL. */
static const char *name_of(const struct native *n, u64 v)
{
	u64 sym = (v - SYMBOLS) >> 32;

	return v >= SYMBOLS && sym < n->obj->nsym ? n->obj->sym[sym].name : NULL;
}

static const char *callee_of(const struct native *n, u64 target)
{
	u64 id = (target - n->near) / STEP;
	const struct skep_helper *h;

	if (target < n->near || id >= HELPERS || (target - n->near) % STEP)
		return NULL;
	if (id >= HELPERS / 2)
		return id - HELPERS / 2 < n->obj->nsym ? n->obj->sym[id - HELPERS / 2].name : NULL;
	h = skep_helper_find((s64)id);
	return h ? h->name : NULL;
}

/* One native instruction as text, with the names of what it refers to; its length. */
static u32 native_text(const struct native *n, u32 at, struct skep_buf *out)
{
	const u8 *p = n->prog->code + at;
	const char *name;
	u32 len;

	if (p[0] == 0xe8) {
		name = callee_of(n, (u64)p + 5 + (u64)(s64)(s32)skep_get32(p + 1, false));
		if (name) {
			skep_buf_printf(out, "call %s", name);
			return 5;
		}
	}
	len = skep_native_text(p, n->prog->image - at, at, out);
	if (len == 10) {
		u64 v = skep_get64(p + 2, false);

		name = name_of(n, v);
		if (name && *name)
			skep_buf_printf(out, "  ; %s + %u", name, (u32)v);
	}
	return len;
}

static void put_native(struct native *n, u32 from, u32 to)
{
	struct skep_buf b = {0};

	while (from < to) {
		u32 len;

		b.n = 0;
		len = native_text(n, from, &b);
		if (n->cli->json) {
			skep_json_open(&n->cli->j, '{');
			skep_json_kint(&n->cli->j, "offset", from);
			skep_json_kint(&n->cli->j, "size", len);
			skep_json_kstr(&n->cli->j, "text", b.p);
			skep_json_close(&n->cli->j, '}');
		} else {
			skep_buf_printf(&n->cli->out, "%7x:\t\t", from);
			skep_buf_clean(&n->cli->out, b.p);
			skep_buf_puts(&n->cli->out, "\n");
		}
		from += len;
	}
	skep_buf_fini(&b);
}

static void put_slot(struct native *n, u32 slot)
{
	const struct skep_insn *i = n->image->insn[slot];
	struct skep_buf b = {0}, *out = &n->cli->out;
	const char *src = n->source && i->line != n->last
				  ? skep_insn_source(n->obj, i, &n->cli->arena)
				  : NULL;

	n->last = i->line;
	skep_insn_print(n->obj, i, &b);
	if (n->cli->json) {
		skep_json_open(&n->cli->j, '{');
		skep_json_kint(&n->cli->j, "slot", slot);
		skep_json_kstr(&n->cli->j, "text", b.p);
		if (src)
			skep_json_kstr(&n->cli->j, "source", src);
		skep_json_close(&n->cli->j, '}');
	} else {
		if (src) {
			skep_buf_puts(out, "\t; ");
			skep_buf_clean(out, src);
			skep_buf_puts(out, "\n");
		}
		skep_buf_printf(out, "%7u:\t", slot);
		skep_buf_clean(out, b.p);
		skep_buf_puts(out, "\n");
	}
	skep_buf_fini(&b);
}

/* Slots that were compiled together and their code. Returns the next slot. */
static u32 put_group(struct native *n, u32 slot)
{
	const u32 *native = n->prog->native;
	struct skep_json *j = &n->cli->j;
	u32 end = slot + 1;

	/* Inside of a group, and the second half of a 16-byte load, have the place where it ends.
	 */
	while (end < n->prog->slots && native[end] == native[end + 1])
		end++;
	if (native[slot] == native[slot + 1])
		end = slot + 1;
	if (n->cli->json) {
		skep_json_open(j, '{');
		skep_json_key(j, "insns");
		skep_json_open(j, '[');
	}
	for (u32 i = slot; i < end; i++)
		if (n->image->insn[i])
			put_slot(n, i);
	if (n->cli->json) {
		skep_json_close(j, ']');
		skep_json_key(j, "native");
		skep_json_open(j, '[');
	}
	put_native(n, native[slot], native[end]);
	if (n->cli->json) {
		skep_json_close(j, ']');
		skep_json_close(j, '}');
	}
	return end;
}

static void put_all(struct native *n, const struct skep_func *f)
{
	struct skep_json *j = &n->cli->j;

	if (n->cli->json) {
		skep_json_kstr(j, "program", f->name);
		skep_json_kint(j, "slots", n->prog->slots);
		skep_json_kint(j, "bytes", n->prog->image);
		skep_json_key(j, "groups");
		skep_json_open(j, '[');
	} else {
		skep_buf_clean(&n->cli->out, f->name);
		skep_buf_printf(&n->cli->out, ":\t; %u slots, %u bytes of native code\n",
				n->prog->slots, n->prog->image);
		put_native(n, 0, n->prog->native[0]);
	}
	for (u32 i = 0; i < n->prog->slots;)
		i = put_group(n, i);
	if (n->cli->json)
		skep_json_close(j, ']');
}

static int compile(struct native *n, struct skep_input *in, const struct skep_func *f)
{
	static const struct skep_eng_arena arena = {.user = (u64)1 << 44};
	struct skep_eng_env env = {.size = sizeof(env),
				   .user = n,
				   .value = stand_in,
				   .helper = find_helper,
				   .kfunc = find_kfunc,
				   .packet = no_packet,
				   .arena = &arena};
	struct skep_eng_options opt = {.size = sizeof(opt), .near = n->near};
	int err = skep_obj_join(n->obj, f, &in->arena, &n->image);

	if (err)
		return err;
	patch(n);
	return skep_jit_engine()->compile(n->image->code, n->image->slots, &env, &opt, &n->prog,
					  &in->ds);
}

int skep_native(struct skep_cli *cli, struct skep_input *in, const struct skep_func *f, bool source)
{
	struct native n = {.cli = cli, .obj = in->file->obj, .source = source};
	int err;

	if (!skep_jit_engine()) {
		SKEP_CLI_DIAG(cli, NO_TOOL, "a compiler for this processor", "there is none");
		return SKEP_EXIT_ENV;
	}
	n.near = (u64)skep_native & ~(u64)0xffff;
	n.map = SKEP_NEW_N(&cli->arena, struct skep_eng_map, n.obj->nsym + 1);
	n.helper = SKEP_NEW_N(&cli->arena, struct skep_eng_helper, HELPERS);
	err = compile(&n, in, f);
	if (err)
		return skep_cli_fail(cli, in, err);
	put_all(&n, f);
	skep_eng_free(n.prog);
	return SKEP_EXIT_YES;
}

#else

bool skep_native_possible(struct skep_cli *cli)
{
	SKEP_CLI_DIAG(cli, NO_TOOL, "Zydis", "skep was built without it");
	return false;
}

u32 skep_native_text(const u8 *p, u32 len, u64 at, struct skep_buf *out)
{
	return len;
}

int skep_native(struct skep_cli *cli, struct skep_input *in, const struct skep_func *f, bool source)
{
	return skep_native_possible(cli) ? SKEP_EXIT_BUG : SKEP_EXIT_ENV;
}

#endif
