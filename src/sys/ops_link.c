/* SPDX-License-Identifier: BSD-2-Clause */
/* Links of struct_ops: what registers a map's struct as long as the link lives, and exchanges it.
 */
#include "sys/links.h"
#include "sys/ops.h"

static int get_map(u32 fd, struct smap **out)
{
	struct sobj *o;
	int err = sys_sobj_get((int)fd, SKEP_SYS_MAP, &o);

	if (!err)
		*out = smap_of(o);
	return err;
}

static int create(struct smap *m)
{
	struct lhead d = {.type = BPF_LINK_TYPE_STRUCT_OPS, .map = m->o.id};
	struct ops_type t;
	int err, lock;
	u32 id;

	if (!sys_ops_ready(m) || !sys_ops_by_value(sys_kernel_types(), m->d.kernel_type, &t))
		return -EINVAL;
	lock = sys_store_lock_ops();
	if (lock < 0)
		return lock;
	err = sys_ops_may_register(m, &t, 0);
	d.turn = sys_ops_turn();
	if (!err)
		err = sys_link_publish(&d, NULL, 0, &id);
	if (err >= 0)
		sys_table_changed();
	sys_store_unlock(lock);
	return err;
}

int sys_link_create_ops(const union bpf_attr *attr)
{
	struct smap *m;
	int err = get_map(attr->link_create.prog_fd, &m); /* a map's here */

	if (err)
		return err;
	err = create(m);
	sys_sobj_put(&m->o);
	return err;
}

static int exchange(struct slink *l, struct smap *m, const struct smap *expected)
{
	struct ops_type t;
	struct sobj *old;
	u32 had;
	int err;

	if (__atomic_load_n(&l->h->detached, __ATOMIC_ACQUIRE))
		return -ENOLINK;
	had = __atomic_load_n(&l->h->map, __ATOMIC_ACQUIRE);
	if (expected && expected->o.id != had)
		return -EPERM;
	err = sys_sobj_get_id(had, SKEP_SYS_MAP, &old);
	if (err)
		return err;
	if (smap_of(old)->d.kernel_type != m->d.kernel_type ||
	    !sys_ops_by_value(sys_kernel_types(), m->d.kernel_type, &t))
		err = -EINVAL;
	if (!err)
		err = sys_ops_may_register(m, &t, had);
	sys_sobj_put(old);
	if (!err) {
		__atomic_store_n(&l->h->map, m->o.id, __ATOMIC_RELEASE);
		sys_table_changed();
	}
	return err;
}

static int update(const union bpf_attr *attr, struct slink *l, struct smap *m)
{
	struct smap *expected = NULL;
	int err = 0, lock;

	if (attr->link_update.flags & BPF_F_REPLACE)
		err = get_map(attr->link_update.old_prog_fd, &expected);
	else if (attr->link_update.old_prog_fd)
		err = -EINVAL;
	if (!err && !sys_ops_ready(m))
		err = -EINVAL;
	if (!err) {
		lock = sys_store_lock_ops();
		err = lock < 0 ? lock : exchange(l, m, expected);
		if (lock >= 0)
			sys_store_unlock(lock);
	}
	if (expected)
		sys_sobj_put(&expected->o);
	return err;
}

int sys_link_update_ops(const union bpf_attr *attr, struct sobj *link)
{
	struct smap *m;
	int err = get_map(attr->link_update.new_prog_fd, &m);

	if (err)
		return err;
	err = update(attr, slink_of(link), m);
	sys_sobj_put(&m->o);
	return err;
}
