/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli: the command line. A command is a row of command.def and a file that
 * defines its function, its options and its description; main.c parses, calls
 * and prints. A command writes into `out` (text) or `j` (JSON) and reports
 * problems as diagnostics; it never prints and never exits by itself.
 */
#ifndef SKEP_CLI_H
#define SKEP_CLI_H

#include "obj/obj.h"

/* The exit statuses of every command. */
enum skep_exit {
	SKEP_EXIT_YES = 0,
	SKEP_EXIT_NO = 1,      /* unsafe, not equal, differs, a regression */
	SKEP_EXIT_USAGE = 2,   /* the command line makes no sense */
	SKEP_EXIT_INPUT = 3,   /* a file is missing or malformed */
	SKEP_EXIT_ENV = 4,     /* no permission, no memory, no such tool */
	SKEP_EXIT_UNKNOWN = 5, /* could not tell */
	SKEP_EXIT_BUG = 70,
};

/* An option; tables end with a row without name. */
struct skep_opt_def {
	const char *name; /* without dashes */
	char letter;	  /* or 0 */
	const char *arg;  /* name of the argument in the help, NULL: a flag */
	const char *help; /* NULL: hidden */
	bool writes;	  /* the argument is a file to write, - is standard output */
	bool folder;	  /* the argument is a folder to write into, which is there */
	/* Has a meaning only with one of these: names of options, or first arguments; a|b. NULL: always. */
	const char *with;
};

struct skep_cli;
struct skep_cmd {
	const char *name, *group, *usage, *summary;
	int min_args, max_args; /* positional arguments; max -1: any number */
	int (*run)(struct skep_cli *cli, int argc, char **argv);
	const struct skep_opt_def *opts;
	const char *about; /* paragraphs for the help and the manual page */
};
extern const struct skep_cmd skep_cmds[];
extern const u32 skep_ncmds;
extern const struct skep_opt_def skep_global_opts[];

#define COMMAND(name, group, usage, min, max, summary)                                             \
	int skep_cmd_##name(struct skep_cli *cli, int argc, char **argv);                          \
	extern const struct skep_opt_def skep_opts_##name[];                                       \
	extern const char skep_about_##name[];
#include "cli/command.def"
#undef COMMAND

/* An option as it was given. */
struct skep_opt {
	const struct skep_opt_def *def;
	const char *val; /* NULL: a flag */
};

/* A file that was read, with what was found wrong in it. */
struct skep_input {
	const char *path; /* as diagnostics name it */
	bool std;	  /* it is standard input */
	u8 *image;
	size_t len;
	bool mapped;		 /* the image is a mapping, not allocated */
	struct skep_arena arena; /* owns the model */
	struct skep_diags ds;
	struct skep_objfile *file; /* after skep_cli_load() */
	struct skep_input *next;
};

struct skep_cli {
	const struct skep_cmd *cmd; /* NULL until it is known */
	bool json, pretty, color, help, version;
	struct skep_arena arena; /* for whatever the command needs until it ends */
	struct skep_diags ds;	 /* diagnostics that belong to no file */
	struct skep_buf out;
	struct skep_json j; /* writes to out, inside the object that main.c opens and closes */
	SKEP_VEC(skep_opt_vec, struct skep_opt) opt;
	struct skep_input *inputs;
};

/* --- options (opt.c) ---------------------------------------------------------- */

/* Sort the words into options and positional arguments; returns 0 or an exit status. */
int skep_cli_parse(struct skep_cli *cli, int argc, char **argv, int *npos, char **pos);
/*
 * Refuse options that say something of another option or of an action (`with`
 * of their definition) when that is not there. 0 or an exit status.
 */
int skep_cli_company(struct skep_cli *cli, int npos, char **pos);
bool skep_cli_flag(const struct skep_cli *cli, const char *name);
/* The value given last, or NULL. */
const char *skep_cli_opt(const struct skep_cli *cli, const char *name);
/*
 * A number (decimal, 0x) between min and max into *out, which stays as it is
 * when the option is absent. 0 or an exit status.
 */
int skep_cli_num(struct skep_cli *cli, const char *name, u64 min, u64 max, u64 *out);
/* The options --for (enum skep_opt_mode) and --cpu (1 to 4, 0 for "same"); 0 or an exit status. */
int skep_cli_goal(struct skep_cli *cli, u32 *mode, u32 *cpu);
/* The word of the table nearest to `word`, or NULL when none is near. */
const char *skep_cli_nearest(const char *word, const char *(*nth)(const void *of, u32 i),
			     const void *of, u32 n);

/* --- files (file.c) ------------------------------------------------------------ */

