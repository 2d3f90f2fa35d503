/* SPDX-License-Identifier: BSD-2-Clause */
/* A program whose declaration alone names a function that belongs to it: it gets what is thrown. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_throw(__u64 cookie) __ksym;

__noinline int caught(__u64 cookie)
{
	return cookie == 7;
}

SEC("tc")
__attribute__((btf_decl_tag("exception_callback:caught"))) int thrower(void *ctx)
{
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(64);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
