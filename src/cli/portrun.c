/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF_PROG_TEST_RUN over the port, and how its results are printed. */
#include "cli/port.h"

#include "cli/runs.h"

#include <errno.h>

const char *skep_port_verdict(u32 type, u32 ret)
{
	static const char *const xdp[] = {"XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX",
					  "XDP_REDIRECT"};
	static const char *const tc[] = {"TC_ACT_OK",	  "TC_ACT_RECLASSIFY", "TC_ACT_SHOT",
					 "TC_ACT_PIPE",	  "TC_ACT_STOLEN",     "TC_ACT_QUEUED",
					 "TC_ACT_REPEAT", "TC_ACT_REDIRECT",   "TC_ACT_TRAP"};

	switch (type) {
	case BPF_PROG_TYPE_XDP: return ret < SKEP_ARRAY_SIZE(xdp) ? xdp[ret] : NULL;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return ret == UINT32_MAX	   ? "TC_ACT_UNSPEC"
		       : ret < SKEP_ARRAY_SIZE(tc) ? tc[ret]
						   : NULL;
	case BPF_PROG_TYPE_CGROUP_SKB: return ret & 1 ? "allow" : "deny";
	case BPF_PROG_TYPE_SOCKET_FILTER: return ret ? "keep" : "drop";
	default: return NULL;
	}
}

int skep_port_test(struct skep_port_test *t)
{
	LIBBPF_OPTS(bpf_test_run_opts, o);
	int err;

	if (skep_run_takes_packets(t->type)) {
		o.data_in = t->data;
		o.data_size_in = t->data_len;
		o.data_out = t->out;
		o.data_size_out = sizeof(t->out);
		o.repeat = (int)t->repeat;
	}
	if (t->ctx_len) {
		o.ctx_in = t->ctx;
		o.ctx_size_in = t->ctx_len;
	}
	err = bpf_prog_test_run_opts(t->fd, &o);
	t->ret = o.retval;
	t->duration = o.duration;
	t->out_len = err || !o.data_out ? 0 : SKEP_MIN(o.data_size_out, (u32)sizeof(t->out));
	t->nway = err || !skep_port_is_user() ? 0 : skep_sys_ways(&t->way);
	return err;
}

void skep_port_show_ways(struct skep_cli *cli, const struct skep_sys_way *way, u32 n)
{
	static const char *const name[] = {"nowhere", "interface", "peer of interface",
					   "neighbour at interface", "cpu"};
	struct skep_json *j = &cli->j;

	if (cli->json) {
		skep_json_key(j, "ways");
		skep_json_open(j, '[');
	}
	for (u32 k = 0; k < n; k++, way++) {
		if (!cli->json) {
			skep_buf_printf(&cli->out, "  %s to %s %u, flags 0x%x\n",
					way->data ? "clone" : "redirect", name[way->kind],
					way->index, way->flags);
			continue;
		}
		skep_json_open(j, '{');
		skep_json_kstr(j, "to", name[way->kind]);
		skep_json_kint(j, "index", way->index);
		skep_json_kint(j, "map", way->map);
		skep_json_kint(j, "flags", way->flags);
		if (way->data)
			skep_runs_json_hex(j, "clone", way->data, way->len);
		else
			skep_json_kstr(j, "clone", NULL);
		skep_json_close(j, '}');
	}
	if (cli->json)
		skep_json_close(j, ']');
}

void skep_port_show_test(struct skep_cli *cli, const struct skep_port_test *t)
{
	const char *verdict = skep_port_verdict(t->type, t->ret);

	if (cli->json) {
		skep_json_open(&cli->j, '{');
		skep_json_kint(&cli->j, "return", (s32)t->ret);
		skep_json_kstr(&cli->j, "verdict", verdict);
		skep_json_kint(&cli->j, "ns", t->duration);
		skep_runs_json_hex(&cli->j, "packet", t->out, t->out_len);
		skep_port_show_ways(cli, t->way, t->nway);
		skep_json_close(&cli->j, '}');
		return;
	}
	skep_buf_printf(&cli->out, "returns %d", (s32)t->ret);
	if (verdict)
		skep_buf_printf(&cli->out, " (%s)", verdict);
	if (skep_run_takes_packets(t->type))
		skep_buf_printf(&cli->out, ", packet of %u bytes, %u ns", t->out_len, t->duration);
	skep_buf_puts(&cli->out, "\n");
	skep_port_show_ways(cli, t->way, t->nway);
}
