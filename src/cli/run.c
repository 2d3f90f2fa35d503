/* SPDX-License-Identifier: BSD-2-Clause */
/* skep run: one program on a given input, on generated ones, or on the packets of a capture. */
#include "run/run.h"
#include "cli/feed.h"
#include "cli/cli.h"
#include "cli/runs.h"
#include "cli/witness.h"

const struct skep_opt_def skep_opts_run[] = {
	{"prog", 'p', "NAME", "the program; may be left out when there is only one"},
	{"data-in", 0, "FILE", "the packet; without it packets are generated"},
	{"ctx-in", 0, "FILE", "the context, as the program sees it"},
	{"witness", 0, "DIR",
	 "the input that skep prove wrote there: packet, context, contents of maps, answers of helpers"},
	{"data-out", 0, "FILE", "write the packet as the last run left it; - prints nothing else",
	 true},
	{"repeat", 0, "N", "run each input N times; maps keep what the runs write (default 1)"},
	{"inputs", 'n', "N", "generated inputs (default 1)"},
	{"seed", 0, "N", "another seed gives other inputs (default 1)"},
	{"type", 't', "TYPE", "program type, when the section does not tell (see skep list progs)"},
	{"engine", 'e', "ENGINE",
	 "interp, jit or kernel: load and run it there; without it the interpreter that checks"},
	{"pcap", 0, "FILE", "run it on each packet of a capture (classic pcap, Ethernet)"},
	{"pcap-out", 0, "FILE", "write the packets that go on, as the program left them", true,
	 .with = "pcap"},
	{"interface", 'i', "NAME",
	 "run it on frames that arrive there; with --engine interp or jit"},
	{"socket", 0, "packet|xdp|auto",
	 "of an interface: copies of frames, or the frames themselves (default packet)",
	 .with = "interface"},
	{"count", 'c', "N", "of an interface: end after so many frames", .with = "interface"},
	{"seconds", 0, "N", "of an interface: end after so long", .with = "interface"},
	{"quiet", 'q', NULL, "of a capture or an interface only the sum of verdicts",
	 .with = "pcap|interface"},
	{"fib", 0, "FILE",
	 "with --engine interp or jit: the routing table for bpf_fib_lookup, see docs/fib.md",
	 .with = "engine"},
	{"strict", 0, NULL, "reading registers or stack bytes that nothing wrote is a trap"},
	{0},
};
const char skep_about_run[] =
	"Runs a program in the interpreter, without privileges and without a kernel, and prints what it "
	"returns, how many instructions it executed, and what it sent: redirects, records, printed text. "
	"Every access is checked: one that the kernel would not have allowed ends the run with a trap.\n\n"
	"With --engine the object is loaded by libbpf, verified, and test-run: *interp* and *jit* are skep's answer to bpf(2), "
	"see skep exec, *kernel* is the running kernel. With --pcap there is a verdict for each packet, and "
	"their sum; --pcap-out takes those that the program does not drop. A packet that is too short or too long for a "
	"test run is not taken.\n\n"
	"With --interface frames come from a packet socket, which wants CAP_NET_RAW (a user's own namespaces will do). XDP_TX, "
	"redirects and clones go out again; all else is left to the kernel's stack, which gets every frame, too: "
	"a program decides alone where the interface has no addresses. With *--socket xdp* an XDP program decides alone: the kernel gives "
	"the frames to AF_XDP sockets before its stack sees them, and gets back those that pass; this wants CAP_NET_RAW, CAP_BPF and CAP_NET_ADMIN, and a driver that has XDP. *auto* takes that where "
	"it can be had. It ends by --count, --seconds or a signal; without --count there is only the sum.\n\n"
	"The maps start as the object states them, prog arrays and maps of maps with what the object has. "
	"The exit status is 1 when a run ended in a trap, and 5 when the interpreter cannot run the program.";

struct session {
	struct skep_run_vm r;
	struct skep_run_gen *gen;
	struct skep_run_input input;
	const struct skep_input *data, *ctx;
	struct skep_run_witness *witness;
	u64 repeat, inputs;
	u32 traps;
	const char *data_out;
};

static void make_input(struct session *s, struct skep_vm_input *in)
{
	skep_run_gen_next(s->gen, &s->input);
	skep_run_input_vm(s->witness ? &s->witness->input : &s->input, in);
	if (s->data) {
		in->pkt = s->data->image;
		in->pkt_len = (u32)s->data->len;
		in->meta_len = 0;
	}
	if (s->ctx) {
		in->ctx = s->ctx->image;
		in->ctx_len = (u32)s->ctx->len;
	}
}

static int run_input(struct skep_cli *cli, struct session *s, u64 number)
{
	struct skep_vm_result res = {0};
	struct skep_vm_input in;
	int err = 0;

	make_input(s, &in);
	for (u64 i = 0; i < s->repeat && !err; i++)
		err = skep_vm_run(s->r.vm, 0, &in, &res);
	if (err)
		return skep_cli_fail(cli, NULL, err);
	s->traps += res.trap != 0;
	if (cli->json) {
		skep_runs_json(cli, &res);
	} else if (!s->data_out || strcmp(s->data_out, "-") != 0) {
		if (s->inputs > 1)
			skep_buf_printf(&cli->out, "%llu: ", (unsigned long long)number);
		skep_runs_text(cli, &res);
	}
	if (s->data_out && number + 1 == s->inputs)
		return skep_cli_write(cli, s->data_out, res.pkt, res.pkt_len);
	return 0;
}

