/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AF_XDP by the system calls: a socket for each queue of the interface, each with memory of its
 * own in which the kernel copies frames (so it works with any driver that has XDP), and four rings
 * between us and the kernel: frames to fill, received ones, those to send, and sent ones.
 */
#include "cli/xsk.h"

#include "sys/sys.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { NQUEUE = 64, RING = 256, FRAME = 4096, NFRAME = 2 * RING, AF_XDP_ = 44, SOL_XDP_ = 283 };

/* A ring that the kernel shares; what we read next, or write. */
struct ring {
	void *mem;
	size_t len;
	u32 *producer, *consumer, next;
	void *desc;
};
struct queue {
	int fd;
	u8 *umem;
	struct ring rx, tx, fill, done;
	u32 nfree;
	u64 free[RING]; /* frames to send with */
};
struct skep_xsk {
	u32 nqueue, turn;
	int map, prog, link;
	struct queue q[NQUEUE];
};

/* --- the kernel's side --------------------------------------------------------------- */

static int load_xdp(const struct bpf_insn *code, u32 n)
{
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_XDP,
			    .insn_cnt = n,
			    .insns = (u64)(uintptr_t)code,
			    .license = (u64)(uintptr_t) "BSD"};

	return skep_sys_port_kernel(BPF_PROG_LOAD, &a, sizeof(a));
}

static int make_map(u32 n)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = n};

	return skep_sys_port_kernel(BPF_MAP_CREATE, &a, sizeof(a));
}

static int put_socket(int map, u32 queue, int fd)
{
	union bpf_attr a = {
		.map_fd = (u32)map, .key = (u64)(uintptr_t)&queue, .value = (u64)(uintptr_t)&fd};

	return skep_sys_port_kernel(BPF_MAP_UPDATE_ELEM, &a, sizeof(a));
}

/* To the socket of the queue; where there is none, on to the stack. */
static int load_redirect(int map)
{
	const struct bpf_insn code[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_W,
		 .dst_reg = 2,
		 .src_reg = 1,
		 .off = offsetof(struct xdp_md, rx_queue_index)},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = 1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = map},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return load_xdp(code, SKEP_ARRAY_SIZE(code));
}

/*
 * The driver's way only: where the kernel runs XDP for a device that does not, it runs it on what is
 * given back to the stack, too, so a frame that passes would come again and again.
 */
static int attach(int prog, u32 ifindex)
{
	union bpf_attr a = {0};

	a.link_create.prog_fd = (u32)prog;
	a.link_create.target_ifindex = ifindex;
	a.link_create.attach_type = BPF_XDP;
	a.link_create.flags = XDP_FLAGS_DRV_MODE;
	return skep_sys_port_kernel(BPF_LINK_CREATE, &a, sizeof(a));
}

int skep_xsk_inject(u32 ifindex, u32 queue, const u8 *data, u32 len)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = ifindex, .rx_queue_index = queue};
	union bpf_attr a = {0};
	int fd = load_xdp(code, SKEP_ARRAY_SIZE(code)), err;

	if (fd < 0)
		return fd;
	a.test.prog_fd = (u32)fd;
	a.test.data_in = (u64)(uintptr_t)data;
	a.test.data_size_in = len;
	a.test.ctx_in = (u64)(uintptr_t)&ctx;
	a.test.ctx_size_in = sizeof(ctx);
	a.test.repeat = 1;
	a.test.batch_size = 1;
	a.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	err = skep_sys_port_kernel(BPF_PROG_TEST_RUN, &a, sizeof(a));
	close(fd);
	return err;
}

static int failed(void)
{
	int err = errno;

	return err > 0 ? -err : -EIO;
}

/* --- rings --------------------------------------------------------------------------- */

static int map_ring(int fd, const struct xdp_ring_offset *at, size_t size, u64 where,
		    struct ring *r)
{
	r->len = at->desc + RING * size;
	r->mem = mmap(NULL, r->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		      (off_t)where);
	if (r->mem == MAP_FAILED) {
		r->mem = NULL;
		return failed();
	}
	r->producer = (u32 *)((u8 *)r->mem + at->producer);
	r->consumer = (u32 *)((u8 *)r->mem + at->consumer);
	r->desc = (u8 *)r->mem + at->desc;
	return 0;
}

