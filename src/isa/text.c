/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of one instruction, printer and parser side by side so that they cannot drift. */
#include "isa/isa.h"

static const char *mem_type(const struct skep_ins *in)
{
	static const char *const names[2][4] = {{"u8", "u16", "u32", "u64"}, {"s8", "s16", "s32", "s64"}};

	return names[in->op == SKEP_LDXS][in->size == 1 ? 0 : in->size == 2 ? 1 : in->size == 4 ? 2 : 3];
}

static char reg_letter(const struct skep_ins *in)
{
	return in->size == 8 ? 'r' : 'w';
}

static void print_operand(const struct skep_ins *in, struct skep_buf *out)
{
	if (in->form == SKEP_REG)
		skep_buf_printf(out, "%c%u", reg_letter(in), in->src);
	else
		skep_buf_printf(out, "%lld", (long long)in->imm);
}

static void print_addr(u8 base, s32 off, struct skep_buf *out)
{
	skep_buf_printf(out, "(r%u %c %d)", base, off < 0 ? '-' : '+', off < 0 ? -off : off);
}

static void print_target(const struct skep_ins *in, const struct skep_isa_syms *sy, struct skep_buf *out)
{
	if (sy->target)
		skep_buf_puts(out, sy->target);
	else
		skep_buf_printf(out, "%+d", in->off);
}

static void print_unary(const struct skep_ins *in, struct skep_buf *out)
{
	char c = reg_letter(in);

	switch (in->op) {
	case SKEP_NEG:
		skep_buf_printf(out, "%c%u = -%c%u", c, in->dst, c, in->dst);
		break;
	case SKEP_MOVSX:
		skep_buf_printf(out, "%c%u = (s%d)%c%u", c, in->dst, in->off, c, in->src);
		break;
	case SKEP_CAST:
		skep_buf_printf(out, "r%u = addr_space_cast(r%u, %u, %u)", in->dst, in->src,
				(u32)in->imm >> 16, (u32)in->imm & 0xffff);
		break;
	default:
		skep_buf_printf(out, "r%u = %s%lld r%u", in->dst, skep_ops[in->op].text, (long long)in->imm,
				in->dst);
	}
}

static void print_mem(const struct skep_ins *in, struct skep_buf *out)
{
	const char *t = mem_type(in);

	switch (in->op) {
	case SKEP_LDX:
	case SKEP_LDXS:
		skep_buf_printf(out, "r%u = *(%s *)", in->dst, t);
		print_addr(in->src, in->off, out);
		break;
	case SKEP_LDABS:
		skep_buf_printf(out, "r0 = *(%s *)skb[%lld]", t, (long long)in->imm);
		break;
	case SKEP_LDIND:
		skep_buf_printf(out, "r0 = *(%s *)skb[r%u + %lld]", t, in->src, (long long)in->imm);
		break;
	default:
		skep_buf_printf(out, "*(%s *)", t);
		print_addr(in->dst, in->off, out);
		if (in->op == SKEP_ST)
			skep_buf_printf(out, " = %lld", (long long)in->imm);
		else
			skep_buf_printf(out, " = r%u", in->src);
	}
}

static void print_atomic(const struct skep_ins *in, struct skep_buf *out)
{
	const struct skep_op_info *oi = &skep_ops[in->op];
	const char *t = mem_type(in);

	if (in->op == SKEP_LDACQ) {
		skep_buf_printf(out, "r%u = load_acquire(*(%s *)", in->dst, t);
		print_addr(in->src, in->off, out);
		skep_buf_puts(out, ")");
		return;
	}
	if (oi->flags & SKEP_OPF_FETCH)
		skep_buf_printf(out, "r%u = %s(*(%s *)", in->src, oi->text, t);
	else if (oi->flags & (SKEP_OPF_R0 | SKEP_OPF_STORE))
		skep_buf_printf(out, "%s%s(*(%s *)", in->op == SKEP_CMPXCHG ? "r0 = " : "", oi->text, t);
	else
		skep_buf_printf(out, "lock *(%s *)", t);
	print_addr(in->dst, in->off, out);
	if (in->op <= SKEP_AXOR)
		skep_buf_printf(out, " %s r%u", oi->text, in->src);
	else
		skep_buf_printf(out, "%s, r%u)", in->op == SKEP_CMPXCHG ? ", r0" : "", in->src);
}

