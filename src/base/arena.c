/* SPDX-License-Identifier: BSD-2-Clause */
/* Arenas, growable arrays and hash maps in them. The owner of an arena frees all of it. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK_MIN ((size_t)64 << 10)
#define ALIGN ((size_t)16)
#define SPARE_MAX ((size_t)64 << 20)

struct skep_arena_chunk {
	struct skep_arena_chunk *prev;
	size_t size, pos;
	_Alignas(16) char data[];
};

void skep_arena_init(struct skep_arena *a)
{
	memset(a, 0, sizeof(*a));
}

static void free_all(struct skep_arena_chunk *c)
{
	while (c) {
		struct skep_arena_chunk *prev = c->prev;

		free(c);
		c = prev;
	}
}

void skep_arena_fini(struct skep_arena *a)
{
	free_all(a->chunk);
	free_all(a->spare);
	a->chunk = a->spare = NULL;
	a->used = a->spared = 0;
}

void skep_arena_fail(struct skep_arena *a)
{
	if (a->on_oom)
		longjmp(*a->on_oom, 1);
	abort();
}

/* One that was released and is large enough becomes the current one. */
static bool take_spare(struct skep_arena *a, size_t size)
{
	struct skep_arena_chunk **at = &a->spare, *c;

	while (*at && (*at)->size < size)
		at = &(*at)->prev;
	c = *at;
	if (!c)
		return false;
	*at = c->prev;
	a->spared -= c->size;
	c->prev = a->chunk;
	c->pos = 0;
	a->chunk = c;
	return true;
}

static void new_chunk(struct skep_arena *a, size_t size)
{
	size_t want = size;
	struct skep_arena_chunk *c;

	if (take_spare(a, size))
		return;
	if (want < CHUNK_MIN)
		want = CHUNK_MIN;
	if (a->chunk && want < a->chunk->size * 2 && a->chunk->size < ((size_t)4 << 20))
		want = a->chunk->size * 2;
	if (size > SIZE_MAX / 4)
		skep_arena_fail(a);
	c = malloc(sizeof(*c) + want);
	if (!c)
		skep_arena_fail(a);
	c->prev = a->chunk;
	c->size = want;
	c->pos = 0;
	a->chunk = c;
}

/* Not zeroed. */
static void *take(struct skep_arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 4)
		skep_arena_fail(a);
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (a->limit && size > a->limit - SKEP_MIN(a->used, a->limit))
		skep_arena_fail(a);
	if (!a->chunk || a->chunk->size - a->chunk->pos < size)
		new_chunk(a, size);
	p = a->chunk->data + a->chunk->pos;
	a->chunk->pos += size;
	a->used += size;
	return p;
}

void *skep_arena_alloc(struct skep_arena *a, size_t size)
{
	return memset(take(a, size), 0, (size + ALIGN - 1) & ~(ALIGN - 1));
}

void *skep_arena_calloc(struct skep_arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 4 / size)
		skep_arena_fail(a);
	return skep_arena_alloc(a, n * size);
}

void *skep_arena_grow(struct skep_arena *a, void *old, size_t old_size, size_t new_size)
{
	struct skep_arena_chunk *c = a->chunk;
	size_t old_round = (old_size + ALIGN - 1) & ~(ALIGN - 1);
	void *p;

	if (new_size <= old_size)
		return old;
	/* Behind a copy lies what was there before it. */
	if (old)
		memset((char *)old + old_size, 0, SKEP_MIN(new_size, old_round) - old_size);
	if (new_size <= old_round)
		return old;
	if (c && old && (char *)old + old_round == c->data + c->pos &&
	    new_size - old_round <= c->size - c->pos) {
		skep_arena_alloc(a, new_size - old_round);
		return old;
	}
	p = skep_arena_alloc(a, new_size);
	if (old && old_size)
		memcpy(p, old, old_size);
	return p;
}

void *skep_arena_memdup(struct skep_arena *a, const void *p, size_t n)
{
	void *q = take(a, n);

	if (n)
		memcpy(q, p, n);
	return q;
}

