/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of the fast interpreter. Included twice by skep_vm_interp_loop.c: with
 * CHECKED every access is tested against the frames and the regions of the run.
 *
 * Threaded: each piece of code jumps to the next instruction's. Registers are
 * an array, r10 the frame's end; frames are below each other in `stack`, so
 * that what a program may reach is one range. A budget is counted on jumps
 * back and on calls, which every endless run needs.
 */
#ifdef CHECKED
#define INSIDE(a, size)                                                                            \
	do {                                                                                       \
		u64 a_ = (a);                                                                      \
		if (!(a_ >= r[10] - SKEP_ENG_STACK && a_ <= top - (size)) &&                       \
		    !interp_inside(run, a_, (size))) {                                             \
			run->stop_addr = a_;                                                       \
			run->stop = a_ < 4096 ? SKEP_TRAP_NULL : SKEP_TRAP_BOUNDS;                 \
			goto stop;                                                                 \
		}                                                                                  \
	} while (0)
#define ALIGNED(a, size)                                                                           \
	do {                                                                                       \
		if ((a) & ((size)-1)) {                                                            \
			run->stop_addr = (a);                                                      \
			run->stop = SKEP_TRAP_ALIGN;                                               \
			goto stop;                                                                 \
		}                                                                                  \
	} while (0)
#else
#define INSIDE(a, size) ((void)0)
#define ALIGNED(a, size) ((void)0)
#endif

#define GO() goto *i->op
#define NEXT()                                                                                     \
	do {                                                                                       \
		i++;                                                                               \
		GO();                                                                              \
	} while (0)
#define NEXT2()                                                                                    \
	do {                                                                                       \
		i += 2;                                                                            \
		GO();                                                                              \
	} while (0)
/* Jump from `i` by `off`, which counts from the instruction itself. */
#define JUMP(by)                                                                                   \
	do {                                                                                       \
		s32 by_ = (by);                                                                    \
		if (by_ <= 0) {                                                                    \
			left += by_ - 1;                                                           \
			if (left < 0)                                                              \
				goto budget;                                                       \
		}                                                                                  \
		i += by_;                                                                          \
		GO();                                                                              \
	} while (0)

#define ALU1(name, size, form, U, S, src_, expr)                                                   \
	L_##name##_##size##_##form:                                                                \
	{                                                                                          \
		typedef U W __attribute__((unused));                                               \
		typedef S SW __attribute__((unused));                                              \
		U d = (U)r[i->dst], s = (U)(src_);                                                 \
		(void)d;                                                                           \
		r[i->dst] = (U)(expr);                                                             \
		NEXT();                                                                            \
	}
#define ALU4(name, expr)                                                                           \
	ALU1(name, 8, 0, u64, s64, i->imm, expr)                                                   \
	ALU1(name, 8, 1, u64, s64, r[i->src], expr)                                                \
	ALU1(name, 4, 0, u32, s32, i->imm, expr)                                                   \
	ALU1(name, 4, 1, u32, s32, r[i->src], expr)
#define JMP1(name, size, form, U, S, src_, expr)                                                   \
	L_##name##_##size##_##form:                                                                \
	{                                                                                          \
		typedef S SW __attribute__((unused));                                              \
		U d = (U)r[i->dst], s = (U)(src_);                                                 \
		if (expr)                                                                          \
			JUMP(i->off);                                                              \
		NEXT();                                                                            \
	}
#define JMP4(name, expr)                                                                           \
	JMP1(name, 8, 0, u64, s64, i->imm, expr)                                                   \
	JMP1(name, 8, 1, u64, s64, r[i->src], expr)                                                \
	JMP1(name, 4, 0, u32, s32, i->imm, expr)                                                   \
	JMP1(name, 4, 1, u32, s32, r[i->src], expr)
#define LOADED(i_, U, S, to)                                                                       \
	do {                                                                                       \
		u64 at_ = r[(i_)->src] + (u64)(s64)(i_)->off;                                      \
		U v_;                                                                              \
		INSIDE(at_, sizeof(U));                                                            \
		memcpy(&v_, (const void *)at_, sizeof(U));                                         \
		(to) = (u64)(S)v_;                                                                 \
	} while (0)
