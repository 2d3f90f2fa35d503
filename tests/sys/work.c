/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the programs of work.bpf.c and prints what came of it: over the kernel and over skep it must
 * be the same. With a second argument: threads that queue work and take its elements away for a
 * second.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct seen {
	int said[16];
	unsigned long long fired, in_hash, by_timer;
	int slept;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static int run(int prog, int *result)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));
	int err = bpf_prog_test_run_opts(prog, &o);

	*result = (int)o.retval;
	return err;
}

static int find(struct bpf_object *o, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(o, name));
}

static void show(struct bpf_object *o, const char *name)
{
	int result, err = run(find(o, name), &result);

	printf("%s: error %d returns %d\n", name, err, result);
}

static struct seen look(struct bpf_object *o)
{
	struct seen s = {{0}, 0, 0, 0, 0};
	unsigned zero = 0;

	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(o, ".bss"), &zero, &s);
	return s;
}

/* Work runs some time later: at most ten seconds. */
static struct seen wait_for(struct bpf_object *o, unsigned long long fired,
			    unsigned long long in_hash, unsigned long long by_timer)
{
	struct seen s = look(o);

	for (int k = 0;
	     k < 1000 && (s.fired < fired || s.in_hash < in_hash || s.by_timer < by_timer); k++) {
		usleep(10000);
		s = look(o);
	}
	usleep(50000); /* what should not run had the time to */
	return look(o);
}

/* --- several threads ------------------------------------------------------------------------- */

static int prog[2];
static atomic_int stop, failed;

static void *work(void *arg)
{
	int result;

	for (unsigned k = (unsigned)(size_t)arg; !stop; k++)
		failed += run(prog[k % 2], &result) != 0;
	return NULL;
}

static int threads(struct bpf_object *o)
{
	pthread_t t[4];

	prog[0] = find(o, "elements");
	prog[1] = find(o, "leave");
	for (size_t k = 0; k < 4; k++)
		if (pthread_create(&t[k], NULL, work, (void *)k))
			return 1;
	sleep(1);
	stop = 1;
	for (unsigned k = 0; k < 4; k++)
		pthread_join(t[k], NULL);
	printf("%d runs failed, work ran: %d\n", failed, look(o).in_hash != 0);
	return failed || !look(o).in_hash;
}

int main(int argc, char **argv)
{
	struct {
		unsigned long long count, wq[2], key;
	} e = {0};
	struct bpf_object *o;
	unsigned one = 1;
	struct seen s;

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	o = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	if (!o || bpf_object__load(o)) {
		printf("does not load\n");
		return 1;
	}
	if (argc > 2) {
		int bad = threads(o);

		bpf_object__close(o);
		return bad;
	}
	show(o, "setup");
	show(o, "elements");
	show(o, "both");
	s = wait_for(o, 10, 101, 1);
	show(o, "leave");
	for (unsigned k = 0; k < 10; k++)
		printf("%u: %d\n", k, s.said[k]);
	printf("fired %llu, slept %d, in the hash table %llu, by a timer %llu\n", s.fired, s.slept,
	       s.in_hash, s.by_timer);
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(o, "array"), &one, &e);
	printf("element: %llu turns, key %llu, queue as seen %llu %llu\n", e.count, e.key, e.wq[0],
	       e.wq[1]);
	bpf_object__close(o);
	return 0;
}
