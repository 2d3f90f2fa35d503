/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli: what the commands of the runtime share: the port (who answers bpf(2): skep in user space,
 * or the kernel), objects of it by their references, and loading into it. All calls go through
 * libbpf, so there is one path for both ports.
 */
#ifndef SKEP_CLI_PORT_H
#define SKEP_CLI_PORT_H

#include "cli/cli.h"
#include "sys/sys.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The options that such a command has. */
#define SKEP_PORT_OPT                                                                              \
	{                                                                                          \
		"port", 0, "user|kernel", "who answers bpf(2) (default: $SKEP_PORT, else user)"    \
	},                                                                                         \
	{                                                                                          \
		"store", 0, "DIR", "with --port user: where its objects live (default: as skep exec)" \
	}

/* The second word of a command. Tables end with a row without name. */
struct skep_sub {
	const char *name, *usage;
	int min, max; /* words that follow */
	int (*run)(struct skep_cli *cli, int argc, char **argv);
};
/* Choose the port and run the command that argv[0] names. An exit status. */
int skep_port_sub(struct skep_cli *cli, const struct skep_sub *subs, int argc, char **argv);
/* Choose the port only: --port, else $SKEP_PORT. 0 or an exit status. */
int skep_port_choose(struct skep_cli *cli);
bool skep_port_is_user(void);
/* Say that a call failed, with what libbpf said before; returns an exit status. */
int skep_port_fail(struct skep_cli *cli, const char *what, int err);

/* --- objects ------------------------------------------------------------------------- */

enum skep_port_kind { SKEP_PORT_PROG, SKEP_PORT_MAP, SKEP_PORT_LINK };
/* `f` for each object until it returns other than 0, which is returned; an exit status. */
int skep_port_each(struct skep_cli *cli, enum skep_port_kind kind,
		   int (*f)(struct skep_cli *cli, int fd, void *arg), void *arg);
/*
 * The object that the words from *at on name: `id N`, `name NAME`, `tag TAG` (programs),
 * `pinned PATH`; or one word: a number, a path, a name. *at becomes the place behind. 0 or an
 * exit status; the descriptor is closed when the command ends.
 */
int skep_port_find(struct skep_cli *cli, enum skep_port_kind kind, int argc, char **argv, int *at,
		   int *fd);
/* As the last words of the command line: nothing may follow. */
int skep_port_only(struct skep_cli *cli, enum skep_port_kind kind, int argc, char **argv, int *fd);
/* Words that are too many. */
int skep_port_extra(struct skep_cli *cli, const char *word);
/* `pin REF PATH` and `unpin PATH`, for any kind. */
int skep_port_pin(struct skep_cli *cli, enum skep_port_kind kind, int argc, char **argv);
int skep_port_unpin(struct skep_cli *cli, int argc, char **argv);
/* A name without a slash is one under /sys/fs/bpf. */
const char *skep_port_path(struct skep_cli *cli, const char *name);
/* Pin; directories are made. 0 or an exit status. */
int skep_port_pin_fd(struct skep_cli *cli, int fd, const char *path);
/* The types with this id, NULL when there are none. */
const struct skep_btf *skep_port_btf(struct skep_cli *cli, u32 id);

/* --- loading (portload.c) --------------------------------------------------------------- */

/*
 * Load the program (NULL: all; with prog arrays those of its type, too) of an object into the port,
 * with maps that are pinned by name where they were pinned before. 0 or an exit status. The caller
 * closes *out.
 */
int skep_port_load(struct skep_cli *cli, struct skep_input *in, const char *prog,
		   struct bpf_object **out);

/* --- test runs (portrun.c) ------------------------------------------------------------------ */

/* What was asked for, of the options data-in, ctx-in, data-out, repeat. */
struct skep_port_test {
	int fd;
	u32 type;
	u32 repeat;
	const u8 *data, *ctx;
	u32 data_len, ctx_len;
	/* the result */
	u32 ret, duration, out_len;
	const struct skep_sys_way *way; /* where it went, in user space; until the next run */
	u32 nway;
	u8 out[1 << 16];
};
/* Once: 0 or -errno. */
int skep_port_test(struct skep_port_test *t);
/* What a return value means to who called, such as XDP_PASS, or NULL. */
const char *skep_port_verdict(u32 type, u32 ret);
/* Where it went: lines, or a member of the open JSON object. */
void skep_port_show_ways(struct skep_cli *cli, const struct skep_sys_way *way, u32 n);
/* The result as a line, or as members of the open JSON object. */
void skep_port_show_test(struct skep_cli *cli, const struct skep_port_test *t);

/* --- values by their types (value.c) ------------------------------------------------------------
 */

/* A value as JSON: numbers, text, objects for structures. */
void skep_value_json(struct skep_json *j, const struct skep_btf *btf, u32 type, const u8 *p,
		     u32 len);
/* The same on one line of text. */
void skep_value_text(struct skep_buf *out, const struct skep_btf *btf, u32 type, const u8 *p,
		     u32 len);
/*
 * The bytes that words say, from *at on: as many bytes as `size` (decimal, 0x, or after the word
 * `hex` without), or one number, or an IPv4 address. 0 or an exit status.
 */
int skep_value_parse(struct skep_cli *cli, int argc, char **argv, int *at, const char *what, u8 *p,
		     u32 size);

#endif
