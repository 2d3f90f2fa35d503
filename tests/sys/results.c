/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of objects make of generated inputs, one line each. It knows nothing of who
 * answers bpf(2): run by itself it is the kernel, under skep exec one of skep's engines; results.py
 * compares the lines.
 *
 *	results INPUTS OBJECT...	lines "OBJECT PROGRAM ..." and "OBJECT PROGRAM/MAP ..."
 *	results -v INPUTS OBJECT...	a line for each input, too
 *
 * A program is loaded alone (with those of its type when there are prog arrays), its maps get
 * contents that follow from their names, then it is run. Lines hold hashes of return values,
 * packets, contexts and, at the end, of the maps.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"

enum { ENTRIES = 64, FILL = 48, KEY = 512, VALUE = 1 << 14, ARGS = 12 };

static bool verbose;
static u8 key[KEY], next[KEY], value[VALUE * 8];

static char lacking[200]; /* the map that could not be made */

static int watch(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char text[200];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = 0;
	if (strstr(text, "failed to create"))
		memcpy(lacking, text, sizeof(text));
	return getenv("RESULTS_LOG") ? fprintf(stderr, "%s\n", text) : 0;
}

/* --- objects ------------------------------------------------------------------------------------
 */

/* Must it have no number of elements? */
static bool unsized(enum bpf_map_type t)
{
	return t == BPF_MAP_TYPE_TASK_STORAGE || t == BPF_MAP_TYPE_CGROUP_STORAGE || t == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ||
	       t == BPF_MAP_TYPE_SK_STORAGE || t == BPF_MAP_TYPE_INODE_STORAGE;
}

/* NULL: `why` has the last error of the log, or nothing. */
static struct bpf_object *load(const char *path, const char *name, const char **why)
{
	static char log[1 << 16];
	struct bpf_object *bo = bpf_object__open(path);
	enum bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
	struct bpf_program *p;
	bool tails = false;
	struct bpf_map *m;

	if (!bo)
		return NULL;
	bpf_object__for_each_map(m, bo)
	{
		tails |= bpf_map__type(m) == BPF_MAP_TYPE_PROG_ARRAY;
		if (!bpf_map__max_entries(m) && !unsized(bpf_map__type(m)))
			bpf_map__set_max_entries(m, ENTRIES);
		bpf_map__set_pin_path(m, NULL);
	}
	p = bpf_object__find_program_by_name(bo, name);
	log[0] = lacking[0] = 0;
	if (p) {
		type = bpf_program__type(p);
		bpf_program__set_log_buf(p, log, sizeof(log));
	}
	bpf_object__for_each_program(p, bo)
		bpf_program__set_autoload(p, strcmp(bpf_program__name(p), name) == 0 ||
						     (tails && bpf_program__type(p) == type));
	if (bpf_object__load(bo) == 0)
		return bo;
	bpf_object__for_each_map(m, bo) if (*lacking && strstr(lacking, bpf_map__name(m)))
	{
		snprintf(log, sizeof(log), "no map of type %d", (int)bpf_map__type(m));
		*why = log;
	}
	bpf_object__close(bo);
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, "error: "))
			*why = strstr(line, "error: ");
	return NULL;
}

/* --- maps
 * ----------------------------------------------------------------------------------------- */

