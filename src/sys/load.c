/* SPDX-License-Identifier: BSD-2-Clause */
/* PROG_LOAD: from the attributes to a file, and the verdict before it gets an id. */
#include "sys/sys_impl.h"

#include "btf/btf.h"
#include "abi/abi.h"
#include "isa/isa.h"
#include "sys/prog.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SLOTS_MAX = 1000000, MAPS_MAX = 64, RECORD_MAX = 256 };

struct loading {
	const union bpf_attr *attr;
	struct fhead f;
	struct phead *d;
	u8 *code;
	struct skep_func_rec *func;
	struct skep_line_rec *line;
	char license[128];
	struct sobj *map[MAPS_MAX]; /* held until the program holds them */
	u32 id[MAPS_MAX];
	struct sobj *btf;
	struct skep_buf log;
};

static int add_map(struct loading *l, int fd, u32 *index)
{
	struct sobj *o;
	int err = sys_sobj_get(fd, SKEP_SYS_MAP, &o);

	if (err)
		return err;
	for (u32 k = 0; k < l->d->nmap; k++)
		if (l->map[k] == o) {
			sys_sobj_put(o);
			*index = k;
			return 0;
		}
	if (l->d->nmap == MAPS_MAX) {
		sys_sobj_put(o);
		return -E2BIG;
	}
	*index = l->d->nmap++;
	l->map[*index] = o;
	l->id[*index] = o->id;
	return 0;
}

