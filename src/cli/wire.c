/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep run --interface: frames of an interface through a program, and what it sends back or
 * elsewhere out again. They come from a packet socket, which gets copies: the kernel's own stack
 * sees every frame, too, so a program decides alone only where the interface has no addresses. Or
 * from AF_XDP sockets (xsk.c), which get the frames themselves.
 */
#include "cli/feed.h"

#include "cli/xsk.h"

#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 1 << 16, VLAN_LEN = 4, MACS = 12, SLICE_MS = 200 };

struct wire {
	struct skep_cli *cli;
	struct skep_runner *runner;
	int sock, ifindex;
	struct skep_xsk *xsk; /* NULL: frames come from the packet socket */
	u32 type, queue;
	u64 sent, failed;
	u8 frame[FRAME_MAX + VLAN_LEN];
};

/* Only for the duration of the command; a handler can reach nothing else. */
static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	stopped = 1;
}

static int refused(struct wire *w, const char *what)
{
	int err = errno;

	if (w->sock >= 0)
		close(w->sock);
	return skep_port_fail(
		w->cli,
		skep_arena_printf(&w->cli->arena, "%s %s", skep_cli_opt(w->cli, "interface"), what),
		err);
}

static int listen_packets(struct wire *w)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	int on = 1;

	all.mr_ifindex = at.sll_ifindex = w->ifindex;
	if (setsockopt(w->sock, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(w->sock, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(w->sock, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) ||
	    bind(w->sock, (struct sockaddr *)&at, sizeof(at)))
		return refused(w, "cannot be listened at");
	return 0;
}

static int open_wire(struct wire *w)
{
	const char *from = skep_cli_opt(w->cli, "socket"), *why = "only to programs of type xdp";
	bool may = from && strcmp(from, "packet") != 0, must = from && strcmp(from, "xdp") == 0;
	int err = -EOPNOTSUPP;

	w->ifindex = (int)if_nametoindex(skep_cli_opt(w->cli, "interface"));
	if (!w->ifindex)
		return refused(w, "is no interface");
	/* Without a protocol it receives nothing. */
	w->sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (w->sock < 0)
		return refused(w, "needs CAP_NET_RAW");
	if (may && w->type == BPF_PROG_TYPE_XDP)
		err = skep_xsk_open((u32)w->ifindex, &w->xsk, &why);
	if (!may || (err && !must))
		return listen_packets(w);
	errno = -err;
	return err ? refused(w,
			     skep_arena_printf(&w->cli->arena, "cannot give its frames (%s)", why))
		   : 0;
}

/* A tag that the device took out of the frame comes beside it: put it back. */
static u32 untagged(struct wire *w, struct msghdr *m, u32 len)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || len < MACS)
			continue;
		memmove(w->frame + MACS + VLAN_LEN, w->frame + MACS, len - MACS);
		skep_put16(w->frame + MACS,
			   aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : 0x8100,
			   true);
		skep_put16(w->frame + MACS + 2, aux.tp_vlan_tci, true);
		return len + VLAN_LEN;
	}
	return len;
}

/* Bytes of the next frame in w->frame, 0: none for now. */
static u32 next_frame(struct wire *w)
{
	struct iovec v = {w->frame, FRAME_MAX};
	char control[256] __attribute__((aligned(8)));
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct pollfd p = {.fd = w->sock, .events = POLLIN};
	ssize_t n;

	if (w->xsk)
		return skep_xsk_next(w->xsk, SLICE_MS, w->frame, FRAME_MAX, &w->queue);
	if (poll(&p, 1, SLICE_MS) <= 0)
		return 0;
	n = recvmsg(w->sock, &m, MSG_DONTWAIT);
	return n > 0 ? untagged(w, &m, (u32)n) : 0;
}

static int send_out(const struct wire *w, u32 ifindex, const u8 *data, u32 len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};

	return sendto(w->sock, data, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len
		       ? 0
		       : -1;
}

static void count_sent(struct wire *w, int err)
{
	w->sent += !err;
	w->failed += err != 0;
}

