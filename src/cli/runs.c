/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of runs in the interpreter as text and as JSON. */
#include "cli/runs.h"
#include "cli/witness.h"

static const char *const event_name[] = {
	"redirect", "redirect-map", "redirect-peer", "redirect-neigh", "clone-redirect",
	"perf",	    "ringbuf",	    "print",	     "other",
};

static const char *event(const struct skep_vm_event *e)
{
	return e->kind < SKEP_ARRAY_SIZE(event_name) ? event_name[e->kind] : "unknown";
}

int skep_runs_type(struct skep_cli *cli, u32 *out)
{
	const char *s = skep_cli_opt(cli, "type");
	const struct skep_prog_type *t = s ? skep_prog_type_named(s, strlen(s)) : NULL;

	*out = t ? t->id : 0;
	if (!s || t)
		return 0;
	SKEP_CLI_DIAG(cli, BAD_VALUE, s, "--type", "skep list progs shows the types");
	return SKEP_EXIT_USAGE;
}

static void hex(struct skep_buf *out, const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		skep_buf_printf(out, "%02x", p[i]);
}

void skep_runs_hex(struct skep_buf *out, const char *label, const u8 *p, u32 n)
{
	if (!n)
		return;
	skep_buf_puts(out, label);
	hex(out, p, n);
	skep_buf_puts(out, "\n");
}

void skep_runs_json_hex(struct skep_json *j, const char *key, const u8 *p, u32 n)
{
	struct skep_buf b = {0};

	hex(&b, p, n);
	skep_json_key(j, key);
	skep_json_strn(j, b.p ? b.p : "", b.n);
	skep_buf_fini(&b);
}

static void text_event(struct skep_cli *cli, const struct skep_vm_event *e)
{
	struct skep_buf *out = &cli->out;

	skep_buf_printf(out, "    %s", event(e));
	if (e->kind == SKEP_EV_PRINT) {
		skep_buf_puts(out, " ");
		skep_buf_clean(out, skep_arena_strndup(&cli->arena, (const char *)e->data, e->len));
		skep_buf_puts(out, "\n");
		return;
	}
	if (e->kind == SKEP_EV_OTHER) {
		const struct skep_helper *h = skep_helper_find((s64)e->a);

		skep_buf_printf(out, " %s\n", h ? h->name : "");
		return;
	}
	skep_buf_printf(out, " %lld flags 0x%llx", (long long)e->a, (unsigned long long)e->b);
	if (e->len)
		skep_runs_hex(out, " ", e->data, e->len);
	else
		skep_buf_puts(out, "\n");
}

void skep_runs_text(struct skep_cli *cli, const struct skep_vm_result *r)
{
	struct skep_buf *out = &cli->out;

	if (r->trap)
		skep_buf_printf(out, "trap at slot %u: %s", r->trap_slot,
				skep_vm_trap_name(r->trap));
	else
		skep_buf_printf(out, "returns %d", (s32)r->ret);
	skep_buf_printf(out, ", %llu instructions", (unsigned long long)r->executed);
	if (r->pkt_len)
		skep_buf_printf(out, ", packet of %u bytes", r->pkt_len);
	skep_buf_puts(out, "\n");
	for (u32 i = 0; i < r->nevents; i++)
		text_event(cli, &r->events[i]);
}

void skep_runs_json(struct skep_cli *cli, const struct skep_vm_result *r)
{
	struct skep_json *j = &cli->j;

	skep_json_open(j, '{');
	skep_json_kstr(j, "trap", r->trap ? skep_vm_trap_name(r->trap) : NULL);
	if (r->trap)
		skep_json_kint(j, "trap_slot", r->trap_slot);
	else
		skep_json_kint(j, "return", (s32)r->ret);
	skep_json_kint(j, "executed", (s64)r->executed);
	skep_runs_json_hex(j, "packet", r->pkt, r->pkt_len);
	skep_json_kint(j, "meta_bytes", r->meta_len);
	skep_runs_json_hex(j, "context", r->ctx, r->ctx_len);
	skep_json_key(j, "events");
	skep_json_open(j, '[');
	for (u32 i = 0; i < r->nevents; i++) {
		const struct skep_vm_event *e = &r->events[i];

		skep_json_open(j, '{');
		skep_json_kstr(j, "kind", event(e));
		skep_json_kint(j, "a", (s64)e->a);
		skep_json_kint(j, "b", (s64)e->b);
		skep_runs_json_hex(j, "data", e->data, e->len);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
	skep_json_close(j, '}');
}

void skep_runs_difference(struct skep_cli *cli, const struct skep_run_differ_result *r)
{
	struct skep_buf *out = &cli->out;

	if (!r->of_solver)
		skep_buf_printf(out, "  input %u: %s\n", r->at, r->reason);
	else
		skep_buf_printf(out, "  input of the solver's: %s\n", r->reason);
	skep_runs_hex(out, "  packet ", r->input->pkt, r->input->pkt_len);
	skep_runs_hex(out, "  context ", r->input->ctx, r->input->ctx_len);
	if (r->of_solver)
		skep_witness_text(cli, r->witness);
	skep_buf_puts(out, "  A: ");
	skep_runs_text(cli, &r->a);
	skep_buf_puts(out, "  B: ");
	skep_runs_text(cli, &r->b);
	if (r->a.pkt_len != r->b.pkt_len ||
	    (r->a.pkt_len && memcmp(r->a.pkt, r->b.pkt, r->a.pkt_len))) {
		skep_runs_hex(out, "  packet of A ", r->a.pkt, r->a.pkt_len);
		skep_runs_hex(out, "  packet of B ", r->b.pkt, r->b.pkt_len);
	}
}

int skep_runs_save(struct skep_cli *cli, const struct skep_run_differ_result *r)
{
	const char *path = skep_cli_opt(cli, "save");
	int err;

	if (!path)
		return 0;
	err = skep_cli_write(cli, path, r->input->pkt, r->input->pkt_len);
	if (err)
		return err;
	return skep_cli_write(cli, skep_arena_printf(&cli->arena, "%s.ctx", path), r->input->ctx,
			      r->input->ctx_len);
}
