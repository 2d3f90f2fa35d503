/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier cases of the kernel's self-tests as plain data. Compiled against
 * a kernel's source tree by selftests.py, never shipped with it: the runner of
 * that tree is included for its cases and for the maps that it makes, and the
 * calls with which it makes them are watched. Made into a shared object.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

static int watched_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 max,
			      const struct bpf_map_create_opts *opts);
static int watched_btf_load(const void *data, size_t len, const struct bpf_btf_load_opts *opts);

#define bpf_map_create watched_map_create
#define bpf_btf_load watched_btf_load
#define main selftests_main
#include "test_verifier.c"
#undef main
#undef bpf_map_create
#undef bpf_btf_load

#include "selftests.h"
#include "../lower.h"

enum { BLOBS = 256 };

static struct {
	int fd;
	struct selftest_btf btf;
} blob[BLOBS];
static unsigned nblob;
static struct selftest now;

static struct selftest_btf blob_of(int fd)
{
	for (unsigned i = nblob; fd > 0 && i-- > 0;)
		if (blob[i].fd == fd)
			return blob[i].btf;
	return (struct selftest_btf){0};
}

/* Bytes of a type that test_verifier.c uses. */
static size_t type_bytes(const struct btf_type *t)
{
	size_t more = btf_is_int(t) ? 4 : btf_is_composite(t) ? btf_vlen(t) * sizeof(struct btf_member) : 0;

	if (btf_is_func_proto(t))
		more = btf_vlen(t) * sizeof(struct btf_param);
	return sizeof(*t) + more;
}

/*
 * A later kernel may refuse a type that other maps need: it is left out, with
 * those behind it. Returns the bytes of the types that stay, 0 when none do.
 */
static size_t without_last(char *data, const struct btf_header *h, size_t types)
{
	size_t at = 0, last = 0;

	while (at < types) {
		last = at;
		at += type_bytes((struct btf_type *)(data + h->hdr_len + at));
	}
	return last;
}

static int watched_btf_load(const void *data, size_t len, const struct bpf_btf_load_opts *opts)
{
	int fd = bpf_btf_load(data, len, opts);
	char *copy = malloc(len);
	struct btf_header *h = (struct btf_header *)copy;

	memcpy(copy, data, len);
	for (size_t types = h->type_len; fd < 0 && types;) {
		types = without_last(copy, h, types);
		memmove(copy + h->hdr_len + types, copy + h->hdr_len + h->str_off, h->str_len);
		h->type_len = h->str_off = (__u32)types;
		len = h->hdr_len + types + h->str_len;
		fd = bpf_btf_load(copy, len, NULL);
	}
	if (fd >= 0 && nblob < BLOBS) {
		blob[nblob].fd = fd;
		blob[nblob++].btf = (struct selftest_btf){copy, (uint32_t)len};
	} else {
		free(copy);
	}
	return fd;
}

static int watched_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 max,
			      const struct bpf_map_create_opts *opts)
{
	int fd = bpf_map_create(type, name, key, value, max, opts);
	struct selftest_map *m = &now.map[now.nmap];

	if (fd < 0)
		now.incomplete = 1;
	if (fd < 0 || now.nmap == SELFTEST_MAPS)
		return fd;
	*m = (struct selftest_map){.fd = fd, .type = type, .key_size = key, .value_size = value, .max_entries = max};
	if (opts) {
		m->flags = opts->map_flags;
		m->inner_fd = (int)opts->inner_map_fd;
		m->key_type = opts->btf_key_type_id;
		m->value_type = opts->btf_value_type_id;
		m->btf = blob_of((int)opts->btf_fd);
	}
	now.nmap++;
	return fd;
}

