/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base: what every module stands on: arenas, growable arrays, hash maps, bit
 * sets, text buffers, a streaming JSON writer and diagnostics.
 *
 * Nothing here opens a file, prints, reads the environment or exits. None of
 * the types is safe to share between threads without a lock of the caller's.
 */
#ifndef SKEP_BASE_H
#define SKEP_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define SKEP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SKEP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SKEP_MIN(a, b) ((a) < (b) ? (a) : (b))
#define SKEP_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Negative results of functions that can fail. "No" and "could not tell" are never among them. */
enum skep_err {
	SKEP_OK = 0,
	SKEP_EINPUT = -1, /* the input is malformed; a diagnostic says where */
	SKEP_ENOMEM = -2, /* out of memory, or over the arena's limit */
	SKEP_ELIMIT = -3, /* a documented limit was passed */
	SKEP_EUNSUP = -4, /* valid input that this build does not handle */
	SKEP_EENV = -5,	  /* the system refused (permission, no kernel support) */
	SKEP_EBUG = -6,	  /* a broken invariant inside skep */
	SKEP_EUSAGE = -7, /* the caller's arguments make no sense */
};

/* --- arenas ------------------------------------------------------------- */

struct skep_arena_chunk;

/*
 * A bump allocator. Memory is zeroed, 16-byte aligned and freed all at once.
 * When memory runs out or `limit` bytes are passed, control returns to the
 * innermost skep_arena_guard() point, so callers never test for NULL; without
 * a guard the process aborts. Everything built inside a guarded region lives
 * in the arena, hence nothing leaks by the jump.
 */
struct skep_arena {
	struct skep_arena_chunk *chunk, *spare; /* spare: released, to be used again */
	size_t spared;				/* bytes in them */
	size_t used;  /* bytes handed out so far */
	size_t limit; /* 0: none */
	jmp_buf *on_oom;
};

void skep_arena_init(struct skep_arena *a);
void skep_arena_fini(struct skep_arena *a);
/* `size` zeroed bytes. Never NULL; see above for what happens without memory. */
void *skep_arena_alloc(struct skep_arena *a, size_t size);
/* The same for `n` elements; an overflowing product counts as no memory. */
void *skep_arena_calloc(struct skep_arena *a, size_t n, size_t size);
/* A larger copy of `old` (of `old_size` bytes), the rest zeroed; extends in place when it was the last block. */
void *skep_arena_grow(struct skep_arena *a, void *old, size_t old_size, size_t new_size);
char *skep_arena_strndup(struct skep_arena *a, const char *s, size_t n);
char *skep_arena_strdup(struct skep_arena *a, const char *s);
char *skep_arena_printf(struct skep_arena *a, const char *fmt, ...) SKEP_PRINTF(2, 3);
/* A copy; what lies behind its end is not zeroed. */
void *skep_arena_memdup(struct skep_arena *a, const void *p, size_t n);
/* Scratch use: everything allocated after the mark is freed by release. */
struct skep_arena_mark {
	struct skep_arena_chunk *chunk;
	size_t pos, used;
};
struct skep_arena_mark skep_arena_mark(const struct skep_arena *a);
void skep_arena_release(struct skep_arena *a, struct skep_arena_mark m);
/* Leave an arena's guarded region as if memory had run out (also for limits). */
void skep_arena_fail(struct skep_arena *a) __attribute__((noreturn));

#define SKEP_NEW(a, type) ((type *)skep_arena_alloc((a), sizeof(type)))
#define SKEP_NEW_N(a, type, n) ((type *)skep_arena_calloc((a), (n), sizeof(type)))

/* --- growable arrays in an arena ----------------------------------------- */

/* Declares `struct name { type *v; u32 n, cap; }`; push through SKEP_VEC_PUSH. */
#define SKEP_VEC(name, type)                                                                       \
	struct name {                                                                              \
		type *v;                                                                           \
		u32 n, cap;                                                                        \
	}
void *skep_vec_grow(struct skep_arena *a, void *v, u32 n, u32 *cap, size_t elem);
#define SKEP_VEC_PUSH(a, vec)                                                                      \
	((vec)->v = skep_vec_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)),        \
	 &(vec)->v[(vec)->n++])

