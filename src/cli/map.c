/* SPDX-License-Identifier: BSD-2-Clause */
/* skep map: maps of the port and their elements. */
#include "cli/port.h"
#include "cli/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

const struct skep_opt_def skep_opts_map[] = {
	SKEP_PORT_OPT,
	{"raw", 0, NULL, "bytes, also where types are known"},
	{0},
};
const char skep_about_map[] =
	"Creates maps in the port, shows them, and reads and writes their elements, as bpftool does. Where the map was loaded "
	"with types, keys and values are shown by them.\n\n"
	"*skep map show* [*MAP*], *skep map create* *PATH* *type T* *key N* *value N* *entries N* [*name NAME*] [*flags N*] [*inner_map MAP*], "
	"*skep map dump* *MAP*, *skep map lookup* *MAP* *key* *BYTES*, *skep map update* *MAP* *key* *BYTES* *value* *VALUE* "
	"[*any*|*noexist*|*exist*], *skep map delete* *MAP* *key* *BYTES*, *skep map getnext* *MAP* [*key* *BYTES*], "
	"*skep map freeze* *MAP*, *skep map pin* *MAP* *PATH*, *skep map unpin* *PATH*.\n\n"
	"A *MAP* is *id N*, *name NAME* or *pinned PATH*; a number, a name, a pin or a path by itself will do. *BYTES* are a word each, "
	"hexadecimal after the word *hex*; or one number, or an IPv4 address. A *VALUE* is *BYTES*, and for maps of programs or "
	"maps a reference such as *pinned PATH*. Of maps with a value for each processor, update writes the same to all.\n\n"
	"The exit status is 1 when there is no such map or element.";

struct open_map {
	int fd;
	struct bpf_map_info i;
	const struct skep_btf *btf; /* NULL: bytes are shown */
	u32 size;		    /* of a value as the port gives it */
	u32 ncpu;		    /* values of it, 1 when it is not per processor */
	u8 *key, *next, *value;
};

