/* SPDX-License-Identifier: BSD-2-Clause */
/* Diagnostics as data. Texts and places are copied into the collector's own arena. */
#include "base/base.h"

#include <stdio.h>

static const char *const severity_name[] = {"error", "warning", "note"};

void skep_diags_init(struct skep_diags *ds)
{
	memset(ds, 0, sizeof(*ds));
	skep_arena_init(&ds->arena);
}

void skep_diags_fini(struct skep_diags *ds)
{
	skep_arena_fini(&ds->arena);
	memset(ds, 0, sizeof(*ds));
}

static const char *keep(struct skep_diags *ds, const char *s)
{
	return s ? skep_arena_strdup(&ds->arena, s) : NULL;
}

int skep_diag(struct skep_diags *ds, const struct skep_diag_def *def, struct skep_diag_place at, ...)
{
	char msg[1024];
	va_list ap;
	int err = 0;

	if (!ds)
		return SKEP_EINPUT;
	if (def->severity == SKEP_ERROR)
		ds->errors++;
	if (ds->list.n >= SKEP_DIAG_MAX) {
		ds->dropped++;
		return SKEP_EINPUT;
	}
	va_start(ap, at);
	vsnprintf(msg, sizeof(msg), def->text, ap);
	va_end(ap);
	SKEP_GUARD(&ds->arena, err, {
		struct skep_diag d = {.def = def, .at = at};

		d.msg = keep(ds, msg);
		d.at.section = keep(ds, at.section);
		d.at.prog = keep(ds, at.prog);
		d.at.src = keep(ds, at.src);
		*SKEP_VEC_PUSH(&ds->arena, &ds->list) = d;
	});
	if (err)
		ds->dropped++;
	return SKEP_EINPUT;
}

void skep_diags_take(struct skep_diags *ds, const struct skep_diags *from)
{
	int err = 0;

	ds->errors += from->errors;
	ds->dropped += from->dropped;
	for (u32 i = 0; i < from->list.n; i++) {
		struct skep_diag d = from->list.v[i];

		if (ds->list.n >= SKEP_DIAG_MAX || err) {
			ds->dropped++;
			continue;
		}
		SKEP_GUARD(&ds->arena, err, {
			d.msg = keep(ds, d.msg);
			d.hint = keep(ds, d.hint);
			d.at.section = keep(ds, d.at.section);
			d.at.prog = keep(ds, d.at.prog);
			d.at.src = keep(ds, d.at.src);
			*SKEP_VEC_PUSH(&ds->arena, &ds->list) = d;
		});
	}
}

void skep_diag_hint(struct skep_diags *ds, const char *hint)
{
	int err = 0;

	if (!ds || !ds->list.n)
		return;
	SKEP_GUARD(&ds->arena, err,
		   { ds->list.v[ds->list.n - 1].hint = skep_arena_strdup(&ds->arena, hint); });
	(void)err;
}

static void print_one(const struct skep_diag *d, const char *file, struct skep_buf *out)
{
	u32 caret = d->at.caret ? d->at.caret : d->at.col;

	if (file)
		skep_buf_clean(out, file);
	if (d->at.line)
		skep_buf_printf(out, ":%u", d->at.line);
	if (d->at.line && d->at.col)
		skep_buf_printf(out, ":%u", d->at.col);
	if (d->at.section) {
		skep_buf_puts(out, ":");
		skep_buf_clean(out, d->at.section);
	}
	if (d->at.insn >= 0)
		skep_buf_printf(out, "+%lld", (long long)d->at.insn);
	else if (d->at.offset >= 0)
		skep_buf_printf(out, "@0x%llx", (long long)d->at.offset);
	if (file || d->at.section || d->at.line)
		skep_buf_puts(out, ": ");
	skep_buf_printf(out, "%s: ", severity_name[d->def->severity]);
	skep_buf_clean(out, d->msg);
	if (d->at.prog) {
		skep_buf_puts(out, " (in ");
		skep_buf_clean(out, d->at.prog);
		skep_buf_puts(out, ")");
	}
	skep_buf_printf(out, " [SKEP%04u]\n", d->def->code);
	if (d->at.src) {
		skep_buf_puts(out, "  ");
		skep_buf_clean(out, d->at.src);
		skep_buf_puts(out, "\n");
		if (caret)
			skep_buf_printf(out, "  %*s^\n", (int)SKEP_MIN(caret, 500u) - 1, "");
	}
	if (d->hint) {
		skep_buf_puts(out, "  hint: ");
		skep_buf_clean(out, d->hint);
		skep_buf_puts(out, "\n");
	}
}

void skep_diags_print(const struct skep_diags *ds, const char *file, struct skep_buf *out)
{
	for (u32 i = 0; i < ds->list.n; i++)
		print_one(&ds->list.v[i], file, out);
	if (ds->dropped)
		skep_buf_printf(out, "%s: note: %u more diagnostics not shown\n",
				file ? file : "skep", ds->dropped);
}

void skep_diag_json(const struct skep_diag *d, const char *file, struct skep_json *j)
{
	char code[16];

	snprintf(code, sizeof(code), "SKEP%04u", d->def->code);
	skep_json_open(j, '{');
	skep_json_kstr(j, "code", code);
	skep_json_kstr(j, "severity", severity_name[d->def->severity]);
	skep_json_kstr(j, "file", file);
	skep_json_kstr(j, "section", d->at.section);
	skep_json_kstr(j, "function", d->at.prog);
	if (d->at.insn >= 0)
		skep_json_kint(j, "insn", d->at.insn);
	if (d->at.offset >= 0)
		skep_json_kint(j, "offset", d->at.offset);
	if (d->at.line)
		skep_json_kint(j, "line", d->at.line);
	if (d->at.col)
		skep_json_kint(j, "column", d->at.col);
	skep_json_kstr(j, "message", d->msg);
	skep_json_kstr(j, "source", d->at.src);
	skep_json_kstr(j, "hint", d->hint);
	skep_json_close(j, '}');
}

void skep_diags_json(const struct skep_diags *ds, const char *file, struct skep_json *j)
{
	skep_json_open(j, '[');
	for (u32 i = 0; i < ds->list.n; i++)
		skep_diag_json(&ds->list.v[i], file, j);
	skep_json_close(j, ']');
}
