/* SPDX-License-Identifier: BSD-2-Clause */
/* skep prog: programs of the port. */
#include "cli/port.h"
#include "cli/progdump.h"
#include "cli/runs.h"

#include <errno.h>
#include <unistd.h>

const struct skep_opt_def skep_opts_prog[] = {
	SKEP_PORT_OPT,
	{"prog", 'p', "NAME", "load: the program, when the object has several", .with = "load"},
	{"type", 't', "TYPE",
	 "load: program type, when the section does not tell (see skep list progs)", .with = "load|loadall"},
	{"pinmaps", 0, "DIR", "load: pin the maps in this directory, too", .with = "load|loadall"},
	{"data-in", 0, "FILE", "run: the packet (default: 64 bytes, zero)", .with = "run"},
	{"ctx-in", 0, "FILE", "run: the context", .with = "run"},
	{"data-out", 0, "FILE", "run: write the packet as the program left it", true, .with = "run"},
	{"repeat", 0, "N", "run: so many times (default 1); the time is the mean", .with = "run"},
	{"source", 's', NULL, "dump: with source lines", .with = "dump"},
	{"output", 'o', "FILE", "dump: the bytes to a file instead", true, .with = "dump"},
	{0},
};
const char skep_about_prog[] =
	"Loads programs into the port, shows, prints, runs and pins them, as bpftool does.\n\n"
	"*skep prog show* [*PROGRAM*], *skep prog load* *FILE* *PATH*, *skep prog loadall* *FILE* *DIR*, "
	"*skep prog dump xlated*|*jited* *PROGRAM*, *skep prog run* *PROGRAM*, *skep prog pin* *PROGRAM* *PATH*, "
	"*skep prog unpin* *PATH*. Runs and their time are always counted in user space.\n\n"
	"A *PROGRAM* is *id N*, *name NAME*, *tag TAG* or *pinned PATH*; a number, a name, a pin or a path by itself will do. A *PATH* "
	"without a slash is one under /sys/fs/bpf. In user space (--port user) that means the store's tree: see skep exec.\n\n"
	"A program lives while it is pinned, linked, or in a map. The exit status is 1 when the verifier refuses a program, and "
	"when there is no such program.";

/* --- show ------------------------------------------------------------------------------------ */

enum { MAX_MAPS = 64 };
struct facts {
	struct bpf_prog_info i;
	u32 map_id[MAX_MAPS];
	char tag[17];
};

static int ask(struct skep_cli *cli, int fd, struct facts *f)
{
	u32 len = sizeof(f->i);

	memset(f, 0, sizeof(*f));
	f->i.nr_map_ids = MAX_MAPS;
	f->i.map_ids = (u64)(uintptr_t)f->map_id;
	if (bpf_obj_get_info_by_fd(fd, &f->i, &len))
		return skep_port_fail(cli, "asking about a program", errno);
	f->i.nr_map_ids = SKEP_MIN(f->i.nr_map_ids, (u32)MAX_MAPS);
	for (u32 k = 0; k < 8; k++) {
		f->tag[2 * k] = "0123456789abcdef"[f->i.tag[k] >> 4];
		f->tag[2 * k + 1] = "0123456789abcdef"[f->i.tag[k] & 15];
	}
	return 0;
}

static void show_json(struct skep_cli *cli, const struct facts *f)
{
	struct skep_json *j = &cli->j;

	skep_json_open(j, '{');
	skep_json_kint(j, "id", f->i.id);
	skep_json_kstr(j, "type", skep_cli_prog_type(f->i.type));
	skep_json_kstr(j, "name", f->i.name);
	skep_json_kstr(j, "tag", f->tag);
	skep_json_kbool(j, "gpl_compatible", f->i.gpl_compatible);
	skep_json_kint(j, "uid", f->i.created_by_uid);
	skep_json_kint(j, "xlated_bytes", f->i.xlated_prog_len);
	skep_json_kint(j, "jited_bytes", f->i.jited_prog_len);
	skep_json_kint(j, "verified_insns", f->i.verified_insns);
	skep_json_kint(j, "btf_id", f->i.btf_id);
	skep_json_kint(j, "runs", (s64)f->i.run_cnt);
	skep_json_kint(j, "run_ns", (s64)f->i.run_time_ns);
	skep_json_key(j, "map_ids");
	skep_json_open(j, '[');
	for (u32 k = 0; k < f->i.nr_map_ids; k++)
		skep_json_int(j, f->map_id[k]);
	skep_json_close(j, ']');
	skep_json_close(j, '}');
}

