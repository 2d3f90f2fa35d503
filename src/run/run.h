/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run: objects in something that executes them: the interpreter, or the running
 * kernel (here the world begins: libbpf, time). What a structure below points to
 * lives in the arena that was given; what has a fini or free owns the rest. One
 * thread at a time per structure.
 */
#ifndef SKEP_RUN_H
#define SKEP_RUN_H

#include "obj/obj.h"
#include "opt/opt.h"
#include "prove/prove.h"
#include "search/search.h"
#include "vm/vm.h"

/* === the running kernel ========================================================= */

/* --- the running kernel ------------------------------------------------------ */

/* What the kernel said of one program. */
struct skep_kernel_prog {
	const char *name;
	int err;	/* 0: accepted, else -errno of the load */
	u32 processed;	/* instructions that its verifier processed, 0: unknown */
	u32 xlated;	/* bytes of the program as loaded */
	u32 jited;	/* bytes of native code */
	double ns;	/* median time of a run, 0: not measured */
	u32 retval;	/* of that run */
	const char *log; /* last lines of the verifier's log when refused, or NULL */
};
struct skep_kernel_report {
	const char *unavailable; /* why nothing could be asked, or NULL */
	bool no_access;		 /* and that holds for every object: the kernel or a permission lacks */
	struct skep_kernel_prog *prog;
	u32 n;
};
struct skep_kernel_opts {
	size_t sz;
	u32 repeat; /* runs of a networking program per measurement, 0: do not run */
	u32 samples; /* measurements, of which the median is reported; 0: 5 */
};
/*
 * Load every program of the object and report. Nothing stays loaded.
 * 0 also when the kernel refuses; SKEP_ENOMEM. The report is in the arena.
 */
int skep_run_kernel(const struct skep_obj *obj, const void *image, size_t len,
		    const struct skep_kernel_opts *opts, struct skep_arena *arena, struct skep_kernel_report **out);

/*
 * The object opened by libbpf under this name: no program is to be loaded yet, types and sizes that
 * it lacks are set; maps keep their paths for pins or have none. An arena is at `place` for user
 * space (0: where its definition says, or anywhere), and programs refer to variables in it; that
 * they are there is the caller's work. NULL and errno.
 */
struct bpf_object;
struct bpf_object *skep_run_libbpf(const struct skep_obj *obj, const void *image, size_t len,
				   const char *name, bool pins, u64 place);

/* --- optimize with the kernel as judge ------------------------------------------ */

/* What programs cost a verifier: the kernel's when it is asked, else the one of this project counts. */
struct skep_cost_opts {
	size_t sz;
	u32 dearer; /* per cent that a program may cost the verifier more than before */
	/* The target kernel's types, indexed; asked for when a program needs them. NULL, or returning it: none. */
	struct skep_btf *(*types)(void *types_user);
	void *types_user;
	/* Where a program became dearer, or the verifier is the goal: after each set of passes.
	 * NULL: nobody asks. */
	void (*tried)(void *user, u32 n, u32 of);
	void *user;
};
/*
 * Optimize an object image into `out`. With `kernel`, programs that the kernel
 * accepted before and refuses afterwards are bisected: the guilty edits are
 * denied (listed in `denied`) until it accepts them all. With `cost`, ways of
 * branches change places where a verifier has less to do then; and where it has
 * more to do than before (by more than `dearer` per cent, or it does not accept
 * any more; with the verifier as the goal: always), sets of passes are left out in
 * turn, and each program gets the set that serves it best. Programs that cannot be
 * counted (of a kind that the verifier cannot tell of, or that takes too long) keep
 * all passes.
 */
struct skep_optimized {
	struct skep_objfile *before, *after;
	struct skep_opt_result res;
	struct skep_kernel_report *kernel_before, *kernel_after; /* or NULL */
	struct skep_deny *denied;
	u32 ndenied;
	/* Instructions processed for each program, by index of the function, 0: not told; or NULL. */
	u32 *before_cost, *after_cost;
	u32 chosen;	   /* functions in which passes were left out for the verifier's sake */
	u32 still_refused; /* programs that stayed refused although all was tried */
};
int skep_run_optimize(const void *image, size_t len, const struct skep_opt_opts *opts,
		      const struct skep_kernel_opts *kernel, const struct skep_cost_opts *cost,
		      struct skep_arena *arena, struct skep_diags *ds, struct skep_optimized *res, struct skep_buf *out);

/* --- optimize with the prover as judge (proofs.c) --------------------------------- */

