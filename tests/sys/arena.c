/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the programs of arena.bpf.c and looks at their arena from user space. Over the kernel and
 * over skep it must print the same. With a second argument: threads and processes that share the
 * arena for a second.
 */
#include "arena.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define START (1ull << 45) /* where AddressSanitizer keeps nothing */
#define PAGE 4096
#define PAGES 16
#define PIN "/sys/fs/bpf/skep_arena_test"

typedef unsigned long long u64;

struct args {
	u64 in[4], out[4];
};
struct node {
	struct node *next;
	u64 value;
};

static struct bpf_object *obj;
static u64 *const word = (u64 *)START;

static int run_fd(int fd, struct args *a)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = a, .ctx_size_in = sizeof(*a));

	return bpf_prog_test_run_opts(fd, &o);
}

static int prog(const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, name));
}

static struct args run(const char *name, u64 a, u64 b, u64 c, u64 d)
{
	struct args x = {{a, b, c, d}, {0}};
	int err = run_fd(prog(name), &x);

	if (err)
		printf("%s: error %d\n", name, err);
	return x;
}

/* --- pages
 * ------------------------------------------------------------------------------------------- */

static u64 alloc(u64 at, u64 n, u64 flags)
{
	u64 p = run("alloc", at, n, flags, 0).out[0];

	printf("alloc %llx, %llu: %llx\n", at, n, p);
	return p;
}

/* On a memory node of the machine, and on what is none. */
static void alloc_on_nodes(u64 at)
{
	static const int nodes[] = {0, 1000, -2, -1};

	for (unsigned k = 0; k < sizeof(nodes) / sizeof(*nodes); k++) {
		printf("on node %d: %llx\n", nodes[k],
		       run("alloc", at, 1, 0, (u64)(nodes[k] + 1)).out[0]);
		run("release", at, 1, 0, 0);
	}
}

static void give_back(u64 at, u64 n)
{
	run("release", at, n, 0, 0);
	printf("free %llx, %llu\n", at, n);
}

static void reserve(u64 at, u64 n)
{
	printf("reserve %llx, %llu: %d\n", at, n, (int)run("reserve", at, n, 0, 0).out[0]);
}

static void pages(void)
{
	struct args a;

	alloc(0, 0, 0);
	alloc(0, 1, 1);
	alloc(0, PAGES + 1, 0);
	alloc(0, 1ull << 32, 0);
	alloc(START + 100, 1, 0);
	alloc(START - PAGE, 1, 0);
	alloc(START + PAGES * PAGE, 1, 0);
	alloc(START + (PAGES - 1) * PAGE, 2, 0);
	alloc(0, 1, 0);
	alloc(START, 1, 0);
	alloc(START + 5 * PAGE, 3, 0);
	alloc(START + 4 * PAGE, 2, 0);
	alloc(7 * PAGE + 5 * PAGE, 1, 0); /* the upper half does not matter */
	alloc(0, 4, 0);
	alloc(0, 4, 0);
	alloc(0, 3, 0);
	alloc(0, 1, 0);
	alloc(0, 1, 0);
	give_back(START + 5 * PAGE, 1);
	alloc(0, 1, 0);
	give_back(START + 14 * PAGE, 1000);
	alloc(0, 2, 0);
	give_back(0, 1);
	give_back(START + PAGES * PAGE, 1);
	give_back(START - PAGE, 1);
	give_back(START + 3 * PAGE + 17, 1); /* the page that it is in */
	alloc(0, 1, 0);
	give_back(START, PAGES);
	alloc(START, PAGES, 0);
	alloc(0, 1, 0);
	give_back(START, PAGES);
	reserve(START, 0);
	reserve(START + 1, 1);
	reserve(START + 2 * PAGE, 2);
	reserve(START + PAGE, 2);
	reserve(START + PAGES * PAGE, 1);
	reserve(START + (PAGES - 1) * PAGE, 2);
	alloc(START + 2 * PAGE, 1, 0);
	alloc(0, 13, 0);
	alloc(0, 12, 0);
	alloc(0, 2, 0);
	reserve(START, 1);
	alloc(0, 1, 0);
	give_back(START + 2 * PAGE, 1);
	alloc(0, 1, 0);
	give_back(START, PAGES);
	alloc_on_nodes(START);
	a = run("not_arena", 0, 0, 0, 0);
	printf("no arena: %llx %d\n", a.out[0], (int)a.out[1]);
}

/* --- contents
 * ------------------------------------------------------------------------------------------- */

static u64 peek(u64 at, u64 size)
{
	return run("peek", at, size, 0, 0).out[0];
}

static void poke(u64 at, u64 size, u64 v)
{
	run("poke", at, size, v, 0);
}

