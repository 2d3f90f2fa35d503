/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures in the classic pcap format: a header of 24 bytes, then for each packet one of 16 and
 * its bytes. Both byte orders, times in micro- or nanoseconds. A capture is read from memory
 * that the caller keeps, and is written in the form of the one that was read.
 */
#include "run/run.h"

enum { HEAD = 24, RECORD = 16, LINK_ETHERNET = 1, MAX_PACKET = 1 << 18 };
static const u32 magic_us = 0xa1b2c3d4, magic_ns = 0xa1b23c4d;

const char *skep_pcap_read(const void *p, size_t len, struct skep_pcap *out)
{
	u32 little, big;

	memset(out, 0, sizeof(*out));
	if (len < HEAD)
		return "it is too short";
	little = skep_get32(p, false);
	big = skep_get32(p, true);
	if (little == 0x0a0d0d0a)
		return "it is a pcapng file";
	out->big = big == magic_us || big == magic_ns;
	if (!out->big && little != magic_us && little != magic_ns)
		return "it does not begin like one";
	out->nano = (out->big ? big : little) == magic_ns;
	/* The upper bits of the link type say how frames end. */
	if ((skep_get32((const u8 *)p + 20, out->big) & 0xfffffff) != LINK_ETHERNET)
		return "its frames are not Ethernet";
	out->p = p;
	out->len = len;
	out->at = HEAD;
	return NULL;
}

bool skep_pcap_next(struct skep_pcap *c, struct skep_pcap_packet *out, const char **why)
{
	const u8 *p = c->p + c->at;

	*why = NULL;
	if (c->at == c->len)
		return false;
	if (c->len - c->at < RECORD) {
		*why = "it ends in the middle of a packet";
		return false;
	}
	out->sec = skep_get32(p, c->big);
	out->frac = skep_get32(p + 4, c->big);
	out->len = skep_get32(p + 8, c->big);
	out->wire_len = skep_get32(p + 12, c->big);
	out->data = p + RECORD;
	if (out->len > MAX_PACKET)
		*why = "a packet is too long";
	else if (out->len > c->len - c->at - RECORD)
		*why = "it ends in the middle of a packet";
	if (*why)
		return false;
	c->at += RECORD + (size_t)out->len;
	return true;
}

void skep_pcap_begin(const struct skep_pcap *like, struct skep_buf *out)
{
	u8 head[HEAD] = {0};

	skep_put32(head, like->nano ? magic_ns : magic_us, like->big);
	skep_put16(head + 4, 2, like->big);
	skep_put16(head + 6, 4, like->big);
	skep_put32(head + 16, MAX_PACKET, like->big);
	skep_put32(head + 20, LINK_ETHERNET, like->big);
	skep_buf_add(out, head, sizeof(head));
}

void skep_pcap_add(const struct skep_pcap *like, const struct skep_pcap_packet *p,
		   struct skep_buf *out)
{
	u8 head[RECORD];

	skep_put32(head, p->sec, like->big);
	skep_put32(head + 4, p->frac, like->big);
	skep_put32(head + 8, p->len, like->big);
	skep_put32(head + 12, p->wire_len, like->big);
	skep_buf_add(out, head, sizeof(head));
	skep_buf_add(out, p->data, p->len);
}
