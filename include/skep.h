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

/* "0.1.0" */
const char *skep_version(void);

#ifdef __cplusplus
}
#endif

#endif
