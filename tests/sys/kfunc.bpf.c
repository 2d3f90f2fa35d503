/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel functions: the same results here and in the kernel. What comes out is in `out` and in packets. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;
extern void bpf_throw(__u64 cookie) __ksym;
extern int bpf_strcmp(const char *s, const char *t) __ksym;
extern int bpf_strcasecmp(const char *s, const char *t) __ksym;
extern int bpf_strchr(const char *s, char c) __ksym;
extern int bpf_strchrnul(const char *s, char c) __ksym;
extern int bpf_strnchr(const char *s, unsigned long n, char c) __ksym;
extern int bpf_strrchr(const char *s, int c) __ksym;
extern int bpf_strlen(const char *s) __ksym;
extern int bpf_strnlen(const char *s, unsigned long n) __ksym;
extern int bpf_strspn(const char *s, const char *set) __ksym;
extern int bpf_strcspn(const char *s, const char *set) __ksym;
extern int bpf_strstr(const char *s, const char *t) __ksym;
extern int bpf_strnstr(const char *s, const char *t, unsigned long n) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, __u32 off, void *buf, __u32 n) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, __u32 off, void *buf, __u32 n) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, __u32 start, __u32 end) __ksym;
extern int bpf_dynptr_is_null(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_is_rdonly(const struct bpf_dynptr *p) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *q) __ksym;
extern int bpf_dynptr_copy(struct bpf_dynptr *to, __u32 to_off, struct bpf_dynptr *from, __u32 from_off, __u32 n) __ksym;
extern int bpf_dynptr_memset(struct bpf_dynptr *p, __u32 off, __u32 n, __u8 v) __ksym;

enum row { NUMBERS, SECTIONS, THROWS, STRINGS, FRAME, MOVING, CLASSIFY, WATCH, MEMORY, ROWS };
enum { PLACES = 64 };
__s64 out[ROWS][PLACES];
__u8 memory[64];

#define PUT(n, v) out[row][(n)] = (__s64)(v)

static __always_inline void loop(enum row row, int at, int start, int end)
{
	struct bpf_iter_num it;
	__u64 sum = 0, n = 0;
	int *v;

	PUT(at, bpf_iter_num_new(&it, start, end));
	while ((v = bpf_iter_num_next(&it))) {
		sum = sum * 3 + (__u64)*v;
		n++;
	}
	bpf_iter_num_destroy(&it);
	PUT(at + 1, sum);
	PUT(at + 2, n);
}

SEC("xdp")
int numbers(struct xdp_md *x)
{
	const enum row row = NUMBERS;
	loop(row, 0, 3, 100);
	loop(row, 3, 5, 5);
	loop(row, 6, 7, 6);
	loop(row, 9, -3, 2);
	loop(row, 12, 0, 8 << 20);
	loop(row, 15, 0, (8 << 20) + 1);
	loop(row, 18, -2147483647 - 1, 2147483647);
	loop(row, 21, 2147483640, 2147483647);
	loop(row, 24, -2147483647 - 1, -2147483640);
	return 2;
}

SEC("xdp")
int sections(struct xdp_md *x)
{
	const enum row row = SECTIONS;
	unsigned long flags;

	bpf_rcu_read_lock();
	PUT(0, 1);
	bpf_rcu_read_unlock();
	bpf_preempt_disable();
	PUT(1, 2);
	bpf_preempt_enable();
	bpf_local_irq_save(&flags);
	PUT(2, 3);
	bpf_local_irq_restore(&flags);
	return 2;
}

static __attribute__((noinline)) int deep(__u32 n)
{
	if (n & 1)
		bpf_throw(77);
	out[THROWS][0] += n;
	return 5;
}

SEC("tc")
int throws(struct __sk_buff *s)
{
	return deep(s->len) + 1;
}

const char hello[] = "Hello, world", again[] = "hello, WORLD", letters[] = "Helo", comma[] = ",", empty[] = "", world[] = "world";