#define LOAD(label, U, S)                                                                          \
	label:                                                                                     \
	LOADED(i, U, S, r[i->dst]);                                                                \
	NEXT();
#define STORED(i_, U, val)                                                                         \
	do {                                                                                       \
		u64 at_ = r[(i_)->dst] + (u64)(s64)(i_)->off;                                      \
		U v_ = (U)(val);                                                                   \
		INSIDE(at_, sizeof(U));                                                            \
		memcpy((void *)at_, &v_, sizeof(U));                                               \
	} while (0)
#define STORE(label, U, val)                                                                       \
	label:                                                                                     \
	STORED(i, U, val);                                                                         \
	NEXT();
#define BITS (sizeof(d) * 8 - 1)

/* The atomics over one width. */
#define ATOMIC(U)                                                                                  \
	do {                                                                                       \
		u64 at_ = r[i->aux == SKEP_LDACQ ? i->src : i->dst] + (u64)(s64)i->off;            \
		INSIDE(at_, sizeof(U));                                                            \
		ALIGNED(at_, sizeof(U));                                                           \
		interp_atomic_##U(i->aux, i, (U *)at_, r);                                         \
	} while (0)

u64 LOOP(const struct iprog *p, const struct xinsn *i, const u64 *arg, struct skep_eng_run *run,
	 const void *const **table)
{
#define A4(name) &&L_##name##_4_0, &&L_##name##_4_1, &&L_##name##_8_0, &&L_##name##_8_1,
#define M(name) &&L_##name,
	static const void *const labels[X_NR] = {
	    A4(ADD) A4(SUB) A4(MUL) A4(DIV) A4(OR) A4(AND) A4(LSH) A4(RSH) A4(MOD) A4(XOR) A4(MOV)
	    A4(ARSH) A4(SDIV) A4(SMOD) A4(JEQ) A4(JNE) A4(JGT) A4(JLE) A4(JGE) A4(JLT) A4(JSGT)
	    A4(JSLE) A4(JSGE) A4(JSLT) A4(JSET) X_REST(M) X_FUSED(M)};
#undef M
#undef A4
#ifndef CHECKED
	u8 stack[SKEP_ENG_FRAMES * SKEP_ENG_STACK] __attribute__((aligned(16)));
#else
	u64 top;
#endif
	struct iframe frame[SKEP_ENG_FRAMES];
	u64 r[11];
	s64 left;
	u32 depth = 0;

	if (!p) {
		*table = labels;
		return 0;
	}
	left = run->left;
	memcpy(r + 1, arg, 5 * sizeof(u64));
#ifdef CHECKED
	top = run->stack_hi;
	r[0] = 0;
	memset(r + 6, 0, 4 * sizeof(u64));
	r[10] = run->fp;
	if (r[10] - SKEP_ENG_STACK < run->stack_lo) {
		run->stop = SKEP_TRAP_DEPTH;
		goto stop;
	}
	memset((void *)(r[10] - SKEP_ENG_STACK), 0, SKEP_ENG_STACK);
#else
	r[10] = (u64)(stack + sizeof(stack));
#endif
	frame[0].may_goto = SKEP_ENG_MAY_GOTO;
	GO();

	ALU4(ADD, d + s)
	ALU4(SUB, d - s)
	ALU4(MUL, d * s)
	ALU4(DIV, s ? d / s : 0)
	ALU4(OR, d | s)
	ALU4(AND, d & s)
	ALU4(LSH, d << (s & BITS))
	ALU4(RSH, d >> (s & BITS))
	ALU4(MOD, s ? d % s : d)
	ALU4(XOR, d ^ s)
	ALU4(MOV, s)
	ALU4(ARSH, (SW)d >> (s & BITS))
	ALU4(SDIV, !s ? 0 : s == (W)-1 ? (W)0 - d : (W)((SW)d / (SW)s))
	ALU4(SMOD, !s ? d : s == (W)-1 ? 0 : (W)((SW)d % (SW)s))
	JMP4(JEQ, d == s)
	JMP4(JNE, d != s)
	JMP4(JGT, d > s)
	JMP4(JLE, d <= s)
	JMP4(JGE, d >= s)
	JMP4(JLT, d < s)
	JMP4(JSGT, (SW)d > (SW)s)
	JMP4(JSLE, (SW)d <= (SW)s)
	JMP4(JSGE, (SW)d >= (SW)s)
	JMP4(JSLT, (SW)d < (SW)s)
	JMP4(JSET, d & s)
	LOAD(L_LDX1, u8, u8)
	LOAD(L_LDX2, u16, u16)
	LOAD(L_LDX4, u32, u32)
	LOAD(L_LDX8, u64, u64)
	LOAD(L_LDXS1, u8, s8)
	LOAD(L_LDXS2, u16, s16)
	LOAD(L_LDXS4, u32, s32)
	STORE(L_ST1, u8, i->imm)
	STORE(L_ST2, u16, i->imm)
	STORE(L_ST4, u32, i->imm)
	STORE(L_ST8, u64, i->imm)
	STORE(L_STX1, u8, r[i->src])
	STORE(L_STX2, u16, r[i->src])
	STORE(L_STX4, u32, r[i->src])
	STORE(L_STX8, u64, r[i->src])

L_NEG4:
	r[i->dst] = (u32)(0 - (u32)r[i->dst]);
	NEXT();
L_NEG8:
	r[i->dst] = 0 - r[i->dst];
	NEXT();
L_MOVSX4:
	r[i->dst] = (u32)(i->aux == 8 ? (s32)(s8)r[i->src] : (s32)(s16)r[i->src]);
	NEXT();
L_MOVSX8:
	r[i->dst] = (u64)(i->aux == 8	  ? (s64)(s8)r[i->src]
			  : i->aux == 16 ? (s64)(s16)r[i->src]
					  : (s64)(s32)r[i->src]);
	NEXT();
L_TOLE16:
	r[i->dst] = (u16)r[i->dst];
	NEXT();
L_TOLE32:
	r[i->dst] = (u32)r[i->dst];
	NEXT();
L_TOLE64:
	NEXT();
L_SWAP16:
	r[i->dst] = __builtin_bswap16((u16)r[i->dst]);
	NEXT();
L_SWAP32:
	r[i->dst] = __builtin_bswap32((u32)r[i->dst]);
	NEXT();
L_SWAP64:
	r[i->dst] = __builtin_bswap64(r[i->dst]);
	NEXT();
L_LDDW:
L_CONST:
	r[i->dst] = (u64)i->imm;
	NEXT();
L_JA:
	JUMP(i->off);
L_MAY_GOTO:
	if (!frame[depth].may_goto)
		JUMP(i->off);
	frame[depth].may_goto--;
	NEXT();
L_HELPER_WITH:
	r[5] = ((const struct skep_eng_helper *)i->imm)->value;
	run->left = left;
#ifdef CHECKED
	run->fp = r[10] - SKEP_ENG_STACK;
#endif
	r[0] = ((const struct skep_eng_helper *)i->imm)->fn(r[1], r[2], r[3], r[4], r[5]);
	left = run->left;
	if (__builtin_expect(run->stop, 0))
		goto leave_all;
	NEXT();
L_HELPER:
	run->left = left;
#ifdef CHECKED
	run->fp = r[10] - SKEP_ENG_STACK; /* where a callback's frame ends */
#endif
	r[0] = ((skep_eng_fn)i->imm)(r[1], r[2], r[3], r[4], r[5]);
	left = run->left;
	if (__builtin_expect(run->stop, 0))
		goto leave_all;
	NEXT();
L_LOOKUP: {
	const struct skep_eng_map *m = (const struct skep_eng_map *)i->imm;
	u32 key;

	INSIDE(r[2], 4);
	memcpy(&key, (const void *)r[2], 4);
	r[0] = key < m->max_entries ? (u64)(m->values + (u64)key * m->stride) : 0;
	NEXT();
}
L_TAIL_CALL: {
	const struct skep_eng_map *m = (const struct skep_eng_map *)i->imm;
	const struct skep_eng_prog *to = NULL;

	if ((u32)r[3] < m->max_entries && run->tails < SKEP_ENG_TAIL_CALLS)
		to = __atomic_load_n(&m->progs[(u32)r[3]], __ATOMIC_ACQUIRE);
	if (!to) {
		r[0] = (u64)-2;
		NEXT();
	}
	run->tails++;
	if (--left < 0)
		goto budget;
#ifndef CHECKED
	/*
	 * It returns to the function that called this one, with as many frames of its own as a
	 * program has that starts; there are at most SKEP_ENG_TAIL_CALLS of those at a time.
	 */
	if (depth) {
		const u64 next[5] = {r[1]};

		run->left = left;
		r[0] = LOOP((const struct iprog *)to, to->body, next, run, NULL);
		left = run->left;
		if (run->stop)
			goto leave_all;
		goto leave;
	}
#endif
	p = (const struct iprog *)to;
	i = to->body;
	GO();
}
L_THROW:
	r[0] = r[1];
	goto leave_all;
L_SUBPROG: {
	struct iframe *f;

	if (depth + 1 >= SKEP_ENG_FRAMES) {
		run->stop = SKEP_TRAP_DEPTH;
		goto stop;
	}
	if (--left < 0)
		goto budget;
	f = &frame[++depth];
	f->ret = i + 1;
	memcpy(f->saved, r + 6, sizeof(f->saved));
	f->may_goto = SKEP_ENG_MAY_GOTO;
	r[10] -= SKEP_ENG_STACK;
#ifdef CHECKED
	if (r[10] - SKEP_ENG_STACK < run->stack_lo) {
		run->stop = SKEP_TRAP_DEPTH;
		goto stop;
	}
	memset((void *)(r[10] - SKEP_ENG_STACK), 0, SKEP_ENG_STACK);
#endif
	i += i->off;
	GO();
}
L_EXIT:
leave:
	if (!depth)
		goto leave_all;
	i = frame[depth].ret;
	memcpy(r + 6, frame[depth--].saved, sizeof(frame->saved));
	r[10] += SKEP_ENG_STACK;
	GO();
L_PACKET: {
	s64 at = (s32)((u32)i->imm + (i->dst ? (u32)r[i->src] : 0)), v = p->packet(r[6], at, i->aux);

	r[0] = v < 0 ? 0 : (u64)v;
	if (v < 0)
		goto leave;
	NEXT();
}
L_ATOMIC4:
	ATOMIC(u32);
	NEXT();
L_ATOMIC8:
	ATOMIC(u64);
	NEXT();
L_ATOMIC_SMALL: /* load_acquire, store_release of one or two bytes */
	if (i->imm == 1)
		ATOMIC(u8);
	else
		ATOMIC(u16);
	NEXT();
L_ARENA:
	skep_vm_interp_arena(p->arena, i, r);
	NEXT();
L_CAST_USER:
	r[i->dst] = (u32)r[i->src] ? (u64)i->imm | (u32)r[i->src] : 0;
	NEXT();

	/* --- two at once --- */
L_LEA: /* r = s; r += imm */
	r[i->dst] = r[i->src] + (u64)i[1].imm;
	NEXT2();
L_LEAR: /* r = s; r += t */
	r[i->dst] = r[i->src] + r[i[1].src == i->dst ? i->src : i[1].src];
	NEXT2();
L_ZEXT: /* r <<= n; r >>= n */
	r[i->dst] = r[i->dst] << (i->imm & 63) >> (i->imm & 63);
	NEXT2();
L_SEXT:
	r[i->dst] = (u64)((s64)(r[i->dst] << (i->imm & 63)) >> (i->imm & 63));
	NEXT2();
L_SHRPAIR: /* r <<= n; r >>= m */
	r[i->dst] = r[i->dst] << (i->imm & 63) >> (i[1].imm & 63);
	NEXT2();
#define ADD_J(label, expr)                                                                         \
	label:                                                                                     \
	{                                                                                          \
		u64 d, s;                                                                          \
		r[i->dst] += (u64)i->imm;                                                          \
		i++;                                                                               \
		d = r[i->dst];                                                                     \
		(void)d;                                                                           \
		(void)s;                                                                           \
		if (expr)                                                                          \
			JUMP(i->off);                                                              \
		NEXT();                                                                            \
	}
	ADD_J(L_ADD_JNE, d != (u64)i->imm)
	ADD_J(L_ADD_JLT, d < (u64)i->imm)
	ADD_J(L_ADD_JNE_R, d != r[i->src])
	ADD_J(L_ADD_JLT_R, d < r[i->src])
#define ADD_L(label, U)                                                                            \
	label:                                                                                     \
	r[i->dst] += r[i->src];                                                                    \
	i++;                                                                                       \
	LOADED(i, U, U, r[i->dst]);                                                                \
	NEXT();
	ADD_L(L_ADD_LDX1, u8)
	ADD_L(L_ADD_LDX4, u32)
	ADD_L(L_ADD_LDX8, u64)
L_LDX1_JNE:
	LOADED(i, u8, u8, r[i->dst]);
	i++;
	if (r[i->dst] != (u64)i->imm)
		JUMP(i->off);
	NEXT();
L_LDX1_JEQ:
	LOADED(i, u8, u8, r[i->dst]);
	i++;
	if (r[i->dst] == (u64)i->imm)
		JUMP(i->off);
	NEXT();
L_LDX8_ADD:
	LOADED(i, u64, u64, r[i->dst]);
	i++;
	r[i->dst] += r[i->src];
	NEXT();
L_LDX4_XOR:
	LOADED(i, u32, u32, r[i->dst]);
	i++;
	r[i->dst] ^= r[i->src];
	NEXT();
#define PAIR32(label, expr)                                                                        \
	label:                                                                                     \
	{                                                                                          \
		u32 d = (u32)r[i->src], s = (u32)i[1].imm;                                         \
		r[i->dst] = (u32)(expr);                                                           \
		NEXT2();                                                                           \
	}
	PAIR32(L_MOV4_AND, d & s)
	PAIR32(L_MOV4_LSH, d << (s & 31))
	PAIR32(L_MOV4_RSH, d >> (s & 31))
L_MOV8_LSH:
	r[i->dst] = r[i->src] << (i[1].imm & 63);
	NEXT2();
L_MOV8_RSH:
	r[i->dst] = r[i->src] >> (i[1].imm & 63);
	NEXT2();
L_MOV8_MOV8:
	r[i->dst] = r[i->src];
	r[i[1].dst] = r[i[1].src];
	NEXT2();
L_ADD4_XOR4: /* registers, 32 bits */
	r[i->dst] = (u32)(r[i->dst] + r[i->src]);
	i++;
	r[i->dst] = (u32)(r[i->dst] ^ r[i->src]);
	NEXT();
L_ADD_ADD:
	r[i->dst] += (u64)i->imm;
	r[i[1].dst] += (u64)i[1].imm;
	NEXT2();
L_RSH4_OR4:
	r[i->dst] = (u32)r[i->dst] >> (i->imm & 31);
	i++;
	r[i->dst] = (u32)(r[i->dst] | r[i->src]);
	NEXT();
L_LDX8_LDX8:
	LOADED(i, u64, u64, r[i->dst]);
	i++;
	LOADED(i, u64, u64, r[i->dst]);
	NEXT();
L_STX8_STX8:
	STORED(i, u64, r[i->src]);
	i++;
	STORED(i, u64, r[i->src]);
	NEXT();

budget:
	run->stop = SKEP_TRAP_BUDGET;
	goto stop;
stop:
	run->stop_slot = p->slot[i - p->insn];
leave_all:
	run->left = left;
	return r[0];
}

#undef INSIDE
#undef ALIGNED
#undef GO
#undef NEXT
#undef NEXT2
#undef JUMP
#undef ALU1
#undef ALU4
#undef JMP1
#undef JMP4
#undef LOADED
#undef LOAD
#undef STORED
#undef STORE
#undef BITS
#undef ATOMIC
#undef ADD_J
#undef ADD_L
#undef PAIR32
