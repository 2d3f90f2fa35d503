/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep check --compare: two tables of verdicts, as `skep check --csv` or veristat
 * write them. Rows belong together by file and program; columns are found by their
 * names, those that are not known are ignored. The bytes of the files stay as they
 * were read; cells point into them.
 */
#include "cli/check.h"

#include <stdlib.h>

enum column { FILE_NAME, PROG_NAME, VERDICT, DURATION, INSNS, STATES, PEAK, NCOL };

/* veristat's names, the first is what it writes. */
static const char *const column_names[NCOL][3] = {
	[FILE_NAME] = {"file_name", "filename", "file"},
	[PROG_NAME] = {"prog_name", "progname", "prog"},
	[VERDICT] = {"verdict"},
	[DURATION] = {"duration", "dur"},
	[INSNS] = {"total_insns", "insns"},
	[STATES] = {"total_states", "states"},
	[PEAK] = {"peak_states"},
};

struct cell {
	const char *p;
	size_t n;
};

struct row {
	const char *file, *prog;
	bool success;
	u64 num[NCOL];
	struct row *other; /* of the same program in the other table */
};

struct verdicts {
	SKEP_VEC(row_vec, struct row) row;
	bool has[NCOL];
};

/* --- reading ------------------------------------------------------------------------ */

/* The next cell of a line; false at its end. */
static bool next_cell(const char **at, const char *end, struct cell *out)
{
	const char *p = *at;

	if (!p)
		return false;
	out->p = p;
	while (p < end && *p != ',')
		p++;
	out->n = (size_t)(p - out->p);
	*at = p < end ? p + 1 : NULL;
	return true;
}

static bool next_line(const char **at, const char *end, const char **line, const char **line_end)
{
	const char *p = *at;

	if (p >= end)
		return false;
	*line = p;
	while (p < end && *p != '\n')
		p++;
	*at = p < end ? p + 1 : p;
	*line_end = p > *line && p[-1] == '\r' ? p - 1 : p;
	return true;
}

static int column_of(const struct cell *c)
{
	for (int k = 0; k < NCOL; k++)
		for (int i = 0; i < 3 && column_names[k][i]; i++)
			if (strlen(column_names[k][i]) == c->n &&
			    memcmp(c->p, column_names[k][i], c->n) == 0)
				return k;
	return -1;
}

static int bad_table(struct skep_cli *cli, const struct skep_input *in, u32 line, const char *why)
{
	SKEP_CLI_DIAG(cli, BAD_TABLE, in->path, line, why);
	return SKEP_EXIT_INPUT;
}

