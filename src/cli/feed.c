/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets through a program: a verdict for each, and their sum; captures, and those of their
 * packets that go on. */
#include "cli/feed.h"

#include "cli/runs.h"
#include "run/run.h"

enum { ETH_LEN = 14, NVERDICT = 64 };

struct skep_feed {
	struct skep_cli *cli;
	struct skep_runner *r;
	skep_feed_sink *sink;
	void *arg;
	const char *name[NVERDICT]; /* verdicts so far */
	u64 count[NVERDICT], packets, kept;
	u32 n;
	bool quiet;
};
struct writer {
	struct skep_cli *cli;
	u32 type;
	struct skep_pcap in;
	struct skep_buf out;
};

bool skep_feed_passes(u32 type, u32 ret)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP: return ret == XDP_PASS || ret == XDP_TX || ret == XDP_REDIRECT;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return ret == UINT32_MAX || (ret != 2 && ret != 4 && ret != 5 &&
					     ret != 8); /* shot, stolen, queued, trap */
	case BPF_PROG_TYPE_CGROUP_SKB: return ret & 1;
	case BPF_PROG_TYPE_SOCKET_FILTER: return ret != 0;
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT: return ret == 0 || ret == 7;
	default: return true;
	}
}

static const char *verdict(const struct skep_feed *f, const struct skep_outcome *o)
{
	const char *name = o->failed ? o->failed : skep_port_verdict(f->r->type, o->ret);

	return name ? name : skep_arena_printf(&f->cli->arena, "%d", (s32)o->ret);
}

static void count(struct skep_feed *f, const char *name)
{
	u32 k = 0;

	while (k < f->n && strcmp(f->name[k], name) != 0)
		k++;
	/* Return values without names may be many: the last place is for the rest. */
	if (k == NVERDICT - 1)
		name = "other";
	if (k >= f->n && k < NVERDICT) {
		f->name[k] = name;
		f->n = k + 1;
	}
	f->count[SKEP_MIN(k, (u32)NVERDICT - 1)]++;
}

static void show(struct skep_feed *f, const struct skep_outcome *o, const char *name)
{
	struct skep_json *j = &f->cli->j;

	if (f->quiet)
		return;
	if (!f->cli->json) {
		skep_buf_printf(&f->cli->out, "%llu: %s, packet of %u bytes\n",
				(unsigned long long)f->packets, name, o->len);
		skep_port_show_ways(f->cli, o->way, o->nway);
		return;
	}
	skep_json_open(j, '{');
	if (o->failed)
		skep_json_kstr(j, "trap", o->failed);
	else
		skep_json_kint(j, "return", (s32)o->ret);
	skep_json_kstr(j, "verdict", o->failed ? NULL : name);
	skep_runs_json_hex(j, "packet", o->pkt, o->len);
	skep_port_show_ways(f->cli, o->way, o->nway);
	skep_json_close(j, '}');
}

int skep_feed_packet(struct skep_feed *f, const struct skep_pcap_packet *p)
{
	struct skep_arena_mark mark = skep_arena_mark(&f->cli->arena);
	struct skep_outcome o = {0};
	const char *name;
	int err = f->r->run(f->r, p->data, p->len, &o);

	if (err)
		return err;
	name = verdict(f, &o);
	show(f, &o, name);
	if (!o.failed) {
		bool goes_on = skep_feed_passes(f->r->type, o.ret);

		f->kept += goes_on;
		f->sink(f->arg, p, &o, goes_on);
	}
	f->packets++;
	/* Names without a table's row stay: they are counted by. */
	if (o.failed || skep_port_verdict(f->r->type, o.ret))
		skep_arena_release(&f->cli->arena, mark);
	count(f, name);
	return 0;
}

struct skep_feed *skep_feed_begin(struct skep_cli *cli, struct skep_runner *r, skep_feed_sink *sink,
				  void *arg)
{
	struct skep_feed *f = SKEP_NEW(&cli->arena, struct skep_feed);

	f->cli = cli;
	f->r = r;
	f->sink = sink;
	f->arg = arg;
	/* Output is kept until the end, so there is none for what may have no end. */
	f->quiet = skep_cli_flag(cli, "quiet") ||
		   (skep_cli_opt(cli, "interface") && !skep_cli_opt(cli, "count"));
	if (cli->json) {
		skep_json_key(&cli->j, "runs");
		skep_json_open(&cli->j, '[');
	}
	return f;
}

