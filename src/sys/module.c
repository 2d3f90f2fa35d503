/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that are mapped as code of this process, and where a place of a file is in it. */
#include "sys/follow.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <sys/stat.h>

/* --- functions, by the sorted table that unwinders use (.eh_frame_hdr) ---------------------------- */

struct eh_header {
	u8 version, start_enc, count_enc, table_enc;
	s32 start;
	u32 count;
	struct {
		s32 addr, fde; /* from the header */
	} row[];
};
struct place {
	u64 addr, lo, hi;
};

static void find_row(const struct eh_header *h, struct place *p)
{
	u64 from = (u64)(uintptr_t)h;
	u32 lo = 0, hi = h->count;

	/* As every linker writes it: distances of 32 bits. */
	if (h->version != 1 || h->start_enc != 0x1b || h->count_enc != 0x03 || h->table_enc != 0x3b || !hi)
		return;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (from + (u64)(s64)h->row[mid].addr <= p->addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || lo == h->count)
		return;
	p->lo = from + (u64)(s64)h->row[lo - 1].addr;
	p->hi = from + (u64)(s64)h->row[lo].addr;
}

static int find_function(struct dl_phdr_info *i, size_t size, void *arg)
{
	const ElfW(Phdr) *eh = NULL;
	struct place *p = arg;
	bool ours = false;

	for (u32 k = 0; k < i->dlpi_phnum; k++) {
		const ElfW(Phdr) *ph = &i->dlpi_phdr[k];

		if (ph->p_type == PT_GNU_EH_FRAME)
			eh = ph;
		else if (ph->p_type == PT_LOAD && p->addr - (i->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
			ours = true;
	}
	if (ours && eh)
		find_row((const struct eh_header *)(uintptr_t)(i->dlpi_addr + eh->p_vaddr), p);
	return ours;
}

void sys_module_function(u64 addr, u64 *lo, u64 *hi)
{
	struct place p = {.addr = addr};

	dl_iterate_phdr(find_function, &p);
	*lo = p.lo;
	*hi = p.hi;
}

/* --- files ------------------------------------------------------------------------------------------ */

static int add(struct dl_phdr_info *i, size_t size, void *arg)
{
	struct modules *ms = arg;
	struct module *m;
	struct stat st;

	if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof(i->dlpi_subs))
		ms->changes = (u64)i->dlpi_adds << 32 ^ (u64)i->dlpi_subs;
	if (ms->n == MODULES_MAX || stat(i->dlpi_name[0] ? i->dlpi_name : "/proc/self/exe", &st))
		return 0;
	m = &ms->v[ms->n++];
	m->dev = st.st_dev;
	m->ino = st.st_ino;
	m->base = i->dlpi_addr;
	m->nseg = 0;
	for (u32 k = 0; k < i->dlpi_phnum && m->nseg < SEGMENTS_MAX; k++) {
		const ElfW(Phdr) *p = &i->dlpi_phdr[k];

		if (p->p_type == PT_LOAD)
			m->seg[m->nseg++] = (struct segment){p->p_offset, p->p_filesz, i->dlpi_addr + p->p_vaddr, p->p_flags};
	}
	return 0;
}

void sys_modules_read(struct modules *ms)
{
	ms->n = 0;
	dl_iterate_phdr(add, ms);
}

static int only_changes(struct dl_phdr_info *i, size_t size, void *arg)
{
	if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof(i->dlpi_subs))
		*(u64 *)arg = (u64)i->dlpi_adds << 32 ^ (u64)i->dlpi_subs;
	return 1;
}

u64 sys_modules_changes(void)
{
	u64 n = 0;

	dl_iterate_phdr(only_changes, &n);
	return n;
}

const struct segment *sys_module_segment(const struct module *m, u64 offset, bool code)
{
	for (u32 k = 0; k < m->nseg; k++) {
		const struct segment *s = &m->seg[k];

		if (offset >= s->offset && offset - s->offset < s->size && (s->flags & (code ? PF_X : PF_W)))
			return s;
	}
	return NULL;
}

/* A second return would come to an entry of a call that returned long ago. */
bool sys_module_returns_twice(u64 addr)
{
	static const char *const name[] = {"setjmp", "_setjmp", "sigsetjmp", "__sigsetjmp", "getcontext", "swapcontext",
					   "vfork", "__vfork", "clone", "__clone"};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(name); k++) {
		u64 at = (u64)(uintptr_t)dlsym(RTLD_DEFAULT, name[k]);

		if (at && at == addr)
			return true;
	}
	return false;
}

static int find_around(struct dl_phdr_info *i, size_t size, void *arg)
{
	struct place *a = arg;

	for (u32 k = 0; k < i->dlpi_phnum; k++) {
		const ElfW(Phdr) *p = &i->dlpi_phdr[k];
		u64 lo = i->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) && a->addr - lo < p->p_memsz) {
			a->lo = lo;
			a->hi = lo + p->p_memsz;
			return 1;
		}
	}
	return 0;
}

bool sys_module_code_around(u64 addr, u64 *lo, u64 *hi)
{
	struct place a = {.addr = addr};

	dl_iterate_phdr(find_around, &a);
	*lo = a.lo;
	*hi = a.hi;
	return a.hi != 0;
}
