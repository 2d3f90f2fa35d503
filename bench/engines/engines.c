/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same programs in every engine: native code of two compilers, the kernel's
 * JIT, skep's JIT (with blinded constants, too), fast interpreter and reference interpreter.
 * Nanoseconds a run, geometric means, compile times; as a table in Markdown.
 *
 * usage: bench-engines [-q] [-n ROUNDS] OBJECT [NAME=SHARED-OBJECT]...
 * -q runs everything once (so that the benchmark itself is tested), -n is how
 * often everything is measured. Results and memory of all engines must be equal.
 *
 * The kernel is asked through BPF_PROG_TEST_RUN with a repeat count; without the
 * permission its column is missing. From every column the time of the empty
 * program in it is subtracted: what is compared is code, not ways to start it.
 * Time is the thread's CPU time; batches of all columns take turns.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "jit/jit.h"
#include "run/run.h"

enum { MEM_SIZE = 8192, ENTRIES = 256, MAX_NATIVE = 6, MAX_COLS = MAX_NATIVE + 4, MAX_PROGS = 64 };
/* Of a batch; with the kernel the system call must not count. */
enum { BATCH_NS = 400000, KERNEL_NS = 5000000 };

struct stat {
	u64 packets, bytes;
};

static const char *const names[] = {
	"empty",      "xorshift",     "gcd",	      "sieve",	      "ip_checksum",
	"fletcher",   "crc32",	      "copy_words",   "copy_reverse", "find",
	"words",      "fnv1a",	      "jhash",	      "siphash",      "murmur3",
	"parse",      "swap_headers", "array_lookup", "hash_lookup",  "helper_call",
	"local_call", "sort",	      "matrix",	      "hex",	      "trie",
};

struct native {
	char name[32];
	void *lib;
	u8 *mem;
};
struct bench {
	const char *object;
	struct skep_arena arena;
	void *image;
	size_t len;
	struct native native[MAX_NATIVE];
	u32 nnative;
	u32 rounds;
	bool quick;
	double ns[MAX_PROGS][MAX_COLS]; /* 0: none */
	double compile_ns[MAX_PROGS][2];
	u32 slots[MAX_PROGS], bytes[MAX_PROGS];
	u32 failures;
};
/* Columns behind the native ones. */
enum { KERNEL, JIT, BLIND, INTERP, CHECKED, NCOL };
static const char *const col_names[NCOL] = {"kernel JIT", "skep JIT", "blinded", "skep interp",
					    "checked"};

