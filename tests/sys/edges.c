/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens behind the back of the process: a link whose owner is killed; a descriptor that the
 * program closes although it is not its own, and uses for something else; a buffer that comes into
 * an array before it is mapped; a file that somebody removes; a map that would take all memory; no
 * descriptor that is left, which is no reason to refuse when there are some again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "sys/sys.h"
#include "sys/sys_impl.h"

static char store[] = "/dev/shm/skep-edges-XXXXXX";
static u32 failed;
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);                          \
			failed++;                                                                  \
		}                                                                                  \
	} while (0)

static int load(u32 type, const struct bpf_insn *insns, u32 n)
{
	union bpf_attr a = {.prog_type = type};

	a.insns = (u64)(uintptr_t)insns;
	a.insn_cnt = n;
	a.license = (u64)(uintptr_t) "GPL";
	return skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static int new_map(u32 type, u32 key, u32 value, u32 entries)
{
	union bpf_attr a = {0};

	a.map_type = type;
	a.key_size = key;
	a.value_size = value;
	a.max_entries = entries;
	return skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static int run(int prog)
{
	u8 in[64] = {0};
	union bpf_attr a = {0};

	a.test.prog_fd = (u32)prog;
	a.test.data_in = (u64)(uintptr_t)in;
	a.test.data_size_in = sizeof(in);
	return skep_sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)) ? -1 : (int)a.test.retval;
}

/* --- a link of a process that is killed
 * ------------------------------------------------------------ */

static void attach_and_wait(int to)
{
	static const struct bpf_insn insns[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
						{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
	union bpf_attr a = {0};
	int link;

	a.raw_tracepoint.prog_fd = (u32)load(BPF_PROG_TYPE_RAW_TRACEPOINT, insns, 2);
	a.raw_tracepoint.name = (u64)(uintptr_t) "an_event";
	link = skep_sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
	if (write(to, &link, sizeof(link)) != sizeof(link))
		_exit(1);
	for (;;)
		pause();
}

static void killed_link(void)
{
	int to[2], link = -1, ran = 1;
	pid_t pid;

	CHECK(skep_sys_raise("an_event", NULL, 0) == 0);
	if (pipe(to) || (pid = fork()) < 0)
		exit(1);
	if (pid == 0)
		attach_and_wait(to[1]);
	CHECK(read(to[0], &link, sizeof(link)) == sizeof(link) && link >= 0);
	CHECK(skep_sys_raise("an_event", NULL, 0) == 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (u32 k = 0; k < 30 && ran; k++) {
		usleep(100000);
		ran = skep_sys_raise("an_event", NULL, 0);
	}
	printf("a link of a killed process: %d programs run\n", ran);
	CHECK(ran == 0);
	close(to[0]);
	close(to[1]);
}

/* --- a descriptor that another one takes the place of
 * ----------------------------------------------- */

static int find_wake(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int found = -1;

	while (d && found < 0 && (e = readdir(d))) {
		char path[64], to[256];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%.16s", e->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = 0;
		if (strstr(to, ".wake"))
			found = atoi(e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

static void foreign_descriptor(void)
{
	int map = new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096), prog, wake, file, other[2];
	struct bpf_insn insns[] = {
		{BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 5},
		{BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map},
		{0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8},
		{BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 8},
		{BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, BPF_RB_FORCE_WAKEUP},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_output},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	char name[64];
	struct stat st;

	prog = load(BPF_PROG_TYPE_XDP, insns, SKEP_ARRAY_SIZE(insns));
	CHECK(run(prog) == 2);
	wake = find_wake();
	CHECK(wake >= 0);
	snprintf(name, sizeof(name), "%s/mine", store);
	file = open(name, O_RDWR | O_CREAT, 0600);
	CHECK(dup2(file, wake) == wake);
	CHECK(run(prog) == 2);
	CHECK(fstat(wake, &st) == 0 && st.st_size == 0);
	/* Nor a pipe of the program's, which looks much the same. */
	CHECK(find_wake() >= 0 && pipe2(other, O_NONBLOCK) == 0);
	wake = find_wake();
	CHECK(dup2(other[1], wake) == wake);
	CHECK(run(prog) == 2);
	CHECK(read(other[0], name, 1) < 0);
	CHECK(find_wake() >= 0);
	printf("a number of a descriptor that became the program's: file of %lld bytes\n",
	       (long long)st.st_size);
	close(prog);
	close(map);
}

/* --- a buffer without a size
 * ------------------------------------------------------------------------ */

static void late_buffer(void)
{
	int map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4), prog, fd;
	struct bpf_insn insns[] = {
		{BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 5},
		{BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, map},
		{0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 4, 10, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -8},
		{BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 8},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_perf_event_output},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .config = PERF_COUNT_SW_BPF_OUTPUT,
				       .size = sizeof(attr)};
	struct perf_event_mmap_page *page;
	union bpf_attr a = {0};
	void *at = NULL;
	u32 key = 0;

	prog = load(BPF_PROG_TYPE_XDP, insns, SKEP_ARRAY_SIZE(insns));
	fd = skep_sys_perf_event_open(&attr, -1, 0, -1, 0);
	a.map_fd = (u32)map;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)&fd;
	CHECK(prog >= 0 && fd >= 0 && skep_sys_bpf(BPF_MAP_UPDATE_ELEM, &a, sizeof(a)) == 0);
	CHECK(run(prog) == -2 || (u32)run(prog) == (u32)-2);
	CHECK(skep_sys_mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &at) &&
	      at != MAP_FAILED);
	page = at;
	CHECK(run(prog) == 0);
	printf("a buffer that was mapped late: %llu bytes are in it\n",
	       (unsigned long long)page->data_head);
	CHECK(page->data_head > 0 && skep_sys_ring_ready(fd));
	close(prog);
	close(map);
	close(fd);
}

/* --- a file that somebody removes
 * ---------------------------------------------------------------------- */

static void removed(void)
{
	int map = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	u64 value = 9, seen = 0;
	union bpf_attr a = {0};
	char cmd[96];
	u32 key = 0;

	a.map_fd = (u32)map;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)&value;
	CHECK(skep_sys_bpf(BPF_MAP_UPDATE_ELEM, &a, sizeof(a)) == 0);
	snprintf(cmd, sizeof(cmd), "rm -f %s/bpf-map/*", store);
	CHECK(system(cmd) == 0);
	for (u32 k = 0; k < 300; k++)
		close(new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1));
	a.value = (u64)(uintptr_t)&seen;
	CHECK(skep_sys_bpf(BPF_MAP_LOOKUP_ELEM, &a, sizeof(a)) == 0 && seen == 9);
	printf("a map whose file is gone: %llu\n", (unsigned long long)seen);
	close(map);
}

