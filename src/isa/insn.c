/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of operations, decoding, encoding, legal fields, register sets. */
#include "isa/isa.h"

const struct skep_op_info skep_ops[SKEP_OP_NR] = {
#define ALU(name, code, text, since, meaning) {#name, text, SKEP_CLASS_ALU, since, code, 0, 0, #meaning},
#define ALUOFF(name, code, off, text, since, meaning)                                              \
	{#name, text, SKEP_CLASS_ALU, since, code, 0, 0, #meaning},
#define UNARY(name, code, text, since, doc) {#name, text, SKEP_CLASS_UNARY, since, code, 0, 0, doc},
#define JMP(name, code, text, since, meaning) {#name, text, SKEP_CLASS_JMP, since, code, 0, 0, #meaning},
#define MEM(name, mode, class_, text, since, doc)                                                  \
	{#name, text, SKEP_CLASS_MEM, since, mode | class_, 0, 0, doc},
#define ATOMIC(name, imm, text, since, flags, meaning)                                             \
	{#name, text, SKEP_CLASS_ATOMIC, since, 0xc3, flags, imm, #meaning},
#define CTRL(name, opcode, text, since, doc) {#name, text, SKEP_CLASS_CTRL, since, opcode, 0, 0, doc},
#include "isa/insn.def"
};

/* Opcode classes (RFC 9669, section 3). */
enum { LD, LDX, ST, STX, ALU32, JMP64, JMP32, ALU64 };

static const u8 size_bytes[4] = {4, 2, 1, 8};

static u8 size_bits(u8 size)
{
	return size == 4 ? 0x00 : size == 2 ? 0x08 : size == 1 ? 0x10 : 0x18;
}

/* Fields of one slot as they stand in the code. */
struct raw {
	u8 code, dst, src;
	s16 off;
	s32 imm;
};

static struct raw raw_get(const u8 *p, bool big)
{
	struct raw r = {.code = p[0]};

	r.dst = big ? p[1] >> 4 : p[1] & 15;
	r.src = big ? p[1] & 15 : p[1] >> 4;
	r.off = (s16)skep_get16(p + 2, big);
	r.imm = (s32)skep_get32(p + 4, big);
	return r;
}

static void raw_put(const struct raw *r, u8 *p, bool big)
{
	p[0] = r->code;
	p[1] = (u8)(big ? r->dst << 4 | r->src : r->src << 4 | r->dst);
	skep_put16(p + 2, (u16)r->off, big);
	skep_put32(p + 4, (u32)r->imm, big);
}

/* Operation of an ALU opcode, or -1. Rows that share a code are told apart here. */
static int alu_op(const struct raw *r, u8 cls)
{
	switch (r->code & 0xf0) {
	case 0x30:
		return r->off == 1 ? SKEP_SDIV : SKEP_DIV;
	case 0x90:
		return r->off == 1 ? SKEP_SMOD : SKEP_MOD;
	case 0x80:
		return SKEP_NEG;
	case 0xb0:
		if (!(r->code & 8) || r->off == 0)
			return SKEP_MOV;
		return r->off == 1 && cls == ALU64 ? SKEP_CAST : SKEP_MOVSX;
	case 0xd0:
		if (cls == ALU64)
			return r->code & 8 ? -1 : SKEP_BSWAP;
		return r->code & 8 ? SKEP_TOBE : SKEP_TOLE;
	default:
		for (int i = SKEP_ADD; i <= SKEP_ARSH; i++)
			if (skep_ops[i].code == (r->code & 0xf0))
				return i;
		return -1;
	}
}

static const char *decode_alu(const struct raw *r, struct skep_ins *o)
{
	u8 cls = r->code & 7;
	int op = alu_op(r, cls);
	bool swap;

	if (op < 0)
		return "unknown arithmetic opcode";
	swap = op == SKEP_TOLE || op == SKEP_TOBE || op == SKEP_BSWAP;
	o->op = (u16)op;
	o->size = cls == ALU64 || swap ? 8 : 4;
	o->form = (r->code & 8) && !swap ? SKEP_REG : SKEP_IMM;
	o->off = op == SKEP_SDIV || op == SKEP_SMOD || op == SKEP_CAST ? 0 : r->off;
	if (o->form == SKEP_IMM && r->src)
		return "reserved source register field is set";
	if (o->form == SKEP_REG && r->imm && op != SKEP_CAST)
		return "reserved immediate field is set";
	return NULL;
}

static const char *decode_jmp(const struct raw *r, struct skep_ins *o)
{
	bool wide = (r->code & 7) == JMP64;
	u8 code = r->code & 0xf0;

	o->size = wide ? 8 : 4;
	o->form = r->code & 8 ? SKEP_REG : SKEP_IMM;
	for (int i = SKEP_JEQ; i <= SKEP_JSET; i++)
		if (skep_ops[i].code == code) {
			o->op = (u16)i;
			if (o->form == SKEP_IMM ? r->src : r->imm)
				return "reserved field of a jump is set";
			return NULL;
		}
	for (int i = SKEP_JA; i <= SKEP_EXIT; i++)
		if (skep_ops[i].code == r->code) {
			o->op = (u16)i;
			o->size = 8;
			break;
		}
	switch (o->op) {
	case SKEP_JA:
	case SKEP_JCOND:
		return r->dst || r->src || r->imm ? "reserved field of a jump is set" : NULL;
	case SKEP_GOTOL:
		o->off = r->imm;
		o->imm = 0;
		return r->dst || r->src || r->off ? "reserved field of a jump is set" : NULL;
	case SKEP_CALL:
		if (r->dst)
			return "reserved field of a call is set";
		return r->src > 2 ? "unknown kind of call" : NULL;
	case SKEP_CALLX:
		o->form = SKEP_IMM;
		return r->src || r->off || (r->dst && r->imm) ? "reserved field of a call is set" : NULL;
	case SKEP_EXIT:
		return r->dst || r->src || r->off || r->imm ? "reserved field of exit is set" : NULL;
	default:
		return "unknown jump opcode";
	}
}

static const char *decode_mem(const struct raw *r, struct skep_ins *o)
{
	u8 key = r->code & 0xe7;

	o->size = size_bytes[r->code >> 3 & 3];
	if (key == 0xc3) {
		o->form = SKEP_REG;
		o->imm = 0;
		for (int i = SKEP_AADD; i <= SKEP_STREL; i++)
			if (skep_ops[i].imm == (u32)r->imm) {
				o->op = (u16)i;
				return skep_isa_check(o);
			}
		return "unknown atomic operation";
	}
	for (int i = SKEP_LDX; i <= SKEP_LDIND; i++) {
		if (skep_ops[i].code != key)
			continue;
		o->op = (u16)i;
		o->form = i == SKEP_ST ? SKEP_IMM : SKEP_REG;
		if (i == SKEP_LDABS || i == SKEP_LDIND) {
			o->form = i == SKEP_LDABS ? SKEP_IMM : SKEP_REG;
			if (r->dst || r->off || (i == SKEP_LDABS && r->src))
				return "reserved field of a packet load is set";
		} else if (i == SKEP_ST ? r->src : r->imm) {
			return "reserved field of a memory access is set";
		}
		return NULL;
	}
	return "unknown memory opcode";
}

u32 skep_isa_decode(const u8 *p, size_t len, bool big, struct skep_ins *out, const char **why)
{
	struct skep_ins o = {.op = SKEP_OP_NR};
	const char *bad;
	struct raw r;

	if (len < 8) {
		*why = "the code ends inside an instruction";
		return 0;
	}
	r = raw_get(p, big);
	o.dst = r.dst;
	o.src = r.src;
	o.off = r.off;
	o.imm = r.imm;
	switch (r.code & 7) {
	case ALU32:
	case ALU64:
		bad = decode_alu(&r, &o);
		break;
	case JMP32:
	case JMP64:
		bad = decode_jmp(&r, &o);
		break;
	default:
		if (r.code == 0x18) {
			struct raw hi;

			if (len < 16) {
				*why = "the code ends inside a 16-byte load";
				return 0;
			}
			hi = raw_get(p + 8, big);
			o.op = SKEP_LDDW;
			o.size = 8;
			o.imm = (s64)((u64)(u32)hi.imm << 32 | (u32)r.imm);
			bad = hi.code || hi.dst || hi.src || hi.off || r.off
				      ? "reserved field of a 16-byte load is set"
				      : NULL;
			break;
		}
		bad = decode_mem(&r, &o);
	}
	if (!bad)
		bad = skep_isa_check(&o);
	if (bad) {
		*why = bad;
		return 0;
	}
	*out = o;
	return skep_ins_slots(&o);
}

static void encode_alu(const struct skep_ins *in, struct raw *r)
{
	const struct skep_op_info *oi = &skep_ops[in->op];

	r->code = (u8)(oi->code | (in->form == SKEP_REG ? 8 : 0) | (in->size == 8 ? ALU64 : ALU32));
	switch (in->op) {
	case SKEP_SDIV:
	case SKEP_SMOD:
	case SKEP_CAST:
		r->off = 1;
		break;
	case SKEP_TOLE:
	case SKEP_TOBE:
		r->code = (u8)(oi->code | (in->op == SKEP_TOBE ? 8 : 0) | ALU32);
		break;
	default:
		break;
	}
}

u32 skep_isa_encode(const struct skep_ins *in, u8 out[16], bool big)
{
	const struct skep_op_info *oi = &skep_ops[in->op];
	struct raw r = {.dst = in->dst, .src = in->src, .off = (s16)in->off, .imm = (s32)in->imm};

	switch (oi->class_) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
		encode_alu(in, &r);
		break;
	case SKEP_CLASS_JMP:
		r.code = (u8)(oi->code | (in->form == SKEP_REG ? 8 : 0) | (in->size == 8 ? JMP64 : JMP32));
		break;
	case SKEP_CLASS_MEM:
		r.code = (u8)(oi->code | size_bits(in->size));
		break;
	case SKEP_CLASS_ATOMIC:
		r.code = (u8)(oi->code | size_bits(in->size));
		r.imm = oi->imm;
		break;
	default:
		r.code = oi->code;
		if (in->op == SKEP_GOTOL) {
			r.imm = in->off;
			r.off = 0;
		}
		if (in->op == SKEP_LDDW) {
			struct raw hi = {.imm = (s32)(in->imm >> 32)};

			raw_put(&r, out, big);
			raw_put(&hi, out + 8, big);
			return 2;
		}
	}
	raw_put(&r, out, big);
	return 1;
}

static const char *check_operands(const struct skep_ins *in)
{
	switch (in->op) {
	case SKEP_TOLE:
	case SKEP_TOBE:
	case SKEP_BSWAP:
		if (in->imm != 16 && in->imm != 32 && in->imm != 64)
			return "a byte swap is of 16, 32 or 64 bits";
		return in->off ? "reserved offset field is set" : NULL;
	case SKEP_MOVSX:
		if (in->off != 8 && in->off != 16 && (in->off != 32 || in->size != 8))
			return "a sign-extending move is of 8, 16 or 32 bits";
		return in->form != SKEP_REG ? "a sign-extending move takes a register" : NULL;
	case SKEP_CAST:
		return in->form != SKEP_REG ? "an address-space cast takes a register" : NULL;
	case SKEP_NEG:
		return in->imm || in->off || in->form != SKEP_IMM ? "reserved field of neg is set" : NULL;
	default:
		return in->off ? "reserved offset field is set" : NULL;
	}
}

bool skep_isa_refused(const struct skep_ins *in)
{
	if (skep_op_class(in->op) != SKEP_CLASS_ALU || in->form != SKEP_IMM)
		return false;
	switch (in->op) {
	case SKEP_LSH:
	case SKEP_RSH:
	case SKEP_ARSH: return (u64)in->imm >= in->size * 8u;
	case SKEP_DIV:
	case SKEP_MOD:
	case SKEP_SDIV:
	case SKEP_SMOD: return in->imm == 0;
	default: return false;
	}
}

const char *skep_isa_check(const struct skep_ins *in)
{
	const struct skep_op_info *oi;

	if (in->op >= SKEP_OP_NR)
		return "unknown operation";
	oi = &skep_ops[in->op];
	if (in->dst > 10 || (in->src > 10 && in->op != SKEP_LDDW))
		return "there is no such register";
	if (in->op != SKEP_GOTOL && (in->off < INT16_MIN || in->off > INT16_MAX))
		return "offset does not fit in 16 bits";
	if (in->op != SKEP_LDDW && (in->imm < INT32_MIN || in->imm > INT32_MAX))
		return "immediate does not fit in 32 bits";
	switch (oi->class_) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
		return check_operands(in);
	case SKEP_CLASS_ATOMIC:
		if (in->op < SKEP_LDACQ && in->size < 4)
			return "an atomic operation is of 4 or 8 bytes";
		return NULL;
	case SKEP_CLASS_MEM:
		if (in->op == SKEP_LDXS && in->size == 8)
			return "a sign-extending load is of 1, 2 or 4 bytes";
		if ((in->op == SKEP_LDABS || in->op == SKEP_LDIND) && in->size == 8)
			return "a packet load is of 1, 2 or 4 bytes";
		return NULL;
	case SKEP_CLASS_CTRL:
		if (in->op == SKEP_LDDW && in->src > 6)
			return "unknown kind of 16-byte load";
		return NULL;
	default:
		return NULL;
	}
}

u32 skep_isa_level(const struct skep_ins *in)
{
	u32 lv = skep_ops[in->op].since;
	u8 cls = skep_op_class(in->op);

	if (cls == SKEP_CLASS_JMP && in->size == 4)
		lv = SKEP_MAX(lv, 3u);
	if (cls == SKEP_CLASS_ATOMIC && in->size == 4 && in->op != SKEP_AADD)
		lv = SKEP_MAX(lv, 3u);
	return lv;
}

#define R(n) (u16)(1u << (n))

u16 skep_isa_reads(const struct skep_ins *in)
{
	u16 s = in->form == SKEP_REG ? R(in->src) : 0;

	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
		return in->op == SKEP_MOV ? s : s | R(in->dst);
	case SKEP_CLASS_UNARY:
		return in->op == SKEP_MOVSX || in->op == SKEP_CAST ? s : R(in->dst);
	case SKEP_CLASS_JMP:
		return s | R(in->dst);
	case SKEP_CLASS_ATOMIC:
		if (in->op == SKEP_LDACQ)
			return R(in->src);
		return (u16)(R(in->dst) | R(in->src) | (in->op == SKEP_CMPXCHG ? R(0) : 0));
	case SKEP_CLASS_MEM:
		if (in->op == SKEP_LDX || in->op == SKEP_LDXS)
			return R(in->src);
		if (in->op == SKEP_LDABS)
			return R(6);
		if (in->op == SKEP_LDIND)
			return R(6) | R(in->src);
		return s | R(in->dst);
	default:
		if (in->op == SKEP_CALL)
			return 0x3e;
		if (in->op == SKEP_CALLX)
			return (u16)(0x3e | R(in->imm ? in->imm & 15 : in->dst));
		return in->op == SKEP_EXIT ? R(0) : 0;
	}
}

