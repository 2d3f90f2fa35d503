/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libskep: eBPF programs in your own process, verified, without privileges.
 *
 * bpf(2) is answered in user space: skep_bpf() has the kernel's commands, structures and
 * errors, and its descriptors are real ones. Programs that were loaded (by this process or by
 * another one with the same store) are run here with skep_prog_run(), or attached by anyone
 * as raw tracepoints and run with skep_raise().
 *
 * A process in which libbpf shall load programs needs libbpf's calls to come here: start it with
 * `skep exec`. It shares the store with this library.
 *
 * Every function may be called from any thread.
 */
#ifndef SKEP_H
#define SKEP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

union bpf_attr;
struct skep_program;

/* bpf(2): a descriptor or 0, or a negative errno. */
int skep_bpf(int cmd, union bpf_attr *attr, unsigned size);

/*
 * The program behind a descriptor, verified and compiled in this process; NULL and errno when
 * it is not safe. It may be kept after the descriptor is closed.
 */
struct skep_program *skep_program_get(int fd);
void skep_program_put(struct skep_program *p);
/*
 * Run it. `ctx` must be a context of the program's type: for raw tracepoints an array of 12
 * 64-bit arguments, for kprobes struct pt_regs, for syscall programs memory of 64 KiB. Programs
 * on packets are run with BPF_PROG_TEST_RUN, because their contexts hold 32-bit addresses.
 */
uint64_t skep_program_run(const struct skep_program *p, void *ctx);
/* Run what is attached to this name as a raw tracepoint; how many ran, or a negative errno. */
int skep_raise(const char *name, const uint64_t *args, unsigned n);

struct skep_attachment;
struct skep_attach_options {
	size_t size;	 /* of this structure */
	int on_return;	 /* run when the function returns, not when it is entered */
	uint64_t cookie; /* what bpf_get_attach_cookie() gives */
	char *why;	 /* where a reason is written to when it is refused, or NULL */
	size_t why_size;
};
/*
 * Run a program of type kprobe (sections kprobe, uprobe and so on) whenever a function of this
 * process is called, by anybody: its first instructions are replaced by a jump. `opt` may be
 * NULL. 0, or a negative errno when the function cannot be changed. x86-64 only.
 */
int skep_attach(int prog_fd, const void *function, const struct skep_attach_options *opt, struct skep_attachment **out);
/* When this returns, the program does not run for it any more. */
void skep_detach(struct skep_attachment *a);

/*
 * Structs of operations: a struct of functions that programs implement (section .struct_ops), and
 * that the application calls in place of the kernel. Such a struct of the kernel's types is there
 * without more; one of the application's own is declared, by a BTF that describes it: the section
 * .BTF of any object, or what libbpf's btf__raw_data() gives. From then on libbpf in processes under
 * `skep exec` with the same store finds it among the kernel's types and can load and register
 * programs for it, as can bpftool. 0, or a negative errno: ENOENT when the BTF has no such struct,
 * EINVAL when that has no functions, EEXIST when the kernel has one of that name. A struct that is
 * declared in another way takes the place of the first one, whose maps cannot be used any more.
 */
int skep_ops_declare(const void *btf, size_t size, const char *type);

struct skep_ops;
/* A handle for what is registered of a struct, now or later; ENOENT: there is no such struct. */
int skep_ops_get(const char *type, struct skep_ops **out);
/* No call may be under way. */
void skep_ops_put(struct skep_ops *o);
/*
 * Call a function of what was registered last, by whomever. 0, and *result unless it is NULL (of a
 * function that returns nothing it means nothing), or a negative errno: ENOENT when nothing is
 * registered, EOPNOTSUPP when this function is missing there, EINVAL when the struct has none of that
 * name or it takes another number of arguments, others when its program cannot run here. Any thread may
 * call, several at once, and so may a child after fork(2).
 *
 * An argument is a number, or a pointer to an object of the struct that the function takes; not NULL,
 * and for tcp_congestion_ops a struct tcp_sock. The program reads within the object, and writes numbers
 * there when the struct is the application's own and not const; it never follows pointers that it
 * finds. A pointer that a function returns is a number and must not be followed.
 */
int skep_ops_call(struct skep_ops *o, const char *member, const uint64_t *args, unsigned n, uint64_t *result);
/*
 * A number or text that stands in the struct that is registered: its size, of which at most `size`
 * bytes are written, or a negative errno as above.
 */
int skep_ops_read(struct skep_ops *o, const char *member, void *buf, size_t size);

/* "0.1.0" */
const char *skep_version(void);

#ifdef __cplusplus
}
#endif

#endif
