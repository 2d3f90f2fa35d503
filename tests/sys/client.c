/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary user of libbpf, knowing nothing of skep: run it by itself (the kernel answers) or
 * through skep exec; it must print the same.
 *
 *	client objects PACKETS FILE...	load each object, run its packet programs, print what comes out
 *	client FILE			the same with 12 packets
 *	client rings			ring buffer, perf buffer, epoll, mmap of arrays, tail calls
 */
#include <errno.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!getenv("CLIENT_LOG"))
		return 0;
	return vfprintf(stderr, fmt, ap);
}

static unsigned long long mix(unsigned long long h, const void *p, size_t n)
{
	const unsigned char *b = p;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

/* --- objects -------------------------------------------------------------------------------- */

static int takes_packets(enum bpf_prog_type t)
{
	return t == BPF_PROG_TYPE_XDP || t == BPF_PROG_TYPE_SCHED_CLS || t == BPF_PROG_TYPE_SOCKET_FILTER ||
	       t == BPF_PROG_TYPE_CGROUP_SKB;
}

static unsigned make_packet(unsigned char *p, unsigned n)
{
	static const unsigned char eth[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
	unsigned len = 60 + n * 7 % 200;
	unsigned long long s = n * 0x9e3779b97f4a7c15ull + 1;

	for (unsigned k = 0; k < len; k++) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		p[k] = (unsigned char)s;
	}
	memcpy(p, eth, sizeof(eth));
	if (n % 4 == 1) {
		p[12] = 0x86;
		p[13] = 0xdd;
		p[14] = 0x60;
		p[20] = n % 8 == 1 ? 6 : 17;
	} else if (n % 4 != 2) {
		p[14] = 0x45;
		p[20] &= 0x40;
		p[21] = 0;
		p[23] = n % 8 < 4 ? 6 : 17;
	} else if (n % 8 == 2) {
		p[12] = 0x81;
		p[13] = 0;
	}
	return len;
}

static void run_prog(struct bpf_program *prog, unsigned packets)
{
	unsigned char in[512], out[2048];
	unsigned long long h = 0;
	int fd = bpf_program__fd(prog), err = 0;

	for (unsigned n = 0; n < packets; n++) {
		LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = make_packet(in, n), .data_out = out,
			    .data_size_out = sizeof(out));

		memset(out, 0, sizeof(out));
		err = bpf_prog_test_run_opts(fd, &o);
		if (err)
			break;
		h = mix(h, &o.retval, 4);
		h = mix(h, &o.data_size_out, 4);
		h = mix(h, out, o.data_size_out < sizeof(out) ? o.data_size_out : sizeof(out));
	}
	printf("  %s: %016llx error %d\n", bpf_program__name(prog), h, err);
}

static void hash_map(struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);
	unsigned ks = bpf_map__key_size(map), vs = bpf_map__value_size(map), n = 0;
	unsigned long long sum = 0;
	static unsigned char key[4096], next[4096], value[1 << 16] __attribute__((aligned(8)));
	int fd = bpf_map__fd(map), err;

	if (strncmp(bpf_map__name(map), ".data.", 6) == 0) /* lists and trees: the kernel gives their addresses away */
		return;
	if (type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH)
		vs = ((vs + 7) & ~7u) * (unsigned)libbpf_num_possible_cpus();
	if (ks == 0 || ks > sizeof(key) || vs > sizeof(value) || bpf_map__inner_map(map) || type == BPF_MAP_TYPE_PROG_ARRAY ||
	    type == BPF_MAP_TYPE_PERF_EVENT_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS ||
	    bpf_map__max_entries(map) > 70000)
		return;
	for (err = bpf_map_get_next_key(fd, NULL, next); !err; err = bpf_map_get_next_key(fd, key, next)) {
		memcpy(key, next, ks);
		memset(value, 0, sizeof(value));
		if (bpf_map_lookup_elem(fd, key, value))
			continue;
		/* Which processor counted does not matter, so words are added. */
		if (vs != bpf_map__value_size(map)) {
			unsigned long long w, all = 0;

			for (unsigned k = 0; k + 8 <= vs; k += 8) {
				memcpy(&w, value + k, 8);
				all += w;
			}
			memcpy(value, &all, 8);
			memset(value + 8, 0, vs - 8);
		}
		for (unsigned k = 0; getenv("CLIENT_VALUES") && k + 8 <= vs; k += 8)
			printf("%s[%u]: %llx\n", bpf_map__name(map), k / 8, *(unsigned long long *)(value + k));
		sum += mix(mix(1, key, ks), value, vs);
		n++;
	}
	printf("  map %s: %u elements %016llx\n", bpf_map__name(map), n, sum);
}

