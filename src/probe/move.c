/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving the first instructions of a function to another place, with what depends on where
 * they stand: branches, calls, operands relative to the instruction pointer.
 *
 * What cannot be moved so that it does the same is refused. The bytes that are replaced must
 * be entered from above only (search.c).
 */
#include "probe/probe_impl.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <stdio.h>

enum { ALIGN = 16 };

struct mover {
	const struct skep_probe_spec *spec;
	struct moved *out;
	u64 to; /* of the copy */
	u32 jump;
	ZydisDecoder decoder;
	ZydisDecodedInstruction in;
	u64 at;	   /* of the instruction */
	bool ends; /* it does not go on behind it */
	char *why;
};

static int refuse(struct mover *m, const char *what)
{
	snprintf(m->why, SKEP_PROBE_WHY, "%s at +%u", what, (u32)(m->at - m->spec->addr));
	return -EOPNOTSUPP;
}

static const u8 *bytes_at(u64 addr)
{
	return (const u8 *)(uintptr_t)addr;
}

static bool decode(struct mover *m, u64 at)
{
	if (at < m->spec->text_lo || at >= m->spec->text_hi)
		return false;
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&m->decoder, NULL, bytes_at(at),
							  m->spec->text_hi - at, &m->in));
}

/* --- writing --------------------------------------------------------------------------- */

static void put(struct mover *m, const void *p, u32 n)
{
	memcpy(m->out->code + m->out->len, p, n);
	m->out->len += n;
}

static void put8(struct mover *m, u32 v)
{
	m->out->code[m->out->len++] = (u8)v;
}

/* The distance from behind four bytes that come next to `target`. */
static int put_distance(struct mover *m, u64 target)
{
	s64 d = (s64)(target - (m->to + m->out->len + 4));
	s32 rel = (s32)d;

	if (rel != d)
		return refuse(m, "what an instruction refers to is too far from free memory");
	put(m, &rel, 4);
	return 0;
}

static int put_jump(struct mover *m, u64 target)
{
	put8(m, 0xe9);
	return put_distance(m, target);
}

/* jmp [rip+0] and the address: from anywhere to anywhere. */
static void put_far_jump(struct mover *m, u64 target)
{
	static const u8 op[6] = {0xff, 0x25};

	put(m, op, sizeof(op));
	put(m, &target, 8);
}

/* The address as a return address. */
static void put_push(struct mover *m, u64 addr)
{
	u32 lo = (u32)addr, hi = (u32)(addr >> 32);
	static const u8 high[] = {0xc7, 0x44, 0x24, 0x04}; /* movl imm, 4(%rsp) */

	put8(m, 0x68);
	put(m, &lo, 4);
	put(m, high, sizeof(high));
	put(m, &hi, 4);
}

/* --- one instruction ---------------------------------------------------------------------- */

static u64 behind(const struct mover *m)
{
	return m->at + m->in.length;
}

static bool inside(const struct mover *m, u64 target)
{
	return target - m->spec->addr - 1 < m->jump - 1;
}

static const struct ZydisDecodedInstructionRawImm_ *relative_imm(const ZydisDecodedInstruction *in)
{
	return in->raw.imm[0].is_relative ? &in->raw.imm[0] : NULL;
}

static int move_branch(struct mover *m, u64 target)
{
	const ZydisDecodedInstruction *in = &m->in;

	if (inside(m, target))
		return refuse(m, "a branch leads into the bytes to replace");
	if (in->meta.category == ZYDIS_CATEGORY_UNCOND_BR) {
		m->ends = true;
		return put_jump(m, target);
	}
	if (in->mnemonic >= ZYDIS_MNEMONIC_JB && in->mnemonic <= ZYDIS_MNEMONIC_JZ &&
	    in->mnemonic != ZYDIS_MNEMONIC_JCXZ && in->mnemonic != ZYDIS_MNEMONIC_JECXZ &&
	    in->mnemonic != ZYDIS_MNEMONIC_JRCXZ && in->mnemonic != ZYDIS_MNEMONIC_JKNZD &&
	    in->mnemonic != ZYDIS_MNEMONIC_JKZD && in->mnemonic != ZYDIS_MNEMONIC_JMP) {
		put8(m, 0x0f);
		put8(m, 0x80 | (in->opcode & 15));
		return put_distance(m, target);
	}
	if (in->raw.imm[0].size != 8 || in->mnemonic == ZYDIS_MNEMONIC_XBEGIN)
		return refuse(m, "an instruction that cannot be moved");
	/* loop, jrcxz: short ones only; it jumps over a jump. */
	put(m, bytes_at(m->at), in->length - 1u);
	put8(m, 2);
	put8(m, 0xeb);
	put8(m, 5);
	return put_jump(m, target);
}

/*
 * A call returns to where it stood: unwinders know that place, and nothing of the copy. A shadow
 * stack would know nothing of that place.
 */
