/* SPDX-License-Identifier: BSD-2-Clause */
/* A rule as text: isa's printer, then registers become variables and marks expressions. */
#include "rule/rule_impl.h"

/* Numbers that stand where an expression belongs; the second one fits an offset. */
enum { MARK_IMM = 1999888777, MARK_OFF = 31777 };

static bool take(const char **s, const char *what)
{
	size_t n = strlen(what);

	if (strncmp(*s, what, n) != 0)
		return false;
	*s += n;
	return true;
}

static void print_expr(const struct skep_rule *r, const struct skep_rule_expr *e,
		       struct skep_buf *out)
{
	skep_buf_puts(out, "[");
	skep_rx_print(r, e, out);
	skep_buf_puts(out, "]");
}

static void print_insn(const struct skep_rule *r, const struct skep_rule_insn *i,
		       struct skep_buf *out)
{
	struct skep_isa_syms syms = {.target = "L"};
	struct skep_buf text = {0};
	struct skep_ins in = i->in;

	if (i->imm)
		in.imm = MARK_IMM;
	if (i->off)
		in.off = MARK_OFF;
	skep_isa_print(&in, &syms, &text);
	skep_buf_puts(out, "\t");
	for (const char *s = text.p; s && *s;) {
		bool start =
			s == text.p || s[-1] == ' ' || s[-1] == '(' || s[-1] == ')' || s[-1] == '-';

		if (i->imm && (take(&s, "1999888777") || take(&s, "0x7733e189"))) {
			print_expr(r, i->imm, out);
		} else if (i->off && take(&s, "31777")) {
			print_expr(r, i->off, out);
		} else if (start && (*s == 'r' || *s == 'w') && s[1] >= '0' && s[1] <= '9') {
			skep_buf_printf(out, "%c%c", *s, (char)('A' + (s[1] - '0')));
			s += 2;
		} else {
			skep_buf_add(out, s++, 1);
		}
	}
	skep_buf_puts(out, "\n");
	out->failed |= text.failed;
	skep_buf_fini(&text);
}

static void print_registers(const char *key, u16 regs, struct skep_buf *out)
{
	if (!regs)
		return;
	skep_buf_puts(out, key);
	for (u32 k = 0; k < SKEP_RW_REGS; k++)
		if (regs >> k & 1)
			skep_buf_printf(out, " %c", (char)('A' + k));
	skep_buf_puts(out, "\n");
}

void skep_rule_print(const struct skep_rule *r, struct skep_buf *out)
{
	static const char *const goal[] = {"size", "speed", "verifier"};

	skep_buf_printf(out, "rule %s\nsummary %s\n", r->name, r->summary);
	for (u32 i = 0; i < r->nbefore; i++)
		print_insn(r, &r->before[i], out);
	skep_buf_puts(out, "=>\n");
	for (u32 i = 0; i < r->nafter; i++)
		print_insn(r, &r->after[i], out);
	for (u32 i = 0; i < r->nwhen; i++) {
		skep_buf_puts(out, "when ");
		skep_rx_print(r, &r->when[i], out);
		skep_buf_puts(out, "\n");
	}
	print_registers("dead", r->dead, out);
	print_registers("low", r->low, out);
	print_registers("scalar", r->scalar, out);
	if (r->little)
		skep_buf_puts(out, "little\n");
	for (u32 i = 0; i < r->nsplit; i++) {
		const struct skep_rule_split *s = &r->split[i];

		skep_buf_printf(out, "split %s = ", r->param[s->param]);
		skep_rx_print(r, s->value, out);
		skep_buf_printf(out, " for n in %lld..%lld\n", (long long)s->lo, (long long)s->hi);
	}
	if (r->goals != SKEP_RW_ALL) {
		skep_buf_puts(out, "goals");
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(goal); k++)
			if (r->goals >> k & 1)
				skep_buf_printf(out, " %s", goal[k]);
		skep_buf_puts(out, "\n");
	}
	skep_buf_printf(out, "cpu %u\nhits %u\n", r->cpu, r->hits);
}
