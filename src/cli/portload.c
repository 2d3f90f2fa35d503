/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading an object into the port. Maps that are pinned by name are taken from where they are
 * pinned, and pinned there when they are new: libbpf would want a bpffs for it.
 */
#include "cli/port.h"

#include "cli/runs.h"
#include "run/run.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOG_SIZE = 1 << 20 };

/* A map that is there already must be like the one that the object wants. */
static bool same_map(int fd, const struct bpf_map *m)
{
	struct bpf_map_info i = {0};
	u32 len = sizeof(i);

	return bpf_obj_get_info_by_fd(fd, &i, &len) == 0 && i.type == bpf_map__type(m) &&
	       i.key_size == bpf_map__key_size(m) && i.value_size == bpf_map__value_size(m) &&
	       i.max_entries == bpf_map__max_entries(m) && i.map_flags == bpf_map__map_flags(m) &&
	       (i.type != SKEP_MAP_ARENA || i.map_extra == bpf_map__map_extra(m));
}

/* Takes the paths out of the object; *path[k] is where map k goes when it is new, or NULL. */
static int take_pins(struct skep_cli *cli, struct bpf_object *bo, const char **path)
{
	struct bpf_map *m;
	u32 k = 0;

	bpf_object__for_each_map(m, bo) {
		const char *pin = bpf_map__pin_path(m);
		int fd, err = 0;

		path[k] = pin ? skep_arena_strdup(&cli->arena, pin) : NULL;
		bpf_map__set_pin_path(m, NULL);
		fd = path[k] ? bpf_obj_get(path[k]) : -1;
		if (fd >= 0) {
			err = same_map(fd, m) ? bpf_map__reuse_fd(m, fd) : -EEXIST;
			close(fd);
			if (err)
				return skep_port_fail(cli,
						      skep_arena_printf(&cli->arena, "map %s at %s",
									bpf_map__name(m), path[k]),
						      err);
			path[k] = NULL;
		}
		k++;
	}
	return 0;
}

static int put_pins(struct skep_cli *cli, struct bpf_object *bo, const char *const *path)
{
	struct bpf_map *m;
	u32 k = 0;
	int err = 0;

	bpf_object__for_each_map(m, bo) {
		if (!err && path[k])
			err = skep_port_pin_fd(cli, bpf_map__fd(m), path[k]);
		k++;
	}
	return err;
}

static u32 count_maps(const struct bpf_object *bo)
{
	struct bpf_map *m;
	u32 n = 0;

	bpf_object__for_each_map(m, bo)
		n++;
	return n;
}

/*
 * What a log says is wrong: of the kernel's, which tells all that it went through, the last line
 * that is not statistics; of ours the first error, with its hint. What led to it stands behind it.
 */
static const char *reason(char *log, const char **hint)
{
	static const char hints[] = "  hint: ";
	const char *last = NULL;
	bool error = false;

	*hint = NULL;
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
		if (error) {
			if (strncmp(line, hints, sizeof(hints) - 1) == 0)
				*hint = line + sizeof(hints) - 1;
			break;
		}
		if (strncmp(line, "processed ", 10) != 0 &&
		    strncmp(line, "verification time", 17) != 0)
			last = line;
		error = skep_port_is_user() && strstr(line, ": error: ");
	}
	return last;
}

/* The program that was refused, and why. */
static int refused(struct skep_cli *cli, struct skep_input *in, const char *name, char *log,
		   int err)
{
	const char *hint, *why = reason(log, &hint);

	if (!why)
		return skep_port_fail(
			cli, skep_arena_printf(&cli->arena, "loading %s", name ? name : in->path),
			err);
	SKEP_CLI_DIAG(cli, NOT_LOADED, name ? name : in->path, skep_cli_name(cli, why));
	if (hint)
		skep_diag_hint(&cli->ds, skep_cli_name(cli, hint));
	return err == -EPERM ? SKEP_EXIT_ENV : SKEP_EXIT_NO;
}

