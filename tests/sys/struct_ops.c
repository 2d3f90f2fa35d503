/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps and links of struct_ops: the same calls to skep and to the running kernel, results and
 * errors compared with each other and with those that kernel 6.18 gave, where it does not let us.
 * Programs are made here; the struct is tcp_congestion_ops, by the kernel's types.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/abi.h"
#include "btf/btf.h"
#include "sys/sys.h"

enum { LINK = 1 << 13, ATTACH = 44, VALUE_MAX = 512, RESULTS = 256, DUMMIES = 19 };

static const struct skep_btf *types;
static struct skep_btf_type ops, value;
static u32 data_at;
static int types_fd[2];

static int ask(bool user, int cmd, void *attr, u32 size)
{
	long r = user ? skep_sys_bpf(cmd, attr, size) : syscall(SYS_bpf, cmd, attr, size);

	return user ? (int)r : r < 0 ? -errno : (int)r;
}

/* --- the kernel's types ----------------------------------------------------------------------- */

static bool read_types(struct skep_arena *a, struct skep_diags *ds)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY);
	struct skep_btf *b = NULL;
	size_t cap = 64 << 20, n = 0;
	u8 *p = skep_arena_alloc(a, cap);
	struct skep_btf_member m;
	ssize_t got;
	u32 id;

	while (fd >= 0 && (got = read(fd, p + n, cap - n)) > 0)
		n += (size_t)got;
	if (fd < 0 || skep_btf_read(p, n, false, a, ds, &b))
		return false;
	close(fd);
	types = b;
	id = skep_btf_find(b, SKEP_BTF_STRUCT, "bpf_struct_ops_tcp_congestion_ops");
	if (!id || !skep_btf_get(b, id, &value) || !skep_btf_member(b, &value, 1, &m))
		return false;
	data_at = m.off / 8;
	return skep_btf_get(b, skep_btf_find(b, SKEP_BTF_STRUCT, "tcp_congestion_ops"), &ops) &&
	       value.ref <= VALUE_MAX;
}

/* Its number and its place in the value. */
static u32 member(const char *name, u32 *at)
{
	struct skep_btf_member m;

	for (u32 k = 0; k < ops.vlen && skep_btf_member(types, &ops, k, &m); k++)
		if (strcmp(m.name, name) == 0) {
			*at = data_at + m.off / 8;
			return k;
		}
	printf("struct tcp_congestion_ops has no %s\n", name);
	exit(1);
}

/* --- results ---------------------------------------------------------------------------------- */

struct result {
	const char *what;
	int got;
};
static struct result results[2][RESULTS];
static u32 nresult[2];

static int say(bool user, const char *what, int got)
{
	if (nresult[user] < RESULTS)
		results[user][nresult[user]++] = (struct result){what, got < 0 ? got : got > 0};
	return got;
}

static void say_number(bool user, const char *what, u32 n)
{
	say(user, what, 0);
	results[user][nresult[user] - 1].got = (int)n;
}

/* --- objects ---------------------------------------------------------------------------------- */

static int load_types(bool user)
{
	/* An integer, as every object has one. */
	static const u32 raw[] = {0x0001eb9f, 24, 0, 16, 16, 8, 1, 1 << 24, 4, 32, 0x746e6900, 0};
	union bpf_attr a = {.btf = (u64)(uintptr_t)raw, .btf_size = sizeof(raw)};

	return ask(user, BPF_BTF_LOAD, &a, sizeof(a));
}

static int load(bool user, u32 type, u32 index, const char *license)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2},
		{.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_STRUCT_OPS,
			    .insns = (u64)(uintptr_t)code,
			    .insn_cnt = 2,
			    .license = (u64)(uintptr_t)license,
			    .attach_btf_id = type,
			    .expected_attach_type = index};

	return ask(user, BPF_PROG_LOAD, &a, sizeof(a));
}

