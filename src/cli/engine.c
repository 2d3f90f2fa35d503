/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep run with --engine: the object is loaded by libbpf into user space (interp, jit) or into
 * the kernel, and run there with BPF_PROG_TEST_RUN. Nothing stays loaded.
 */
#include "cli/feed.h"

#include "cli/runs.h"
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>

struct engine {
	struct skep_runner r; /* first */
	struct skep_port_test test;
	struct skep_cli *cli;
	bool ctx_given;
	union {
		struct xdp_md xdp;
		struct __sk_buff skb;
	} ctx;
};

/* Options of which one would be passed over where both are given. */
static int check_sources(struct skep_cli *cli)
{
	static const struct {
		const char *a, *b, *why;
	} both[] = {
		{"--interface", "--pcap", "packets come from one place"},
		{"--interface", "--data-in", "packets come from one place"},
		{"--pcap", "--data-in", "packets come from one place"},
		{"--inputs", "--interface", "packets come from one place"},
		{"--inputs", "--pcap", "packets come from one place"},
		{"--strict", "--engine", "only the interpreter that checks knows what was written"},
		{"--witness", "--interface", "packets come from one place"},
		{"--witness", "--pcap", "packets come from one place"},
		{"--witness", "--data-in", "the witness has the packet"},
		{"--witness", "--ctx-in", "the witness has the context"},
		{"--witness", "--engine", "the interpreter that checks gives the witness's answers of helpers"},
	};

	for (size_t k = 0; k < SKEP_ARRAY_SIZE(both); k++)
		if ((skep_cli_opt(cli, both[k].a + 2) || skep_cli_flag(cli, both[k].a + 2)) &&
		    skep_cli_opt(cli, both[k].b + 2))
			return skep_cli_conflict(cli, both[k].a, both[k].b, both[k].why);
	return 0;
}

int skep_feed_check(struct skep_cli *cli)
{
	const char *e = skep_cli_opt(cli, "engine"), *s = skep_cli_opt(cli, "socket");

	if (s && strcmp(s, "packet") != 0 && strcmp(s, "xdp") != 0 && strcmp(s, "auto") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, s, "--socket", "packet, xdp or auto");
		return SKEP_EXIT_USAGE;
	}
	if (check_sources(cli))
		return SKEP_EXIT_USAGE;
	if (skep_cli_opt(cli, "interface") && (!e || strcmp(e, "kernel") == 0)) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, e ? e : "(none)", "--engine",
			      "--interface wants interp or jit");
		return SKEP_EXIT_USAGE;
	}
	if (!e || strcmp(e, "interp") == 0 || strcmp(e, "jit") == 0 || strcmp(e, "kernel") == 0)
		return 0;
	SKEP_CLI_DIAG(cli, BAD_VALUE, e, "--engine", "interp, jit or kernel");
	return SKEP_EXIT_USAGE;
}

/* The frame's interface and queue, where the context is not given. */
static void say_where(struct engine *e, u32 len)
{
	if (!e->r.ifindex || e->ctx_given)
		return;
	memset(&e->ctx, 0, sizeof(e->ctx));
	e->test.ctx = (const u8 *)&e->ctx;
	if (e->r.type == BPF_PROG_TYPE_XDP) {
		e->ctx.xdp.data_end = len;
		e->ctx.xdp.ingress_ifindex = e->r.ifindex;
		e->ctx.xdp.rx_queue_index = e->r.queue;
		e->test.ctx_len = sizeof(e->ctx.xdp);
	} else {
		e->ctx.skb.ifindex = e->ctx.skb.ingress_ifindex = e->r.ifindex;
		e->test.ctx_len = sizeof(e->ctx.skb);
	}
}