static double now_ns(void)
{
	struct timespec t;

	/* Of this thread: what others do meanwhile does not count. */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- the world of the programs -------------------------------------------------------- */

static void fill(u8 *mem)
{
	static const u8 frame[] = {1, 2, 3,    4, 5, 6,	 7, 8, 9, 10, 11, 12,
				   8, 0, 0x45, 0, 0, 60, 1, 2, 3, 4,  64, 6};
	struct skep_rng r;

	skep_rng_init(&r, 7);
	for (u32 i = 0; i < MEM_SIZE; i++)
		mem[i] = (u8)skep_rng_next(&r);
	for (u32 i = 0; i < 1000; i++) /* text */
		if (i % 64 > 24)
			mem[i] = (u8)(i % 7 ? 'a' + i % 26 : ' ');
	for (u32 i = 0; i < 64; i++) {
		memcpy(mem + i * 64, frame, sizeof(frame));
		if (i % 3 == 1)
			mem[i * 64 + 23] = 17;
		if (i % 5 == 1)
			memcpy(mem + i * 64 + 12, "\x81\x00\x00\x05\x08\x00\x45\x00", 8);
		if (i % 7 == 1)
			memcpy(mem + i * 64 + 12, "\x86\xdd\x60\x00", 4);
	}
}

static struct stat counters[ENTRIES];

/* Open addressing; stands for a hash map until there is one for engines. */
struct table {
	u32 key[2 * ENTRIES];
	bool used[2 * ENTRIES];
	struct stat value[2 * ENTRIES];
};
static struct table table;
static const void *native_flows; /* of the shared object that runs */

static void reset_maps(void)
{
	memset(counters, 0, sizeof(counters));
	memset(&table, 0, sizeof(table));
	for (u32 k = 0; k < ENTRIES; k += 2) {
		u32 at = k * 0x9e3779b1u >> 23;

		while (table.used[at])
			at = (at + 1) % (2 * ENTRIES);
		table.used[at] = true;
		table.key[at] = k;
	}
}

static void *find(u32 k)
{
	for (u32 at = k * 0x9e3779b1u >> 23; table.used[at]; at = (at + 1) % (2 * ENTRIES))
		if (table.key[at] == k)
			return &table.value[at];
	return NULL;
}

static void *native_lookup(void *map, const void *key)
{
	u32 k = *(const u32 *)key;

	if (map == native_flows)
		return find(k);
	return k < ENTRIES ? &counters[k] : NULL;
}

static u32 native_node(void)
{
	return 0;
}

static u64 eng_lookup(u64 map, u64 key, u64 r3, u64 r4, u64 r5)
{
	return (u64)find(*(const u32 *)key);
}

static u64 eng_node(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return 0;
}

/* --- measuring --------------------------------------------------------------------------- */

typedef u64 (*runner)(void *what, u64 times);

/*
 * One thing to be measured. Batches of all columns of a program take turns, and
 * the least counts: what else the machine does then hits all of them alike.
 */
struct probe {
	runner run;
	void *what;
	double *out;
	u64 n;	   /* runs in a batch */
	double ns; /* that a batch should take */
	void (*done)(void *what);
};
struct probes {
	struct probe v[MAX_COLS + 4];
	u32 n;
};

static double batch(const struct probe *p)
{
	double t0 = now_ns();

	p->run(p->what, p->n);
	return (now_ns() - t0) / (double)p->n;
}

static void add_probe(struct probes *ps, runner run, void *what, double *out, void (*done)(void *))
{
	ps->v[ps->n++] = (struct probe){run, what, out, 1, BATCH_NS, done};
}

static void measure(const struct bench *b, struct probes *ps)
{
	double t;

	for (u32 i = 0; i < ps->n; i++) {
		struct probe *p = &ps->v[i];

		*p->out = batch(p);
		for (t = *p->out; !b->quick && t * (double)p->n < p->ns && p->n < 1u << 30;
		     t = batch(p))
			p->n = t * (double)p->n < p->ns / 16 ? p->n * 8 : (u64)(p->ns / t) + 1;
	}
	for (u32 k = 0; k < (b->quick ? 1 : b->rounds); k++)
		for (u32 i = 0; i < ps->n; i++) {
			t = batch(&ps->v[i]);
			*ps->v[i].out = SKEP_MIN(*ps->v[i].out, t);
		}
	for (u32 i = 0; i < ps->n; i++)
		if (ps->v[i].done)
			ps->v[i].done(ps->v[i].what);
}

/* What a program left behind, to be compared. */
struct effect {
	bool known;
	u32 ret;
	u64 mem;
};

static void compare(struct bench *b, u32 prog, const char *engine, struct effect *first, u32 ret,
		    const u8 *mem)
{
	u64 h = mem ? skep_hash(mem, MEM_SIZE, 0) : first->mem;

	if (!first->known) {
		*first = (struct effect){true, ret, h};
		return;
	}
	if (first->ret == ret && first->mem == h)
		return;
	fprintf(stderr, "FAIL %s in %s: %x, expected %x; memory %s\n", names[prog], engine, ret,
		first->ret, first->mem == h ? "equal" : "differs");
	b->failures++;
}

static u64 run_native(void *what, u64 times)
{
	int (*fn)(void *) = (int (*)(void *))what;
	u32 ret = 0;

	while (times--)
		ret = (u32)fn(NULL);
	return ret;
}

static void bench_native(struct bench *b, u32 prog, struct probes *ps, struct effect *first)
{
	char name[64];

	snprintf(name, sizeof(name), "bench_%s", names[prog]);
	for (u32 i = 0; i < b->nnative; i++) {
		struct native *n = &b->native[i];
		void *fn = dlsym(n->lib, name);

		if (!fn)
			continue;
		fill(n->mem);
		reset_maps();
		native_flows = dlsym(n->lib, "flows");
		compare(b, prog, n->name, first, (u32)run_native(fn, 1), n->mem);
		add_probe(ps, run_native, fn, &b->ns[prog][i], NULL);
	}
}

/* --- engines ---------------------------------------------------------------------------------- */

struct compilation {
	const struct skep_engine *e;
	const u8 *code;
	u32 slots;
	struct skep_eng_env env;
};
struct world {
	struct skep_run_vm r;
	struct skep_eng_map map[8];
	struct compilation comp[2];
	u8 *mem;
};

static bool eng_value(void *user, const struct skep_ins *in, u64 *value,
		      const struct skep_eng_map **map)
{
	struct world *w = user;
	u32 id = (u32)in->imm;

	if (id >= SKEP_ARRAY_SIZE(w->map))
		return false;
	*map = NULL;
	if (in->src == SKEP_LD_MAP_VALUE) {
		*value = (u64)(w->mem + (in->imm >> 32));
		return true;
	}
	*map = &w->map[id];
	*value = (u64)*map;
	return true;
}

static const struct skep_eng_helper *eng_helper(void *user, s64 id)
{
	static const struct skep_eng_helper find_elem = {.kind = SKEP_ENG_LOOKUP, .fn = eng_lookup},
					    get_node = {.fn = eng_node};

	return id == SKEP_FN_map_lookup_elem	? &find_elem
	       : id == SKEP_FN_get_numa_node_id ? &get_node
						: NULL;
}

static u64 run_engine(void *what, u64 times)
{
	struct skep_eng_run run;
	u32 ret = 0;

	while (times--) {
		skep_eng_run_init(&run);
		ret = (u32)skep_eng_run(what, 0, 0, &run);
	}
	return ret;
}

static void free_engine(void *what)
{
	skep_eng_free(what);
}

static u64 compile_it(void *what, u64 times)
{
	struct compilation *c = what;
	struct skep_eng_prog *p;

	while (times--)
		if (!c->e->compile(c->code, c->slots, &c->env, NULL, &p, NULL))
			skep_eng_free(p);
	return 0;
}

static void bench_engine(struct bench *b, u32 prog, u32 col, const struct skep_engine *e,
			 struct world *w, struct probes *ps, struct effect *first)
{
	struct skep_eng_options blind = {
		.size = sizeof(blind), .blind = col == BLIND, .seed = prog};
	struct compilation *c = &w->comp[col == INTERP];
	struct skep_eng_prog *p;

	if (!e)
		return;
	*c = (struct compilation){
		e,
		w->r.image->code,
		w->r.image->slots,
		{.size = sizeof(c->env), .user = w, .value = eng_value, .helper = eng_helper}};
	if (e->compile(c->code, c->slots, &c->env, &blind, &p, NULL)) {
		fprintf(stderr, "FAIL %s: %s does not compile it\n", names[prog], e->name);
		b->failures++;
		return;
	}
	fill(w->mem);
	reset_maps();
	compare(b, prog, col_names[col], first, (u32)run_engine(p, 1), w->mem);
	if (col == JIT)
		b->bytes[prog] = p->image;
	b->slots[prog] = c->slots;
	add_probe(ps, run_engine, p, &b->ns[prog][b->nnative + col], free_engine);
	if (col != BLIND)
		add_probe(ps, compile_it, c, &b->compile_ns[prog][col == INTERP], NULL);
}

static u64 run_reference(void *what, u64 times)
{
	struct world *w = what;
	struct skep_vm_input in = {.pkt = "0123456789abcdef0123456789abcdef0123456789abcdef",
				   .pkt_len = 48};
	struct skep_vm_result res = {0};

	while (times--)
		if (skep_vm_run(w->r.vm, 0, &in, &res) || res.trap)
			return ~(u64)0;
	return (u32)res.ret;
}

static const struct skep_vm_map_def *def_of(const struct world *w, u32 i)
{
	return skep_vm_map_def(w->r.vm, w->r.map[i].vm);
}

/* Fill the maps of the reference interpreter; its copy of `mem`. */
static u8 *fill_vm(struct world *w)
{
	struct stat zero = {0};
	u8 *mem = NULL;

	for (u32 i = 0; i < w->r.nmap; i++) {
		if (def_of(w, i)->value_size == MEM_SIZE) {
			mem = skep_vm_map_data(w->r.vm, w->r.map[i].vm, 0);
			fill(mem);
		}
		if (def_of(w, i)->type == SKEP_MAP_HASH)
			for (u32 k = 0; k < ENTRIES; k += 2)
				skep_vm_map_update(w->r.vm, w->r.map[i].vm, &k, &zero, 0);
	}
	return mem;
}

static void free_world(void *what)
{
	struct world *w = what;

	free(w->mem);
	skep_run_fini(&w->r);
	free(w);
}

static struct world *make_world(struct bench *b, u32 prog, struct skep_objfile *file)
{
	struct world *w = calloc(1, sizeof(*w));
	struct skep_run_load_opts opts = {0};
	const struct skep_func *f;
	struct skep_diags ds;
	char name[64];

	snprintf(name, sizeof(name), "bench_%s", names[prog]);
	skep_diags_init(&ds);
	f = skep_func_find(file->obj, name);
	if (!w || !f || skep_run_load(file, f, &opts, &b->arena, &ds, &w->r)) {
		fprintf(stderr, "FAIL %s: not loaded: %s\n", name,
			ds.list.n ? ds.list.v[0].msg : "");
		b->failures++;
		free(w);
		w = NULL;
	}
	skep_diags_fini(&ds);
	return w;
}

static void bench_skep(struct bench *b, u32 prog, struct skep_objfile *file, struct probes *ps,
		       struct effect *first)
{
	struct world *w = make_world(b, prog, file);
	u8 *vm_mem;

	if (!w)
		return;
	w->mem = aligned_alloc(64, MEM_SIZE);
	for (u32 i = 0; i < w->r.nmap && i < SKEP_ARRAY_SIZE(w->map); i++)
		if (def_of(w, i)->type == SKEP_MAP_ARRAY)
			w->map[w->r.map[i].vm] =
				(struct skep_eng_map){.kind = SKEP_ENG_MAP_ARRAY,
						      .max_entries = ENTRIES,
						      .stride = sizeof(struct stat),
						      .values = (u8 *)counters};
	bench_engine(b, prog, JIT, skep_jit_engine(), w, ps, first);
	bench_engine(b, prog, BLIND, skep_jit_engine(), w, ps, first);
	bench_engine(b, prog, INTERP, &skep_engine_interp, w, ps, first);
	vm_mem = fill_vm(w);
	compare(b, prog, "checked", first, (u32)run_reference(w, 1), vm_mem);
	add_probe(ps, run_reference, w, &b->ns[prog][b->nnative + CHECKED], free_world);
}

/* --- the kernel
 * ----------------------------------------------------------------------------------- */

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static void fill_kernel(struct bpf_object *o)
{
	static u8 mem[MEM_SIZE];
	struct stat zero = {0};
	struct bpf_map *m;
	u32 k = 0;

	fill(mem);
	bpf_object__for_each_map(m, o) {
		if (bpf_map__value_size(m) == MEM_SIZE)
			bpf_map_update_elem(bpf_map__fd(m), &k, mem, 0);
		if (bpf_map__type(m) == BPF_MAP_TYPE_HASH)
			for (k = 0; k < ENTRIES; k += 2)
				bpf_map_update_elem(bpf_map__fd(m), &k, &zero, 0);
		k = 0;
	}
}

struct kernel_prog {
	struct bpf_object *o;
	int fd;
};

static u64 run_kernel(void *what, u64 times)
{
	struct kernel_prog *k = what;
	u8 pkt[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = pkt, .data_size_in = sizeof(pkt),
		    .repeat = (int)times);

	return bpf_prog_test_run_opts(k->fd, &o) ? ~(u64)0 : o.retval;
}

static void free_kernel(void *what)
{
	struct kernel_prog *k = what;

	bpf_object__close(k->o);
	free(k);
}

static struct kernel_prog *load_kernel(const struct bench *b, u32 prog)
{
	struct kernel_prog *k = calloc(1, sizeof(*k));
	struct bpf_program *p, *mine = NULL;
	char name[64];

	if (!k)
		return NULL;
	snprintf(name, sizeof(name), "bench_%s", names[prog]);
	k->o = bpf_object__open_mem(b->image, b->len, NULL);
	if (k->o)
		bpf_object__for_each_program(p, k->o) {
			bool this = !strcmp(bpf_program__name(p), name);

			bpf_program__set_autoload(p, this);
			mine = this ? p : mine;
		}
	if (!mine || bpf_object__load(k->o)) {
		fprintf(stderr, "%s: the kernel does not load it\n", names[prog]);
		free_kernel(k);
		return NULL;
	}
	k->fd = bpf_program__fd(mine);
	return k;
}

static void bench_kernel(struct bench *b, u32 prog, struct probes *ps, struct effect *first)
{
	struct kernel_prog *k = load_kernel(b, prog);
	static u8 mem[MEM_SIZE];
	struct bpf_map *m;
	u32 zero = 0;
	u64 ret;

	if (!k)
		return;
	fill_kernel(k->o);
	ret = run_kernel(k, 1);
	bpf_object__for_each_map(m, k->o)
		if (bpf_map__value_size(m) == MEM_SIZE)
			bpf_map_lookup_elem(bpf_map__fd(m), &zero, mem);
	compare(b, prog, "kernel", first, (u32)ret, mem);
	add_probe(ps, run_kernel, k, &b->ns[prog][b->nnative + KERNEL], free_kernel);
	ps->v[ps->n - 1].ns = KERNEL_NS;
}

/* --- the report
 * -------------------------------------------------------------------------------------- */

static u32 ncols(const struct bench *b)
{
	return b->nnative + NCOL;
}

static const char *col_name(const struct bench *b, u32 c)
{
	return c < b->nnative ? b->native[c].name : col_names[c - b->nnative];
}

/* Of a program, without what the empty one costs. */
static double net(const struct bench *b, u32 prog, u32 c)
{
	double v = b->ns[prog][c];

	return v ? SKEP_MAX(v - b->ns[0][c], 0.5) : 0;
}

static double best_native(const struct bench *b, u32 prog)
{
	double best = 0;

	for (u32 c = 0; c < b->nnative; c++)
		if (net(b, prog, c) && (!best || net(b, prog, c) < best))
			best = net(b, prog, c);
	return best;
}

/* Over the programs that both have. den MAX_COLS: the best native. */
static double geomean(const struct bench *b, u32 num, u32 den)
{
	u32 kernel = b->nnative + KERNEL, n = 0;
	double sum = 0;

	for (u32 p = 1; p < SKEP_ARRAY_SIZE(names); p++) {
		double x = net(b, p, num), y = den == MAX_COLS ? best_native(b, p) : net(b, p, den);

		if (!x || !y)
			continue;
		/* The kernel's hash map is a real one, the others' is a small table of this file.
		 */
		if ((num == kernel || den == kernel) && num != den &&
		    !strcmp(names[p], "hash_lookup"))
			continue;
		sum += log(x / y);
		n++;
	}
	return n ? exp(sum / n) : 0;
}

static void print_head(const struct bench *b, const char *first)
{
	printf("| %s |", first);
	for (u32 c = 0; c < ncols(b); c++)
		printf(" %s |", col_name(b, c));
	printf("\n|---|");
	for (u32 c = 0; c < ncols(b); c++)
		printf("---:|");
	printf("\n");
}

static void print_times(const struct bench *b)
{
	printf("Nanoseconds of a run, the empty program subtracted:\n\n");
	print_head(b, "program");
	for (u32 p = 0; p < SKEP_ARRAY_SIZE(names); p++) {
		printf("| %s |", names[p]);
		for (u32 c = 0; c < ncols(b); c++) {
			double v = p ? net(b, p, c) : b->ns[0][c];

			if (v)
				printf(" %.*f |", v < 100 ? 1 : 0, v);
			else
				printf(" - |");
		}
		printf("\n");
	}
}

static void print_means(const struct bench *b)
{
	printf("\nGeometric means of the ratios, over the programs that both sides have (with the kernel\nwithout `hash_lookup`, since its map is another one):\n\n");
	print_head(b, "against");
	printf("| best native |");
	for (u32 c = 0; c < ncols(b); c++)
		printf(" %.2f |", geomean(b, c, MAX_COLS));
	for (u32 d = 0; d < ncols(b) - 2; d++) {
		printf("\n| %s |", col_name(b, d));
		for (u32 c = 0; c < ncols(b); c++)
			printf(" %.2f |", geomean(b, c, d));
	}
	printf("\n");
}

static void print_compile(const struct bench *b)
{
	double us = 0, slots = 0, us2 = 0;

	printf("\nCompiling, microseconds (with getting and giving back the memory):\n\n"
	       "| program | slots | native bytes | skep JIT | skep interp |\n|---|---:|---:|---:|---:|\n");
	for (u32 p = 0; p < SKEP_ARRAY_SIZE(names); p++) {
		if (!b->slots[p])
			continue;
		printf("| %s | %u | %u | %.1f | %.1f |\n", names[p], b->slots[p], b->bytes[p],
		       b->compile_ns[p][0] / 1000, b->compile_ns[p][1] / 1000);
		us += b->compile_ns[p][0] / 1000;
		us2 += b->compile_ns[p][1] / 1000;
		slots += b->slots[p];
	}
	printf("| all | %.0f | | %.1f | %.1f |\n", slots, us, us2);
}

/* --- main
 * ------------------------------------------------------------------------------------------------
 */

static bool open_native(struct bench *b, const char *arg)
{
	struct native *n = &b->native[b->nnative];
	const char *eq = strchr(arg, '=');
	void *(**look)(void *, const void *);
	u32 (**get_node)(void);
	u8 *(*get)(void);

	if (!eq || b->nnative == MAX_NATIVE)
		return false;
	snprintf(n->name, sizeof(n->name), "%.*s", (int)(eq - arg), arg);
	n->lib = dlopen(eq + 1, RTLD_NOW | RTLD_LOCAL);
	if (!n->lib) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	get = (u8 * (*)(void)) dlsym(n->lib, "bench_mem");
	look = dlsym(n->lib, "lookup");
	get_node = dlsym(n->lib, "node");
	if (!get || !look || !get_node)
		return false;
	n->mem = get();
	*look = native_lookup;
	*get_node = native_node;
	b->nnative++;
	return true;
}

static bool read_object(struct bench *b)
{
	FILE *f = fopen(b->object, "rb");
	long n;

	if (!f)
		return false;
	if (!fseek(f, 0, SEEK_END) && (n = ftell(f)) > 0) {
		rewind(f);
		b->image = malloc((size_t)n);
		b->len = b->image ? fread(b->image, 1, (size_t)n, f) : 0;
	}
	fclose(f);
	return b->len > 0;
}

static void run_all(struct bench *b, struct skep_objfile *file)
{
	for (u32 p = 0; p < SKEP_ARRAY_SIZE(names); p++) {
		struct effect first = {0};
		struct probes ps = {0};

		bench_native(b, p, &ps, &first);
		bench_skep(b, p, file, &ps, &first);
		bench_kernel(b, p, &ps, &first);
		measure(b, &ps);
	}
}

int main(int argc, char **argv)
{
	static struct bench b = {.rounds = 60};
	struct skep_objfile *file;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-q"))
			b.quick = true;
		else if (!strcmp(argv[i], "-n") && i + 1 < argc)
			b.rounds = (u32)atoi(argv[++i]);
		else if (!b.object)
			b.object = argv[i];
		else if (!open_native(&b, argv[i]))
			return 2;
	}
	if (!b.object || !read_object(&b)) {
		fprintf(stderr,
			"usage: bench-engines [-q] [-n ROUNDS] OBJECT [NAME=SHARED-OBJECT]...\n");
		return 2;
	}
	libbpf_set_print(silent);
	skep_arena_init(&b.arena);
	if (skep_obj_read(b.image, b.len, &b.arena, NULL, &file)) {
		fprintf(stderr, "%s: not an object\n", b.object);
		return 3;
	}
	run_all(&b, file);
	if (!b.quick) {
		print_times(&b);
		print_means(&b);
		print_compile(&b);
	}
	skep_arena_fini(&b.arena);
	free(b.image);
	return b.failures != 0;
}