static bool per_cpu(enum bpf_map_type t)
{
	return t == BPF_MAP_TYPE_PERCPU_ARRAY || t == BPF_MAP_TYPE_PERCPU_HASH ||
	       t == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* Bytes of a value as bpf(2) gives it; 0: its elements are no numbers, or it is too large. */
static u32 value_size(const struct bpf_map *m)
{
	u32 n = bpf_map__value_size(m);

	switch (bpf_map__type(m)) {
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		n = ((n + 7) & ~7u) * (u32)libbpf_num_possible_cpus();
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE: break;
	default: return 0;
	}
	return bpf_map__key_size(m) > KEY || n > sizeof(value) ? 0 : n;
}

static void random_bytes(struct skep_rng *rng, u8 *p, u32 n)
{
	for (u32 k = 0; k < n; k++)
		p[k] = (u8)(skep_rng_below(rng, 3) ? skep_rng_below(rng, 4) : skep_rng_next(rng));
}

/* Keys: small numbers, and the addresses and ports that generated packets have. */
static void random_key(struct skep_rng *rng, const struct bpf_map *m, u32 n)
{
	static u8 pkt[SKEP_RUN_PKT_MAX];
	u32 size = bpf_map__key_size(m), n_pkt;

	memset(key, 0, sizeof(key));
	switch (n % 4) {
	case 0: skep_put32(key, n / 4, false); break;
	case 1: random_bytes(rng, key, size); break;
	default:
		n_pkt = skep_run_packet(rng, pkt, sizeof(pkt));
		if (n_pkt > 30 + size)
			memcpy(key, pkt + (n % 4 == 2 ? 26 : 30), size);
	}
	if (bpf_map__type(m) == BPF_MAP_TYPE_LPM_TRIE) {
		u32 len = (u32)skep_rng_below(rng, (size - 4) * 8 + 1);

		memmove(key + 4, key, size - 4);
		skep_put32(key, len, false);
		/* The kernel keeps the bits behind the prefix as they were given, skep has zeros
		 * there. */
		for (u32 bit = len; bit < (size - 4) * 8; bit++)
			key[4 + bit / 8] &= (u8) ~(0x80 >> bit % 8);
	}
}

static void fill_progs(struct bpf_object *bo, struct bpf_map *m)
{
	struct bpf_program *p;
	u32 n = 0;

	bpf_object__for_each_program(p, bo)
	{
		int fd = bpf_program__fd(p);

		for (u32 k = n++; fd >= 0 && k < bpf_map__max_entries(m) && k < ENTRIES; k += 4)
			bpf_map_update_elem(bpf_map__fd(m), &k, &fd, BPF_ANY);
	}
}

static void fill(struct bpf_object *bo, struct bpf_map *m)
{
	u32 size = value_size(m), n = SKEP_MIN(bpf_map__max_entries(m), (u32)FILL);
	struct skep_rng rng;

	if (bpf_map__type(m) == BPF_MAP_TYPE_PROG_ARRAY)
		fill_progs(bo, m);
	if (!size || bpf_map__is_internal(m))
		return;
	skep_rng_init(&rng, skep_hash(bpf_map__name(m), strlen(bpf_map__name(m)), 0));
	for (u32 k = 0; k < n; k++) {
		if (bpf_map__type(m) == BPF_MAP_TYPE_ARRAY ||
		    bpf_map__type(m) == BPF_MAP_TYPE_PERCPU_ARRAY)
			skep_put32(key, k, false);
		else
			random_key(&rng, m, k);
		random_bytes(&rng, value, bpf_map__value_size(m));
		/* The first processor's; which one runs must not matter. */
		if (per_cpu(bpf_map__type(m)))
			for (u32 at = (bpf_map__value_size(m) + 7) & ~7u; at < size;
			     at += (bpf_map__value_size(m) + 7) & ~7u)
				memcpy(value + at, value, bpf_map__value_size(m));
		bpf_map_update_elem(bpf_map__fd(m), key, value, BPF_ANY);
	}
}

/* Words of all processors are added: which of them counted does not matter. */
static u64 hash_value(const struct bpf_map *m, u32 size)
{
	u32 one = (bpf_map__value_size(m) + 7) & ~7u;

	if (!per_cpu(bpf_map__type(m)))
		return skep_hash(value, size, 1);
	for (u32 at = one; at < size; at += 8)
		skep_put64(value + at % one,
			   skep_get64(value + at % one, false) + skep_get64(value + at, false),
			   false);
	return skep_hash(value, one, 1);
}

static void show_map(const char *path, const char *prog, const struct bpf_map *m)
{
	u32 size = value_size(m), n = 0;
	int fd = bpf_map__fd(m), err;
	u64 sum = 0;

	if (!size || fd < 0)
		return;
	for (err = bpf_map_get_next_key(fd, NULL, next); !err && n < 100000;
	     err = bpf_map_get_next_key(fd, key, next)) {
		memcpy(key, next, bpf_map__key_size(m));
		if (bpf_map_lookup_elem(fd, key, value))
			continue;
		sum += skep_hash(key, bpf_map__key_size(m), hash_value(m, size));
		n++;
	}
	printf("%s %s/%s %u elements %016llx\n", path, prog, bpf_map__name(m), n,
	       (unsigned long long)sum);
}

/* --- runs
 * -------------------------------------------------------------------------------------------- */

struct runs {
	int fd;
	enum bpf_prog_type type;
	struct skep_rng rng;
	u8 in[SKEP_RUN_PKT_MAX], out[2 * SKEP_RUN_PKT_MAX];
	struct __sk_buff skb, skb_out;
	u64 args[64];
};

/* The packet of the next input, and for every fourth one a context. */
static void make_packet(struct runs *r, u32 n, struct bpf_test_run_opts *o)
{
	o->data_in = r->in;
	o->data_size_in = skep_run_packet(&r->rng, r->in, sizeof(r->in));
	o->data_out = r->out;
	o->data_size_out = sizeof(r->out);
	if (r->type == BPF_PROG_TYPE_XDP || n % 4)
		return;
	memset(&r->skb, 0, sizeof(r->skb));
	r->skb.mark = (u32)skep_rng_below(&r->rng, 4);
	r->skb.priority = (u32)skep_rng_below(&r->rng, 4);
	r->skb.cb[0] = (u32)skep_rng_below(&r->rng, 4);
	r->skb.tstamp = skep_rng_below(&r->rng, 4);
	o->ctx_in = &r->skb;
	o->ctx_size_in = sizeof(r->skb);
	o->ctx_out = &r->skb_out;
	o->ctx_size_out = sizeof(r->skb_out);
}

static void make_args(struct runs *r, struct bpf_test_run_opts *o)
{
	u32 n = r->type == BPF_PROG_TYPE_SYSCALL ? SKEP_ARRAY_SIZE(r->args) : ARGS;

	for (u32 k = 0; k < n; k++)
		r->args[k] = skep_rng_below(&r->rng, 2) ? skep_rng_below(&r->rng, 300)
							: skep_rng_next(&r->rng) >> 32;
	o->ctx_in = r->args;
	o->ctx_size_in = n * 8;
}

static bool takes_packets(enum bpf_prog_type t)
{
	switch (t) {
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT: return true;
	default: return false;
	}
}

static u64 one(struct runs *r, u32 n, int *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, o);
	u64 h;

	memset(r->out, 0, sizeof(r->out));
	memset(&r->skb_out, 0, sizeof(r->skb_out));
	if (takes_packets(r->type))
		make_packet(r, n, &o);
	else
		make_args(r, &o);
	*err = bpf_prog_test_run_opts(r->fd, &o);
	h = skep_hash(r->out, *err ? 0 : SKEP_MIN(o.data_size_out, (u32)sizeof(r->out)), o.retval);
	h = skep_hash(&r->skb_out, sizeof(r->skb_out), h);
	if (r->type == BPF_PROG_TYPE_SYSCALL)
		h = skep_hash(r->args, sizeof(r->args), h);
	if (verbose)
		printf("  input %u: error %d returns %d, %u bytes %016llx\n", n, *err,
		       (int)o.retval, o.data_size_out, (unsigned long long)h);
	return h;
}