static int run_packet(struct skep_runner *r, const u8 *pkt, u32 len, struct skep_outcome *out)
{
	struct engine *e = (struct engine *)r;
	int err;

	e->test.data = pkt;
	e->test.data_len = len;
	say_where(e, len);
	err = skep_port_test(&e->test);
	if (err == -EINVAL)
		out->failed = "not taken"; /* too short or too long for a test run */
	else if (err)
		return skep_port_fail(e->cli, "running", err);
	out->ret = e->test.ret;
	out->pkt = e->test.out;
	out->len = e->test.out_len;
	out->way = e->test.way;
	out->nway = e->test.nway;
	return 0;
}

static int run_once(struct engine *e, const struct skep_input *data, struct skep_rng *rng)
{
	static u8 pkt[SKEP_RUN_PKT_MAX];
	struct skep_port_test *t = &e->test;
	int err;

	if (data) {
		t->data = data->image;
		t->data_len = (u32)data->len;
	} else {
		t->data = pkt;
		t->data_len = skep_run_packet(rng, pkt, sizeof(pkt));
	}
	err = skep_port_test(t);
	if (err)
		return skep_port_fail(e->cli, "running", err);
	return 0;
}

static int run_all(struct engine *e, const struct skep_input *data, u64 inputs, u64 seed)
{
	const char *out = skep_cli_opt(e->cli, "data-out");
	struct skep_rng rng;
	int err = 0;

	skep_rng_init(&rng, seed);
	if (e->cli->json) {
		skep_json_key(&e->cli->j, "runs");
		skep_json_open(&e->cli->j, '[');
	}
	for (u64 k = 0; k < inputs && !err; k++) {
		err = run_once(e, data, &rng);
		if (err || (out && strcmp(out, "-") == 0))
			continue;
		if (inputs > 1 && !e->cli->json)
			skep_buf_printf(&e->cli->out, "%llu: ", (unsigned long long)k);
		skep_port_show_test(e->cli, &e->test);
	}
	if (e->cli->json)
		skep_json_close(&e->cli->j, ']');
	return !err && out ? skep_cli_write(e->cli, out, e->test.out, e->test.out_len) : err;
}

/* The port that the engine means; the engine of user space goes by the environment. */
static int choose(struct skep_cli *cli)
{
	const char *e = skep_cli_opt(cli, "engine");

	if (setenv("SKEP_PORT", strcmp(e, "kernel") == 0 ? "kernel" : "user", 1) ||
	    setenv("SKEP_ENGINE", e, 1))
		return skep_cli_fail(cli, NULL, SKEP_ENOMEM);
	return skep_port_choose(cli);
}

int skep_feed_engine(struct skep_cli *cli, struct skep_input *in, const char *prog,
		     const struct skep_input *data, const struct skep_input *ctx, u64 inputs,
		     u64 repeat, u64 seed)
{
	struct engine *e = SKEP_NEW(&cli->arena, struct engine);
	struct bpf_program *p;
	struct bpf_object *bo;
	int err = skep_cli_fib(cli);

	if (!err)
		err = choose(cli);

	if (!err)
		err = skep_port_load(cli, in, prog, &bo);
	if (err)
		return err;
	p = bpf_object__find_program_by_name(bo, prog);
	e->cli = cli;
	e->r.run = run_packet;
	e->r.type = e->test.type = p ? bpf_program__type(p) : 0;
	e->test.fd = p ? bpf_program__fd(p) : -1;
	e->test.repeat = (u32)repeat;
	if (ctx) {
		e->ctx_given = true;
		e->test.ctx = ctx->image;
		e->test.ctx_len = (u32)ctx->len;
	}
	if (cli->json) {
		skep_json_kstr(&cli->j, "program", prog);
		skep_json_kstr(&cli->j, "engine", skep_cli_opt(cli, "engine"));
	}
	if (skep_cli_opt(cli, "interface"))
		err = skep_feed_interface(cli, &e->r);
	else
		err = skep_cli_opt(cli, "pcap") ? skep_feed_capture(cli, &e->r)
						: run_all(e, data, inputs, seed);
	bpf_object__close(bo);
	return err;
}
