/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For each object of the command line: the whole text form, parsed, is written
 * with the same bytes, and prints as the same text; the short form prints; an
 * instruction that is put into the text moves the rest and loses nothing.
 * "-q" prints only failures and the summary. Exit status 1 when one failed.
 */
#include "obj/obj.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static u64 text_bytes;
static u32 patched;

static int fail(const char *path, const char *what, const struct skep_diags *ds)
{
	struct skep_buf out = {0};

	skep_diags_print(ds, path, &out);
	fprintf(stderr, "%s: FAIL: %s\n%s", path, what, out.p ? out.p : "");
	skep_buf_fini(&out);
	return 1;
}

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*n = (size_t)ftell(f);
	rewind(f);
	p = malloc(*n + 1);
	if (p && fread(p, 1, *n, f) != *n)
		*n = 0;
	fclose(f);
	return p;
}

struct bufs {
	struct skep_buf text, again, bytes, small;
};

static u32 records(const struct skep_ext_list *l)
{
	u32 n = 0;

	for (u32 k = 0; k < l->n; k++)
		n += l->sec[k].n;
	return n;
}

/* Put "r1 = r1" into the text of the first function, behind the names that stand at its start. */
static bool edit_text(const struct skep_buf *text, struct skep_buf *out)
{
	const char *p = text->p ? strstr(text->p, "\n.func ") : NULL;

	if (!p)
		return false;
	do
		p = strchr(p + 1, '\n');
	while (p && strncmp(p, "\n.label ", 8) == 0);
	if (!p)
		return false;
	skep_buf_add(out, text->p, (size_t)(p + 1 - text->p));
	skep_buf_puts(out, "\tr1 = r1\n");
	skep_buf_puts(out, p + 1);
	return true;
}

/* A text with one more instruction is an object with one more, and everything else as it was. */
static int edited(const char *path, const struct skep_objfile *o, const struct skep_buf *text,
		  struct skep_arena *a, struct skep_diags *ds)
{
	struct skep_buf more = {0}, bytes = {0};
	struct skep_objfile *p, *q;
	const char *bad = NULL;

	if (!edit_text(text, &more))
		return 0;
	if (skep_obj_parse(more.p, more.n, a, ds, &p))
		bad = "parse the edited text";
	else if (skep_obj_write(p, 0, ds, &bytes))
		bad = "write the edited object";
	else if (skep_obj_read(bytes.p, bytes.n, a, ds, &q))
		bad = "read the edited object";
	else if (q->obj->nfunc != o->obj->nfunc || q->obj->nmap != o->obj->nmap)
		bad = "the edit lost a function or a map";
	else if (o->obj->ext && (records(&q->obj->ext->line) != records(&o->obj->ext->line) ||
				 records(&q->obj->ext->core) != records(&o->obj->ext->core)))
		bad = "the edit lost a record";
	for (u32 k = 0, want = 1; !bad && k < o->obj->nfunc; k++) {
		u32 extra = q->obj->func[k]->ninsns - o->obj->func[k]->ninsns;

		if (extra > want)
			bad = "the edit changed another function";
		want -= extra;
		if (!bad && k + 1 == o->obj->nfunc && want)
			bad = "the edit is lost";
	}
	skep_buf_fini(&more);
	skep_buf_fini(&bytes);
	return bad ? fail(path, bad, ds) : 0;
}

static int round_trip(const char *path, const char *image, size_t len, struct skep_arena *a,
		      struct skep_diags *ds, struct bufs *b)
{
	struct skep_objfile *o, *o2;

	if (skep_obj_read(image, len, a, ds, &o))
		return fail(path, "read", ds);
	if (skep_obj_print(o, SKEP_PRINT_WHOLE, &b->text) || !b->text.n)
		return fail(path, "print", ds);
	if (getenv("DUMP"))
		fputs(b->text.p, stdout);
	text_bytes += b->text.n;
	patched += strstr(b->text.p, "\n.patch ") != NULL;
	if (skep_obj_parse(b->text.p, b->text.n, a, ds, &o2))
		return fail(path, "parse", ds);
	if (skep_obj_write(o2, 0, ds, &b->bytes))
		return fail(path, "write", ds);
	if (b->bytes.n != len || memcmp(b->bytes.p, image, len))
		return fail(path, "the bytes differ", ds);
	if (skep_obj_print(o2, SKEP_PRINT_WHOLE, &b->again))
		return fail(path, "print again", ds);
	if (b->again.n != b->text.n || memcmp(b->again.p, b->text.p, b->text.n))
		return fail(path, "the texts differ", ds);
	if (skep_obj_print(o, 0, &b->small))
		return fail(path, "print the short form", ds);
	return edited(path, o, &b->text, a, ds);
}

static int check(const char *path, bool quiet)
{
	struct skep_arena a;
	struct skep_diags ds;
	struct bufs b = {0};
	size_t len = 0;
	char *image = slurp(path, &len);
	int bad;

	skep_arena_init(&a);
	skep_diags_init(&ds);
	bad = image ? round_trip(path, image, len, &a, &ds, &b) : fail(path, "cannot open", &ds);
	if (!bad && !quiet)
		printf("%s: ok, %zu bytes of text\n", path, b.text.n);
	skep_buf_fini(&b.text);
	skep_buf_fini(&b.again);
	skep_buf_fini(&b.bytes);
	skep_buf_fini(&b.small);
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	free(image);
	return bad;
}

int main(int argc, char **argv)
{
	bool quiet = false;
	int bad = 0, n = 0;
	clock_t t0 = clock();

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-q") == 0) {
			quiet = true;
			continue;
		}
		bad += check(argv[i], quiet);
		n++;
	}
	printf("%.1f MB of text in %.1f s of processor time; %u with patches\n%d passed, %d failed, 0 skipped\n",
	       (double)text_bytes / 1e6, (double)(clock() - t0) / CLOCKS_PER_SEC, patched, n - bad,
	       bad);
	return bad ? 1 : 0;
}