void skep_feed_end(struct skep_feed *f)
{
	struct skep_json *j = &f->cli->j;

	if (f->cli->json) {
		skep_json_close(j, ']');
		skep_json_key(j, "summary");
		skep_json_open(j, '{');
		skep_json_kint(j, "packets", (s64)f->packets);
		skep_json_kint(j, "kept", (s64)f->kept);
		skep_json_key(j, "verdicts");
		skep_json_open(j, '{');
		for (u32 k = 0; k < f->n; k++)
			skep_json_kint(j, f->name[k], (s64)f->count[k]);
		skep_json_close(j, '}');
		skep_json_close(j, '}');
		return;
	}
	skep_buf_printf(&f->cli->out, "%llu packets", (unsigned long long)f->packets);
	for (u32 k = 0; k < f->n; k++)
		skep_buf_printf(&f->cli->out, "%s %llu %s", k ? "," : ":",
				(unsigned long long)f->count[k], f->name[k]);
	skep_buf_puts(&f->cli->out, "\n");
}

/* --- captures ---------------------------------------------------------------------------- */

/* Where a program begins at the network header, the link's header comes back as zeros. */
static bool hides_link(u32 type)
{
	return type != BPF_PROG_TYPE_XDP && type != BPF_PROG_TYPE_SCHED_CLS &&
	       type != BPF_PROG_TYPE_SCHED_ACT;
}

static void keep(void *arg, const struct skep_pcap_packet *was, const struct skep_outcome *o,
		 bool goes_on)
{
	struct writer *w = arg;
	struct skep_pcap_packet now = *was;
	u8 *copy;

	if (!goes_on)
		return;
	copy = skep_arena_memdup(&w->cli->arena, o->pkt, o->len);
	if (hides_link(w->type) && o->len >= ETH_LEN && was->len >= ETH_LEN)
		memcpy(copy, was->data, ETH_LEN);
	now.data = copy;
	now.len = o->len;
	now.wire_len = was->wire_len > was->len ? was->wire_len - was->len + o->len : o->len;
	if (w->type == BPF_PROG_TYPE_SOCKET_FILTER) /* it says how many bytes it wants */
		now.len = SKEP_MIN(now.len, o->ret);
	skep_pcap_add(&w->in, &now, &w->out);
}

static int each(struct skep_cli *cli, struct skep_runner *r, struct writer *w, const char *path)
{
	struct skep_feed *f = skep_feed_begin(cli, r, keep, w);
	struct skep_pcap_packet p;
	const char *why = NULL;
	int err = 0;

	while (!err && skep_pcap_next(&w->in, &p, &why))
		err = skep_feed_packet(f, &p);
	skep_feed_end(f);
	if (!err && why) {
		SKEP_CLI_DIAG(cli, BAD_CAPTURE, path, why);
		err = SKEP_EXIT_INPUT;
	}
	return err;
}

int skep_feed_capture(struct skep_cli *cli, struct skep_runner *r)
{
	const char *path = skep_cli_opt(cli, "pcap"), *to = skep_cli_opt(cli, "pcap-out"), *why;
	struct writer *w = SKEP_NEW(&cli->arena, struct writer);
	struct skep_input *in;
	int err = skep_cli_read(cli, path, &in);

	if (err)
		return err;
	w->cli = cli;
	w->type = r->type;
	why = skep_pcap_read(in->image, in->len, &w->in);
	if (why) {
		SKEP_CLI_DIAG(cli, BAD_CAPTURE, path, why);
		return SKEP_EXIT_INPUT;
	}
	skep_pcap_begin(&w->in, &w->out);
	err = each(cli, r, w, path);
	if (!err && w->out.failed)
		err = skep_cli_fail(cli, NULL, SKEP_ENOMEM);
	if (!err && to)
		err = skep_cli_write(cli, to, w->out.p, w->out.n);
	skep_buf_fini(&w->out);
	return err;
}
