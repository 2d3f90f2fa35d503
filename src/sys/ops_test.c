/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test runs of struct_ops: as in a kernel, only bpf_dummy_ops has them. The context is the member's
 * arguments, of which the first is the address of a state in the caller's memory.
 */
#include "sys/ops.h"

#include <stdio.h>

enum { ARGS_MAX = 12 };

struct dummy_state {
	s32 val;
};

/* Its stub's parameter says whether the state may be missing. */
static bool may_be_null(const struct sprog *p)
{
	static const char mark[] = "__nullable";
	struct skep_btf_type f, proto;
	struct skep_btf_member m;
	char stub[160];
	size_t n;

	snprintf(stub, sizeof(stub), "%s__%s", p->ops_type, p->ops_member);
	if (!skep_btf_get(p->kernel, skep_btf_find(p->kernel, SKEP_BTF_FUNC, stub), &f) ||
	    !skep_btf_get(p->kernel, f.ref, &proto) || !proto.vlen ||
	    !skep_btf_member(p->kernel, &proto, 0, &m))
		return false;
	n = strlen(m.name);
	return n >= sizeof(mark) - 1 && strcmp(m.name + n - (sizeof(mark) - 1), mark) == 0;
}

int sys_ops_test_run(union bpf_attr *attr, const struct sprog *p)
{
	struct skep_btf_type t, proto;
	struct skep_btf_member m;
	struct dummy_state state;
	u64 arg[ARGS_MAX] = {0}, user, ret;
	int err;

	if (strcmp(p->ops_type, "bpf_dummy_ops") != 0)
		return -EOPNOTSUPP;
	if (!skep_btf_get(p->kernel, p->d.attach_btf, &t) ||
	    !skep_btf_member(p->kernel, &t, p->d.attach_type, &m) ||
	    !sys_ops_function(p->kernel, m.type, &proto) || proto.vlen > ARGS_MAX)
		return -EINVAL;
	if (attr->test.ctx_size_in != proto.vlen * sizeof(*arg))
		return -EINVAL;
	err = sys_user_read(arg, attr->test.ctx_in, attr->test.ctx_size_in);
	user = arg[0];
	if (!err && user)
		err = sys_user_read(&state, user, sizeof(state));
	if (!err && !user && !may_be_null(p))
		err = -EINVAL;
	if (err)
		return err;
	arg[0] = user ? (u64)(uintptr_t)&state : 0;
	err = sys_prog_run_once(p, arg, 0, &ret);
	if (!err && user)
		err = sys_user_write(user, &state, sizeof(state));
	if (!err)
		attr->test.retval = (u32)ret;
	return err;
}