static int show_one(struct skep_cli *cli, int fd, void *arg)
{
	struct skep_cols *t = arg;
	struct skep_buf maps = {0};
	struct facts f;
	int err = ask(cli, fd, &f);

	if (err)
		return err;
	if (cli->json) {
		show_json(cli, &f);
		return 0;
	}
	skep_cols_num(t, f.i.id);
	skep_cols_add(t, skep_cli_prog_type(f.i.type));
	skep_cols_add(t, skep_cli_name(cli, f.i.name));
	skep_cols_add(t, skep_arena_strdup(&cli->arena, f.tag));
	skep_cols_num(t, f.i.xlated_prog_len);
	skep_cols_num(t, f.i.jited_prog_len);
	skep_cols_num(t, f.i.run_cnt);
	skep_cols_num(t, f.i.run_cnt ? f.i.run_time_ns / f.i.run_cnt : 0);
	for (u32 k = 0; k < f.i.nr_map_ids; k++)
		skep_buf_printf(&maps, "%s%u", k ? "," : "", f.map_id[k]);
	skep_cols_add(t, maps.n ? skep_arena_strndup(&cli->arena, maps.p, maps.n) : "-");
	skep_buf_fini(&maps);
	return 0;
}

static int show(struct skep_cli *cli, int argc, char **argv)
{
	static const char *const head[] = {"id",     "type", "name", "tag", "bytes",
					   "native", "runs", "ns",   "maps"};
	struct skep_cols t;
	int fd, err;

	skep_cols_init(&t, cli, SKEP_ARRAY_SIZE(head), 0xf1);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(head); k++)
		skep_cols_add(&t, head[k]);
	if (cli->json) {
		skep_json_key(&cli->j, "programs");
		skep_json_open(&cli->j, '[');
	}
	if (argc) {
		err = skep_port_only(cli, SKEP_PORT_PROG, argc, argv, &fd);
		if (!err)
			err = show_one(cli, fd, &t);
	} else {
		err = skep_port_each(cli, SKEP_PORT_PROG, show_one, &t);
	}
	if (cli->json)
		skep_json_close(&cli->j, ']');
	else if (!err)
		skep_cols_print(&t, 0);
	return err;
}

/* --- load ----------------------------------------------------------------------------------------
 */

/* A name for a pin: a file system of pins takes no dots. */
static const char *pin_name(struct skep_cli *cli, const char *dir, const char *name)
{
	char *path = skep_arena_printf(&cli->arena, "%s/%s", dir, name);

	for (char *p = path + strlen(dir); *p; p++)
		*p = *p == '.' ? '_' : *p;
	return path;
}

static int pin_maps(struct skep_cli *cli, struct bpf_object *bo)
{
	const char *dir = skep_cli_opt(cli, "pinmaps");
	struct bpf_map *m;
	int err = 0;

	if (!dir)
		return 0;
	bpf_object__for_each_map(m, bo)
		if (!err)
			err = skep_port_pin_fd(
				cli, bpf_map__fd(m),
				pin_name(cli, skep_port_path(cli, dir), bpf_map__name(m)));
	return err;
}

static int pin_progs(struct skep_cli *cli, struct bpf_object *bo, const char *path,
		     const char *only)
{
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program(p, bo) {
		if (err || (only && strcmp(bpf_program__name(p), only) != 0))
			continue;
		err = skep_port_pin_fd(cli, bpf_program__fd(p),
				       only ? path : pin_name(cli, path, bpf_program__name(p)));
	}
	return err;
}