static bool per_cpu(u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static bool holds_objects(u32 type)
{
	return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static int ask(struct skep_cli *cli, int fd, struct open_map *m)
{
	u32 len = sizeof(m->i);
	int ncpu;

	memset(m, 0, sizeof(*m));
	m->fd = fd;
	if (bpf_obj_get_info_by_fd(fd, &m->i, &len))
		return skep_port_fail(cli, "asking about a map", errno);
	m->ncpu = 1;
	m->size = m->i.value_size;
	if (per_cpu(m->i.type)) {
		ncpu = libbpf_num_possible_cpus();
		if (ncpu < 1)
			return skep_port_fail(cli, "asking for the number of processors", ncpu);
		m->ncpu = (u32)ncpu;
		m->size = ((m->i.value_size + 7) & ~7u) * m->ncpu;
	}
	return 0;
}

/* The map that the words name, with memory for an element. */
static int open_map(struct skep_cli *cli, int argc, char **argv, int *at, struct open_map *m)
{
	int fd, err = skep_port_find(cli, SKEP_PORT_MAP, argc, argv, at, &fd);

	if (!err)
		err = ask(cli, fd, m);
	if (err)
		return err;
	m->key = skep_arena_calloc(&cli->arena, m->i.key_size + 1u, 1);
	m->next = skep_arena_calloc(&cli->arena, m->i.key_size + 1u, 1);
	m->value = skep_arena_calloc(&cli->arena, m->size + 1u, 1);
	if (!skep_cli_flag(cli, "raw") && (m->i.btf_key_type_id || m->i.btf_value_type_id))
		m->btf = skep_port_btf(cli, m->i.btf_id);
	return 0;
}

/* --- show
 * ------------------------------------------------------------------------------------------- */

static int show_one(struct skep_cli *cli, int fd, void *arg)
{
	struct skep_cols *t = arg;
	struct skep_json *j = &cli->j;
	struct open_map m;
	int err = ask(cli, fd, &m);

	if (err)
		return err;
	if (cli->json) {
		skep_json_open(j, '{');
		skep_json_kint(j, "id", m.i.id);
		skep_json_kstr(j, "type", skep_cli_map_type(cli, m.i.type));
		skep_json_kstr(j, "name", m.i.name);
		skep_json_kint(j, "key_size", m.i.key_size);
		skep_json_kint(j, "value_size", m.i.value_size);
		skep_json_kint(j, "max_entries", m.i.max_entries);
		skep_json_kint(j, "flags", m.i.map_flags);
		skep_json_kint(j, "btf_id", m.i.btf_id);
		skep_json_close(j, '}');
		return 0;
	}
	skep_cols_num(t, m.i.id);
	skep_cols_add(t, skep_cli_map_type(cli, m.i.type));
	skep_cols_add(t, skep_cli_name(cli, m.i.name));
	skep_cols_num(t, m.i.key_size);
	skep_cols_num(t, m.i.value_size);
	skep_cols_num(t, m.i.max_entries);
	skep_cols_add(t, skep_arena_printf(&cli->arena, "0x%x", m.i.map_flags));
	return 0;
}

static int show(struct skep_cli *cli, int argc, char **argv)
{
	static const char *const head[] = {"id",    "type",    "name", "key",
					   "value", "entries", "flags"};
	struct skep_cols t;
	int fd, err;

	skep_cols_init(&t, cli, SKEP_ARRAY_SIZE(head), 0x79);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(head); k++)
		skep_cols_add(&t, head[k]);
	if (cli->json) {
		skep_json_key(&cli->j, "maps");
		skep_json_open(&cli->j, '[');
	}
	if (argc) {
		err = skep_port_only(cli, SKEP_PORT_MAP, argc, argv, &fd);
		if (!err)
			err = show_one(cli, fd, &t);
	} else {
		err = skep_port_each(cli, SKEP_PORT_MAP, show_one, &t);
	}
	if (cli->json)
		skep_json_close(&cli->j, ']');
	else if (!err)
		skep_cols_print(&t, 0);
	return err;
}

/* --- create
 * ------------------------------------------------------------------------------------------- */

struct wish {
	u32 type;
	u64 key, value, entries, flags;
	const char *name;
};

static int wish_type(struct skep_cli *cli, const char *text, u32 *type)
{
	const struct skep_map_type *t;

	for (u32 id = 1; (t = skep_map_type_find(id)); id++)
		if (strcmp(t->name, text) == 0) {
			*type = id;
			return 0;
		}
	SKEP_CLI_DIAG(cli, BAD_VALUE, text, "type", "skep list maps shows the types");
	return SKEP_EXIT_USAGE;
}

static int wish_word(struct skep_cli *cli, const char *word, const char *text, struct wish *w)
{
	const struct {
		const char *name;
		u64 *to;
	} number[] = {{"key", &w->key},
		      {"value", &w->value},
		      {"entries", &w->entries},
		      {"flags", &w->flags}};
	char *end;

	if (strcmp(word, "type") == 0)
		return wish_type(cli, text, &w->type);
	if (strcmp(word, "name") == 0) {
		w->name = text;
		return 0;
	}
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(number); k++)
		if (strcmp(word, number[k].name) == 0) {
			*number[k].to = strtoull(text, &end, 0);
			if (!*end && *text && *number[k].to <= UINT32_MAX)
				return 0;
			SKEP_CLI_DIAG(cli, BAD_VALUE, text, word, "a number");
			return SKEP_EXIT_USAGE;
		}
	return skep_port_extra(cli, word);
}