static int map_rings(struct queue *q)
{
	static const int option[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING,
				     XDP_TX_RING};
	static const u64 where[] = {XDP_UMEM_PGOFF_FILL_RING, XDP_UMEM_PGOFF_COMPLETION_RING,
				    XDP_PGOFF_RX_RING, XDP_PGOFF_TX_RING};
	static const size_t size[] = {sizeof(u64), sizeof(u64), sizeof(struct xdp_desc),
				      sizeof(struct xdp_desc)};
	struct ring *ring[] = {&q->fill, &q->done, &q->rx, &q->tx};
	struct xdp_mmap_offsets off;
	const struct xdp_ring_offset *at[] = {&off.fr, &off.cr, &off.rx, &off.tx};
	socklen_t len = sizeof(off);
	u32 n = RING;
	int err = 0;

	/* Their places are known once all have a size. */
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(ring); k++)
		if (setsockopt(q->fd, SOL_XDP_, option[k], &n, sizeof(n)))
			return failed();
	if (getsockopt(q->fd, SOL_XDP_, XDP_MMAP_OFFSETS, &off, &len))
		return failed();
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(ring) && !err; k++)
		err = map_ring(q->fd, at[k], size[k], where[k], ring[k]);
	return err;
}

static bool readable(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) != r->next;
}

static void was_read(struct ring *r)
{
	__atomic_store_n(r->consumer, ++r->next, __ATOMIC_RELEASE);
}

static void was_written(struct ring *r)
{
	__atomic_store_n(r->producer, ++r->next, __ATOMIC_RELEASE);
}

static void give_frame(struct queue *q, u64 addr)
{
	u64 *v = q->fill.desc;

	v[q->fill.next % RING] = addr & ~(u64)(FRAME - 1);
	was_written(&q->fill);
}

/* --- a socket for a queue ------------------------------------------------------------ */

/* The kernel lets go of a queue some time after the socket that had it is closed. */
static int bind_socket(int fd, const struct sockaddr_xdp *to)
{
	struct timespec nap = {0, 10000000};

	for (u32 k = 0; k < 150; k++) {
		if (bind(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
			return 0;
		if (errno != EBUSY)
			return failed();
		nanosleep(&nap, NULL);
	}
	return -EBUSY;
}

static int open_socket(struct queue *q, u32 ifindex, u32 number)
{
	struct sockaddr_xdp to = {.sxdp_family = AF_XDP_,
				  .sxdp_flags = XDP_COPY,
				  .sxdp_ifindex = ifindex,
				  .sxdp_queue_id = number};
	struct xdp_umem_reg reg = {.len = (u64)NFRAME * FRAME, .chunk_size = FRAME};
	int err;

	q->fd = socket(AF_XDP_, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (q->fd < 0)
		return -errno;
	q->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q->umem == MAP_FAILED) {
		q->umem = NULL;
		return -ENOMEM;
	}
	reg.addr = (u64)(uintptr_t)q->umem;
	if (setsockopt(q->fd, SOL_XDP_, XDP_UMEM_REG, &reg, sizeof(reg)))
		return -errno;
	err = map_rings(q);
	if (err || !q->fill.desc)
		return err ? err : -EIO;
	for (u32 k = 0; k < RING; k++) {
		give_frame(q, (u64)k * FRAME);
		q->free[q->nfree++] = (u64)(RING + k) * FRAME;
	}
	return bind_socket(q->fd, &to);
}

static void close_socket(struct queue *q)
{
	struct ring *ring[] = {&q->fill, &q->done, &q->rx, &q->tx};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(ring); k++)
		if (ring[k]->mem)
			munmap(ring[k]->mem, ring[k]->len);
	if (q->fd >= 0)
		close(q->fd);
	if (q->umem)
		munmap(q->umem, (size_t)NFRAME * FRAME);
	memset(q, 0, sizeof(*q));
	q->fd = -1;
}

/* All queues: the one behind the last is refused. */
static int open_sockets(struct skep_xsk *x, u32 ifindex)
{
	int err = 0;

	while (!err && x->nqueue < NQUEUE) {
		struct queue *q = &x->q[x->nqueue];

		err = open_socket(q, ifindex, x->nqueue);
		if (err)
			close_socket(q);
		else
			x->nqueue++;
	}
	return x->nqueue && (!err || err == -EINVAL) ? 0 : err;
}

int skep_xsk_open(u32 ifindex, struct skep_xsk **out, const char **why)
{
	struct skep_xsk *x = calloc(1, sizeof(*x));
	int err;

	*why = "no memory";
	if (!x)
		return -ENOMEM;
	x->map = x->prog = x->link = -1;
	*why = "AF_XDP sockets cannot be had";
	err = open_sockets(x, ifindex);
	if (!err) {
		*why = "the kernel does not load the program that AF_XDP needs";
		err = x->map = make_map(NQUEUE);
	}
	for (u32 k = 0; k < x->nqueue && err >= 0; k++)
		err = put_socket(x->map, k, x->q[k].fd);
	if (err >= 0)
		err = x->prog = load_redirect(x->map);
	if (err >= 0) {
		*why = "the program that AF_XDP needs cannot be attached";
		err = x->link = attach(x->prog, ifindex);
		if (err == -EOPNOTSUPP)
			*why = "its driver has no XDP";
	}
	if (err < 0) {
		skep_xsk_close(x);
		return err;
	}
	*out = x;
	return 0;
}

void skep_xsk_close(struct skep_xsk *x)
{
	const int fd[] = {x->link, x->prog, x->map};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(fd); k++)
		if (fd[k] >= 0)
			close(fd[k]);
	for (u32 k = 0; k < x->nqueue; k++)
		close_socket(&x->q[k]);
	free(x);
}