static int load_as(struct skep_cli *cli, char **argv, bool all)
{
	const char *path = skep_port_path(cli, argv[1]);
	struct bpf_object *bo;
	struct skep_input *in;
	struct skep_func *f = NULL;
	int err = skep_cli_load(cli, argv[0], &in);

	if (!err && !all)
		err = skep_cli_func(cli, in, skep_cli_opt(cli, "prog"), &f);
	if (!err)
		err = skep_port_load(cli, in, f ? f->name : NULL, &bo);
	if (err)
		return err;
	err = pin_progs(cli, bo, path, f ? f->name : NULL);
	if (!err)
		err = pin_maps(cli, bo);
	bpf_object__close(bo);
	return err;
}

static int load(struct skep_cli *cli, int argc, char **argv)
{
	return load_as(cli, argv, false);
}

static int loadall(struct skep_cli *cli, int argc, char **argv)
{
	return load_as(cli, argv, true);
}

/* --- run
 * ------------------------------------------------------------------------------------------- */

static int read_input(struct skep_cli *cli, const char *opt, const u8 **p, u32 *n)
{
	const char *path = skep_cli_opt(cli, opt);
	struct skep_input *in;
	int err;

	if (!path)
		return 0;
	err = skep_cli_read(cli, path, &in);
	if (err)
		return err;
	*p = in->image;
	*n = (u32)in->len;
	return 0;
}

static int run(struct skep_cli *cli, int argc, char **argv)
{
	struct skep_port_test *t = SKEP_NEW(&cli->arena, struct skep_port_test);
	const char *data_out = skep_cli_opt(cli, "data-out");
	static const u8 zero[64];
	struct facts f;
	u64 repeat = 1;
	int err = skep_port_only(cli, SKEP_PORT_PROG, argc, argv, &t->fd);

	t->data = zero;
	t->data_len = sizeof(zero);
	if (!err)
		err = ask(cli, t->fd, &f);
	if (!err)
		err = skep_cli_num(cli, "repeat", 1, 1u << 30, &repeat);
	if (!err)
		err = read_input(cli, "data-in", &t->data, &t->data_len);
	if (!err)
		err = read_input(cli, "ctx-in", &t->ctx, &t->ctx_len);
	if (err)
		return err;
	t->type = f.i.type;
	t->repeat = (u32)repeat;
	err = skep_port_test(t);
	if (err)
		return skep_port_fail(cli, "running", err);
	if (cli->json)
		skep_json_key(&cli->j, "run");
	if (!data_out || strcmp(data_out, "-") != 0)
		skep_port_show_test(cli, t);
	return data_out ? skep_cli_write(cli, data_out, t->out, t->out_len) : 0;
}

/* --- the rest
 * ----------------------------------------------------------------------------------------- */

static int dump(struct skep_cli *cli, int argc, char **argv)
{
	int fd, err;

	if (strcmp(argv[0], "xlated") != 0 && strcmp(argv[0], "jited") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, argv[0], "dump", "xlated or jited");
		return SKEP_EXIT_USAGE;
	}
	err = skep_port_only(cli, SKEP_PORT_PROG, argc - 1, argv + 1, &fd);
	return err ? err : skep_progdump(cli, fd, *argv[0] == 'j');
}

static int pin(struct skep_cli *cli, int argc, char **argv)
{
	return skep_port_pin(cli, SKEP_PORT_PROG, argc, argv);
}

static const struct skep_sub subs[] = {
	{"show", "[PROGRAM]", 0, 2, show},
	{"load", "FILE PATH", 2, 2, load},
	{"loadall", "FILE DIR", 2, 2, loadall},
	{"dump", "xlated|jited PROGRAM", 2, 3, dump},
	{"run", "PROGRAM", 1, 2, run},
	{"pin", "PROGRAM PATH", 2, 3, pin},
	{"unpin", "PATH", 1, 1, skep_port_unpin},
	{0},
};

int skep_cmd_prog(struct skep_cli *cli, int argc, char **argv)
{
	return skep_port_sub(cli, subs, argc, argv);
}
