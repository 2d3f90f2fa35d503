/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a process keeps what it has mapped: what it closed goes from its memory and from the
 * store, circles and all, while it makes more; what anybody has stays, by whatever way. The number
 * of a file that went is given to another file: that one is not taken for the old one.
 *
 *	closed [PART]
 */
#include <linux/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "btf/btf.h"
#include "sys/sys.h"

enum {
	LARGE = 16 << 20,
	MANY_LARGE = 40,
	SMALL = 20000,
	CIRCLES = 1500,
	INNER = 3000,
	MAPS = 400,
	THREADS = 4
};
static char store[64];

/* --- calls --------------------------------------------------------------------------------- */

static int new_map(u32 type, u32 value, u32 entries, int inner)
{
	union bpf_attr a = {0};

	a.map_type = type;
	a.key_size = 4;
	a.value_size = value;
	a.max_entries = entries;
	a.inner_map_fd = (u32)inner;
	return skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static int element(int cmd, int fd, u32 key, void *value)
{
	union bpf_attr a = {0};

	a.map_fd = (u32)fd;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)value;
	return skep_sys_bpf(cmd, &a, sizeof(a));
}

static int new_prog(const struct bpf_insn *insns, u32 n)
{
	union bpf_attr a = {0};

	a.prog_type = BPF_PROG_TYPE_XDP;
	a.insns = (u64)(uintptr_t)insns;
	a.insn_cnt = n;
	a.license = (u64)(uintptr_t) "GPL";
	return skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static int run(int prog, u32 *ret)
{
	u8 in[64] = {0};
	union bpf_attr a = {0};
	int err;

	a.test.prog_fd = (u32)prog;
	a.test.data_in = (u64)(uintptr_t)in;
	a.test.data_size_in = sizeof(in);
	err = skep_sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));
	*ret = a.test.retval;
	return err;
}

#define LOAD_MAP(reg, fd)                                                                          \
	{BPF_LD | BPF_IMM | BPF_DW, reg, BPF_PSEUDO_MAP_FD, 0, fd},                                \
	{                                                                                          \
		0                                                                                  \
	}
#define MOV(reg, n)                                                                                \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, n                                          \
	}
#define MOVX(reg, from)                                                                            \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_X, reg, from, 0, 0                                       \
	}
#define CALL(id)                                                                                   \
	{                                                                                          \
		BPF_JMP | BPF_CALL, 0, 0, 0, id                                                    \
	}
#define RETURN                                                                                     \
	{                                                                                          \
		BPF_JMP | BPF_EXIT, 0, 0, 0, 0                                                     \
	}

/* Goes on with the first program of the array, which may be itself; 7 when there is none. */
static int tail_caller(int array)
{
	struct bpf_insn p[] = {LOAD_MAP(2, array), MOV(3, 0), CALL(BPF_FUNC_tail_call), MOV(0, 7),
			       RETURN};

	return new_prog(p, SKEP_ARRAY_SIZE(p));
}

/* The first word of the first element of what is at 0 of a map of maps; 1000 where there is
 * nothing. */
static int inner_reader(int outer)
{
	struct bpf_insn p[] = {{BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0},
			       MOVX(2, 10),
			       {BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4},
			       LOAD_MAP(1, outer),
			       CALL(BPF_FUNC_map_lookup_elem),
			       {BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 7, 0},
			       MOVX(1, 0),
			       MOVX(2, 10),
			       {BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4},
			       CALL(BPF_FUNC_map_lookup_elem),
			       {BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0},
			       {BPF_LDX | BPF_MEM | BPF_W, 0, 0, 0, 0},
			       RETURN,
			       MOV(0, 1000),
			       RETURN};

	return new_prog(p, SKEP_ARRAY_SIZE(p));
}

/* --- what is there ---------------------------------------------------------------------------- */

struct seen {
	u64 bytes;
	u32 mappings, twice, files;
};

/* Of the store in /proc/self/maps, and how many maps are there from their beginning more than once.
 */
static struct seen look(void)
{
	static unsigned long inode[65536];
	FILE *f = fopen("/proc/self/maps", "re");
	struct seen s = {0};
	char line[1024], dir[128];
	u32 n = 0;
	DIR *d;

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long lo, hi, off;
		unsigned long ino;

