/* SPDX-License-Identifier: BSD-2-Clause */
/* The page of skep optimize --report. */
#ifndef SKEP_CLI_REPORT_H
#define SKEP_CLI_REPORT_H

#include "cli/cli.h"
#include "run/run.h"

struct report {
	struct skep_cli *cli;
	const char *path; /* of the object, as it was named */
	const struct skep_optimized *r;
	const struct skep_run_proofs *proofs; /* NULL: nothing was to be proved */
	const struct skep_run_heat *heat;     /* NULL: nothing was counted */
	size_t bytes_before, bytes_after;
	struct skep_arena *arena;
};
/* The whole page: one file that needs no other. */
void skep_report_html(const struct report *p, struct skep_buf *out);

/* --- parts (report_diff.c, report_graph.c) ------------------------------------------- */

/* A line of the table of a function: what stood there, what stands there. Either may be NULL. */
struct report_row {
	const struct skep_insn *a, *b;
};
struct report_rows {
	struct report_row *v;
	u32 n;
};
/* Both versions of a function side by side, by the map from new to old. */
void report_align(const struct skep_func *a, const struct skep_func *b, struct skep_arena *arena,
		  struct report_rows *out);
/* The control-flow graph of a function as SVG; its blocks link to `prefix` and the slot. */
void report_graph(struct skep_func *f, const char *title, const char *prefix, struct skep_arena *arena,
		  struct skep_buf *out);

#endif
