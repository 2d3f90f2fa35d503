/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf's user ring buffer with the programs of user_ring.bpf.c; prints what they saw. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

struct result {
	unsigned long long sum, calls, shorts;
	long ret;
	unsigned long long flags;
};
static struct bpf_object *obj;

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static void run(const char *name)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));

	if (bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(obj, name)),
				   &o))
		printf("%s does not run\n", name);
}

static struct result *result; /* the program's variable */

static void clear(void)
{
	memset(result, 0, offsetof(struct result, flags));
}

static void drain(const char *what, const char *name)
{
	const struct result *r = result;

	clear();
	run(name);
	printf("%s: returns %ld, %llu calls, %llu short, sum %lld\n", what, r->ret, r->calls,
	       r->shorts, (long long)r->sum);
}

static void put(struct user_ring_buffer *rb, unsigned size, unsigned long long v, int discard)
{
	void *record = user_ring_buffer__reserve(rb, size);

	if (!record) {
		printf("reserve of %u: %s\n", size, strerror(errno));
		return;
	}
	memcpy(record, &v, size < sizeof(v) ? size : sizeof(v));
	if (discard)
		user_ring_buffer__discard(rb, record);
	else
		user_ring_buffer__submit(rb, record);
}

static void records(struct user_ring_buffer *rb)
{
	void *first;
	int n = 0;

	drain("empty", "drain");
	for (unsigned k = 1; k <= 5; k++)
		put(rb, 8 * k, k, k == 3);
	put(rb, 4, 7, 0);
	drain("five, one discarded, and a short one", "drain");
	for (unsigned k = 0; k < 3; k++)
		put(rb, 8, k == 1 ? 999 : 1, 0);
	drain("stops", "drain");
	drain("goes on", "drain");
	first = user_ring_buffer__reserve(rb, 16);
	put(rb, 8, 5, 0);
	drain("the first is not finished", "drain");
	memset(first, 0, 16);
	user_ring_buffer__submit(rb, first);
	drain("it is", "drain");
	put(rb, 8192, 1, 0);
	while ((first = user_ring_buffer__reserve(rb, 24))) {
		memset(first, 1, 24);
		user_ring_buffer__submit(rb, first);
		n++;
	}
	printf("%d records fit: %s\n", n, strerror(errno));
	drain("all", "drain");
	/* Past the end and round: records stay in one piece. */
	for (int k = 0; k < 500; k++) {
		put(rb, 40, (unsigned long long)k, 0);
		clear();
		run("drain");
		if (result->sum != (unsigned long long)k)
			printf("turn %d: another record\n", k);
	}
	put(rb, 8, 1, 0);
	drain("inside of itself", "drain_inside");
	result->flags = 8;
	drain("wrong flags", "drain");
	result->flags = BPF_RB_NO_WAKEUP;
	drain("no wake-up", "drain");
	result->flags = 0;
}

static void *later(void *arg)
{
	usleep(100000);
	run("drain");
	return NULL;
}

static void waiting(struct user_ring_buffer *rb)
{
	pthread_t t;
	void *r;

	while ((r = user_ring_buffer__reserve(rb, 1000)))
		user_ring_buffer__submit(rb, r);
	r = user_ring_buffer__reserve_blocking(rb, 1000, 50);
	printf("nobody drains: %s\n", r ? "a record" : strerror(errno));
	pthread_create(&t, NULL, later, NULL);
	r = user_ring_buffer__reserve_blocking(rb, 1000, 5000);
	printf("somebody drains: %s\n", r ? "a record" : strerror(errno));
	pthread_join(t, NULL);
	if (r)
		user_ring_buffer__discard(rb, r);
	drain("the rest", "drain");
}

/* A writer that does not keep to the rules. */
static void hostile(int fd)
{
	volatile unsigned long long *cons = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	volatile unsigned long long *prod =
		mmap(NULL, 4096 + 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	static const unsigned lens[] = {8,
					4088,
					4089,
					5000,
					0x3fffffff,
					BPF_RINGBUF_BUSY_BIT | 8,
					BPF_RINGBUF_DISCARD_BIT | 8,
					BPF_RINGBUF_DISCARD_BIT | 0x3fffffff};
	unsigned long long at;

	printf("consumer's page to write: %s\n",
	       mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED
		       ? strerror(errno)
		       : "yes");
	if (prod == MAP_FAILED || cons == MAP_FAILED) {
		printf("mmap: %s\n", strerror(errno));
		return;
	}
	at = *cons;
	for (unsigned k = 0; k < sizeof(lens) / sizeof(*lens); k++)
		for (unsigned long long far = 8; far <= 1ull << 40; far *= 4) {
			volatile unsigned *h =
				(volatile unsigned *)(prod + 512 + (*cons & 4095) / 8);
			char what[64];

			*prod = *cons + far;
			h[0] = lens[k];
			h[2] = 1;
			h[3] = 0;
			snprintf(what, sizeof(what), "length %#x of %llu", lens[k], far);
			if (far > 4096 && lens[k] != 8 && lens[k] < 5000)
				continue; /* what lies behind it is drained, too */
			if (far <= 16 || (lens[k] & 0x3fffffff) >= 4089)
				drain(what, "drain");
			*prod = *cons;
		}
	*prod = *cons + 4;
	drain("a crooked position", "drain");
	*prod = *cons;
	printf("moved by %llu\n", *cons - at);
}

/* A ring in two sets: what becomes of one is nothing to the other. */
static void sets(int fd)
{
	struct epoll_event e = {.events = EPOLLOUT, .data.u64 = 7}, got;
	int set[2] = {epoll_create1(0), epoll_create1(0)};

	for (int k = 0; k < 2; k++)
		printf("into set %d: %d\n", k, epoll_ctl(set[k], EPOLL_CTL_ADD, fd, &e));
	printf("once more: %d\n", epoll_ctl(set[1], EPOLL_CTL_ADD, fd, &e) ? errno : 0);
	printf("room: %d %d\n", epoll_wait(set[0], &got, 1, 0), epoll_wait(set[1], &got, 1, 0));
	printf("out of set 0: %d\n", epoll_ctl(set[0], EPOLL_CTL_DEL, fd, NULL));
	got.data.u64 = 0;
	printf("room: %d", epoll_wait(set[0], &got, 1, 0));
	printf(" %d,", epoll_wait(set[1], &got, 1, 0));
	printf(" for %d\n", (int)got.data.u64);
	close(set[0]);
	close(set[1]);
}

int main(int argc, char **argv)
{
	struct user_ring_buffer *rb;
	int fd;

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	obj = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	if (!obj || bpf_object__load(obj))
		return 1;
	fd = bpf_map__fd(bpf_object__find_map_by_name(obj, "ring"));
	result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(bpf_object__find_map_by_name(obj, ".bss")), 0);
	if (result == MAP_FAILED)
		return 1;
	rb = user_ring_buffer__new(fd, NULL);
	printf("user_ring_buffer__new: %s\n", rb ? "yes" : strerror(errno));
	if (!rb)
		return 1;
	records(rb);
	waiting(rb);
	user_ring_buffer__free(rb);
	sets(fd);
	hostile(fd);
	bpf_object__close(obj);
	return 0;
}