/* What became of one edit: the step (run of a pass on a function) that it was proved in. */
struct skep_proof {
	enum skep_prove_verdict verdict;
	u32 step;
	double ms; /* the step's processor time, shared among its edits */
};
/* An edit that was not applied. */
struct skep_refusal {
	const char *pass, *why;
	u32 id, slot;
	const char *func;
	enum skep_prove_verdict verdict;
	const char *reason, *values; /* values: or NULL */
};
struct skep_run_proofs {
	struct skep_arena *arena; /* set by the caller, as are the next two */
	const char *dump_dir;	  /* every question to the solver goes there, a file each and one for its answer; or NULL */
	u32 timeout_ms;		  /* of one question; 0: the prover's */
	SKEP_VEC(skep_proof_vec, struct skep_proof) proof; /* by number of the edit - 1 */
	SKEP_VEC(skep_refusal_vec, struct skep_refusal) failure; /* of steps, by the last edit of each */
	u32 steps, queries, solved, ndump;
	double total_ms;
	int dump_error; /* errno */
	void (*told)(void *user, const struct skep_run_proofs *p); /* after each step; or NULL */
	void *user;
};
/* For skep_opt_opts.judge; `user` is a struct skep_run_proofs. */
bool skep_run_judge(void *user, const struct skep_opt_step *step);
/*
 * For skep_opt_opts.judge_begin. An object may be optimized several times, each time in the memory
 * of the time before: what was said of its edits is forgotten, the sums stay.
 */
void skep_run_judge_begin(void *user);
/*
 * The same beside the passes: so many threads prove while they go on. Sets opts->judge,
 * opts->judge_begin and opts->ahead; with one thread, or when none can be made, not the last, and all is done in
 * turn. The object and what the arena of the proofs holds stay until the end.
 */
struct skep_run_beside;
struct skep_run_beside *skep_run_beside_start(struct skep_run_proofs *p, u32 threads,
					      struct skep_opt_opts *opts);
/* NULL is fine. Ends the threads. */
void skep_run_beside_stop(struct skep_run_beside *b);
/* Why an edit of skep_opt_result.refused was refused, or NULL. */
const struct skep_refusal *skep_run_refusal(const struct skep_run_proofs *p, const struct skep_deny *d);

/* --- what the superoptimizer found, in a file (cache.c) -------------------------- */

struct skep_run_cache;
/* Open or make the database; NULL: it cannot be (then the reason is in `why`, which has `n` bytes and begins zeroed). */
struct skep_run_cache *skep_run_cache_open(const char *path, char *why, size_t n);
/* NULL is fine. */
void skep_run_cache_close(struct skep_run_cache *c);
/* What went wrong since, or NULL; from then on nothing is kept. */
const char *skep_run_cache_error(const struct skep_run_cache *c);
/* For struct skep_search_cache; `user` is the cache. */
bool skep_run_cache_get(void *user, const u8 *key, u32 len, u32 *effort, struct skep_found *f);
void skep_run_cache_put(void *user, const u8 *key, u32 len, u32 effort, const struct skep_found *f);

/* --- many windows at once (windows.c) ---------------------------------------------- */

struct skep_run_windows {
	struct skep_harvest_row *const *row;
	struct skep_found *found; /* filled in; n is UINT8_MAX where nothing was found */
	u32 n, effort, threads;	  /* threads: 1 or 2 */
	u64 seed;
	struct skep_search_cache cache; /* functions may be NULL */
	bool (*stop)(void *user);	/* asked on all threads; or NULL */
	void *user;
};
void skep_run_windows(const struct skep_run_windows *job);

/* === the interpreter ========================================================== */

/* --- an object in a vm (load.c) ------------------------------------------------ */

#define SKEP_RUN_NONE UINT32_MAX

/* A map of the vm. */
struct skep_run_map {
	const char *name;
	const struct skep_map *def;  /* of the object, or NULL: made by the loader */
	const struct skep_dsec *data; /* the section that it holds, or NULL */
	u32 vm;			     /* index in the vm, or SKEP_RUN_NONE: unsupported */
};

struct skep_run_vm {
	struct skep_vm *vm;
	const struct skep_objfile *file;
	const struct skep_func *prog; /* the entry program; number 0 in the vm */
	u32 prog_type;
	struct skep_image *image; /* of the entry program, references patched */
	struct skep_run_map *map;
	u32 nmap;
	u32 *map_of;	/* by skep_map->index: into `map` */
	u32 kconfig;	/* in `map`: the extern variables of the kernel's configuration */
	u32 memory;	/* in `map`: memory for what the kernel would point to */
	u64 memory_addr; /* the guest's address of it */
	const struct skep_func **loaded; /* programs of the vm, the entry first */
	u32 nloaded;
};

enum { SKEP_RUN_MEMORY = 4096, SKEP_RUN_CPUS = 2 };

