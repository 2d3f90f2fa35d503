/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing table that bpf_fib_lookup() asks: from a file that the user gives, since there is no
 * other one here. A line is a route, a neighbour or an interface; docs/fib.md has the format. Read
 * once, then never changed; results are the kernel's for the same table.
 */
#include "sys/sys_impl.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE = 512, WORDS = 24, TABLE_MAIN = 254, TABLE_LOCAL = 255, MTU = 1500, ENTRIES = 1 << 22, MACLEN = 6, LOOKUP_MASK = 0x3f, BY_OUTPUT = 2,
       NO_NEIGH = 4, BY_TABLE = 8, WANT_SRC = 16, DIRECT = 1 };

/* Of either family: the first four bytes are all of an IPv4 address. */
struct addr {
	u8 b[16];
};
struct route {
	u32 table, metric;
	u8 v6, len, via; /* via: 0, or the family of the gateway */
	u8 result;	 /* BPF_FIB_LKUP_RET_*: 0 forwards */
	bool has_src;
	u32 dev, mtu;
	struct addr to, gw, src;
};
struct neighbour {
	u32 dev;
	u8 v6, mac[MACLEN];
	struct addr at;
};
struct device {
	u32 index, mtu;
	u8 mac[MACLEN];
	bool stays; /* it does not forward */
};
struct fib {
	struct route *route;
	struct neighbour *neigh;
	struct device *dev;
	u32 nroute, nneigh, ndev;
	u64 lengths[2][3]; /* bits: prefixes of which lengths there are */
};
static struct fib *fib; /* NULL: none was given */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* --- reading ----------------------------------------------------------------------------------- */

struct reading {
	struct fib *f;
	char *word[WORDS + 1];
	u32 n, at;
	const char *why;
};

static bool bad(struct reading *r, const char *why)
{
	r->why = why;
	return false;
}

/* Room for one more in an array that doubles. */
static void *more(void *v, u32 n, size_t size)
{
	if (n & (n - 1) || n >= ENTRIES)
		return n >= ENTRIES ? NULL : v;
	return realloc(v, (n ? 2 * (size_t)n : 1) * size);
}

static bool take_addr(struct reading *r, const char *s, u8 *v6, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	*v6 = strchr(s, ':') != NULL;
	return inet_pton(*v6 ? AF_INET6 : AF_INET, s, a->b) == 1 || bad(r, "that is no address");
}

static bool take_number(struct reading *r, const char *s, u32 most, u32 *out)
{
	char *end;
	unsigned long n = strtoul(s, &end, 0);

	if (*s < '0' || *s > '9' || *end || n > most)
		return bad(r, "that is no number of this kind");
	*out = (u32)n;
	return true;
}

static bool take_mac(struct reading *r, const char *s, u8 *mac)
{
	unsigned b[MACLEN];
	char rest;

	if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &rest) != MACLEN)
		return bad(r, "that is no link address");
	for (u32 k = 0; k < MACLEN; k++)
		mac[k] = (u8)b[k];
	return true;
}

static struct device *find_device(const struct fib *f, u32 index)
{
	for (u32 k = 0; k < f->ndev; k++)
		if (f->dev[k].index == index)
			return &f->dev[k];
	return NULL;
}

/* A number or a name; what a line names is there. */
static bool take_device(struct reading *r, const char *s, u32 *out)
{
	struct fib *f = r->f;
	struct device *v;

	*out = if_nametoindex(s);
	if (!*out && !take_number(r, s, INT32_MAX, out))
		return bad(r, "that is no interface");
	if (!*out)
		return bad(r, "that is no interface");
	if (find_device(f, *out))
		return true;
	v = more(f->dev, f->ndev, sizeof(*v));
	if (!v)
		return bad(r, "there is no room for it");
	f->dev = v;
	v[f->ndev++] = (struct device){.index = *out, .mtu = MTU};
	return true;
}

/* The next word, which must be there. */
static const char *next(struct reading *r)
{
	if (r->at < r->n)
		return r->word[r->at++];
	r->why = "a word is missing";
	return "";
}

static void cut(struct addr *a, u32 len)
{
	for (u32 k = 0; k < sizeof(a->b); k++)
		a->b[k] &= (u8)(8 * k + 8 <= len ? 0xff : 8 * k >= len ? 0 : 0xff << (8 * k + 8 - len));
}