static bool number(const struct cell *c, u64 *out)
{
	u64 v = 0;

	for (size_t i = 0; i < c->n; i++) {
		u64 digit = (u64)(c->p[i] - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return c->n > 0;
}

static const char *take(struct skep_cli *cli, struct row *r, int col, const struct cell *c)
{
	switch (col) {
	case -1: return NULL;
	case FILE_NAME: r->file = skep_arena_strndup(&cli->arena, c->p, c->n); return NULL;
	case PROG_NAME: r->prog = skep_arena_strndup(&cli->arena, c->p, c->n); return NULL;
	case VERDICT:
		r->success = c->n == 7 && memcmp(c->p, "success", 7) == 0;
		return r->success || (c->n == 7 && memcmp(c->p, "failure", 7) == 0)
			       ? NULL
			       : "a verdict is success or failure";
	default: return number(c, &r->num[col]) ? NULL : "a number is expected";
	}
}

static int read_header(struct skep_cli *cli, const struct skep_input *in, struct verdicts *t,
		       const char *line, const char *end, int *cols, u32 *ncols)
{
	struct cell c;

	for (*ncols = 0; next_cell(&line, end, &c); (*ncols)++) {
		if (*ncols == 64)
			return bad_table(cli, in, 1, "too many columns");
		cols[*ncols] = column_of(&c);
		if (cols[*ncols] >= 0)
			t->has[cols[*ncols]] = true;
	}
	if (!t->has[FILE_NAME] || !t->has[PROG_NAME] || !t->has[VERDICT])
		return bad_table(cli, in, 1,
				 "the columns file_name, prog_name and verdict are needed");
	return 0;
}

static int read_table(struct skep_cli *cli, const char *path, struct verdicts *t)
{
	const char *at, *end, *line, *line_end;
	struct skep_input *in;
	u32 ncols = 0, number_of_line = 1;
	int cols[64], err = skep_cli_read(cli, path, &in);

	if (err)
		return err;
	at = (const char *)in->image;
	end = at + in->len;
	if (!next_line(&at, end, &line, &line_end))
		return bad_table(cli, in, 1, "the file is empty");
	err = read_header(cli, in, t, line, line_end, cols, &ncols);
	while (!err && next_line(&at, end, &line, &line_end)) {
		struct row r = {0};
		const char *why = NULL, *p = line;
		struct cell c;
		u32 n = 0;

		number_of_line++;
		if (line == line_end)
			continue;
		for (; !why && n < ncols && next_cell(&p, line_end, &c); n++)
			why = take(cli, &r, cols[n], &c);
		if (!why && (n < ncols || p))
			why = "the number of cells is not that of the columns";
		if (why)
			return bad_table(cli, in, number_of_line, why);
		*SKEP_VEC_PUSH(&cli->arena, &t->row) = r;
	}
	return err;
}

/* --- comparing ------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int d = strcmp(x->file, y->file);

	return d ? d : strcmp(x->prog, y->prog);
}

static void match(struct verdicts *a, struct verdicts *b)
{
	u32 i = 0, k = 0;

	if (a->row.n)
		qsort(a->row.v, a->row.n, sizeof(struct row), by_name);
	if (b->row.n)
		qsort(b->row.v, b->row.n, sizeof(struct row), by_name);
	while (i < a->row.n && k < b->row.n) {
		int d = by_name(&a->row.v[i], &b->row.v[k]);

		if (!d) {
			a->row.v[i].other = &b->row.v[k];
			b->row.v[k].other = &a->row.v[i];
		}
		i += d <= 0;
		k += d >= 0;
	}
}

struct change {
	u32 threshold; /* percent; UINT32_MAX: costs are no regression */
	u32 same, differ, regressions, only_a, only_b;
};

static bool costs_more(u64 a, u64 b, u32 percent)
{
	return percent != UINT32_MAX && b > a && (double)(b - a) > (double)a * percent / 100.0;
}

static bool regression(const struct row *a, const struct row *b, const struct change *c)
{
	return (a->success && !b->success) ||
	       costs_more(a->num[INSNS], b->num[INSNS], c->threshold) ||
	       costs_more(a->num[STATES], b->num[STATES], c->threshold);
}

static const char *verdict(const struct row *r)
{
	return !r ? "N/A" : r->success ? "success" : "failure";
}

static const char *difference(struct skep_cli *cli, const struct row *a, const struct row *b,
			      int col)
{
	s64 d;

	if (!a || !b)
		return "N/A";
	d = (s64)(b->num[col] - a->num[col]);
	if (!a->num[col])
		return skep_arena_printf(&cli->arena, "%+lld", (long long)d);
	return skep_arena_printf(&cli->arena, "%+lld (%+.2f %%)", (long long)d,
				 100.0 * (double)d / (double)a->num[col]);
}

static void json_row(struct skep_json *j, const struct row *a, const struct row *b, bool worse)
{
	const struct row *r = a ? a : b;

	skep_json_open(j, '{');
	skep_json_kstr(j, "file", r->file);
	skep_json_kstr(j, "program", r->prog);
	skep_json_kstr(j, "verdict_a", a ? verdict(a) : NULL);
	skep_json_kstr(j, "verdict_b", b ? verdict(b) : NULL);
	for (int k = DURATION; k < NCOL; k++) {
		skep_json_key(j, column_names[k][0]);
		skep_json_open(j, '[');
		skep_json_uint(j, a ? a->num[k] : 0);
		skep_json_uint(j, b ? b->num[k] : 0);
		skep_json_close(j, ']');
	}
	skep_json_kbool(j, "regression", worse);
	skep_json_close(j, '}');
}

static void text_row(struct skep_cols *t, const struct row *a, const struct row *b, bool worse)
{
	const struct row *r = a ? a : b;

	skep_cols_add(t, skep_cli_name(t->cli, r->file));
	skep_cols_add(t, skep_cli_name(t->cli, r->prog));
	skep_cols_add(t, verdict(a));
	skep_cols_add(t, worse && a->success && !b->success ? "failure (!)" : verdict(b));
	for (int k = INSNS; k <= STATES; k++) {
		skep_cols_num(t, a ? a->num[k] : 0);
		skep_cols_num(t, b ? b->num[k] : 0);
		skep_cols_add(t, difference(t->cli, a, b, k));
	}
}

static void one_pair(struct skep_cli *cli, struct skep_cols *t, const struct row *a,
		     const struct row *b, struct change *c)
{
	bool worse = a && b && regression(a, b, c);
	bool differs = !a || !b || a->success != b->success || a->num[INSNS] != b->num[INSNS] ||
		       a->num[STATES] != b->num[STATES];

	if (!a && !b)
		return; /* a row is of one of the tables; checkers do not know */
	c->regressions += worse;
	c->only_a += !b;
	c->only_b += !a;
	if (a && b)
		c->same += !differs, c->differ += differs;
	if (!differs)
		return;
	if (cli->json)
		json_row(&cli->j, a, b, worse);
	else
		text_row(t, a, b, worse);
}

static void compare(struct skep_cli *cli, const struct verdicts *a, const struct verdicts *b,
		    struct change *c)
{
	static const char *const heads[] = {"File",	    "Program",		"Verdict (A)",
					    "Verdict (B)",  "Total insns (A)",	"Total insns (B)",
					    "Insns (DIFF)", "Total states (A)", "Total states (B)",
					    "States (DIFF)"};
	struct skep_cols t;

	skep_cols_init(&t, cli, SKEP_ARRAY_SIZE(heads), 0x3f0);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(heads); i++)
		skep_cols_add(&t, heads[i]);
	for (u32 i = 0; i < a->row.n; i++)
		one_pair(cli, &t, &a->row.v[i], a->row.v[i].other, c);
	for (u32 i = 0; i < b->row.n; i++)
		if (!b->row.v[i].other)
			one_pair(cli, &t, NULL, &b->row.v[i], c);
	if (!cli->json && t.cell.n > SKEP_ARRAY_SIZE(heads))
		skep_cols_print(&t, 0);
}

