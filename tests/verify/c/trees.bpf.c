/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of allocated objects, sorted by a function of the program. */
#include "cases.h"

#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))

struct bpf_rb_root {
	u64 : 64;
	u64 : 64;
} __attribute__((aligned(8)));
struct bpf_rb_node {
	u64 : 64;
	u64 : 64;
	u64 : 64;
	u64 : 64;
} __attribute__((aligned(8)));
struct bpf_refcount {
	u32 : 32;
} __attribute__((aligned(4)));

struct tree_elem {
	u64 key;
	struct bpf_rb_node node;
	u64 n;
};
struct tree_foreign {
	u64 key;
	struct bpf_rb_node node;
	u64 n;
};
struct tree_counted {
	u64 key;
	struct bpf_rb_node node;
	struct bpf_refcount count;
};
struct tree {
	u64 n;
	struct bpf_spin_lock lock;
	struct bpf_rb_root root __contains(tree_elem, node);
};
struct counted_tree {
	struct bpf_spin_lock lock;
	struct bpf_rb_root root __contains(tree_counted, node);
};
ARRAY_OF(struct tree, values);
ARRAY_OF(struct tree, others);
ARRAY_OF(struct counted_tree, counted);

extern void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta__ign,
			       u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define drop(p) bpf_obj_drop_impl(p, NULL)
#define add(root, node, less) bpf_rbtree_add_impl(root, node, less, NULL, 0)
#define take(root, node) bpf_rbtree_remove(root, node)
#define elem_of(node_) ((struct tree_elem *)((char *)(node_) - __builtin_offsetof(struct tree_elem, node)))
#define counted_of(node_) ((struct tree_counted *)((char *)(node_) - __builtin_offsetof(struct tree_counted, node)))

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return elem_of(a)->key < elem_of(b)->key;
}

static bool less_counted(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return counted_of(a)->key < counted_of(b)->key;
}

/* A tree and an object, or the program is over. */
#define TREE()                                                                                     \
	struct tree *v = first(&values);                                                           \
                                                                                                   \
	if (!v)                                                                                    \
		return 0
#define BEGIN(type)                                                                                \
	type *p;                                                                                   \
                                                                                                   \
	TREE();                                                                                    \
	p = new(type);                                                                             \
	if (!p)                                                                                    \
		return 0

ACCEPT("tc", added)
{
	BEGIN(struct tree_elem);
	p->key = 1;
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	bpf_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", followed_while_locked)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	p->n = 1;
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("released", "tc", followed_behind_the_lock)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	bpf_spin_unlock(&v->lock);
	return (int)*(volatile u64 *)&p->key;
}

REJECT("list-lock", "tc", added_without_lock)
{
	BEGIN(struct tree_elem);
	add(&v->root, &p->node, less);
	return 0;
}

REJECT("list-lock", "tc", another_lock_held)
{
	struct tree *o = first(&others);

	if (!o)
		return 0;
	BEGIN(struct tree_elem);
	bpf_spin_lock(&o->lock);
	add(&v->root, &p->node, less);
	bpf_spin_unlock(&o->lock);
	return 0;
}

REJECT("list-arg", "tc", added_twice)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	add(&v->root, &p->node, less);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", dropped_when_added)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	bpf_spin_unlock(&v->lock);
	drop(p);
	return 0;
}

REJECT("list-arg", "tc", element_of_another_type)
{
	BEGIN(struct tree_foreign);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", not_the_node)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, (struct bpf_rb_node *)&p->n, less);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", not_the_root)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add((struct bpf_rb_root *)&v->n, &p->node, less);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", no_function)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, NULL);
	bpf_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", first_taken_and_dropped)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	n = take(&v->root, n);
	bpf_spin_unlock(&v->lock);
	if (!n)
		return 0;
	elem_of(n)->n++;
	drop(elem_of(n));
	return 0;
}

REJECT("ref-leak", "tc", taken_and_left)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (n)
		take(&v->root, n);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", perhaps_null_taken)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = take(&v->root, bpf_rbtree_first(&v->root));
	bpf_spin_unlock(&v->lock);
	if (n)
		drop(elem_of(n));
	return 0;
}

REJECT("null", "tc", result_not_tested)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	n = take(&v->root, n);
	bpf_spin_unlock(&v->lock);
	return (int)*(volatile u64 *)&elem_of(n)->key;
}

