/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies that the other operand makes needless: "y = a; y += k", where k dies, is
 * "k += a" in one register for y and k. Also: an addition of a constant to the
 * address of a variable goes into that address. By webs and liveness; looks again
 * after each edit.
 *
 * Right because: the operation gives the same with its operands exchanged (the
 * kernel takes a number plus a pointer like a pointer plus a number); between
 * copy and operation nothing writes a or touches y; the web of k ends at the
 * operation and that of y begins at the copy, so that one register serves both
 * where it is free for both. The number behind a variable's address is checked
 * to stay inside its section.
 */
#include "opt/opt_impl.h"

enum { MAX_SPAN = 512, WINDOW = 16, LOOKS = 4000 };

static bool commutes(const struct skep_insn *i)
{
	return i->in.size == 8 && i->in.form == SKEP_REG && !skep_insn_frozen(i) &&
	       (i->in.op == SKEP_ADD || i->in.op == SKEP_AND || i->in.op == SKEP_OR || i->in.op == SKEP_XOR ||
		i->in.op == SKEP_MUL);
}

/* The copy "y = a" that the operation changes, with nothing between that matters, or NULL. */
static struct skep_insn *find_copy(const struct skep_opt *o, const struct skep_insn *op)
{
	u32 first = skep_opt_block_first(o, op)->num;
	u16 y = (u16)(1u << op->in.dst), written = 0;

	for (u32 n = op->num; n-- > first && op->num - n <= WINDOW;) {
		struct skep_insn *i = o->cfg->insn[n];

		if (skep_opt_touches(o, i, y)) {
			if (i->in.op != SKEP_MOV || i->in.size != 8 || i->in.form != SKEP_REG || i->in.dst != op->in.dst ||
			    i->in.src == op->in.dst || i->in.src == op->in.src || skep_insn_frozen(i) ||
			    written >> i->in.src & 1)
				return NULL;
			return i;
		}
		written |= skep_isa_writes(&i->in);
	}
	return NULL;
}

/* The register for both, or -1. */
static int one_reg(const struct skep_opt *o, const struct skep_webs *w, const struct skep_insn *op,
		   const struct skep_insn *copy, u32 *lo, u32 *hi)
{
	u8 y = op->in.dst, k = op->in.src;
	u32 wy = skep_web_after(w, op, y), wk = skep_web_before(w, op, k);
	u32 ylo = UINT32_MAX, yhi = 0, klo = UINT32_MAX, khi = 0;

	skep_web_span(w, wy, &ylo, &yhi);
	skep_web_span(w, wk, &klo, &khi);
	*lo = SKEP_MIN(klo, ylo);
	*hi = SKEP_MAX(khi, yhi);
	/* k lives in this block up to the operation, y from the copy on. */
	if (wy == wk || ylo < copy->num || khi > op->num || klo < skep_opt_block_first(o, op)->num || *hi - *lo > MAX_SPAN ||
	    skep_web_before(w, op, y) != wy)
		return -1;
	if (!skep_web_pinned(w, wy) && skep_web_fits(w, wy, y, k, wk))
		return k;
	if (!skep_web_pinned(w, wk) && skep_web_fits(w, wk, k, y, wy))
		return y;
	return -1;
}

static bool commute(struct skep_opt *o, struct skep_webs **w, struct skep_insn *op)
{
	struct skep_insn *copy;
	u8 y = op->in.dst, k = op->in.src, a;
	u32 lo, hi;
	int z;

	if (!commutes(op) || y == k || k == 10 || o->lv->out[op->num] >> k & 1 || !(o->lv->out[op->num] >> y & 1))
		return false;
	copy = find_copy(o, op);
	if (!copy)
		return false;
	if (!*w)
		*w = skep_webs_compute(o);
	a = copy->in.src;
	z = one_reg(o, *w, op, copy, &lo, &hi);
	if (z < 0 || !skep_opt_begin(o, "operands exchanged", o->cfg->insn[lo], o->cfg->insn[hi]))
		return false;
	if (z == k)
		skep_web_rename(*w, skep_web_after(*w, op, y), y, k);
	else
		skep_web_rename(*w, skep_web_before(*w, op, k), k, y);
	op->in.dst = (u8)z;
	op->in.src = a;
	skep_edit_remove(o->obj, copy);
	skep_opt_end(o);
	return true;
}

/* "x = variable ll; x += c" */
static bool into_address(struct skep_opt *o, struct skep_insn *ld)
{
	struct skep_insn *add = ld->next;
	const struct skep_sym *sym;
	s64 at;

	if (ld->in.op != SKEP_LDDW || ld->ref != SKEP_REF_DATA || skep_insn_frozen(ld) || !add || !add->next || add->njumps ||
	    add->in.op != SKEP_ADD || add->in.size != 8 || add->in.form != SKEP_IMM || !skep_insn_const(add) ||
	    add->in.dst != ld->in.dst)
		return false;
	sym = &o->obj->sym[ld->sym];
	at = (s64)sym->value + ld->in.imm + add->in.imm;
	if (!sym->data || at < 0 || at >= (s64)sym->data->size || !skep_fits_s32(ld->in.imm + add->in.imm) ||
	    !skep_opt_begin(o, "constant into the address", ld, add))
		return false;
	ld->in.imm += add->in.imm;
	skep_edit_remove(o->obj, add);
	skep_opt_end(o);
	return true;
}

bool skep_pass_commute(struct skep_opt *o, struct skep_func *f)
{
	struct skep_webs *w = NULL;
	bool changed = false;
	u32 looks;

	skep_opt_look(o, f, true);
	looks = LOOKS / o->cfg->ninsn; /* each of them takes as long as the function is: few for large ones, none for the largest */
	if (!looks)
		return false;
	for (u32 n = 0; n < o->cfg->ninsn; n++) {
		struct skep_insn *i = o->cfg->insn[n];

		if (!o->fa->reached[n] || !(into_address(o, i) || commute(o, &w, i)))
			continue;
		changed = true;
		/* A copy before `i`, or the addition behind it, is gone. */
		if (!--looks)
			break;
		skep_opt_look(o, f, true);
		w = NULL;
		n = i->num;
	}
	return changed;
}