int skep_check_compare(struct skep_cli *cli, int argc, char **argv)
{
	struct verdicts a = {0}, b = {0};
	struct change c = {.threshold = UINT32_MAX};
	u64 percent = UINT32_MAX;
	int err = skep_cli_num(cli, "threshold", 0, 1000000, &percent);

	if (!err && argc != 2) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, "--compare", "check", "it takes two files");
		err = SKEP_EXIT_USAGE;
	}
	if (!err)
		err = read_table(cli, argv[0], &a);
	if (!err)
		err = read_table(cli, argv[1], &b);
	if (err)
		return err;
	c.threshold = (u32)percent;
	match(&a, &b);
	if (cli->json) {
		skep_json_key(&cli->j, "differences");
		skep_json_open(&cli->j, '[');
	}
	compare(cli, &a, &b, &c);
	if (cli->json) {
		skep_json_close(&cli->j, ']');
		skep_json_kint(&cli->j, "same", c.same);
		skep_json_kint(&cli->j, "regressions", c.regressions);
	} else {
		skep_buf_printf(
			&cli->out,
			"%u the same, %u changed, %u only in A, %u only in B, %u regressions\n",
			c.same, c.differ, c.only_a, c.only_b, c.regressions);
	}
	return c.regressions ? SKEP_EXIT_NO : SKEP_EXIT_YES;
}