/* With something that the struct's types would be of, if it were a module's. */
static int load_with(bool user, u32 fd)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2},
		{.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_STRUCT_OPS,
			    .insns = (u64)(uintptr_t)code,
			    .insn_cnt = 2,
			    .license = (u64)(uintptr_t) "GPL",
			    .attach_btf_id = ops.id,
			    .attach_prog_fd = fd};

	return ask(user, BPF_PROG_LOAD, &a, sizeof(a));
}

static int load_member(bool user, const char *name)
{
	u32 at;

	return load(user, ops.id, member(name, &at), "GPL");
}

struct creation {
	const char *what;
	u32 key, value, entries, flags, type, fd;
};
enum { OURS = 1u << 31 };

static int create(bool user, const struct creation *c)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_STRUCT_OPS,
			    .key_size = c->key,
			    .value_size = c->value == OURS ? value.ref : c->value,
			    .max_entries = c->entries,
			    .map_flags = c->flags,
			    .btf_fd = c->fd == OURS ? (u32)types_fd[user] : c->fd,
			    .btf_vmlinux_value_type_id = c->type == OURS ? value.id : c->type};

	return ask(user, BPF_MAP_CREATE, &a, sizeof(a));
}

static int new_map(bool user, u32 flags)
{
	const struct creation c = {"", 4, OURS, 1, flags, OURS, OURS};

	return create(user, &c);
}

static int element(bool user, int cmd, int map, u32 key, const void *v, u64 flags)
{
	union bpf_attr a = {.map_fd = (u32)map,
			    .key = (u64)(uintptr_t)&key,
			    .value = (u64)(uintptr_t)v,
			    .flags = flags};

	return ask(user, cmd, &a, sizeof(a));
}

static int info(bool user, int fd, void *to, u32 n)
{
	union bpf_attr a = {.info = {.bpf_fd = (u32)fd, .info_len = n, .info = (u64)(uintptr_t)to}};

	return ask(user, BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a));
}

static u32 id_of(bool user, int map)
{
	struct bpf_map_info i = {0};

	return info(user, map, &i, sizeof(i)) ? 0 : i.id;
}

/* --- values ----------------------------------------------------------------------------------- */

struct fds {
	int init, ssthresh, avoid, undo;
};

static void put(u8 *v, const char *name, u64 word)
{
	u32 at;

	member(name, &at);
	memcpy(v + at, &word, 8);
}

static u8 *whole(u8 *v, const struct fds *f, const char *name)
{
	u32 at;

	memset(v, 0, VALUE_MAX);
	member("name", &at);
	memcpy(v + at, name, strlen(name));
	put(v, "ssthresh", (u64)(u32)f->ssthresh);
	put(v, "cong_avoid", (u64)(u32)f->avoid);
	put(v, "undo_cwnd", (u64)(u32)f->undo);
	return v;
}

static void show(bool user, const char *what, int map)
{
	u8 v[VALUE_MAX] = {0};
	u32 word[2], at;
	u64 prog;

	say(user, what, element(user, BPF_MAP_LOOKUP_ELEM, map, 0, v, 0));
	memcpy(word, v, 8);
	say_number(user, "  references", word[0]);
	say_number(user, "  state", word[1]);
	member("ssthresh", &at);
	memcpy(&prog, v + at, 8);
	say_number(user, "  has a program", prog != 0);
	member("name", &at);
	say_number(user, "  name begins with", v[at]);
}

/* --- what is done ----------------------------------------------------------------------------- */

