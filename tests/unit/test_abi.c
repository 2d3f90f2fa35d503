/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables against the kernel's header that is installed, and section names. */
#include <linux/bpf.h>

#include "abi/abi.h"
#include "vmtest.h"

static void test_numbers(void **state)
{
	assert_int_equal(SKEP_FN_user_ringbuf_drain, BPF_FUNC_user_ringbuf_drain);
	assert_int_equal(SKEP_FN_map_lookup_elem, BPF_FUNC_map_lookup_elem);
	assert_int_equal(SKEP_MAP_USER_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF);
	assert_int_equal(SKEP_MAP_LPM_TRIE, BPF_MAP_TYPE_LPM_TRIE);
	assert_int_equal(SKEP_PROG_SYSCALL, BPF_PROG_TYPE_SYSCALL);
	assert_int_equal(SKEP_PROG_SK_MSG, BPF_PROG_TYPE_SK_MSG);
	assert_int_equal(SKEP_ATTACH_LSM_CGROUP, BPF_LSM_CGROUP);
	assert_int_equal(SKEP_ATTACH_XDP, BPF_XDP);
	assert_int_equal(SKEP_ATTACH_CGROUP_INET4_CONNECT, BPF_CGROUP_INET4_CONNECT);
}

static void check_field(u32 type, const char *name, size_t off, size_t size)
{
	const struct skep_prog_type *pt = skep_prog_type_find(type);

	for (u32 i = 0; i < pt->nctx; i++)
		if (!strcmp(pt->ctx[i].name, name)) {
			assert_int_equal(pt->ctx[i].off, off);
			assert_int_equal(pt->ctx[i].size, size);
			return;
		}
	fail_msg("%s has no %s", pt->name, name);
}
#define CHECK(type, str, field)                                                                    \
	check_field(SKEP_PROG_##type, #field, offsetof(struct str, field),                         \
		    sizeof(((struct str *)0)->field))

static void test_contexts(void **state)
{
	CHECK(XDP, xdp_md, data_meta);
	CHECK(XDP, xdp_md, egress_ifindex);
	CHECK(SCHED_CLS, __sk_buff, cb);
	CHECK(SCHED_CLS, __sk_buff, data_meta);
	CHECK(SCHED_CLS, __sk_buff, hwtstamp);
	CHECK(CGROUP_SOCK_ADDR, bpf_sock_addr, sk);
	CHECK(SOCK_OPS, bpf_sock_ops, skb_tcp_flags);
	CHECK(SK_MSG, sk_msg_md, data_end);
	CHECK(SK_LOOKUP, bpf_sk_lookup, ingress_ifindex);
	CHECK(CGROUP_SOCK, bpf_sock, rx_queue_mapping);
	assert_int_equal(skep_prog_type_find(SKEP_PROG_SOCK_OPS)->ctx_size,
			 sizeof(struct bpf_sock_ops));
	for (u32 t = 1; t < SKEP_PROG_NR; t++) {
		const struct skep_prog_type *pt = skep_prog_type_find(t);
		u32 end = 0;

		assert_int_equal(pt->id, t);
		assert_ptr_equal(skep_prog_type_named(pt->name, strlen(pt->name)), pt);
		for (u32 i = 0; i < pt->nctx; i++) {
			assert_true(pt->ctx[i].off >= end);
			end = pt->ctx[i].off + pt->ctx[i].size;
		}
		assert_true(end <= pt->ctx_size || !pt->nctx);
	}
}

static void test_writable(void **state)
{
	const struct skep_prog_type *tc = skep_prog_type_find(SKEP_PROG_SCHED_CLS);
	const struct skep_prog_type *filter = skep_prog_type_find(SKEP_PROG_SOCKET_FILTER);

	assert_true(skep_ctx_find(tc, 8, 4)->writable);
	assert_false(skep_ctx_find(filter, 8, 4)->writable);
	assert_true(skep_ctx_find(filter, 64, 4)->writable);
	assert_int_equal(skep_ctx_find(tc, 76, 4)->kind, SKEP_CTX_PKT);
	assert_null(skep_ctx_find(tc, 192, 4));
	assert_null(skep_ctx_find(tc, -4, 4));
}

