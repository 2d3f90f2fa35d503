/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of allocated objects. */
#include "cases.h"

#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))

struct bpf_list_head {
	u64 : 64;
	u64 : 64;
} __attribute__((aligned(8)));
struct bpf_list_node {
	u64 : 64;
	u64 : 64;
	u64 : 64;
} __attribute__((aligned(8)));

struct made_elem {
	u64 key;
	struct bpf_list_node node;
	u64 n;
};
struct made_foreign {
	u64 key;
	struct bpf_list_node node;
	u64 n;
};
struct listed {
	u64 n;
	struct bpf_spin_lock lock;
	struct bpf_list_head head __contains(made_elem, node);
};
ARRAY_OF(struct listed, values);
ARRAY_OF(struct listed, others);

extern void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign,
				    u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_front(struct bpf_list_head *head) __ksym;

#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define drop(p) bpf_obj_drop_impl(p, NULL)
#define push(head, node) bpf_list_push_front_impl(head, node, NULL, 0)
#define elem_of(node_) ((struct made_elem *)((char *)(node_) - __builtin_offsetof(struct made_elem, node)))

/* A value and an object, or the program is over. */
#define BEGIN(type)                                                                                \
	struct listed *v = first(&values);                                                         \
	type *p;                                                                                   \
                                                                                                   \
	if (!v)                                                                                    \
		return 0;                                                                          \
	p = new(type);                                                                             \
	if (!p)                                                                                    \
		return 0

/* Where there was none, there is none at the second test either. */
ACCEPT("tc", tested_twice)
{
	struct listed *v = first(&values);
	struct bpf_list_node *n;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_front(&v->head);
	bpf_spin_unlock(&v->lock);
	v->n = !n;
	if (n)
		drop(elem_of(n));
	return 0;
}

ACCEPT("tc", pushed)
{
	BEGIN(struct made_elem);
	p->key = 1;
	bpf_spin_lock(&v->lock);
	push(&v->head, &p->node);
	bpf_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", followed_while_locked)
{
	BEGIN(struct made_elem);
	bpf_spin_lock(&v->lock);
	push(&v->head, &p->node);
	p->key = 1;
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("released", "tc", followed_behind_the_lock)
{
	BEGIN(struct made_elem);
	bpf_spin_lock(&v->lock);
	push(&v->head, &p->node);
	bpf_spin_unlock(&v->lock);
	return (int)*(volatile u64 *)&p->key;
}

REJECT("list-lock", "tc", pushed_without_lock)
{
	BEGIN(struct made_elem);
	push(&v->head, &p->node);
	return 0;
}

REJECT("list-lock", "tc", another_lock_held)
{
	struct listed *o = first(&others);

	if (!o)
		return 0;
	BEGIN(struct made_elem);
	bpf_spin_lock(&o->lock);
	push(&v->head, &p->node);
	bpf_spin_unlock(&o->lock);
	return 0;
}

REJECT("list-arg", "tc", pushed_twice)
{
	BEGIN(struct made_elem);
	bpf_spin_lock(&v->lock);
	push(&v->head, &p->node);
	push(&v->head, &p->node);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", dropped_when_pushed)
{
	BEGIN(struct made_elem);
	bpf_spin_lock(&v->lock);
	push(&v->head, &p->node);
	bpf_spin_unlock(&v->lock);
	drop(p);
	return 0;
}

REJECT("list-arg", "tc", element_of_another_type)
{
	BEGIN(struct made_foreign);
	bpf_spin_lock(&v->lock);
	push(&v->head, &p->node);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", not_the_node)
{
	BEGIN(struct made_elem);
	bpf_spin_lock(&v->lock);
	push(&v->head, (struct bpf_list_node *)&p->n);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", not_the_head)
{
	BEGIN(struct made_elem);
	bpf_spin_lock(&v->lock);
	push((struct bpf_list_head *)&v->n, &p->node);
	bpf_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", popped_and_dropped)
{
	struct listed *v = first(&values);
	struct bpf_list_node *n;
	struct made_elem *e;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_front(&v->head);
	bpf_spin_unlock(&v->lock);
	if (!n)
		return 0;
	e = elem_of(n);
	e->n++;
	drop(e);
	return 0;
}

REJECT("ref-leak", "tc", popped_and_left)
{
	struct listed *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_list_pop_front(&v->head);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("list-arg", "tc", node_dropped_for_its_object)
{
	struct listed *v = first(&values);
	struct bpf_list_node *n;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_front(&v->head);
	bpf_spin_unlock(&v->lock);
	if (n)
		drop(n);
	return 0;
}

ACCEPT("tc", peeked)
{
	struct listed *v = first(&values);
	struct bpf_list_node *n;
	u64 key = 0;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_front(&v->head);
	if (n)
		key = elem_of(n)->key;
	bpf_spin_unlock(&v->lock);
	return (int)key;
}

REJECT("released", "tc", peeked_and_kept)
{
	struct listed *v = first(&values);
	struct bpf_list_node *n;
	u64 key = 0;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_front(&v->head);
	if (!n) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	bpf_spin_unlock(&v->lock);
	return (int)*(volatile u64 *)&elem_of(n)->key;
}

REJECT("object-field", "tc", node_written)
{
	BEGIN(struct made_elem);
	*(volatile u64 *)&p->node = 0;
	drop(p);
	return 0;
}