static void creations(bool user)
{
	static const struct creation c[] = {
		{"key of 8 bytes", 8, OURS, 1, 0, OURS, OURS},
		{"two entries", 4, OURS, 2, 0, OURS, OURS},
		{"no entry", 4, OURS, 0, 0, OURS, OURS},
		{"value too small", 4, 8, 1, 0, OURS, OURS},
		{"a flag", 4, OURS, 1, 1, OURS, OURS},
		{"mmap", 4, OURS, 1, 1 << 10, OURS, OURS},
		{"no type", 4, OURS, 1, 0, 0, OURS},
		{"type void's neighbour", 4, OURS, 1, 0, 1, OURS},
		{"type too high", 4, OURS, 1, 0, 1 << 30, OURS},
		/* Not "no types": a kernel waits for all of its tasks then, half a minute on a busy
		   machine. */
		{"read only", 4, OURS, 1, BPF_F_RDONLY, OURS, OURS},
		{"all right", 4, OURS, 1, 0, OURS, OURS},
		{"by link", 4, OURS, 1, LINK, OURS, OURS},
	};
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY,
			    .key_size = 4,
			    .value_size = 4,
			    .max_entries = 1,
			    .btf_fd = (u32)types_fd[user],
			    .btf_vmlinux_value_type_id = value.id};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(c); k++) {
		int fd = say(user, c[k].what, create(user, &c[k]));

		if (fd >= 0)
			close(fd);
	}
	say(user, "an array with such a type", ask(user, BPF_MAP_CREATE, &a, sizeof(a)));
	a.map_type = BPF_MAP_TYPE_STRUCT_OPS;
	a.value_size = value.ref;
	a.btf_key_type_id = a.btf_value_type_id = 1;
	say(user, "types of both kinds", ask(user, BPF_MAP_CREATE, &a, sizeof(a)));
}

static void programs(bool user, struct fds *f)
{
	f->init = say(user, "init", load_member(user, "init"));
	f->ssthresh = say(user, "ssthresh", load_member(user, "ssthresh"));
	f->avoid = say(user, "cong_avoid", load_member(user, "cong_avoid"));
	f->undo = say(user, "undo_cwnd", load_member(user, "undo_cwnd"));
	say(user, "of no descriptor", load_with(user, 9999));
	say(user, "of a program", load_with(user, (u32)f->init));
	say(user, "of types that are no module's", load_with(user, (u32)types_fd[user]));
	say(user, "get_info", load_member(user, "get_info"));
	say(user, "name", load_member(user, "name"));
	say(user, "a member behind the last", load(user, ops.id, ops.vlen, "GPL"));
	say(user, "another licence", load(user, ops.id, 0, "MIT"));
	say(user, "no struct", load(user, 0, 0, "GPL"));
	say(user, "the value's struct", load(user, value.id, 0, "GPL"));
	say(user, "a struct that nobody implements",
	    load(user, skep_btf_find(types, SKEP_BTF_STRUCT, "file"), 0, "GPL"));
	say(user, "a type that is no struct", load(user, 1, 0, "GPL"));
}

static int update(bool user, const char *what, int map, const u8 *v)
{
	return say(user, what, element(user, BPF_MAP_UPDATE_ELEM, map, 0, v, 0));
}

/* Values that are refused; the map stays as it is. */
static void wrong(bool user, int map, const struct fds *f)
{
	u8 v[VALUE_MAX];
	u32 at;

	whole(v, f, "wrong");
	say(user, "flags", element(user, BPF_MAP_UPDATE_ELEM, map, 0, v, BPF_NOEXIST));
	say(user, "key 1", element(user, BPF_MAP_UPDATE_ELEM, map, 1, v, 0));
	v[0] = 1;
	update(user, "references are given", map, v);
	whole(v, f, "wrong")[4] = 1;
	update(user, "a state is given", map, v);
	whole(v, f, "wrong")[12] = 1;
	update(user, "a hole is not 0", map, v);
	update(user, "no name", map, whole(v, f, ""));
	update(user, "a name with a blank", map, whole(v, f, "a b"));
	update(user, "a name that does not end", map, whole(v, f, "0123456789abcdef"));
	put(whole(v, f, "wrong"), "ssthresh", 0);
	update(user, "no ssthresh", map, v);
	put(whole(v, f, "wrong"), "cong_avoid", 0);
	update(user, "neither cong_avoid nor cong_control", map, v);
	put(whole(v, f, "wrong"), "ssthresh", (u64)(u32)f->undo);
	update(user, "a program for another member", map, v);
	put(whole(v, f, "wrong"), "ssthresh", (u64)(u32)map);
	update(user, "a map for a program", map, v);
	put(whole(v, f, "wrong"), "init", 9999);
	update(user, "no descriptor", map, v);
	member("flags", &at);
	whole(v, f, "wrong")[at + 3] = 128;
	update(user, "unknown flags", map, v);
	member("key", &at);
	whole(v, f, "wrong")[at] = 1;
	update(user, "a key is given", map, v);
	show(user, "nothing is there", map);
}

