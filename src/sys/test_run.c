/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PROG_TEST_RUN: a packet and a context from what the caller gives, with the kernel's checks and
 * limits, and what the program made of them back.
 */
#include "sys/ops.h"

#include <net/if.h>
#include <stdlib.h>

enum { HEAD_ROOM = 256, ETH_LEN = 14, XDP_MAX = 60000, SKB_MAX = 3712, CTX_SMALL = 512, CTX_MAX = 65536 + 64, WIRE_MAX = 65536,
       SHARED_INFO = 320 };

struct testing {
	union bpf_attr *attr;
	struct sprog *p;
	struct srun r;
	u32 ctx_in; /* bytes that were given */
	u32 ret, each;
	u8 ctx[] __attribute__((aligned(16)));
};

static int read_packet(struct testing *t, u32 most)
{
	struct srun *r = &t->r;
	u32 n = t->attr->test.data_size_in;

	if (n < ETH_LEN || n > most)
		return -EINVAL;
	r->buf = sys_run_packet_memory(&r->buf_len);
	if (!r->buf)
		return -ENOMEM;
	r->head = HEAD_ROOM;
	r->len = n;
	memset(r->buf, 0, HEAD_ROOM);
	if (sys_user_read(r->buf + r->head, t->attr->test.data_in, n))
		return -EFAULT;
	memset(r->buf + r->head + n, 0, 512);
	return 0;
}

/* The context as given: what is beyond ours must be zero. */
static int read_ctx(struct testing *t, u32 most)
{
	u32 n = t->attr->test.ctx_size_in;

	if (!t->attr->test.ctx_in)
		return 0;
	if (n > most) {
		if (!sys_user_zero(t->attr->test.ctx_in + most, n - most))
			return -E2BIG;
		n = most;
	}
	t->ctx_in = n;
	return sys_user_read(t->ctx, t->attr->test.ctx_in, n);
}

/* Bytes and their size to the caller; -ENOSPC when there are more. */
static int give(u64 to, u32 room, const void *from, u32 n, u32 *size, bool sized)
{
	u32 some = sized ? SKEP_MIN(n, room) : n;

	*size = n;
	if (to && sys_user_write(to, from, some))
		return -EFAULT;
	return to && some < n ? -ENOSPC : 0;
}

static int finish(struct testing *t, const void *data, u32 len, u32 ctx_len)
{
	int err = 0, err2 = 0;

	t->attr->test.retval = t->ret;
	t->attr->test.duration = t->each;
	if (data)
		err = give(t->attr->test.data_out, t->attr->test.data_size_out, data, len, &t->attr->test.data_size_out,
			   t->attr->test.data_size_out != 0);
	if (t->attr->test.ctx_out && ctx_len)
		err2 = give(t->attr->test.ctx_out, t->attr->test.ctx_size_out, t->ctx, ctx_len, &t->attr->test.ctx_size_out, true);
	return err ? err : err2;
}

static int run_xdp(struct testing *t)
{
	struct xdp_md *x = (struct xdp_md *)t->ctx;
	char name[IF_NAMESIZE];
	u32 end, meta;
	int err;

	if (t->p->d.attach_type == BPF_XDP_DEVMAP || t->p->d.attach_type == BPF_XDP_CPUMAP)
		return -EINVAL;
	err = read_ctx(t, sizeof(*x));
	if (!err && t->ctx_in) {
		end = x->data_end;
		meta = x->data;
		if (x->egress_ifindex || x->data_meta || meta > end || end != t->attr->test.data_size_in || (meta & 3) || meta > 32 ||
		    (x->rx_queue_index && !x->ingress_ifindex))
			return -EINVAL;
		if (x->ingress_ifindex && !if_indextoname(x->ingress_ifindex, name))
			return -ENODEV;
	} else {
		meta = 0;
	}
	if (!err)
		err = read_packet(t, XDP_MAX);
	if (err)
		return err;
	t->r.xdp = true;
	t->r.ctx = t->ctx;
	t->r.head += meta;
	t->r.len -= meta;
	t->r.meta = meta;
	/* A frame is a page that ends with what the kernel keeps there; a larger one is not limited so. */
	t->r.hard_end = SKEP_MAX((u32)(PAGE - SHARED_INFO), t->r.head + t->r.len);
	if (!x->ingress_ifindex)
		x->ingress_ifindex = 1;
	sys_run_sync(&t->r);
	err = sys_run_repeat(t->p, &t->r, t->ctx, t->attr->test.repeat, &t->ret, &t->each);
	if (err)
		return err;
	x->data = t->r.meta;
	x->data_end = t->r.meta + t->r.len;
	x->data_meta = 0;
	return finish(t, t->r.buf + t->r.head - t->r.meta, t->r.len + t->r.meta, sizeof(*x));
}

/* Only what a caller may set is other than zero. */
static int check_skb(const struct testing *t)
{
	static const struct {
		u16 from, to;
	} zero[] = {{0, offsetof(struct __sk_buff, mark)},
		    {offsetof(struct __sk_buff, queue_mapping), offsetof(struct __sk_buff, priority)},
		    {offsetof(struct __sk_buff, tc_index), offsetof(struct __sk_buff, cb)},
		    {offsetof(struct __sk_buff, hash), offsetof(struct __sk_buff, tstamp)},
		    {offsetof(struct __sk_buff, sk), offsetof(struct __sk_buff, hwtstamp)}};
	const struct __sk_buff *s = (const struct __sk_buff *)t->ctx;
	char name[IF_NAMESIZE];

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(zero); k++)
		for (u32 b = zero[k].from; b < zero[k].to; b++)
			if (t->ctx[b] && !(b >= offsetof(struct __sk_buff, gso_size) && b < offsetof(struct __sk_buff, gso_size) + 4))
				return -EINVAL;
	if (s->gso_segs > 65535 || (s->wire_len && (s->wire_len < t->r.len || s->wire_len > WIRE_MAX)))
		return -EINVAL;
	return s->ifindex > 1 && !if_indextoname(s->ifindex, name) ? -ENODEV : 0;
}

