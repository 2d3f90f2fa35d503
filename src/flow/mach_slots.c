/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which slots of the stack are read from an instruction on, before they are written: live variables
 * by data flow, over what the paths that were explored so far did. As the kernel's verifier since
 * Linux 6.18, so that states are pruned where it prunes them, and what it costs the kernel is told.
 *
 * All is kept for an instruction and the chain of calls that led to its function, each chain with
 * its frames:
 *   reads    slots that some path read at the instruction: only grow;
 *   writes   slots that every path wrote whole there: only shrink;
 *   live     reads, and what is live at a successor and not in writes;
 *   surely   written at the instruction or, on every way, behind it in the function.
 * The last two are the least solution, sought anew when the first two changed and a path or a
 * function ends. What is live and surely written at a function's entry, of its callers' frames, is
 * what the call reads and writes: surely of the entry is within what any path to the end wrote.
 *
 * Why a finished state need only be compared in what is live at its place. All paths from it ended,
 * so each of their instructions was visited with its chain, and where one of them ended in another
 * finished state, that one stands at a place from which the flow goes on. Along any of these paths
 * to a read of slot s, s is live back to the last instruction that has s in writes; that one was
 * executed on this very path, and so wrote s whole. If s is not live at the state's place, every
 * read of it behind there is of what such a write left: another content of s changes nothing.
 */
#include "flow/mach_impl.h"

struct masks {
	u64 reads, writes, live, surely;
};

struct skep_vchain {
	struct skep_vchain *up;		 /* the caller's */
	struct skep_vchain *down, *next; /* the first that it called; the caller's next */
	u32 func, call;
	u32 depth;			   /* frames above this one */
	bool fewer;			   /* writes became fewer since the last solution */
	u8 *visited;			   /* by instruction of the function: enum */
	u32 *pending, npending;		   /* instructions to solve again */
	bool *queued;			   /* those in it */
	struct masks *frame[SKEP_VFRAMES]; /* the same; NULL: nothing was read or written */
};
enum { NEVER, WROTE_NONE, WROTE };

static struct skep_vchain *chain_new(struct skep_mach *m, struct skep_vchain *up, u32 func,
				     u32 call)
{
	struct skep_vchain *c = SKEP_NEW(m->arena, struct skep_vchain);

	c->up = up;
	c->func = func;
	c->call = call;
	c->depth = up ? up->depth + 1 : 0;
	c->visited = SKEP_NEW_N(m->arena, u8, m->func[func].n);
	c->pending = SKEP_NEW_N(m->arena, u32, m->func[func].n);
	c->queued = SKEP_NEW_N(m->arena, bool, m->func[func].n);
	return c;
}

struct skep_vchain *skep_chain_of(struct skep_mach *m, struct skep_vchain *up, u32 func, u32 call)
{
	struct skep_vchain **first = up ? &up->down : &m->chains, *c;

	for (c = *first; c; c = c->next)
		if (c->func == func && c->call == call)
			return c;
	c = chain_new(m, up, func, call);
	c->next = *first;
	*first = c;
	return c;
}

static struct masks *masks_at(struct skep_mach *m, struct skep_vchain *c, u32 frame, u32 at)
{
	const struct skep_vfunc *f = &m->func[c->func];

	if (!c->frame[frame])
		c->frame[frame] = skep_arena_calloc(m->arena, f->n, sizeof(*c->frame[frame]));
	return &c->frame[frame][at - f->first];
}

static void to_solve(struct skep_vchain *c, u32 at)
{
	if (!c->queued[at])
		c->pending[c->npending++] = at;
	c->queued[at] = true;
}

/* --- what instructions do ------------------------------------------------------------------ */

static void add_reads(struct skep_mach *m, struct skep_vchain *c, u32 frame, u32 at, u64 slots)
{
	struct masks *k;

	if (!slots)
		return;
	k = masks_at(m, c, frame, at);
	if (slots & ~k->reads & ~k->live)
		to_solve(c, at - m->func[c->func].first);
	k->reads |= slots;
}

void skep_slot_read(struct skep_mach *m, struct skep_vstate *st, u32 frame, u32 slot)
{
	if (!m->joins)
		add_reads(m, skep_vtop(st)->chain, frame, st->at, (u64)1 << slot);
}

void skep_slot_written(struct skep_mach *m, u32 frame, u32 slot)
{
	m->wrote[frame] |= (u64)1 << slot;
	m->wrote_any = true;
}

/* One visit of an instruction: it wrote `wrote`, by frame. */
static void add_writes(struct skep_mach *m, struct skep_vchain *c, u32 at, const u64 *wrote)
{
	u8 *visited = &c->visited[at - m->func[c->func].first];
	bool any = false;

	for (u32 f = 0; f <= c->depth; f++) {
		struct masks *k;
		u64 now = wrote[f];

		if (!now && (*visited == NEVER || !c->frame[f]))
			continue;
		k = masks_at(m, c, f, at);
		if (*visited != NEVER)
			now &= k->writes;
		if (now != k->writes)
			to_solve(c, at - m->func[c->func].first);
		c->fewer |= (k->writes & ~now) != 0;
		k->writes = now;
		any |= now != 0;
	}
	*visited = any ? WROTE : WROTE_NONE;
}