static void by_itself(bool user, const struct fds *f)
{
	int map = new_map(user, 0), other = new_map(user, 0);
	union bpf_attr a = {.link_create = {.prog_fd = (u32)map, .attach_type = ATTACH}};
	u8 v[VALUE_MAX];
	u32 key = 0;

	wrong(user, map, f);
	say(user, "delete too early", element(user, BPF_MAP_DELETE_ELEM, map, 0, NULL, 0));
	update(user, "register", map, whole(v, f, "skep_one"));
	show(user, "it is there", map);
	update(user, "again", map, v);
	say(user, "lookup of key 1", element(user, BPF_MAP_LOOKUP_ELEM, map, 1, v, 0));
	say(user, "next key", element(user, BPF_MAP_GET_NEXT_KEY, map, 0, &key, 0));
	say(user, "next key of 1", element(user, BPF_MAP_GET_NEXT_KEY, map, 1, &key, 0));
	say(user, "lookup and delete", element(user, BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, 0, v, 0));
	say(user, "freeze", ask(user, BPF_MAP_FREEZE, &(union bpf_attr){.map_fd = (u32)map}, 4));
	say(user, "a link of it", ask(user, BPF_LINK_CREATE, &a, sizeof(a)));
	update(user, "another of that name", other, whole(v, f, "skep_one"));
	show(user, "it is not there", other);
	update(user, "of another name", other, whole(v, f, "skep_two"));
	say(user, "delete", element(user, BPF_MAP_DELETE_ELEM, other, 0, NULL, 0));
	say(user, "delete again", element(user, BPF_MAP_DELETE_ELEM, other, 0, NULL, 0));
	show(user, "it was there", other);
	update(user, "a second time", other, whole(v, f, "skep_two"));
	say(user, "delete the first", element(user, BPF_MAP_DELETE_ELEM, map, 0, NULL, 0));
	close(map);
	close(other);
}

static int new_link(bool user, const char *what, int map)
{
	union bpf_attr a = {.link_create = {.prog_fd = (u32)map, .attach_type = ATTACH}};

	return say(user, what, ask(user, BPF_LINK_CREATE, &a, sizeof(a)));
}

static int exchange(bool user, const char *what, int link, int map, u32 flags, u32 old)
{
	union bpf_attr a = {.link_update = {.link_fd = (u32)link,
					    .new_prog_fd = (u32)map,
					    .flags = flags,
					    .old_prog_fd = old}};

	return say(user, what, ask(user, BPF_LINK_UPDATE, &a, sizeof(a)));
}

static void show_link(bool user, const char *what, int link, int map)
{
	struct {
		u32 type, id, prog_id, pad, map_id, more[15];
	} i = {0};

	say(user, what, info(user, link, &i, sizeof(i)));
	say_number(user, "  type", i.type);
	say_number(user, "  program", i.prog_id);
	say_number(user, "  map", i.map_id == 0 ? 0 : i.map_id == id_of(user, map) ? 1 : 2);
}