/* --- a map that would take what others need
 * ------------------------------------------------------------ */

static u64 meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	u64 kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtoull(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

/* It would leave a sixteenth of the memory. */
static void greedy(void)
{
	u64 total = meminfo("MemTotal:"), left = meminfo("MemAvailable:");
	int fd;

	if (left < total / 2) {
		puts("SKIP a map that takes all of the memory: most of it is in use");
		return;
	}
	fd = new_map(BPF_MAP_TYPE_ARRAY, 4, 1 << 20, (u32)((left - total / 16) >> 10));
	CHECK(fd == -ENOMEM);
	if (fd >= 0)
		close(fd);
}

/* --- who has no descriptor left to look with throws nothing away
 * ------------------------------------ */

static u32 id_of(int map)
{
	struct bpf_map_info i = {0};
	union bpf_attr a = {0};

	a.info.bpf_fd = (u32)map;
	a.info.info_len = sizeof(i);
	a.info.info = (u64)(uintptr_t)&i;
	return skep_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) ? 0 : i.id;
}

static bool is_there(u32 id)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/bpf-map/%u", store, id);
	return access(path, F_OK) == 0;
}

static void no_descriptors(void)
{
	int inner = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4), outer, lowest;
	u32 id[2], key = 0, value = (u32)inner;
	struct rlimit had, few;
	union bpf_attr a = {0};

	a.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS;
	a.key_size = a.value_size = 4;
	a.max_entries = 1;
	a.inner_map_fd = value;
	outer = skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	memset(&a, 0, sizeof(a));
	a.map_fd = (u32)outer;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)&value;
	CHECK(skep_sys_bpf(BPF_MAP_UPDATE_ELEM, &a, sizeof(a)) == 0);
	id[0] = id_of(inner);
	id[1] = id_of(outer);
	close(inner);
	lowest = dup(0);
	close(lowest);
	CHECK(id[0] && id[1] && lowest > 0 && getrlimit(RLIMIT_NOFILE, &had) == 0);
	few = had;
	for (u32 left = 0; left < 6; left++) {
		few.rlim_cur = (rlim_t)lowest + left;
		CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
		sys_store_collect();
		CHECK(setrlimit(RLIMIT_NOFILE, &had) == 0);
		CHECK(is_there(id[0]) && is_there(id[1]));
	}
	close(outer);
	sys_store_collect();
	printf("with few descriptors objects stay, then they go: %d %d\n", is_there(id[0]), is_there(id[1]));
	CHECK(!is_there(id[0]) && !is_there(id[1]));
}