static bool take_prefix(struct reading *r, char *s, struct route *out)
{
	char *slash = strchr(s, '/');
	u32 len;

	if (strcmp(s, "default") == 0 || strcmp(s, "default6") == 0) {
		out->v6 = s[7] != 0;
		return true;
	}
	if (slash)
		*slash = 0;
	if (!take_addr(r, s, &out->v6, &out->to))
		return false;
	len = out->v6 ? 128 : 32;
	if (slash && !take_number(r, slash + 1, len, &len))
		return false;
	out->len = (u8)len;
	cut(&out->to, len);
	return true;
}

static bool take_option(struct reading *r, const char *name, struct route *out)
{
	static const struct {
		const char *name;
		u8 result;
	} no[] = {{"blackhole", BPF_FIB_LKUP_RET_BLACKHOLE},
		  {"unreachable", BPF_FIB_LKUP_RET_UNREACHABLE},
		  {"prohibit", BPF_FIB_LKUP_RET_PROHIBIT},
		  {"local", BPF_FIB_LKUP_RET_NOT_FWDED}};
	u8 v6;

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(no); k++)
		if (strcmp(name, no[k].name) == 0) {
			out->result = no[k].result;
			if (out->result == BPF_FIB_LKUP_RET_NOT_FWDED && out->table == TABLE_MAIN)
				out->table = TABLE_LOCAL;
			return true;
		}
	if (strcmp(name, "via") == 0) {
		if (!take_addr(r, next(r), &v6, &out->gw))
			return false;
		out->via = v6 ? AF_INET6 : AF_INET;
		return !out->v6 || v6 || bad(r, "the gateway is of another family");
	}
	if (strcmp(name, "src") == 0) {
		out->has_src = true;
		return take_addr(r, next(r), &v6, &out->src) && (v6 == out->v6 || bad(r, "the source is of another family"));
	}
	if (strcmp(name, "dev") == 0)
		return take_device(r, next(r), &out->dev);
	if (strcmp(name, "mtu") == 0)
		return take_number(r, next(r), UINT16_MAX, &out->mtu);
	if (strcmp(name, "metric") == 0)
		return take_number(r, next(r), UINT32_MAX, &out->metric);
	return strcmp(name, "table") == 0 ? take_number(r, next(r), UINT32_MAX, &out->table) : bad(r, "a route has no such word");
}

static bool take_route(struct reading *r)
{
	struct route a = {.table = TABLE_MAIN}, *v;

	if (r->n < 2 || !take_prefix(r, r->word[r->at++], &a))
		return r->why ? false : bad(r, "a prefix is missing");
	while (r->at < r->n && !r->why)
		take_option(r, next(r), &a);
	if (r->why || (!a.dev && !a.result))
		return r->why ? false : bad(r, "a route needs an interface");
	v = more(r->f->route, r->f->nroute, sizeof(*v));
	if (!v)
		return bad(r, "there is no room for it");
	r->f->route = v;
	v[r->f->nroute++] = a;
	r->f->lengths[a.v6][a.len / 64] |= (u64)1 << (a.len % 64);
	return true;
}

static bool take_neighbour(struct reading *r)
{
	struct neighbour a = {0}, *v;

	if (!take_addr(r, next(r), &a.v6, &a.at))
		return false;
	while (r->at < r->n && !r->why) {
		const char *name = next(r);

		if (strcmp(name, "dev") == 0)
			take_device(r, next(r), &a.dev);
		else if (strcmp(name, "lladdr") == 0)
			take_mac(r, next(r), a.mac);
		else
			bad(r, "a neighbour has no such word");
	}
	if (r->why || !a.dev)
		return r->why ? false : bad(r, "a neighbour needs an interface");
	v = more(r->f->neigh, r->f->nneigh, sizeof(*v));
	if (!v)
		return bad(r, "there is no room for it");
	r->f->neigh = v;
	v[r->f->nneigh++] = a;
	return true;
}

static bool take_interface(struct reading *r)
{
	struct device *d;
	u32 index;

	if (!take_device(r, next(r), &index))
		return false;
	d = find_device(r->f, index);
	while (r->at < r->n && !r->why) {
		const char *name = next(r);

		if (strcmp(name, "lladdr") == 0)
			take_mac(r, next(r), d->mac);
		else if (strcmp(name, "mtu") == 0)
			take_number(r, next(r), UINT16_MAX, &d->mtu);
		else if (strcmp(name, "noforward") == 0)
			d->stays = true;
		else
			bad(r, "an interface has no such word");
	}
	return !r->why;
}

