/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of a loaded program: its instructions as the port has them, or native code, with
 * source lines from the records that were loaded with it. Everything lies in the command's arena.
 * Decoding of native code is Zydis' work.
 */
#include "cli/progdump.h"

#include "cli/native.h"
#include "cli/port.h"

#include <errno.h>

struct dump {
	struct skep_cli *cli;
	struct bpf_prog_info i;
	u8 *code, *native;
	struct bpf_line_info *line;
	u64 *native_line, *ksym;
	u32 *len;
	const struct skep_btf *btf;
};

static void *room(struct dump *d, u32 n, u32 size)
{
	return n ? skep_arena_calloc(&d->cli->arena, n, size) : NULL;
}

#define AT(p) ((u64)(uintptr_t)(p))

/* Sizes first, then what they are of. A kernel that hides addresses gives no native lines. */
static int ask(struct dump *d, int fd)
{
	struct bpf_prog_info i = {0};
	u32 len = sizeof(i);

	if (bpf_obj_get_info_by_fd(fd, &i, &len))
		return -errno;
	d->i = (struct bpf_prog_info){
		.xlated_prog_len = i.xlated_prog_len,
		.jited_prog_len = i.jited_prog_len,
		.nr_line_info = i.nr_line_info,
		.line_info_rec_size = sizeof(*d->line),
		.nr_jited_line_info = i.nr_jited_line_info,
		.jited_line_info_rec_size = 8,
		.nr_jited_ksyms = i.nr_jited_ksyms,
		.nr_jited_func_lens = i.nr_jited_func_lens,
	};
	d->code = room(d, i.xlated_prog_len, 1);
	d->native = room(d, i.jited_prog_len, 1);
	d->line = room(d, i.nr_line_info, sizeof(*d->line));
	d->native_line = room(d, i.nr_jited_line_info, 8);
	d->ksym = room(d, i.nr_jited_ksyms, 8);
	d->len = room(d, i.nr_jited_func_lens, 4);
	d->i.xlated_prog_insns = AT(d->code);
	d->i.jited_prog_insns = AT(d->native);
	d->i.line_info = AT(d->line);
	d->i.jited_line_info = AT(d->native_line);
	d->i.jited_ksyms = AT(d->ksym);
	d->i.jited_func_lens = AT(d->len);
	len = sizeof(d->i);
	if (bpf_obj_get_info_by_fd(fd, &d->i, &len))
		return -errno;
	d->i.nr_line_info = SKEP_MIN(d->i.nr_line_info, i.nr_line_info);
	d->i.nr_jited_line_info = SKEP_MIN(d->i.nr_jited_line_info, i.nr_jited_line_info);
	d->i.nr_jited_ksyms = SKEP_MIN(d->i.nr_jited_ksyms, i.nr_jited_ksyms);
	d->i.nr_jited_func_lens = SKEP_MIN(d->i.nr_jited_func_lens, i.nr_jited_func_lens);
	d->btf = skep_port_btf(d->cli, d->i.btf_id);
	return 0;
}

/* The text of record k, NULL when it has none. */
static const char *source(const struct dump *d, u32 k)
{
	const char *text =
		d->btf && k < d->i.nr_line_info ? skep_btf_str(d->btf, d->line[k].line_off) : NULL;

	while (text && (*text == ' ' || *text == '\t'))
		text++;
	return text && *text ? text : NULL;
}

/* A row of the result: where, what, and with `src` the line that it comes from. */
static void row(struct dump *d, const char *where, u32 at, const struct skep_buf *text,
		const char *src)
{
	struct skep_cli *cli = d->cli;

	if (!skep_cli_flag(cli, "source"))
		src = NULL;
	if (cli->json) {
		skep_json_open(&cli->j, '{');
		skep_json_kint(&cli->j, where, at);
		skep_json_kstr(&cli->j, "text", text->p);
		if (src)
			skep_json_kstr(&cli->j, "source", src);
		skep_json_close(&cli->j, '}');
		return;
	}
	if (src) {
		skep_buf_puts(&cli->out, "; ");
		skep_buf_clean(&cli->out, src);
		skep_buf_puts(&cli->out, "\n");
	}
	skep_buf_printf(&cli->out, *where == 's' ? "%7u:\t" : "%7x:\t", at);
	skep_buf_clean(&cli->out, text->p ? text->p : "");
	skep_buf_puts(&cli->out, "\n");
}

/* What a kernel rewrote may be no instruction of any program: then its bytes. */
static u32 insn_text(const u8 *p, u32 len, struct skep_buf *out)
{
	struct skep_ins in;
	const char *why;
	u32 slots = skep_isa_decode(p, len, false, &in, &why);

	if (slots) {
		skep_isa_print(&in, NULL, out);
		return slots;
	}
	skep_buf_puts(out, ".byte");
	for (u32 k = 0; k < 8 && k < len; k++)
		skep_buf_printf(out, " 0x%02x", p[k]);
	return 1;
}

static void put_xlated(struct dump *d)
{
	struct skep_buf b = {0};

	for (u32 slot = 0, k = 0; slot < d->i.xlated_prog_len / 8;) {
		const char *src = NULL;
		u32 n;

		for (; k < d->i.nr_line_info && d->line[k].insn_off <= slot; k++)
			src = source(d, k);
		b.n = 0;
		n = insn_text(d->code + (size_t)slot * 8, d->i.xlated_prog_len - slot * 8, &b);
		row(d, "slot", slot, &b, src);
		slot += n;
	}
	skep_buf_fini(&b);
}

/* The line of the native address `at`, if one begins there. */
static const char *native_source(const struct dump *d, u64 at)
{
	const char *src = NULL;

	for (u32 k = 0; k < d->i.nr_jited_line_info; k++)
		if (d->native_line[k] && d->native_line[k] == at)
			src = source(d, k);
	return src;
}

static void put_native(struct dump *d)
{
	struct skep_buf b = {0};
	u32 func = 0, start = 0;

	for (u32 at = 0; at < d->i.jited_prog_len;) {
		u64 base = func < d->i.nr_jited_ksyms ? d->ksym[func] : 0;
		u32 n;

		b.n = 0;
		n = skep_native_text(d->native + at, d->i.jited_prog_len - at, at, &b);
		row(d, "offset", at, &b, base ? native_source(d, base + (at - start)) : NULL);
		at += n;
		if (func < d->i.nr_jited_func_lens && at - start >= d->len[func])
			start = at, func++;
	}
	skep_buf_fini(&b);
}

int skep_progdump(struct skep_cli *cli, int fd, bool native)
{
	struct dump d = {.cli = cli};
	const char *file = skep_cli_opt(cli, "output");
	int err = ask(&d, fd);

	if (err)
		return skep_port_fail(cli, "asking for the code", err);
	if (native && !d.i.jited_prog_len) {
		SKEP_CLI_DIAG(cli, NO_NATIVE);
		return SKEP_EXIT_UNKNOWN;
	}
	if (file)
		return native ? skep_cli_write(cli, file, d.native, d.i.jited_prog_len)
			      : skep_cli_write(cli, file, d.code, d.i.xlated_prog_len);
	if (native && !skep_native_possible(cli))
		return SKEP_EXIT_ENV;
	if (cli->json) {
		skep_json_kint(&cli->j, "bytes", native ? d.i.jited_prog_len : d.i.xlated_prog_len);
		skep_json_key(&cli->j, "insns");
		skep_json_open(&cli->j, '[');
	}
	if (native)
		put_native(&d);
	else
		put_xlated(&d);
	if (cli->json)
		skep_json_close(&cli->j, ']');
	return 0;
}
