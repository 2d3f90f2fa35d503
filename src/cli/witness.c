/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An input as files: packet.pcap, context (its bytes), maps (lines for bpftool's batch mode),
 * helpers (lines "NAME NUMBER"). Strings that are read stay in the arena.
 */
#include "cli/witness.h"
#include "cli/runs.h"

#include <errno.h>
#include <sys/stat.h>

static const char *in_dir(struct skep_cli *cli, const char *name)
{
	return skep_arena_printf(&cli->arena, "%s/%s", skep_cli_opt(cli, "witness"), name);
}

static int write_text(struct skep_cli *cli, const char *name, const struct skep_run_witness *w,
		      void (*print)(const struct skep_run_witness *, struct skep_buf *))
{
	struct skep_buf b = {0};
	int err;

	print(w, &b);
	err = b.failed ? skep_cli_fail(cli, NULL, SKEP_ENOMEM)
		       : skep_cli_write(cli, in_dir(cli, name), b.p ? b.p : "", b.n);
	skep_buf_fini(&b);
	return err;
}

static int write_packet(struct skep_cli *cli, const struct skep_run_input *in)
{
	static const struct skep_pcap like;
	const struct skep_pcap_packet p = {
		.len = in->pkt_len, .wire_len = in->pkt_len, .data = in->pkt};
	struct skep_buf b = {0};
	int err;

	skep_pcap_begin(&like, &b);
	skep_pcap_add(&like, &p, &b);
	err = b.failed ? skep_cli_fail(cli, NULL, SKEP_ENOMEM)
		       : skep_cli_write(cli, in_dir(cli, "packet.pcap"), b.p, b.n);
	skep_buf_fini(&b);
	return err;
}

int skep_witness_write(struct skep_cli *cli, const struct skep_run_differ_result *r)
{
	const char *dir = skep_cli_opt(cli, "witness");
	const struct skep_run_witness *w = r->witness;
	int err;

	if (!dir || !w)
		return 0;
	if (mkdir(dir, 0777) && errno != EEXIST) {
		SKEP_CLI_DIAG(cli, CANNOT_WRITE, dir, strerror(errno));
		return SKEP_EXIT_ENV;
	}
	err = write_packet(cli, &w->input);
	if (!err)
		err = skep_cli_write(cli, in_dir(cli, "context"), w->input.ctx, w->input.ctx_len);
	if (!err)
		err = write_text(cli, "maps", w, skep_run_witness_print_maps);
	return err ? err : write_text(cli, "helpers", w, skep_run_witness_print_answers);
}

/* --- reading -------------------------------------------------------------------------- */

static int bad(struct skep_cli *cli, const char *name, const char *why)
{
	SKEP_CLI_DIAG(cli, BAD_VALUE, in_dir(cli, name), "--witness", why);
	return SKEP_EXIT_INPUT;
}

static int read_packet(struct skep_cli *cli, struct skep_run_input *in)
{
	struct skep_pcap_packet p;
	struct skep_input *file;
	struct skep_pcap cap;
	const char *why;
	int err = skep_cli_read(cli, in_dir(cli, "packet.pcap"), &file);

	if (err)
		return err;
	why = skep_pcap_read(file->image, file->len, &cap);
	if (why)
		return bad(cli, "packet.pcap", why);
	if (!skep_pcap_next(&cap, &p, &why) || p.len > sizeof(in->pkt))
		return bad(cli, "packet.pcap",
			   why ? why : "one packet of at most 2048 bytes is needed");
	memcpy(in->pkt, p.data, p.len);
	in->pkt_len = p.len;
	return 0;
}

static int read_context(struct skep_cli *cli, struct skep_run_input *in)
{
	struct skep_input *file;
	int err = skep_cli_read(cli, in_dir(cli, "context"), &file);

	if (err)
		return err;
	if (file->len > sizeof(in->ctx))
		return bad(cli, "context", "a context has at most 512 bytes");
	memcpy(in->ctx, file->image, file->len);
	in->ctx_len = (u32)file->len;
	return 0;
}

static int read_text(struct skep_cli *cli, const char *name, char **out)
{
	struct skep_input *file;
	int err = skep_cli_read(cli, in_dir(cli, name), &file);

	if (!err)
		*out = skep_arena_strndup(&cli->arena, (const char *)file->image, file->len);
	return err;
}

int skep_witness_read(struct skep_cli *cli, struct skep_run_witness **out)
{
	struct skep_run_witness *w;
	char *maps, *helpers;
	int err;

	*out = NULL;
	if (!skep_cli_opt(cli, "witness"))
		return 0;
	w = SKEP_NEW(&cli->arena, struct skep_run_witness);
	err = read_packet(cli, &w->input);
	if (!err)
		err = read_context(cli, &w->input);
	if (!err)
		err = read_text(cli, "maps", &maps);
	if (!err)
		err = read_text(cli, "helpers", &helpers);
	if (err)
		return err;
	if (!skep_run_witness_parse_maps(maps, &cli->arena, w))
		return bad(cli, "maps",
			   "lines are 'map update name NAME key hex ... value hex ...'");
	if (!skep_run_witness_parse_answers(helpers, w))
		return bad(cli, "helpers", "lines are 'NAME NUMBER', as skep prove writes them");
	*out = w;
	return 0;
}

/* --- telling ---------------------------------------------------------------------------- */

void skep_witness_text(struct skep_cli *cli, const struct skep_run_witness *w)
{
	struct skep_buf *out = &cli->out;
	const struct skep_run_input *in = &w->input;

	for (u32 k = 0; k < w->nentry; k++) {
		const struct skep_run_entry *e = &w->entry[k];

		skep_buf_printf(out, "  map %s", skep_cli_name(cli, e->map));
		skep_runs_hex(out, " key ", e->key, e->key_size);
		skep_runs_hex(out, "    value ", e->value, e->value_size);
	}
	if (in->time_step)
		skep_buf_printf(out, "  time %llu, %llu later with each call\n",
				(unsigned long long)in->time_ns, (unsigned long long)in->time_step);
	for (u32 k = 0; k < in->nrandom; k++)
		skep_buf_printf(out, "  random number %u\n", in->random[k]);
}

void skep_witness_json(struct skep_cli *cli, const struct skep_run_witness *w)
{
	struct skep_json *j = &cli->j;

	skep_json_key(j, "maps");
	skep_json_open(j, '[');
	for (u32 k = 0; k < w->nentry; k++) {
		skep_json_open(j, '{');
		skep_json_kstr(j, "map", w->entry[k].map);
		skep_runs_json_hex(j, "key", w->entry[k].key, w->entry[k].key_size);
		skep_runs_json_hex(j, "value", w->entry[k].value, w->entry[k].value_size);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}