		if (!strstr(line, store) || strstr(line, "readers") ||
		    sscanf(line, "%llx-%llx %*s %llx %*s %lu", &lo, &hi, &off, &ino) != 4)
			continue;
		s.bytes += hi - lo;
		s.mappings++;
		for (u32 k = 0; !off && k < n; k++)
			s.twice += inode[k] == ino;
		if (!off && n < SKEP_ARRAY_SIZE(inode))
			inode[n++] = ino;
	}
	if (f)
		fclose(f);
	snprintf(dir, sizeof(dir), "%s/bpf-map", store);
	d = opendir(dir);
	while (d && readdir(d))
		s.files++;
	if (d)
		closedir(d);
	return s;
}

static u64 resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long all, here = 0;

	if (f && fscanf(f, "%lu %lu", &all, &here) != 2)
		here = 0;
	if (f)
		fclose(f);
	return (u64)here * 4096;
}

/* --- parts: each returns how much is wrong ------------------------------------------------------
 */

static u32 large(void)
{
	u64 most = 0;

	for (u32 k = 0; k < MANY_LARGE; k++) {
		int fd = new_map(BPF_MAP_TYPE_ARRAY, 4096, LARGE / 4096, 0);
		u64 now;

		if (fd < 0)
			return 1;
		close(fd);
		now = look().bytes;
		most = SKEP_MAX(most, now);
	}
	printf("%u maps of %u MiB made and closed: at most %llu MiB are mapped\n", (u32)MANY_LARGE,
	       (u32)LARGE >> 20, (unsigned long long)most >> 20);
	return most > 6ull * LARGE;
}

#ifdef __SANITIZE_ADDRESS__
enum { MAY_GROW = 256 << 20 }; /* it keeps what was freed for a while */
#else
enum { MAY_GROW = 2 << 20 };
#endif

static u32 small(void)
{
	u64 before = 0, grown;
	u32 mappings = 0, files = 0, word = 5;

	for (u32 k = 0; k < SMALL; k++) {
		int fd = new_map(BPF_MAP_TYPE_ARRAY, 4, 1 + k % 3, 0);

		if (fd < 0 || element(BPF_MAP_UPDATE_ELEM, fd, 0, &word))
			return 1;
		close(fd);
		if (k % 500 == 499) {
			struct seen s = look();

			mappings = SKEP_MAX(mappings, s.mappings);
			files = SKEP_MAX(files, s.files);
		}
		if (k == 1000)
			before = resident();
	}
	grown = resident() - SKEP_MIN(before, resident());
	printf("%u maps made, used and closed: at most %u mappings, %u files, %llu KiB more than after 1000\n",
	       (u32)SMALL, mappings, files, (unsigned long long)grown >> 10);
	return mappings > 400 || files > 400 || grown > MAY_GROW;
}

/* A program holds its array, the array holds the program. */
static u32 circles(void)
{
	u32 mappings = 0, wrong = 0, ret;

	for (u32 k = 0; k < CIRCLES; k++) {
		int array = new_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 0), prog = tail_caller(array);

		wrong += prog < 0 || run(prog, &ret) || ret != 7 ||
			 element(BPF_MAP_UPDATE_ELEM, array, 0, &prog) || run(prog, &ret);
		close(prog);
		close(array);
		if (k % 100 == 99) {
			u32 now = look().mappings;

			mappings = SKEP_MAX(mappings, now);
		}
	}
	printf("%u programs that call themselves, closed: at most %u mappings; wrong: %u\n",
	       (u32)CIRCLES, mappings, wrong);
	return wrong || mappings > 800;
}

/* What was in a map of maps goes when something else comes there. */
static u32 inner(void)
{
	u32 like = (u32)new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0), mappings = 0, wrong = 0, ret;
	int outer = new_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 2, (int)like),
	    prog = inner_reader(outer);

	if (prog < 0)
		return 1;
	for (u32 k = 0; k < INNER; k++) {
		int fd = new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0);

		wrong += element(BPF_MAP_UPDATE_ELEM, fd, 0, &k) ||
			 element(BPF_MAP_UPDATE_ELEM, outer, 0, &fd);
		close(fd);
		wrong += run(prog, &ret) || ret != k;
		if (k % 500 == 499) {
			u32 now = look().mappings;

			mappings = SKEP_MAX(mappings, now);
		}
	}
	close((int)like);
	close(outer);
	close(prog);
	printf("%u maps in a map, one after the other: at most %u mappings; wrong: %u\n",
	       (u32)INNER, mappings, wrong);
	return wrong || mappings > 600;
}