static void test_helpers(void **state)
{
	for (u32 id = 1; id < skep_helper_count(); id++) {
		const struct skep_helper *h = skep_helper_find(id);

		assert_non_null(h);
		assert_int_equal(skep_helper_id(h->name, strlen(h->name)), id);
		for (u32 i = 0; i < 5; i++)
			if (h->arg[i] == SKEP_ARG_SIZE)
				assert_true(i && h->arg[i - 1] >= SKEP_ARG_MEM_RD &&
					    h->arg[i - 1] <= SKEP_ARG_MEM_RW);
	}
	assert_null(skep_helper_find(0));
	assert_null(skep_helper_find(-1));
	assert_null(skep_helper_find(1 << 20));
	assert_int_equal(skep_helper_reads(SKEP_FN_map_lookup_elem), 6);
	assert_int_equal(skep_helper_reads(9999), 0x3e);
	assert_true(skep_helper_find(SKEP_FN_xdp_adjust_head)->flags & SKEP_HF_PKT);
	assert_false(skep_helper_find(SKEP_FN_skb_load_bytes)->flags & SKEP_HF_PURE);
}

static void test_sections(void **state)
{
	static const struct {
		const char *name;
		u32 type, attach;
	} list[] = {
	    {"xdp", SKEP_PROG_XDP, SKEP_ATTACH_XDP},
	    {"xdp/filter", SKEP_PROG_XDP, SKEP_ATTACH_XDP},
	    {"xdp_filter", SKEP_PROG_XDP, SKEP_ATTACH_XDP},
	    {"xdp/devmap/x", SKEP_PROG_XDP, SKEP_ATTACH_XDP_DEVMAP},
	    {"?tc", SKEP_PROG_SCHED_CLS, 0},
	    {"tcx/egress", SKEP_PROG_SCHED_CLS, SKEP_ATTACH_TCX_EGRESS},
	    {"kprobe.multi/x", SKEP_PROG_KPROBE, SKEP_ATTACH_TRACE_KPROBE_MULTI},
	    {"cgroup/connect4", SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_CONNECT},
	    {"sk_skb/stream_parser", SKEP_PROG_SK_SKB, SKEP_ATTACH_SK_SKB_STREAM_PARSER},
	    {"fentry.s/do_it", SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_FENTRY},
	    {".text", 0, 0},
	    {"license", 0, 0},
	    {".maps", 0, 0},
	    {"fentryx", 0, 0},
	    {"", 0, 0},
	};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(list); i++) {
		u32 attach = 99;

		assert_int_equal(skep_section_prog_type(list[i].name, &attach), list[i].type);
		assert_int_equal(attach, list[i].attach);
	}
}

