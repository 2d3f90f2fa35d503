/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run: objects through a port. This is where the world begins: libbpf, the
 * running kernel, time.
 */
#ifndef SKEP_RUN_H
#define SKEP_RUN_H

#include "obj/obj.h"
#include "opt/opt.h"

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
	struct skep_kernel_prog *prog;
	u32 n;
};
struct skep_kernel_opts {
	size_t sz;
	u32 repeat; /* runs of a networking program per measurement, 0: do not run */
	u32 samples; /* measurements, of which the median is reported; 0: 5 */
};
/*
 * Load every program of the object by itself and report. Nothing stays loaded.
 * 0 also when the kernel refuses; SKEP_ENOMEM. The report is in the arena.
 */
int skep_run_kernel(const struct skep_obj *obj, const void *image, size_t len,
		    const struct skep_kernel_opts *opts, struct skep_arena *arena, struct skep_kernel_report **out);

/* --- optimize with the kernel as judge ------------------------------------------ */

/*
 * Optimize an object image into `out`. With `kernel`, programs that the kernel
 * accepted before and refuses afterwards are bisected: the guilty edits are
 * denied (listed in `denied`) until it accepts them all.
 */
struct skep_optimized {
	struct skep_objfile *before, *after;
	struct skep_opt_result res;
	struct skep_kernel_report *kernel_before, *kernel_after; /* or NULL */
	struct skep_deny *denied;
	u32 ndenied;
	u32 still_refused; /* programs that stayed refused although all was tried */
};
int skep_run_optimize(const void *image, size_t len, const struct skep_opt_opts *opts,
		      const struct skep_kernel_opts *kernel, struct skep_arena *arena, struct skep_diags *ds,
		      struct skep_optimized *res, struct skep_buf *out);

#endif
