/* SPDX-License-Identifier: BSD-2-Clause */
/* For cppcheck alone, which reads no system header: the macros of libbpf that hide syntax. */
#define LIBBPF_OPTS(type, name, ...) struct type name = {.sz = sizeof(struct type), __VA_ARGS__}
#define bpf_object__for_each_program(p, o)                                                         \
	for ((p) = bpf_object__next_program(o, NULL); (p); (p) = bpf_object__next_program(o, p))
#define bpf_object__for_each_map(m, o)                                                             \
	for ((m) = bpf_object__next_map(o, NULL); (m); (m) = bpf_object__next_map(o, m))