static void by_link(bool user, const struct fds *f)
{
	int map = new_map(user, LINK), twin = new_map(user, LINK), other = new_map(user, LINK),
	    plain = new_map(user, 0), link;
	union bpf_attr a = {0};
	u8 v[VALUE_MAX];

	new_link(user, "a link without a value", map);
	update(user, "a value", map, whole(v, f, "skep_link"));
	show(user, "it is ready", map);
	update(user, "a second value", map, v);
	say(user, "delete it", element(user, BPF_MAP_DELETE_ELEM, map, 0, NULL, 0));
	link = new_link(user, "a link", map);
	show(user, "it is registered", map);
	show_link(user, "the link", link, map);
	new_link(user, "a link more", map);
	new_link(user, "a link of a program", f->init);
	new_link(user, "a link of nothing", 9999);
	update(user, "a twin", twin, v);
	new_link(user, "its link", twin);
	update(user, "another", other, whole(v, f, "skep_other"));
	exchange(user, "exchange with another name", link, other, 0, 0);
	exchange(user, "exchange without a value", link, plain, 0, 0);
	exchange(user, "exchange, unknown flags", link, twin, 1, 0);
	exchange(user, "exchange, the old one without the flag", link, twin, 0, (u32)map);
	exchange(user, "exchange, another old one", link, twin, BPF_F_REPLACE, (u32)other);
	exchange(user, "exchange, no old one", link, twin, BPF_F_REPLACE, 9999);
	exchange(user, "exchange with a program", link, f->init, 0, 0);
	exchange(user, "exchange", link, twin, BPF_F_REPLACE, (u32)map);
	show_link(user, "the link is the twin's", link, twin);
	show(user, "the first", map);
	show(user, "the twin", twin);
	exchange(user, "and back", link, map, 0, 0);
	a.link_detach.link_fd = (u32)link;
	say(user, "detach", ask(user, BPF_LINK_DETACH, &a, sizeof(a)));
	say(user, "detach again", ask(user, BPF_LINK_DETACH, &a, sizeof(a)));
	show_link(user, "a detached link", link, map);
	exchange(user, "exchange a detached one", link, twin, 0, 0);
	close(link);
	link = new_link(user, "a new link", map);
	close(link);
	show(user, "without links", map);
	close(map);
	close(twin);
	close(other);
	close(plain);
}

/* Which flags a value may have. */
static void flags(bool user, const struct fds *f)
{
	u8 v[VALUE_MAX];
	u32 at, may = 0;

	member("flags", &at);
	for (u32 k = 0; k < 32; k++) {
		int map = new_map(user, LINK);

		whole(v, f, "flags")[at + k / 8] = (u8)(1 << k % 8);
		may |= element(user, BPF_MAP_UPDATE_ELEM, map, 0, v, 0) ? 0 : 1u << k;
		close(map);
	}
	say_number(user, "flags", may);
}

/* Returns the state's number, or what says that there is none, or the fourth argument; adds one to
 * the number. */
static int load_dummy(bool user, u32 index)
{
	static const struct bpf_insn one[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 1, .src_reg = 1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 77},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 1, .off = 4},
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 0},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = 1},
		{.code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = 1, .src_reg = 2},
		{.code = BPF_JMP | BPF_EXIT},
	};
	static const struct bpf_insn two[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 0, .src_reg = 1, .off = 24},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr a = {
		.prog_type = BPF_PROG_TYPE_STRUCT_OPS,
		.insns = (u64)(uintptr_t)(index ? two : one),
		.insn_cnt = index ? SKEP_ARRAY_SIZE(two) : SKEP_ARRAY_SIZE(one),
		.license = (u64)(uintptr_t) "GPL",
		.attach_btf_id = skep_btf_find(types, SKEP_BTF_STRUCT, "bpf_dummy_ops"),
		.expected_attach_type = index,
	};

	return ask(user, BPF_PROG_LOAD, &a, sizeof(a));
}

