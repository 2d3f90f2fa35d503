/* SPDX-License-Identifier: BSD-2-Clause */
/* OBJ_GET_INFO_BY_FD: what an object is, as much of it as the caller has room for. */
#include "sys/sys_impl.h"

#include "isa/isa.h"

#include <stdlib.h>

/* The caller's structure, at most ours; what it has beyond must be zero. */
static int read_info(const union bpf_attr *attr, void *info, u32 ours, u32 *n)
{
	*n = SKEP_MIN(attr->info.info_len, ours);
	if (attr->info.info_len > PAGE)
		return -E2BIG;
	if (attr->info.info_len > ours && !sys_user_zero(attr->info.info + ours, attr->info.info_len - ours))
		return -E2BIG;
	return sys_user_read(info, attr->info.info, *n);
}

static int write_info(union bpf_attr *attr, const void *info, u32 n)
{
	attr->info.info_len = n;
	return sys_user_write(attr->info.info, info, n);
}

/* As many elements as there is room for; *n becomes how many there are. */
static int give(u64 to, u32 *n, const void *from, u32 have, u32 size)
{
	u32 some = SKEP_MIN(*n, have);

	*n = have;
	return to && some ? sys_user_write(to, from, (u64)some * size) : 0;
}

/* Loads show the ids of maps where the program has indices. */
static u8 *shown_code(const struct sprog *p)
{
	u8 *code = malloc((size_t)p->d.slots * 8);

	if (!code)
		return NULL;
	memcpy(code, p->code, (size_t)p->d.slots * 8);
	for (u32 s = 0; s + 1 < p->d.slots; s++) {
		struct bpf_insn *i = (struct bpf_insn *)code + s;

		if (i->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		s++;
		if ((i->src_reg == SKEP_LD_MAP_FD || i->src_reg == SKEP_LD_MAP_VALUE) && (u32)i->imm < p->d.nmap)
			i->imm = (s32)p->map_id[i->imm];
	}
	return code;
}

static int give_code(struct sprog *p, struct bpf_prog_info *i)
{
	u32 room = i->xlated_prog_len, n = p->d.slots * 8;
	u8 *code;
	int err;

	i->xlated_prog_len = n;
	if (!room || !i->xlated_prog_insns)
		return 0;
	code = shown_code(p);
	if (!code)
		return -ENOMEM;
	err = sys_user_write(i->xlated_prog_insns, code, SKEP_MIN(room, n));
	free(code);
	return err;
}

static int give_native(struct sprog *p, struct bpf_prog_info *i)
{
	u32 room = i->jited_prog_len;

	i->jited_prog_len = p->h->image;
	if (!room || !i->jited_prog_insns)
		return 0;
	if (sys_prog_ready(p, NULL, 0, NULL) || !p->eng->code)
		return 0;
	i->jited_prog_len = p->eng->image;
	return sys_user_write(i->jited_prog_insns, p->eng->code, SKEP_MIN(room, p->eng->image));
}

/*
 * Native code is one piece: its address and length stand for the kernel's list of functions.
 * A record of a line has the address of what was made of its instruction; the first has that of
 * the function, since libbpf takes no records that begin behind it.
 */
static int give_native_records(struct sprog *p, struct bpf_prog_info *i)
{
	bool wanted = i->nr_jited_line_info || i->nr_jited_ksyms || i->nr_jited_func_lens;
	const struct skep_eng_prog *e;
	u32 nline = p->h->image ? p->d.nline : 0, one = p->h->image ? 1 : 0;
	u64 base = 0, *line = NULL;
	int err = 0;

	if (wanted && one && sys_prog_ready(p, NULL, 0, NULL) == 0 && p->eng->code) {
		e = p->eng;
		base = (u64)(uintptr_t)e->code;
		line = nline && e->native ? calloc(nline, sizeof(*line)) : NULL;
		for (u32 k = 0; line && k < nline; k++) {
			u32 slot = skep_get32(p->line + (size_t)k * 16, false);

			line[k] = slot < p->d.slots ? base + (slot ? e->native[slot] : 0) : 0;
		}
	}
	if (wanted && !base)
		one = 0;
	if (wanted && !line)
		nline = 0;
	err = give(i->jited_line_info, &i->nr_jited_line_info, line, nline, 8);
	if (!err)
		err = give(i->jited_ksyms, &i->nr_jited_ksyms, &base, one, 8);
	if (!err)
		err = give(i->jited_func_lens, &i->nr_jited_func_lens, &p->h->image, one, 4);
	free(line);
	return err;
}

static int give_records(struct sprog *p, struct bpf_prog_info *i)
{
	int err;

	i->func_info_rec_size = 8;
	i->line_info_rec_size = 16;
	err = give(i->func_info, &i->nr_func_info, p->func, p->d.nfunc, 8);
	if (!err)
		err = give(i->line_info, &i->nr_line_info, p->line, p->d.nline, 16);
	i->jited_line_info_rec_size = 8;
	if (!err)
		err = give_native_records(p, i);
	if (!err)
		err = give(i->prog_tags, &i->nr_prog_tags, p->d.tag, 1, 8);
	return err;
}

static int give_maps(struct sprog *p, struct bpf_prog_info *i)
{
	u32 id[64 + SKEP_ARRAY_SIZE(p->h->bound)], n = SKEP_MIN(p->d.nmap, 64u);

	memcpy(id, p->map_id, n * 4);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(p->h->bound); k++)
		if (p->h->bound[k])
			id[n++] = p->h->bound[k];
	return give(i->map_ids, &i->nr_map_ids, id, n, 4);
}

