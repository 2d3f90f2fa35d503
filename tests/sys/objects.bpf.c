/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects that programs allocate, in lists, trees and values of maps. What comes out is in `out`. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __kptr __attribute__((btf_type_tag("kptr")))
#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))
#define private(name) SEC(".data." #name) __attribute__((visibility("hidden"), aligned(8)))

struct bpf_list_head {
	__u64 : 64;
	__u64 : 64;
} __attribute__((aligned(8)));
struct bpf_list_node {
	__u64 : 64;
	__u64 : 64;
	__u64 : 64;
} __attribute__((aligned(8)));
struct bpf_rb_root {
	__u64 : 64;
	__u64 : 64;
} __attribute__((aligned(8)));
struct bpf_rb_node {
	__u64 : 64;
	__u64 : 64;
	__u64 : 64;
	__u64 : 64;
} __attribute__((aligned(8)));
struct bpf_refcount {
	__u32 : 32;
} __attribute__((aligned(4)));

extern void *bpf_obj_new_impl(__u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, __u64 off) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       _Bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta__ign, __u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define drop(p) bpf_obj_drop_impl(p, NULL)
#define of(type, member, p) ((type *)((char *)(p) - __builtin_offsetof(type, member)))

enum row { LISTS, TREES, KEPT, SHARED, DEEP, ROWS };
enum { PLACES = 16, TURNS = 40 };
__s64 out[ROWS][PLACES];

struct item {
	__u64 key;
	struct bpf_list_node in_list;
	__u64 n;
};
struct leaf {
	struct bpf_rb_node in_tree;
	__u64 key;
};
struct both {
	__u64 key;
	struct bpf_rb_node in_tree;
	struct bpf_list_node in_list;
	struct bpf_refcount refs;
};
struct big {
	__u64 fill[100];
};

private(A) struct bpf_spin_lock list_lock;
private(A) struct bpf_list_head list __contains(item, in_list);
private(B) struct bpf_spin_lock tree_lock;
private(B) struct bpf_rb_root tree __contains(leaf, in_tree);
private(C) struct bpf_spin_lock both_lock;
private(C) struct bpf_rb_root both_tree __contains(both, in_tree);
private(C) struct bpf_list_head both_list __contains(both, in_list);

struct kept {
	__u64 n;
	struct item __kptr *item;
	struct big __kptr *big;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct kept);
} kept SEC(".maps");

struct holder {
	__u64 n;
	struct bpf_spin_lock lock;
	struct bpf_list_head items __contains(item, in_list);
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, struct holder);
} holders SEC(".maps");

static int put_item(__u64 key, _Bool back)
{
	struct item *p = new(struct item);
	int err;

	if (!p)
		return -1000;
	p->key = key;
	bpf_spin_lock(&list_lock);
	err = back ? bpf_list_push_back_impl(&list, &p->in_list, NULL, 0) : bpf_list_push_front_impl(&list, &p->in_list, NULL, 0);
	bpf_spin_unlock(&list_lock);
	return err;
}

/* Nothing: -1. */
static __s64 take_item(_Bool back)
{
	struct bpf_list_node *n;
	struct item *p;
	__s64 key;

	bpf_spin_lock(&list_lock);
	n = back ? bpf_list_pop_back(&list) : bpf_list_pop_front(&list);
	bpf_spin_unlock(&list_lock);
	if (!n)
		return -1;
	p = of(struct item, in_list, n);
	key = (__s64)(p->key * 10);
	drop(p);
	return key;
}

SEC("xdp")
int lists(struct xdp_md *x)
{
	out[LISTS][0] = take_item(0);
	for (int k = 1; k < 6; k++)
		out[LISTS][k] = put_item((__u64)k, k & 1);
	for (int k = 6; k < 12; k++)
		out[LISTS][k] = take_item(k & 1);
	/* One stays for the next run. */
	out[LISTS][12] = put_item(77, 0);
	return 2;
}

static _Bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return of(struct leaf, in_tree, a)->key < of(struct leaf, in_tree, b)->key;
}

static int add_leaf(__u64 key)
{
	struct leaf *p = new(struct leaf);
	int err;

	if (!p)
		return -1000;
	p->key = key;
	bpf_spin_lock(&tree_lock);
	err = bpf_rbtree_add_impl(&tree, &p->in_tree, less, NULL, 0);
	bpf_spin_unlock(&tree_lock);
	return err;
}

static __s64 take_leaf(void)
{
	struct bpf_rb_node *n;
	struct leaf *p;
	__s64 key;

	bpf_spin_lock(&tree_lock);
	n = bpf_rbtree_first(&tree);
	if (!n) {
		bpf_spin_unlock(&tree_lock);
		return -1;
	}
	n = bpf_rbtree_remove(&tree, n);
	bpf_spin_unlock(&tree_lock);
	if (!n)
		return -2;
	p = of(struct leaf, in_tree, n);
	key = (__s64)p->key;
	drop(p);
	return key;
}

