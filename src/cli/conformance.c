/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep-conformance: one program, given as bytes, in one engine. The interface is
 * that of the plugins of public conformance suites: the program as hex on
 * standard input, memory as hex in the first argument, r0 in hex as the result.
 *
 * No verifier stands before it, so the fast engines run with checked accesses
 * and a budget: whatever the program does, it ends with a result or a message.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/cli.h"
#include "jit/jit.h"
#include "vm/vm.h"

enum { MAX_INPUT = 32 << 20, MAX_MEMORY = 1 << 20, BUDGET = 30000000 };
enum { TRAPPED = SKEP_EXIT_NO, BAD_USE = SKEP_EXIT_USAGE, BAD_INPUT = SKEP_EXIT_INPUT };

static const char usage[] =
	"usage: skep-conformance [MEM-HEX] [--engine jit|interp|checked]\n"
	"Reads the bytes of a program as hex from standard input and runs it with r1 = the\n"
	"memory or 0 and r2 = its length; prints r0 in hex. Blanks between bytes are ignored.\n";

struct job {
	const char *engine;
	u8 *mem, *code;
	size_t nmem, ncode;
};

static int complain(const char *what, const char *detail)
{
	fprintf(stderr, "skep-conformance: %s%s%s\n", what, detail ? ": " : "",
		detail ? detail : "");
	return BAD_INPUT;
}

/* --- input ---------------------------------------------------------------------- */