/* --- frames -------------------------------------------------------------------------- */

static u32 take(struct queue *q, u8 *to, u32 room)
{
	const struct xdp_desc *d = (const struct xdp_desc *)q->rx.desc + q->rx.next % RING;
	u32 len = SKEP_MIN(d->len, room);
	u64 at = d->addr;

	memcpy(to, q->umem + at, len);
	was_read(&q->rx);
	give_frame(q, at);
	return len;
}

u32 skep_xsk_next(struct skep_xsk *x, int ms, u8 *to, u32 room, u32 *queue)
{
	struct pollfd p[NQUEUE];

	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 k = 0; k < x->nqueue; k++) {
			u32 n = (x->turn + k) % x->nqueue;

			if (!readable(&x->q[n].rx))
				continue;
			x->turn = n + 1;
			*queue = n;
			return take(&x->q[n], to, room);
		}
		for (u32 k = 0; k < x->nqueue; k++)
			p[k] = (struct pollfd){.fd = x->q[k].fd, .events = POLLIN};
		if (!pass && poll(p, x->nqueue, ms) <= 0)
			break;
	}
	return 0;
}

static void collect_sent(struct queue *q)
{
	while (readable(&q->done) && q->nfree < RING) {
		q->free[q->nfree++] =
			((u64 *)q->done.desc)[q->done.next % RING] & ~(u64)(FRAME - 1);
		was_read(&q->done);
	}
}

int skep_xsk_send(struct skep_xsk *x, const u8 *data, u32 len, u32 queue)
{
	struct queue *q = &x->q[queue % x->nqueue];
	struct xdp_desc *d = (struct xdp_desc *)q->tx.desc + q->tx.next % RING;

	collect_sent(q);
	if (!q->nfree)
		return -ENOBUFS;
	if (len > FRAME)
		return -EMSGSIZE;
	*d = (struct xdp_desc){.addr = q->free[--q->nfree], .len = len};
	memcpy(q->umem + d->addr, data, len);
	was_written(&q->tx);
	if (sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN && errno != EBUSY)
		return -errno; /* it stays in the ring and goes with the next one */
	return 0;
}
