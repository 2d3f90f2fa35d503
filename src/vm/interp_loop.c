/* SPDX-License-Identifier: BSD-2-Clause */
/* The two loops of the fast interpreter; see skep_vm_interp_loop.h. */
#include "vm/interp_impl.h"

#define LOOP skep_vm_interp_loop
#include "vm/interp_loop.h"
#undef LOOP

#define CHECKED
#define LOOP skep_vm_interp_loop_checked
#include "vm/interp_loop.h"
