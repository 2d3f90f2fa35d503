/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolution of CO-RE records against libbpf's: kernel-core [-b BTF] OBJECT...
 * libbpf prepares each program for a kernel that takes everything (bpf(2) is
 * answered here), and what it would load is compared with what skep computes: every
 * instruction that has a record. BTF is a file with the target's types, by default the running
 * kernel's. Exit status 77 when there are no types.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "obj/obj.h"
#include "../slurp.h"

static unsigned files, refused, both_refuse, compared, poisoned, elsewhere, members, failed;

/* bpf(2) of a kernel that takes everything, and knows nothing. */
long syscall(long number, ...)
{
	va_list ap;
	long a[6];

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf) {
		if (a[0] == BPF_PROG_LOAD || a[0] == BPF_MAP_CREATE || a[0] == BPF_BTF_LOAD)
			return open("/dev/null", O_RDWR | O_CLOEXEC);
		if (a[0] == BPF_MAP_UPDATE_ELEM || a[0] == BPF_MAP_FREEZE ||
		    a[0] == BPF_PROG_BIND_MAP)
			return 0;
		errno = EINVAL;
		return -1;
	}
	if (number == SYS_memfd_create)
		return memfd_create((const char *)a[0], (unsigned)a[1]);
	if (number == SYS_perf_event_open) {
		errno = ENOSYS;
		return -1;
	}
	errno = ENOSYS;
	return -1;
}

static char last_words[512];

static int keep_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && !last_words[0])
		vsnprintf(last_words, sizeof(last_words), fmt, ap);
	if (getenv("VERBOSE"))
		vfprintf(stderr, fmt, ap);
	return 0;
}

static void fail(const char *path, const struct skep_insn *i, const char *what)
{
	failed++;
	if (failed < 40)
		printf("FAIL: %s: %s+%u (record %u %u): %s\n", path, i->func->name, i->slot,
		       i->core->kind, i->core->type, what);
}

static void compare(const char *path, const struct skep_insn *i, const struct skep_core_value *v,
		    const struct bpf_insn *k)
{
	char text[200];
	struct skep_ins got;
	const char *why;

	if (v->poison) {
		poisoned++;
		if (k->code != (BPF_JMP | BPF_CALL) || k->imm != SKEP_CORE_POISON)
			fail(path, i, "libbpf does not poison it");
		compared++;
		return;
	}
	if (!skep_isa_decode((const u8 *)k, i->in.op == SKEP_LDDW ? 16 : 8, false, &got, &why)) {
		fail(path, i, why);
		return;
	}
	compared++;
	if (skep_op_class(i->in.op) == SKEP_CLASS_ALU ? got.imm != (s32)v->value
	    : i->in.op == SKEP_LDDW
		    ? got.imm != (s64)v->value
		    : (u64)got.off != v->value || got.size != (v->size ? v->size : i->in.size)) {
		snprintf(text, sizeof(text), "libbpf has %lld/%d/%u, skep %lld/%u",
			 (long long)got.imm, got.off, got.size, (long long)v->value,
			 v->size ? v->size : i->in.size);
		fail(path, i, text);
	}
}

static const struct bpf_insn *libbpf_insns(struct bpf_object *o, const struct skep_func *f, u32 *n)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, f->name);

	if (!p || !(f->flags & SKEP_FF_PROG) || !bpf_program__autoload(p))
		return NULL;
	*n = (u32)bpf_program__insn_cnt(p);
	return bpf_program__insns(p);
}

static void compare_all(const char *path, struct skep_obj *obj, struct skep_core *c,
			struct bpf_object *o, bool loaded)
{
	struct skep_diags ds;
	bool bad = false;

	skep_diags_init(&ds);
	for (u32 k = 0; k < obj->nfunc; k++) {
		const struct skep_func *f = obj->func[k];
		u32 n = 0, first = f->first ? f->first->slot : 0;
		const struct bpf_insn *insns = loaded ? libbpf_insns(o, f, &n) : NULL;

		for (const struct skep_insn *i = f->first; i; i = i->next) {
			struct skep_core_value v;
			int err;

			if (!i->core)
				continue;
			err = skep_core_compute(c, i, &ds, &v);
			bad |= err != 0;
			if (err && loaded)
				fail(path, i, ds.list.n ? ds.list.v[ds.list.n - 1].msg : "error");
			else if (!insns || i->slot - first >= n)
				elsewhere++;
			else
				compare(path, i, &v, &insns[i->slot - first]);
		}
	}
	if (!loaded && strstr(last_words, "relo")) {
		both_refuse += bad;
		if (!bad) {
			failed++;
			printf("FAIL: %s: libbpf refuses: %s", path, last_words);
		}
	} else if (!loaded) {
		refused++;
		if (getenv("VERBOSE"))
			printf("not compared: %s: %s", path, last_words);
	}
	skep_diags_fini(&ds);
}