/* What user space sees, what programs see, of pages that are given, given back, touched, kept. */
static void contents(void)
{
	struct args a;
	u64 p = alloc(0, 2, 0);

	printf("new: %llx %llx\n", word[0], peek(p, 8));
	poke(p + 8, 8, 0x1122334455667788);
	printf("stored: %llx, its parts %llx %llx %llx\n", word[1], peek(p + 8, 1), peek(p + 10, 2),
	       peek(p + 12, 4));
	word[2] = 0x8877665544332211;
	printf("stored by user space: %llx\n", peek(p + 16, 8));
	for (u64 k = 11; k <= 14; k++) {
		poke(p + 32, k, 0);
		printf("constant: %llx\n", word[4]);
	}
	word[6] = 0xfedcba98f6f5f4f3;
	a = run("peek_signed", p + 48, 0, 0, 0);
	printf("signed: %llx %llx %llx\n", a.out[0], a.out[1], a.out[2]);
	word[PAGE / 8] = 7;
	give_back(p + PAGE, 1);
	printf("of a page given back: %llx\n", peek(p + PAGE, 8));
	poke(p + PAGE, 8, 9);
	printf("stored there: %llx\n", peek(p + PAGE, 8));
	alloc(p + PAGE, 1, 0);
	printf("had again: %llx %llx\n", peek(p + PAGE, 8), word[PAGE / 8]);

	printf("touched by nobody: %llx\n", peek(START + 5 * PAGE, 8));
	word[5 * PAGE / 8] = 55;
	printf("touched: %llx\n", peek(START + 5 * PAGE, 8));
	alloc(START + 5 * PAGE, 1, 0);
	alloc(START + 4 * PAGE, 2, 0);
	word[8 * PAGE / 8] = 88;
	alloc(0, 3, 0);
	alloc(0, 3, 0);
	give_back(START + 8 * PAGE, 1);
	printf("touched and given back: %llx %llx\n", peek(START + 8 * PAGE, 8),
	       word[8 * PAGE / 8]);

	reserve(START + 12 * PAGE, 1);
	printf("kept: %llx\n", peek(START + 12 * PAGE, 8));
	poke(START + 12 * PAGE, 8, 5);
	printf("stored there: %llx\n", peek(START + 12 * PAGE, 8));
	word[12 * PAGE / 8] = 12;
	printf("touched there: %llx\n", peek(START + 12 * PAGE, 8));
	give_back(START + 12 * PAGE, 1);
	give_back(START, PAGES);
}

static void far_away(void)
{
	u64 p = alloc(0, 16, 0);

	word[4096] = 0x4096;
	word[0] = 0;
	printf("below: %llx\n", peek(p + 8 * 4096 + 32768, 9));
	printf("above: %llx\n", peek(p + 8 * 4096 - 32760, 10));
	poke(p + 8 * 4096 + 32768, 9, 1);
	poke(p + 8 * 4096 - 32760, 10, 2 + word[4096]);
	printf("both: %llx\n", word[4096]);
	printf("outside: %llx %llx %llx %llx\n", peek(p - 8, 8), peek(p + PAGES * PAGE, 8),
	       peek(p, 9), peek(p + PAGES * PAGE, 10));
	printf("other halves: %llx %llx\n", peek((unsigned)p + 32768, 8),
	       peek(p + 32768 + (5ull << 32), 8));
	give_back(START, PAGES);
}

/* --- what both follow
 * --------------------------------------------------------------------------------------- */

static void shared(void)
{
	struct args a;
	u64 p = alloc(0, 3, 0), sum = 0, n = 0;

	a = run("list", p, 100, 0, 0);
	for (struct node *e = (struct node *)word[0]; e; e = e->next, n++)
		sum += e->value;
	printf("list: %llu %llu, for user space %llu %llu\n", a.out[0], a.out[1], sum, n);
	((struct node *)word[0])->next = NULL;
	a = run("list", p, 0, 0, 0);
	printf("cut: %llu %llu\n", a.out[0], a.out[1]);

	give_back(p, 3);
	alloc(p, 3, 0);
	a = run("table", p, 150, 10, 0);
	sum = n = 0;
	for (unsigned k = 0; k < 16; k++)
		for (struct node *e = (struct node *)word[k]; e; e = e->next, n++)
			sum += e->value;
	printf("table: %llu %llu, for user space %llu %llu\n", a.out[0], a.out[1], n, sum);

	memset(word, 0, 64);
	word[0] = 5;
	word[4] = 9;
	a = run("atomics", p, p + 32, 3, 8);
	printf("atomics: %llx %llx %llx %llx, %llx %llx %llx\n", a.out[0], a.out[1], a.out[2],
	       a.out[3], word[0], word[1], word[4]);
	give_back(START, PAGES);
}

/* --- several at once
 * ------------------------------------------------------------------------------------------ */

static atomic_int stop, failed;
static atomic_ullong had, dirty;

