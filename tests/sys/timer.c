/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the programs of timer.bpf.c and prints what came of it: over the kernel and over skep it
 * must be the same.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
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
	bpf_object__close(obj);
	return 0;
}