static void run_object(const char *path, unsigned packets)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_program *prog;
	struct bpf_map *map;
	int err;

	printf("%s\n", path);
	if (!obj) {
		printf("  cannot be opened\n");
		return;
	}
	err = bpf_object__load(obj);
	if (err) {
		printf("  does not load\n");
		bpf_object__close(obj);
		return;
	}
	bpf_object__for_each_program(prog, obj)
		if (takes_packets(bpf_program__type(prog)))
			run_prog(prog, packets);
	if (!getenv("CLIENT_NO_MAPS"))
		bpf_object__for_each_map(map, obj)
			hash_map(map);
	bpf_object__close(obj);
}

/* --- rings ---------------------------------------------------------------------------------------- */

static int load(enum bpf_prog_type type, const struct bpf_insn *insns, unsigned n)
{
	char log[8192] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, o, .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	int fd = bpf_prog_load(type, "test", "GPL", insns, n, &o);

	if (fd < 0)
		printf("load: %d %s\n", fd, log);
	return fd;
}

static int run(int fd)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));

	return bpf_prog_test_run_opts(fd, &o) ? -1 : (int)o.retval;
}

#define LD_MAP(dst, fd)                                                                            \
	{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = dst, .src_reg = BPF_PSEUDO_MAP_FD, .imm = fd}, {.code = 0}
#define MOV(dst, v) {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = dst, .imm = v}
#define MOVR(dst, src) {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src}
#define MOVW(dst, v) {.code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = dst, .imm = v}
#define ADD(dst, v) {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = dst, .imm = v}
#define ST8(dst, off_, v) {.code = BPF_ST | BPF_DW | BPF_MEM, .dst_reg = dst, .off = off_, .imm = v}
#define CALL(f) {.code = BPF_JMP | BPF_CALL, .imm = f}
#define EXIT {.code = BPF_JMP | BPF_EXIT}

static unsigned long long seen;

static int on_record(void *ctx, void *data, size_t size)
{
	unsigned long long v;

	memcpy(&v, data, 8);
	printf("record of %zu bytes: %llu\n", size, v);
	seen++;
	return 0;
}

static void on_sample(void *ctx, int cpu, void *data, __u32 size)
{
	unsigned long long v;

	memcpy(&v, data, 8);
	printf("sample: %llu\n", v);
	seen++;
}

static void ring(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 4096, NULL);
	struct bpf_insn code[] = {ST8(10, -8, 77), LD_MAP(1, map), MOVR(2, 10), ADD(2, -8), MOV(3, 8), MOV(4, 0),
				  CALL(BPF_FUNC_ringbuf_output), EXIT};
	int prog = load(BPF_PROG_TYPE_XDP, code, sizeof(code) / sizeof(*code)), full = 0;
	struct ring_buffer *rb = ring_buffer__new(map, on_record, NULL, NULL);

	printf("ring_buffer__new: %s\n", rb ? "yes" : strerror(errno));
	if (!rb)
		return;
	printf("poll of nothing: %d\n", ring_buffer__poll(rb, 10));
	run(prog);
	run(prog);
	printf("poll: %d\n", ring_buffer__poll(rb, 1000));
	printf("poll: %d\n", ring_buffer__poll(rb, 10));
	while (run(prog) == 0 && full < 100000)
		full++;
	printf("records until it is full: %d\n", full);
	fflush(stdout);
	seen = 0;
	ring_buffer__free(rb);
	rb = ring_buffer__new(map, on_record, NULL, NULL);
	printf("consume all: %d, %llu\n", rb ? ring_buffer__consume(rb) : -1, seen);
	/* Past the end and round: records stay in one piece. */
	for (int k = 0; k < 700; k++) {
		run(prog);
		if (ring_buffer__consume(rb) != 1)
			printf("turn %d: not one record\n", k);
	}
	ring_buffer__free(rb);
	close(prog);
	close(map);
}