/* May files be written into the folder? 0 or an exit status with a diagnostic. */
int skep_cli_check_folder(struct skep_cli *cli, const char *path);
/* Read a file or "-"; 0 or an exit status with a diagnostic. *in stays until the command ends. */
int skep_cli_read(struct skep_cli *cli, const char *path, struct skep_input **in);
/* The bytes of the file are not needed any more, nor is what was read from them. */
void skep_cli_drop_image(struct skep_input *in);
/*
 * The types of a target kernel, indexed: of the file `path` (or vmlinux in that folder), of the running kernel when it is NULL, none when it is
 * "none". *types is NULL without an error when the running kernel has none. 0 or the exit status.
 */
int skep_cli_kernel_types(struct skep_cli *cli, const char *path, struct skep_btf **types);
/* The folder of that kernel's BTF, its modules' too; NULL: `path` is no folder. */
const char *skep_cli_kernel_folder(const char *path);
/* *all with the types of modules that the object needs besides (modules.c). 0 or the exit status. */
int skep_cli_module_types(struct skep_cli *cli, const char *path, const struct skep_obj *obj,
			  const struct skep_btf *base, struct skep_btf **all);
/* The same, and read it as an object into (*in)->file. */
int skep_cli_load(struct skep_cli *cli, const char *path, struct skep_input **in);
/*
 * Write all of it or leave what was there: a temporary file takes the name at
 * the end. "-" is standard output. 0 or an exit status.
 */
int skep_cli_write(struct skep_cli *cli, const char *path, const void *p, size_t n);
/* write(2) until everything is out; false with errno. */
bool skep_cli_put(int fd, const void *p, size_t n);

/* --- helpers for commands (main.c, util.c) ---------------------------------------- */

/* Rows of cli/diag.def, in its order. */
enum skep_cli_diag {
#define D(name, code, sev, text, explain) SKEP_CLI_##name,
#include "cli/diag.def"
#undef D
};
extern const struct skep_diag_def skep_cli_diags[];
#define SKEP_CLI_DIAG(cli, name, ...)                                                              \
	skep_diag(&(cli)->ds, &skep_cli_diags[SKEP_CLI_##name], SKEP_NOWHERE, ##__VA_ARGS__)

/* Say that two options do not go together; returns the exit status. */
int skep_cli_conflict(struct skep_cli *cli, const char *a, const char *b, const char *why);
/* The exit status of a negative result (enum skep_err), with a diagnostic if `in` has none yet. */
int skep_cli_fail(struct skep_cli *cli, struct skep_input *in, int err);
/* A string of the arena for a name that may be empty or hold control bytes. */
const char *skep_cli_name(struct skep_cli *cli, const char *s);
/*
 * The function that -p names (a program, a subprogram, or a section with one
 * program); without `name` the only program. 0 or an exit status.
 */
int skep_cli_func(struct skep_cli *cli, struct skep_input *in, const char *name,
		  struct skep_func **out);
/* A function as it was before it was optimized: without instructions when a pass made it. */
struct skep_func *skep_cli_func_before(const struct skep_obj *before, const struct skep_obj *after, u32 index,
				       struct skep_arena *arena);
/* Name of a program type, "unknown" or "-" for none. */
const char *skep_cli_prog_type(u32 id);
/* Name of an attach type in lower case; "-" for 0, which is none or the first. */
const char *skep_cli_attach_type(struct skep_cli *cli, u32 id);
/* Name of a map type as bpftool writes it, or a number as text. */
const char *skep_cli_map_type(struct skep_cli *cli, u32 id);
/* Every table of diagnostics: row i, or NULL past the end. */
const struct skep_diag_def *skep_cli_diag_row(u32 i);
/* Its text with "..." for what is filled in; "" when all of it is worded where it is found. In the arena. */
const char *skep_cli_diag_text(const struct skep_diag_def *d, struct skep_arena *arena);

/* A text table whose columns are as wide as they need to be. */
struct skep_cols {
	struct skep_cli *cli;
	u32 n, right; /* columns; bit mask of those aligned right */
	SKEP_VEC(skep_cell_vec, const char *) cell;
};
void skep_cols_init(struct skep_cols *t, struct skep_cli *cli, u32 n, u32 right);
void skep_cols_add(struct skep_cols *t, const char *text);
void skep_cols_num(struct skep_cols *t, u64 v);
/* Print the rows, each after `indent` spaces; the first row is a heading. */
void skep_cols_print(const struct skep_cols *t, u32 indent);

/* The library that skep exec preloads: in the build tree, or where it is installed (exec.c). */
bool skep_cli_preload(char *buf, size_t size);

/* --fib: the routing table for programs in user space, here and in what is executed. 0 or an exit status. */
int skep_cli_fib(struct skep_cli *cli);
/* Sees to it that there is a store that may be used, the one of --store where it is given, also for commands run then. */
int skep_cli_store(struct skep_cli *cli);

#endif
