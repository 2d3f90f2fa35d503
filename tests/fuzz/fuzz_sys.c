/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequences of bpf(2) calls from two threads at once. Input: records of 40 bytes, a command, two
 * indices of descriptors, and what the attributes hold; pointers are replaced by buffers, whose
 * contents are the input. Odd records belong to the second thread.
 */
#include "fuzz.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/sys.h"

enum { RECORD = 40, NFD = 32, ROOM = 1 << 16 };

struct worker {
	const u8 *data;
	size_t len;
	u32 first;
	int fd[NFD];
	u32 nfd;
	u8 *room; /* what every pointer points to */
};

static int pidfd = -1; /* of this process */
static char dir[] = "/tmp/skep-fuzz-XXXXXX";

static void clean(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd))
		fprintf(stderr, "%s stays\n", dir);
}

static void start(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	if (!mkdtemp(dir) || setenv("SKEP_STORE", dir, 1) || atexit(clean))
		abort();
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
}

static u64 at(struct worker *w, u32 off)
{
	return (u64)(uintptr_t)w->room + off;
}

static void patch_map(struct worker *w, union bpf_attr *a, u32 fd)
{
	a->map_fd = fd;
	a->key = at(w, (u32)a->key & 0xff);
	a->value = at(w, 4096);
}

