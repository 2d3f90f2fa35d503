/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places in the code that have probes: making their stubs, who is called there, and when the
 * code is changed. A place stays known for ever, with its stub: a thread may be on its way
 * through it, and who attaches once often attaches again.
 */
#include "probe/probe_impl.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

struct skep_probe {
	struct site *site;
};
static struct site *sites;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int fail(char *why, int err, const char *what)
{
	snprintf(why, SKEP_PROBE_WHY, "%s", what);
	return err;
}

/* --- forks: the child's sites are whole ---------------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	pthread_mutex_init(&lock, NULL);
}

static void register_forks(void)
{
	pthread_atfork(before_fork, in_parent, in_child);
}

void skep_probe_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_forks);
}

/* --- stubs --------------------------------------------------------------------------------- */

/*
 * Below what the code around may keep under the stack pointer, the registers in the order of
 * struct skep_probe_regs, then the call. Of what a C function keeps, only what the stub itself
 * used comes back from memory.
 */
static const u8 stub_head[] = {
	0x48, 0x8d, 0x64, 0x24, 0x80, /* lea -128(%rsp), %rsp */
	0x6a, 0x2b, 0x54, 0x9c, 0x6a, 0x33, 0x6a, 0x00,
	0x6a, 0xff,					/* ss, sp, flags, cs, ip, orig_ax */
	0x57, 0x56, 0x52, 0x51, 0x50,			/* di, si, dx, cx, ax */
	0x41, 0x50, 0x41, 0x51, 0x41, 0x52, 0x41, 0x53, /* r8 to r11 */
	0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56,
	0x41, 0x57,		/* bx, bp, r12 to r15 */
	0x48, 0x89, 0xe6,	/* mov %rsp, %rsi */
	0x48, 0x89, 0xe5,	/* mov %rsp, %rbp */
	0x48, 0x83, 0xe4, 0xf0, /* and $-16, %rsp */
	0xfc,			/* cld */
};
static const u8 stub_tail[] = {
	0xff, 0xd0,						    /* call *%rax */
	0x48, 0x8d, 0x65, 0x20,					    /* lea 32(%rbp), %rsp */
	0x5d, 0x5b, 0x41, 0x5b, 0x41, 0x5a, 0x41, 0x59, 0x41, 0x58, /* bp, bx, r11 to r8 */
	0x58, 0x59, 0x5a, 0x5e, 0x5f,				    /* ax, cx, dx, si, di */
	0x48, 0x8d, 0x64, 0x24, 0x18, 0x9d,			    /* lea 24(%rsp), %rsp; popf */
	0x48, 0x8d, 0xa4, 0x24, 0x90, 0x00, 0x00, 0x00,		    /* lea 144(%rsp), %rsp */
};
enum { STUB_LEN = sizeof(stub_head) + 20 + sizeof(stub_tail) };

static void load(u8 *to, u8 rex, u8 op, u64 value)
{
	to[0] = rex;
	to[1] = op;
	memcpy(to + 2, &value, 8);
}

static int fill_stub(u64 at, const struct site *s, const struct moved *m)
{
	u8 code[STUB_SIZE];
	u32 n = sizeof(stub_head);

	if (STUB_LEN + m->len > sizeof(code))
		return -ENOMEM;
	memcpy(code, stub_head, n);
	load(code + n, 0x48, 0xbf, PROBE_PTR(s));		    /* mov $site, %rdi */
	load(code + n + 10, 0x48, 0xb8, PROBE_PTR(skep_probe_hit)); /* mov $hit, %rax */
	memcpy(code + n + 20, stub_tail, sizeof(stub_tail));
	memcpy(code + STUB_LEN, m->code, m->len);
	return skep_probe_fill(at, code, STUB_LEN + m->len);
}

/* --- sites ------------------------------------------------------------------------------------ */

static void make_patch(struct site *s, u64 stub)
{
	if (s->jump == NEAR_JUMP) {
		s32 rel = (s32)(s64)(stub - (s->addr + NEAR_JUMP));

		s->patch[0] = 0xe9;
		memcpy(s->patch + 1, &rel, 4);
	} else {
		memcpy(s->patch, (const u8[]){0xff, 0x25, 0, 0, 0, 0}, 6);
		memcpy(s->patch + 6, &stub, 8);
	}
	memcpy(s->orig, (const void *)(uintptr_t)s->addr, s->jump);
}

static int build(struct site *s, const struct skep_probe_spec *spec, char *why)
{
	bool far = spec->flags & SKEP_PROBE_FAR;
	struct moved m;
	u64 stub = far ? 0 : skep_probe_room(spec->addr, false);
	int err;

	s->jump = stub ? NEAR_JUMP : FAR_JUMP;
	if (!stub)
		stub = skep_probe_room(spec->addr, true);
	if (!stub)
		return fail(why, -ENOMEM, "no memory for the stub");
	s->addr = spec->addr;
	s->copy = stub + STUB_LEN;
	err = skep_probe_move(spec, s->jump, s->copy, &m, why);
	if (err)
		return err;
	s->nitem = m.nitem;
	memcpy(s->item, m.item, sizeof(s->item));
	make_patch(s, stub);
	err = fill_stub(stub, s, &m);
	return err ? fail(why, err, "the stub cannot be written") : 0;
}

