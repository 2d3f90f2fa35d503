/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tracer as anybody would write it with libbpf; it knows nothing of skep.
 *
 *	tracer ring OBJECT BINARY SYMBOL PID	the pair of the example: prints events
 *	tracer usdt OBJECT BINARY NAME PID	prints what the place passes
 *	tracer count OBJECT BINARY SYMBOL PID	counts entries; prints on end
 *	tracer every OBJECT BINARY - -		counts entries and returns at offsets that it reads
 *	tracer self OBJECT - - -		counts calls of its own functions, attached in every way
 *
 * It says "ready" when it is attached, and ends when its input does: detached, and "done".
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct event {
	__u64 time, duration;
	__u32 pid, tid;
	__s32 result;
	__u32 flags;
	char comm[16], name[64];
};

static int on_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;

	if (size != sizeof(*e))
		return -1;
	printf("%u %s(%s, %u) = %d%s\n", e->pid, e->comm, e->name, e->flags, e->result, e->duration < 1000000000 ? "" : " late");
	fflush(stdout);
	return 0;
}

static int on_usdt(void *ctx, void *data, size_t size)
{
	const __s64 *v = data;

	printf("usdt %lld %lld %lld cookie %lld n %lld\n", v[0], v[1], v[2], v[3], v[4]);
	fflush(stdout);
	return 0;
}

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static struct bpf_link *attach(struct bpf_program *p, const char *binary, const char *symbol, int pid, int ret, __u64 cookie)
{
	LIBBPF_OPTS(bpf_uprobe_opts, o, .func_name = symbol, .retprobe = ret != 0, .bpf_cookie = cookie);

	return bpf_program__attach_uprobe_opts(p, pid, binary, 0, &o);
}

/* --- its own functions ------------------------------------------------------------------------------- */

__attribute__((noinline, noclone)) int own_one(int x);
int own_one(int x)
{
	return x * 3 + 1;
}
__attribute__((noinline, noclone)) int own_two(int x);
int own_two(int x)
{
	return x * 5 + 2;
}
static int (*volatile one)(int) = own_one, (*volatile two)(int) = own_two;

/* As kernel headers since 6.6 have it. */
struct multi_attr {
	__u32 prog_fd, target_fd, attach_type, flags;
	__u64 path, offsets, ref_ctrs, cookies;
	__u32 cnt, multi_flags, pid, pad;
};

static __u64 offset_of(const void *f)
{
	unsigned long lo, hi, off;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	__u64 found = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &lo, &hi, &off) == 3 && (unsigned long)f >= lo && (unsigned long)f < hi)
			found = (unsigned long)f - lo + off;
	if (maps)
		fclose(maps);
	return found;
}

static long old_event(int prog, const void *f)
{
	struct perf_event_attr a = {.size = sizeof(a), .config1 = (unsigned long)"/proc/self/exe", .config2 = offset_of(f), .disabled = 1};
	FILE *type = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	long fd;

	a.type = 9;
	if (type) {
		if (fscanf(type, "%u", &a.type) != 1)
			a.type = 9;
		fclose(type);
	}
	fd = syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
	if (fd >= 0 && (ioctl((int)fd, PERF_EVENT_IOC_SET_BPF, prog) || ioctl((int)fd, PERF_EVENT_IOC_ENABLE, 0)))
		return -1;
	return fd;
}

static void counts(int map, const char *what)
{
	__u64 n[2] = {0};

	for (int k = 0; k < 100; k++)
		if (one(k) != k * 3 + 1 || two(k) != k * 5 + 2)
			printf("wrong result\n");
	for (__u32 k = 0; k < 2; k++) {
		__u64 none = 0;

		bpf_map_lookup_elem(map, &k, &n[k]);
		bpf_map_update_elem(map, &k, &none, 0);
	}
	printf("%s: %llu hits, cookie %llu\n", what, n[0], n[1]);
}

