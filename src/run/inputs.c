/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inputs of a program: packets and contexts that fit its type, and changed copies
 * of those that reached new code (learn.c). Everything depends on the seed and the
 * object only. The generator owns its memory.
 */
#include "run/run_impl.h"

#include <stdlib.h>

static u32 pick(struct skep_run_gen *g, u32 n)
{
	return (u32)skep_rng_below(&g->rng, n);
}

static u64 pool(struct skep_run_gen *g)
{
	return g->npool ? g->pool[pick(g, g->npool)] : 1;
}

u64 skep_run_number(struct skep_run_gen *g)
{
	switch (pick(g, 8)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return pick(g, 16);
	case 3: return skep_rng_next(&g->rng);
	case 4: return pool(g) + pick(g, 3) - 1;
	case 5: return (u64)1 << pick(g, 64);
	default: return pool(g);
	}
}

void skep_run_bytes(struct skep_run_gen *g, u8 *p, u32 n)
{
	static const u8 widths[] = {1, 2, 2, 4, 4, 4, 8, 16};

	for (u32 at = 0; at < n;) {
		u32 w = widths[pick(g, SKEP_ARRAY_SIZE(widths))], kind = pick(g, 6);
		u8 word[16] = {0};
		u64 v = skep_run_number(g);

		/* What fills the whole thing is likelier to mean something. */
		if (at == 0 && n <= 16 && (n & (n - 1)) == 0)
			w = n;
		skep_put64(word, v, kind == 0 && w == 8);
		if (w == 16 && kind)
			skep_run_ip6(&g->rng, word);
		else if (w == 2 && kind < 3)
			skep_put16(word, skep_run_port(&g->rng), kind < 2);
		else if (w == 4 && kind < 3)
			skep_put32(word, skep_run_ip4(&g->rng), true);
		else if (w == 4 && kind == 3)
			skep_put32(word, skep_run_port(&g->rng), false);
		memcpy(p + at, word, SKEP_MIN(w, n - at));
		at += w;
	}
}

/* --- making one ------------------------------------------------------------------------ */

void skep_run_gen_free(struct skep_run_gen *g)
{
	if (!g)
		return;
	free(g->kept);
	free(g->queue);
	free(g->ins);
	free(g->outcome);
	free(g->tried);
	free(g->watch.cover);
	free(g->watch.cmp);
	free(g);
}

void skep_run_gen_number(struct skep_run_gen *g, u64 v)
{
	u32 at = g->npool;

	for (u32 i = 0; i < g->npool; i++)
		if (g->pool[i] == v)
			return;
	/* A full pool keeps the program's own constants and replaces one of the others. */
	if (at == MAX_POOL && g->npool_fixed == MAX_POOL)
		return;
	if (at == MAX_POOL)
		at = g->npool_fixed + pick(g, MAX_POOL - g->npool_fixed);
	else
		g->npool++;
	g->pool[at] = v;
}

static void harvest(struct skep_run_gen *g)
{
	const struct skep_image *im = g->r->image;

	for (u32 i = 0, n; i < g->slots; i += n) {
		const char *why;
		struct skep_ins *in = &g->ins[i];

		n = skep_isa_decode(im->code + (size_t)i * 8, (size_t)(g->slots - i) * 8, false, in,
				    &why);
		if (!n)
			break;
		if (n == 2)
			g->ins[i + 1].op = SKEP_OP_NR;
		if (skep_is_cond(in->op) && in->form == SKEP_IMM && g->npool < MAX_POOL / 2)
			skep_run_gen_number(g, (u64)in->imm);
	}
	g->npool_fixed = g->npool;
}

static void on_missed(void *user, u32 map, const void *key)
{
	struct skep_run_gen *g = user;
	u32 size = skep_vm_map_def(g->r->vm, map)->key_size, at = g->nmissed;

	if (size > MAX_KEY || !size)
		return;
	for (u32 i = 0; i < g->nmissed; i++)
		if (g->missed[i].map == map && memcmp(g->missed[i].key, key, size) == 0)
			return;
	if (at == MAX_MISSED)
		at = pick(g, MAX_MISSED);
	else
		g->nmissed++;
	g->missed[at].map = map;
	memcpy(g->missed[at].key, key, size);
}

struct skep_run_gen *skep_run_gen_new(const struct skep_run_vm *r, u64 seed)
{
	struct skep_run_gen *g = calloc(1, sizeof(*g));
	u32 n = r->image->slots;

	if (!g)
		return NULL;
	g->r = r;
	g->slots = n;
	skep_rng_init(&g->rng, seed);
	g->kept = calloc(MAX_KEPT, sizeof(*g->kept));
	g->queue = calloc(MAX_TRIES, sizeof(*g->queue));
	g->ins = calloc(n, sizeof(*g->ins));
	g->outcome = calloc(n, 1);
	g->tried = calloc(n, 1);
	g->watch = (struct skep_vm_watch){.cover = calloc(n, 1),
					  .cmp = calloc(MAX_CMPS, sizeof(struct skep_vm_cmp)),
					  .cap_cmp = MAX_CMPS,
					  .missed = on_missed,
					  .user = g};
	if (!g->kept || !g->queue || !g->ins || !g->outcome || !g->tried || !g->watch.cover ||
	    !g->watch.cmp) {
		skep_run_gen_free(g);
		return NULL;
	}
	harvest(g);
	return g;
}