/* --- hash map: bytes or numbers to a pointer, in an arena ----------------- */

struct skep_map_ent {
	const void *key;
	size_t len;
	u64 hash;
	void *val;
};
struct skep_hmap {
	struct skep_arena *arena;
	struct skep_map_ent *ent;
	u32 n, cap;
};
void skep_hmap_init(struct skep_hmap *m, struct skep_arena *a);
/* The value stored under the key, or NULL. The key is borrowed on put. */
void *skep_hmap_find(const struct skep_hmap *m, const void *key, size_t len);
void skep_hmap_put(struct skep_hmap *m, const void *key, size_t len, void *val);
u64 skep_hash(const void *p, size_t n, u64 seed);

/* --- bit sets ------------------------------------------------------------- */

/* n bits in u64 words; all functions take word arrays from an arena. */
static inline size_t skep_bits_words(size_t n)
{
	return (n + 63) / 64;
}
static inline bool skep_bit_get(const u64 *b, size_t i)
{
	return b[i / 64] >> (i % 64) & 1;
}
static inline void skep_bit_set(u64 *b, size_t i)
{
	b[i / 64] |= (u64)1 << (i % 64);
}
static inline void skep_bit_clear(u64 *b, size_t i)
{
	b[i / 64] &= ~((u64)1 << (i % 64));
}

/* --- unaligned numbers in a stated byte order ------------------------------ */

static inline u16 skep_get16(const void *p, bool big)
{
	const u8 *b = (const u8 *)p;

	return big ? (u16)(b[0] << 8 | b[1]) : (u16)(b[1] << 8 | b[0]);
}

static inline u32 skep_get32(const void *p, bool big)
{
	const u8 *b = (const u8 *)p;

	return big ? (u32)skep_get16(b, true) << 16 | skep_get16(b + 2, true)
		   : (u32)skep_get16(b + 2, false) << 16 | skep_get16(b, false);
}

static inline u64 skep_get64(const void *p, bool big)
{
	const u8 *b = (const u8 *)p;

	return big ? (u64)skep_get32(b, true) << 32 | skep_get32(b + 4, true)
		   : (u64)skep_get32(b + 4, false) << 32 | skep_get32(b, false);
}

void skep_put16(void *p, u16 v, bool big);
void skep_put32(void *p, u32 v, bool big);
void skep_put64(void *p, u64 v, bool big);

/* --- growable text or bytes (malloc'ed; fini frees) ------------------------ */

/* After a failed allocation `failed` is set and further writes do nothing. */
struct skep_buf {
	char *p; /* always NUL-terminated once something was written */
	size_t n, cap;
	bool failed;
};
void skep_buf_fini(struct skep_buf *b);
void skep_buf_add(struct skep_buf *b, const void *p, size_t n);
void skep_buf_puts(struct skep_buf *b, const char *s);
/* Add text that comes from a file: control bytes, which could steer a terminal, become \xNN. */
void skep_buf_clean(struct skep_buf *b, const char *s);
void skep_buf_printf(struct skep_buf *b, const char *fmt, ...) SKEP_PRINTF(2, 3);
void skep_buf_vprintf(struct skep_buf *b, const char *fmt, va_list ap);
/* The bytes in the arena instead; the buffer is freed in any case, also when the arena fails. */
void *skep_buf_to_arena(struct skep_buf *b, struct skep_arena *a);

/* --- streaming JSON writer into a buffer ----------------------------------- */

struct skep_json {
	struct skep_buf *out;
	int depth;
	bool first, pretty, after_key;
};
void skep_json_init(struct skep_json *j, struct skep_buf *out, bool pretty);
void skep_json_open(struct skep_json *j, char bracket); /* '{' or '[' */
void skep_json_close(struct skep_json *j, char bracket);
void skep_json_key(struct skep_json *j, const char *key);
void skep_json_str(struct skep_json *j, const char *s); /* NULL: null; what is no UTF-8 becomes U+FFFD */
void skep_json_strn(struct skep_json *j, const char *s, size_t n);
void skep_json_int(struct skep_json *j, s64 v);
void skep_json_uint(struct skep_json *j, u64 v);
void skep_json_real(struct skep_json *j, double v);
void skep_json_bool(struct skep_json *j, bool v);
void skep_json_kstr(struct skep_json *j, const char *key, const char *s);
void skep_json_kint(struct skep_json *j, const char *key, s64 v);
void skep_json_kbool(struct skep_json *j, const char *key, bool v);