static bool current(const struct site *s)
{
	return memcmp((const void *)(uintptr_t)s->addr, s->patched ? s->patch : s->orig, s->jump) ==
	       0;
}

/* The site of an address. One whose code became another (a library went, another came) is not used
 * again. */
static int get_site(const struct skep_probe_spec *spec, struct site **out, char *why)
{
	struct site *s = sites;
	int err;

	while (s && !(s->addr == spec->addr && current(s)))
		s = s->next;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return fail(why, -ENOMEM, "no memory");
		err = build(s, spec, why);
		if (err) {
			free(s);
			return err;
		}
		s->next = sites;
		sites = s;
	}
	*out = s;
	return 0;
}

/* --- attaching -----------------------------------------------------------------------------------
 */

/* The list without `gone`, with `more`; NULL when there is no memory. */
static struct consumers *changed(const struct consumers *old, const struct skep_probe *gone,
				 const struct consumer *more)
{
	u32 n = old ? old->n : 0;
	struct consumers *now = calloc(1, sizeof(*now) + (n + 1) * sizeof(now->c[0]));

	if (!now)
		return NULL;
	for (u32 k = 0; k < n; k++)
		if (old->c[k].probe != gone)
			now->c[now->n++] = old->c[k];
	if (more)
		now->c[now->n++] = *more;
	for (u32 k = 0; k < now->n; k++)
		now->nret += now->c[k].flags & SKEP_PROBE_RETURN;
	return now;
}

static void publish(struct site *s, struct consumers *now)
{
	struct consumers *old = atomic_exchange(&s->who, now);

	/* What a handler that does not end may still read is not given back. */
	if (old && skep_probe_quiesce())
		free(old);
}

static int attach(const struct skep_probe_spec *spec, struct skep_probe *p, char *why)
{
	struct consumer c = {spec->fn, spec->arg, spec->flags, p};
	struct consumers *now;
	int err = skep_probe_hit_init(why);

	if (!err && (spec->flags & SKEP_PROBE_RETURN) && skep_probe_shadow_stack())
		return fail(why, -EOPNOTSUPP, "a shadow stack watches over returns");
	if (!err)
		err = get_site(spec, &p->site, why);
	if (err)
		return err;
	now = changed(atomic_load(&p->site->who), NULL, &c);
	if (!now)
		return fail(why, -ENOMEM, "no memory");
	if (!p->site->patched) {
		err = skep_probe_write(p->site, p->site->patch, true, why);
		if (err) {
			free(now);
			return err;
		}
		p->site->patched = true;
	}
	publish(p->site, now);
	return 0;
}

int skep_probe_attach(const struct skep_probe_spec *spec, struct skep_probe **out,
		      char why[SKEP_PROBE_WHY])
{
	struct skep_probe *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return fail(why, -ENOMEM, "no memory");
	if (skep_probe_owns(spec->addr)) {
		free(p);
		return fail(why, -EOPNOTSUPP, "this is code of a probe");
	}
	skep_probe_prepare();
	pthread_mutex_lock(&lock);
	err = attach(spec, p, why);
	pthread_mutex_unlock(&lock);
	if (err)
		free(p);
	else
		*out = p;
	return err;
}

/* The original back, unless somebody changed the code meanwhile: then the jump stays and calls
 * nobody. */
static void restore(struct site *s)
{
	char why[SKEP_PROBE_WHY];

	if (s->patched && current(s) && skep_probe_write(s, s->orig, false, why) == 0)
		s->patched = false;
}

static void nothing(void *arg, struct skep_probe_regs *regs)
{
}

/* Without memory for another list: in the one that there is. */
static void silence(const struct skep_probe *p)
{
	struct consumers *who = atomic_load(&p->site->who);

	for (u32 k = 0; k < who->n; k++)
		if (who->c[k].probe == p)
			__atomic_store_n(&who->c[k].fn, nothing, __ATOMIC_SEQ_CST);
	skep_probe_quiesce();
}

static void remove_probe(struct skep_probe *p, bool gone)
{
	struct consumers *now;

	pthread_mutex_lock(&lock);
	now = changed(atomic_load(&p->site->who), p, NULL);
	if (now && !now->n) {
		if (!gone)
			restore(p->site);
		free(now);
		publish(p->site, NULL);
	} else if (now) {
		publish(p->site, now);
	} else {
		silence(p);
	}
	pthread_mutex_unlock(&lock);
	free(p);
}

void skep_probe_detach(struct skep_probe *p)
{
	remove_probe(p, false);
}

void skep_probe_forget(struct skep_probe *p)
{
	remove_probe(p, true);
}