/* With its own log for each program: the one that has something in it was refused. */
static int load(struct skep_cli *cli, struct skep_input *in, struct bpf_object *bo)
{
	struct bpf_program *p;
	const char *name = NULL;
	char *bad = NULL;
	int err;

	bpf_object__for_each_program(p, bo)
		if (bpf_program__autoload(p)) {
			char *log = skep_arena_alloc(&cli->arena, LOG_SIZE);

			*log = 0;
			bpf_program__set_log_buf(p, log, LOG_SIZE);
		}
	err = bpf_object__load(bo);
	if (!err)
		return 0;
	bpf_object__for_each_program(p, bo) {
		size_t size;
		const char *log = bpf_program__log_buf(p, &size);

		if (log && *log) {
			name = bpf_program__name(p);
			bad = skep_arena_strdup(&cli->arena, log);
		}
	}
	return refused(cli, in, name, bad ? bad : skep_arena_strdup(&cli->arena, ""), err);
}

/* The file's name without directory and ending: maps of variables are named after it. */
static const char *object_name(struct skep_cli *cli, const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	return skep_arena_strndup(&cli->arena, base, strcspn(base, "."));
}

/*
 * The program, and with prog arrays all of its type: those are what it may call, and libbpf puts
 * some of them there.
 */
static void choose(struct bpf_object *bo, const char *prog, u32 type)
{
	struct bpf_program *p = prog ? bpf_object__find_program_by_name(bo, prog) : NULL;
	enum bpf_prog_type kin = p ? bpf_program__type(p) : BPF_PROG_TYPE_UNSPEC;
	bool tails = false;
	struct bpf_map *m;

	bpf_object__for_each_map(m, bo)
		tails |= bpf_map__type(m) == BPF_MAP_TYPE_PROG_ARRAY;
	bpf_object__for_each_program(p, bo) {
		bool same = tails && bpf_program__type(p) == kin;

		if (prog && !same && strcmp(bpf_program__name(p), prog) != 0)
			continue;
		bpf_program__set_autoload(p, true);
		if (type)
			bpf_program__set_type(p, (enum bpf_prog_type)type);
	}
}

/* Where the arena is already that this one is to be, 0: there is none. */
static u64 pinned_place(struct skep_cli *cli, const struct skep_map *arena)
{
	struct bpf_map_info i = {0};
	u32 len = sizeof(i);
	int fd = arena && arena->pinning ? bpf_obj_get(skep_port_path(cli, arena->name)) : -1;

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &i, &len))
		i.map_extra = 0;
	close(fd);
	return i.map_extra;
}

/* The object's variables into an arena that is new. */
static int fill_arena(struct skep_cli *cli, const struct skep_obj *obj, struct bpf_object *bo)
{
	const struct skep_dsec *d = skep_obj_arena_data(obj);
	struct bpf_map *m = d ? bpf_object__find_map_by_name(bo, d->arena->name) : NULL;
	size_t len = (size_t)(m ? bpf_map__max_entries(m) : 0) * 4096;
	void *at = (void *)(uintptr_t)(m ? bpf_map__map_extra(m) : 0), *p;

	if (!m)
		return 0;
	if (d->size > len)
		return skep_port_fail(cli, "variables in the arena, for which it is too small",
				      E2BIG);
	if (!skep_sys_mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(m), 0, &p))
		p = mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(m), 0);
	if (p == MAP_FAILED)
		return skep_port_fail(cli, "mapping the arena for its variables", errno);
	if (d->bytes)
		memcpy(p, d->bytes, d->size);
	else
		memset(p, 0, d->size);
	munmap(p, len);
	return 0;
}

int skep_port_load(struct skep_cli *cli, struct skep_input *in, const char *prog,
		   struct bpf_object **out)
{
	u64 place = pinned_place(cli, skep_obj_arena(in->file->obj));
	struct bpf_object *bo = skep_run_libbpf(in->file->obj, in->image, in->len,
						object_name(cli, in->path), true, place);
	const char **path;
	u32 type;
	int err = skep_runs_type(cli, &type);

	*out = NULL;
	if (err)
		return err;
	if (!bo) {
		err = skep_port_fail(
			cli, skep_arena_printf(&cli->arena, "opening %s", in->path), errno);
		return err == SKEP_EXIT_NO ? SKEP_EXIT_INPUT : err; /* what it names is missing */
	}
	choose(bo, prog, type);
	path = SKEP_NEW_N(&cli->arena, const char *, count_maps(bo) + 1);
	err = take_pins(cli, bo, path);
	if (!err)
		err = load(cli, in, bo);
	if (!err)
		err = place ? 0 : fill_arena(cli, in->file->obj, bo);
	if (!err)
		err = put_pins(cli, bo, path);
	if (err)
		bpf_object__close(bo);
	else
		*out = bo;
	return err;
}
