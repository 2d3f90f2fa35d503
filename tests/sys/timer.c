/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the programs of timer.bpf.c and prints what came of it: over the kernel and over skep it
 * must be the same. With a second argument: threads that set, cancel and take out timers for a
 * second, which has to end.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static int run(struct bpf_object *obj, const char *name)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));
	struct bpf_program *p = bpf_object__find_program_by_name(obj, name);
	int err = bpf_prog_test_run_opts(bpf_program__fd(p), &o);

	printf("%s: error %d returns %d\n", name, err, (int)o.retval);
	return err;
}

/* --- several threads ------------------------------------------------------------------------- */

static int prog[3];
static atomic_int stop, failed;

static void *work(void *arg)
{
	unsigned char in[64] = {0};

	for (unsigned k = (unsigned)(size_t)arg; !stop; k++) {
		LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));

		failed += bpf_prog_test_run_opts(prog[k % 3], &o) != 0;
	}
	return NULL;
}

static int threads(struct bpf_object *obj)
{
	static const char *const name[] = {"setup", "elements", "leave"};
	pthread_t t[4];

	for (unsigned k = 0; k < 3; k++)
		prog[k] = bpf_program__fd(bpf_object__find_program_by_name(obj, name[k]));
	for (size_t k = 0; k < 4; k++)
		if (pthread_create(&t[k], NULL, work, (void *)k))
			return 1;
	sleep(1);
	stop = 1;
	for (unsigned k = 0; k < 4; k++)
		pthread_join(t[k], NULL);
	printf("%d runs failed\n", failed);
	return failed != 0;
}

/* What a child gets that sets the parent's timer up; it shares the memory, not the timer. */
static int init_in_child(struct bpf_object *obj, int bss)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));
	int said[16 + 6], status = 0;
	unsigned zero = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(obj, "setup")), &o) != 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status || bpf_map_lookup_elem(bss, &zero, said))
		return -1;
	return said[2];
}

/* Nobody writes the fields of helpers through a mapping. */
static int mapped(int array)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, array, 0);

	return p == MAP_FAILED ? -errno : 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	struct {
		int said[16];
		unsigned long long fired, in_hash, self;
	} seen = {{0}, 0, 0, 0};
	struct {
		unsigned long long count, t[2], key;
	} e;
	unsigned key = 1, zero = 0;
	int bss;

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	obj = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	if (!obj || bpf_object__load(obj)) {
		printf("does not load\n");
		return 1;
	}
	if (argc > 2) {
		int bad = threads(obj);

		bpf_object__close(obj);
		return bad;
	}
	bss = bpf_object__find_map_fd_by_name(obj, ".bss");
	run(obj, "setup");
	run(obj, "elements");
	run(obj, "leave");
	usleep(300000);
	bpf_map_lookup_elem(bss, &zero, &seen);
	for (unsigned k = 0; k < 14; k++)
		printf("%u: %d\n", k, seen.said[k]);
	printf("fired %llu, in the hash table %llu, canceling itself %lld\n", seen.fired,
	       seen.in_hash, (long long)seen.self);
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(obj, "array"), &key, &e);
	printf("element: %llu turns, key %llu, timer as seen %llu %llu\n", e.count, e.key, e.t[0],
	       e.t[1]);
	printf("mapped: %d\n", mapped(bpf_object__find_map_fd_by_name(obj, "array")));
	printf("in a child: init %d\n", init_in_child(obj, bss));
	bpf_object__close(obj);
	return 0;
}