static void perf(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf", 4, 4, libbpf_num_possible_cpus(), NULL);
	struct bpf_insn code[] = {MOVR(6, 1), ST8(10, -8, 99), MOVR(1, 6), LD_MAP(2, map), MOVW(3, -1), MOVR(4, 10), ADD(4, -8),
				  MOV(5, 8), CALL(BPF_FUNC_perf_event_output), EXIT};
	int prog = load(BPF_PROG_TYPE_XDP, code, sizeof(code) / sizeof(*code));
	struct perf_buffer *pb = perf_buffer__new(map, 1, on_sample, NULL, NULL, NULL);

	printf("perf_buffer__new: %s\n", pb ? "yes" : strerror(errno));
	if (!pb)
		return;
	printf("output: %d\n", run(prog));
	printf("poll: %d\n", perf_buffer__poll(pb, 1000));
	for (int k = 0; k < 300; k++) { /* more than fits: some are lost, the rest stays whole */
		run(prog);
		if (k % 50 == 0)
			fflush(stdout);
	}
	seen = 0;
	printf("consume: %d\n", perf_buffer__consume(pb));
	perf_buffer__free(pb);
	close(prog);
	close(map);
}

static void array(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "shared", 4, 8, 4, &o), key = 2;
	struct bpf_insn code[] = {
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map}, {.code = 0},
	    ST8(10, -8, 2), MOVR(2, 10), ADD(2, -8), CALL(BPF_FUNC_map_lookup_elem),
	    {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 3, .imm = 0},
	    {.code = BPF_LDX | BPF_DW | BPF_MEM, .dst_reg = 1, .src_reg = 0}, ST8(0, 0, 5), MOVR(0, 1), EXIT};
	int prog = load(BPF_PROG_TYPE_XDP, code, sizeof(code) / sizeof(*code));
	unsigned long long *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0), v = 0;

	printf("mmap: %s\n", p == MAP_FAILED ? strerror(errno) : "yes");
	if (p == MAP_FAILED)
		return;
	p[2] = 123;
	printf("lookup: %d, ", bpf_map_lookup_elem(map, &key, &v));
	printf("%llu\n", v);
	printf("the program returns %d, then there is %llu\n", run(prog), p[2]);
	munmap(p, 4096);
	printf("freeze: %d\n", bpf_map_freeze(map));
	printf("freeze again: %d\n", bpf_map_freeze(map));
	printf("update: %d\n", bpf_map_update_elem(map, &key, &v, 0));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	printf("mmap to write: %s\n", p == MAP_FAILED ? strerror(errno) : "yes");
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, map, 0);
	printf("mmap to read: %s\n", p == MAP_FAILED ? strerror(errno) : "yes");
	close(prog);
	close(map);
}

static void tails(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "progs", 4, 4, 4, NULL), key = 1, id = 0;
	struct bpf_insn end[] = {MOV(0, 42), EXIT};
	struct bpf_insn code[] = {LD_MAP(2, map), MOV(3, 1), CALL(BPF_FUNC_tail_call), MOV(0, 7), EXIT};
	int a = load(BPF_PROG_TYPE_XDP, code, sizeof(code) / sizeof(*code)), b = load(BPF_PROG_TYPE_XDP, end, 2);
	int other = load(BPF_PROG_TYPE_SOCKET_FILTER, end, 2);

	printf("tail call to nothing: %d\n", run(a));
	printf("put: %d\n", bpf_map_update_elem(map, &key, &b, 0));
	printf("tail call: %d\n", run(a));
	printf("look: %d %s\n", bpf_map_lookup_elem(map, &key, &id), id > 0 ? "an id" : "none");
	printf("put another type: %d\n", bpf_map_update_elem(map, &key, &other, 0));
	printf("put itself: %d\n", bpf_map_update_elem(map, &key, &a, 0));
	printf("33 times: %d\n", run(a));
	printf("take out: %d\n", bpf_map_delete_elem(map, &key));
	printf("tail call to nothing: %d\n", run(a));
}

int main(int argc, char **argv)
{
	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (argc > 1 && strcmp(argv[1], "rings") == 0) {
		ring();
		perf();
		array();
		tails();
		return 0;
	}
	if (argc == 2)
		run_object(argv[1], 12);
	for (int k = 3; k < argc; k++)
		run_object(argv[k], (unsigned)atoi(argv[2]));
	return 0;
}
