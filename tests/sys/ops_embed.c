/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application is the kernel: it declares a struct of operations, which programs implement.
 *
 *	ops_embed OBJECT	registers them itself, in all ways; "good" at the end
 *	ops_embed OBJECT threads	calls while links come and go; "good" at the end
 *	ops_embed OBJECT forks	forks while threads call, and calls in the children; "good" at the end
 *	ops_embed OBJECT wait	says what others registered, until nothing is there any more
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <skep.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { F_LINK = 1 << 13 };
static const enum bpf_attach_type attach = (enum bpf_attach_type)44; /* BPF_STRUCT_OPS */

struct router_request {
	uint64_t size;
	uint32_t weight;
	char host[20];
	void *peer;
	uint64_t word;
};
static struct skep_ops *ops;
static int bad;

static void expect(const char *what, long got, long want)
{
	if (got == want)
		return;
	printf("%s: %ld, not %ld\n", what, got, want);
	bad++;
}

/* What the function decides, or the error. */
static long decide(void)
{
	struct router_request r = {.size = 10, .weight = 1, .host = "abc"};
	uint64_t result = 0, args[2] = {(uint64_t)(uintptr_t)&r, 21};
	int err = skep_ops_call(ops, "decide", args, 2, &result);

	return err ? err : (long)(int)result * 1000 + r.weight;
}

static void declarations(struct bpf_object *o)
{
	uint32_t size;
	const void *btf = btf__raw_data(bpf_object__btf(o), &size);

	expect("no handle", skep_ops_get("router", &ops), -ENOENT);
	expect("no such struct", skep_ops_declare(btf, size, "router"), -ENOENT);
	expect("no functions", skep_ops_declare(btf, size, "router_request"), -EINVAL);
	expect("half a description", skep_ops_declare(btf, size / 2, "router_ops"), -EINVAL);
	expect("declared", skep_ops_declare(btf, size, "router_ops"), 0);
	expect("declared again", skep_ops_declare(btf, size, "router_ops"), 0);
	expect("a handle", skep_ops_get("router_ops", &ops), 0);
}

static void values(void)
{
	struct router_request big = {.size = 1001}, small = {.size = 77};
	uint64_t result, limit = 0, args[2] = {(uint64_t)(uintptr_t)&big, 1};
	char name[16] = "";

	expect("too big", skep_ops_call(ops, "decide", args, 2, &result), 0);
	expect("it is refused", (int)result, -1);
	args[0] = (uint64_t)(uintptr_t)&small;
	expect("look", skep_ops_call(ops, "look", args, 1, &result), 0);
	expect("an argument is missing", skep_ops_call(ops, "decide", args, 1, &result), -EINVAL);
	expect("one too many", skep_ops_call(ops, "look", args, 2, &result), -EINVAL);
	expect("it saw", (long)result, 77);
	expect("missing", skep_ops_call(ops, "missing", args, 0, &result), -EOPNOTSUPP);
	expect("no such function", skep_ops_call(ops, "misssing", args, 0, &result), -EINVAL);
	expect("limit", skep_ops_read(ops, "limit", &limit, sizeof(limit)), 8);
	expect("limit is", (long)limit, 12);
	expect("name", skep_ops_read(ops, "name", name, sizeof(name)), 16);
	expect("name is", strcmp(name, "plain"), 0);
	expect("a function is no number", skep_ops_read(ops, "look", name, sizeof(name)), -EINVAL);
}

