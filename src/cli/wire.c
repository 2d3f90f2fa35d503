/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep run --interface: frames from a packet socket through a program, and what it sends back
 * or elsewhere out again. A packet socket gets copies: the kernel's own stack sees every frame,
 * too, so a program decides alone only where the interface has no addresses.
 */
#include "cli/feed.h"

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
	int sock, ifindex;
	u32 type;
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

static int open_wire(struct wire *w)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	int on = 1;

	w->ifindex = (int)if_nametoindex(skep_cli_opt(w->cli, "interface"));
	if (!w->ifindex)
		return refused(w, "is no interface");
	w->sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (w->sock < 0)
		return refused(w, "needs CAP_NET_RAW");
	all.mr_ifindex = at.sll_ifindex = w->ifindex;
	if (setsockopt(w->sock, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(w->sock, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(w->sock, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) ||
	    bind(w->sock, (struct sockaddr *)&at, sizeof(at)))
		return refused(w, "cannot be listened at");
	return 0;
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

	if (poll(&p, 1, SLICE_MS) <= 0)
		return 0;
	n = recvmsg(w->sock, &m, MSG_DONTWAIT);
	return n > 0 ? untagged(w, &m, (u32)n) : 0;
}

/* To which interface it goes, 0: to none, which leaves it to the kernel's stack. */
static int target(const struct wire *w, u32 ret)
{
	if (w->type == BPF_PROG_TYPE_XDP)
		return ret == XDP_TX	     ? w->ifindex
		       : ret == XDP_REDIRECT ? (int)skep_sys_redirect()
					     : 0;
	return ret == 7 /* TC_ACT_REDIRECT */ ? (int)skep_sys_redirect() : 0;
}

static void send_on(void *arg, const struct skep_pcap_packet *was, const struct skep_outcome *o)
{
	struct wire *w = arg;
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = target(w, o->ret)};

	if (!to.sll_ifindex)
		return;
	if (sendto(w->sock, o->pkt, o->len, 0, (struct sockaddr *)&to, sizeof(to)) ==
	    (ssize_t)o->len)
		w->sent++;
	else
		w->failed++;
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
	w->type = r->type;
	w->sock = -1;
	err = open_wire(w);
	if (err)
		return err;
	sigaction(SIGINT, &act, &old[0]);
	sigaction(SIGTERM, &act, &old[1]);
	f = skep_feed_begin(cli, r, send_on, w);
	err = until_end(w, f, count, seconds);
	skep_feed_end(f);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	close(w->sock);
	if (cli->json) {
		skep_json_kint(&cli->j, "sent", (s64)w->sent);
		skep_json_kint(&cli->j, "not_sent", (s64)w->failed);
	} else {
		skep_buf_printf(&cli->out, "%llu sent, %llu not sent\n",
				(unsigned long long)w->sent, (unsigned long long)w->failed);
	}
	return err;
}
