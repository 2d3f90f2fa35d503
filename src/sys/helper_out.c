/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers by which a packet leaves the program: redirects, clones, the way by the routing table. What
 * a test run sends is recorded with its thread; who asked for the run may carry it out. A redirect
 * counts when the program ends with the verdict that says so, a clone at once.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"

#include <net/if.h>
#include <stdlib.h>

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define PTR(x) ((void *)(uintptr_t)(x))

enum { WAYS_MAX = 256, CLONES_MAX = 16 << 20, TC_SHOT = 2, TC_REDIRECT = 7 };

/* --- the record --------------------------------------------------------------------------------- */

struct ways {
	struct skep_sys_way v[WAYS_MAX];
	u32 at[WAYS_MAX]; /* of a clone's bytes in `bytes` */
	u32 n, used, cap;
	u8 *bytes;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_ways(void *p)
{
	struct ways *w = p;

	free(w->bytes);
	free(w);
}

static void make_key(void)
{
	pthread_key_create(&key, free_ways);
}

/* Of this thread; NULL: there is no memory. */
static struct ways *get_ways(void)
{
	if (!skep_sys_thread.ways) {
		pthread_once(&once, make_key);
		skep_sys_thread.ways = calloc(1, sizeof(struct ways));
		pthread_setspecific(key, skep_sys_thread.ways);
	}
	return skep_sys_thread.ways;
}

static struct skep_sys_way *add(u32 kind, u32 index, const struct smap *map, u32 flags)
{
	struct ways *w = get_ways();

	if (!w || w->n == WAYS_MAX)
		return NULL;
	w->v[w->n] = (struct skep_sys_way){kind, index, map ? map->o.id : 0, flags, NULL, 0};
	return &w->v[w->n++];
}

static bool add_clone(u32 index, u32 flags, const u8 *data, u32 len)
{
	struct ways *w = get_ways();
	struct skep_sys_way *to;

	if (!w || w->n == WAYS_MAX || len > CLONES_MAX - w->used)
		return false;
	if (w->used + len > w->cap) {
		u32 cap = SKEP_MAX(2 * w->cap, w->used + len + PAGE);
		u8 *more = realloc(w->bytes, cap);

		if (!more)
			return false;
		w->bytes = more;
		w->cap = cap;
	}
	to = add(SKEP_SYS_WAY_DEVICE, index, NULL, flags);
	memcpy(w->bytes + w->used, data, len);
	to->data = w->bytes; /* its place is filled in when somebody asks: the bytes may move */
	to->len = len;
	w->at[w->n - 1] = w->used;
	w->used += len;
	return true;
}

void sys_ways_begin(void)
{
	struct ways *w = skep_sys_thread.ways;

	if (w)
		w->n = w->used = 0;
}

struct broadcast {
	const struct srun *run;
	u32 except; /* an interface, 0: none */
};

static int add_device(void *arg, const void *at, void *value)
{
	const struct broadcast *b = arg;
	u32 to;

	memcpy(&to, value, sizeof(to));
	if (to && to != b->except)
		add(SKEP_SYS_WAY_DEVICE, to, b->run->out.map, b->run->out.flags);
	return 0;
}

void sys_ways_end(const struct srun *r, u32 ret)
{
	struct broadcast b = {r, 0};

	if (r->out.kind == SKEP_SYS_WAY_NONE || ret != (r->xdp ? (u32)XDP_REDIRECT : (u32)TC_REDIRECT))
		return;
	if (r->out.map && (r->out.flags & BPF_F_BROADCAST)) {
		b.except = r->out.flags & BPF_F_EXCLUDE_INGRESS ? ((const struct xdp_md *)r->ctx)->ingress_ifindex : 0;
		sys_hash_for_each(r->out.map, add_device, &b);
	} else {
		add(r->out.kind, r->out.index, r->out.map, r->out.flags);
	}
}

u32 skep_sys_ways(const struct skep_sys_way **out)
{
	struct ways *w = skep_sys_thread.ways;

	*out = w ? w->v : NULL;
	for (u32 k = 0; w && k < w->n; k++)
		if (w->v[k].data)
			w->v[k].data = w->bytes + w->at[k];
	return w ? w->n : 0;
}

/* --- redirects and clones ----------------------------------------------------------------------- */

static void go(u32 kind, u64 index, u64 flags, struct smap *map)
{
	run_now()->out = (struct way_out){kind, (u32)index, (u32)flags, map};
}

H(redirect)
{
	bool xdp = run_now()->xdp;

	if (b & ~(xdp ? 0 : 1ull))
		return xdp ? (u64)XDP_ABORTED : (u64)TC_SHOT;
	go(SKEP_SYS_WAY_DEVICE, a, b, NULL);
	return xdp ? (u64)XDP_REDIRECT : (u64)TC_REDIRECT;
}

H(redirect_peer)
{
	if (b)
		return TC_SHOT;
	go(SKEP_SYS_WAY_PEER, a, 0, NULL);
	return TC_REDIRECT;
}

H(redirect_neigh)
{
	if (d || ((u32)c && (u32)c < sizeof(struct bpf_redir_neigh)))
		return TC_SHOT;
	go(SKEP_SYS_WAY_NEIGH, a, 0, NULL);
	return TC_REDIRECT;
}

static u32 kind_of(const struct smap *m)
{
	return m->d.type == BPF_MAP_TYPE_CPUMAP ? SKEP_SYS_WAY_CPU : SKEP_SYS_WAY_DEVICE;
}

/* A map of AF_XDP sockets is empty here: it gives the verdict for what is not there. */
H(redirect_map)
{
	struct smap *m = PTR(a);
	u32 key_ = (u32)b, to = key_;
	const void *v = sys_hash_find(m, &key_);

	if (c & ~(u64)(3 | BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS))
		return XDP_ABORTED;
	if (!(c & BPF_F_BROADCAST) && !v)
		return c & 3;
	/* The value of a map of interfaces begins with the number of one. */
	if (v && kind_of(m) == SKEP_SYS_WAY_DEVICE)
		memcpy(&to, v, sizeof(to));
	go(kind_of(m), to, c, m);
	return XDP_REDIRECT;
}

H(clone_redirect)
{
	const struct srun *r = run_now();
	char name[IF_NAMESIZE];

	if ((c & ~1ull) || !if_indextoname((u32)b, name) || !r->buf)
		return ERR(EINVAL);
	return add_clone((u32)b, (u32)c, r->buf + r->head, r->len) ? 0 : ERR(ENOMEM);
}

H(fib_lookup)
{
	if ((u32)c < sizeof(struct bpf_fib_lookup))
		return ERR(EINVAL);
	return (u64)sys_fib_ask(PTR(b), (u32)d, run_now()->skb ? run_now()->len : 0);
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct helper_row sys_helper_out_rows[] = {
    {SKEP_FN_clone_redirect, HT_SKB, CALL(clone_redirect)},
    {SKEP_FN_redirect, HT_SKB | HT_XDP, CALL(redirect)},
    {SKEP_FN_redirect_peer, HT_SKB, CALL(redirect_peer)},
    {SKEP_FN_redirect_neigh, HT_SKB, CALL(redirect_neigh)},
    {SKEP_FN_redirect_map, HT_XDP, CALL(redirect_map)},
    {SKEP_FN_fib_lookup, HT_SKB | HT_XDP, CALL(fib_lookup)},
    {0},
};
