/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What debuggers and profilers want to know of native code. The text for perf is
 * made here and written by who may write files. gdb is told through its JIT
 * interface, which is memory only: a list of small ELF files, each with the
 * symbol of one program, and a function where gdb has a breakpoint.
 */
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>

#include "jit/jit_impl.h"

void skep_jit_perf_map(const struct skep_eng_prog *prog, const char *name, struct skep_buf *out)
{
	if (prog->code)
		skep_buf_printf(out, "%llx %x %s\n", (unsigned long long)(uintptr_t)prog->code,
				prog->image, name);
}

/* --- gdb: the names and layouts are its own ------------------------------------------- */

enum { JIT_NOACTION, JIT_REGISTER, JIT_UNREGISTER };

struct jit_code_entry {
	struct jit_code_entry *next, *prev;
	const char *symfile_addr;
	u64 symfile_size;
};
struct jit_descriptor {
	u32 version, action;
	struct jit_code_entry *relevant, *first;
};

void __jit_debug_register_code(void);
extern struct jit_descriptor __jit_debug_descriptor;

__attribute__((noinline, used)) void __jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}
struct jit_descriptor __jit_debug_descriptor = {.version = 1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum { SEC_NULL, SEC_TEXT, SEC_SYMTAB, SEC_STRTAB, SEC_NR };
static const char names[] = "\0.text\0.symtab\0.strtab";
enum { NAME_TEXT = 1, NAME_SYMTAB = 7, NAME_STRTAB = 15, NAME_MAX = 128 };

/* One program as an ELF file: a section that is in memory already, and a symbol. */
struct symfile {
	Elf64_Ehdr eh;
	Elf64_Shdr sh[SEC_NR];
	Elf64_Sym sym[2];
	char str[sizeof(names) + NAME_MAX];
};
struct skep_jit_symbols {
	struct jit_code_entry entry;
	struct symfile file;
};

static void fill_header(struct symfile *f)
{
	memcpy(f->eh.e_ident, ELFMAG, SELFMAG);
	f->eh.e_ident[EI_CLASS] = ELFCLASS64;
	f->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	f->eh.e_ident[EI_VERSION] = EV_CURRENT;
	f->eh.e_type = ET_REL;
	f->eh.e_machine = EM_X86_64;
	f->eh.e_version = EV_CURRENT;
	f->eh.e_shoff = offsetof(struct symfile, sh);
	f->eh.e_ehsize = sizeof(f->eh);
	f->eh.e_shentsize = sizeof(f->sh[0]);
	f->eh.e_shnum = SEC_NR;
	f->eh.e_shstrndx = SEC_STRTAB;
}

static void fill_symfile(struct symfile *f, const struct skep_eng_prog *prog, const char *name)
{
	fill_header(f);
	memcpy(f->str, names, sizeof(names));
	strncpy(f->str + sizeof(names), name, NAME_MAX - 1);
	f->sh[SEC_TEXT] = (Elf64_Shdr){.sh_name = NAME_TEXT,
				       .sh_type = SHT_NOBITS,
				       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				       .sh_addr = (u64)prog->code,
				       .sh_size = prog->image,
				       .sh_addralign = 16};
	f->sh[SEC_SYMTAB] = (Elf64_Shdr){.sh_name = NAME_SYMTAB,
					 .sh_type = SHT_SYMTAB,
					 .sh_offset = offsetof(struct symfile, sym),
					 .sh_size = sizeof(f->sym),
					 .sh_link = SEC_STRTAB,
					 .sh_info = 1,
					 .sh_entsize = sizeof(f->sym[0]),
					 .sh_addralign = 8};
	f->sh[SEC_STRTAB] = (Elf64_Shdr){.sh_name = NAME_STRTAB,
					 .sh_type = SHT_STRTAB,
					 .sh_offset = offsetof(struct symfile, str),
					 .sh_size = sizeof(f->str),
					 .sh_addralign = 1};
	f->sym[1] = (Elf64_Sym){.st_name = sizeof(names),
				.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
				.st_shndx = SEC_TEXT,
				.st_size = prog->image};
}

static void tell_gdb(struct jit_code_entry *e, u32 action)
{
	__jit_debug_descriptor.relevant = e;
	__jit_debug_descriptor.action = action;
	__jit_debug_register_code();
}

void skep_jit_debug_lock(void)
{
	pthread_mutex_lock(&lock);
}

void skep_jit_debug_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

struct skep_jit_symbols *skep_jit_gdb_add(const struct skep_eng_prog *prog, const char *name)
{
	struct skep_jit_symbols *s = prog->code ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	skep_jit_prepare();
	fill_symfile(&s->file, prog, name);
	s->entry.symfile_addr = (const char *)&s->file;
	s->entry.symfile_size = sizeof(s->file);
	pthread_mutex_lock(&lock);
	s->entry.next = __jit_debug_descriptor.first;
	if (s->entry.next)
		s->entry.next->prev = &s->entry;
	__jit_debug_descriptor.first = &s->entry;
	tell_gdb(&s->entry, JIT_REGISTER);
	pthread_mutex_unlock(&lock);
	return s;
}

void skep_jit_gdb_remove(struct skep_jit_symbols *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&lock);
	if (s->entry.prev)
		s->entry.prev->next = s->entry.next;
	else
		__jit_debug_descriptor.first = s->entry.next;
	if (s->entry.next)
		s->entry.next->prev = s->entry.prev;
	tell_gdb(&s->entry, JIT_UNREGISTER);
	pthread_mutex_unlock(&lock);
	free(s);
}
