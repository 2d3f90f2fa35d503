/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF objects: the bytes that were loaded, checked when they come and when they are read again. */
#include "sys/sys_impl.h"

#include "btf/btf.h"
#include "sys/prog.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BTF_MAX = 16 << 20 };

static void free_btf(struct sobj *o)
{
	struct sbtf *b = sbtf_of(o);

	if (b->data)
		munmap((void *)b->data, b->map_len);
	if (b->head)
		munmap(b->head, PAGE);
	free(b);
}

static const struct sobj_ops btf_ops = {.free = free_btf};

/* A copy: nobody changes it once it was checked. The head is mapped for the sake of the file's number. */
static int read_btf(struct sbtf *b, int fd, const struct fhead *h)
{
	u8 *p;

	if (!b->len || b->len > h->size)
		return -EINVAL;
	p = sys_map_pages(NULL, b->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	b->data = p;
	if (pread(fd, p, b->len, 0) != (ssize_t)b->len)
		return -EIO;
	mprotect(p, b->map_len, PROT_READ);
	return sys_map_file(fd, h->size, PAGE, &b->head);
}

int sys_sbtf_open(int fd, const struct fhead *h, struct sobj **out)
{
	struct sbtf *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	memcpy(&b->len, h->more, 4);
	b->map_len = h->size;
	b->o.ops = &btf_ops;
	err = read_btf(b, fd, h);
	if (err)
		sys_sobj_free(&b->o);
	else
		*out = &b->o;
	return err;
}

static int check(const void *data, u32 len, struct skep_buf *log)
{
	struct skep_arena a;
	struct skep_diags ds;
	struct skep_btf *btf;
	int err;

	skep_arena_init(&a);
	skep_diags_init(&ds);
	a.limit = (size_t)256 << 20;
	err = skep_btf_read(data, len, false, &a, &ds, &btf);
	skep_diags_print(&ds, "btf", log);
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	return err == SKEP_ENOMEM ? -ENOMEM : err ? -EINVAL : 0;
}

static int store(const void *data, u32 len)
{
	struct fhead f = {0};
	int fd, id = -ENOMEM;

	memcpy(f.more, &len, 4);
	fd = sys_store_create(SKEP_SYS_BTF, len, &f, true);
	if (fd < 0)
		return fd;
	if (pwrite(fd, data, len, 0) == (ssize_t)len)
		id = sys_store_publish(fd, &f);
	if (id < 0) {
		sys_store_discard(fd);
		return id;
	}
	return fd;
}

int sys_btf_load(const union bpf_attr *attr, u32 size)
{
	struct skep_buf log = {0};
	int err, logged;
	u8 *data;

	if (attr->btf_size > BTF_MAX)
		return -E2BIG;
	err = sys_log_check(attr->btf_log_level, attr->btf_log_size, attr->btf_log_buf);
	if (err)
		return err;
	data = malloc(attr->btf_size + 1);
	if (!data)
		return -ENOMEM;
	err = sys_user_read(data, attr->btf, attr->btf_size);
	if (!err)
		err = check(data, attr->btf_size, &log);
	logged = sys_log_write(&log, attr->btf_log_level, attr->btf_log_size, attr->btf_log_buf);
	if (!err)
		err = logged ? logged : store(data, attr->btf_size);
	skep_buf_fini(&log);
	free(data);
	return err;
}
