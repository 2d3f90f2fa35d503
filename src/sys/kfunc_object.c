/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel functions on objects: new and drop, lists, trees. The verifier has seen to it that lists
 * and trees are changed under their lock. A node says in which list or tree it is.
 *
 * A tree is a treap: keys in order by the program's comparison, priorities in heap order; a node's
 * priority follows from its address. Its depth is logarithmic in the mean whatever is inserted.
 * C. Aragon, R. Seidel, "Randomized search trees", FOCS 1989.
 */
#include "sys/kfunc.h"

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define PTR(x) ((void *)(uintptr_t)(x))
#define NUM(x) ((u64)(uintptr_t)(x))

H(obj_new)
{
	return NUM(sys_object_new(PTR(e), a));
}

H(obj_drop)
{
	sys_object_drop(PTR(a));
	return 0;
}

H(acquire)
{
	return NUM(sys_object_share(PTR(a)));
}

/* --- lists
 * -----------------------------------------------------------------------------------------------
 */

struct lnode {
	struct lnode *next, *prev;
	void *owner;
};
struct chain {
	struct lnode *first, *last;
};

/* A node that is somewhere already is refused, and the reference to its object goes. */
static bool claim(void **owner, void *by, void *node)
{
	void *none = NULL;

	if (__atomic_compare_exchange_n(owner, &none, by, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		return true;
	sys_object_drop(sys_object_of_node(node));
	return false;
}

static u64 push(struct chain *h, struct lnode *n, bool last)
{
	if (!claim(&n->owner, h, n))
		return ERR(EINVAL);
	n->prev = last ? h->last : NULL;
	n->next = last ? NULL : h->first;
	*(n->prev ? &n->prev->next : &h->first) = n;
	*(n->next ? &n->next->prev : &h->last) = n;
	return 0;
}

void *sys_list_take(void *head, bool last)
{
	struct chain *h = head;
	struct lnode *n = last ? h->last : h->first;

	if (!n)
		return NULL;
	*(n->prev ? &n->prev->next : &h->first) = n->next;
	*(n->next ? &n->next->prev : &h->last) = n->prev;
	n->next = n->prev = NULL;
	__atomic_store_n(&n->owner, NULL, __ATOMIC_RELEASE);
	return n;
}

H(push_front)
{
	return push(PTR(a), PTR(b), false);
}

H(push_back)
{
	return push(PTR(a), PTR(b), true);
}

H(pop_front)
{
	return NUM(sys_list_take(PTR(a), false));
}

H(pop_back)
{
	return NUM(sys_list_take(PTR(a), true));
}

H(list_front)
{
	return NUM(((struct chain *)PTR(a))->first);
}

H(list_back)
{
	return NUM(((struct chain *)PTR(a))->last);
}

/* --- trees
 * -------------------------------------------------------------------------------------------------
 */

struct tnode {
	struct tnode *left, *right, *up;
	void *owner;
};
struct troot {
	struct tnode *top;
	void *pad;
};

static u64 priority(const struct tnode *n)
{
	u64 p = NUM(n) * 0x9e3779b97f4a7c15u;

	return p ^ p >> 29;
}

static struct tnode **link_of(struct troot *t, struct tnode *n)
{
	return !n->up ? &t->top : n->up->left == n ? &n->up->left : &n->up->right;
}

/* n comes above its parent; the order of keys stays. */
static void rotate(struct troot *t, struct tnode *n)
{
	struct tnode *p = n->up, *middle = p->left == n ? n->right : n->left;

	*link_of(t, p) = n;
	n->up = p->up;
	if (p->left == n) {
		p->left = middle;
		n->right = p;
	} else {
		p->right = middle;
		n->left = p;
	}
	if (middle)
		middle->up = p;
	p->up = n;
}

static void erase(struct troot *t, struct tnode *n)
{
	while (n->left && n->right)
		rotate(t, priority(n->left) < priority(n->right) ? n->left : n->right);
	{
		struct tnode *child = n->left ? n->left : n->right;

		*link_of(t, n) = child;
		if (child)
			child->up = n->up;
	}
	n->left = n->right = n->up = NULL;
	__atomic_store_n(&n->owner, NULL, __ATOMIC_RELEASE);
}

/* The comparison is a function of the program: is the first less? */
H(tree_add)
{
	struct troot *t = PTR(a);
	struct tnode *n = PTR(b), *up = NULL, **link = &t->top;

	if (!claim(&n->owner, t, n))
		return ERR(EINVAL);
	while (*link) {
		up = *link;
		link = skep_eng_callback(c, b, NUM(up), 0, 0, 0) ? &up->left : &up->right;
	}
	n->left = n->right = NULL;
	n->up = up;
	*link = n;
	while (n->up && priority(n) < priority(n->up))
		rotate(t, n);
	return 0;
}

H(tree_remove)
{
	struct tnode *n = PTR(b);

	if (__atomic_load_n(&n->owner, __ATOMIC_ACQUIRE) != PTR(a))
		return 0;
	erase(PTR(a), n);
	return b;
}

static struct tnode *first(struct troot *t)
{
	struct tnode *n = t->top;

	while (n && n->left)
		n = n->left;
	return n;
}

/* For what no program reaches any more: any node, whose place is not kept in order. */
void *sys_tree_take(void *root)
{
	struct troot *t = root;
	struct tnode *n = first(t);

	if (n)
		erase(t, n);
	return n;
}

H(tree_first)
{
	return NUM(first(PTR(a)));
}

H(tree_root)
{
	return NUM(((struct troot *)PTR(a))->top);
}

static u64 beside(u64 root, const struct tnode *n, bool left)
{
	if (__atomic_load_n(&n->owner, __ATOMIC_ACQUIRE) != PTR(root))
		return 0;
	return NUM(left ? n->left : n->right);
}

H(tree_left)
{
	return beside(a, PTR(b), true);
}

H(tree_right)
{
	return beside(a, PTR(b), false);
}

#define CALL(fn_)                                                                                  \
	{                                                                                          \
		SKEP_ENG_CALL, fn_, 0                                                              \
	}
const struct kfunc_row sys_kfunc_object_rows[] = {
	{"bpf_obj_new_impl", HT_ANY, {SKEP_ENG_CALL_WITH, obj_new, 0}},
	{"bpf_obj_drop_impl", HT_ANY, CALL(obj_drop)},
	{"bpf_refcount_acquire_impl", HT_ANY, CALL(acquire)},
	{"bpf_list_push_front_impl", HT_ANY, CALL(push_front)},
	{"bpf_list_push_back_impl", HT_ANY, CALL(push_back)},
	{"bpf_list_pop_front", HT_ANY, CALL(pop_front)},
	{"bpf_list_pop_back", HT_ANY, CALL(pop_back)},
	{"bpf_list_front", HT_ANY, CALL(list_front)},
	{"bpf_list_back", HT_ANY, CALL(list_back)},
	{"bpf_rbtree_add_impl", HT_ANY, CALL(tree_add)},
	{"bpf_rbtree_remove", HT_ANY, CALL(tree_remove)},
	{"bpf_rbtree_first", HT_ANY, CALL(tree_first)},
	{"bpf_rbtree_root", HT_ANY, CALL(tree_root)},
	{"bpf_rbtree_left", HT_ANY, CALL(tree_left)},
	{"bpf_rbtree_right", HT_ANY, CALL(tree_right)},
	{NULL, 0, CALL(NULL)},
};