struct skep_run_load_opts {
	u8 stack_fill;
	bool strict;
	u64 budget; /* 0: the vm's */
	u32 prog_type; /* 0: by the program's section */
	/*
	 * Another object that was loaded before: maps get its order (by name), so that
	 * addresses are the same in both, and the same programs stand behind tail calls.
	 */
	const struct skep_run_vm *like;
};
/*
 * Make a vm with the object's maps and the program. 0, or SKEP_EUNSUP with
 * diagnostics when the interpreter cannot run it, SKEP_EINPUT, SKEP_ENOMEM.
 * *out needs fini even after an error.
 */
int skep_run_load(const struct skep_objfile *file, const struct skep_func *prog,
		  const struct skep_run_load_opts *opts, struct skep_arena *arena,
		  struct skep_diags *ds, struct skep_run_vm *out);
void skep_run_fini(struct skep_run_vm *r);

/* --- inputs (inputs.c, packet.c) ------------------------------------------------- */

enum { SKEP_RUN_PKT_MAX = 2048, SKEP_RUN_CTX_MAX = 512 };

/* An input with its bytes; skep_run_input_vm() gives it the form that the vm takes. */
struct skep_run_input {
	u8 pkt[SKEP_RUN_PKT_MAX];
	u32 pkt_len, meta_len;
	u8 ctx[SKEP_RUN_CTX_MAX];
	u32 ctx_len, cpu;
	u64 time_ns, time_step, seed, pid_tgid, uid_gid;
	u32 random[16], nrandom; /* what random numbers are first, before those of the seed */
};
void skep_run_input_vm(const struct skep_run_input *in, struct skep_vm_input *out);

struct skep_run_gen;
/* A generator for the program of `r`; its inputs depend on nothing but object and seed. */
struct skep_run_gen *skep_run_gen_new(const struct skep_run_vm *r, u64 seed);
void skep_run_gen_free(struct skep_run_gen *g);
/*
 * New contents for the maps of `n` vms that were loaded alike, the same in all,
 * and a snapshot of each. Keys that programs missed before are put in with some
 * probability. 0 or SKEP_ENOMEM.
 */
int skep_run_gen_state(struct skep_run_gen *g, struct skep_run_vm *const *r, u32 n);
/* The next input. */
void skep_run_gen_next(struct skep_run_gen *g, struct skep_run_input *out);
/* What to have the vm watch while it runs inputs of this generator. */
struct skep_vm_watch *skep_run_gen_watch(struct skep_run_gen *g);
/* After a run of `in`: learn from what was watched. */
void skep_run_gen_learn(struct skep_run_gen *g, const struct skep_run_input *in);
/* Slots of the entry program (with what it calls) that some input reached, and all. */
void skep_run_gen_coverage(const struct skep_run_gen *g, u32 *reached, u32 *all);

/* Do programs of this type (BPF_PROG_TYPE_*) run on packets, and does BPF_PROG_TEST_RUN take them? */
bool skep_run_takes_packets(u32 type);
/* Fill in a packet from a random source: a frame of some protocol; returns its length. */
u32 skep_run_packet(struct skep_rng *rng, u8 *pkt, u32 max);

/* --- captures (pcap.c) ------------------------------------------------------------------- */

/* A classic pcap file of Ethernet frames; the bytes are the caller's. */
struct skep_pcap {
	const u8 *p;
	size_t len, at;
	bool big, nano; /* byte order; fractions of seconds */
};
struct skep_pcap_packet {
	u32 sec, frac;
	u32 len, wire_len; /* bytes that are there, and that there were */
	const u8 *data;
};
/* NULL, or what is wrong with it. */
const char *skep_pcap_read(const void *p, size_t len, struct skep_pcap *out);
/* The next packet; false at the end, with *why when that is not where it should be. */
bool skep_pcap_next(struct skep_pcap *c, struct skep_pcap_packet *out, const char **why);
/* A capture of the same form: its head, then packets. */
void skep_pcap_begin(const struct skep_pcap *like, struct skep_buf *out);
void skep_pcap_add(const struct skep_pcap *like, const struct skep_pcap_packet *p, struct skep_buf *out);

/* --- comparing two programs (differ.c) ------------------------------------------------ */

enum skep_run_verdict { SKEP_RUN_EQUAL, SKEP_RUN_DIFFERS, SKEP_RUN_UNKNOWN };

struct skep_run_differ_opts {
	u32 inputs;  /* 0: 1000 */
	u64 seed;
	u64 budget;  /* instructions of one run; 0: 200000 */
	u32 prog_type; /* 0: by the section */
	const struct skep_fixed *hold; /* variables of A that keep the value that the object gives them */
	u32 nhold;
};

