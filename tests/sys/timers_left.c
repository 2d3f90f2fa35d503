/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects with timers, closed one after the other while timers run, wait or were never started
 * again: timers end with the last who has their map, and keep neither it nor the program. Uses
 * timer.bpf.c.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OBJECTS = 60, MAPS = 200, MOST = 100 };

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static int mapped(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[1024];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "/bpf-map/") || strstr(line, "/bpf-prog/");
	if (f)
		fclose(f);
	return n;
}

static int run(const struct bpf_object *obj, const char *name)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in));
	struct bpf_program *p = bpf_object__find_program_by_name(obj, name);

	return !p || bpf_prog_test_run_opts(bpf_program__fd(p), &o) || o.retval;
}

static int use(const char *path)
{
	struct bpf_object *obj = bpf_object__open(path);
	int err = !obj || bpf_object__load(obj) || run(obj, "setup") || run(obj, "elements");

	bpf_object__close(obj);
	return err;
}

int main(int argc, char **argv)
{
	int bad = 0, most;

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	for (int k = 0; k < OBJECTS; k++)
		bad += use(argv[1]);
	usleep(50000); /* callbacks that are under way */
	for (int k = 0; k < MAPS; k++)
		close(bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4, 1, NULL));
	most = mapped();
	if (bad || most > MOST)
		printf("%d of %d objects did not work, %d mappings are left\n", bad, OBJECTS, most);
	else
		printf("%d objects with timers, few mappings are left\n", OBJECTS);
	return bad || most > MOST;
}