SEC("xdp")
int strings(struct xdp_md *x)
{
	const enum row row = STRINGS;
	PUT(0, bpf_strcmp(hello, again));
	PUT(1, bpf_strcmp(again, hello));
	PUT(2, bpf_strcmp(hello, hello));
	PUT(3, bpf_strcasecmp(hello, again));
	PUT(4, bpf_strcmp(hello, empty));
	PUT(5, bpf_strchr(hello, 'o'));
	PUT(6, bpf_strchr(hello, 'z'));
	PUT(7, bpf_strchr(hello, 0));
	PUT(8, bpf_strchrnul(hello, 'z'));
	PUT(9, bpf_strchrnul(hello, 'w'));
	PUT(10, bpf_strnchr(hello, 4, 'o'));
	PUT(11, bpf_strnchr(hello, 5, 'o'));
	PUT(12, bpf_strrchr(hello, 'o'));
	PUT(13, bpf_strrchr(hello, 'z'));
	PUT(14, bpf_strrchr(hello, 0));
	PUT(15, bpf_strlen(hello));
	PUT(16, bpf_strlen(empty));
	PUT(17, bpf_strnlen(hello, 3));
	PUT(18, bpf_strnlen(hello, 100));
	PUT(19, bpf_strspn(hello, letters));
	PUT(20, bpf_strspn(hello, empty));
	PUT(21, bpf_strcspn(hello, comma));
	PUT(22, bpf_strcspn(hello, empty));
	PUT(23, bpf_strstr(hello, world));
	PUT(24, bpf_strstr(hello, empty));
	PUT(25, bpf_strstr(world, hello));
	PUT(26, bpf_strnstr(hello, world, 11));
	PUT(27, bpf_strnstr(hello, world, 12));
	PUT(28, bpf_strnstr(hello, empty, 0));
	PUT(29, bpf_strnstr(hello, letters, 3));
	PUT(30, bpf_strspn(empty, letters));
	PUT(31, bpf_strnchr(hello, 0, 'H'));
	return 2;
}

SEC("xdp")
int frame(struct xdp_md *x)
{
	const enum row row = FRAME;
	struct bpf_dynptr p, q;
	__u8 buf[16] = {0}, *s;

	PUT(0, bpf_dynptr_from_xdp(x, 0, &p));
	PUT(1, bpf_dynptr_size(&p));
	PUT(2, bpf_dynptr_is_null(&p) & 1);
	PUT(3, bpf_dynptr_is_rdonly(&p) & 1);
	s = bpf_dynptr_slice(&p, 12, buf, sizeof(buf));
	PUT(4, s ? s[0] * 256 + s[3] : -1);
	s = bpf_dynptr_slice_rdwr(&p, 20, buf, 8);
	if (s) {
		s[1] ^= 0x55;
		PUT(5, s[2]);
	}
	PUT(6, bpf_dynptr_slice(&p, 4000, buf, sizeof(buf)) ? 1 : 0);
	PUT(7, bpf_dynptr_adjust(&p, 10, 50));
	PUT(8, bpf_dynptr_size(&p));
	PUT(9, bpf_dynptr_adjust(&p, 5, 41));
	PUT(10, bpf_dynptr_adjust(&p, 6, 5));
	PUT(11, bpf_dynptr_clone(&p, &q));
	PUT(12, bpf_dynptr_adjust(&q, 4, 20));
	PUT(13, bpf_dynptr_size(&q));
	PUT(14, bpf_dynptr_read(buf, 8, &q, 2, 0));
	PUT(15, buf[3]);
	PUT(16, bpf_dynptr_write(&q, 1, buf, 4, 0));
	PUT(17, bpf_dynptr_write(&q, 14, buf, 4, 0));
	PUT(18, bpf_dynptr_write(&q, 1, buf, 4, 1));
	PUT(19, bpf_dynptr_data(&q, 0, 4) ? 1 : 0);
	PUT(20, bpf_dynptr_memset(&q, 6, 3, 0xaa));
	PUT(21, bpf_dynptr_memset(&q, 15, 3, 0xaa));
	PUT(22, bpf_dynptr_copy(&q, 0, &p, 20, 6));
	PUT(23, bpf_dynptr_copy(&q, 0, &p, 38, 6));
	PUT(24, bpf_dynptr_from_xdp(x, 1, &p));
	PUT(25, bpf_dynptr_is_null(&p) & 1);
	PUT(26, bpf_dynptr_size(&p));
	PUT(27, bpf_dynptr_clone(&p, &q));
	PUT(28, bpf_dynptr_is_rdonly(&p) & 1);
	PUT(29, bpf_dynptr_adjust(&p, 0, 0));
	return 2;
}

