/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs, those of the fuzz target `program`, given to skep's verifier and to
 * the running kernel's. Our ranges are sharper in places, so some programs are only
 * accepted by us; what is accepted is run in the interpreter by the fuzz target. Here many
 * of them, or many that only the kernel accepts, mean that something is wrong. Nothing
 * stays loaded.
 *
 * usage: kernel-programs [-s SEED] [-n PROGRAMS] [-v]
 * -v prints those on which they disagree
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../fuzz/fuzz.h"
#include "../fuzz/fuzz_program.h"
#include "verify/verify.h"

enum { CHOICES = 4096, MAPS = 3, LOG = 1 << 20 };

static int map_fd[MAPS];
static char log_buf[LOG];
static u64 same[2], ours_only, gaps, skipped;
static bool verbose;

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

/* What the kernel says last, without the statistics. */
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
	struct skep_verify_opts opts = {.sz = sizeof(opts)};
	struct skep_verify_result res = {0};
	struct skep_func *prog = skep_func_find(obj, "prog");
	struct skep_image *im;
	int err = skep_verify_prog(obj, prog, &opts, &m->arena, &m->ds, &res), kernel;

	if (err || res.verdict == SKEP_UNDECIDED || skep_obj_join(obj, prog, &m->arena, &im) ||
	    !fill_in(obj, im)) {
		skipped++;
		return;
	}
	kernel = load(im, prog->prog_type, 0);
	if ((kernel == 0) == (res.verdict == SKEP_SAFE)) {
		same[kernel == 0]++;
		return;
	}
	if (kernel && (kernel != -EACCES && kernel != -EINVAL)) {
		/* Its own limits: too many instructions, or no memory. */
		skipped++;
		return;
	}
	ours_only += kernel != 0;
	gaps += kernel == 0;
	if (!verbose)
		return;
	if (kernel) {
		load(im, prog->prog_type, 1);
		printf("%s\nseed %llu: safe, and the kernel refuses it: %s\n", text,
		       (unsigned long long)seed, last_words());
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

	while ((opt = getopt(argc, argv, "s:n:v")) != -1) {
		switch (opt) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'n': programs = strtoull(optarg, NULL, 0); break;
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
	printf("seed %llu\n", (unsigned long long)seed);
	for (u64 i = 0; i < programs; i++)
		try(seed + i);
	printf("%llu both accept, %llu both refuse, %llu only the kernel accepts, %llu only skep accepts, %llu not compared\n",
	       (unsigned long long)same[1], (unsigned long long)same[0], (unsigned long long)gaps,
	       (unsigned long long)ours_only, (unsigned long long)skipped);
	bad = ours_only * 10 > same[1] || gaps * 20 > same[1];
	printf("%llu passed, %d failed, %llu skipped\n", (unsigned long long)(same[0] + same[1]),
	       bad, (unsigned long long)(ours_only + gaps + skipped));
	return bad;
}