/* Many objects come and go, so that all goes that may. */
static void churn(void)
{
	for (u32 k = 0; k < 600; k++)
		close(new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0));
}

static int over_a_socket(int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = space,
			   .msg_controllen = sizeof(space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int pair[2], got = -1;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || sendmsg(pair[0], &m, 0) != 1)
		return -1;
	close(fd); /* it is only on its way now */
	churn();
	if (recvmsg(pair[1], &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	close(pair[0]);
	close(pair[1]);
	return got;
}

static int in_a_child(int fd, u32 want)
{
	u32 value = 0;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		churn();
		_exit(element(BPF_MAP_LOOKUP_ELEM, fd, 0, &value) || value != want);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static u32 id_of(int fd)
{
	struct bpf_map_info info = {0};
	union bpf_attr a = {0};

	a.info.bpf_fd = (u32)fd;
	a.info.info_len = sizeof(info);
	a.info.info = (u64)(uintptr_t)&info;
	return skep_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) ? 0 : info.id;
}

static int by_id(u32 id)
{
	union bpf_attr a = {.map_id = id};

	return skep_sys_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
}

#define EXPECT_NOT(x)                                                                              \
	do {                                                                                       \
		if (x) {                                                                           \
			printf("line %d: %s\n", __LINE__, #x);                                     \
			wrong++;                                                                   \
		}                                                                                  \
	} while (0)

/* A map that somebody has, however, is there with what is in it. */
static u32 held(void)
{
	int fd = new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0), other, made, prog, outer;
	u32 value = 4711, seen = 0, wrong = 0, id = id_of(fd), ret;
	void *at = NULL;

	EXPECT_NOT(fd < 0 || element(BPF_MAP_UPDATE_ELEM, fd, 0, &value));
	churn(); /* by its descriptor, unused */
	EXPECT_NOT(element(BPF_MAP_LOOKUP_ELEM, fd, 0, &seen) || seen != value);
	other = dup(fd);
	close(fd);
	churn(); /* by a copy */
	EXPECT_NOT(element(BPF_MAP_LOOKUP_ELEM, other, 0, &seen) || seen != value);
	fd = over_a_socket(other);
	EXPECT_NOT(element(BPF_MAP_LOOKUP_ELEM, fd, 0, &seen) || seen != value);
	EXPECT_NOT(in_a_child(fd, value) != 0);
	/* the same number, another map */
	other = dup(fd);
	made = new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0);
	EXPECT_NOT(made < 0 || dup2(made, fd) != fd || element(BPF_MAP_LOOKUP_ELEM, fd, 0, &seen) ||
		   seen != 0);
	close(made);
	close(fd);
	/* by a mapping of the user's */
	EXPECT_NOT(!skep_sys_mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, 0, &at));
	/* by a map of maps, by a program, by an embedder that has the program */
	outer = new_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 2, other);
	EXPECT_NOT(element(BPF_MAP_UPDATE_ELEM, outer, 0, &other) != 0);
	close(other);
	churn();
	fd = by_id(id);
	EXPECT_NOT(fd < 0 || element(BPF_MAP_LOOKUP_ELEM, fd, 0, &seen) || seen != value);
	close(fd);
	prog = inner_reader(outer);
	close(outer);
	churn();
	EXPECT_NOT(run(prog, &ret) || ret != value);
	{
		struct skep_sys_prog *p = skep_sys_prog_get(prog);
		struct xdp_md ctx = {0};

		close(prog);
		churn();
		EXPECT_NOT(!p || skep_sys_prog_run(p, &ctx) != value);
		fd = by_id(id);
		EXPECT_NOT(fd < 0);
		close(fd);
		if (p)
			skep_sys_prog_put(p);
	}
	churn();
	fd = by_id(id);
	EXPECT_NOT(fd != -ENOENT);
	if (fd >= 0)
		close(fd);
	printf("a map that is held in nine ways: wrong: %u\n", wrong);
	return wrong;
}

