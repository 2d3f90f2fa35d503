/* SPDX-License-Identifier: BSD-2-Clause */
/* The same names as in core_prog.bpf.c, otherwise laid out; only its types are used. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

struct inner {
	u64 before;
	union {
		struct {
			int pad, hidden;
		};
	};
	long a;
};

struct moved {
	u64 new_field;
	u64 first;
	struct inner in[3];
	char text[32];
	u32 *to;
	u32 wide;
	void *ptr;
	u32 filler : 13;
	u64 bits : 20;
	int sbits : 9;
	struct inner other_type;
};

union either {
	u64 u;
	short i;
};

enum colour { BLACK, RED, BLUE = 99, GREEN = -3 };
enum big { HUGE = 0x9876543210ull, OTHER };
typedef struct inner inner_t;
typedef int (*callback_t)(struct moved *, int);
struct matching {
	u64 more;
	struct inner *p;
	int x;
};

struct moved a_moved;
union either an_either;
enum colour a_colour;
enum big a_big;
inner_t an_inner;
callback_t a_callback;
struct matching a_matching;