static int prog_info(union bpf_attr *attr, struct sprog *p)
{
	struct bpf_prog_info i = {0};
	u32 n;
	int err = read_info(attr, &i, sizeof(i), &n);

	if (err)
		return err;
	i.type = p->d.type;
	i.id = p->o.id;
	memcpy(i.tag, p->d.tag, 8);
	memcpy(i.name, p->name, sizeof(i.name));
	i.load_time = p->born;
	i.created_by_uid = geteuid();
	i.gpl_compatible = p->d.gpl != 0;
	i.btf_id = p->d.btf;
	i.run_time_ns = p->h->run_ns;
	i.run_cnt = p->h->run_cnt;
	i.verified_insns = p->h->verified;
	i.attach_btf_id = p->d.attach_btf;
	err = give_maps(p, &i);
	if (!err)
		err = give_code(p, &i);
	if (!err)
		err = give_native(p, &i);
	if (!err)
		err = give_records(p, &i);
	return err ? err : write_info(attr, &i, n);
}

static int map_info(union bpf_attr *attr, const struct smap *m)
{
	struct bpf_map_info i = {0};
	u32 n;
	int err = read_info(attr, &i, sizeof(i), &n);

	if (err)
		return err;
	memset(&i, 0, sizeof(i));
	i.type = m->d.type;
	i.id = m->o.id;
	i.key_size = m->d.key_size;
	i.value_size = m->d.value_size;
	i.max_entries = m->d.max_entries;
	i.map_flags = m->d.flags;
	i.map_extra = m->d.extra;
	memcpy(i.name, m->name, sizeof(i.name));
	i.btf_id = m->d.btf;
	i.btf_key_type_id = m->d.key_type;
	i.btf_value_type_id = m->d.value_type;
	i.btf_vmlinux_value_type_id = m->d.kernel_type;
	return write_info(attr, &i, n);
}

static int btf_info(union bpf_attr *attr, const struct sbtf *b)
{
	struct bpf_btf_info i = {0};
	static const char none;
	u32 n, room;
	int err = read_info(attr, &i, sizeof(i), &n);

	if (err)
		return err;
	room = i.btf_size;
	i.btf_size = b->len;
	i.id = b->o.id;
	i.kernel_btf = 0;
	if (i.btf && room)
		err = sys_user_write(i.btf, b->data, SKEP_MIN(room, b->len));
	if (!err && i.name && i.name_len)
		err = sys_user_write(i.name, &none, 1);
	i.name_len = 0;
	return err ? err : write_info(attr, &i, n);
}

int sys_info_by_fd(union bpf_attr *attr, u32 size)
{
	struct sobj *o;
	int err = sys_sobj_get((int)attr->info.bpf_fd, 0, &o);

	if (err)
		return err;
	switch (o->kind) {
	case SKEP_SYS_PROG: err = prog_info(attr, sprog_of(o)); break;
	case SKEP_SYS_MAP: err = map_info(attr, smap_of(o)); break;
	case SKEP_SYS_BTF: err = btf_info(attr, sbtf_of(o)); break;
	case SKEP_SYS_LINK: err = sys_link_info(attr, o); break;
	default: err = -EINVAL;
	}
	sys_sobj_put(o);
	return err;
}