static void test_run(bool user, const char *what, int prog, const u64 *arg, u32 n)
{
	union bpf_attr a = {
		.test = {.prog_fd = (u32)prog, .ctx_in = (u64)(uintptr_t)arg, .ctx_size_in = n}};

	say(user, what, ask(user, BPF_PROG_TEST_RUN, &a, sizeof(a)));
	say_number(user, "  result", a.test.retval);
}

static void test_runs(bool user)
{
	int one = say(user, "test_1", load_dummy(user, 0)),
	    two = say(user, "test_2", load_dummy(user, 1));
	s32 state = 41;
	u64 arg[5] = {(u64)(uintptr_t)&state, 1, 2, 3, 4}, none[5] = {0, 1, 2, 3, 4}, far[5] = {8};

	test_run(user, "a state", one, arg, 8);
	say_number(user, "  the state", (u32)state);
	test_run(user, "no state", one, none, 8);
	test_run(user, "a state that is not there", one, far, 8);
	test_run(user, "too many arguments", one, arg, 16);
	test_run(user, "five arguments", two, arg, 40);
	test_run(user, "five without a state", two, none, 40);
	test_run(user, "of another struct", load_member(user, "init"), arg, 8);
}

/* A struct that can be implemented, but not registered. */
static const char dummy_value[] = "bpf_struct_ops_bpf_dummy_ops";
static void dummy(bool user)
{
	u32 id = skep_btf_find(types, SKEP_BTF_STRUCT, dummy_value);
	struct creation c = {"", 4, (u32)skep_btf_size(types, id), 1, 0, id, OURS};
	int map = say(user, dummy_value, create(user, &c));
	u8 v[VALUE_MAX] = {0};

	update(user, "register", map, v);
	close(map);
	test_runs(user);
}

static bool scenario(bool user)
{
	struct fds f;

	types_fd[user] = load_types(user);
	if (types_fd[user] < 0)
		return false;
	creations(user);
	programs(user, &f);
	by_itself(user, &f);
	by_link(user, &f);
	flags(user, &f);
	if (skep_btf_find(types, SKEP_BTF_STRUCT, dummy_value))
		dummy(user);
	return true;
}

static const struct result wanted[] = {
#include "struct_ops_results.h"
};

static u32 compare(const char *who, const struct result *got, u32 n)
{
	bool dummies = skep_btf_find(types, SKEP_BTF_STRUCT, dummy_value) != 0;
	u32 bad = n != SKEP_ARRAY_SIZE(wanted) - (dummies ? 0 : DUMMIES);

	for (u32 k = 0; k < n && k < SKEP_ARRAY_SIZE(wanted); k++)
		if (strcmp(got[k].what, wanted[k].what) != 0 || got[k].got != wanted[k].got) {
			printf("FAIL %s: %s gives %d, not %d\n", who, got[k].what, got[k].got,
			       wanted[k].got);
			bad++;
		}
	return bad;
}

int main(int argc, char **argv)
{
	char store[] = "/tmp/skep-struct-ops-XXXXXX", rm[64];
	struct skep_arena a;
	struct skep_diags ds;
	u32 bad = 0;

	skep_arena_init(&a);
	skep_diags_init(&ds);
	if (!read_types(&a, &ds)) {
		printf("SKIP: the kernel does not tell types with struct tcp_congestion_ops\n");
		return 77;
	}
	if (!mkdtemp(store) || skep_sys_store(store))
		return 1;
	if (!scenario(true))
		return 1;
	if (argc > 1 || !scenario(false))
		printf("SKIP the kernel: it does not let us\n");
	else
		bad += compare("the kernel", results[0], nresult[0]);
	bad += compare("skep", results[1], nresult[1]);
	if (getenv("SHOW"))
		for (u32 k = 0; k < nresult[0]; k++)
			printf("{\"%s\", %d},\n", results[0][k].what, results[0][k].got);
	snprintf(rm, sizeof(rm), "rm -r %s", store);
	bad += system(rm) != 0;
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	printf("%u results, %u differ\n", nresult[1], bad);
	return bad != 0;
}
