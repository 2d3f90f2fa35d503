/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port of the runtime's commands, and objects by their references. In user space bpf(2) goes
 * to sys, which stands behind libc's syscall() here; nothing else differs. Descriptors stay open
 * until the process ends.
 */
#include "cli/port.h"

#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/fs/bpf"

/*
 * What libbpf complained of last, for the next diagnostic; not that all of the object
 * failed, which it says after it said why. Its callback knows no caller.
 */
static char said[512];
static bool user;

static int hear(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && (!*said || !strstr(fmt, "failed to load object"))) {
		vsnprintf(said, sizeof(said), fmt, ap);
		said[strcspn(said, "\n")] = 0;
	}
	return 0;
}

int skep_port_choose(struct skep_cli *cli)
{
	const char *port = skep_cli_opt(cli, "port"), *from = "--port";

	if (!port) {
		port = getenv("SKEP_PORT");
		from = "SKEP_PORT";
	}
	if (!port || !*port)
		port = "user";
	if (strcmp(port, "user") != 0 && strcmp(port, "kernel") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, port, from, "user or kernel");
		return SKEP_EXIT_USAGE;
	}
	user = strcmp(port, "user") == 0;
	if (!user && skep_cli_opt(cli, "store")) {
		SKEP_CLI_DIAG(cli, OPTION_ALONE, "store", "--port user");
		return SKEP_EXIT_USAGE;
	}
	skep_sys_port(user);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(hear);
	return user ? skep_cli_store(cli) : 0;
}

bool skep_port_is_user(void)
{
	return user;
}

int skep_port_fail(struct skep_cli *cli, const char *what, int err)
{
	bool libbpfs = err >= __LIBBPF_ERRNO__START || -err >= __LIBBPF_ERRNO__START;
	char text[128];

	err = err < 0 ? -err : err;
	if (libbpfs)
		libbpf_strerror(err, text, sizeof(text));
	SKEP_CLI_DIAG(cli, PORT, what,
		      libbpfs ? skep_arena_strdup(&cli->arena, text)
			      : strerror(err == 524 ? ENOTSUP : err));
	if (*said)
		skep_diag_hint(&cli->ds, said);
	said[0] = 0;
	if (err == ENOENT)
		return SKEP_EXIT_NO;
	return libbpfs || err == EINVAL || err == E2BIG || err == EEXIST ? SKEP_EXIT_INPUT
									 : SKEP_EXIT_ENV;
}

static const char *sub_name(const void *of, u32 i)
{
	const struct skep_sub *s = of;

	return s[i].name;
}

/* "load FILE PATH, show [PROGRAM], ..." */
static char *usages(struct skep_cli *cli, const struct skep_sub *subs)
{
	struct skep_buf b = {0};
	char *text;

	for (u32 k = 0; subs[k].name; k++)
		skep_buf_printf(&b, "%s%s%s%s", k ? ", " : "", subs[k].name,
				*subs[k].usage ? " " : "", subs[k].usage);
	text = b.failed ? NULL : skep_arena_strndup(&cli->arena, b.p, b.n);
	skep_buf_fini(&b);
	return text;
}

int skep_port_sub(struct skep_cli *cli, const struct skep_sub *subs, int argc, char **argv)
{
	const struct skep_sub *s = subs;
	const char *near;
	u32 n = 0;

	while (s->name && strcmp(s->name, argv[0]) != 0)
		s++;
	if (!s->name) {
		while (subs[n].name)
			n++;
		near = skep_cli_nearest(argv[0], sub_name, subs, n);
		SKEP_CLI_DIAG(cli, BAD_VALUE, argv[0], cli->cmd->name,
			      near ? skep_arena_printf(&cli->arena, "did you mean %s?", near)
				   : usages(cli, subs));
		return SKEP_EXIT_USAGE;
	}
	if (argc - 1 < s->min) {
		SKEP_CLI_DIAG(cli, FEW_ARGS,
			      skep_arena_printf(&cli->arena, "%s %s", cli->cmd->name, s->name),
			      skep_arena_printf(&cli->arena, "%s %s %s", cli->cmd->name, s->name,
						s->usage));
		return SKEP_EXIT_USAGE;
	}
	if (s->max >= 0 && argc - 1 > s->max)
		return skep_port_extra(cli, argv[s->max + 1]);
	n = (u32)skep_port_choose(cli);
	return n ? (int)n : s->run(cli, argc - 1, argv + 1);
}

int skep_port_extra(struct skep_cli *cli, const char *word)
{
	SKEP_CLI_DIAG(cli, MANY_ARGS, cli->cmd->name, word);
	return SKEP_EXIT_USAGE;
}

