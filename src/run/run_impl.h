/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to run: what loading an object into a vm and making inputs is made of. */
#ifndef SKEP_RUN_IMPL_H
#define SKEP_RUN_IMPL_H

#include "run/run.h"

enum {
#define D(name, code, sev, text, explain) RUN_D_##name,
#include "run/diag.def"
#undef D
};
#define RUN_DIAG(ds, name, ...)                                                                    \
	skep_diag((ds), &skep_run_diags[RUN_D_##name], SKEP_NOWHERE, ##__VA_ARGS__)

/* --- proofs.c, beside.c ------------------------------------------------------------- */

/* A question that the solver got. */
struct question {
	const char *text;
	size_t n;
	const char *answer;
};
/* The proof of one step; on any thread. */
struct proving {
	struct skep_arena *arena, *keep; /* for the proof; for what is told of it */
	const atomic_bool *stop;	 /* see struct skep_prove_opts */
	struct skep_prove_result result;
	double ms;
	SKEP_VEC(question_vec, struct question) question; /* when they are to be written */
};
void skep_run_prove_step(const struct skep_run_proofs *p, const struct skep_opt_step *step,
			 struct proving *w);
/* Put down what came out, in the order of the steps; was it proved? */
bool skep_run_prove_told(struct skep_run_proofs *p, const struct skep_opt_step *step,
			 const struct proving *w);

/* --- counted.c --------------------------------------------------------------------------- */

struct skep_counted;
struct skep_verify_result;
/* In the arena; it serves all versions of one object. */
struct skep_counted *skep_counted_new(struct skep_arena *arena);
/*
 * What tells programs apart: as they are now, with the functions that are reached. Numbers the instructions.
 * False: one of the functions was made by a pass, and its type is not told.
 */
bool skep_counted_key(const struct skep_obj *obj, const u8 *reach, const struct skep_func *prog,
		      const struct skep_btf *types, u64 key[2]);
/* What the verifier would say with this budget, as far as it is of interest: verdict and how much was processed. */
bool skep_counted_find(const struct skep_counted *t, const u64 key[2], u64 budget,
		       struct skep_verify_result *r);
/* What it said, without an error. */
void skep_counted_put(struct skep_counted *t, const u64 key[2], u64 budget,
		      const struct skep_verify_result *r);

/* --- count.c ---------------------------------------------------------------------------- */

/* Counts what our verifier goes through for the programs of one object, as they are at the time. */
struct skep_counter {
	const struct skep_cost_opts *opts;
	struct skep_btf *types; /* the target's, or NULL */
	bool asked;		/* for them */
	struct skep_obj *obj;
	struct skep_arena *arena;
	bool ready;  /* a question was asked; what follows is known */
	bool usable; /* all records of CO-RE have values */
	struct resolved *core;
	u32 ncore, nprog;
	const struct skep_func **prog;
	u8 **reach; /* by program: functions that it reaches */
	u64 left;   /* instructions that may still be processed */
	u64 spent;  /* instructions processed for all questions so far, of all objects */
	struct skep_counted *counted; /* what is known already, or NULL */
	u64 work, work_slot; /* skep_counter_func(): how many for a function, and more for each instruction of it */
};
/*
 * Count for another object; `opts` is set, and what is known of the target stays. At most `left`
 * instructions are processed. From the first question to the last the object has the same functions
 * and the same instructions with CO-RE records; before the first it may change in any way. The arena is
 * to live as long as the counting.
 */
void skep_counter_begin(struct skep_counter *c, struct skep_obj *obj, u64 left, struct skep_arena *arena);
/* Instructions processed for a program; 0: more than `limit` (0: a million), not accepted, or not to be told. */
u64 skep_counter_prog(struct skep_counter *c, const struct skep_func *prog, u64 limit);
/*
 * The same for all programs that reach a function: for skep_opt_opts.cost; `user` is the counter. Without
 * a limit it is the first question about the function, which gets its share of work.
 */
u64 skep_counter_func(void *user, const struct skep_func *f, u64 limit);

/* --- load.c, values.c, kernel_side.c -------------------------------------------------- */

/* The definition of a map for the vm: with what user space would have set, made small. */
struct skep_vm_map_def skep_run_map_def(const struct skep_map *m);
/* Add a map to the vm for the object's `m`; its index in r->map into *at. 0 or SKEP_ENOMEM. */
int skep_run_map_add(struct skep_run_vm *r, const struct skep_map *m, struct skep_arena *arena,
		     u32 *at);
/* Fill prog arrays and maps of maps: as the object says, else with what there is. */
int skep_run_values(struct skep_run_vm *r, struct skep_arena *arena);
/* An element that a prog array or a map of maps holds from the start. */
struct skep_run_value {
	const struct skep_map *map;
	u32 key;
	const struct skep_sym *sym;
};
/* Those that the object states, in the arena. */
const struct skep_run_value *skep_run_stated_values(const struct skep_objfile *file,
						    struct skep_arena *arena, u32 *count);
/* Two more maps: the values of configuration variables, and memory behind kernel pointers. */
int skep_run_kernel_side(struct skep_run_vm *r, struct skep_arena *arena);
/* Is it a configuration variable? Its offset in that map. */
bool skep_run_kconfig_find(const struct skep_run_vm *r, const char *name, u32 *off);

/* --- packet.c ----------------------------------------------------------------------- */

u16 skep_run_port(struct skep_rng *rng);
u32 skep_run_ip4(struct skep_rng *rng); /* host order */
void skep_run_ip6(struct skep_rng *rng, u8 *out);
/* The packet's new length. */
u32 skep_run_damage(struct skep_rng *rng, u8 *pkt, u32 len, u32 max);

/* --- inputs.c, learn.c, state.c ----------------------------------------------------------------
 */

enum {
	MAX_POOL = 128,
	MAX_MISSED = 128,
	MAX_KEY = 64,
	MAX_KEPT = 48,
	MAX_TRIES = 64,
	MAX_CMPS = 256
};

struct missed {
	u32 map; /* of the vm */
	u8 key[MAX_KEY];
};

struct skep_run_gen {
	const struct skep_run_vm *r;
	const struct skep_fixed *hold; /* see struct skep_run_differ_opts */
	u32 nhold;
	struct skep_rng rng;
	u64 pool[MAX_POOL]; /* numbers that the program compares with */
	u32 npool, npool_fixed;
	struct missed missed[MAX_MISSED];
	u32 nmissed, states;
	u8 memory[SKEP_RUN_MEMORY];
	struct skep_run_input *kept; /* inputs that reached something new */
	u32 nkept;
	struct skep_run_input *queue; /* changed so that a jump goes the other way */
	u32 nqueue, queue_at;
	u32 slots, reached;
	struct skep_ins *ins; /* by slot; SKEP_OP_NR: none */
	u8 *outcome;	      /* by slot: 1 taken, 2 not taken */
	u8 *tried;	      /* by slot: attempts to see the other outcome */
	struct skep_vm_watch watch;
};

/* Remember a number that a jump depends on. */
void skep_run_gen_number(struct skep_run_gen *g, u64 v);
void skep_run_input_copy(struct skep_run_input *to, const struct skep_run_input *from);
/* A number that programs may care about. */
u64 skep_run_number(struct skep_run_gen *g);
/* Bytes made of such numbers, addresses and ports. */
void skep_run_bytes(struct skep_run_gen *g, u8 *p, u32 n);

/* --- differ.c ---------------------------------------------------------------------------- */

/* Two versions: A, A with another content of its fresh stack, B. */
struct differ {
	struct skep_run_vm a, again, b;
	struct skep_run_gen *gen;
	struct skep_run_input input;
	struct skep_vm_input in;
	struct skep_arena *arena;
	struct skep_run_differ_result *out;
	u8 ret_size; /* bytes of the return value that count: 0, 4 or 8 */
};
/* With d->arena set. 0 or a negative error; needs close in any case. */
int skep_run_differ_open(struct differ *d, const struct skep_objfile *a,
			 const struct skep_objfile *b, const char *prog,
			 const struct skep_run_differ_opts *opts, struct skep_diags *ds);
void skep_run_differ_close(struct differ *d);
/* Run them on the input; into d->out. Maps are as in the snapshots afterwards. */
int skep_run_differ_input(struct differ *d, const struct skep_run_input *in);
/* The input on which they differ, with what maps hold (queues and maps of other things left out). */
struct skep_run_witness *skep_run_witness_of(struct differ *d);

#endif