static void test_rules(void **state)
{
	struct skep_ret_range r;
	const struct skep_helper_type *h = skep_helper_type(SKEP_PROG_XDP, SKEP_FN_sk_lookup_tcp);

	assert_int_equal(h->ret.kind, SKEP_RT_SOCKET);
	assert_true(h->flags & SKEP_HT_ACQUIRE);
	h = skep_helper_type(SKEP_PROG_TRACING, SKEP_FN_sk_storage_get);
	assert_string_equal(h->arg[1].btf, "sock_common");
	h = skep_helper_type(SKEP_PROG_LSM, SKEP_FN_sock_from_file);
	assert_string_equal(h->arg[0].btf, "file");
	assert_string_equal(h->ret.btf, "socket");
	assert_null(skep_helper_type(SKEP_PROG_XDP, 0));
	assert_null(skep_helper_type(SKEP_PROG_XDP, 100000));
	for (s64 id = 1; id <= SKEP_FN_cgrp_storage_delete; id++) {
		h = skep_helper_type(SKEP_PROG_XDP, id);
		assert_non_null(h);
		for (u32 i = 0; i < 5; i++) {
			bool size = h->arg[i].kind == SKEP_AT_SIZE || h->arg[i].kind == SKEP_AT_SIZE0;

			/* a size follows memory, and memory is followed by a size */
			if (size)
				assert_true(i && h->arg[i - 1].kind == SKEP_AT_MEM);
			if (h->arg[i].kind == SKEP_AT_MEM)
				assert_true(i < 4 && (h->arg[i + 1].kind == SKEP_AT_SIZE ||
						      h->arg[i + 1].kind == SKEP_AT_SIZE0));
		}
	}
	assert_false(skep_helper_allowed(SKEP_PROG_XDP, 0, SKEP_FN_skb_load_bytes));
	assert_true(skep_helper_allowed(SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_CONNECT,
					SKEP_FN_bind));
	assert_false(skep_helper_allowed(SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_BIND,
					 SKEP_FN_bind));
	assert_true(skep_helper_map_ok(SKEP_PROG_XDP, 0, SKEP_FN_redirect_map, SKEP_MAP_XSKMAP));
	assert_false(skep_helper_map_ok(SKEP_PROG_XDP, 0, SKEP_FN_redirect_map, SKEP_MAP_HASH));
	assert_false(skep_return_range(SKEP_PROG_XDP, 0, NULL, false, &r));
	assert_true(skep_return_range(SKEP_PROG_LSM, SKEP_ATTACH_LSM_MAC, "file_open", false, &r));
	assert_int_equal(r.min, -4095);
	assert_true(r.word);
	assert_true(skep_license_gpl("Dual BSD/GPL"));
	assert_false(skep_license_gpl("BSD"));
	assert_false(skep_license_gpl(NULL));
	assert_true(skep_section_sleepable("lsm.s/file_open"));
	assert_true(skep_section_sleepable("?fentry.s/vfs_read"));
	assert_true(skep_section_sleepable("syscall"));
	assert_false(skep_section_sleepable("fentry/x.s"));
	assert_false(skep_section_sleepable("data.s"));
	assert_string_equal(skep_section_attach_to("fentry/vfs_read"), "vfs_read");
	assert_string_equal(skep_section_attach_to("?tp_btf/sched_switch"), "sched_switch");
	assert_null(skep_section_attach_to("xdp/devmap"));
	assert_null(skep_section_attach_to("kprobe"));
	assert_true(skep_prog_may_sleep(SKEP_PROG_LSM, SKEP_ATTACH_LSM_MAC, "bpf_lsm_file_open"));
	assert_false(skep_prog_may_sleep(SKEP_PROG_LSM, SKEP_ATTACH_LSM_MAC, "inode_permission"));
}

static void test_kfuncs(void **state)
{
	static const char *const names[] = {
#define KFUNC(name, progs, flags) #name,
#include "abi/kfunc.def"
	};
	const struct skep_kfunc *k;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(names); i++) {
		k = skep_kfunc_find(names[i]);
		assert_non_null(k);
		assert_string_equal(k->name, names[i]);
	}
	assert_null(skep_kfunc_find(""));
	assert_null(skep_kfunc_find("zzz"));
	k = skep_kfunc_find("bpf_task_acquire");
	assert_int_equal(k->flags, SKEP_KF_ACQUIRE | SKEP_KF_RET_NULL | SKEP_KF_RCU);
	assert_true(skep_kfunc_allowed(SKEP_PROG_TRACING, k));
	assert_true(skep_kfunc_allowed(SKEP_PROG_LSM, k));
	assert_false(skep_kfunc_allowed(SKEP_PROG_SOCKET_FILTER, k));
	assert_int_equal(skep_kfunc_suffix("buffer__szk"), SKEP_KS_CONST_SIZE);
	assert_int_equal(skep_kfunc_suffix("mem__sz"), SKEP_KS_SIZE);
	assert_int_equal(skep_kfunc_suffix("ptr__uninit"), SKEP_KS_UNINIT);
	assert_int_equal(skep_kfunc_suffix("sk"), 0);
	assert_int_equal(skep_karg_flags(SKEP_ATTACH_TRACE_ITER, "task", 1), SKEP_KAF_NULL);
	assert_int_equal(skep_karg_flags(SKEP_ATTACH_TRACE_RAW_TP, "task", 1), 0);
	assert_true(skep_helper_allowed_to(SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, "tcp", SKEP_FN_setsockopt));
	assert_false(
	    skep_helper_allowed_to(SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, "task", SKEP_FN_setsockopt));
	assert_false(skep_ops_member_ok("tcp_congestion_ops", "get_info"));
	assert_true(skep_ops_member_ok("tcp_congestion_ops", "init"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers),  cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_rules), cmocka_unit_test(test_kfuncs),
	    cmocka_unit_test(test_writable), cmocka_unit_test(test_helpers),
	    cmocka_unit_test(test_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
