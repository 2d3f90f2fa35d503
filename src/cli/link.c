/* SPDX-License-Identifier: BSD-2-Clause */
/* skep link: where programs are attached. */
#include "cli/port.h"

#include "sys/sys.h"

#include <errno.h>
#include <limits.h>

/* linux/bpf.h of before 6.6 does not have it. */
enum { LINK_UPROBE_MULTI = 12 };

const struct skep_opt_def skep_opts_link[] = {SKEP_PORT_OPT, {0}};
const char skep_about_link[] =
	"Shows links, which keep programs attached, ends them, and pins them so that they outlive who made them.\n\n"
	"*skep link show* [*LINK*], *skep link create* *PROGRAM* *raw_tracepoint* *NAME* *PATH*, *skep link detach* *LINK*, *skep link pin* *LINK* *PATH*, *skep link unpin* *PATH*. A *LINK* "
	"is *id N* or *pinned PATH*; a number or a path by itself will do.\n\n"
	"In user space links are raw tracepoints of programs that embed libskep, probes of processes under skep exec, and "
	"structs of operations.";

static const char *const type_name[] = {"unspec",	"raw_tracepoint", "tracing",   "cgroup",
					"iter",		"netns",	  "xdp",       "perf_event",
					"kprobe_multi", "struct_ops",	  "netfilter", "tcx",
					"uprobe_multi", "netkit",	  "sockmap"};

/* Where it is: a tracepoint's name, a place of a file, how many of them, an interface; what it registers; or "". */
static const char *target(struct skep_cli *cli, int fd, u32 type)
{
	union {
		struct skep_sys_link_info i;
		struct bpf_link_info libs;
	} u = {0};
	struct skep_sys_link_info *i = &u.i;
	u32 len = sizeof(*i);
	char name[PATH_MAX] = "";
	u64 at = (u64)(uintptr_t)name;

	switch (type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		i->raw_tracepoint.tp_name = at;
		i->raw_tracepoint.tp_name_len = sizeof(name);
		break;
	case BPF_LINK_TYPE_PERF_EVENT:
		i->uprobe.file_name = at;
		i->uprobe.name_len = sizeof(name);
		break;
	case LINK_UPROBE_MULTI:
		i->multi.path = at;
		i->multi.path_size = sizeof(name);
		break;
	case BPF_LINK_TYPE_XDP:
	case BPF_LINK_TYPE_STRUCT_OPS: break;
	default: return "";
	}
	if (bpf_obj_get_info_by_fd(fd, &u.libs, &len))
		return "";
	if (type == BPF_LINK_TYPE_XDP)
		return skep_arena_printf(&cli->arena, "ifindex %u", i->xdp.ifindex);
	if (type == BPF_LINK_TYPE_STRUCT_OPS) /* a detached one has no map */
		return i->struct_ops.map_id ? skep_arena_printf(&cli->arena, "map %u", i->struct_ops.map_id) : "";
	if (type == LINK_UPROBE_MULTI)
		return skep_arena_printf(&cli->arena, "%s, %u places", name, i->multi.count);
	if (type == BPF_LINK_TYPE_PERF_EVENT) /* other events have no place in a file */
		return i->uprobe.type == 1 || i->uprobe.type == 2
			       ? skep_arena_printf(&cli->arena, "%s+0x%x", name, i->uprobe.offset)
			       : "";
	return skep_arena_strdup(&cli->arena, name);
}

static int show_one(struct skep_cli *cli, int fd, void *arg)
{
	struct bpf_link_info i = {0};
	struct skep_cols *t = arg;
	u32 len = sizeof(i);
	const char *type, *at;

	if (bpf_obj_get_info_by_fd(fd, &i, &len))
		return skep_port_fail(cli, "asking about a link", errno);
	type = i.type < SKEP_ARRAY_SIZE(type_name) ? type_name[i.type] : "unknown";
	at = target(cli, fd, i.type);
	if (cli->json) {
		skep_json_open(&cli->j, '{');
		skep_json_kint(&cli->j, "id", i.id);
		skep_json_kstr(&cli->j, "type", type);
		skep_json_kint(&cli->j, "prog_id", i.prog_id);
		skep_json_kstr(&cli->j, "target", at);
		skep_json_close(&cli->j, '}');
		return 0;
	}
	skep_cols_num(t, i.id);
	skep_cols_add(t, type);
	skep_cols_num(t, i.prog_id);
	skep_cols_add(t, skep_cli_name(cli, at));
	return 0;
}

static int show(struct skep_cli *cli, int argc, char **argv)
{
	struct skep_cols t;
	int fd, err;

	skep_cols_init(&t, cli, 4, 1 << 0 | 1 << 2);
	skep_cols_add(&t, "id");
	skep_cols_add(&t, "type");
	skep_cols_add(&t, "program");
	skep_cols_add(&t, "target");
	if (cli->json) {
		skep_json_key(&cli->j, "links");
		skep_json_open(&cli->j, '[');
	}
	if (argc) {
		err = skep_port_only(cli, SKEP_PORT_LINK, argc, argv, &fd);
		if (!err)
			err = show_one(cli, fd, &t);
	} else {
		err = skep_port_each(cli, SKEP_PORT_LINK, show_one, &t);
	}
	if (cli->json)
		skep_json_close(&cli->j, ']');
	else if (!err)
		skep_cols_print(&t, 0);
	return err;
}

/* The one place that both ports have. */
static int create(struct skep_cli *cli, int argc, char **argv)
{
	int prog, fd, at = 0, err = skep_port_find(cli, SKEP_PORT_PROG, argc - 3, argv, &at, &prog);

	if (err)
		return err;
	if (at != argc - 3)
		return skep_port_extra(cli, argv[at]);
	if (strcmp(argv[at], "raw_tracepoint") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, argv[at], "link create", "raw_tracepoint");
		return SKEP_EXIT_USAGE;
	}
	fd = bpf_raw_tracepoint_open(argv[at + 1], prog);
	if (fd < 0)
		return skep_port_fail(
			cli, skep_arena_printf(&cli->arena, "attaching to %s", argv[at + 1]),
			errno);
	return skep_port_pin_fd(cli, fd, skep_port_path(cli, argv[at + 2]));
}

static int detach(struct skep_cli *cli, int argc, char **argv)
{
	int fd, err = skep_port_only(cli, SKEP_PORT_LINK, argc, argv, &fd);

	if (!err && bpf_link_detach(fd))
		err = skep_port_fail(cli, "detaching", errno);
	return err;
}

static int pin(struct skep_cli *cli, int argc, char **argv)
{
	return skep_port_pin(cli, SKEP_PORT_LINK, argc, argv);
}

static const struct skep_sub subs[] = {
	{"show", "[LINK]", 0, 2, show},
	{"create", "PROGRAM raw_tracepoint NAME PATH", 4, 5, create},
	{"detach", "LINK", 1, 2, detach},
	{"pin", "LINK PATH", 2, 3, pin},
	{"unpin", "PATH", 1, 1, skep_port_unpin},
	{0},
};

int skep_cmd_link(struct skep_cli *cli, int argc, char **argv)
{
	return skep_port_sub(cli, subs, argc, argv);
}