/* What says that it is IP has a header of IP. */
static bool has_header(const u8 *mac, u32 len)
{
	u16 type = skep_get16(mac + 12, true);

	return len >= ETH_LEN + (type == 0x0800 ? 20u : type == 0x86dd ? 40u : 0u);
}

static u32 packet_type(const u8 *mac)
{
	static const u8 none[6];

	if (memcmp(mac, none, 6) == 0)
		return 0;
	return mac[0] & 1 ? memcmp(mac, "\xff\xff\xff\xff\xff\xff", 6) == 0 ? 1 : 2 : 3;
}

static int run_skb(struct testing *t)
{
	struct __sk_buff *s = (struct __sk_buff *)t->ctx;
	bool l2 = t->p->d.type == BPF_PROG_TYPE_SCHED_CLS || t->p->d.type == BPF_PROG_TYPE_SCHED_ACT;
	const u8 *mac;
	int err = read_ctx(t, sizeof(*s));

	if (!err)
		err = read_packet(t, SKB_MAX);
	if (err)
		return err;
	mac = t->r.buf + t->r.head;
	if (!has_header(mac, t->r.len))
		return -EINVAL;
	if (!l2) {
		t->r.head += ETH_LEN;
		t->r.len -= ETH_LEN;
	}
	err = check_skb(t);
	if (err)
		return err;
	t->r.skb = true;
	t->r.ctx = t->ctx;
	s->protocol = skep_get16(mac + 12, true) >= 0x600 ? skep_get16(mac + 12, false) : 0x0400;
	s->pkt_type = packet_type(mac);
	if (!s->ifindex)
		s->ifindex = 1;
	if (!s->wire_len)
		s->wire_len = t->r.len;
	sys_run_sync(&t->r);
	err = sys_run_repeat(t->p, &t->r, t->ctx, t->attr->test.repeat, &t->ret, &t->each);
	if (err)
		return err;
	if (!l2) {
		t->r.head -= ETH_LEN;
		t->r.len += ETH_LEN;
		memset(t->r.buf + t->r.head, 0, ETH_LEN);
	}
	/* Of the context only what a program may have set comes back. */
	s->protocol = s->pkt_type = s->data = s->data_end = s->data_meta = s->len = s->hash = s->vlan_present = s->vlan_proto =
		s->vlan_tci = s->tc_index = s->tc_classid = s->queue_mapping = s->napi_id = 0;
	return finish(t, t->r.buf + t->r.head, t->r.len, sizeof(*s));
}

/* Arguments, or memory that the program may change: SYSCALL. */
static int run_plain(struct testing *t)
{
	bool call = t->p->d.type == BPF_PROG_TYPE_SYSCALL;
	int err;

	if (t->attr->test.data_in || t->attr->test.data_out || t->attr->test.repeat || t->attr->test.duration ||
	    (!call && t->attr->test.ctx_out))
		return -EINVAL;
	if (t->attr->test.ctx_size_in > (call ? 65535u : 96u))
		return -EINVAL;
	err = read_ctx(t, call ? 65535 : 96);
	if (!err)
		err = sys_run_repeat(t->p, &t->r, t->ctx, 1, &t->ret, &t->each);
	if (err)
		return err;
	t->attr->test.retval = t->ret;
	if (call && t->ctx_in)
		return sys_user_write(t->attr->test.ctx_in, t->ctx, t->ctx_in);
	return 0;
}

static int run_type(struct testing *t)
{
	switch (t->p->d.type) {
	case BPF_PROG_TYPE_XDP: return run_xdp(t);
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT: return run_skb(t);
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_SYSCALL: return run_plain(t);
	case BPF_PROG_TYPE_STRUCT_OPS: return sys_ops_test_run(t->attr, t->p);
	default: return -524; /* ENOTSUPP */
	}
}

int sys_prog_test_run(union bpf_attr *attr, u32 size)
{
	struct testing *t;
	struct sobj *o;
	int err;

	if ((attr->test.ctx_size_in && !attr->test.ctx_in) || (!attr->test.ctx_size_in && attr->test.ctx_in) ||
	    (attr->test.ctx_size_out && !attr->test.ctx_out) || (!attr->test.ctx_size_out && attr->test.ctx_out))
		return -EINVAL;
	err = sys_sobj_get((int)attr->test.prog_fd, SKEP_SYS_PROG, &o);
	if (err)
		return err;
	/* The verifier lets a SYSCALL program reach 65535 bytes of its context. */
	t = calloc(1, sizeof(*t) + (sprog_of(o)->d.type == BPF_PROG_TYPE_SYSCALL ? CTX_MAX : CTX_SMALL));
	if (t) {
		t->attr = attr;
		t->p = sprog_of(o);
		err = sys_prog_ready(t->p, NULL, 0, NULL);
		if (!err && (attr->test.flags & ~(u32)BPF_F_TEST_RUN_ON_CPU))
			err = attr->test.flags & BPF_F_TEST_XDP_LIVE_FRAMES ? -EOPNOTSUPP : -EINVAL;
		if (!err)
			err = run_type(t);
		free(t);
	} else {
		err = -ENOMEM;
	}
	sys_sobj_put(o);
	return err;
}