static int nibble(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

/* Hex digits in pairs, blanks ignored. False: not that. *out is malloc'ed. */
static bool parse_hex(const char *s, size_t len, u8 **out, size_t *n)
{
	int high = -1;

	*n = 0;
	*out = aligned_alloc(16, (len / 2 + 16) & ~(size_t)15);
	if (!*out)
		return false;
	for (size_t i = 0; i < len; i++) {
		int v = nibble(s[i]);

		if (isspace((unsigned char)s[i]) && high < 0)
			continue;
		if (v < 0)
			return false;
		if (high >= 0)
			(*out)[(*n)++] = (u8)(high << 4 | v);
		high = high < 0 ? v : -1;
	}
	return high < 0;
}

static int read_program(struct job *j)
{
	struct skep_buf text = {0};
	char chunk[4096];
	size_t n;
	bool ok;

	while (text.n < MAX_INPUT && (n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		skep_buf_add(&text, chunk, n);
	ok = text.n < MAX_INPUT && !text.failed && parse_hex(text.p, text.n, &j->code, &j->ncode);
	skep_buf_fini(&text);
	if (!ok)
		return complain("the program is not hex", NULL);
	if (!j->ncode || j->ncode % 8)
		return complain("the program is not a number of 8-byte slots", NULL);
	return 0;
}

static int set_engine(struct job *j, const char *name)
{
	if (strcmp(name, "jit") && strcmp(name, "interp") && strcmp(name, "checked")) {
		complain("unknown engine", name);
		return BAD_USE;
	}
	j->engine = name;
	return 0;
}

/* A runner may pass "--engine jit" as one argument, and empty ones. */
static int parse_args(struct job *j, int argc, char **argv)
{
	int err = 0;

	for (int i = 1; i < argc && !err; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "--help") || !strcmp(a, "-h")) {
			fputs(usage, stdout);
			exit(0);
		} else if (!strcmp(a, "--engine")) {
			err = i + 1 < argc ? set_engine(j, argv[++i]) : BAD_USE;
		} else if (!strncmp(a, "--engine=", 9) || !strncmp(a, "--engine ", 9)) {
			err = set_engine(j, a + 9);
		} else if (a[0] == '-') {
			err = BAD_USE;
		} else if (!a[strspn(a, " \t\n")]) {
			continue;
		} else if (j->mem) {
			err = BAD_USE;
		} else if (!parse_hex(a, strlen(a), &j->mem, &j->nmem) || j->nmem > MAX_MEMORY) {
			err = complain("the memory is not hex, or too large", NULL);
		}
	}
	if (err == BAD_USE)
		fputs(usage, stderr);
	return err;
}

/* --- engines ---------------------------------------------------------------------- */

static int report(u64 r0, u32 stop, u64 slot, u64 addr)
{
	if (!stop) {
		printf("%llx\n", (unsigned long long)r0);
		return 0;
	}
	fprintf(stderr, "skep-conformance: %s", skep_vm_trap_name(stop));
	if (slot != ~(u64)0)
		fprintf(stderr, " in slot %llu", (unsigned long long)slot);
	if (addr)
		fprintf(stderr, ", address 0x%llx", (unsigned long long)addr);
	fputc('\n', stderr);
	return TRAPPED;
}

static int refused(struct skep_diags *ds, int err)
{
	struct skep_buf text = {0};

	skep_diags_print(ds, "program", &text);
	if (text.n)
		fputs(text.p, stderr);
	else
		fprintf(stderr, "skep-conformance: not loaded (%d)\n", err);
	skep_buf_fini(&text);
	return err == SKEP_EENV ? SKEP_EXIT_ENV : BAD_INPUT;
}

static int run_checked(struct job *j, struct skep_diags *ds)
{
	struct skep_vm_options opt = {.size = sizeof(opt), .budget = BUDGET};
	struct skep_vm_input in = {.pkt = j->mem, .pkt_len = (u32)j->nmem, .flat = true};
	struct skep_vm *vm = skep_vm_new(&opt);
	struct skep_vm_result res;
	int prog, rc;

	if (!vm)
		return refused(ds, SKEP_ENOMEM);
	prog = skep_vm_prog_load(vm, j->code, (u32)(j->ncode / 8), SKEP_PROG_XDP, ds);
	if (prog < 0)
		rc = refused(ds, prog);
	else if (skep_vm_run(vm, (u32)prog, &in, &res))
		rc = complain("no memory", NULL);
	else
		rc = report(res.ret, res.trap, res.trap_slot, res.trap_addr);
	skep_vm_free(vm);
	return rc;
}

static struct skep_rng rng;

static u64 random_u32(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return (u32)skep_rng_next(&rng);
}

static u64 monotonic_ns(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static u64 loop(u64 count, u64 func, u64 ctx, u64 flags, u64 r5)
{
	struct skep_eng_run *run = skep_eng_current();
	u32 i;

	if (flags)
		return (u64)-22;
	if ((u32)count > SKEP_ENG_MAY_GOTO)
		return (u64)-7;
	if (!run)
		return 0;
	for (i = 0; i < (u32)count && !run->stop; i++)
		if (skep_eng_callback(func, i, ctx, 0, 0, 0))
			return i + 1;
	return i;
}

/* Helpers that need nothing but numbers and functions. */
static const struct skep_eng_helper *find_helper(void *user, s64 id)
{
	static const struct skep_eng_helper clock = {.fn = monotonic_ns},
					    chance = {.fn = random_u32},
					    zero = {.kind = SKEP_ENG_CONST}, looper = {.fn = loop};

	switch (id) {
	case SKEP_FN_ktime_get_ns:
	case SKEP_FN_ktime_get_boot_ns: return &clock;
	case SKEP_FN_get_prandom_u32: return &chance;
	case SKEP_FN_get_smp_processor_id:
	case SKEP_FN_get_numa_node_id: return &zero;
	default: return id == SKEP_FN_loop ? &looper : NULL;
	}
}

static int run_engine(struct job *j, const struct skep_engine *engine, struct skep_diags *ds)
{
	struct skep_eng_env env = {.size = sizeof(env), .helper = find_helper};
	struct skep_eng_options opt = {.size = sizeof(opt), .checked = true, .budget = true};
	struct skep_eng_prog *prog;
	struct skep_eng_run run;
	u64 r0;
	int err = engine->compile(j->code, (u32)(j->ncode / 8), &env, &opt, &prog, ds);

	if (err)
		return refused(ds, err);
	/* Addresses that a program makes up must not be callable: only what it was given is. */
	skep_eng_run_init(&run);
	run.left = BUDGET;
	run.mem[0].lo = (u64)j->mem;
	run.mem[0].hi = (u64)j->mem + j->nmem;
	r0 = skep_eng_run(prog, (u64)j->mem, j->nmem, &run);
	skep_eng_free(prog);
	return report(r0, run.stop, run.stop_slot, run.stop_addr);
}

static int run(struct job *j)
{
	const struct skep_engine *jit = skep_jit_engine();
	struct skep_diags ds;
	int rc;

	skep_rng_init(&rng, 0);
	skep_diags_init(&ds);
	if (!j->engine)
		j->engine = jit ? "jit" : "interp";
	if (!strcmp(j->engine, "checked"))
		rc = run_checked(j, &ds);
	else if (!strcmp(j->engine, "interp"))
		rc = run_engine(j, &skep_engine_interp, &ds);
	else if (jit)
		rc = run_engine(j, jit, &ds);
	else
		rc = complain("there is no JIT for this processor", NULL) ? SKEP_EXIT_ENV : 0;
	skep_diags_fini(&ds);
	return rc;
}

int main(int argc, char **argv)
{
	struct job j = {0};
	int rc = parse_args(&j, argc, argv);

	if (!rc)
		rc = read_program(&j);
	if (!rc && j.mem && !j.nmem) {
		free(j.mem);
		j.mem = NULL;
	}
	if (!rc)
		rc = run(&j);
	free(j.mem);
	free(j.code);
	if (fflush(stdout))
		rc = SKEP_EXIT_ENV;
	return rc;
}