static void print_ctrl(const struct skep_ins *in, const struct skep_isa_syms *sy, struct skep_buf *out)
{
	static const char *const lddw_kind[] = {"", "map_fd ",	"map_value ", "btf_id ",
						"func ", "map_idx ", "map_idx_value "};

	switch (in->op) {
	case SKEP_LDDW:
		skep_buf_printf(out, "r%u = ", in->dst);
		if (in->src)
			skep_buf_puts(out, lddw_kind[in->src]);
		if (sy->imm)
			skep_buf_printf(out, "%s ll", sy->imm);
		else
			skep_buf_printf(out, "0x%llx ll", (unsigned long long)in->imm);
		break;
	case SKEP_CALL:
		if (sy->callee)
			skep_buf_printf(out, "call %s", sy->callee);
		else if (in->src == SKEP_CALL_HELPER && !in->off)
			skep_buf_printf(out, "call %lld", (long long)in->imm);
		else if (in->src == SKEP_CALL_KFUNC || in->off)
			skep_buf_printf(out, "call %s#%lld@%d", in->src == 2 ? "kfunc" : in->src ? "pc" : "helper",
					(long long)in->imm, in->off);
		else
			skep_buf_printf(out, "call pc%+lld", (long long)in->imm);
		break;
	case SKEP_CALLX:
		if (in->imm)
			skep_buf_printf(out, "callx #%lld", (long long)in->imm);
		else
			skep_buf_printf(out, "callx r%u", in->dst);
		break;
	case SKEP_EXIT:
		skep_buf_puts(out, "exit");
		break;
	default:
		skep_buf_printf(out, "%s ", skep_ops[in->op].text);
		print_target(in, sy, out);
	}
}

void skep_isa_print(const struct skep_ins *in, const struct skep_isa_syms *sy, struct skep_buf *out)
{
	static const struct skep_isa_syms none;

	if (!sy)
		sy = &none;
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
		skep_buf_printf(out, "%c%u %s ", reg_letter(in), in->dst, skep_ops[in->op].text);
		print_operand(in, out);
		break;
	case SKEP_CLASS_UNARY:
		print_unary(in, out);
		break;
	case SKEP_CLASS_JMP:
		skep_buf_printf(out, "if %c%u %s ", reg_letter(in), in->dst, skep_ops[in->op].text);
		print_operand(in, out);
		skep_buf_puts(out, " goto ");
		print_target(in, sy, out);
		break;
	case SKEP_CLASS_MEM:
		print_mem(in, out);
		break;
	case SKEP_CLASS_ATOMIC:
		print_atomic(in, out);
		break;
	default:
		print_ctrl(in, sy, out);
	}
}

/* --- parser --------------------------------------------------------------- */

struct cur {
	const char *p, *end;
	const char *why;
};

