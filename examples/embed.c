/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application with eBPF inside: it loads an object with libbpf, attaches its program to an
 * event of its own, raises the event, and reads the map. Nobody needs privileges.
 *
 *	clang -O2 -g -target bpf -c embed.bpf.c
 *	cc embed.c $(pkg-config --cflags --libs skep) -lbpf -o embed && skep exec -- ./embed embed.bpf.o
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <skep.h>
#include <stdio.h>

/* What the application does; a request has a size. */
static void handle_request(uint64_t size)
{
	skep_raise("request", &size, 1);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = bpf_object__open(argc > 1 ? argv[1] : "embed.bpf.o");
	struct bpf_program *prog = obj ? bpf_object__next_program(obj, NULL) : NULL;
	struct bpf_link *link = prog && !bpf_object__load(obj) ? bpf_program__attach(prog) : NULL;
	uint64_t bytes = 0;
	uint32_t zero = 0;

	if (!link) {
		fprintf(stderr, "the program cannot be loaded and attached\n");
		return 1;
	}
	for (uint64_t size = 1; size <= 100; size++)
		handle_request(size);
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(obj, "total"), &zero, &bytes);
	printf("100 requests, %llu bytes\n", (unsigned long long)bytes);
	bpf_link__destroy(link);
	bpf_object__close(obj);
	return bytes != 5050;
}