static bool take_line(struct reading *r, char *line)
{
	char *rest = NULL;

	line[strcspn(line, "#\n")] = 0;
	r->n = 0;
	for (char *w = strtok_r(line, " \t\r", &rest); w; w = strtok_r(NULL, " \t\r", &rest)) {
		if (r->n == WORDS)
			return bad(r, "there are too many words");
		r->word[r->n++] = w;
	}
	r->at = 1;
	if (!r->n)
		return true;
	if (strcmp(r->word[0], "route") == 0)
		return take_route(r);
	if (strcmp(r->word[0], "neigh") == 0)
		return take_neighbour(r);
	return strcmp(r->word[0], "dev") == 0 ? take_interface(r) : bad(r, "a line begins with route, neigh or dev");
}

/* By family, table, length and prefix; among equals the better one first. */
static int order_key(const struct route *a, const struct route *b)
{
	if (a->v6 != b->v6)
		return a->v6 < b->v6 ? -1 : 1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(&a->to, &b->to, sizeof(a->to));
}

static int order(const void *x, const void *y)
{
	const struct route *a = x, *b = y;
	int c = order_key(a, b);

	return c ? c : a->metric < b->metric ? -1 : a->metric > b->metric;
}

static void free_fib(struct fib *f)
{
	free(f->route);
	free(f->neigh);
	free(f->dev);
	free(f);
}

static struct fib *read_fib(const char *path, char *why, size_t size)
{
	struct reading r = {.f = calloc(1, sizeof(struct fib))};
	FILE *file = fopen(path, "re");
	char line[LINE];
	u32 number = 0;

	if (!file || !r.f) {
		snprintf(why, size, "%s", strerror(errno));
		r.why = why;
	}
	while (!r.why && fgets(line, sizeof(line), file)) {
		number++;
		if (!strchr(line, '\n') && !feof(file))
			bad(&r, "it is too long");
		else
			take_line(&r, line);
		if (r.why)
			snprintf(why, size, "line %u: %s", number, r.why);
	}
	if (file)
		fclose(file);
	if (r.why && r.f) {
		free_fib(r.f);
		return NULL;
	}
	if (r.f && r.f->nroute)
		qsort(r.f->route, r.f->nroute, sizeof(*r.f->route), order);
	return r.f;
}

int skep_sys_fib(const char *path, char *why, size_t size)
{
	struct fib *f = read_fib(path, why, size);

	if (!f)
		return -EINVAL;
	if (fib)
		free_fib(fib);
	fib = f;
	return 0;
}

static void read_given(void)
{
	const char *path = getenv("SKEP_FIB");
	char why[128];

	if (!fib && path && path[0])
		fib = read_fib(path, why, sizeof(why));
}

/* --- asking ------------------------------------------------------------------------------------- */