/* --- objects ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*next)(u32 id, u32 *next);
	int (*open)(u32 id);
} kinds[] = {
	[SKEP_PORT_PROG] = {"program", bpf_prog_get_next_id, bpf_prog_get_fd_by_id},
	[SKEP_PORT_MAP] = {"map", bpf_map_get_next_id, bpf_map_get_fd_by_id},
	[SKEP_PORT_LINK] = {"link", bpf_link_get_next_id, bpf_link_get_fd_by_id},
};

int skep_port_each(struct skep_cli *cli, enum skep_port_kind kind,
		   int (*f)(struct skep_cli *cli, int fd, void *arg), void *arg)
{
	u32 id = 0;

	while (kinds[kind].next(id, &id) == 0) {
		int fd = kinds[kind].open(id), err;

		if (fd < 0 && errno == ENOENT) /* it went meanwhile */
			continue;
		if (fd < 0 && user && errno == EINVAL) { /* one such file must not hide the others */
			SKEP_CLI_DIAG(cli, DAMAGED, kinds[kind].name, id);
			continue;
		}
		if (fd < 0)
			return skep_port_fail(cli,
					      skep_arena_printf(&cli->arena, "opening %s %u",
								kinds[kind].name, id),
					      errno);
		err = f(cli, fd, arg);
		close(fd);
		if (err)
			return err;
	}
	if (errno != ENOENT)
		return skep_port_fail(
			cli, skep_arena_printf(&cli->arena, "listing %ss", kinds[kind].name),
			errno);
	return 0;
}

struct wanted {
	enum skep_port_kind kind;
	const char *name, *tag;
	int fd;
	u32 n;
	bool bare; /* a word by itself: else a pin */
};

static bool fits(const struct wanted *w, int fd)
{
	union {
		struct bpf_prog_info prog;
		struct bpf_map_info map;
	} i;
	u32 len = sizeof(i);
	char tag[17];

	memset(&i, 0, sizeof(i));
	len = w->kind == SKEP_PORT_PROG ? sizeof(i.prog) : sizeof(i.map);
	if (bpf_obj_get_info_by_fd(fd, &i, &len))
		return false;
	if (w->name)
		return strncmp(w->kind == SKEP_PORT_PROG ? i.prog.name : i.map.name, w->name,
			       sizeof(i.prog.name) - 1) == 0;
	for (u32 k = 0; k < 8; k++)
		snprintf(tag + 2 * k, 3, "%02x", i.prog.tag[k]);
	return strcmp(tag, w->tag) == 0;
}

static int look(struct skep_cli *cli, int fd, void *arg)
{
	struct wanted *w = arg;

	if (!fits(w, fd))
		return 0;
	if (!w->n++)
		w->fd = dup(fd);
	return 0;
}

static int none(struct skep_cli *cli, enum skep_port_kind kind, const char *how, const char *what)
{
	SKEP_CLI_DIAG(cli, NO_OBJECT, kinds[kind].name, how, what, user ? "user" : "kernel");
	return SKEP_EXIT_NO;
}

static int by_id(struct skep_cli *cli, enum skep_port_kind kind, const char *text, int *fd)
{
	char *end;
	unsigned long id = strtoul(text, &end, 0);

	if (*end || !*text || id > UINT32_MAX) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, text, "id", "a number");
		return SKEP_EXIT_USAGE;
	}
	*fd = kinds[kind].open((u32)id);
	if (*fd >= 0)
		return 0;
	return errno == ENOENT ? none(cli, kind, "id", text)
			       : skep_port_fail(cli, "opening by id", errno);
}

/* Of which kind a descriptor is, its information tells: it has to fit. */
static bool is_kind(enum skep_port_kind kind, int fd)
{
	static const char *const word[] = {"prog_id", "map_id", "link_id"};
	char path[64], text[1024] = "";
	enum skep_sys_kind k;
	FILE *f;

	if (user) {
		k = skep_sys_fd_kind(fd);
		return k == (kind == SKEP_PORT_PROG  ? SKEP_SYS_PROG
			     : kind == SKEP_PORT_MAP ? SKEP_SYS_MAP
						     : SKEP_SYS_LINK);
	}
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		return true;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return strstr(text, word[kind]) != NULL || strncmp(text, "map_type", 8) == 0;
}

static int by_pin(struct skep_cli *cli, enum skep_port_kind kind, const char *name, int *fd)
{
	const char *path = skep_port_path(cli, name);

	*fd = bpf_obj_get(path);
	if (*fd < 0)
		return errno == ENOENT ? none(cli, kind, "path", path)
				       : skep_port_fail(cli, path, errno);
	if (is_kind(kind, *fd))
		return 0;
	return none(cli, kind, "path", path);
}

static int by_search(struct skep_cli *cli, struct wanted *w, int *fd)
{
	const char *what = w->name ? w->name : w->tag, *how = w->name ? "name" : "tag";
	int err = 0;

	if (w->kind != SKEP_PORT_LINK)
		err = skep_port_each(cli, w->kind, look, w);
	if (err)
		return err;
	if (!w->n && w->bare) {
		*fd = bpf_obj_get(skep_port_path(cli, what));
		if (*fd >= 0 && is_kind(w->kind, *fd))
			return 0;
	}
	if (!w->n)
		return none(cli, w->kind, how, what);
	*fd = w->fd;
	if (w->n == 1)
		return 0;
	SKEP_CLI_DIAG(cli, WHICH_OBJECT, w->n, kinds[w->kind].name, how, what);
	return SKEP_EXIT_USAGE;
}