static void skip_ws(struct cur *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

/* Consume the literal (blanks before it are skipped). */
static bool lit(struct cur *c, const char *s)
{
	size_t n = strlen(s);

	skip_ws(c);
	if ((size_t)(c->end - c->p) < n || memcmp(c->p, s, n) != 0)
		return false;
	c->p += n;
	return true;
}

static bool is_word(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

/* The same, where no letter or digit may follow. */
static bool word(struct cur *c, const char *s)
{
	struct cur save = *c;

	if (!lit(c, s) || (c->p < c->end && is_word(*c->p))) {
		*c = save;
		return false;
	}
	return true;
}

static bool need(struct cur *c, const char *s)
{
	if (lit(c, s))
		return true;
	c->why = "unexpected text in the instruction";
	return false;
}

static bool number(struct cur *c, s64 *v)
{
	bool neg = false;
	u64 n = 0;
	u32 base = 10, digits = 0;

	skip_ws(c);
	if (c->p < c->end && (*c->p == '-' || *c->p == '+'))
		neg = *c->p++ == '-';
	if (c->end - c->p > 2 && c->p[0] == '0' && (c->p[1] == 'x' || c->p[1] == 'X')) {
		base = 16;
		c->p += 2;
	}
	for (; c->p < c->end; c->p++, digits++) {
		char ch = *c->p;
		u32 d = ch >= '0' && ch <= '9' ? (u32)(ch - '0')
			: ch >= 'a' && ch <= 'f' ? (u32)(ch - 'a' + 10)
			: ch >= 'A' && ch <= 'F' ? (u32)(ch - 'A' + 10)
						 : 99;

		if (d >= base)
			break;
		if (n > (UINT64_MAX - d) / base) {
			c->why = "number is too large";
			return false;
		}
		n = n * base + d;
	}
	if (!digits) {
		c->why = "a number is missing";
		return false;
	}
	*v = (s64)(neg ? 0 - n : n);
	return true;
}

/* A register r0..r10 or w0..w10; *size becomes 8 or 4. */
static bool reg(struct cur *c, u8 *r, u8 *size)
{
	struct cur save = *c;
	s64 v;

	skip_ws(c);
	if (c->end - c->p < 2 || (*c->p != 'r' && *c->p != 'w') || c->p[1] < '0' || c->p[1] > '9') {
		*c = save;
		c->why = "a register is missing";
		return false;
	}
	if (size)
		*size = *c->p == 'r' ? 8 : 4;
	c->p++;
	if (!number(c, &v) || v > 10) {
		c->why = "there is no such register";
		return false;
	}
	*r = (u8)v;
	return true;
}

/* "(u32 *)" after the opening "*": sets size; s-types set *sign. */
static bool mem_cast(struct cur *c, u8 *size, bool *sign)
{
	s64 bits;

	if (!need(c, "("))
		return false;
	*sign = lit(c, "s");
	if (!*sign && !need(c, "u"))
		return false;
	if (!number(c, &bits))
		return false;
	if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
		c->why = "a memory access is of 8, 16, 32 or 64 bits";
		return false;
	}
	*size = (u8)(bits / 8);
	return need(c, "*") && need(c, ")");
}

/* "(r1 + 8)" */
static bool mem_addr(struct cur *c, u8 *base, s32 *off)
{
	s64 v = 0;
	bool neg = false;

	if (!need(c, "(") || !reg(c, base, NULL))
		return false;
	if (lit(c, "-"))
		neg = true;
	else if (!lit(c, "+"))
		return need(c, ")");
	if (!number(c, &v))
		return false;
	if (v > 65536 || v < -65536) {
		c->why = "offset does not fit in 16 bits";
		return false;
	}
	*off = (s32)(neg ? -v : v);
	return need(c, ")");
}

/* A symbol runs to the end of the line or to `stop` (a blank and a word). */
static struct skep_span rest_until(struct cur *c, const char *stop)
{
	struct skep_span s;
	const char *q;
	size_t n = stop ? strlen(stop) : 0;

	skip_ws(c);
	q = c->end;
	if (stop)
		for (q = c->p; q + n <= c->end && memcmp(q, stop, n) != 0; q++)
			;
	if (stop && q + n > c->end)
		q = c->end;
	s.p = c->p;
	s.n = (size_t)(q - c->p);
	c->p = q;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool starts_number(const struct cur *c)
{
	const char *p = c->p;

	while (p < c->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < c->end && (*p == '-' || *p == '+'))
		p++;
	return p < c->end && *p >= '0' && *p <= '9';
}

static bool target(struct cur *c, struct skep_ins *o, struct skep_isa_names *nm)
{
	s64 v;

	if (!starts_number(c)) {
		nm->target = rest_until(c, NULL);
		if (nm->target.n)
			return true;
		c->why = "a branch target is missing";
		return false;
	}
	if (!number(c, &v))
		return false;
	if (v > INT32_MAX || v < INT32_MIN) {
		c->why = "branch offset is too large";
		return false;
	}
	o->off = (s32)v;
	return true;
}

/* The operation of a row whose text is next; rows first..last, longest text first. */
static int op_text(struct cur *c, int first, int last)
{
	int best = -1;
	size_t best_n = 0;

	skip_ws(c);
	for (int i = first; i <= last; i++) {
		size_t n = strlen(skep_ops[i].text);

		if (n > best_n && (size_t)(c->end - c->p) >= n && memcmp(c->p, skep_ops[i].text, n) == 0) {
			best = i;
			best_n = n;
		}
	}
	c->p += best_n;
	return best;
}

static bool operand(struct cur *c, struct skep_ins *o)
{
	u8 size;

	skip_ws(c);
	if (c->p < c->end && (*c->p == 'r' || *c->p == 'w')) {
		o->form = SKEP_REG;
		if (!reg(c, &o->src, &size))
			return false;
		if (size == o->size)
			return true;
		c->why = "the operands have different widths";
		return false;
	}
	o->form = SKEP_IMM;
	if (!number(c, &o->imm))
		return false;
	/* Bit patterns such as 0xffffffff stand for their signed value in 32-bit operations. */
	if (o->size == 4 && o->imm > INT32_MAX && o->imm <= UINT32_MAX)
		o->imm = (s32)(u32)o->imm;
	return true;
}

static bool parse_if(struct cur *c, struct skep_ins *o, struct skep_isa_names *nm)
{
	int op;

	if (!reg(c, &o->dst, &o->size))
		return false;
	op = op_text(c, SKEP_JEQ, SKEP_JSET);
	if (op < 0) {
		c->why = "unknown comparison";
		return false;
	}
	o->op = (u16)op;
	return operand(c, o) && need(c, "goto") && target(c, o, nm);
}

/* "*(u32 *)(r1 + 4) = r2" or "... += r2" after "lock" */
static bool parse_store(struct cur *c, struct skep_ins *o, bool lock)
{
	bool sign;
	u8 size;
	int op;

	if (!mem_cast(c, &o->size, &sign) || !mem_addr(c, &o->dst, &o->off))
		return false;
	if (sign) {
		c->why = "a store has no sign";
		return false;
	}
	if (lock) {
		op = op_text(c, SKEP_AADD, SKEP_AXOR);
		if (op < 0) {
			c->why = "unknown atomic operation";
			return false;
		}
		o->op = (u16)op;
		o->form = SKEP_REG;
		return reg(c, &o->src, &size);
	}
	if (!need(c, "="))
		return false;
	skip_ws(c);
	if (c->p < c->end && (*c->p == 'r' || *c->p == 'w')) {
		o->op = SKEP_STX;
		o->form = SKEP_REG;
		return reg(c, &o->src, &size);
	}
	o->op = SKEP_ST;
	o->form = SKEP_IMM;
	if (!number(c, &o->imm))
		return false;
	if (o->imm > INT32_MAX && o->imm <= UINT32_MAX && o->size <= 4)
		o->imm = (s32)(u32)o->imm;
	return true;
}

/* "name(*(u64 *)(r1 + 0), r2)"; the text before the bracket is consumed. */
static bool parse_atomic(struct cur *c, struct skep_ins *o, int op)
{
	bool sign;
	u8 size, *base = op == SKEP_LDACQ ? &o->src : &o->dst;

	o->op = (u16)op;
	o->form = SKEP_REG;
	if (!need(c, "(") || !need(c, "*") || !mem_cast(c, &o->size, &sign) || !mem_addr(c, base, &o->off))
		return false;
	if (op == SKEP_LDACQ)
		return need(c, ")");
	if (op == SKEP_CMPXCHG && (!need(c, ",") || !need(c, "r0")))
		return false;
	return need(c, ",") && reg(c, &o->src, &size) && need(c, ")");
}

static bool parse_skb(struct cur *c, struct skep_ins *o)
{
	o->form = SKEP_IMM;
	o->op = SKEP_LDABS;
	if (!need(c, "["))
		return false;
	skip_ws(c);
	if (c->p < c->end && *c->p == 'r') {
		o->op = SKEP_LDIND;
		o->form = SKEP_REG;
		if (!reg(c, &o->src, NULL) || !need(c, "+"))
			return false;
	}
	if (o->dst) {
		c->why = "a packet load goes to r0";
		return false;
	}
	return number(c, &o->imm) && need(c, "]");
}

static bool parse_lddw(struct cur *c, struct skep_ins *o, struct skep_isa_names *nm)
{
	static const char *const kinds[] = {NULL, "map_fd", "map_value", "btf_id", "func", "map_idx",
					    "map_idx_value"};

	o->op = SKEP_LDDW;
	o->size = 8;
	o->form = SKEP_IMM;
	o->imm = 0;
	for (u8 i = 1; i < SKEP_ARRAY_SIZE(kinds); i++)
		if (word(c, kinds[i])) {
			o->src = i;
			break;
		}
	if (starts_number(c)) {
		if (!number(c, &o->imm))
			return false;
	} else {
		nm->imm = rest_until(c, " ll");
		if (!nm->imm.n) {
			c->why = "a value is missing";
			return false;
		}
	}
	return need(c, "ll");
}

/* Is the rest of the line a 16-byte load ("... ll")? */
static bool ends_ll(const struct cur *c)
{
	const char *q = c->end;

	while (q > c->p && (q[-1] == ' ' || q[-1] == '\t'))
		q--;
	return q - c->p > 3 && q[-1] == 'l' && q[-2] == 'l' && (q[-3] == ' ' || q[-3] == '\t');
}

/* What follows "rN =". */
static bool parse_assign(struct cur *c, struct skep_ins *o, struct skep_isa_names *nm)
{
	static const struct {
		const char *text;
		u16 op;
	} swaps[] = {{"le", SKEP_TOLE}, {"be", SKEP_TOBE}, {"bswap", SKEP_BSWAP}};
	u8 size = o->size, dst = o->dst, src;
	bool sign;
	s64 bits;
	int op;

	if (size == 8 && ends_ll(c))
		return parse_lddw(c, o, nm);
	if (lit(c, "*")) {
		if (!mem_cast(c, &o->size, &sign))
			return false;
		o->op = sign ? SKEP_LDXS : SKEP_LDX;
		o->form = SKEP_REG;
		return word(c, "skb") ? parse_skb(c, o) : mem_addr(c, &o->src, &o->off);
	}
	if (lit(c, "-r") || lit(c, "-w")) {
		c->p--;
		o->op = SKEP_NEG;
		if (!reg(c, &src, NULL))
			return false;
		c->why = "neg works on one register";
		return src == dst;
	}
	if (lit(c, "(s")) {
		o->op = SKEP_MOVSX;
		o->form = SKEP_REG;
		if (!number(c, &bits) || !need(c, ")"))
			return false;
		o->off = (s32)bits;
		return reg(c, &o->src, NULL);
	}
	if (word(c, "addr_space_cast")) {
		s64 to, from;

		o->op = SKEP_CAST;
		o->form = SKEP_REG;
		if (!need(c, "(") || !reg(c, &o->src, NULL) || !need(c, ",") || !number(c, &to) ||
		    !need(c, ",") || !number(c, &from) || !need(c, ")"))
			return false;
		o->imm = (s32)((u32)to << 16 | ((u32)from & 0xffff));
		return true;
	}
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(swaps); i++)
		if (lit(c, swaps[i].text)) {
			o->op = swaps[i].op;
			if (!number(c, &o->imm) || !reg(c, &src, NULL))
				return false;
			c->why = "a byte swap works on one register";
			return src == dst;
		}
	op = op_text(c, SKEP_AFADD, SKEP_LDACQ);
	if (op >= 0) {
		if (!parse_atomic(c, o, op))
			return false;
		if (op == SKEP_LDACQ) {
			o->dst = dst;
			return true;
		}
		c->why = "the result of an atomic operation goes to its source register";
		return dst == (op == SKEP_CMPXCHG ? 0 : o->src);
	}
	o->op = SKEP_MOV;
	return operand(c, o);
}

static bool parse_call(struct cur *c, struct skep_ins *o, struct skep_isa_names *nm)
{
	s64 off = 0;

	o->op = SKEP_CALL;
	if (starts_number(c))
		return number(c, &o->imm);
	if (lit(c, "pc+") || lit(c, "pc-")) {
		c->p--;
		o->src = SKEP_CALL_SUBPROG;
		return number(c, &o->imm);
	}
	for (u8 i = 0; i < 3; i++)
		if (lit(c, i == 0 ? "helper#" : i == 1 ? "pc#" : "kfunc#")) {
			o->src = i;
			if (!number(c, &o->imm) || !need(c, "@") || !number(c, &off))
				return false;
			o->off = (s32)off;
			return true;
		}
	nm->callee = rest_until(c, NULL);
	c->why = "a function is missing";
	return nm->callee.n > 0;
}

static bool parse_any(struct cur *c, struct skep_ins *o, struct skep_isa_names *nm)
{
	int op;

	o->size = 8;
	o->form = SKEP_IMM;
	if (word(c, "exit")) {
		o->op = SKEP_EXIT;
		return true;
	}
	if (word(c, "if"))
		return parse_if(c, o, nm);
	for (u16 i = SKEP_JA; i <= SKEP_JCOND; i++)
		if (word(c, skep_ops[i].text)) {
			o->op = i;
			return target(c, o, nm);
		}
	if (word(c, "call"))
		return parse_call(c, o, nm);
	if (word(c, "callx")) {
		o->op = SKEP_CALLX;
		return lit(c, "#") ? number(c, &o->imm) : reg(c, &o->dst, NULL);
	}
	if (word(c, "lock"))
		return need(c, "*") && parse_store(c, o, true);
	if (lit(c, "*"))
		return parse_store(c, o, false);
	if (word(c, "store_release"))
		return parse_atomic(c, o, SKEP_STREL);
	if (!reg(c, &o->dst, &o->size))
		return false;
	op = op_text(c, SKEP_ADD, SKEP_SMOD);
	if (op < 0) {
		c->why = "unknown operation";
		return false;
	}
	o->op = (u16)op;
	return op == SKEP_MOV ? parse_assign(c, o, nm) : operand(c, o);
}

bool skep_isa_parse(const char *text, size_t n, struct skep_ins *out, struct skep_isa_names *names,
		    const char **why, const char **where)
{
	struct cur c = {text, text + n, "this is not an instruction"};
	struct skep_ins o = {0};

	memset(names, 0, sizeof(*names));
	if (parse_any(&c, &o, names)) {
		skip_ws(&c);
		c.why = c.p == c.end ? skep_isa_check(&o) : "text after the instruction";
		if (!c.why) {
			*out = o;
			return true;
		}
	}
	*why = c.why;
	*where = c.p;
	return false;
}
