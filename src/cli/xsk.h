/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli: frames of an interface before the kernel's stack sees them, by AF_XDP sockets, one for each
 * queue. A small XDP program of ours in the kernel hands frames to them; it goes with this process.
 */
#ifndef SKEP_CLI_XSK_H
#define SKEP_CLI_XSK_H

#include "base/base.h"

struct skep_xsk;
/* 0, or a negative errno with `why`, what could not be had. Close it in any case but an error. */
int skep_xsk_open(u32 ifindex, struct skep_xsk **out, const char **why);
void skep_xsk_close(struct skep_xsk *x);
/* The next frame, copied to `to` of `room` bytes: its length; 0: none within `ms`. */
u32 skep_xsk_next(struct skep_xsk *x, int ms, u8 *to, u32 room, u32 *queue);
/* Out of the interface. 0 or a negative errno. */
int skep_xsk_send(struct skep_xsk *x, const u8 *data, u32 len, u32 queue);

/*
 * A frame into the kernel's stack, as if it had arrived at the interface. 0 or a negative errno; it
 * wants the right to load programs, and nothing of what is above.
 */
int skep_xsk_inject(u32 ifindex, u32 queue, const u8 *data, u32 len);

#endif