char *skep_arena_strndup(struct skep_arena *a, const char *s, size_t n)
{
	char *p = skep_arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *skep_arena_strdup(struct skep_arena *a, const char *s)
{
	return skep_arena_strndup(a, s, strlen(s));
}

static char *arena_vprintf(struct skep_arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return skep_arena_strdup(a, fmt);
	p = skep_arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *skep_arena_printf(struct skep_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

struct skep_arena_mark skep_arena_mark(const struct skep_arena *a)
{
	struct skep_arena_mark m = {a->chunk, a->chunk ? a->chunk->pos : 0, a->used};

	return m;
}

/* What is done in turns needs as much each time: what was touched once need not be had from the system again. */
static void set_aside(struct skep_arena *a, struct skep_arena_chunk *c)
{
	if (a->spared + c->size > SPARE_MAX) {
		free(c);
		return;
	}
	c->prev = a->spare;
	a->spare = c;
	a->spared += c->size;
}

void skep_arena_release(struct skep_arena *a, struct skep_arena_mark m)
{
	while (a->chunk != m.chunk) {
		struct skep_arena_chunk *prev = a->chunk->prev;

		set_aside(a, a->chunk);
		a->chunk = prev;
	}
	if (a->chunk)
		a->chunk->pos = m.pos;
	a->used = m.used;
}

void *skep_vec_grow(struct skep_arena *a, void *v, u32 n, u32 *cap, size_t elem)
{
	u32 more;

	if (n < *cap)
		return v;
	if (*cap > UINT32_MAX / 2)
		skep_arena_fail(a);
	more = *cap ? *cap * 2 : 8;
	v = skep_arena_grow(a, v, *cap * elem, more * elem);
	*cap = more;
	return v;
}

/* FNV-1a over 64 bits, finished by a multiply-xorshift so that low bits are good. */
u64 skep_hash(const void *p, size_t n, u64 seed)
{
	const u8 *b = p;
	u64 h = 0xcbf29ce484222325u ^ seed;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

void skep_hmap_init(struct skep_hmap *m, struct skep_arena *a)
{
	memset(m, 0, sizeof(*m));
	m->arena = a;
}

static struct skep_map_ent *hmap_slot(const struct skep_hmap *m, const void *key, size_t len, u64 h)
{
	u32 i = (u32)h & (m->cap - 1);

	while (m->ent[i].key) {
		struct skep_map_ent *e = &m->ent[i];

		if (e->hash == h && e->len == len && memcmp(e->key, key, len) == 0)
			return e;
		i = (i + 1) & (m->cap - 1);
	}
	return &m->ent[i];
}

void *skep_hmap_find(const struct skep_hmap *m, const void *key, size_t len)
{
	struct skep_map_ent *e;

	if (!m->cap)
		return NULL;
	e = hmap_slot(m, key, len, skep_hash(key, len, 0));
	return e->key ? e->val : NULL;
}

static void hmap_rehash(struct skep_hmap *m)
{
	struct skep_map_ent *old = m->ent;
	u32 n = m->cap;

	m->cap = n ? n * 2 : 16;
	m->ent = skep_arena_calloc(m->arena, m->cap, sizeof(*m->ent));
	for (u32 i = 0; i < n; i++)
		if (old[i].key)
			*hmap_slot(m, old[i].key, old[i].len, old[i].hash) = old[i];
}

void skep_hmap_put(struct skep_hmap *m, const void *key, size_t len, void *val)
{
	struct skep_map_ent *e;
	u64 h = skep_hash(key, len, 0);

	if (m->n * 4 >= m->cap * 3)
		hmap_rehash(m);
	e = hmap_slot(m, key, len, h);
	if (!e->key) {
		e->key = key;
		e->len = len;
		e->hash = h;
		m->n++;
	}
	e->val = val;
}

void skep_rng_init(struct skep_rng *r, u64 seed)
{
	r->s[0] = skep_hash(&seed, sizeof(seed), 1) | 1;
	r->s[1] = skep_hash(&seed, sizeof(seed), 2);
}

/* xoroshiro128+ (Blackman and Vigna 2018). */
u64 skep_rng_next(struct skep_rng *r)
{
	u64 a = r->s[0], b = r->s[1], sum = a + b;

	b ^= a;
	r->s[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
	r->s[1] = b << 37 | b >> 27;
	return sum;
}

u64 skep_rng_below(struct skep_rng *r, u64 n)
{
	return (u64)(((unsigned __int128)skep_rng_next(r) * n) >> 64);
}
