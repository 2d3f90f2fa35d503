/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Build tool: gen-rules NAME FILE.rule... writes the rules of the files as C tables
 * (`NAME`, a struct skep_rule_index) to standard output. Exit status 3 with
 * diagnostics when a rule is wrong or two have one name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rule/rule.h"

static void *slurp(struct skep_arena *a, const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	struct skep_buf b = {0};
	char piece[4096];
	size_t got;

	if (!f) {
		perror(path);
		exit(3);
	}
	while ((got = fread(piece, 1, sizeof(piece), f)))
		skep_buf_add(&b, piece, got);
	if (ferror(f) || fclose(f)) {
		perror(path);
		exit(3);
	}
	*n = b.n;
	skep_buf_add(&b, "", 1);
	return skep_buf_to_arena(&b, a);
}

static void expr(const struct skep_rule_expr *e)
{
	printf("(const struct skep_rule_tok[]){");
	for (u32 i = 0; i < e->n; i++)
		printf("%s{%u, %lld%s}", i ? ", " : "", e->tok[i].op,
		       (long long)(e->tok[i].k == INT64_MIN ? INT64_MIN + 1 : e->tok[i].k),
		       e->tok[i].k == INT64_MIN ? " - 1" : "");
	printf("}, %u", e->n);
}

static void expr_ref(const struct skep_rule_expr *e)
{
	if (!e) {
		printf("NULL");
		return;
	}
	printf("&(const struct skep_rule_expr){");
	expr(e);
	printf("}");
}

static void side(const char *which, u32 number, const struct skep_rule_insn *v, u32 n)
{
	printf("static const struct skep_rule_insn %s_%u[] = {\n", which, number);
	for (u32 i = 0; i < n; i++) {
		const struct skep_ins *in = &v[i].in;

		printf("\t{{SKEP_%s, %u, %u, %u, %u, %d, %lld}, ", skep_ops[in->op].name, in->size,
		       in->form, in->dst, in->src, in->off, (long long)in->imm);
		expr_ref(v[i].imm);
		printf(", ");
		expr_ref(v[i].off);
		printf("},\n");
	}
	printf("%s};\n", n ? "" : "\t{{0}, NULL, NULL},\n");
}

static void quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void parts(u32 k, const struct skep_rule *r)
{
	side("left", k, r->before, r->nbefore);
	side("right", k, r->after, r->nafter);
	if (r->nwhen)
		printf("static const struct skep_rule_expr when_%u[] = {\n", k);
	for (u32 i = 0; i < r->nwhen; i++) {
		printf("\t{");
		expr(&r->when[i]);
		printf("},\n");
	}
	printf("%s", r->nwhen ? "};\n" : "");
	if (r->nsplit)
		printf("static const struct skep_rule_split split_%u[] = {\n", k);
	for (u32 i = 0; i < r->nsplit; i++) {
		printf("\t{%u, ", r->split[i].param);
		expr_ref(r->split[i].value);
		printf(", %lld, %lld},\n", (long long)r->split[i].lo, (long long)r->split[i].hi);
	}
	printf("%s", r->nsplit ? "};\n" : "");
	if (r->nparam)
		printf("static const char *const param_%u[] = {", k);
	for (u32 i = 0; i < r->nparam; i++)
		printf("%s\"%s\"", i ? ", " : "", r->param[i]);
	printf("%s", r->nparam ? "};\n" : "");
}

static void row(u32 k, const struct skep_rule *r)
{
	printf("\t{");
	quoted(r->name);
	printf(", ");
	quoted(r->summary);
	printf(", %u, %u, %u, left_%u, right_%u, ", r->goals, r->cpu, r->hits, k, k);
	printf(r->nwhen ? "when_%u, " : "NULL, ", k);
	printf(r->nsplit ? "split_%u, " : "NULL, ", k);
	printf("%u, %u, %u, %u, ", r->nbefore, r->nafter, r->nwhen, r->nsplit);
	printf(r->nparam ? "param_%u, " : "NULL, ", k);
	printf("%u, 0x%x, 0x%x, 0x%x, %d, %d, 0x%x, 0x%x},\n", r->nparam, r->dead, r->low,
	       r->scalar, r->little, r->facts, r->inputs, r->writes);
}

static void numbers(const char *name, const u16 *v, u32 n)
{
	printf("static const u16 %s[] = {", name);
	for (u32 i = 0; i < n; i++)
		printf("%s%u,", i % 20 ? " " : "\n\t", v[i]);
	printf("\n};\n");
}

static bool twice(const struct skep_rules *r)
{
	for (u32 i = 0; i < r->n; i++)
		for (u32 k = 0; k < i; k++)
			if (strcmp(r->rule[i].name, r->rule[k].name) == 0) {
				fprintf(stderr, "gen-rules: two rules are named %s\n",
					r->rule[i].name);
				return true;
			}
	return false;
}

int main(int argc, char **argv)
{
	struct skep_arena arena;
	struct skep_rules all = {0};
	struct skep_rule *v = NULL;
	struct skep_rule_index index;
	int status = 0;

	skep_arena_init(&arena);
	for (int i = 2; i < argc; i++) {
		struct skep_rules some;
		struct skep_diags ds;
		struct skep_buf text = {0};
		size_t n;
		const char *p = slurp(&arena, argv[i], &n);

		skep_diags_init(&ds);
		if (skep_rules_parse(p, n, &arena, &ds, &some))
			status = 3;
		skep_diags_print(&ds, argv[i], &text);
		fprintf(stderr, "%s", text.p ? text.p : "");
		skep_buf_fini(&text);
		skep_diags_fini(&ds);
		v = skep_arena_grow(&arena, v, all.n * sizeof(*v), (all.n + some.n) * sizeof(*v));
		if (some.n)
			memcpy(v + all.n, some.rule, some.n * sizeof(*v));
		all.n += some.n;
		all.rule = v;
	}
	if (argc < 3 || status || twice(&all))
		return 3;
	skep_rules_index(&all, &arena, &index);
	printf("/* Made by gen-rules. */\n#include \"rule/rule.h\"\n\nextern const struct skep_rule_index %s;\n",
	       argv[1]);
	for (u32 k = 0; k < all.n; k++)
		parts(k, &all.rule[k]);
	printf("static const struct skep_rule rules[] = {\n");
	for (u32 k = 0; k < all.n; k++)
		row(k, &all.rule[k]);
	printf("};\n");
	numbers("first", index.first, SKEP_RW_KEYS + 1);
	numbers("order", index.order, all.n);
	numbers("prior", index.prior, all.n);
	printf("const struct skep_rule_index %s = {rules, %u, first, order, prior};\n", argv[1],
	       all.n);
	skep_arena_fini(&arena);
	return fflush(stdout) ? 3 : 0;
}