static void run(const char *path, const struct bpf_program *p, u32 inputs)
{
	struct runs *r = calloc(1, sizeof(*r));
	u32 ran = 0;
	u64 h = 0;

	if (!r)
		abort();
	r->fd = bpf_program__fd(p);
	r->type = bpf_program__type(p);
	skep_rng_init(&r->rng, 1);
	for (u32 n = 0; n < inputs; n++) {
		int err;
		u64 got = one(r, n, &err);

		ran += !err;
		h = skep_hash(&got, 8, h ^ (u64)(u32)err);
		if (err == -EPERM || err == -EOPNOTSUPP || err == -524)
			break;
	}
	printf("%s %s ran %u %016llx\n", path, bpf_program__name(p), ran, (unsigned long long)h);
	free(r);
}

static void run_one(const char *path, const char *name, u32 inputs)
{
	const char *why = "";
	struct bpf_object *bo = load(path, name, &why);
	struct bpf_map *m;

	if (!bo) {
		printf("%s %s does not load: %s\n", path, name, why);
		return;
	}
	bpf_object__for_each_map(m, bo) fill(bo, m);
	run(path, bpf_object__find_program_by_name(bo, name), inputs);
	bpf_object__for_each_map(m, bo) show_map(path, name, m);
	bpf_object__close(bo);
	fflush(stdout);
}

static void run_object(const char *path, u32 inputs)
{
	struct bpf_object *bo = bpf_object__open(path);
	struct bpf_program *p;

	if (!bo) {
		printf("%s * cannot be opened\n", path);
		return;
	}
	bpf_object__for_each_program(p,
				     bo) if (takes_packets(bpf_program__type(p)) ||
					     bpf_program__type(p) == BPF_PROG_TYPE_SYSCALL ||
					     bpf_program__type(p) == BPF_PROG_TYPE_RAW_TRACEPOINT)
		run_one(path, bpf_program__name(p), inputs);
	bpf_object__close(bo);
}

int main(int argc, char **argv)
{
	int at = 1;

	verbose = argc > at && strcmp(argv[at], "-v") == 0;
	at += verbose;
	if (argc < at + 2)
		return 2;
	libbpf_set_print(watch);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	for (int k = at + 1; k < argc; k++)
		run_object(argv[k], (u32)strtoul(argv[at], NULL, 0));
	return 0;
}
