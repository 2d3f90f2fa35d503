/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoding of x86-64 instructions into the buffer of a compilation. Shortest
 * forms are chosen here; the rest of the module speaks of operations.
 */
#ifndef SKEP_JIT_EMIT_H
#define SKEP_JIT_EMIT_H

#include "jit/jit_impl.h"

/* Flags of an encoding: operand size and prefixes. */
enum { W = 1, P66 = 2, LOCK = 4, BYTE = 8, REP = 16 };
enum { MAP_1, MAP_0F, MAP_38, MAP_3A };

struct mem {
	u8 base, index, scale; /* NOREG: none; scale: shift */
	s32 disp;
};
static inline struct mem at(u8 base, s32 disp)
{
	return (struct mem){.base = base, .index = NOREG, .disp = disp};
}

static inline void e1(struct jit *j, u32 b)
{
	j->buf[j->n++] = (u8)b;
}
static inline void e4(struct jit *j, u32 v)
{
	memcpy(j->buf + j->n, &v, 4);
	j->n += 4;
}
static inline void e8(struct jit *j, u64 v)
{
	memcpy(j->buf + j->n, &v, 8);
	j->n += 8;
}
static inline bool fits8(s64 v)
{
	return v >= -128 && v <= 127;
}

static inline void prefixes(struct jit *j, u32 f, u32 rex, bool byte_rex, u8 map, u8 op)
{
	if (f & P66)
		e1(j, 0x66);
	if (f & LOCK)
		e1(j, 0xf0);
	if (f & REP)
		e1(j, 0xf3);
	if (f & W)
		rex |= 8;
	if (rex || byte_rex)
		e1(j, 0x40 | rex);
	if (map != MAP_1)
		e1(j, 0x0f);
	if (map == MAP_38)
		e1(j, 0x38);
	e1(j, op);
}