static int create(struct skep_cli *cli, int argc, char **argv)
{
	LIBBPF_OPTS(bpf_map_create_opts, o);
	const struct skep_map_type *t;
	struct wish w = {0};
	int fd = -1, err = 0;

	for (int k = 1; k < argc && !err; k += 2) {
		if (k + 1 == argc) {
			SKEP_CLI_DIAG(cli, FEW_ARGS, "map create",
				      skep_arena_printf(&cli->arena, "map create ... %s VALUE", argv[k]));
			err = SKEP_EXIT_USAGE;
		} else if (strcmp(argv[k], "inner_map") == 0) {
			k++;
			err = skep_port_find(cli, SKEP_PORT_MAP, argc, argv, &k, &fd);
			k -= 2; /* the reference may be one word or two */
			o.inner_map_fd = err ? 0 : (u32)fd;
		} else {
			err = wish_word(cli, argv[k], argv[k + 1], &w);
		}
	}
	if (!err && !w.type) {
		SKEP_CLI_DIAG(cli, FEW_ARGS, "map create",
			      "map create PATH type T key N value N entries N");
		err = SKEP_EXIT_USAGE;
	}
	if (err)
		return err;
	o.map_flags = (u32)w.flags;
	fd = bpf_map_create((enum bpf_map_type)w.type, w.name, (u32)w.key, (u32)w.value,
			    (u32)w.entries, &o);
	if (fd >= 0)
		return skep_port_pin_fd(cli, fd, skep_port_path(cli, argv[0]));
	err = skep_port_fail(cli, "creating the map", errno);
	t = skep_map_type_find(w.type);
	if (err == SKEP_EXIT_INPUT && t && (t->flags & SKEP_MF_INNER) && !o.inner_map_fd)
		skep_diag_hint(&cli->ds, "inner_map MAP says what the maps in it are like");
	else if (err == SKEP_EXIT_INPUT && (!w.key || !w.value || !w.entries))
		skep_diag_hint(&cli->ds, "key, value and entries are 0 where they are not given");
	return err;
}

/* --- elements
 * -------------------------------------------------------------------------------------------- */

static void text_of(struct skep_cli *cli, const struct open_map *m, u32 type, const u8 *p, u32 n)
{
	if (m->btf && type)
		skep_value_text(&cli->out, m->btf, type, p, n);
	else
		for (u32 k = 0; k < n; k++)
			skep_buf_printf(&cli->out, "%s%02x", k ? " " : "", p[k]);
}

static const u8 *value_of(const struct open_map *m, u32 cpu)
{
	return m->value + (size_t)cpu * ((m->i.value_size + 7) & ~7u);
}

static void element_text(struct skep_cli *cli, const struct open_map *m, const u8 *key)
{
	skep_buf_puts(&cli->out, "key ");
	text_of(cli, m, m->i.btf_key_type_id, key, m->i.key_size);
	for (u32 k = 0; k < m->ncpu; k++) {
		if (m->ncpu > 1)
			skep_buf_printf(&cli->out, "\n    cpu %u", k);
		skep_buf_puts(&cli->out, " value ");
		text_of(cli, m, m->i.btf_value_type_id, value_of(m, k), m->i.value_size);
	}
	skep_buf_puts(&cli->out, "\n");
}

static void typed_json(struct skep_cli *cli, const struct open_map *m, const u8 *key)
{
	struct skep_json *j = &cli->j;

	skep_json_key(j, "typed");
	skep_json_open(j, '{');
	if (m->i.btf_key_type_id) {
		skep_json_key(j, "key");
		skep_value_json(j, m->btf, m->i.btf_key_type_id, key, m->i.key_size);
	}
	if (m->i.btf_value_type_id) {
		skep_json_key(j, "values");
		skep_json_open(j, '[');
		for (u32 k = 0; k < m->ncpu; k++)
			skep_value_json(j, m->btf, m->i.btf_value_type_id, value_of(m, k),
					m->i.value_size);
		skep_json_close(j, ']');
	}
	skep_json_close(j, '}');
}

static void element_json(struct skep_cli *cli, const struct open_map *m, const u8 *key)
{
	struct skep_json *j = &cli->j;
	struct skep_buf b = {0};

	skep_json_open(j, '{');
	skep_runs_json_hex(j, "key", key, m->i.key_size);
	skep_json_key(j, "values");
	skep_json_open(j, '[');
	for (u32 k = 0; k < m->ncpu; k++) {
		b.n = 0;
		for (u32 i = 0; i < m->i.value_size; i++)
			skep_buf_printf(&b, "%02x", value_of(m, k)[i]);
		skep_json_strn(j, b.p ? b.p : "", b.n);
	}
	skep_json_close(j, ']');
	skep_buf_fini(&b);
	if (m->btf)
		typed_json(cli, m, key);
	skep_json_close(j, '}');
}