void skep_slots_visited(struct skep_mach *m, struct skep_vchain *c, u32 at)
{
	u8 visited = c->visited[at - m->func[c->func].first];

	if (m->wrote_any || visited == WROTE)
		add_writes(m, c, at, m->wrote);
	else if (visited == NEVER)
		c->visited[at - m->func[c->func].first] = WROTE_NONE;
}

/* --- the data flow --------------------------------------------------------------------------- */

/* Which instructions control comes from, by instruction of the function. */
static void find_ways(struct skep_mach *m, struct skep_vfunc *f)
{
	if (f->from)
		return;
	f->from_first = SKEP_NEW_N(m->arena, u32, f->n + 1);
	f->from = SKEP_NEW_N(m->arena, u32, 2 * f->n);
	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 k = 0; k < f->n; k++) {
			const struct skep_vinsn *v = &m->insn[f->first + k];

			for (u32 w = 0; w < 2; w++) {
				u32 to = w ? v->target : v->next, *at;

				if (to == SKEP_VNONE)
					continue;
				at = &f->from_first[to - f->first];
				if (pass)
					f->from[--*at] = k;
				else
					++*at;
			}
		}
		/* After counting: where the next one's begin. */
		for (u32 k = 1; !pass && k <= f->n; k++)
			f->from_first[k] += f->from_first[k - 1];
	}
}

static bool solve_insn(const struct skep_mach *m, const struct skep_vfunc *f, struct masks *of,
		       u32 at)
{
	const struct skep_vinsn *v = &m->insn[f->first + at];
	const u32 way[2] = {v->next, v->target};
	struct masks *k = &of[at];
	u64 live = 0, surely = UINT64_MAX;

	if (way[0] == SKEP_VNONE && way[1] == SKEP_VNONE)
		return false;
	for (u32 w = 0; w < 2; w++) {
		if (way[w] == SKEP_VNONE)
			continue;
		live |= of[way[w] - f->first].live;
		surely &= of[way[w] - f->first].surely;
	}
	live = (live & ~k->writes) | k->reads;
	surely |= k->writes;
	if (live == k->live && surely == k->surely)
		return false;
	k->live = live;
	k->surely = surely;
	return true;
}

static void solve(struct skep_mach *m, struct skep_vchain *c)
{
	struct skep_vfunc *f = &m->func[c->func];

	find_ways(m, f);
	for (u32 k = 0; c->fewer && k < f->n; k++) {
		for (u32 fr = 0; fr <= c->depth; fr++)
			if (c->frame[fr])
				c->frame[fr][k].surely = 0;
		to_solve(c, k);
	}
	while (c->npending) {
		u32 at = c->pending[--c->npending];
		bool changed = false;

		c->queued[at] = false;
		for (u32 fr = 0; fr <= c->depth; fr++)
			if (c->frame[fr])
				changed |= solve_insn(m, f, c->frame[fr], at);
		for (u32 k = f->from_first[at]; changed && k < f->from_first[at + 1]; k++)
			to_solve(c, f->from[k]);
	}
	c->fewer = false;
}

/* What is live and surely written at the entry, of the callers' frames, becomes the call's. */
static void tell_caller(struct skep_mach *m, struct skep_vchain *c)
{
	u64 wrote[SKEP_VFRAMES] = {0};

	for (u32 f = 0; f < c->depth; f++) {
		if (!c->frame[f])
			continue;
		wrote[f] = c->frame[f][0].surely;
		add_reads(m, c->up, f, c->call, c->frame[f][0].live);
	}
	add_writes(m, c->up, c->call, wrote);
}

void skep_slots_solve(struct skep_mach *m, const struct skep_vstate *st)
{
	for (struct skep_vchain *c = skep_vtop(st)->chain; c; c = c->up) {
		if (!c->npending)
			continue;
		solve(m, c);
		if (c->up)
			tell_caller(m, c);
	}
}

static u64 live_at(const struct skep_mach *m, const struct skep_vchain *c, u32 frame, u32 at)
{
	if (at == SKEP_VNONE || !c->frame[frame])
		return 0;
	return c->frame[frame][at - m->func[c->func].first].live;
}

u64 skep_slots_live(const struct skep_mach *m, const struct skep_vstate *st, u32 frame)
{
	u64 live = live_at(m, skep_vtop(st)->chain, frame, st->at);

	for (u32 f = frame; f + 1 < st->nframe; f++) {
		const struct skep_vframe *below = st->frame[f + 1];
		u32 at = below->callback ? below->call : m->insn[below->call].next;

		live |= live_at(m, st->frame[f]->chain, frame, at);
	}
	return live;
}