/* A runner for captures. */
struct vm_runner {
	struct skep_runner r; /* first */
	struct skep_cli *cli;
	struct session *s;
};

static int run_packet(struct skep_runner *r, const u8 *pkt, u32 len, struct skep_outcome *out)
{
	struct vm_runner *v = (struct vm_runner *)r;
	struct skep_vm_result res = {0};
	struct skep_vm_input in;
	int err;

	make_input(v->s, &in);
	in.pkt = pkt;
	in.pkt_len = len;
	in.meta_len = 0;
	err = skep_vm_run(v->s->r.vm, 0, &in, &res);
	if (err)
		return skep_cli_fail(v->cli, NULL, err);
	v->s->traps += res.trap != 0;
	out->failed = res.trap ? skep_vm_trap_name(res.trap) : NULL;
	out->ret = (u32)res.ret;
	out->pkt = res.pkt;
	out->len = res.pkt_len;
	return 0;
}

static int run_capture(struct skep_cli *cli, struct session *s)
{
	struct vm_runner v = {{.type = s->r.prog_type, .run = run_packet}, cli, s};
	int err;

	if (cli->json)
		skep_json_kstr(&cli->j, "program", s->r.prog->name);
	err = skep_feed_capture(cli, &v.r);
	return !err && s->traps ? SKEP_EXIT_NO : err;
}

static int run_inputs(struct skep_cli *cli, struct session *s)
{
	int err = 0;

	if (cli->json) {
		skep_json_kstr(&cli->j, "program", s->r.prog->name);
		skep_json_key(&cli->j, "runs");
		skep_json_open(&cli->j, '[');
	}
	for (u64 i = 0; i < s->inputs && !err; i++)
		err = run_input(cli, s, i);
	if (cli->json)
		skep_json_close(&cli->j, ']');
	if (err)
		return err;
	return s->traps ? SKEP_EXIT_NO : SKEP_EXIT_YES;
}

static int numbers(struct skep_cli *cli, struct session *s, u64 *seed)
{
	int err = skep_cli_num(cli, "repeat", 1, 1u << 30, &s->repeat);

	if (!err)
		err = skep_cli_num(cli, "inputs", 1, 1u << 20, &s->inputs);
	if (!err)
		err = skep_cli_num(cli, "seed", 0, UINT64_MAX, seed);
	return err;
}

static int files(struct skep_cli *cli, struct session *s)
{
	const char *data = skep_cli_opt(cli, "data-in"), *ctx = skep_cli_opt(cli, "ctx-in");
	struct skep_input *in;
	int err = 0;

	if (data) {
		err = skep_cli_read(cli, data, &in);
		s->data = in;
	}
	if (ctx && !err) {
		err = skep_cli_read(cli, ctx, &in);
		s->ctx = in;
	}
	if (!err && s->data && s->data->len > 1u << 20) {
		SKEP_CLI_DIAG(cli, TOO_LARGE, data, 1u);
		err = SKEP_EXIT_INPUT;
	}
	if (!err && s->ctx && s->ctx->len > 4096) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, ctx, "--ctx-in", "a context has at most 4096 bytes");
		err = SKEP_EXIT_INPUT;
	}
	return err;
}

/* Packets from a capture or an interface are for programs that run on packets. */
static int takes_packets(struct skep_cli *cli, u32 type)
{
	if (!type || skep_run_takes_packets(type) ||
	    (!skep_cli_opt(cli, "pcap") && !skep_cli_opt(cli, "interface")))
		return 0;
	SKEP_CLI_DIAG(cli, NO_FRAMES, skep_cli_prog_type(type));
	return SKEP_EXIT_USAGE;
}

int skep_cmd_run(struct skep_cli *cli, int argc, char **argv)
{
	struct skep_run_load_opts lo = {.strict = skep_cli_flag(cli, "strict")};
	struct session *s = SKEP_NEW(&cli->arena, struct session);
	struct skep_input *in;
	struct skep_func *f;
	u64 seed = 1;
	int err;

	s->repeat = s->inputs = 1;
	s->data_out = skep_cli_opt(cli, "data-out");
	err = numbers(cli, s, &seed);
	if (!err)
		err = skep_runs_type(cli, &lo.prog_type);
	if (!err)
		err = skep_feed_check(cli);
	if (!err)
		err = skep_cli_load(cli, argv[0], &in);
	if (!err)
		err = skep_cli_func(cli, in, skep_cli_opt(cli, "prog"), &f);
	if (!err)
		err = takes_packets(cli, lo.prog_type ? lo.prog_type : f->prog_type);
	if (!err)
		err = files(cli, s);
	if (!err)
		err = skep_witness_read(cli, &s->witness);
	if (err)
		return err;
	if (skep_cli_opt(cli, "engine"))
		return skep_feed_engine(cli, in, f->name, s->data, s->ctx, s->inputs, s->repeat, seed);
	err = skep_run_load(in->file, f, &lo, &cli->arena, &in->ds, &s->r);
	if (!err && s->witness)
		err = skep_run_witness_apply(&s->r, s->witness);
	if (!err)
		s->gen = skep_run_gen_new(&s->r, seed);
	if (!err && s->gen)
		err = skep_cli_opt(cli, "pcap") ? run_capture(cli, s) : run_inputs(cli, s);
	else
		err = skep_cli_fail(cli, in, err ? err : SKEP_ENOMEM);
	skep_run_gen_free(s->gen);
	skep_run_fini(&s->r);
	return err;
}