static void element(struct skep_cli *cli, const struct open_map *m, const u8 *key)
{
	if (cli->json)
		element_json(cli, m, key);
	else
		element_text(cli, m, key);
}

static void open_list(struct skep_cli *cli)
{
	if (cli->json) {
		skep_json_key(&cli->j, "elements");
		skep_json_open(&cli->j, '[');
	}
}

static void close_list(struct skep_cli *cli)
{
	if (cli->json)
		skep_json_close(&cli->j, ']');
}

static int dump(struct skep_cli *cli, int argc, char **argv)
{
	struct open_map m;
	int at = 0, err = open_map(cli, argc, argv, &at, &m);
	u32 n = 0;

	if (!err && at < argc)
		err = skep_port_extra(cli, argv[at]);
	if (err)
		return err;
	if (!m.i.key_size) {
		SKEP_CLI_DIAG(cli, PORT, "reading the map", "it has no keys to go through");
		skep_diag_hint(&cli->ds, "skep map lookup shows the element that comes next");
		return SKEP_EXIT_INPUT;
	}
	open_list(cli);
	/* A map may change meanwhile, so an end is set. */
	for (err = bpf_map_get_next_key(m.fd, NULL, m.next); !err && n <= m.i.max_entries + 1024;
	     n++) {
		memcpy(m.key, m.next, m.i.key_size);
		if (bpf_map_lookup_elem(m.fd, m.key, m.value) == 0)
			element(cli, &m, m.key);
		err = bpf_map_get_next_key(m.fd, m.key, m.next);
	}
	close_list(cli);
	return err && errno != ENOENT ? skep_port_fail(cli, "reading the map", errno) : 0;
}

static bool word(int argc, char **argv, int *at, const char *text)
{
	if (*at >= argc || strcmp(argv[*at], text) != 0)
		return false;
	++*at;
	return true;
}

static int missing(struct skep_cli *cli, const char *what)
{
	SKEP_CLI_DIAG(cli, FEW_ARGS, skep_arena_printf(&cli->arena, "%s", cli->cmd->name),
		      skep_arena_printf(&cli->arena, "%s ... %s", cli->cmd->name, what));
	return SKEP_EXIT_USAGE;
}

/* The map and the key; *at is behind them. Queues and stacks have no keys. */
static int open_key(struct skep_cli *cli, int argc, char **argv, int *at, struct open_map *m)
{
	int err = open_map(cli, argc, argv, at, m);

	if (err || !m->i.key_size)
		return err;
	if (!word(argc, argv, at, "key"))
		return missing(cli, "key BYTES");
	return skep_value_parse(cli, argc, argv, at, "key", m->key, m->i.key_size);
}

static int lookup(struct skep_cli *cli, int argc, char **argv)
{
	struct open_map m;
	int at = 0, err = open_key(cli, argc, argv, &at, &m);

	if (!err && at < argc)
		err = skep_port_extra(cli, argv[at]);
	if (err)
		return err;
	if (bpf_map_lookup_elem(m.fd, m.i.key_size ? m.key : NULL, m.value))
		return skep_port_fail(cli, "looking up the key", errno);
	open_list(cli);
	element(cli, &m, m.key);
	close_list(cli);
	return 0;
}

/* A value for each processor, all the same; a descriptor for what maps hold. */
static int parse_value(struct skep_cli *cli, int argc, char **argv, int *at, struct open_map *m)
{
	u32 stride = (m->i.value_size + 7) & ~7u;
	int fd, err;

	if (holds_objects(m->i.type)) {
		err = skep_port_find(
			cli, m->i.type == BPF_MAP_TYPE_PROG_ARRAY ? SKEP_PORT_PROG : SKEP_PORT_MAP,
			argc, argv, at, &fd);
		memcpy(m->value, &fd, sizeof(fd));
		return err;
	}
	err = skep_value_parse(cli, argc, argv, at, "value", m->value, m->i.value_size);
	for (u32 k = 1; k < m->ncpu; k++)
		memcpy(m->value + (size_t)k * stride, m->value, m->i.value_size);
	return err;
}