u16 skep_isa_writes(const struct skep_ins *in)
{
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
		return R(in->dst);
	case SKEP_CLASS_ATOMIC:
		if (skep_ops[in->op].flags & SKEP_OPF_FETCH)
			return R(in->src);
		if (in->op == SKEP_LDACQ)
			return R(in->dst);
		return in->op == SKEP_CMPXCHG ? R(0) : 0;
	case SKEP_CLASS_MEM:
		if (in->op == SKEP_LDX || in->op == SKEP_LDXS)
			return R(in->dst);
		return in->op == SKEP_LDABS || in->op == SKEP_LDIND ? 0x3f : 0;
	case SKEP_CLASS_CTRL:
		if (in->op == SKEP_LDDW)
			return R(in->dst);
		return in->op == SKEP_CALL || in->op == SKEP_CALLX ? 0x3f : 0;
	default:
		return 0;
	}
}

bool skep_isa_memop(const struct skep_ins *in, struct skep_memop *m)
{
	u8 cls = skep_op_class(in->op);

	*m = (struct skep_memop){.base = in->dst, .size = in->size, .off = in->off};
	if (cls == SKEP_CLASS_ATOMIC) {
		m->atomic = true;
		m->load = in->op != SKEP_STREL;
		m->store = in->op != SKEP_LDACQ;
		if (in->op == SKEP_LDACQ)
			m->base = in->src;
		return true;
	}
	if (in->op == SKEP_LDX || in->op == SKEP_LDXS) {
		m->load = true;
		m->base = in->src;
		return true;
	}
	m->store = in->op == SKEP_ST || in->op == SKEP_STX;
	return m->store;
}

