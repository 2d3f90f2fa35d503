/* SPDX-License-Identifier: BSD-2-Clause */
/* One of each kind of CO-RE record, against the types of core_target.bpf.c. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))
#define INFO(field, kind) __builtin_preserve_field_info(field, kind)
#define TYPE(type, kind) __builtin_preserve_type_info(*(typeof(type) *)0, kind)
#define ENUMVAL(type, value, kind) __builtin_preserve_enum_value(*(typeof(type) *)value, kind)

struct inner {
	int a;
	struct {
		int hidden;
	};
} CORE;

struct moved {
	u32 first;
	struct inner in[3];
	u64 wide;
	void *ptr;
	u32 bits : 3;
	int sbits : 5;
	char text[8];
	struct inner *to;
	int gone;
	int other_type;
} CORE;

struct moved___flavour {
	u64 new_field;
} CORE;

struct nowhere {
	int x;
} CORE;

union either {
	int i;
	u64 u;
} CORE;

enum colour { RED, GREEN = 7, BLUE };
enum colour___old { RED___x = 1, YELLOW = 9 };
enum big { HUGE = 0x1234567890ull, SMALL = 1 };
typedef struct inner inner_t;
typedef int (*callback_t)(struct moved *, int);

struct matching {
	int x;
	struct inner *p;
} CORE;
struct matching___bad {
	int x, y_that_is_gone;
} CORE;

volatile u64 sink;

SEC("socket") int core(void *ctx)
{
	struct moved *m = ctx;
	struct moved___flavour *f = ctx;
	struct nowhere *n = ctx;
	union either *e = ctx;

	sink = INFO(m->first, 0) + INFO(m->in[1].a, 0) + INFO(m->in[2].hidden, 0) + INFO(m[1].wide, 0);
	sink = INFO(m->wide, 1) + INFO(m->ptr, 1) + INFO(m->text, 1);
	sink = INFO(m->gone, 2) + INFO(m->first, 2) + INFO(f->new_field, 2) + INFO(n->x, 2) +
	       INFO(m->other_type, 2);
	sink = INFO(m->bits, 3) + INFO(m->sbits, 3) + INFO(m->first, 3);
	sink = INFO(m->bits, 4) + INFO(m->sbits, 4) + INFO(m->first, 4);
	sink = INFO(m->bits, 5) + INFO(m->sbits, 5) + INFO(m->wide, 5);
	sink = INFO(m->bits, 0) + INFO(m->sbits, 1) + INFO(m->text[3], 0) + INFO(e->u, 0) + INFO(e->i, 1);
	sink = INFO(f->new_field, 0);
	sink = INFO(m->gone, 0);
	sink = TYPE(struct moved, 0) + TYPE(struct nowhere, 0) + TYPE(inner_t, 0) + TYPE(enum colour, 0) +
	       TYPE(callback_t, 0);
	sink = TYPE(struct moved, 1) + TYPE(struct nowhere, 1) + TYPE(inner_t, 1) + TYPE(enum colour, 1);
#if __clang_major__ >= 15
	sink = TYPE(struct matching, 2) + TYPE(struct matching___bad, 2) + TYPE(enum colour, 2);
#endif
	sink = __builtin_btf_type_id(*(struct moved *)0, 0) + __builtin_btf_type_id(*(struct moved *)0, 1) +
	       __builtin_btf_type_id(*(struct nowhere *)0, 1);
	sink = ENUMVAL(enum colour, GREEN, 0) + ENUMVAL(enum colour, BLUE, 0) +
	       ENUMVAL(enum colour___old, RED___x, 0) + ENUMVAL(enum colour___old, YELLOW, 0);
	sink = ENUMVAL(enum colour, GREEN, 1) + ENUMVAL(enum colour___old, RED___x, 1);
	sink = ENUMVAL(enum colour___old, YELLOW, 1);
#if __clang_major__ >= 15 /* before, enumerators had 32 bits */
	sink = ENUMVAL(enum big, HUGE, 1) + ENUMVAL(enum big, SMALL, 0);
#endif
	return 0;
}

/* Loads and stores that take another width, or may not. */
SEC("socket") int widths(void *ctx)
{
	struct moved *m = ctx;

	sink = m->first;
	sink = m->wide;
	sink = (u64)m->ptr;
	sink = (u64)m->to;
	m->first = 1;
	sink = m->in[1].a;
	sink = m->other_type;
	return 0;
}

char _license[] SEC("license") = "GPL";