/* What passes goes to the kernel's stack, where that has not seen it. */
static void pass(struct wire *w, const u8 *data, u32 len)
{
	if (w->xsk && skep_xsk_inject((u32)w->ifindex, w->queue, data, len))
		w->failed++;
}

/* A veth's or netkit's other end receives what is sent out of this one. */
static void send_way(struct wire *w, const struct skep_sys_way *way, const u8 *data, u32 len)
{
	switch (way->kind) {
	case SKEP_SYS_WAY_DEVICE:
		if (w->type != BPF_PROG_TYPE_XDP && (way->flags & BPF_F_INGRESS))
			count_sent(w, skep_xsk_inject(way->index, 0, data, len));
		else
			count_sent(w, send_out(w, way->index, data, len));
		break;
	case SKEP_SYS_WAY_PEER: count_sent(w, send_out(w, way->index, data, len)); break;
	case SKEP_SYS_WAY_CPU: pass(w, data, len); break;
	default: w->failed++; /* by a neighbour's address, which is not known here */
	}
}

static void send_on(void *arg, const struct skep_pcap_packet *was, const struct skep_outcome *o,
		    bool goes_on)
{
	struct wire *w = arg;

	for (u32 k = 0; k < o->nway; k++)
		if (o->way[k].data)
			send_way(w, &o->way[k], o->way[k].data, o->way[k].len);
		else
			send_way(w, &o->way[k], o->pkt, o->len);
	if (w->type != BPF_PROG_TYPE_XDP)
		return;
	if (o->ret == XDP_PASS)
		pass(w, o->pkt, o->len);
	else if (o->ret == XDP_TX)
		count_sent(w, w->xsk ? skep_xsk_send(w->xsk, o->pkt, o->len, w->queue)
				     : send_out(w, (u32)w->ifindex, o->pkt, o->len));
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

static int until_end(struct wire *w, struct skep_feed *f, u64 count, u64 seconds)
{
	u64 end = now_ms() + seconds * 1000, n = 0;
	int err = 0;

	while (!err && !stopped && (!count || n < count) && (!seconds || now_ms() < end)) {
		struct skep_pcap_packet p = {.len = next_frame(w), .data = w->frame};

		if (!p.len)
			continue;
		w->runner->queue = w->queue;
		err = skep_feed_packet(f, &p);
		n++;
	}
	return err;
}

int skep_feed_interface(struct skep_cli *cli, struct skep_runner *r)
{
	struct sigaction act = {.sa_handler = stop}, old[2];
	struct wire *w = SKEP_NEW(&cli->arena, struct wire);
	u64 count = 0, seconds = 0;
	struct skep_feed *f;
	int err = skep_cli_num(cli, "count", 1, UINT64_MAX, &count);

	if (!err)
		err = skep_cli_num(cli, "seconds", 1, 1u << 30, &seconds);
	if (err)
		return err;
	w->cli = cli;
	w->runner = r;
	w->type = r->type;
	w->sock = -1;
	err = open_wire(w);
	if (err)
		return err;
	r->ifindex = (u32)w->ifindex;
	sigaction(SIGINT, &act, &old[0]);
	sigaction(SIGTERM, &act, &old[1]);
	f = skep_feed_begin(cli, r, send_on, w);
	err = until_end(w, f, count, seconds);
	skep_feed_end(f);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	close(w->sock);
	if (w->xsk)
		skep_xsk_close(w->xsk);
	if (cli->json) {
		skep_json_kstr(&cli->j, "socket", w->xsk ? "xdp" : "packet");
		skep_json_kint(&cli->j, "sent", (s64)w->sent);
		skep_json_kint(&cli->j, "not_sent", (s64)w->failed);
	} else {
		skep_buf_printf(&cli->out, "%s: %llu sent, %llu not sent\n",
				w->xsk ? "AF_XDP" : "packet socket", (unsigned long long)w->sent,
				(unsigned long long)w->failed);
	}
	return err;
}
