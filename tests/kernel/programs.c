/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs, those of the fuzz target `program`, given to skep's verifier and to
 * the running kernel's. What skep accepts and the kernel refuses fails the test, unless one
 * of the reasons below holds; each is shown by what both know at the instruction on which
 * the kernel gives up. Many that only the kernel accepts fail it, too. Nothing stays loaded.
 *
 * usage: kernel-programs [-s SEED] [-n PROGRAMS] [-u] [-v]
 * -u without privileges: socket filters, a kernel that is asked without CAP_PERFMON
 * -v prints those on which they disagree
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../fuzz/fuzz.h"
#include "../fuzz/fuzz_program.h"
#include "../lower.h"
#include "states.h"
#include "flow/machine.h"
#include "verify/verify.h"

enum { CHOICES = 4096, MAPS = 3, LOG = 1 << 20 };

static int map_fd[MAPS];
static char log_buf[LOG];
static u64 same[2], gaps, unasked, skipped;
static bool verbose, as_user, cap_bpf;

/* Why a program that the kernel refuses is safe all the same. */
enum reason { DECIDED, NARROWER, UNFOLLOWED, UNEXPLAINED, NREASONS };
static const char *const reasons[NREASONS] = {
	[DECIDED] = "a way that the kernel goes is decided by what skep knows: it is never gone",
	[NARROWER] = "skep knows more of a number or of the packet there, on every path",
	[UNFOLLOWED] = "a pointer is moved farther than 2^29, and not followed then",
	[UNEXPLAINED] = "no reason",
};
static u64 because[NREASONS];

static bool make_maps(void)
{
	map_fd[0] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "values", 4, 64, 1, NULL);
	map_fd[1] = bpf_map_create(BPF_MAP_TYPE_HASH, "table", 4, 64, 4, NULL);
	map_fd[2] = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 4096, NULL);
	return map_fd[0] >= 0 && map_fd[1] >= 0 && map_fd[2] >= 0;
}

static int load(const struct skep_image *im, u32 type, u32 level)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = level, .log_buf = level ? log_buf : NULL,
		    .log_size = level ? LOG : 0);
	int fd = bpf_prog_load((enum bpf_prog_type)type, "random", "GPL",
			       (const struct bpf_insn *)im->code, im->slots, &opts);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -errno;
}

/* The end of the log, without the statistics. */
static const char *last_words(void)
{
	char *end = strstr(log_buf, "\nprocessed "), *p;

	if (end)
		*end = 0;
	p = log_buf + strlen(log_buf);
	for (int lines = 0; p > log_buf && lines < 4; p--)
		lines += *p == '\n';
	return p;
}

/* The kernel counts 8 bytes each. */
static const struct skep_insn *insn_at(const struct skep_func *prog, const struct skep_obj *obj,
				       u32 slot)
{
	u32 at = 0;

	for (u32 k = 0; k <= obj->nfunc; k++) {
		/* The program comes first, then what it calls, in the order of the object. */
		const struct skep_func *f = k ? obj->func[k - 1] : prog;

		if (k && f == prog)
			continue;
		SKEP_FOR_INSN(i, f) {
			if (at == slot)
				return i;
			at += skep_ins_slots(&i->in);
		}
	}
	return NULL;
}

static u16 registers_of(const struct skep_insn *i)
{
	return i->in.op == SKEP_CALL ? 0x3e : skep_isa_reads(&i->in);
}

/* What skep holds at each step; without pruning unless there are too many. */
static bool states_of(struct fuzz_mem *m, const struct skep_obj *obj, struct skep_func *prog,
		      const struct skep_verify_opts *like, u32 flags, struct skep_buf *log)
{
	struct skep_verify_opts opts = *like;
	struct skep_verify_result res = {0};

	skep_buf_fini(log);
	opts.flags |= SKEP_VF_LOG | flags;
	opts.budget = flags & SKEP_VF_NO_PRUNE ? 100000 : 0;
	opts.log = log;
	return !skep_verify_prog(obj, prog, &opts, &m->arena, &m->ds, &res) && !log->failed &&
	       res.verdict == SKEP_SAFE;
}

/*
 * The kernel gave up at an instruction with something in its registers. skep was never there,
 * or in no state that has all of that.
 */
static enum reason explain(struct fuzz_mem *m, const struct skep_obj *obj, struct skep_func *prog,
			   const struct skep_verify_opts *opts)
{
	struct skep_buf log = {0};
	enum reason why = UNEXPLAINED;
	const struct skep_insn *i;
	struct state bad;
	u32 slot;

	if (states_last(log_buf, &slot) && (i = insn_at(prog, obj, slot)) &&
	    (states_of(m, obj, prog, opts, SKEP_VF_NO_PRUNE, &log) ||
	     states_of(m, obj, prog, opts, 0, &log))) {
		u16 regs = registers_of(i);
		u32 seen = 0, covering;

		states_before(log_buf, &bad);
		covering = states_covering(log.p, i->num, regs, &bad, &seen);
		why = !seen ? DECIDED : !covering ? NARROWER : UNEXPLAINED;
		/* The kernel knows more, and says so of the sum at once; here of the access. */
		if (why == UNEXPLAINED && strstr(log_buf, " pointer be out of bounds"))
			why = UNFOLLOWED;
	}
	skep_buf_fini(&log);
	return why;
}