static int self(struct bpf_object *o)
{
	__u64 offsets[2] = {offset_of((void *)own_one), offset_of((void *)own_two)}, cookies[2] = {70, 71};
	struct bpf_program *p = bpf_object__next_program(o, NULL);
	struct multi_attr m = {.attach_type = 48, .path = (unsigned long)"/proc/self/exe", .offsets = (unsigned long)offsets,
			       .cookies = (unsigned long)cookies, .cnt = 2};
	int map = bpf_object__find_map_fd_by_name(o, "hits");
	struct bpf_link *link = attach(p, "/proc/self/exe", "own_one", 0, 0, 9);
	long fd;

	if (!link)
		return fail("attach");
	counts(map, "link");
	bpf_link__destroy(link);
	counts(map, "destroyed");
	fd = old_event(bpf_program__fd(p), (void *)own_two);
	if (fd < 0)
		return fail("event");
	counts(map, "event");
	ioctl((int)fd, PERF_EVENT_IOC_DISABLE, 0);
	counts(map, "disabled");
	ioctl((int)fd, PERF_EVENT_IOC_ENABLE, 0);
	counts(map, "enabled");
	close((int)fd);
	counts(map, "closed");
	m.prog_fd = (__u32)bpf_program__fd(p);
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &m, sizeof(m));
	if (fd < 0)
		return fail("multi");
	counts(map, "multi");
	bpf_link_detach((int)fd);
	counts(map, "detached");
	close((int)fd);
	return 0;
}

/* Entries and returns at all places that its input names. */
static int every(struct bpf_object *o, const char *binary)
{
	static __u64 offsets[1 << 16];
	struct bpf_program *p = bpf_object__next_program(o, NULL);
	struct multi_attr m = {.prog_fd = (__u32)bpf_program__fd(p), .attach_type = 48, .path = (unsigned long)binary};
	char line[64];
	__u32 n = 0;

	while (fgets(line, sizeof(line), stdin) && strcmp(line, "go\n") && n < sizeof(offsets) / sizeof(*offsets))
		offsets[n++] = strtoull(line, NULL, 16);
	for (m.multi_flags = 0; m.multi_flags < 2; m.multi_flags++)
		for (__u32 k = 0; k < n; k += m.cnt) {
			m.cnt = n - k < 4096 ? n - k : 4096;
			m.offsets = (unsigned long)(offsets + k);
			if (syscall(SYS_bpf, BPF_LINK_CREATE, &m, sizeof(m)) < 0)
				return fail("multi");
		}
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	counts(bpf_object__find_map_fd_by_name(o, "hits"), "every");
	return 0;
}

static void wait_end(struct ring_buffer *rb)
{
	struct pollfd in = {0, POLLIN, 0};
	char c;

	while (poll(&in, 1, 0) == 0 || read(0, &c, 1) > 0) {
		if (rb)
			ring_buffer__poll(rb, 20);
		else
			usleep(20000);
	}
	if (rb)
		ring_buffer__consume(rb);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, args);
}

int main(int argc, char **argv)
{
	struct bpf_link *link[2] = {NULL, NULL};
	struct ring_buffer *rb = NULL;
	struct bpf_program *p;
	struct bpf_object *o;
	int pid, fd;

	if (argc < 6)
		return 2;
	libbpf_set_print(quiet);
	pid = atoi(argv[5]);
	o = bpf_object__open(argv[2]);
	if (!o || bpf_object__load(o))
		return fail("load");
	if (strcmp(argv[1], "self") == 0 || strcmp(argv[1], "every") == 0) {
		int r = argv[1][0] == 's' ? self(o) : every(o, argv[3]);

		bpf_object__close(o);
		return r;
	}
	p = bpf_object__next_program(o, NULL);
	if (strcmp(argv[1], "usdt") == 0) {
		LIBBPF_OPTS(bpf_usdt_opts, u, .usdt_cookie = 4711);

		link[0] = bpf_program__attach_usdt(p, pid, argv[3], "skeptest", argv[4], &u);
	} else {
		link[0] = attach(p, argv[3], argv[4], pid, 0, 5);
		if (strcmp(argv[1], "ring") == 0 && link[0])
			link[1] = attach(bpf_object__next_program(o, p), argv[3], argv[4], pid, 1, 0);
	}
	if (!link[0] || (strcmp(argv[1], "ring") == 0 && !link[1])) {
		int r = fail("attach");

		bpf_object__close(o);
		return r;
	}
	fd = bpf_object__find_map_fd_by_name(o, "events");
	if (fd >= 0)
		rb = ring_buffer__new(fd, strcmp(argv[1], "usdt") ? on_event : on_usdt, NULL, NULL);
	printf("ready\n");
	fflush(stdout);
	wait_end(rb);
	bpf_link__destroy(link[0]);
	bpf_link__destroy(link[1]);
	fd = bpf_object__find_map_fd_by_name(o, "hits");
	if (fd >= 0) {
		__u64 n[2] = {0};

		for (__u32 k = 0; k < 2; k++)
			bpf_map_lookup_elem(fd, &k, &n[k]);
		printf("%llu hits, cookie %llu\n", n[0], n[1]);
	}
	printf("done\n");
	fflush(stdout);
	ring_buffer__free(rb);
	bpf_object__close(o);
	return 0;
}