static void *count(void *arg)
{
	int fd = prog("count");

	for (unsigned k = 0; k < 50; k++) {
		struct args a = {{START}, {0}};

		failed += run_fd(fd, &a) != 0;
		atomic_fetch_add((_Atomic u64 *)word, 1);
	}
	return NULL;
}

static void *locked(void *arg)
{
	_Atomic u64 *lock = (_Atomic u64 *)word;
	volatile u64 *sum = (u64 *)(START + PAGE);
	int fd = prog("locked");

	for (unsigned k = 0; k < 20; k++) {
		struct args a = {{START}, {0}};

		failed += run_fd(fd, &a) != 0;
		for (unsigned i = 0; i < 200; i++) {
			while (atomic_exchange(lock, 1))
				sched_yield();
			sum[0]++;
			sum[1] += sum[0] & 1;
			atomic_store(lock, 0);
		}
	}
	return NULL;
}

static void *churn(void *arg)
{
	int fd = prog("churn");

	while (!stop) {
		struct args a = {{(u64)(size_t)arg << 32 | 1}, {0}};

		failed += run_fd(fd, &a) != 0;
		had += a.out[0];
		dirty += a.out[1] + a.out[2];
	}
	return NULL;
}

static void threads(void *(*f)(void *), u64 *us)
{
	pthread_t t[4];

	for (size_t k = 0; k < 4; k++)
		if (pthread_create(&t[k], NULL, f, (void *)(k + 1)))
			abort();
	if (us) {
		usleep(*us);
		stop = 1;
	}
	for (size_t k = 0; k < 4; k++)
		pthread_join(t[k], NULL);
}

/* Processes that ask for pages and give them back, killed at any time: afterwards all pages can be
 * had. */
static void killed(void)
{
	u64 bad = 0;

	for (unsigned k = 0; k < 40; k++) {
		pid_t child = fork();

		if (!child)
			for (;;)
				churn(NULL);
		usleep(5000 + 1997 * k % 15000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		bad += run("audit", START, 0, 0, 0).out[0];
	}
	/* What the dead had is had still, as they were killed between programs' instructions or
	 * not. */
	run("release", START, PAGES, 0, 0);
	failed += bad != 0;
	printf("after 40 deaths: %llu pages neither free nor had, %llx\n", bad,
	       run("alloc", START, PAGES, 0, 0).out[0]);
	printf("%llx\n", run("alloc", 0, 1, 0, 0).out[0]);
	run("release", START, PAGES, 0, 0);
}

static int together(void)
{
	u64 us = 500000;

	run("alloc", START, 2, 0, 0);
	threads(locked, NULL);
	printf("locked %llu %llu\n", word[512], word[513]);
	failed += word[512] != 32000 || word[513] != 16000;
	word[0] = word[1] = 0;
	threads(count, NULL);
	printf("counted %llu %u\n", word[0], ((unsigned *)word)[2]);
	threads(churn, &us);
	printf("%s pages, %llu of them not as they should be, %d runs failed\n",
	       had > 100 ? "many" : "few", (u64)dirty, (int)failed);
	stop = 0;
	run("release", START, PAGES, 0, 0);
	killed();
	return failed || dirty || word[0] == 1;
}

/* A second process with the pinned arena: at the same place, seeing the same. */
static int second(void)
{
	int fd = bpf_obj_get(PIN);
	u64 *p = fd < 0 ? MAP_FAILED
			: mmap((void *)START, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			       0);

	if (p == MAP_FAILED) {
		printf("second process: no arena: %s\n", strerror(errno));
		return 1;
	}
	printf("second process: %llx\n", p[1]);
	p[2] = 0x2222;
	return 0;
}

static void processes(char *self, char *file)
{
	u64 p = alloc(0, 1, 0);
	int status = 0;
	pid_t child;

	word[1] = 0x1111;
	unlink(PIN);
	printf("pin: %d\n",
	       bpf_obj_pin(bpf_map__fd(bpf_object__find_map_by_name(obj, "arena")), PIN));
	fflush(stdout);
	child = fork();
	if (!child) {
		execl(self, self, file, "second", NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	printf("it ended with %d, and left %llx, for programs %llx\n", status, word[2],
	       peek(p + 16, 8));
	unlink(PIN);
	give_back(p, 1);
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_map *m;

	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (argc > 2 && strcmp(argv[2], "second") == 0)
		return second();
	obj = bpf_object__open_file(argv[1], NULL);
	m = obj ? bpf_object__find_map_by_name(obj, "arena") : NULL;
	if (!m || bpf_map__set_map_extra(m, START) || bpf_object__load(obj)) {
		printf("not loaded: %s\n", strerror(errno));
		return 1;
	}
	if (mmap((void *)START, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(m),
		 0) != (void *)START) {
		printf("no mapping: %s\n", strerror(errno));
		return 1;
	}
	if (argc > 2)
		return together();
	pages();
	contents();
	far_away();
	shared();
	processes(argv[0], argv[1]);
	return 0;
}