static bool all_digits(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

int skep_port_find(struct skep_cli *cli, enum skep_port_kind kind, int argc, char **argv, int *at,
		   int *fd)
{
	struct wanted w = {.kind = kind, .fd = -1};
	const char *how = argv[*at], *what;

	*fd = -1;
	if (*at >= argc) {
		SKEP_CLI_DIAG(cli, FEW_ARGS, cli->cmd->name,
			      skep_arena_printf(&cli->arena, "%s ... id N|name NAME|pinned PATH",
						cli->cmd->name));
		return SKEP_EXIT_USAGE;
	}
	what = *at + 1 < argc ? argv[*at + 1] : NULL;
	if (!what || (strcmp(how, "id") != 0 && strcmp(how, "name") != 0 &&
		      strcmp(how, "tag") != 0 && strcmp(how, "pinned") != 0)) {
		*at += 1;
		if (all_digits(how))
			return by_id(cli, kind, how, fd);
		if (strchr(how, '/'))
			return by_pin(cli, kind, how, fd);
		w.name = how;
		w.bare = true;
		return by_search(cli, &w, fd);
	}
	*at += 2;
	if (*how == 'i')
		return by_id(cli, kind, what, fd);
	if (*how == 'p')
		return by_pin(cli, kind, what, fd);
	if (*how == 'n')
		w.name = what;
	else
		w.tag = what;
	return by_search(cli, &w, fd);
}

int skep_port_only(struct skep_cli *cli, enum skep_port_kind kind, int argc, char **argv, int *fd)
{
	int at = 0, err = skep_port_find(cli, kind, argc, argv, &at, fd);

	return !err && at < argc ? skep_port_extra(cli, argv[at]) : err;
}

/* --- pins
 * ----------------------------------------------------------------------------------------- */

const char *skep_port_path(struct skep_cli *cli, const char *name)
{
	return strchr(name, '/') ? name : skep_arena_printf(&cli->arena, ROOT "/%s", name);
}

/* The place in the file system: bpffs, or the store. */
static const char *place(struct skep_cli *cli, const char *path)
{
	char buf[768];

	return user && skep_sys_path(path, buf, sizeof(buf)) ? skep_arena_strdup(&cli->arena, buf)
							     : path;
}

/* The directories between /sys/fs/bpf and the name. */
static void make_parents(struct skep_cli *cli, const char *path)
{
	size_t n = strlen(ROOT);

	if (strncmp(path, ROOT "/", n + 1) != 0)
		return;
	for (const char *p = strchr(path + n + 1, '/'); p; p = strchr(p + 1, '/'))
		mkdir(place(cli, skep_arena_strndup(&cli->arena, path, (size_t)(p - path))), 0700);
}

int skep_port_pin_fd(struct skep_cli *cli, int fd, const char *path)
{
	int err;

	make_parents(cli, path);
	if (bpf_obj_pin(fd, path) == 0)
		return 0;
	err = skep_port_fail(cli, skep_arena_printf(&cli->arena, "pinning to %s", path), errno);
	if (strncmp(path, ROOT "/", strlen(ROOT "/")) != 0)
		skep_diag_hint(&cli->ds, "pins lie under " ROOT
			       "; a name without a slash is one there");
	return err;
}

int skep_port_pin(struct skep_cli *cli, enum skep_port_kind kind, int argc, char **argv)
{
	int fd, at = 0, err = skep_port_find(cli, kind, argc - 1, argv, &at, &fd);

	if (!err && at != argc - 1)
		return skep_port_extra(cli, argv[at]);
	return err ? err : skep_port_pin_fd(cli, fd, skep_port_path(cli, argv[argc - 1]));
}

int skep_port_unpin(struct skep_cli *cli, int argc, char **argv)
{
	const char *path = skep_port_path(cli, argv[0]);
	int fd = bpf_obj_get(path);

	/* Nothing else than a pin is removed. */
	if (fd < 0 || unlink(place(cli, path)))
		return skep_port_fail(cli, skep_arena_printf(&cli->arena, "unpinning %s", path),
				      errno);
	return 0;
}

/* --- types
 * ----------------------------------------------------------------------------------------- */

const struct skep_btf *skep_port_btf(struct skep_cli *cli, u32 id)
{
	struct bpf_btf_info i = {0};
	struct skep_btf *btf = NULL;
	struct skep_diags ds;
	u32 len = sizeof(i);
	int fd = id ? bpf_btf_get_fd_by_id(id) : -1;

	if (fd < 0)
		return NULL;
	skep_diags_init(&ds);
	if (bpf_obj_get_info_by_fd(fd, &i, &len) == 0 && i.btf_size) {
		u8 *p = skep_arena_alloc(&cli->arena, i.btf_size);
		u32 size = i.btf_size;

		memset(&i, 0, sizeof(i));
		i.btf = (u64)(uintptr_t)p;
		i.btf_size = size;
		len = sizeof(i);
		if (bpf_obj_get_info_by_fd(fd, &i, &len) ||
		    skep_btf_read(p, size, false, &cli->arena, &ds, &btf))
			btf = NULL;
	}
	skep_diags_fini(&ds);
	close(fd);
	return btf;
}