/* The first of the routes with this key, out of this interface (0: any), or NULL. */
static const struct route *find_route(const struct fib *f, const struct route *key, u32 out)
{
	u32 lo = 0, hi = f->nroute;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (order_key(&f->route[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->nroute && order_key(&f->route[lo], key) == 0; lo++)
		if (!out || f->route[lo].result || f->route[lo].dev == out)
			return &f->route[lo];
	return NULL;
}

static const struct route *best_route(const struct fib *f, u32 table, bool v6, const struct addr *to, u32 out)
{
	struct route key = {.table = table, .v6 = v6};
	const struct route *found;

	for (u32 len = v6 ? 129 : 33; len-- > 0;) {
		if (!(f->lengths[v6][len / 64] >> (len % 64) & 1))
			continue;
		key.len = (u8)len;
		key.to = *to;
		cut(&key.to, len);
		found = find_route(f, &key, out);
		if (found)
			return found;
	}
	return NULL;
}

static const struct neighbour *find_neighbour(const struct fib *f, u32 dev, bool v6, const struct addr *at)
{
	for (u32 k = 0; k < f->nneigh; k++)
		if (f->neigh[k].dev == dev && f->neigh[k].v6 == v6 && memcmp(&f->neigh[k].at, at, sizeof(*at)) == 0)
			return &f->neigh[k];
	return NULL;
}

static void give_macs(struct bpf_fib_lookup *p, const struct neighbour *n, const struct device *d)
{
	memcpy(p->dmac, n->mac, MACLEN);
	memcpy(p->smac, d->mac, MACLEN);
}

/* The packet goes out there: the parameters say how. */
static int forward(const struct fib *f, struct bpf_fib_lookup *p, const struct route *r, u32 flags, bool check_mtu)
{
	const struct device *d = find_device(f, r->dev);
	const struct neighbour *n;
	u32 mtu = r->mtu && r->mtu < d->mtu ? r->mtu : d->mtu;
	bool v6 = r->v6;
	struct addr to = {0};

	if (check_mtu && p->tot_len > mtu) {
		p->mtu_result = (u16)mtu;
		return BPF_FIB_LKUP_RET_FRAG_NEEDED;
	}
	p->rt_metric = r->metric;
	p->ifindex = r->dev;
	if ((flags & WANT_SRC) && r->has_src)
		memcpy(p->ipv6_src, r->src.b, v6 ? 16 : 4);
	if (r->via) {
		v6 = r->via == AF_INET6;
		p->family = r->via;
		memcpy(p->ipv6_dst, r->gw.b, v6 ? 16 : 4);
	}
	memcpy(to.b, p->ipv6_dst, v6 ? 16 : 4);
	if (!(flags & NO_NEIGH)) {
		n = find_neighbour(f, r->dev, v6, &to);
		if (!n)
			return BPF_FIB_LKUP_RET_NO_NEIGH;
		give_macs(p, n, d);
	}
	p->h_vlan_TCI = p->h_vlan_proto = 0;
	if (check_mtu)
		p->mtu_result = (u16)mtu;
	return BPF_FIB_LKUP_RET_SUCCESS;
}

/* By the rules that are there without others; the kernel keeps IPv4's main and local table in one then. */
static const struct route *look_up(struct bpf_fib_lookup *p, u32 flags, bool v6)
{
	u32 table = TABLE_MAIN, out = !v6 && (flags & BY_OUTPUT) ? p->ifindex : 0;
	const struct route *r = NULL;
	struct addr to = {0};

	if ((flags & (DIRECT | BY_TABLE)) == (DIRECT | BY_TABLE)) {
		memcpy(&table, &p->h_vlan_proto, sizeof(table));
		p->h_vlan_proto = p->h_vlan_TCI = 0;
	}
	memcpy(to.b, p->ipv6_dst, v6 ? 16 : 4);
	if (!(flags & DIRECT) || (!v6 && table == TABLE_MAIN))
		r = best_route(fib, TABLE_LOCAL, v6, &to, out);
	return r ? r : best_route(fib, table, v6, &to, out);
}

s64 sys_fib_ask(struct bpf_fib_lookup *p, u32 flags, u32 skb_len)
{
	bool v6 = p->family == AF_INET6, check_mtu = !skb_len || p->tot_len;
	const struct device *d;
	const struct route *r;
	int got;

	if (flags & ~(u32)LOOKUP_MASK)
		return -EINVAL;
	if (!v6 && p->family != AF_INET)
		return -EAFNOSUPPORT;
	pthread_once(&once, read_given);
	if (!fib)
		return BPF_FIB_LKUP_RET_NOT_FWDED;
	d = find_device(fib, p->ifindex);
	if (!d)
		return -ENODEV;
	if (d->stays)
		return BPF_FIB_LKUP_RET_FWD_DISABLED;
	r = look_up(p, flags, v6);
	if (!r)
		return BPF_FIB_LKUP_RET_NOT_FWDED;
	if (r->result)
		return r->result;
	got = forward(fib, p, r, flags, check_mtu);
	/* A packet that is there is measured itself, when no length was given. */
	if (!got && !check_mtu && skb_len > find_device(fib, r->dev)->mtu + 14 + 4) {
		p->mtu_result = (u16)find_device(fib, r->dev)->mtu;
		return BPF_FIB_LKUP_RET_FRAG_NEEDED;
	}
	if (!got && !check_mtu)
		p->mtu_result = (u16)find_device(fib, r->dev)->mtu;
	return got;
}
