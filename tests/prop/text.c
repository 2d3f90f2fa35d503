/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For each object of the command line: the whole text form, parsed, is written
 * with the same bytes, and prints as the same text; the short form prints.
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

static int round_trip(const char *path, const char *image, size_t len, struct skep_arena *a, struct skep_diags *ds,
		      struct bufs *b)
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
	return 0;
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
	       (double)text_bytes / 1e6, (double)(clock() - t0) / CLOCKS_PER_SEC, patched, n - bad, bad);
	return bad ? 1 : 0;
}
