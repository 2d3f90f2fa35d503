/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that programs allocate. They are memory of this process, in chunks that are never given
 * back, so a program that still holds the address of an object that went finds an object; it is not
 * used again before every reader that began earlier is gone (see shared.c).
 *
 * A chunk is aligned to its size and has slots of one length, so an address inside of an object, a
 * node for one, leads to the object. Before each lies its type, which says what it owns.
 *
 * Maps whose values point to objects belong to the process that runs programs with them; another
 * one takes them over when that has ended, and begins with none. So no address of another process
 * is ever followed.
 */
#include "sys/kfunc.h"

#include "btf/btf.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
	CHUNK = 1 << 16,
	CHUNK_HEAD = 64,
	ALIGN = 16,
	SIZE_MOST = 4096,
	BATCH = 32,
	CHUNKS_MAX = 4096
};

struct otype {
	struct otype *next;
	u32 btf, id, size;
	struct fields fields;
};
struct ohead {
	const struct otype *type;
	struct ohead *next; /* when it is free */
	u64 stamp;
	u64 pad;
};
struct list {
	struct ohead *first, *last;
};
static struct {
	pthread_mutex_t lock;
	struct otype *types;
	struct ohead *free[(SIZE_MOST + sizeof(struct ohead)) / ALIGN + 1]; /* by length */
	struct list old;
	u32 nold, nchunk;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

static u32 length_of(u32 size)
{
	return ((u32)sizeof(struct ohead) + size + ALIGN - 1) & ~(u32)(ALIGN - 1);
}

/* --- types
 * ------------------------------------------------------------------------------------------- */

static struct otype *read_type(const struct sprog *p, u32 id)
{
	struct otype *t = calloc(1, sizeof(*t));
	struct skep_arena a;
	struct skep_diags ds;
	struct skep_btf *b;
	struct sobj *o;
	s64 size = -1;