/* The function looks itself whether the object lies in the tree. */
ACCEPT("tc", taken_without_being_added)
{
	struct bpf_rb_node *n;

	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	n = take(&v->root, &p->node);
	bpf_spin_unlock(&v->lock);
	if (n)
		drop(elem_of(n));
	drop(p);
	return 0;
}

ACCEPT("tc", added_and_taken)
{
	struct bpf_rb_node *n;

	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	n = take(&v->root, &p->node);
	bpf_spin_unlock(&v->lock);
	if (n)
		drop(elem_of(n));
	return 0;
}

ACCEPT("tc", taken_and_followed_by_the_old_pointer)
{
	struct bpf_rb_node *n;
	u64 key;

	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less);
	n = take(&v->root, &p->node);
	key = *(volatile u64 *)&p->key;
	bpf_spin_unlock(&v->lock);
	if (n)
		drop(elem_of(n));
	return (int)key;
}

ACCEPT("tc", two_of_the_first)
{
	struct bpf_rb_node *n, *k;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	k = bpf_rbtree_first(&v->root);
	if (!n || !k) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	n = take(&v->root, n);
	k = take(&v->root, k);
	bpf_spin_unlock(&v->lock);
	if (n)
		drop(elem_of(n));
	if (k)
		drop(elem_of(k));
	return 0;
}

REJECT("list-lock", "tc", first_without_lock)
{
	TREE();
	return bpf_rbtree_first(&v->root) ? 1 : 0;
}

REJECT("list-lock", "tc", taken_without_lock)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	bpf_spin_unlock(&v->lock);
	if (!n)
		return 0;
	n = take(&v->root, n);
	if (n)
		drop(elem_of(n));
	return 0;
}

REJECT("released", "tc", first_kept)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	bpf_spin_unlock(&v->lock);
	return (int)*(volatile u64 *)&elem_of(n)->key;
}

ACCEPT("tc", searched)
{
	struct bpf_rb_node *n;
	u64 found = 0;
	int k;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_root(&v->root);
	for (k = 0; n && k < 16; k++) {
		u64 key = elem_of(n)->key;

		if (key == 42) {
			found = elem_of(n)->n;
			break;
		}
		n = key > 42 ? bpf_rbtree_left(&v->root, n) : bpf_rbtree_right(&v->root, n);
	}
	bpf_spin_unlock(&v->lock);
	return (int)found;
}

REJECT("list-arg", "tc", left_of_perhaps_null)
{
	u64 found = 0;
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_left(&v->root, bpf_rbtree_root(&v->root));
	if (n)
		found = elem_of(n)->n;
	bpf_spin_unlock(&v->lock);
	return (int)found;
}

REJECT("lock", "tc", first_dropped)
{
	struct bpf_rb_node *n;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (n)
		drop(elem_of(n));
	bpf_spin_unlock(&v->lock);
	return 0;
}

/* --- the function that sorts --------------------------------------------------------- */

static bool less_writes(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	elem_of(a)->n++;
	return elem_of(a)->key < elem_of(b)->key;
}

ACCEPT("tc", order_writes)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less_writes);
	bpf_spin_unlock(&v->lock);
	return 0;
}

static bool less_wrong(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return *(volatile u64 *)&elem_of(a)->key;
}

static int less_number(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return (int)elem_of(a)->key;
}

REJECT("callback-return", "tc", order_returns_any_number)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, (bool (*)(struct bpf_rb_node *, const struct bpf_rb_node *))less_number);
	bpf_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", order_returns_what_it_reads)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less_wrong);
	bpf_spin_unlock(&v->lock);
	return 0;
}

static bool less_beyond(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return *(volatile u64 *)(elem_of(a) + 1) < elem_of(b)->key;
}

REJECT("object-bounds", "tc", order_reads_behind_the_object)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less_beyond);
	bpf_spin_unlock(&v->lock);
	return 0;
}

static bool less_calls(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return bpf_get_prandom_u32() & 1;
}

REJECT("lock", "tc", order_calls)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less_calls);
	bpf_spin_unlock(&v->lock);
	return 0;
}

static bool less_adds(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	struct tree *v = 0;

	hide(v);
	add((struct bpf_rb_root *)a, a, less);
	return 0;
}