/* --- numbers of files
 * ------------------------------------------------------------------------------ */

static int new_btf(u32 k)
{
	struct {
		struct {
			u16 magic;
			u8 version, flags;
			u32 hdr_len, type_off, type_len, str_off, str_len;
		} h;
		u32 type[4];
		char str[8];
	} b = {{0xeb9f, 1, 0, 24, 0, 16, 16, 8}, {1, 1 << 24, 4, 32}, "\0num"};
	union bpf_attr a = {0};

	b.str[5] = (char)('a' + k % 26);
	a.btf = (u64)(uintptr_t)&b;
	a.btf_size = 24 + 16 + 8;
	return skep_sys_bpf(BPF_BTF_LOAD, &a, sizeof(a));
}

/*
 * Types that were looked at and closed, and maps: each has an id of its own, whatever had the
 * number of its file before.
 */
static u32 numbers(void)
{
	static ino_t had[1500];
	u32 wrong = 0, word = 1, again = 0, last = 0;
	struct statfs fs = {0};

	statfs(store, &fs);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(had); k++) {
		bool types = k / 32 % 2 == 0;
		struct bpf_btf_info info = {0};
		union bpf_attr a = {0};
		int fd = types ? new_btf(k) : new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0);
		struct stat st = {0};

		fstat(fd, &st);
		had[k] = st.st_ino;
		for (u32 j = 0; j < k; j++)
			if (had[j] == st.st_ino) {
				again++;
				break;
			}
		a.info.bpf_fd = (u32)fd;
		a.info.info_len = sizeof(info);
		a.info.info = (u64)(uintptr_t)&info;
		if (types) {
			wrong += fd < 0 || skep_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) ||
				 info.id <= last;
			last = info.id;
		} else {
			wrong += fd < 0 || element(BPF_MAP_UPDATE_ELEM, fd, 0, &word);
		}
		close(fd);
	}
	printf("%zu maps and types, %u with a file number that another had before, file system 0x%lx: wrong: %u\n",
	       SKEP_ARRAY_SIZE(had), again, (unsigned long)fs.f_type, wrong);
	return wrong;
}

/* --- threads
 * ----------------------------------------------------------------------------------------- */

static atomic_bool stop;
static atomic_ulong opened, failed;

/* Opens each map as soon as it is there. */
static void *follow(void *arg)
{
	u32 id = 0;

	while (!stop) {
		union bpf_attr a = {.start_id = id};
		u32 value[1024];
		int fd;

		if (skep_sys_bpf(BPF_MAP_GET_NEXT_ID, &a, sizeof(a)))
			continue;
		id = a.next_id;
		fd = by_id(id);
		if (fd < 0)
			continue;
		if (element(BPF_MAP_LOOKUP_ELEM, fd, 0, value) == 0)
			opened++;
		close(fd);
	}
	return NULL;
}

static u32 together(void)
{
	static int fd[MAPS];
	pthread_t t[THREADS];
	u32 wrong = 0;
	struct seen s;

	churn();
	stop = false;
	opened = 0;
	for (u32 k = 0; k < THREADS; k++)
		if (pthread_create(&t[k], NULL, follow, NULL))
			return 1;
	for (u32 k = 0; k < MAPS; k++) {
		fd[k] = new_map(BPF_MAP_TYPE_ARRAY, 4096, 1, 0);
		wrong += fd[k] < 0;
	}
	for (u32 k = 0; k < 1000 && opened < MAPS; k++)
		usleep(1000);
	stop = true;
	for (u32 k = 0; k < THREADS; k++)
		pthread_join(t[k], NULL);
	s = look();
	printf("%u maps made among %u threads that opened %lu: %u are mapped twice\n", (u32)MAPS,
	       (u32)THREADS, (unsigned long)opened, s.twice);
	for (u32 k = 0; k < MAPS; k++)
		if (fd[k] >= 0)
			close(fd[k]);
	return wrong || s.twice || opened < MAPS;
}

/* Each makes, uses, puts into each other, runs and closes; what one does is not another's matter.
 */