	if (!t)
		return NULL;
	if (p->d.btf && sys_sobj_get_id(p->d.btf, SKEP_SYS_BTF, &o) == 0) {
		skep_arena_init(&a);
		skep_diags_init(&ds);
		if (skep_btf_read(sbtf_of(o)->data, sbtf_of(o)->len, false, &a, &ds, &b) == 0) {
			size = skep_btf_size(b, id);
			if (size > 0 && size <= SIZE_MOST)
				sys_fields_of(b, id, (u32)size, &t->fields);
		}
		skep_diags_fini(&ds);
		skep_arena_fini(&a);
		sys_sobj_put(o);
	}
	t->btf = p->d.btf;
	t->id = id;
	t->size = size > 0 && size <= SIZE_MOST && !t->fields.err ? (u32)size : 0;
	return t;
}

/* Under the lock. Of size 0: there are no such objects. */
static const struct otype *type_of(const struct sprog *p, u32 id)
{
	struct otype *t;

	for (t = heap.types; t; t = t->next)
		if (t->btf == p->d.btf && t->id == id)
			return t;
	t = read_type(p, id);
	if (t) {
		t->next = heap.types;
		heap.types = t;
	}
	return t;
}

/* --- memory; under the lock
 * ------------------------------------------------------------------------------ */

static void put_free(struct ohead *h)
{
	struct ohead **list = &heap.free[length_of(h->type->size) / ALIGN];

	h->next = *list;
	*list = h;
}

static void reclaim(void)
{
	u64 limit = heap.old.first ? sys_reader_oldest(heap.old.first->stamp) : 0;

	while (heap.old.first && heap.old.first->stamp < limit) {
		struct ohead *h = heap.old.first;

		heap.old.first = h->next;
		if (!h->next)
			heap.old.last = NULL;
		heap.nold--;
		put_free(h);
	}
}

/* A new chunk of such slots; its first word is their length. */
static bool more(const struct otype *t)
{
	u32 len = length_of(t->size);
	u8 *p;

	if (heap.nchunk == CHUNKS_MAX)
		return false;
	p = sys_map_pages(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return false;
	{
		u8 *at = (u8 *)(((uintptr_t)p + CHUNK - 1) & ~(uintptr_t)(CHUNK - 1));

		if (at > p)
			munmap(p, (size_t)(at - p));
		munmap(at + CHUNK, (size_t)(p + CHUNK - at));
		p = at;
	}
	heap.nchunk++;
	memcpy(p, &len, sizeof(len));
	for (u32 k = CHUNK_HEAD; k + len <= CHUNK; k += len) {
		struct ohead *h = (struct ohead *)(p + k);

		h->type = t;
		put_free(h);
	}
	return true;
}

static struct ohead *take(const struct otype *t)
{
	struct ohead **list = &heap.free[length_of(t->size) / ALIGN], *h;

	if (!*list || heap.nold >= BATCH)
		reclaim();
	if (!*list && !more(t))
		return NULL;
	h = *list;
	*list = h->next;
	return h;
}

static struct ohead *head_of(void *object)
{
	return (struct ohead *)object - 1;
}

void *sys_object_of_node(void *node)
{
	u8 *chunk = (u8 *)((uintptr_t)node & ~(uintptr_t)(CHUNK - 1));
	u32 len;

	memcpy(&len, chunk, sizeof(len));
	return chunk + CHUNK_HEAD + ((u64)((u8 *)node - chunk) - CHUNK_HEAD) / len * len +
	       sizeof(struct ohead);
}

/* --- objects
 * ------------------------------------------------------------------------------------------------
 */

static u32 *count_of(void *object)
{
	const struct otype *t = head_of(object)->type;

	for (u32 k = 0; k < t->fields.n; k++)
		if (t->fields.field[k].kind == FIELD_COUNT)
			return (u32 *)((u8 *)object + t->fields.field[k].off);
	return NULL;
}

static void before_fork(void)
{
	pthread_mutex_lock(&heap.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&heap.lock);
}

/* A child finds the heap whole. Who has its lock may come to those of the store. */
static void follow_forks(void)
{
	sys_whole_prepare();
	pthread_atfork(before_fork, after_fork, after_fork);
}

void *sys_object_new(const struct sprog *p, u64 id)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct otype *t;
	struct ohead *h = NULL;
	u32 *count;

	pthread_once(&once, follow_forks);
	pthread_mutex_lock(&heap.lock);
	t = type_of(p, (u32)id);
	if (t && t->size)
		h = take(t);
	if (h)
		h->type = t;
	pthread_mutex_unlock(&heap.lock);
	if (!h)
		return NULL;
	memset(h + 1, 0, t->size);
	count = count_of(h + 1);
	if (count)
		*count = 1;
	return h + 1;
}

void *sys_object_share(void *object)
{
	u32 *count = count_of(object), seen = count ? __atomic_load_n(count, __ATOMIC_RELAXED) : 0;

	while (seen && seen < UINT32_MAX)
		if (__atomic_compare_exchange_n(count, &seen, seen + 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return object;
	return NULL;
}

void sys_object_drop(void *object)
{
	struct ohead *h = head_of(object);
	u32 *count = count_of(object);

	if (count && __atomic_sub_fetch(count, 1, __ATOMIC_ACQ_REL))
		return;
	sys_objects_free(h->type->fields.field, h->type->fields.n, object);
	pthread_mutex_lock(&heap.lock);
	h->stamp = sys_reader_stamp();
	h->next = NULL;
	if (heap.old.last)
		heap.old.last->next = h;
	else
		heap.old.first = h;
	heap.old.last = h;
	heap.nold++;
	pthread_mutex_unlock(&heap.lock);
}

static void free_list(void *head)
{
	for (void *n = sys_list_take(head, false); n; n = sys_list_take(head, false))
		sys_object_drop(sys_object_of_node(n));
}

static void free_tree(void *root)
{
	for (void *n = sys_tree_take(root); n; n = sys_tree_take(root))
		sys_object_drop(sys_object_of_node(n));
}

/* What hangs there is taken off under the lock of the value, and dropped without. */
void sys_objects_free(const struct sfield *f, u32 n, u8 *base)
{
	u64 off[FIELDS_MAX][2];
	u32 *lock = NULL;

	for (u32 k = 0; k < n; k++)
		if (f[k].kind == FIELD_LOCK)
			lock = (u32 *)(base + f[k].off);
	if (lock)
		sys_word_lock(lock);
	for (u32 k = 0; k < n; k++)
		if (f[k].kind == FIELD_LIST || f[k].kind == FIELD_TREE) {
			memcpy(off[k], base + f[k].off, sizeof(off[k]));
			memset(base + f[k].off, 0, sizeof(off[k]));
		}
	if (lock)
		sys_word_unlock(lock);
	for (u32 k = 0; k < n; k++) {
		u64 p = 0;

		if (f[k].kind == FIELD_LIST)
			free_list(off[k]);
		else if (f[k].kind == FIELD_TREE)
			free_tree(off[k]);
		else if (f[k].kind == FIELD_POINTER)
			p = __atomic_exchange_n((u64 *)(base + f[k].off), 0, __ATOMIC_ACQ_REL);
		if (p)
			sys_object_drop((void *)(uintptr_t)p);
	}
}

/* --- maps with objects
 * --------------------------------------------------------------------------------------- */

/* Of every value: what it owns is dropped, or, when it was another process's, forgotten. */
static void clear_value(struct smap *m, u8 *value, bool drop)
{
	if (drop)
		sys_objects_free(m->field, m->nfield, value);
	for (u32 k = 0; k < m->nfield; k++)
		if (field_owns(&m->field[k]))
			memset(value + m->field[k].off, 0, m->field[k].size);
}

struct clearing {
	struct smap *m;
	bool drop;
};

static int clear_one(void *arg, const void *key, void *value)
{
	const struct clearing *c = arg;

	clear_value(c->m, value, c->drop);
	return 0;
}

static void clear_all(struct smap *m, bool drop)
{
	struct clearing c = {m, drop};

	if (m->d.type != BPF_MAP_TYPE_ARRAY) {
		sys_hash_for_each(m, clear_one, &c);
		return;
	}
	for (u32 k = 0; k < m->d.max_entries; k++)
		clear_value(m, m->mem + (u64)k * m->vstride, drop);
}

int sys_map_own(struct smap *m)
{
	u32 me = (u32)getpid(), owner;
	int err = sys_map_lock(m);

	if (err)
		return err;
	owner = m->h->owner;
	if (owner && owner != me && sys_task_born(owner) == m->h->owner_born)
		err = -EBUSY;
	if (!err && (owner != me || m->h->owner_born != sys_task_born(me))) {
		clear_all(m, false);
		m->h->owner_born = sys_task_born(me);
		__atomic_store_n(&m->h->owner, me, __ATOMIC_RELEASE);
	}
	sys_map_unlock(m);
	return err;
}

void sys_map_disown(struct smap *m)
{
	if (__atomic_load_n(&m->h->owner, __ATOMIC_ACQUIRE) != (u32)getpid())
		return;
	clear_all(m, true);
	__atomic_store_n(&m->h->owner, 0, __ATOMIC_RELEASE);
}