static int move_call(struct mover *m)
{
	const ZydisDecodedInstruction *in = &m->in;
	u32 rm = in->raw.modrm.rm;

	if (skep_probe_shadow_stack())
		return refuse(m, "a call, over whose return a shadow stack watches");
	if (inside(m, behind(m)))
		return refuse(m, "a call that returns into the bytes to replace");
	m->ends = true;
	if (relative_imm(in)) {
		u64 target = behind(m) + (u64)in->raw.imm[0].value.s;

		if (inside(m, target))
			return refuse(m, "a branch leads into the bytes to replace");
		put_push(m, behind(m));
		return put_jump(m, target);
	}
	if (in->opcode != 0xff || in->raw.modrm.reg != 2 || in->address_width != 64)
		return refuse(m, "a call that cannot be moved");
	/* After the push, the stack pointer is another one. */
	if ((in->raw.modrm.mod != 3 && rm == 4) ||
	    (in->raw.modrm.mod == 3 && rm == 4 && !in->raw.rex.B))
		return refuse(m, "a call through the stack or through a table");
	put_push(m, behind(m));
	put(m, bytes_at(m->at), in->raw.modrm.offset);
	put8(m, bytes_at(m->at)[in->raw.modrm.offset] + 0x10); /* call /2 becomes jmp /4 */
	if (in->raw.modrm.mod == 0 && rm == 5)
		return put_distance(m, behind(m) + (u64)in->raw.disp.value);
	put(m, bytes_at(m->at) + in->raw.modrm.offset + 1, in->length - in->raw.modrm.offset - 1u);
	return 0;
}

/* The displacement is followed by what the instruction has as a constant. */
static int move_operand(struct mover *m)
{
	const ZydisDecodedInstruction *in = &m->in;
	u32 at = in->raw.disp.offset;
	s64 d = (s64)(behind(m) + (u64)in->raw.disp.value - (m->to + m->out->len + in->length));
	s32 rel = (s32)d;

	if (in->address_width != 64 || in->raw.disp.size != 32)
		return refuse(m, "an operand that cannot be moved");
	if (rel != d)
		return refuse(m, "what an instruction refers to is too far from free memory");
	put(m, bytes_at(m->at), in->length);
	memcpy(m->out->code + m->out->len - in->length + at, &rel, 4);
	return 0;
}

static int move_one(struct mover *m)
{
	const ZydisDecodedInstruction *in = &m->in;
	bool rip = (in->attributes & ZYDIS_ATTRIB_HAS_MODRM) && in->raw.modrm.mod == 0 &&
		   in->raw.modrm.rm == 5;

	if (in->mnemonic == ZYDIS_MNEMONIC_INT3)
		return refuse(m, "a breakpoint");
	if (in->meta.category == ZYDIS_CATEGORY_CALL)
		return move_call(m);
	if (relative_imm(in))
		return move_branch(m, behind(m) + (u64)in->raw.imm[0].value.s);
	m->ends = in->meta.category == ZYDIS_CATEGORY_RET ||
		  in->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
		  in->mnemonic == ZYDIS_MNEMONIC_UD2 || in->mnemonic == ZYDIS_MNEMONIC_HLT;
	if (rip)
		return move_operand(m);
	put(m, bytes_at(m->at), in->length);
	return 0;
}

/* --- what stands around ----------------------------------------------------------------------- */

/*
 * Behind the end of a function that is shorter than the jump there may be padding up to the
 * next place where an aligned function could begin: nobody executes it.
 */
static int check_padding(struct mover *m)
{
	u64 end = m->spec->addr + m->jump, at = m->at + m->in.length;

	if (m->spec->addr % ALIGN || end > m->spec->addr + ALIGN)
		return refuse(m, "the function is too short, it ends");
	while (at < end) {
		m->at = at;
		if (!decode(m, at) ||
		    (m->in.mnemonic != ZYDIS_MNEMONIC_NOP && m->in.mnemonic != ZYDIS_MNEMONIC_INT3))
			return refuse(m, "the function is too short, other code begins");
		at += m->in.length;
	}
	if (at > m->spec->addr + ALIGN)
		return refuse(m, "the function is too short, other code begins");
	return 0;
}

int skep_probe_move(const struct skep_probe_spec *spec, u32 jump, u64 to, struct moved *out,
		    char *why)
{
	struct mover m = {
		.spec = spec, .out = out, .to = to, .jump = jump, .why = why, .at = spec->addr};
	int err = 0;

	memset(out, 0, sizeof(*out));
	ZydisDecoderInit(&m.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	while (out->taken < jump && !err && !m.ends) {
		m.at = spec->addr + out->taken;
		if (!decode(&m, m.at))
			return refuse(&m, "no instruction");
		out->item[out->nitem++] = (struct move_item){(u8)out->taken, (u16)out->len};
		out->taken += m.in.length;
		err = move_one(&m);
	}
	if (!err && out->taken < jump) {
		err = check_padding(&m);
		out->taken = jump;
	}
	if (!err)
		err = skep_probe_search(spec, jump, why);
	if (!err && !m.ends)
		put_far_jump(&m, spec->addr + out->taken);
	return err;
}