/* --- fresh inputs ------------------------------------------------------------------------ */

static bool sees_packet(u32 type, u32 *strip)
{
	*strip = 0;
	switch (type) {
	case SKEP_PROG_CGROUP_SKB:
	case SKEP_PROG_LWT_IN:
	case SKEP_PROG_LWT_OUT:
	case SKEP_PROG_LWT_XMIT:
	case SKEP_PROG_LWT_SEG6LOCAL: *strip = 14; return true;
	case SKEP_PROG_SK_SKB:
	case SKEP_PROG_SK_MSG: *strip = 54; return true;
	case SKEP_PROG_SK_REUSEPORT: *strip = 34; return true;
	case SKEP_PROG_SOCKET_FILTER:
	case SKEP_PROG_SCHED_CLS:
	case SKEP_PROG_SCHED_ACT:
	case SKEP_PROG_XDP:
	case SKEP_PROG_FLOW_DISSECTOR:
	case SKEP_PROG_SOCK_OPS:
	case SKEP_PROG_CGROUP_SOCKOPT: return true;
	default: return false;
	}
}

static bool has(const char *name, const char *part)
{
	return strstr(name, part) != NULL;
}

/* A field's value by its name. */
static void fill_field(struct skep_run_gen *g, const struct skep_ctx_field *f, u8 *p)
{
	u64 v = skep_run_number(g);

	if (has(f->name, "ip6")) {
		skep_run_ip6(&g->rng, p);
		return;
	}
	if (f->size > 8) {
		skep_run_bytes(g, p, f->size);
		return;
	}
	if (pick(g, 12) == 0)
		;
	else if (has(f->name, "family"))
		v = pick(g, 2) ? 2 : 10;
	else if (has(f->name, "ip4"))
		v = __builtin_bswap32(skep_run_ip4(&g->rng));
	else if (has(f->name, "port"))
		v = pick(g, 2) ? skep_run_port(&g->rng) : __builtin_bswap16(skep_run_port(&g->rng));
	else if (has(f->name, "ifindex"))
		v = 1 + pick(g, 6);
	else if (strcmp(f->name, "protocol") == 0 || strcmp(f->name, "ip_protocol") == 0)
		v = pick(g, 2) ? 6 : 17;
	else if (strcmp(f->name, "op") == 0 || strcmp(f->name, "type") == 0 ||
		 has(f->name, "state"))
		v = pick(g, 16);
	else if (has(f->name, "queue") || has(f->name, "pkt_type"))
		v = pick(g, 4);
	else if (has(f->name, "is_fullsock"))
		v = 1;
	memcpy(p, &v, f->size);
}

/* What the kernel derives from the packet. */
static void fit_skb(struct skep_run_gen *g, struct skep_run_input *in, u16 proto)
{
	static const u32 len = 0, protocol = 16, vlan_present = 20, vlan_tci = 24, vlan_proto = 28,
			 wire_len = 160;
	bool tagged = pick(g, 6) == 0;

	skep_put32(in->ctx + len, in->pkt_len, false);
	skep_put32(in->ctx + wire_len, in->pkt_len, false);
	skep_put32(in->ctx + protocol, __builtin_bswap16(proto), false);
	skep_put32(in->ctx + vlan_present, tagged, false);
	skep_put32(in->ctx + vlan_tci, tagged ? 1 + pick(g, 4094) : 0, false);
	skep_put32(in->ctx + vlan_proto, tagged ? 0x0081 : 0, false);
}

/* Registers, arguments, fields of tracepoints: numbers and pointers to readable memory. */
static void fill_words(struct skep_run_gen *g, struct skep_run_input *in)
{
	for (u32 i = 0; i + 8 <= in->ctx_len; i += 8) {
		u64 v = skep_run_number(g);

		if (pick(g, 2))
			v = g->r->memory_addr + 8 * pick(g, SKEP_RUN_MEMORY / 16);
		else if (pick(g, 3) == 0)
			v = (u64)pick(g, 16) << 32 | pick(g, 16);
		skep_put64(in->ctx + i, v, false);
	}
}

static void fill_ctx(struct skep_run_gen *g, struct skep_run_input *in)
{
	const struct skep_prog_type *pt = skep_prog_type_find(g->r->prog_type);

	in->ctx_len = pt && pt->ctx_size ? pt->ctx_size : 256;
	memset(in->ctx, 0, in->ctx_len);
	if (!pt || !pt->nctx || g->r->prog_type == SKEP_PROG_KPROBE ||
	    g->r->prog_type == SKEP_PROG_PERF_EVENT) {
		fill_words(g, in);
		return;
	}
	for (u32 i = 0; i < pt->nctx; i++)
		if (pt->ctx[i].kind == SKEP_CTX_SCALAR)
			fill_field(g, &pt->ctx[i], in->ctx + pt->ctx[i].off);
}

