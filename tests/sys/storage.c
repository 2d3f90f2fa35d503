/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the programs of storage.bpf.c in several threads, and looks at elements by descriptors of their owners. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
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

/* An element, by two descriptors of its owner; the second owner has none. */
static void by_fd(const char *name, int fd, int again, int other)
{
	int map = bpf_map__fd(bpf_object__find_map_by_name(obj, name)), none = -1;
	unsigned long long v[2] = {3, 4}, got[2] = {0};

	printf("%s: %d", name, bpf_map_lookup_elem(map, &fd, got));
	printf(" %d", bpf_map_update_elem(map, &fd, v, BPF_EXIST));
	printf(" %d", bpf_map_update_elem(map, &fd, v, BPF_NOEXIST));
	printf(" %d", bpf_map_lookup_elem(map, &again, got));
	printf(" %llu %llu", got[0], got[1]);
	printf(" %d", bpf_map_lookup_elem(map, &other, got));
	printf(" %d", bpf_map_lookup_elem(map, &none, got));
	close(fd);
	printf(" %d", bpf_map_lookup_elem(map, &again, got));
	printf(" %d", bpf_map_lookup_elem(map, &fd, got));
	printf(" %d", bpf_map_delete_elem(map, &again));
	printf(" %d\n", bpf_map_delete_elem(map, &again));
	close(again);
	close(other);
}

static int new_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	unlink(path);
	return fd;
}

/* What comes after an owner in its place has nothing of it. */
static void successors(const char *dir)
{
	int map = bpf_map__fd(bpf_object__find_map_by_name(obj, "files")), found = 0;
	unsigned long long v[2] = {1, 2};
	char path[64];

	snprintf(path, sizeof(path), "%s/skep-storage-%d", dir, getpid());
	for (int k = 0; k < 50; k++) {
		int fd = new_file(path);

		found += bpf_map_lookup_elem(map, &fd, v) == 0;
		bpf_map_update_elem(map, &fd, v, BPF_NOEXIST);
		close(fd);
	}
	printf("elements of files that were deleted in %s: %d\n", dir, found);
}

static int open_groups(char *path, size_t size)
{
	static const char *const where[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;

	for (int k = 0; k < 2; k++)
		if (statfs(where[k], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
			snprintf(path, size, "%s/skep-storage-%d", where[k], getpid());
			return open(where[k], O_RDONLY);
		}
	return -1;
}

/* Root, a child without tasks, nothing. */
static void cgroups(long long *result)
{
	int map = bpf_map__fd(bpf_object__find_map_by_name(obj, "places")), root, child;
	struct bpf_program *p = bpf_object__find_program_by_name(obj, "tasks_place");
	LIBBPF_OPTS(bpf_test_run_opts, o);
	unsigned k = 0;
	char path[96];

	root = open_groups(path, sizeof(path));
	if (root < 0 || mkdir(path, 0700)) {
		printf("no cgroups can be made\n");
		return;
	}
	child = open(path, O_RDONLY);
	printf("places: %d", bpf_map_update_elem(map, &k, &root, 0));
	k++;
	printf(" %d", bpf_map_update_elem(map, &k, &child, 0));
	printf(" %d\n", bpf_map_lookup_elem(map, &k, &root) < 0);
	run("packets_place", 1);
	bpf_prog_test_run_opts(bpf_program__fd(p), &o);
	for (k = 0; k < 8; k++)
		printf("%lld ", result[k]);
	printf("\n");
	by_fd("groups", dup(child), dup(child), dup(root));
	rmdir(path);
	k = 1;
	printf("a removed cgroup: %d\n", bpf_map_update_elem(map, &k, &child, 0));
	close(root);
	close(child);
}

static void by_owners(long long *result)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), f = open("/proc/self/exe", O_RDONLY);

	by_fd("sockets", s, dup(s), socket(AF_UNIX, SOCK_STREAM, 0));
	by_fd("files", f, open("/proc/self/exe", O_RDONLY), open("/dev/null", O_RDONLY));
	successors("/tmp");
	successors("/dev/shm");
	show("of_socket", 1);
	cgroups(result);
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
	by_owners(result);
	bpf_object__close(obj);
	return 0;
}