/* A link whose process is killed; what was there before counts again. */
static void killed(int map)
{
	int link = bpf_link_create(map, 0, attach, NULL), got[2];
	char c = 0;
	pid_t pid;

	expect("a link", link >= 0, 1);
	expect("it is newer", decide(), -7 * 1000 + 1);
	close(link);
	expect("it is closed", decide(), 43 * 1000 + 6);
	if (pipe(got))
		return;
	pid = fork();
	if (pid == 0) {
		link = bpf_link_create(map, 0, attach, NULL);
		if (write(got[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	expect("a child registers", read(got[0], &c, 1), 1);
	expect("it decides", decide(), -7 * 1000 + 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	usleep(700000);
	expect("it is dead", decide(), 43 * 1000 + 6);
}

/* A map for links; libbpf calls it attached. */
static int set_value(struct bpf_map *m)
{
	struct bpf_link *l = bpf_map__attach_struct_ops(m);

	if (!l)
		return -errno;
	bpf_link__disconnect(l);
	return bpf_link__destroy(l);
}

static int all_ways(struct bpf_object *o)
{
	struct bpf_map *plain = bpf_object__find_map_by_name(o, "plain"),
		       *strict = bpf_object__find_map_by_name(o, "strict");
	uint64_t calls = 0;
	uint32_t zero = 0;
	struct bpf_link *l;
	int link;

	declarations(o);
	expect("nothing is registered", decide(), -ENOENT);
	bpf_map__set_map_flags(strict, F_LINK);
	if (bpf_object__load(o))
		return 1;
	expect("it is only loaded", decide(), -ENOENT);
	l = bpf_map__attach_struct_ops(plain);
	expect("registered", l != NULL, 1);
	expect("it decides", decide(), 43 * 1000 + 6);
	values();
	expect("a link without a value", bpf_link_create(bpf_map__fd(strict), 0, attach, NULL),
	       -EINVAL);
	expect("a value", set_value(strict), 0);
	expect("which is not registered", decide(), 43 * 1000 + 6);
	killed(bpf_map__fd(strict));
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(o, ".bss"), &zero, &calls);
	expect("how often it was called", (long)calls, 5);
	link = bpf_link_create(bpf_map__fd(strict), 0, attach, NULL);
	expect("a link that is pinned", bpf_obj_pin(link, "/sys/fs/bpf/strict"), 0);
	close(link);
	bpf_link__destroy(l);
	expect("it stays", decide(), -7 * 1000 + 1);
	skep_ops_put(ops);
	printf(bad ? "%d are bad\n" : "good\n", bad);
	return bad != 0;
}

/* --- several threads -------------------------------------------------------------------------- */

static atomic_int stop, wrong;
static atomic_long seen[2];

static void *call(void *arg)
{
	while (!stop) {
		long r = decide();

		if (r == 43 * 1000 + 6)
			seen[0]++;
		else if (r == -7 * 1000 + 1)
			seen[1]++;
		else
			wrong++;
	}
	return NULL;
}

static int threads(struct bpf_object *o)
{
	struct bpf_map *plain = bpf_object__find_map_by_name(o, "plain"),
		       *strict = bpf_object__find_map_by_name(o, "strict");
	struct bpf_link *l;
	pthread_t t[4];

	declarations(o);
	bpf_map__set_map_flags(strict, F_LINK);
	if (bpf_object__load(o))
		return 1;
	l = bpf_map__attach_struct_ops(plain);
	expect("registered", l ? set_value(strict) : -1, 0);
	for (int k = 0; k < 4; k++)
		if (pthread_create(&t[k], NULL, call, NULL))
			return 1;
	for (int k = 0; k < 200; k++) {
		int link = bpf_link_create(bpf_map__fd(strict), 0, attach, NULL);

		usleep(1000);
		if (k % 2)
			bpf_link_detach(link);
		close(link);
		usleep(1000);
	}
	stop = 1;
	for (int k = 0; k < 4; k++)
		pthread_join(t[k], NULL);
	expect("wrong results", wrong, 0);
	expect("both were called", seen[0] && seen[1], 1);
	bpf_link__destroy(l);
	skep_ops_put(ops);
	printf(bad ? "%d are bad\n" : "good\n", bad);
	return bad != 0;
}

/* What a child that cannot go on is ended by. */
enum { CHILDREN = 200, CHILD_SECONDS = 5 };

/* In another thread than that which declared. */
static void *make_children(void *arg)
{
	int status = 0;

	for (int k = 0; k < CHILDREN && !bad; k++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(CHILD_SECONDS);
			_exit(decide() != 43 * 1000 + 6);
		}
		expect("a child", pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1, 0);
	}
	return NULL;
}

static int forks(struct bpf_object *o)
{
	struct bpf_link *l;
	pthread_t t[5];

	declarations(o);
	if (bpf_object__load(o))
		return 1;
	l = bpf_map__attach_struct_ops(bpf_object__find_map_by_name(o, "plain"));
	alarm(40); /* a fork that waits for ever */
	for (int k = 0; k < 5; k++)
		if (pthread_create(&t[k], NULL, k < 4 ? call : make_children, NULL))
			return 1;
	pthread_join(t[4], NULL);
	stop = 1;
	for (int k = 0; k < 4; k++)
		pthread_join(t[k], NULL);
	expect("wrong results", wrong, 0);
	bpf_link__destroy(l);
	skep_ops_put(ops);
	printf(bad ? "%d are bad\n" : "good\n", bad);
	return bad != 0;
}

static int wait_for_others(struct bpf_object *o)
{
	long now, before = -1;

	declarations(o);
	printf("declared\n");
	for (int k = 0; k < 3000; k++, usleep(10000)) {
		now = decide();
		if (now == before)
			continue;
		printf("%ld\n", now);
		if (now == -ENOENT && before != -1)
			return bad != 0;
		before = now;
	}
	return 1;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

int main(int argc, char **argv)
{
	struct bpf_object *o;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	o = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	if (!o)
		return 1;
	status = argc < 3			 ? all_ways(o)
		 : strcmp(argv[2], "wait") == 0	 ? wait_for_others(o)
		 : strcmp(argv[2], "forks") == 0 ? forks(o)
						 : threads(o);
	bpf_object__close(o);
	return status;
}
