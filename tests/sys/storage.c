/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the programs of storage.bpf.c in several threads, and looks at the elements by pidfds. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bpf_object *obj;

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static int run(const char *name, int repeat)
{
	unsigned char in[64] = {[12] = 8};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in), .repeat = repeat);
	struct bpf_program *p = bpf_object__find_program_by_name(obj, name);
	int err = bpf_prog_test_run_opts(bpf_program__fd(p), &o);

	return err ? err : (int)o.retval;
}

static void show(const char *name, int repeat)
{
	printf("%s: %d\n", name, run(name, repeat));
}

static void *thread(void *arg)
{
	int *r = arg;

	r[0] = run("look", 1);
	r[1] = run("count", 3);
	r[2] = run("look", 1);
	return NULL;
}

static int pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* A process that ends when its pipe is closed, after it ran a program so many times. */
static pid_t child(int times, int *gate)
{
	int up[2], down[2];
	char c = 0;
	pid_t pid;

	if (pipe(up) || pipe(down))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(down[1]);
		for (int k = 0; k < times; k++)
			c = (char)run("count", 1);
		_exit(write(up[1], &c, 1) != 1 || read(down[0], &c, 1));
	}
	close(down[0]);
	close(up[1]);
	if (read(up[0], &c, 1) != 1)
		printf("the child is silent\n");
	*gate = down[1];
	return pid;
}

static void by_pidfd(int map)
{
	unsigned long long v[2] = {7, 8};
	int own = pidfd(getpid()), gate = -1, other, err;
	pid_t pid;

	printf("lookup: %d", bpf_map_lookup_elem(map, &own, v));
	printf(" %llu %llu\n", v[0], v[1]);
	v[0] = 100;
	printf("update: %d\n", bpf_map_update_elem(map, &own, v, BPF_EXIST));
	printf("the program sees %d\n", run("look", 1));
	printf("again as a new one: %d\n", bpf_map_update_elem(map, &own, v, BPF_NOEXIST));
	printf("delete: %d\n", bpf_map_delete_elem(map, &own));
	printf("delete: %d\n", bpf_map_delete_elem(map, &own));
	printf("lookup: %d\n", bpf_map_lookup_elem(map, &own, v));
	printf("the program sees %d\n", run("look", 1));
	printf("next key: %d\n", bpf_map_get_next_key(map, NULL, &own));
	pid = child(5, &gate);
	other = pidfd(pid);
	err = bpf_map_lookup_elem(map, &other, v);
	printf("of the child: %d %llu\n", err, err ? 0 : v[0]);
	close(gate);
	waitpid(pid, NULL, 0);
	printf("it ended: %d\n", bpf_map_lookup_elem(map, &other, v));
	close(own);
	close(other);
}

int main(int argc, char **argv)
{
	int got[2][3], map;
	long long *result;
	pthread_t t[2];

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	obj = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	if (!obj || bpf_object__load(obj))
		return 1;
	map = bpf_map__fd(bpf_object__find_map_by_name(obj, "tasks"));
	result = mmap(NULL, 4096, PROT_READ, MAP_SHARED, bpf_map__fd(bpf_object__find_map_by_name(obj, ".bss")), 0);
	if (result == MAP_FAILED)
		return 1;
	show("look", 1);
	show("leave", 1);
	show("count", 10);
	show("count", 1);
	for (int k = 0; k < 2; k++)
		pthread_create(&t[k], NULL, thread, got[k]);
	for (int k = 0; k < 2; k++)
		pthread_join(t[k], NULL);
	for (int k = 0; k < 2; k++)
		printf("a thread: %d %d %d\n", got[k][0], got[k][1], got[k][2]);
	show("count", 1);
	by_pidfd(map);
	show("start_at", 1);
	for (int k = 0; k < 5; k++)
		printf("%lld ", result[k]);
	printf("\n");
	show("leave", 1);
	show("leave", 1);
	for (int k = 0; k < 2; k++) {
		int passes = run("in_cgroup", 3 + k);

		printf("in a cgroup: passes %d, %lld runs\n", passes, result[5]);
	}
	bpf_object__close(obj);
	return 0;
}