/* Descriptors in loads become indices; the tag does not depend on them. */
static int find_maps(struct loading *l)
{
	u8 *tagged = malloc((size_t)l->d->slots * 8), sum[20];

	if (!tagged)
		return -ENOMEM;
	memcpy(tagged, l->code, (size_t)l->d->slots * 8);
	for (u32 s = 0; s < l->d->slots; s++) {
		struct bpf_insn *i = (struct bpf_insn *)l->code + s;
		u32 src = i->src_reg, index;
		int fd = i->imm, err;

		if (i->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (s + 1 == l->d->slots)
			break;
		s++;
		if (src != SKEP_LD_MAP_FD && src != SKEP_LD_MAP_VALUE && src != SKEP_LD_MAP_IDX && src != SKEP_LD_MAP_IDX_VALUE)
			continue;
		if (src == SKEP_LD_MAP_IDX || src == SKEP_LD_MAP_IDX_VALUE) {
			if (!l->attr->fd_array || sys_user_read(&fd, l->attr->fd_array + 4 * (u64)(u32)i->imm, 4)) {
				free(tagged);
				return l->attr->fd_array ? -EFAULT : -EPROTO;
			}
			i->src_reg = src == SKEP_LD_MAP_IDX ? SKEP_LD_MAP_FD : SKEP_LD_MAP_VALUE;
		}
		err = add_map(l, fd, &index);
		if (err) {
			skep_buf_printf(&l->log, "fd %d is not pointing to valid bpf_map\n", fd);
			free(tagged);
			return err;
		}
		i->imm = (s32)index;
		((struct bpf_insn *)tagged)[s - 1].imm = 0;
		((struct bpf_insn *)tagged)[s].imm = 0;
	}
	sys_sha1(tagged, (size_t)l->d->slots * 8, sum);
	memcpy(l->d->tag, sum, 8);
	free(tagged);
	return 0;
}

/* Records of `given` bytes each, of which the first `ours` are known; the rest must be zero. */
static int read_records(u64 from, u32 n, u32 given, u32 ours, u32 limit, void **out)
{
	u8 *v;

	if (!n)
		return 0;
	if (given < ours || given > RECORD_MAX || given % 4 || n > limit)
		return -EINVAL;
	v = *out = calloc(n, ours);
	if (!v)
		return -ENOMEM;
	for (u32 k = 0; k < n; k++) {
		u64 at = from + (u64)k * given;

		if (sys_user_read(v + (u64)k * ours, at, ours))
			return -EFAULT;
		if (given > ours && !sys_user_zero(at + ours, given - ours))
			return -E2BIG;
	}
	return 0;
}

static int read_debug(struct loading *l)
{
	const union bpf_attr *a = l->attr;
	int err;

	if (a->prog_btf_fd) {
		err = sys_sobj_get((int)a->prog_btf_fd, SKEP_SYS_BTF, &l->btf);
		if (err)
			return err;
		l->d->btf = l->btf->id;
	} else if (a->func_info_cnt || a->line_info_cnt) {
		return -EINVAL;
	}
	l->d->nfunc = a->func_info_cnt;
	l->d->nline = a->line_info_cnt;
	err = read_records(a->func_info, a->func_info_cnt, a->func_info_rec_size, sizeof(*l->func), l->d->slots, (void **)&l->func);
	if (!err)
		err = read_records(a->line_info, a->line_info_cnt, a->line_info_rec_size, sizeof(*l->line), l->d->slots,
				   (void **)&l->line);
	return err;
}

/* A struct of other types than the kernel's own: a module's, of which there are none. */
static int of_module(const union bpf_attr *a)
{
	struct sobj *o;

	if (sys_sobj_get((int)a->attach_prog_fd, SKEP_SYS_BTF, &o))
		return -EINVAL;
	sys_sobj_put(o);
	return -524; /* ENOTSUPP */
}

static int read_all(struct loading *l)
{
	const union bpf_attr *a = l->attr;
	int n, err;

	if (a->prog_flags & ~(u32)(BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT | BPF_F_TEST_RND_HI32 | BPF_F_TEST_STATE_FREQ |
				   BPF_F_SLEEPABLE | BPF_F_XDP_HAS_FRAGS | (1u << 6)))
		return -EINVAL;
	if (a->prog_type == BPF_PROG_TYPE_UNSPEC || !skep_prog_type_find(a->prog_type))
		return -EINVAL;
	if (!a->insn_cnt || a->insn_cnt > SLOTS_MAX)
		return -E2BIG;
	if (a->prog_type == BPF_PROG_TYPE_STRUCT_OPS && a->attach_prog_fd)
		return of_module(a);
	n = sys_user_string(l->license, a->license, sizeof(l->license));
	if (n < 0)
		return n == -E2BIG ? -EINVAL : n;
	l->d->license_len = (u32)n;
	l->d->type = a->prog_type;
	l->d->attach_type = a->expected_attach_type;
	l->d->flags = a->prog_flags;
	l->d->slots = a->insn_cnt;
	l->d->kern_version = a->kern_version;
	l->d->attach_btf = a->attach_btf_id;
	l->d->gpl = skep_license_gpl(l->license);
	memcpy(l->f.name, a->prog_name, sizeof(l->f.name));
	if (memchr(a->prog_name, 0, sizeof(a->prog_name)) == NULL)
		return -EINVAL;
	l->code = malloc((size_t)a->insn_cnt * 8);
	if (!l->code)
		return -ENOMEM;
	if (sys_user_read(l->code, a->insns, (u64)a->insn_cnt * 8))
		return -EFAULT;
	if (a->core_relo_cnt) {
		skep_buf_puts(&l->log, "CO-RE records are resolved by the loader, not here\n");
		return -EOPNOTSUPP;
	}
	err = read_debug(l);
	return err ? err : find_maps(l);
}

static int put(int fd, const void *p, u64 n, u64 *at)
{
	if (n && pwrite(fd, p, n, (off_t)*at) != (ssize_t)n)
		return -ENOMEM;
	*at += (n + 7) & ~7ull;
	return 0;
}

static int write_file(struct loading *l, int fd)
{
	u64 at = 0;
	int err = put(fd, l->id, 4 * (u64)l->d->nmap, &at);

	if (!err)
		err = put(fd, l->code, 8 * (u64)l->d->slots, &at);
	if (!err)
		err = put(fd, l->func, l->d->nfunc * sizeof(*l->func), &at);
	if (!err)
		err = put(fd, l->line, l->d->nline * sizeof(*l->line), &at);
	return err ? err : put(fd, l->license, l->d->license_len + 1, &at);
}

static u64 file_size(const struct phead *d)
{
	return 4 * (u64)d->nmap + 8 + 8 * (u64)d->slots + d->nfunc * sizeof(struct skep_func_rec) + 8 +
	       d->nline * sizeof(struct skep_line_rec) + 8 + d->license_len + 8;
}

/* Verified as whoever opens it will do. */
static int judge(struct loading *l, int fd, struct sobj **out)
{
	struct sobj *o;
	u32 insns = 0;
	int err = sys_sprog_open(fd, &l->f, &o);

	if (err)
		return err;
	err = sys_prog_ready(sprog_of(o), &l->log, l->attr->log_level, &insns);
	sprog_of(o)->h->verified = sprog_of(o)->d.verified = insns;
	if (!err)
		sprog_of(o)->h->image = sprog_of(o)->d.image = sprog_of(o)->eng->code ? sprog_of(o)->eng->image : 0;
	if (err)
		sys_sobj_free(o);
	else
		*out = o;
	return err;
}

static int make(struct loading *l, int *logged)
{
	struct sobj *o = NULL;
	int fd, id, err = read_all(l);

	if (err)
		return err;
	fd = sys_store_create(SKEP_SYS_PROG, file_size(l->d), &l->f, true);
	if (fd < 0)
		return fd;
	err = write_file(l, fd);
	if (!err)
		err = judge(l, fd, &o);
	*logged = sys_log_write(&l->log, l->attr->log_level, l->attr->log_size, l->attr->log_buf);
	if (!err)
		err = *logged;
	if (!err) {
		id = sys_store_publish(fd, &l->f);
		err = id < 0 ? id : 0;
	}
	if (!err)
		sys_sobj_adopt(fd, SKEP_SYS_PROG, (u32)id, o);
	else if (o)
		sys_sobj_free(o);
	if (err) {
		sys_store_discard(fd);
		return err;
	}
	return fd;
}

int sys_prog_load(union bpf_attr *attr, u32 size)
{
	struct loading *l;
	int err = sys_log_check(attr->log_level, attr->log_size, attr->log_buf), logged = 1;

	if (err)
		return err;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->attr = attr;
	l->d = (struct phead *)l->f.more;
	err = make(l, &logged);
	if (logged == 1)
		sys_log_write(&l->log, attr->log_level, attr->log_size, attr->log_buf);
	for (u32 k = 0; k < l->d->nmap; k++)
		sys_sobj_put(l->map[k]);
	if (l->btf)
		sys_sobj_put(l->btf);
	skep_buf_fini(&l->log);
	free(l->code);
	free(l->func);
	free(l->line);
	free(l);
	return err;
}