/* --- what was missing may be there the next time
 * ------------------------------------------------------------ */

enum { FEW = 12 };

/* Do it with ever more descriptors left, then with all; how often was it done in vain before? */
static u32 with_few(bool (*done)(int), int arg)
{
	int lowest = dup(0);
	struct rlimit had, few;
	u32 vain = 0;

	close(lowest);
	CHECK(lowest > 0 && getrlimit(RLIMIT_NOFILE, &had) == 0);
	few = had;
	for (u32 left = 0; left < FEW; left++) {
		few.rlim_cur = (rlim_t)lowest + left;
		CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
		vain += !done(arg);
		CHECK(setrlimit(RLIMIT_NOFILE, &had) == 0);
	}
	CHECK(vain > 0 && vain < FEW);
	CHECK(done(arg));
	return vain;
}

static bool makes_map(int arg)
{
	int fd = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, (u32)arg);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool runs(int prog)
{
	return run(prog) == 7;
}

static bool has_types(int arg)
{
	(void)arg;
	return sys_kernel_types() != NULL;
}

/* Of another process, so that it is to be verified here, for which its map is opened. */
static void load_and_wait(int to)
{
	int map = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	const struct bpf_insn insns[] = {{BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map},
					 {0, 0, 0, 0, 0},
					 {BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 7},
					 {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
	int prog = load(BPF_PROG_TYPE_SOCKET_FILTER, insns, 4);
	struct bpf_prog_info i = {0};
	union bpf_attr a = {0};

	a.info.bpf_fd = (u32)prog;
	a.info.info_len = sizeof(i);
	a.info.info = (u64)(uintptr_t)&i;
	if (skep_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) || write(to, &i.id, 4) != 4)
		_exit(1);
	pause();
	_exit(0);
}

static void tried_again(void)
{
	union bpf_attr a = {0};
	int pipes[2], prog;
	u32 id = 0, vain;
	pid_t pid;

	CHECK(pipe(pipes) == 0);
	pid = fork();
	if (!pid)
		load_and_wait(pipes[1]);
	CHECK(read(pipes[0], &id, 4) == 4);
	close(pipes[0]);
	close(pipes[1]);
	a.prog_id = id;
	prog = skep_sys_bpf(BPF_PROG_GET_FD_BY_ID, &a, sizeof(a));
	vain = with_few(runs, prog);
	printf("a program without descriptors for its map: %u times in vain, then it runs\n", vain);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(prog);
}

int main(void)
{
	char cmd[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(store) || setenv("SKEP_STORE", store, 1))
		return 1;
	/* First: the process has not opened the store's table yet. */
	printf("a map without descriptors: %u times in vain, then it is made\n",
	       with_few(makes_map, 1));
	tried_again();
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		printf("the kernel's types without descriptors: %u times in vain, then they are known\n",
		       with_few(has_types, 0));
	else
		puts("SKIP the kernel's types without descriptors: it does not tell them");
	killed_link();
	foreign_descriptor();
	late_buffer();
	removed();
	greedy();
	no_descriptors();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", store);
	return system(cmd) || failed;
}