SEC("xdp")
int trees(struct xdp_md *x)
{
	__u64 seed = 12345, sum = 0, wrong = 0;
	__s64 last = -1, now;

	for (int k = 0; k < TURNS; k++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		out[TREES][0] += add_leaf(seed >> 40 & 0xff);
	}
	for (int k = 0; k < TURNS; k++) {
		now = take_leaf();
		wrong += now < last;
		last = now;
		sum = sum * 7 + (__u64)now;
	}
	out[TREES][1] = (__s64)sum;
	out[TREES][2] = (__s64)wrong;
	out[TREES][3] = take_leaf();
	return 2;
}

SEC("xdp")
int keep(struct xdp_md *x)
{
	struct item *p = new(struct item), *old;
	struct kept *v;
	struct big *b;
	int key = 2;

	v = bpf_map_lookup_elem(&kept, &key);
	if (!p)
		return 0;
	if (!v) {
		drop(p);
		return 0;
	}
	p->key = ++v->n;
	old = bpf_kptr_xchg(&v->item, p);
	out[KEPT][0] = old ? (__s64)old->key : -1;
	if (old)
		drop(old);
	b = bpf_kptr_xchg(&v->big, NULL);
	if (!b) {
		b = new(struct big);
		if (!b)
			return 0;
		b->fill[99] = 1;
	}
	out[KEPT][1] = (__s64)b->fill[99];
	b->fill[99] += 3;
	b = bpf_kptr_xchg(&v->big, b);
	if (b)
		drop(b);
	return 2;
}

static _Bool less_both(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return of(struct both, in_tree, a)->key < of(struct both, in_tree, b)->key;
}

/* An object in a list and in a tree at once. */
SEC("xdp")
int shared(struct xdp_md *x)
{
	struct both *p = new(struct both), *q;
	struct bpf_list_node *l;
	struct bpf_rb_node *t;

	if (!p)
		return 0;
	p->key = 5;
	q = bpf_refcount_acquire_impl(p, NULL);
	bpf_spin_lock(&both_lock);
	out[SHARED][0] = bpf_rbtree_add_impl(&both_tree, &p->in_tree, less_both, NULL, 0);
	if (q)
		out[SHARED][1] = bpf_list_push_back_impl(&both_list, &q->in_list, NULL, 0);
	t = bpf_rbtree_first(&both_tree);
	if (t)
		t = bpf_rbtree_remove(&both_tree, t);
	bpf_spin_unlock(&both_lock);
	if (!t)
		return 0;
	p = of(struct both, in_tree, t);
	p->key = 9;
	/* It is in the list already. */
	bpf_spin_lock(&both_lock);
	out[SHARED][2] = bpf_list_push_front_impl(&both_list, &p->in_list, NULL, 0);
	l = bpf_list_pop_front(&both_list);
	bpf_spin_unlock(&both_lock);
	if (!l)
		return 0;
	p = of(struct both, in_list, l);
	out[SHARED][3] = (__s64)p->key;
	drop(p);
	bpf_spin_lock(&both_lock);
	l = bpf_list_pop_front(&both_list);
	bpf_spin_unlock(&both_lock);
	out[SHARED][4] = !l;
	if (l)
		drop(of(struct both, in_list, l));
	return 2;
}

/* An element goes with the objects that are in its list. */
SEC("xdp")
int deep(struct xdp_md *x)
{
	struct holder fresh = {0}, *v;
	struct bpf_list_node *n;
	struct item *p;
	int key = 3;

	out[DEEP][0] = bpf_map_update_elem(&holders, &key, &fresh, BPF_NOEXIST);
	for (int k = 0; k < 5; k++) {
		v = bpf_map_lookup_elem(&holders, &key);
		p = new(struct item);
		if (!p)
			return 0;
		if (!v) {
			drop(p);
			return 0;
		}
		p->key = (__u64)k;
		bpf_spin_lock(&v->lock);
		bpf_list_push_back_impl(&v->items, &p->in_list, NULL, 0);
		bpf_spin_unlock(&v->lock);
	}
	v = bpf_map_lookup_elem(&holders, &key);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_back(&v->items);
	bpf_spin_unlock(&v->lock);
	out[DEEP][1] = n ? (__s64)of(struct item, in_list, n)->key : -1;
	if (n)
		drop(of(struct item, in_list, n));
	out[DEEP][2] = bpf_map_delete_elem(&holders, &key);
	out[DEEP][3] = bpf_map_update_elem(&holders, &key, &fresh, BPF_NOEXIST);
	v = bpf_map_lookup_elem(&holders, &key);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_back(&v->items);
	bpf_spin_unlock(&v->lock);
	out[DEEP][4] = !n;
	if (n)
		drop(of(struct item, in_list, n));
	out[DEEP][5] = bpf_map_delete_elem(&holders, &key);
	return 2;
}

char _license[] SEC("license") = "GPL";
