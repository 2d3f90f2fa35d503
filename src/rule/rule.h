/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule: rewrites as data: a row of instructions, the row that does the same and is
 * cheaper, and when. docs/rules.md has the language. Here are the text's parser and
 * printer, the checks that need no solver, expressions over immediates and the order
 * in which a matcher looks; `opt` applies rules, `prove` proves them.
 *
 * Rules that are parsed live in the arena that was given; those of the build are
 * constant tables.
 */
#ifndef SKEP_RULE_H
#define SKEP_RULE_H

#include "isa/isa.h"

enum {
	SKEP_RW_INSNS = 8,  /* on either side */
	SKEP_RW_REGS = 10,  /* A to J */
	SKEP_RW_PARAMS = 8, /* immediates and offsets with a name */
	SKEP_RW_STACK = 16, /* operands that wait while an expression is worked out */
};

/* A token of an expression in postfix order. */
enum skep_rule_op {
	SKEP_RX_CONST, /* k */
	SKEP_RX_PARAM, /* number k */
	SKEP_RX_BITS,  /* register k: it is below 2^(this) at the start, as far as facts tell */
	SKEP_RX_EACH,  /* the number that a split counts */
#define OP(name, text, prec, meaning) SKEP_RX_##name,
#define UN(name, text, meaning) SKEP_RX_##name,
#define FN(name, text, operands, meaning) SKEP_RX_##name,
#include "rule/expr.def"
	SKEP_RX_NR
};
struct skep_rule_tok {
	u8 op;
	s64 k;
};
struct skep_rule_expr {
	const struct skep_rule_tok *tok;
	u32 n;
};

/*
 * An instruction of a rule: registers are numbers of variables (A is 0). What is
 * not NULL stands for the immediate or the offset: on the left a parameter alone.
 * Where a branch goes is not said: both sides go to the same place.
 */
struct skep_rule_insn {
	struct skep_ins in;
	const struct skep_rule_expr *imm, *off;
};

/* For the proof: the parameter is one of value(lo), ..., value(hi); each is a case. */
struct skep_rule_split {
	u32 param;
	const struct skep_rule_expr *value;
	s64 lo, hi;
};

enum skep_rule_goal { SKEP_RW_SIZE = 1, SKEP_RW_SPEED = 2, SKEP_RW_VERIFIER = 4, SKEP_RW_ALL = 7 };

struct skep_rule {
	const char *name;    /* "shift-merge", or "shift-merge/w" where alternatives were given */
	const char *summary; /* what it does, for remarks */
	u8 goals;	     /* enum skep_rule_goal: for which it is wanted */
	u8 cpu;		     /* lowest level that has the right side */
	u32 hits;	     /* places of the sample that it was found in */
	const struct skep_rule_insn *before, *after;
	const struct skep_rule_expr *when; /* all of them */
	const struct skep_rule_split *split;
	u32 nbefore, nafter, nwhen, nsplit;
	const char *const *param; /* names */
	u32 nparam;
	u16 dead;	    /* registers that are not live behind it */
	u16 low;	    /* registers whose upper half nothing reads behind it */
	u16 scalar;	    /* registers that hold a number at the start, no pointer */
	bool little;	    /* only in little-endian objects */
	bool facts;	    /* a condition asks what is known of a register */
	u16 inputs, writes; /* of the left side: read before they are written; written */
};

struct skep_rules {
	const struct skep_rule *rule;
	u32 n;
};

/*
 * Parse a text of rules. Returns 0, SKEP_EINPUT with a diagnostic for each rule that
 * is wrong (`out` has the others), or SKEP_ENOMEM. Each alternative of `each` is a
 * rule of its own.
 */
int skep_rules_parse(const char *text, size_t n, struct skep_arena *arena, struct skep_diags *ds,
		     struct skep_rules *out);
/* The rule as text that the parser reads. */
void skep_rule_print(const struct skep_rule *r, struct skep_buf *out);
/*
 * Fill in what follows from the two sides (cpu, inputs, writes) and check the rule's
 * shape: connected, nothing read on the right that is not on the left, cheaper.
 * NULL, or what is wrong (static text).
 */
const char *skep_rule_complete(struct skep_rule *r);

/* Slots, then how dear the instructions are: what each rule makes smaller, so that rewriting ends.
 */
struct skep_rule_cost {
	u32 slots, weight;
};
void skep_rule_cost_of(const struct skep_ins *in, struct skep_rule_cost *sum);

/* What parameters and facts are at a place. */
struct skep_rule_env {
	s64 param[SKEP_RW_PARAMS];
	u8 bits[SKEP_RW_REGS];
	s64 each;
};
u64 skep_rule_eval(const struct skep_rule_expr *e, const struct skep_rule_env *env);
/* The instruction with the values in place; registers stay variables. */
struct skep_ins skep_rule_fill(const struct skep_rule_insn *i, const struct skep_rule_env *env);

/* What a rule's variables stand for. To begin with nothing is known, bound or used. */
struct skep_rule_binding {
	struct skep_rule_env env;
	u16 known; /* parameters that have a value */
	u16 bound; /* variables that have a register */
	u16 used;  /* registers that have a variable */
	u8 reg[SKEP_RW_REGS]; /* by variable */
};
/*
 * Is `in` a case of the instruction of a left side, with what is bound already? Then its registers
 * and numbers are bound, too; else some of them may be.
 */
bool skep_rule_bind(struct skep_rule_binding *b, const struct skep_rule_insn *t,
		    const struct skep_ins *in);

/*
 * Is it an instruction that the kernel takes? Fields are legal, a constant shift is below the
 * width, a constant divisor not zero. Rules are proved for such only, and applied to such only.
 */
bool skep_rule_legal(const struct skep_ins *in);

/* --- finding rules by the last instruction of the left side ---------------------- */

struct skep_rule_index {
	const struct skep_rule *rule;
	u32 n;
	const u16 *first; /* by key: where its rules begin in `order`; one more than keys */
	const u16 *order; /* numbers of rules */
	/*
	 * Beside `order`: the key of the instruction before the last; with SKEP_RW_SOURCE it writes
	 * what the last has as its source, else as its destination. SKEP_RW_ANY: neither, or there
	 * is none.
	 */
	const u16 *prior;
};
enum { SKEP_RW_KEYS = SKEP_OP_NR * 4, SKEP_RW_SOURCE = 0x8000, SKEP_RW_ANY = 0xffff };
u32 skep_rule_key(const struct skep_ins *in);
/* Index the rules; in the arena. More than 65,535 rules are not indexed: the rest is left out. */
void skep_rules_index(const struct skep_rules *rules, struct skep_arena *arena,
		      struct skep_rule_index *out);

extern const struct skep_diag_def skep_rule_diags[];
extern const u32 skep_rule_ndiags;

#endif