static int update(struct skep_cli *cli, int argc, char **argv)
{
	static const char *const how[] = {"any", "noexist", "exist"};
	struct open_map m;
	int at = 0, err = open_key(cli, argc, argv, &at, &m);
	u64 flags = BPF_ANY;

	if (!err && !word(argc, argv, &at, "value"))
		return missing(cli, "value VALUE");
	if (!err)
		err = parse_value(cli, argc, argv, &at, &m);
	for (u32 k = 0; !err && k < SKEP_ARRAY_SIZE(how); k++)
		if (word(argc, argv, &at, how[k]))
			flags = k;
	if (!err && at < argc)
		err = skep_port_extra(cli, argv[at]);
	if (!err && bpf_map_update_elem(m.fd, m.i.key_size ? m.key : NULL, m.value, flags))
		err = skep_port_fail(cli, "updating the element", errno);
	return err;
}

static int delete (struct skep_cli *cli, int argc, char **argv)
{
	struct open_map m;
	int at = 0, err = open_key(cli, argc, argv, &at, &m);

	if (!err && at < argc)
		err = skep_port_extra(cli, argv[at]);
	if (!err && bpf_map_delete_elem(m.fd, m.key))
		err = skep_port_fail(cli, "deleting the element", errno);
	return err;
}

static int getnext(struct skep_cli *cli, int argc, char **argv)
{
	struct open_map m;
	int at = 0, err = open_map(cli, argc, argv, &at, &m);
	bool first;

	if (err)
		return err;
	first = !word(argc, argv, &at, "key");
	if (!first)
		err = skep_value_parse(cli, argc, argv, &at, "key", m.key, m.i.key_size);
	if (!err && at < argc)
		err = skep_port_extra(cli, argv[at]);
	if (!err && bpf_map_get_next_key(m.fd, first ? NULL : m.key, m.next))
		err = skep_port_fail(cli, "looking for the next key", errno);
	if (err)
		return err;
	if (cli->json) {
		skep_runs_json_hex(&cli->j, "next", m.next, m.i.key_size);
	} else {
		skep_buf_puts(&cli->out, "next ");
		text_of(cli, &m, m.i.btf_key_type_id, m.next, m.i.key_size);
		skep_buf_puts(&cli->out, "\n");
	}
	return 0;
}

static int freeze(struct skep_cli *cli, int argc, char **argv)
{
	int fd, err = skep_port_only(cli, SKEP_PORT_MAP, argc, argv, &fd);

	if (!err && bpf_map_freeze(fd))
		err = skep_port_fail(cli, "freezing the map", errno);
	return err;
}

static int pin(struct skep_cli *cli, int argc, char **argv)
{
	return skep_port_pin(cli, SKEP_PORT_MAP, argc, argv);
}

static const struct skep_sub subs[] = {
	{"show", "[MAP]", 0, 2, show},
	{"create", "PATH type T key N value N entries N [name NAME] [flags N] [inner_map MAP]", 5, -1, create},
	{"dump", "MAP", 1, 2, dump},
	{"lookup", "MAP key BYTES", 1, -1, lookup},
	{"update", "MAP key BYTES value VALUE [any|noexist|exist]", 3, -1, update},
	{"delete", "MAP key BYTES", 3, -1, delete},
	{"getnext", "MAP [key BYTES]", 1, -1, getnext},
	{"freeze", "MAP", 1, 2, freeze},
	{"pin", "MAP PATH", 2, 3, pin},
	{"unpin", "PATH", 1, 1, skep_port_unpin},
	{0},
};

int skep_cmd_map(struct skep_cli *cli, int argc, char **argv)
{
	return skep_port_sub(cli, subs, argc, argv);
}