/* --- diagnostics ------------------------------------------------------------ */

enum skep_severity { SKEP_ERROR, SKEP_WARNING, SKEP_NOTE };

/* One row of a module's diag.def. `code` prints as SKEPnnnn and never changes its meaning. */
struct skep_diag_def {
	u16 code;
	u8 severity; /* enum skep_severity */
	const char *text;    /* the message; %s and friends are filled by skep_diag() */
	const char *explain; /* what it means and what to do */
};

struct skep_diag_place {
	const char *section; /* or NULL */
	const char *prog;    /* function or program, or NULL */
	s64 offset;	     /* byte in the section or file, -1: none */
	s64 insn;	     /* instruction slot in the section, -1: none */
	const char *src;     /* "file:line: text" of the source, or NULL */
	u32 caret;	     /* the character of `src` that is meant, from 1; 0: none */
	u32 line, col;	     /* line and column of a text input, from 1; 0: none */
};

struct skep_diag {
	const struct skep_diag_def *def;
	struct skep_diag_place at;
	const char *msg;
	const char *hint; /* or NULL */
};

/* Collects diagnostics; at most SKEP_DIAG_MAX are kept, the rest is counted. */
#define SKEP_DIAG_MAX 100
struct skep_diags {
	struct skep_arena arena;
	SKEP_VEC(skep_diag_vec, struct skep_diag) list;
	u32 errors, dropped;
};
#define SKEP_NOWHERE ((struct skep_diag_place){.offset = -1, .insn = -1})

void skep_diags_init(struct skep_diags *ds);
void skep_diags_fini(struct skep_diags *ds);
/* Append; `ds` may be NULL (then nothing is kept). Returns SKEP_EINPUT so that it can be returned. */
int skep_diag(struct skep_diags *ds, const struct skep_diag_def *def, struct skep_diag_place at, ...);
/* Set the hint of the diagnostic appended last. */
void skep_diag_hint(struct skep_diags *ds, const char *hint);
/* Append copies of all that `from` has, which may go then. */
void skep_diags_take(struct skep_diags *ds, const struct skep_diags *from);
/* "file:section+insn: error: text [SKEP1203]" and notes, a line each. */
void skep_diags_print(const struct skep_diags *ds, const char *file, struct skep_buf *out);
void skep_diag_json(const struct skep_diag *d, const char *file, struct skep_json *j);
void skep_diags_json(const struct skep_diags *ds, const char *file, struct skep_json *j);

/* --- random numbers: reproducible from a seed ------------------------------- */

struct skep_rng {
	u64 s[2];
};
void skep_rng_init(struct skep_rng *r, u64 seed);
u64 skep_rng_next(struct skep_rng *r);
/* Uniform in [0, n); n > 0. */
u64 skep_rng_below(struct skep_rng *r, u64 n);

/*
 * Run `body` (a block) with out-of-memory caught: sets `err` to SKEP_ENOMEM when
 * the arena failed inside. Nested guards are restored on the way out; the body
 * must not `return`.
 */
#define SKEP_GUARD(a, err, ...)                                                                    \
	do {                                                                                       \
		jmp_buf skep_jb_;                                                                  \
		jmp_buf *skep_old_ = (a)->on_oom;                                                  \
		(a)->on_oom = &skep_jb_;                                                           \
		if (setjmp(skep_jb_) == 0) {                                                       \
			__VA_ARGS__                                                                \
		} else {                                                                           \
			(err) = SKEP_ENOMEM;                                                       \
		}                                                                                  \
		(a)->on_oom = skep_old_;                                                           \
	} while (0)

#endif
