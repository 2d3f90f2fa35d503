/* SPDX-License-Identifier: BSD-2-Clause */
/* An application attaches programs of section kprobe to a function of its own. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <skep.h>
#include <stdio.h>
#include <string.h>

__attribute__((noinline, noclone)) uint64_t on_request(uint64_t size);
uint64_t on_request(uint64_t size)
{
	return size * 2 + 1;
}
static uint64_t (*volatile request)(uint64_t) = on_request;
static int data;

static uint64_t sum(struct bpf_object *o, uint32_t key)
{
	uint64_t v = 0;

	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(o, "sums"), &key, &v);
	return v;
}

static int wrong(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return 1;
}

int main(int argc, char **argv)
{
	struct bpf_object *o = bpf_object__open(argv[1]);
	char why[128] = "";
	struct skep_attach_options opt = {.size = sizeof(opt), .on_return = 1, .cookie = 7, .why = why, .why_size = sizeof(why)};
	struct skep_attachment *in, *out;
	int entry, answer;

	if (!o || bpf_object__load(o))
		return wrong("the object cannot be loaded");
	entry = bpf_program__fd(bpf_object__find_program_by_name(o, "on_request"));
	answer = bpf_program__fd(bpf_object__find_program_by_name(o, "on_answer"));
	if (skep_attach(entry, (void *)on_request, NULL, &in) || skep_attach(answer, (void *)on_request, &opt, &out))
		return wrong(why);
	for (uint64_t k = 0; k < 1000; k++)
		if (request(k) != 2 * k + 1)
			return wrong("the function does something else");
	skep_detach(in);
	request(1);
	skep_detach(out);
	request(1);
	printf("%llu %llu %llu %d\n", (unsigned long long)sum(o, 0), (unsigned long long)sum(o, 1), (unsigned long long)sum(o, 2),
	       sum(o, 3) == 1001 * (uint64_t)on_request);
	if (skep_attach(entry, &data, &opt, &in) != -EINVAL || !strstr(why, "no code"))
		return wrong("data was probed");
	if (skep_attach(answer, dlsym(RTLD_DEFAULT, "_setjmp"), &opt, &in) != -EOPNOTSUPP || !strstr(why, "twice"))
		return wrong("the return of setjmp was probed");
	if (skep_attach(0, (void *)on_request, &opt, &in) >= 0 || !strstr(why, "no program"))
		return wrong("no program was attached");
	bpf_object__close(o);
	return 0;
}