/* Prepared, with all programs or, when that does not go, with those that the object wants loaded.
 */
static struct bpf_object *prepare(const void *image, size_t len, const char *custom, bool all,
				  bool *loaded)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = custom);
	struct bpf_object *o;
	struct bpf_program *p;

	last_words[0] = '\0';
	o = bpf_object__open_mem(image, len, &opts);
	if (o && all)
		bpf_object__for_each_program(p, o) bpf_program__set_autoload(p, true);
	*loaded = o && !bpf_object__load(o);
	return o;
}

/* The member that a struct_ops program implements: libbpf finds it in the kernel's struct. */
static void compare_ops(const char *path, const struct skep_obj *obj, const struct skep_btf *target,
			struct bpf_object *o)
{
	for (u32 k = 0; k < obj->nfunc; k++) {
		const struct skep_func *f = obj->func[k];
		struct bpf_program *p = bpf_object__find_program_by_name(o, f->name);
		struct skep_btf_type t;
		struct skep_btf_member m;

		if (!p || bpf_program__type(p) != BPF_PROG_TYPE_STRUCT_OPS ||
		    !bpf_program__autoload(p))
			continue;
		if (!f->ops_type ||
		    !skep_btf_get(target, skep_btf_find(target, SKEP_BTF_STRUCT, f->ops_type),
				  &t) ||
		    !skep_btf_member(target, &t, (u32)bpf_program__expected_attach_type(p), &m) ||
		    strcmp(m.name, f->ops_member) != 0) {
			failed++;
			printf("FAIL: %s: %s implements %s.%s\n", path, f->name,
			       f->ops_type ? f->ops_type : "?",
			       f->ops_member ? f->ops_member : "?");
		}
		members++;
	}
}

static bool has_records(const struct skep_obj *obj)
{
	for (u32 k = 0; k < obj->nfunc; k++)
		if (obj->func[k]->ops_type)
			return true;
	return obj->ext && obj->ext->core.n;
}

static void one(const char *path, struct skep_btf *target, const char *custom)
{
	struct skep_arena a;
	struct skep_objfile *file = NULL;
	struct skep_core *c = NULL;
	size_t len;
	void *image = slurp(path, &len);

	skep_arena_init(&a);
	if (image && !skep_obj_read(image, len, &a, NULL, &file) && has_records(file->obj) &&
	    !skep_core_new(file->obj->btf, target, &a, &c)) {
		bool loaded;
		struct bpf_object *o = prepare(image, len, custom, true, &loaded);

		if (!loaded) {
			bpf_object__close(o);
			o = prepare(image, len, custom, false, &loaded);
		}
		files++;
		if (loaded)
			compare_ops(path, file->obj, target, o);
		compare_all(path, file->obj, c, o, loaded);
		bpf_object__close(o);
	}
	skep_arena_fini(&a);
	free(image);
}

/* The types of a raw BTF file or of an object's .BTF section. */
static struct skep_btf *read_target(const char *path, struct skep_arena *a, void **image)
{
	struct skep_btf *btf = NULL;
	struct skep_objfile *file;
	size_t len;
	void *p = *image = slurp(path, &len);

	if (!p)
		return NULL;
	if (len > 4 && !memcmp(p, "\177ELF", 4))
		btf = skep_obj_read(p, len, a, NULL, &file) ? NULL : file->obj->btf;
	else if (skep_btf_read(p, len, false, a, NULL, &btf))
		btf = NULL;
	if (btf)
		skep_btf_index(btf, a);
	return btf;
}

int main(int argc, char **argv)
{
	const char *custom = NULL, *path = "/sys/kernel/btf/vmlinux";
	struct skep_arena a;
	struct skep_btf *target;
	void *image;
	int k = 1;

	if (argc > 2 && !strcmp(argv[1], "-b")) {
		custom = path = argv[2];
		k = 3;
	}
	libbpf_set_print(keep_print);
	skep_arena_init(&a);
	target = read_target(path, &a, &image);
	if (!target) {
		printf("SKIP: no types in %s\n", path);
		return 77;
	}
	for (; k < argc; k++)
		one(argv[k], target, custom);
	printf("%u objects with CO-RE records (%u not prepared by libbpf for other reasons, %u refused by both): "
	       "%u records compared, %u of them poisoned; %u in other functions; %u struct_ops members; %u disagree\n",
	       files, refused, both_refuse, compared, poisoned, elsewhere, members, failed);
	skep_arena_fini(&a);
	free(image);
	return failed ? 1 : 0;
}