struct skep_run_witness;
struct skep_run_differ_result {
	enum skep_run_verdict verdict;
	const char *reason; /* UNKNOWN: why; DIFFERS: what differs; in the arena */
	u32 inputs;	    /* that were run */
	u32 good;	    /* of them without a trap in A, and A said the same twice */
	u32 trapped;	    /* in A */
	u32 unstable;	    /* A depends on what was in its stack before */
	u32 traps[SKEP_TRAP_NR];
	u32 reached, slots; /* of A: coverage */
	u64 executed;	    /* instructions of A in all inputs */
	/* DIFFERS: */
	u32 at;			      /* number of the input */
	struct skep_run_input *input; /* in the arena */
	struct skep_vm_result a, b;   /* their memory in the arena */
	const char *map;	      /* name of the map that differs, or NULL */
	struct skep_run_witness *witness; /* the input with what maps hold */
	bool of_solver;			  /* it is of skep_run_replay() */
};
/*
 * Run the program `prog` of A, and the one of the same name in B, on the same
 * inputs from the same contents of maps. B's trap where A had none is a
 * difference; A's trap says nothing.
 */
int skep_run_differ(const struct skep_objfile *a, const struct skep_objfile *b, const char *prog,
		    const struct skep_run_differ_opts *opts, struct skep_arena *arena,
		    struct skep_diags *ds, struct skep_run_differ_result *out);

/* --- what a proof is not about (same.c) ------------------------------------------------ */

/*
 * What is not the same in both objects beside their functions, of that which both have: a map or what
 * it holds from the start, variables, the license. A text in the arena, or NULL.
 */
const char *skep_run_other_data(const struct skep_objfile *a, const struct skep_objfile *b,
				struct skep_arena *arena);
/* Are they programs of one type, attached to the same; or no programs? */
bool skep_run_same_place(const struct skep_func *f, const struct skep_func *g);

/* --- inputs that the prover found (witness.c) ------------------------------------------ */

/* An element that a map holds; the values of all SKEP_RUN_CPUS where there are several. */
struct skep_run_entry {
	const char *map;
	const u8 *key;
	u8 *value;
	u32 key_size, value_size;
};
struct skep_run_witness {
	struct skep_run_input input;
	struct skep_run_entry *entry;
	u32 nentry;
};
struct skep_run_replay;
/* As skep_run_differ(), but for inputs that are given. *out needs close even after an error. */
int skep_run_replay_open(const struct skep_objfile *a, const struct skep_objfile *b,
			 const char *prog, const struct skep_run_differ_opts *opts,
			 struct skep_arena *arena, struct skep_diags *ds,
			 struct skep_run_replay **out);
/* NULL is fine. */
void skep_run_replay_close(struct skep_run_replay *p);
/* Do both differ on it? DIFFERS, else nothing follows. */
int skep_run_replay(struct skep_run_replay *p, const struct skep_prove_input *in,
		    struct skep_run_differ_result *out);
/* Put the contents into the maps; SKEP_EINPUT when some do not fit. */
int skep_run_witness_apply(struct skep_run_vm *r, const struct skep_run_witness *w);
void skep_run_witness_print_maps(const struct skep_run_witness *w, struct skep_buf *out);
void skep_run_witness_print_answers(const struct skep_run_witness *w, struct skep_buf *out);
/* The same texts, read into a witness; they are changed, and pointed to. False: they are no such texts. */
bool skep_run_witness_parse_maps(char *text, struct skep_arena *arena, struct skep_run_witness *w);
bool skep_run_witness_parse_answers(char *text, struct skep_run_witness *w);

/* --- how often instructions are executed (heat.c) ------------------------------------- */

struct skep_run_heat_opts {
	size_t sz;
	u32 inputs;		       /* generated ones for each program, unless there is */
	const struct skep_pcap *capture; /* packets, for programs that take them; or NULL */
};
struct skep_run_counts {
	u64 *count;   /* by id of an instruction */
	u64 executed; /* in all */
};
struct skep_run_heat {
	struct skep_run_counts before, after;
	u32 *runs; /* by index of a program: inputs that count; 0: it cannot be run, or traps on all */
};
/*
 * Both versions of each program of `before` (`after` has its functions at the same indices) on the same
 * inputs. The counts are in the arena. 0 or SKEP_ENOMEM.
 */
int skep_run_heat(const struct skep_objfile *before, const struct skep_objfile *after,
		  const struct skep_run_heat_opts *opts, struct skep_arena *arena, struct skep_run_heat *out);
/* What was executed of a function. */
u64 skep_run_heat_of(const struct skep_run_counts *c, const struct skep_func *f);

extern const struct skep_diag_def skep_run_diags[];
extern const u32 skep_run_ndiags;

#endif
