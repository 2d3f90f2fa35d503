/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli: packets through a program, for skep run. What executes it is a *runner*: the checked
 * interpreter, or a port by BPF_PROG_TEST_RUN.
 */
#ifndef SKEP_CLI_FEED_H
#define SKEP_CLI_FEED_H

#include "cli/port.h"
#include "run/run.h"

struct skep_outcome {
	const char *failed; /* why there is no result, or NULL */
	u32 ret;
	const u8 *pkt; /* as the program left it */
	u32 len;
	const struct skep_sys_way *way; /* where it went, until the next run */
	u32 nway;
};
struct skep_runner {
	u32 type; /* of the program */
	/* of the frame: where it arrived; 0: nowhere */
	u32 ifindex, queue;
	int (*run)(struct skep_runner *r, const u8 *pkt, u32 len,
		   struct skep_outcome *out); /* 0 or an exit status */
};

/* Does a packet go on after this verdict? */
bool skep_feed_passes(u32 type, u32 ret);
/* Takes each packet that ran to its end: does it go on? */
typedef void skep_feed_sink(void *arg, const struct skep_pcap_packet *was,
			    const struct skep_outcome *now, bool goes_on);
/* Packets one by one: begin, packets, end. A packet's result is an exit status. */
struct skep_feed;
struct skep_feed *skep_feed_begin(struct skep_cli *cli, struct skep_runner *r, skep_feed_sink *sink,
				  void *arg);
int skep_feed_packet(struct skep_feed *f, const struct skep_pcap_packet *p);
void skep_feed_end(struct skep_feed *f);
/* Packets that arrive at --interface, until --count or --seconds or a signal. */
int skep_feed_interface(struct skep_cli *cli, struct skep_runner *r);
/* Each packet of --pcap through the program; what goes on into --pcap-out. An exit status. */
int skep_feed_capture(struct skep_cli *cli, struct skep_runner *r);
/* skep run with --engine: load into the port that it means, and run there. An exit status. */
int skep_feed_engine(struct skep_cli *cli, struct skep_input *in, const char *prog,
		     const struct skep_input *data, const struct skep_input *ctx, u64 inputs,
		     u64 repeat, u64 seed);
/* 0 when there is no --engine or it is known, else an exit status. */
int skep_feed_check(struct skep_cli *cli);

#endif