int skep_op_negate(u16 op)
{
	switch (op) {
	case SKEP_JEQ: return SKEP_JNE;
	case SKEP_JNE: return SKEP_JEQ;
	case SKEP_JGT: return SKEP_JLE;
	case SKEP_JLE: return SKEP_JGT;
	case SKEP_JGE: return SKEP_JLT;
	case SKEP_JLT: return SKEP_JGE;
	case SKEP_JSGT: return SKEP_JSLE;
	case SKEP_JSLE: return SKEP_JSGT;
	case SKEP_JSGE: return SKEP_JSLT;
	case SKEP_JSLT: return SKEP_JSGE;
	default: return -1;
	}
}

int skep_op_swap(u16 op)
{
	switch (op) {
	case SKEP_JEQ:
	case SKEP_JNE:
	case SKEP_JSET: return op;
	case SKEP_JGT: return SKEP_JLT;
	case SKEP_JLT: return SKEP_JGT;
	case SKEP_JGE: return SKEP_JLE;
	case SKEP_JLE: return SKEP_JGE;
	case SKEP_JSGT: return SKEP_JSLT;
	case SKEP_JSLT: return SKEP_JSGT;
	case SKEP_JSGE: return SKEP_JSLE;
	case SKEP_JSLE: return SKEP_JSGE;
	default: return -1;
	}
}