static bool fill_in(const struct skep_obj *obj, struct skep_image *im)
{
	for (u32 k = 0; k < im->nfix; k++) {
		const struct skep_map *m = skep_insn_map(obj, im->fix[k].insn);
		u8 *at = im->code + (size_t)im->fix[k].slot * 8;

		if (!m || m->index >= MAPS)
			return false;
		at[1] = (u8)((at[1] & 0x0f) | SKEP_LD_MAP_FD << 4);
		skep_put32(at + 4, (u32)map_fd[m->index], false);
	}
	return true;
}

static void compare(u64 seed, const char *text, struct fuzz_mem *m, const struct skep_obj *obj)
{
	struct skep_verify_opts opts = {.sz = sizeof(opts),
					.prog_type = as_user ? SKEP_PROG_SOCKET_FILTER : 0,
					.flags = as_user ? SKEP_VF_UNPRIV : 0};
	struct skep_verify_result res = {0};
	struct skep_func *prog = skep_func_find(obj, "prog");
	u32 type = as_user ? SKEP_PROG_SOCKET_FILTER : prog->prog_type;
	enum reason why = UNEXPLAINED;
	struct skep_image *im;
	int err = skep_verify_prog(obj, prog, &opts, &m->arena, &m->ds, &res), kernel;

	/* What only users without CAP_BPF may not do is no question to a kernel that demands it: no test. */
	if (!err && cap_bpf && res.code == SKEP_RULE_PRIVILEGE) {
		unasked++;
		return;
	}
	if (err || res.verdict == SKEP_UNDECIDED ||
	    skep_obj_join(obj, prog, &m->arena, &im) || !fill_in(obj, im)) {
		skipped++;
		return;
	}
	kernel = load(im, type, 0);
	if ((kernel == 0) == (res.verdict == SKEP_SAFE)) {
		same[kernel == 0]++;
		return;
	}
	if (kernel && (kernel != -EACCES && kernel != -EINVAL)) {
		/* Its own limits: too many instructions, or no memory. */
		skipped++;
		return;
	}
	gaps += kernel == 0;
	if (kernel) {
		load(im, type, 2);
		why = explain(m, obj, prog, &opts);
		because[why]++;
	}
	if (!verbose && (!kernel || why != UNEXPLAINED))
		return;
	if (kernel) {
		printf("%s\nseed %llu: safe, and the kernel refuses it (%s): %s\n", text,
		       (unsigned long long)seed, reasons[why], last_words());
	} else {
		struct skep_buf said = {0};

		skep_diags_print(&m->ds, "", &said);
		printf("%s\nseed %llu: the kernel accepts it: %s\n", text, (unsigned long long)seed,
		       said.p);
		skep_buf_fini(&said);
	}
}

static void try(u64 seed)
{
	struct skep_objfile *file;
	struct skep_buf text = {0};
	u8 choices[CHOICES];
	struct skep_rng rng;
	struct fuzz_mem m;

	skep_rng_init(&rng, seed);
	for (u32 k = 0; k < CHOICES; k += 8)
		skep_put64(choices + k, skep_rng_next(&rng), false);
	fuzz_program_text(choices, sizeof(choices), true, &text);
	fuzz_init(&m);
	if (!text.failed && skep_obj_parse(text.p, text.n, &m.arena, &m.ds, &file) == 0)
		compare(seed, text.p, &m, file->obj);
	skep_buf_fini(&text);
	fuzz_fini(&m);
}

int main(int argc, char **argv)
{
	u64 seed = 1, programs = 3000;
	bool bad;
	int opt;

	while ((opt = getopt(argc, argv, "s:n:uv")) != -1) {
		switch (opt) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'n': programs = strtoull(optarg, NULL, 0); break;
		case 'u': as_user = true; break;
		case 'v': verbose = true; break;
		default: return 2;
		}
	}
	if (getenv("SKEP_SEED"))
		seed = strtoull(getenv("SKEP_SEED"), NULL, 0);
	if (!make_maps()) {
		printf("SKIP: the kernel makes no maps for us: %s\n0 passed, 0 failed, 1 skipped\n",
		       strerror(errno));
		return 77;
	}
	if (as_user && !lower_capabilities(&cap_bpf)) {
		printf("SKIP: capabilities cannot be put away\n0 passed, 0 failed, 1 skipped\n");
		return 77;
	}
	printf("seed %llu\n", (unsigned long long)seed);
	for (u64 i = 0; i < programs; i++)
		try(seed + i);
	printf("%llu both accept, %llu both refuse, %llu only the kernel accepts\n",
	       (unsigned long long)same[1], (unsigned long long)same[0], (unsigned long long)gaps);
	if (unasked)
		printf("%llu are refused to users without CAP_BPF only, and this kernel demands it of all\n",
		       (unsigned long long)unasked);
	if (gaps + skipped)
		printf("SKIP %llu programs: only the kernel accepts %llu, and %llu meet a limit of a verifier\n",
		       (unsigned long long)(gaps + skipped), (unsigned long long)gaps,
		       (unsigned long long)skipped);
	for (int k = 0; k < NREASONS; k++)
		printf("%llu only skep accepts: %s\n", (unsigned long long)because[k], reasons[k]);
	bad = because[UNEXPLAINED] || gaps * 50 > same[1];
	printf("%llu passed, %llu failed, %llu skipped\n",
	       (unsigned long long)(same[0] + same[1] + because[DECIDED] + because[NARROWER] +
				    because[UNFOLLOWED]),
	       (unsigned long long)(because[UNEXPLAINED] + (gaps * 50 > same[1])),
	       (unsigned long long)(gaps + skipped));
	return bad;
}