/* The frame becomes shorter and longer under a dynptr. */
SEC("xdp")
int moving(struct xdp_md *x)
{
	const enum row row = MOVING;
	struct bpf_dynptr p;
	__u8 buf[16] = {0}, *s;

	PUT(0, bpf_dynptr_from_xdp(x, 0, &p));
	PUT(1, bpf_xdp_adjust_head(x, 10));
	PUT(2, bpf_dynptr_size(&p));
	s = bpf_dynptr_slice(&p, 0, buf, 4);
	PUT(3, s ? s[0] : -1);
	PUT(4, bpf_xdp_adjust_tail(x, -20));
	PUT(5, bpf_dynptr_read(buf, 4, &p, bpf_dynptr_size(&p) - 4, 0));
	PUT(6, bpf_dynptr_read(buf, 4, &p, 8, 0));
	PUT(7, buf[1]);
	return 2;
}

static __always_inline int with_skb(enum row row, struct __sk_buff *s)
{
	struct bpf_dynptr p;
	__u8 buf[16] = {0}, *at;

	PUT(0, bpf_dynptr_from_skb(s, 0, &p));
	PUT(1, bpf_dynptr_size(&p) == s->len);
	PUT(2, bpf_dynptr_is_rdonly(&p) & 1);
	at = bpf_dynptr_slice(&p, 2, buf, 8);
	PUT(3, at ? at[0] * 256 + at[5] : -1);
	PUT(4, bpf_dynptr_read(buf, 8, &p, 7, 0));
	PUT(5, *(__u64 *)buf);
	return 0;
}

SEC("tc")
int classify(struct __sk_buff *s)
{
	const enum row row = CLASSIFY;
	struct bpf_dynptr p;
	__u8 buf[16] = {1, 2, 3, 4, 5, 6, 7, 8}, *at;

	with_skb(row, s);
	PUT(6, bpf_dynptr_from_skb(s, 0, &p));
	PUT(7, bpf_dynptr_write(&p, 18, buf, 8, 0));
	at = bpf_dynptr_slice_rdwr(&p, 30, buf, 4);
	if (at)
		at[2] = 0x99;
	return 0;
}

SEC("cgroup_skb/ingress")
int watch(struct __sk_buff *s)
{
	const enum row row = WATCH;
	with_skb(row, s);
	return 1;
}

SEC("xdp")
int in_memory(struct xdp_md *x)
{
	const enum row row = MEMORY;
	struct bpf_dynptr p, q;
	__u8 buf[8] = {9, 8, 7, 6, 5, 4, 3, 2}, *s;

	PUT(0, bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p));
	PUT(1, bpf_dynptr_memset(&p, 3, 5, 0x11));
	PUT(2, bpf_dynptr_write(&p, 20, buf, 8, 0));
	PUT(3, bpf_dynptr_clone(&p, &q));
	PUT(4, bpf_dynptr_adjust(&q, 16, 40));
	PUT(5, bpf_dynptr_copy(&q, 10, &p, 19, 9));
	PUT(6, bpf_dynptr_copy(&p, 21, &p, 20, 6));
	s = bpf_dynptr_slice_rdwr(&q, 8, NULL, 2);
	if (s)
		s[1] = 0x42;
	s = bpf_dynptr_data(&q, 23, 1);
	if (s)
		*s = 0x43;
	PUT(7, bpf_dynptr_data(&q, 24, 1) ? 1 : 0);
	PUT(8, bpf_dynptr_slice(&q, 24, NULL, 1) ? 1 : 0);
	return 2;
}

char _license[] SEC("license") = "GPL";
