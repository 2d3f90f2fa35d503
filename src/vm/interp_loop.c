/* SPDX-License-Identifier: BSD-2-Clause */
/* The two loops of the fast interpreter; see interp_loop.h. */
#include "vm/interp_impl.h"

#define LOOP interp_loop
#include "vm/interp_loop.h"
#undef LOOP

#define CHECKED
#define LOOP interp_loop_checked
#include "vm/interp_loop.h"
