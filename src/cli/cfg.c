/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep cfg: the control-flow graph of one function. A block starts at the
 * first instruction, at a branch target and after a branch or an end. The
 * picture is drawn by Graphviz.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

const struct skep_opt_def skep_opts_cfg[] = {
	{"prog", 'p', "NAME", "the program or function; not needed when there is one program"},
	{"output", 'o', "X.svg",
	 "write there; .svg, .png and .pdf are drawn by dot, anything else is DOT", true},
	{0},
};
const char skep_about_cfg[] =
	"Prints the control-flow graph of one function in the DOT language: a node for each "
	"block, and edges that say whether a conditional jump was taken. With *--output* and a "
	"name that ends in .svg, .png or .pdf the picture is made by dot, which must be installed.";

struct block {
	const struct skep_insn *first, *last;
	const struct skep_insn *taken, *next; /* first instruction of a successor, or NULL */
};
SKEP_VEC(blocks, struct block);

static bool ends_block(const struct skep_insn *i)
{
	return !i->next || i->next->njumps || skep_is_branch(i->in.op) || skep_is_end(i->in.op);
}

static void find_blocks(struct skep_cli *cli, const struct skep_func *f, struct blocks *bs)
{
	const struct skep_insn *first = f->first;

	SKEP_FOR_INSN(i, f) {
		struct block *b;

		if (!ends_block(i))
			continue;
		b = SKEP_VEC_PUSH(&cli->arena, bs);
		*b = (struct block){.first = first, .last = i, .taken = i->target};
		if (!skep_is_end(i->in.op))
			b->next = i->next;
		first = i->next;
	}
}

/* Text inside a DOT string; a backslash and l ends a left-justified line. */
static void put_escaped(struct skep_buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			skep_buf_puts(out, "\\");
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			skep_buf_printf(out, "\\\\x%02x", (unsigned char)*s);
		else
			skep_buf_add(out, s, 1);
	}
}

static void dot_block(const struct skep_obj *o, const struct block *b, struct skep_buf *out)
{
	struct skep_buf text = {0};

	skep_buf_printf(out, "\tb%u [label=\"", b->first->id);
	for (const struct skep_insn *i = b->first; i; i = i == b->last ? NULL : i->next) {
		text.n = 0;
		skep_insn_print(o, i, &text);
		skep_buf_printf(out, "%u: ", i->slot);
		if (!text.failed)
			put_escaped(out, text.p);
		skep_buf_puts(out, "\\l");
	}
	skep_buf_puts(out, "\"];\n");
	skep_buf_fini(&text);
	if (b->taken)
		skep_buf_printf(out, "\tb%u -> b%u%s;\n", b->first->id, b->taken->id,
				b->next ? " [label=\"taken\"]" : "");
	if (b->next)
		skep_buf_printf(out, "\tb%u -> b%u%s;\n", b->first->id, b->next->id,
				b->taken ? " [label=\"not\", style=dashed]" : "");
}

static void put_dot(const struct skep_obj *o, const struct skep_func *f, const struct blocks *bs,
		    struct skep_buf *out)
{
	skep_buf_puts(out, "digraph \"");
	put_escaped(out, f->name);
	skep_buf_puts(out, "\" {\n\tnode [shape=box, fontname=\"monospace\"];\n");
	for (u32 i = 0; i < bs->n; i++)
		dot_block(o, &bs->v[i], out);
	skep_buf_puts(out, "}\n");
}

static void json_blocks(const struct skep_func *f, const struct blocks *bs, struct skep_json *j)
{
	skep_json_kstr(j, "function", f->name);
	skep_json_key(j, "blocks");
	skep_json_open(j, '[');
	for (u32 i = 0; i < bs->n; i++) {
		const struct block *b = &bs->v[i];

		skep_json_open(j, '{');
		skep_json_kint(j, "id", b->first->id);
		skep_json_kint(j, "first_slot", b->first->slot);
		skep_json_kint(j, "last_slot", b->last->slot);
		if (b->taken)
			skep_json_kint(j, "taken", b->taken->id);
		if (b->next)
			skep_json_kint(j, "next", b->next->id);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}

/* --- drawing ------------------------------------------------------------------------- */

/* The format that dot calls by the ending of the name, or NULL. */
static const char *picture_format(const char *path)
{
	static const char *const formats[] = {"svg", "png", "pdf"};
	const char *dot = strrchr(path, '.');

	for (u32 i = 0; dot && i < SKEP_ARRAY_SIZE(formats); i++)
		if (strcmp(dot + 1, formats[i]) == 0)
			return formats[i];
	return NULL;
}

static int no_dot(struct skep_cli *cli, const char *why)
{
	SKEP_CLI_DIAG(cli, NO_TOOL, "dot", why);
	skep_diag_hint(&cli->ds, "it is part of Graphviz; without it, write DOT: -o X.dot");
	return SKEP_EXIT_ENV;
}

/* Run dot from one file to the other; its exit status, 127 when there is no such program. */
static int run_dot(const char *format, FILE *in, FILE *out)
{
	char option[8];
	int status;
	pid_t pid;

	snprintf(option, sizeof(option), "-T%s", format);
	fflush(in);
	rewind(in);
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0) {
		if (dup2(fileno(in), STDIN_FILENO) >= 0 && dup2(fileno(out), STDOUT_FILENO) >= 0)
			execlp("dot", "dot", option, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int draw(struct skep_cli *cli, const char *format, const char *path,
		const struct skep_buf *dot)
{
	FILE *in = tmpfile(), *out = tmpfile();
	struct skep_buf picture = {0};
	char chunk[4096];
	int err, code;
	size_t n;

	if (!in || !out || fwrite(dot->p, 1, dot->n, in) != dot->n) {
		err = no_dot(cli, strerror(errno));
	} else {
		code = run_dot(format, in, out);
		rewind(out);
		while (!code && (n = fread(chunk, 1, sizeof(chunk), out)) > 0)
			skep_buf_add(&picture, chunk, n);
		if (code || picture.failed)
			err = no_dot(cli, code == 127 ? "it is not installed" : "it failed");
		else
			err = skep_cli_write(cli, path, picture.p, picture.n);
	}
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	skep_buf_fini(&picture);
	return err;
}

int skep_cmd_cfg(struct skep_cli *cli, int argc, char **argv)
{
	const char *path = skep_cli_opt(cli, "output"),
		   *format = path ? picture_format(path) : NULL;
	struct blocks bs = {0};
	struct skep_buf dot = {0};
	struct skep_input *in;
	struct skep_func *f;
	int err = skep_cli_load(cli, argv[0], &in);

	if (!err)
		err = skep_cli_func(cli, in, skep_cli_opt(cli, "prog"), &f);
	if (err)
		return err;
	find_blocks(cli, f, &bs);
	if (cli->json)
		json_blocks(f, &bs, &cli->j);
	else if (!path)
		put_dot(in->file->obj, f, &bs, &cli->out);
	if (path) {
		put_dot(in->file->obj, f, &bs, &dot);
		if (dot.failed)
			err = skep_cli_fail(cli, in, SKEP_ENOMEM);
		else
			err = format ? draw(cli, format, path, &dot)
				     : skep_cli_write(cli, path, dot.p, dot.n);
		skep_buf_fini(&dot);
	}
	return err;
}
