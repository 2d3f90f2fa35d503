/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose objects are in a map: only that process runs programs with it; when it was killed the next
 * one begins with an empty map. Uses program `lists` of objects.bpf.c, which leaves an object.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char pin[] = "/sys/fs/bpf/lists", out_pin[] = "/sys/fs/bpf/out";

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

/* What the program found in the list at first, or -1000 when it may not run. */
static long long run(void)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));
	int prog = bpf_obj_get(pin), map = bpf_obj_get(out_pin), key = 0, err;
	long long out[80];

	err = prog < 0 || map < 0 ? -1 : bpf_prog_test_run_opts(prog, &o);
	if (!err)
		err = bpf_map_lookup_elem(map, &key, out);
	close(prog);
	close(map);
	return err ? -1000 : out[0];
}

static long long run_in_child(void)
{
	int to[2];
	long long r = 0;
	pid_t pid;

	if (pipe(to) || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		r = run();
		_exit(write(to[1], &r, sizeof(r)) != sizeof(r));
	}
	if (read(to[0], &r, sizeof(r)) != sizeof(r))
		r = -1;
	waitpid(pid, NULL, 0);
	return r;
}

/* Loads, runs, and waits to be killed. */
static void own(const char *path, int to)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_program *p;
	long long r[3] = {0};

	if (!obj)
		_exit(1);
	bpf_object__for_each_program(p, obj)
		bpf_program__set_autoload(p, bpf_program__name(p)[0] == 'l');
	if (bpf_object__load(obj) || bpf_program__pin(bpf_object__find_program_by_name(obj, "lists"), pin) ||
	    bpf_map__pin(bpf_object__find_map_by_name(obj, ".bss"), out_pin))
		_exit(1);
	r[0] = run();
	r[1] = run();
	r[2] = run_in_child();
	if (write(to, r, sizeof(r)) == sizeof(r))
		pause();
	_exit(1);
}

int main(int argc, char **argv)
{
	long long r[3] = {0};
	int to[2];
	pid_t pid;

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (argc < 2 || pipe(to) || (pid = fork()) < 0)
		return 1;
	if (pid == 0)
		own(argv[1], to[1]);
	close(to[1]);
	if (read(to[0], r, sizeof(r)) != sizeof(r))
		return 1;
	printf("owner %lld %lld its child %lld", r[0], r[1], r[2]);
	printf(" another %lld", run());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf(" afterwards %lld", run());
	printf(" %lld\n", run());
	return 0;
}