/* Attributes that the type takes, so that all of them come into being. */
static void sane_map(union bpf_attr *a, u8 rec)
{
	static const struct {
		u32 type, key, value, entries, flags;
	} sane[] = {
		{BPF_MAP_TYPE_HASH, 4, 8, 16, 0},
		{BPF_MAP_TYPE_HASH, 8, 40, 64, BPF_F_NO_PREALLOC},
		{BPF_MAP_TYPE_LRU_HASH, 4, 8, 32, 0},
		{BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 8, 0},
		{BPF_MAP_TYPE_LPM_TRIE, 8, 8, 20, BPF_F_NO_PREALLOC},
		{BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_MMAPABLE},
		{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
		{BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0},
		{BPF_MAP_TYPE_DEVMAP, 4, 8, 8, 0},
		{BPF_MAP_TYPE_DEVMAP_HASH, 4, 8, 8, 0},
		{BPF_MAP_TYPE_CPUMAP, 4, 8, 8, 0},
		{BPF_MAP_TYPE_XSKMAP, 4, 4, 8, 0},
		{BPF_MAP_TYPE_SOCKMAP, 4, 8, 8, 0},
		{BPF_MAP_TYPE_SOCKHASH, 12, 4, 8, 0},
		{BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 8, 0},
		{BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8, 0, 0},
		{BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0},
		{BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0},
		{BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0},
		{BPF_MAP_TYPE_STACK_TRACE, 4, 64, 8, 0},
	};
	u32 k = rec % SKEP_ARRAY_SIZE(sane);

	a->map_type = sane[k].type;
	a->key_size = sane[k].key;
	a->value_size = sane[k].value;
	a->max_entries = sane[k].entries;
	a->map_flags = sane[k].flags;
	a->map_extra = a->map_ifindex = a->numa_node = 0;
	memset(a->map_name, 0, sizeof(a->map_name));
}

/*
 * The descriptor of a task storage: its types are those that the map's attributes name, so they
 * come with it.
 */
static int task_map(void)
{
	static const char text[] = "\0int";
	struct {
		struct btf_header h;
		u32 type[4];
		char text[sizeof(text)];
	} t = {{0xeb9f, 1, 0, sizeof(t.h), 0, sizeof(t.type), sizeof(t.type), sizeof(text)}, {1, 1u << 24, 4, 1u << 24 | 32}, ""};
	union bpf_attr a = {0};
	int btf, fd;

	memcpy(t.text, text, sizeof(text));
	a.btf = (u64)(uintptr_t)&t;
	a.btf_size = offsetof(__typeof__(t), text) + sizeof(text);
	btf = skep_sys_bpf(BPF_BTF_LOAD, &a, sizeof(a));
	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_TASK_STORAGE;
	a.key_size = 4;
	a.value_size = 4;
	a.map_flags = BPF_F_NO_PREALLOC;
	a.btf_fd = (u32)btf;
	a.btf_key_type_id = a.btf_value_type_id = 1;
	fd = btf < 0 ? btf : skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	MUST(fd >= 0, "a task storage");
	if (btf >= 0)
		close(btf);
	return fd;
}

static void patch_load(struct worker *w, union bpf_attr *a, const u8 *rec, u32 fd)
{
	struct bpf_insn *i = (struct bpf_insn *)w->room;

	a->insns = at(w, 0);
	a->license = (u64)(uintptr_t)"GPL";
	a->log_buf = a->log_level &= 3;
	a->log_size = a->log_level ? 4096 : 0;
	a->log_buf = a->log_level ? at(w, 32768) : 0;
	a->prog_flags &= 3;
	a->prog_btf_fd = 0;
	a->func_info_cnt = a->line_info_cnt = a->core_relo_cnt = 0;
	a->insn_cnt = 1 + rec[3] % 64;
	for (u32 k = 0; k < a->insn_cnt; k++)
		if (i[k].code == 0x18 && i[k].src_reg)
			i[k].imm = (s32)fd;
}

static void patch_run(struct worker *w, union bpf_attr *a, u32 fd)
{
	u32 n = a->test.data_size_in & 1023;

	memset(a, 0, sizeof(*a));
	a->test.prog_fd = fd;
	a->test.data_in = at(w, 0);
	a->test.data_size_in = n;
	a->test.data_out = at(w, 8192);
	a->test.data_size_out = n;
}

static void patch(struct worker *w, int cmd, union bpf_attr *a, const u8 *rec)
{
	u32 fd = w->nfd ? (u32)w->fd[rec[1] % w->nfd] : 0, other = w->nfd ? (u32)w->fd[rec[2] % w->nfd] : 0;

	switch (cmd) {
	case BPF_MAP_CREATE:
		a->max_entries &= 0xffff;
		a->value_size &= 0xfff;
		a->inner_map_fd = rec[2] & 1 ? other : 0;
		a->btf_fd = a->btf_key_type_id = a->btf_value_type_id = 0;
		if (rec[3] & 1)
			sane_map(a, rec[3] >> 1);
		break;
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		a->batch.map_fd = fd;
		a->batch.count &= 3;
		a->batch.in_batch = 0;
		a->batch.out_batch = at(w, 16);
		a->batch.keys = at(w, 256);
		a->batch.values = at(w, 20000);
		break;
	case BPF_PROG_LOAD: patch_load(w, a, rec, fd); break;
	case BPF_PROG_TEST_RUN: patch_run(w, a, fd); break;
	case BPF_OBJ_PIN:
	case BPF_OBJ_GET:
		a->pathname = (u64)(uintptr_t)(rec[2] & 1 ? "/sys/fs/bpf/a" : "/sys/fs/bpf/b");
		a->bpf_fd = cmd == BPF_OBJ_PIN ? fd : 0;
		break;
	case BPF_OBJ_GET_INFO_BY_FD:
		memset(a, 0, sizeof(*a));
		a->info.bpf_fd = fd;
		a->info.info_len = rec[3];
		a->info.info = at(w, 40000);
		memset(w->room + 40000, 0, 256);
		break;
	case BPF_BTF_LOAD:
		a->btf = at(w, 0);
		a->btf_size &= 0x3ff;
		a->btf_log_buf = a->btf_log_size = a->btf_log_level = 0;
		break;
	case BPF_PROG_BIND_MAP:
		a->prog_bind_map.prog_fd = fd;
		a->prog_bind_map.map_fd = other;
		break;
	case BPF_RAW_TRACEPOINT_OPEN:
		a->raw_tracepoint.name = (u64)(uintptr_t) "event";
		a->raw_tracepoint.prog_fd = fd;
		break;
	default:
		if (cmd <= BPF_MAP_GET_NEXT_KEY || cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM || cmd == BPF_MAP_FREEZE) {
			patch_map(w, a, fd);
			/* A descriptor as the value of a map of descriptors. */
			if (rec[2] & 0x80)
				memcpy(w->room + 4096, &other, 4);
			/* As the key of a storage; descriptor 0 is none of a task. */
			if (rec[2] & 0x40)
				memcpy(w->room + (a->key - at(w, 0)), &pidfd, 4);
		}
	}
}

static bool gives_fd(int cmd)
{
	return cmd == BPF_MAP_CREATE || cmd == BPF_PROG_LOAD || cmd == BPF_OBJ_GET || cmd == BPF_BTF_LOAD ||
	       cmd == BPF_RAW_TRACEPOINT_OPEN || (cmd >= BPF_PROG_GET_FD_BY_ID && cmd <= BPF_MAP_GET_FD_BY_ID) ||
	       cmd == BPF_BTF_GET_FD_BY_ID || cmd == BPF_LINK_GET_FD_BY_ID;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	w->fd[w->nfd++] = task_map();
	for (size_t pos = w->first * RECORD; pos + RECORD <= w->len; pos += 2 * RECORD) {
		const u8 *rec = w->data + pos;
		int cmd = rec[0] % 37, got;
		union bpf_attr a = {0};

		memcpy(&a, rec + 4, RECORD - 4);
		/* Instructions begin behind the type. */
		memcpy(w->room, rec + 8, SKEP_MIN(w->len - pos - 8, (size_t)4096));
		patch(w, cmd, &a, rec);
		got = skep_sys_bpf(cmd, &a, sizeof(a));
		MUST(got >= -600, "no errno");
		if (got >= 0 && gives_fd(cmd)) {
			if (w->nfd == NFD)
				close(got);
			else
				w->fd[w->nfd++] = got;
		}
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct worker w[2] = {{.data = data, .len = len}, {.data = data, .len = len, .first = 1}};
	static const char *const pins[] = {"/sys/fs/bpf/a", "/sys/fs/bpf/b"};
	pthread_t t;
	char path[512];

	start();
	for (u32 k = 0; k < 2; k++)
		w[k].room = calloc(1, ROOM);
	if (!w[0].room || !w[1].room || pthread_create(&t, NULL, work, &w[1]))
		abort();
	work(&w[0]);
	pthread_join(t, NULL);
	for (u32 k = 0; k < 2; k++) {
		for (u32 f = 0; f < w[k].nfd; f++)
			close(w[k].fd[f]);
		free(w[k].room);
		if (skep_sys_path(pins[k], path, sizeof(path)))
			unlink(path);
	}
	return 0;
}
