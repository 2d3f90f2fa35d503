/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of an optimization for tools: every rewrite, and where each instruction came from. */
#ifndef SKEP_CLI_REMARKS_H
#define SKEP_CLI_REMARKS_H

#include "opt/opt.h"

/* {"version":1,"edits":[...],"functions":[...]}; `before` and `after` are the two versions of one object. */
void skep_remarks_json(const struct skep_obj *before, const struct skep_obj *after,
		       const struct skep_opt_result *res, struct skep_buf *out);

#endif