static void fresh(struct skep_run_gen *g, struct skep_run_input *in)
{
	u32 strip;
	u16 proto = 0;
	const struct skep_prog_type *pt = skep_prog_type_find(g->r->prog_type);

	in->pkt_len = in->meta_len = 0;
	if (sees_packet(g->r->prog_type, &strip)) {
		in->pkt_len = skep_run_packet(&g->rng, in->pkt, SKEP_RUN_PKT_MAX);
		proto = in->pkt_len >= 14 ? skep_get16(in->pkt + 12, true) : 0;
		strip = SKEP_MIN(strip, in->pkt_len);
		memmove(in->pkt, in->pkt + strip, in->pkt_len - strip);
		in->pkt_len -= strip;
	}
	if (g->r->prog_type == SKEP_PROG_XDP && pick(g, 8) == 0)
		in->meta_len = 4 * pick(g, 9);
	in->meta_len = SKEP_MIN(in->meta_len, in->pkt_len);
	fill_ctx(g, in);
	if (pt && pt->ctx_name && strcmp(pt->ctx_name, "__sk_buff") == 0)
		fit_skb(g, in, proto);
	in->cpu = pick(g, SKEP_RUN_CPUS);
	in->time_ns = pick(g, 4) ? skep_rng_next(&g->rng) >> 20 : pick(g, 1000);
	in->time_step = 0;
	in->seed = skep_rng_next(&g->rng);
	in->nrandom = 0;
	in->pid_tgid = (u64)(1 + pick(g, 8)) << 32 | (1 + pick(g, 8));
	in->uid_gid = pick(g, 2) ? 0 : (u64)1000 << 32 | 1000;
}

void skep_run_input_copy(struct skep_run_input *to, const struct skep_run_input *from)
{
	memcpy(to->pkt, from->pkt, from->pkt_len);
	memcpy(&to->pkt_len, &from->pkt_len,
	       offsetof(struct skep_run_input, ctx) - offsetof(struct skep_run_input, pkt_len));
	memcpy(to->ctx, from->ctx, from->ctx_len);
	memcpy(&to->ctx_len, &from->ctx_len,
	       sizeof(*to) - offsetof(struct skep_run_input, ctx_len));
}

static void mutate(struct skep_run_gen *g, struct skep_run_input *in)
{
	const struct skep_prog_type *pt = skep_prog_type_find(g->r->prog_type);

	if (in->pkt_len && pick(g, 3))
		in->pkt_len = skep_run_damage(&g->rng, in->pkt, in->pkt_len, SKEP_RUN_PKT_MAX);
	in->meta_len = SKEP_MIN(in->meta_len, in->pkt_len);
	if (in->pkt_len && pick(g, 2))
		return;
	if (pt && pt->nctx) {
		const struct skep_ctx_field *f = &pt->ctx[pick(g, pt->nctx)];

		if (f->kind == SKEP_CTX_SCALAR)
			fill_field(g, f, in->ctx + f->off);
	} else if (in->ctx_len >= 8) {
		skep_put64(in->ctx + 8 * pick(g, in->ctx_len / 8), skep_run_number(g), false);
	}
}

void skep_run_gen_next(struct skep_run_gen *g, struct skep_run_input *out)
{
	if (g->nqueue && pick(g, 4)) {
		g->nqueue--;
		skep_run_input_copy(out, &g->queue[g->queue_at]);
		g->queue_at = (g->queue_at + 1) % MAX_TRIES;
		return;
	}
	if (g->nkept && pick(g, 2)) {
		skep_run_input_copy(out, &g->kept[pick(g, g->nkept)]);
		mutate(g, out);
		return;
	}
	fresh(g, out);
}

struct skep_vm_watch *skep_run_gen_watch(struct skep_run_gen *g)
{
	return &g->watch;
}

void skep_run_gen_coverage(const struct skep_run_gen *g, u32 *reached, u32 *all)
{
	*reached = g->reached;
	*all = 0;
	for (u32 i = 0; i < g->slots; i++)
		*all += g->ins[i].op != SKEP_OP_NR;
}

void skep_run_input_vm(const struct skep_run_input *in, struct skep_vm_input *out)
{
	*out = (struct skep_vm_input){.pkt = in->pkt,
				      .pkt_len = in->pkt_len,
				      .meta_len = in->meta_len,
				      .ctx = in->ctx,
				      .ctx_len = in->ctx_len,
				      .cpu = in->cpu,
				      .time_ns = in->time_ns,
				      .time_step = in->time_step,
				      .seed = in->seed,
				      .random = in->random,
				      .nrandom = in->nrandom,
				      .pid_tgid = in->pid_tgid,
				      .uid_gid = in->uid_gid};
}