REJECT("list-arg", "tc", order_adds)
{
	BEGIN(struct tree_elem);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less_adds);
	bpf_spin_unlock(&v->lock);
	return 0;
}

struct bpf_spin_lock tree_lock SEC(".data.tree");
struct bpf_rb_root tree_root __contains(tree_elem, node) SEC(".data.tree");

ACCEPT("tc", added_to_a_variable)
{
	struct tree_elem *p = new(struct tree_elem);

	if (!p)
		return 0;
	bpf_spin_lock(&tree_lock);
	add(&tree_root, &p->node, less);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

REJECT("object-field", "tc", root_of_a_variable_written)
{
	*(volatile u64 *)&tree_root = 0;
	return 0;
}

static bool less_takes(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	take(&tree_root, a);
	return 0;
}

REJECT("tree-callback", "tc", order_takes)
{
	struct tree_elem *p = new(struct tree_elem);

	if (!p)
		return 0;
	bpf_spin_lock(&tree_lock);
	add(&tree_root, &p->node, less_takes);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

static bool less_unlocks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_spin_unlock(&tree_lock);
	return 0;
}

REJECT("tree-callback", "tc", order_unlocks)
{
	struct tree_elem *p = new(struct tree_elem);

	if (!p)
		return 0;
	bpf_spin_lock(&tree_lock);
	add(&tree_root, &p->node, less_unlocks);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

static bool less_peeks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return bpf_rbtree_first(&tree_root) == a;
}

ACCEPT("tc", order_peeks)
{
	struct tree_elem *p = new(struct tree_elem);

	if (!p)
		return 0;
	bpf_spin_lock(&tree_lock);
	add(&tree_root, &p->node, less_peeks);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

/* --- objects that count their references ------------------------------------------------ */

ACCEPT("tc", counted_and_kept)
{
	struct counted_tree *v = first(&counted);
	struct tree_counted *p, *q;

	if (!v)
		return 0;
	p = new(struct tree_counted);
	if (!p)
		return 0;
	q = bpf_refcount_acquire_impl(p, NULL);
	bpf_spin_lock(&v->lock);
	add(&v->root, &p->node, less_counted);
	bpf_spin_unlock(&v->lock);
	q->key = 1;
	drop(q);
	return 0;
}

ACCEPT("tc", counted_in_the_tree)
{
	struct counted_tree *v = first(&counted);
	struct bpf_rb_node *n;
	struct tree_counted *q;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	q = bpf_refcount_acquire_impl(counted_of(n), NULL);
	bpf_spin_unlock(&v->lock);
	if (!q)
		return 0;
	q->key = 1;
	drop(q);
	return 0;
}

REJECT("null", "tc", counted_in_the_tree_not_tested)
{
	struct counted_tree *v = first(&counted);
	struct bpf_rb_node *n;
	struct tree_counted *q;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	q = bpf_refcount_acquire_impl(counted_of(n), NULL);
	bpf_spin_unlock(&v->lock);
	q->key = 1;
	drop(q);
	return 0;
}

REJECT("list-arg", "tc", not_counted_in_the_tree)
{
	struct bpf_rb_node *n;
	struct tree_elem *q;

	TREE();
	bpf_spin_lock(&v->lock);
	n = bpf_rbtree_first(&v->root);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	q = bpf_refcount_acquire_impl(elem_of(n), NULL);
	bpf_spin_unlock(&v->lock);
	if (q)
		drop(q);
	return 0;
}

/* --- objects that a value keeps, too ------------------------------------------------------ */

#define __kptr __attribute__((btf_type_tag("kptr")))

struct keeper {
	struct tree_counted __kptr *kept;
};
ARRAY_OF(struct keeper, keepers);

ACCEPT("tc", kept_and_counted)
{
	struct keeper *k = first(&keepers);
	struct tree_counted *p, *q;

	if (!k)
		return 0;
	p = k->kept;
	if (!p)
		return 0;
	q = bpf_refcount_acquire_impl(p, NULL);
	if (q)
		drop(q);
	return 0;
}

REJECT("released", "tc", kept_and_followed_behind_a_lock)
{
	struct counted_tree *v = first(&counted);
	struct keeper *k = first(&keepers);
	struct tree_counted *p;

	if (!k || !v)
		return 0;
	p = k->kept;
	if (!p)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return (int)*(volatile u64 *)&p->key;
}