/* op reg, rm (both registers; which is written depends on the opcode) */
static inline void enc_rr(struct jit *j, u32 f, u8 map, u8 op, u8 reg, u8 rm)
{
	prefixes(j, f, (u32)(reg >> 3) << 2 | rm >> 3, f & BYTE && (reg >= 4 || rm >= 4), map, op);
	e1(j, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void modrm_mem(struct jit *j, u8 reg, struct mem m)
{
	u32 r = (u32)(reg & 7) << 3, mod;

	if (m.base == NOREG) { /* index * scale + disp32 */
		e1(j, r | 4);
		e1(j, (u32)m.scale << 6 | (m.index & 7) << 3 | 5);
		e4(j, (u32)m.disp);
		return;
	}
	mod = !m.disp && (m.base & 7) != 5 ? 0 : fits8(m.disp) ? 0x40 : 0x80;
	if (m.index != NOREG) {
		e1(j, mod | r | 4);
		e1(j, (u32)m.scale << 6 | (m.index & 7) << 3 | (m.base & 7));
	} else {
		e1(j, mod | r | (m.base & 7));
		if ((m.base & 7) == 4)
			e1(j, 0x24);
	}
	if (mod == 0x40)
		e1(j, (u32)m.disp);
	else if (mod == 0x80)
		e4(j, (u32)m.disp);
}

static inline void enc_rm(struct jit *j, u32 f, u8 map, u8 op, u8 reg, struct mem m)
{
	u32 rex = (u32)(reg >> 3) << 2;

	if (m.base != NOREG)
		rex |= m.base >> 3;
	if (m.index != NOREG)
		rex |= (u32)(m.index >> 3) << 1;
	prefixes(j, f, rex, f & BYTE && reg >= 4, map, op);
	modrm_mem(j, reg, m);
}

/* Three-operand BMI2: op reg, v, rm. pp: 0, 1 (66), 2 (F3), 3 (F2) */
static inline void enc_vex(struct jit *j, u32 w, u8 map, u8 pp, u8 op, u8 reg, u8 v, u8 rm)
{
	e1(j, 0xc4);
	e1(j, (u32)(reg < 8) << 7 | 0x40 | (u32)(rm < 8) << 5 | map);
	e1(j, (w ? 0x80 : 0) | (u32)(~v & 15) << 3 | pp);
	e1(j, op);
	e1(j, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

enum { ALU_ADD = 0, ALU_OR = 1, ALU_AND = 4, ALU_SUB = 5, ALU_XOR = 6, ALU_CMP = 7 };

static inline void alu_rr(struct jit *j, u32 w, u8 op, u8 dst, u8 src)
{
	enc_rr(j, w, MAP_1, (u8)(op << 3 | 1), src, dst);
}
static inline void alu_ri(struct jit *j, u32 w, u8 op, u8 dst, s32 imm)
{
	if (fits8(imm)) {
		enc_rr(j, w, MAP_1, 0x83, op, dst);
		e1(j, (u32)imm);
		return;
	}
	if (dst == RAX)
		prefixes(j, w, 0, false, MAP_1, (u8)(op << 3 | 5));
	else
		enc_rr(j, w, MAP_1, 0x81, op, dst);
	e4(j, (u32)imm);
}
static inline void alu_rm(struct jit *j, u32 w, u8 op, u8 dst, struct mem m)
{
	enc_rm(j, w, MAP_1, (u8)(op << 3 | 3), dst, m);
}
static inline void mov_rr(struct jit *j, u32 w, u8 dst, u8 src)
{
	enc_rr(j, w, MAP_1, 0x89, src, dst);
}
static inline void load64(struct jit *j, u8 dst, struct mem m)
{
	enc_rm(j, W, MAP_1, 0x8b, dst, m);
}
static inline void store64(struct jit *j, struct mem m, u8 src)
{
	enc_rm(j, W, MAP_1, 0x89, src, m);
}
static inline void lea(struct jit *j, u32 w, u8 dst, struct mem m)
{
	enc_rm(j, w, MAP_1, 0x8d, dst, m);
}
/* shl 4, shr 5, sar 7, rol 0 */
static inline void shift_ri(struct jit *j, u32 f, u8 op, u8 dst, u8 by)
{
	enc_rr(j, f, MAP_1, by == 1 ? 0xd1 : 0xc1, op, dst);
	if (by != 1)
		e1(j, by);
}
static inline void push(struct jit *j, u8 reg)
{
	prefixes(j, 0, reg >> 3, false, MAP_1, (u8)(0x50 | (reg & 7)));
}
static inline void pop(struct jit *j, u8 reg)
{
	prefixes(j, 0, reg >> 3, false, MAP_1, (u8)(0x58 | (reg & 7)));
}

/* A short jump forward inside one instruction's code; ends at jump_here(). No record between. */
static inline u32 jump_short(struct jit *j, u8 cc)
{
	e1(j, cc == 0xff ? 0xeb : 0x70 | cc);
	e1(j, 0);
	return j->n;
}
static inline void jump_here(struct jit *j, u32 from)
{
	j->broken |= j->n - from > 127;
	j->buf[from - 1] = (u8)(j->n - from);
}

enum {
	CC_B = 2,
	CC_AE = 3,
	CC_E = 4,
	CC_NE = 5,
	CC_BE = 6,
	CC_A = 7,
	CC_S = 8,
	CC_NS = 9,
	CC_ALWAYS = 0xff
};

/* The operand of an access, perhaps by R11; checked code tests it and has its address there. */
struct mem skep_jit_access(struct jit *j, u8 bpf, s32 off, u8 size, bool aligned);
/* The operand of an offset that is not in the code as it is: by R11. */
struct mem skep_jit_hidden_operand(struct jit *j, u8 base, s32 off);
/* Leave `room` bytes for what the record says. */
struct rec *skep_jit_rec(struct jit *j, u8 kind, u8 room, u32 label);
void skep_jit_place(struct jit *j, u32 label);
void skep_jit_jump(struct jit *j, u8 cc, u32 label);
void skep_jit_call_label(struct jit *j, u32 label);

#endif
