/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where numbers came from. A number's bounds need to be compared between two states only
 * if a check behind depended on them. Each number carries a node; a number made from
 * others has their nodes as parents; when a check depends on a number, its node and all
 * the ancestors are marked. Each node is marked once, so marking costs as much as making.
 *
 * A kept state gets fresh nodes (with the old ones as parents), so that a mark says "it
 * mattered behind this state" and not before it. A number made since the last kept state
 * has node 0: no kept state holds it, so nothing would ask. When a path ends in a state
 * that is itself not finished, edges are added instead: what will matter there, matters here.
 */
#include "flow/mach_impl.h"

#include <stdlib.h>

void skep_nodes_init(struct skep_mach *m)
{
	m->cap_node = 256;
	m->node = skep_arena_calloc(m->arena, m->cap_node, sizeof(*m->node));
	m->node_precise = SKEP_NEW_N(m->arena, u8, m->cap_node);
	m->nnode = 1;
	m->cap_work = 64;
	m->work = SKEP_NEW_N(m->arena, u32, m->cap_work);
}

u32 skep_node_new(struct skep_mach *m, u32 a, u32 b)
{
	if (m->nnode == m->cap_node) {
		u32 cap = m->cap_node * 2;

		m->node = skep_arena_grow(m->arena, m->node, m->cap_node * sizeof(*m->node),
					  cap * sizeof(*m->node));
		m->node_precise = skep_arena_grow(m->arena, m->node_precise, m->cap_node, cap);
		m->cap_node = cap;
	}
	m->node[m->nnode].a = a;
	m->node[m->nnode].b = b;
	return m->nnode++;
}

/* Of a number over whose origin the kernel does not walk back. */
enum { UNTRACED = UINT32_MAX };

u32 skep_node_untraced(struct skep_mach *m)
{
	return m->joins ? 0 : skep_node_new(m, UNTRACED, 0);
}

u32 skep_node_join(struct skep_mach *m, u32 a, u32 b)
{
	if (!a || a == b)
		return b;
	if (!b)
		return a;
	return skep_node_new(m, a, b);
}

static u32 push(struct skep_mach *m, u32 n, u32 node)
{
	if (!node || m->node_precise[node])
		return n;
	m->node_precise[node] = 1;
	if (n == m->cap_work) {
		m->work = skep_arena_grow(m->arena, m->work, n * sizeof(u32), 2 * n * sizeof(u32));
		m->cap_work *= 2;
	}
	m->work[n] = node;
	return n + 1;
}

void skep_node_precise(struct skep_mach *m, u32 node)
{
	u32 n = push(m, 0, node);

	while (n) {
		u32 at = m->work[--n];

		if (m->node[at].a == UNTRACED) {
			m->fell_back = true;
			continue;
		}
		n = push(m, n, m->node[at].a);
		n = push(m, n, m->node[at].b);
	}
}

void skep_node_edge(struct skep_mach *m, u32 to, u32 from)
{
	u32 x;

	if (!to || !from || to == from)
		return;
	if (m->node_precise[to]) {
		skep_node_precise(m, from);
		return;
	}
	x = skep_node_new(m, m->node[to].a, from);
	m->node[to].a = x;
}

void skep_mach_precise(struct skep_mach *m, const struct skep_vreg *r)
{
	if (r->node)
		skep_node_precise(m, r->node);
}

bool skep_mach_null(struct skep_mach *m, const struct skep_vreg *r)
{
	if (!skep_vreg_is_zero(r))
		return false;
	skep_mach_precise(m, r);
	return true;
}