static void ask_kernel(struct bpf_test *t, struct bpf_insn *prog, int btf_fd, int as_user,
		       struct selftest_verdict *v)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = t->expected_attach_type, .log_level = 4,
		    .log_buf = bpf_vlog, .log_size = sizeof(bpf_vlog));
	int fd, id = 0;
	bool cap_bpf;
	size_t n;

	opts.prog_flags = BPF_F_TEST_RND_HI32;
	if (t->flags & F_LOAD_WITH_STRICT_ALIGNMENT)
		opts.prog_flags |= BPF_F_STRICT_ALIGNMENT;
	if (t->flags & F_NEEDS_EFFICIENT_UNALIGNED_ACCESS)
		opts.prog_flags |= BPF_F_ANY_ALIGNMENT;
	if (t->flags & ~3)
		opts.prog_flags |= t->flags;
	if (now.attach_to)
		id = libbpf_find_vmlinux_btf_id(t->kfunc, t->expected_attach_type);
	opts.attach_btf_id = id > 0 ? (__u32)id : 0;
	if (btf_fd > 0)
		opts.prog_btf_fd = (__u32)btf_fd;
	if (t->func_info_cnt) {
		opts.func_info = t->func_info;
		opts.func_info_cnt = (__u32)t->func_info_cnt;
		opts.func_info_rec_size = sizeof(t->func_info[0]);
	}
	bpf_vlog[0] = 0;
	v->says = SELFTEST_KERNEL_SILENT;
	if (as_user && !lower_capabilities(&cap_bpf))
		return;
	fd = bpf_prog_load((enum bpf_prog_type)now.prog_type, NULL, "GPL", prog, now.slots, &opts);
	v->error = fd < 0 ? errno : 0;
	if (as_user && !raise_capabilities())
		exit(1);
	v->says = fd >= 0 ? SELFTEST_KERNEL_ACCEPTS : SELFTEST_KERNEL_REFUSES;
	/* Not a word and no permission, or no such type: the verifier was not asked. */
	if (fd < 0 && (v->error == EPERM || v->error == ENOTSUPP || id < 0) && !bpf_vlog[0])
		v->says = SELFTEST_KERNEL_SILENT;
	n = strlen(bpf_vlog);
	snprintf(v->log, sizeof(v->log), "%s", bpf_vlog + (n >= sizeof(v->log) ? n - sizeof(v->log) + 1 : 0));
	if (fd >= 0)
		close(fd);
}

static void forget(int *map_fds, int btf_fd)
{
	for (unsigned i = 0; i < nblob; i++) {
		close(blob[i].fd);
		free(blob[i].btf.data);
	}
	nblob = 0;
	for (unsigned i = 0; i < MAX_NR_MAPS; i++)
		if (map_fds[i] >= 0)
			close(map_fds[i]);
	(void)btf_fd;
}

uint32_t selftests_count(void);
uint32_t selftests_count(void)
{
	return ARRAY_SIZE(tests);
}

void selftests_get(uint32_t i, void (*use)(const struct selftest *t, void *arg), void *arg);
void selftests_get(uint32_t i, void (*use)(const struct selftest *t, void *arg), void *arg)
{
	struct bpf_test *t = &tests[i];
	struct bpf_insn *prog = t->insns;
	int map_fds[MAX_NR_MAPS], btf_fd = -1;
	int skipped = skips;

	memset(&now, 0, sizeof(now));
	memset(map_fds, -1, sizeof(map_fds));
	now.name = t->descr;
	now.prog_type = t->prog_type ? t->prog_type : BPF_PROG_TYPE_SOCKET_FILTER;
	now.attach_type = t->expected_attach_type;
	now.attach_to = t->prog_type == BPF_PROG_TYPE_TRACING || t->prog_type == BPF_PROG_TYPE_LSM ? t->kfunc : NULL;
	now.strict_align = t->flags & F_LOAD_WITH_STRICT_ALIGNMENT;
	now.expect = t->result == REJECT ? SELFTEST_REJECT : SELFTEST_ACCEPT;
	now.unpriv_expect = t->result_unpriv == UNDEF ? now.expect
			    : t->result_unpriv == REJECT ? SELFTEST_REJECT
							 : SELFTEST_ACCEPT;
	now.expect_text = t->errstr;
	now.unpriv_text = t->errstr_unpriv ? t->errstr_unpriv : t->errstr;
	now.bpf_capable = !users_may_load();
	do_test_fixup(t, (enum bpf_prog_type)now.prog_type, prog, map_fds);
	if (t->fill_insns) {
		prog = t->fill_insns;
		now.slots = (uint32_t)t->prog_len;
	} else {
		now.slots = (uint32_t)probe_filter_length(prog);
	}
	now.code = (const uint8_t *)prog;
	for (unsigned k = 0; k < SELFTEST_KFUNCS && t->fixup_kfunc_btf_id[k].kfunc; k++)
		now.kfunc[now.nkfunc++] = (struct selftest_kfunc){t->fixup_kfunc_btf_id[k].insn_idx,
								  t->fixup_kfunc_btf_id[k].kfunc};
	if (t->btf_types[0]) {
		btf_fd = load_btf_for_test(t);
		now.btf = blob_of(btf_fd);
	}
	for (int k = 0; k < t->func_info_cnt && k < SELFTEST_FUNCS; k++)
		now.func[now.nfunc++] = (struct selftest_func){t->func_info[k].insn_off, t->func_info[k].type_id};
	ask_kernel(t, prog, btf_fd, 0, &now.kernel);
	ask_kernel(t, prog, btf_fd, 1, &now.user);
	if (skipped != skips || now.incomplete)
		now.kernel.says = now.user.says = SELFTEST_KERNEL_SILENT;
	use(&now, arg);
	free(t->fill_insns);
	t->fill_insns = NULL;
	forget(map_fds, btf_fd);
}