static void *busy(void *arg)
{
	u32 ret, n = 0;

	while (!stop) {
		u32 value = ++n;
		int map = new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0),
		    outer = new_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 1, map);
		int array = new_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 1, 0), self = tail_caller(array),
		    prog = inner_reader(outer);

		failed += map < 0 || outer < 0 || self < 0 || prog < 0;
		failed += element(BPF_MAP_UPDATE_ELEM, map, 0, &value) != 0 ||
			  element(BPF_MAP_UPDATE_ELEM, outer, 0, &map) != 0;
		failed += element(BPF_MAP_UPDATE_ELEM, array, 0, &prog) != 0;
		close(map);
		close(outer);
		failed += run(prog, &ret) || ret != value;
		failed += run(self, &ret) || ret != value;
		close(prog);
		failed += run(self, &ret) || ret != value;
		close(self);
		close(array);
		opened++;
	}
	return NULL;
}

/*
 * AddressSanitizer's allocator has locks that it does not open in a child: one that another thread
 * held while this one forked stays closed, whatever is under test. Of such a child nothing is told.
 */
static bool stuck_in_sanitizer(int status)
{
#ifdef __SANITIZE_ADDRESS__
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
#else
	(void)status;
	return false;
#endif
}

static u32 race(void)
{
	pthread_t t[THREADS + 1];
	u32 wrong = 0, forks = 0, stuck = 0;

	stop = false;
	opened = failed = 0;
	for (u32 k = 0; k <= THREADS; k++)
		if (pthread_create(&t[k], NULL, k < THREADS ? busy : follow, NULL))
			return 1;
	/* A child finds every lock open. */
	for (u32 k = 0; k < 80; k++) {
		int status = -1;
		pid_t pid = fork();

		if (pid == 0) {
			u32 ret = 0, word = 1;
			int map, outer, prog;

			alarm(30);
			map = new_map(BPF_MAP_TYPE_ARRAY, 4, 1, 0);
			outer = new_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 1, map);
			prog = inner_reader(outer);
			_exit(element(BPF_MAP_UPDATE_ELEM, map, 0, &word) ||
			      element(BPF_MAP_UPDATE_ELEM, outer, 0, &map) || run(prog, &ret) ||
			      ret != 1);
		}
		forks += pid > 0;
		if (waitpid(pid, &status, 0) == pid && stuck_in_sanitizer(status))
			stuck++;
		else
			wrong += status != 0;
	}
	stop = true;
	for (u32 k = 0; k <= THREADS; k++)
		pthread_join(t[k], NULL);
	printf("%u threads, %lu rounds, %lu wrong; %u forks, %u wrong\n", (u32)THREADS,
	       (unsigned long)opened, (unsigned long)failed, forks, wrong);
	if (stuck)
		printf("SKIP %u of the forks: stuck in the sanitizer's allocator\n", stuck);
	return wrong || stuck > forks / 2 || failed || opened < 50;
}

/* On a disk numbers of files come again soon; in memory the rest is quick. */
static const struct part {
	const char *name, *dir;
	u32 (*f)(void);
} parts[] = {{"numbers", "/tmp", numbers},	 {"large", "/dev/shm", large},
	     {"small", "/dev/shm", small},	 {"circles", "/dev/shm", circles},
	     {"inner", "/dev/shm", inner},	 {"held", "/dev/shm", held},
	     {"together", "/dev/shm", together}, {"race", "/dev/shm", race}};

static int run_part(const struct part *p)
{
	char cmd[128];
	int bad;

	snprintf(store, sizeof(store), "%s/skep-closed-XXXXXX",
		 access(p->dir, W_OK) == 0 ? p->dir : "/tmp");
	if (!mkdtemp(store) || setenv("SKEP_STORE", store, 1))
		return 1;
	bad = p->f() != 0;
	if (bad)
		printf("%s: WRONG\n", p->name);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", store);
	return system(cmd) || bad;
}

/* A store is a process's for good, so each part has a process. */
int main(int argc, char **argv)
{
	bool wrong = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(parts); k++) {
		int status = -1;
		pid_t pid;

		if (argc > 1 && strcmp(argv[1], parts[k].name) != 0)
			continue;
		pid = fork();
		if (pid == 0)
			_exit(run_part(&parts[k]));
		wrong |= pid < 0 || waitpid(pid, &status, 0) != pid || status;
	}
	return wrong;
}
