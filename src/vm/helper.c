/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which function runs a helper id; helpers that ask who and when; and two kinds
 * of stand-ins driven by abi's table: effects on the outside are noted as
 * events, questions to the outside fail.
 */
#include <errno.h>

#include "vm/vm_impl.h"

static int h_clock(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = vm->time;
	vm->time += vm->in->time_step;
	return 0;
}

static int h_jiffies(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = vm->time / 4000000;
	return 0;
}

static int h_prandom(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = vm->nrandom < vm->in->nrandom ? vm->in->random[vm->nrandom++]
					    : (u32)skep_rng_next(&vm->rng);
	return 0;
}

static int h_cpu(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = vm->in->cpu;
	return 0;
}

static int h_pid(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = vm->helper == SKEP_FN_get_current_pid_tgid ? vm->in->pid_tgid : vm->in->uid_gid;
	return 0;
}

static int h_comm(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const char *comm = vm->in->comm ? vm->in->comm : "skep";
	u32 size = (u32)a[1];
	u8 *dst = skep_vm_mem_or_trap(vm, a[0], size, ACC_W);

	if (!dst)
		return -1;
	*r0 = size ? 0 : ERRNO(EINVAL);
	if (size) {
		memset(dst, 0, size);
		memcpy(dst, comm, SKEP_MIN(strlen(comm), (size_t)size - 1));
	}
	return 0;
}

/* Answers that are the same for everybody. */
static const struct {
	u16 id;
	u64 value;
} constants[] = {
    {SKEP_FN_get_numa_node_id, 0},
    /* A kernel address that nothing can read. */
    {SKEP_FN_get_current_task, 0xffff888000010000},
    {SKEP_FN_get_current_task_btf, 0xffff888000010000},
    {SKEP_FN_get_current_cgroup_id, 1},
    {SKEP_FN_get_current_ancestor_cgroup_id, 0},
    {SKEP_FN_skb_cgroup_id, 1},
    {SKEP_FN_skb_ancestor_cgroup_id, 0},
    {SKEP_FN_sk_ancestor_cgroup_id, 0},
    {SKEP_FN_sk_cgroup_id, 1},
    {SKEP_FN_get_cgroup_classid, 0},
    {SKEP_FN_skb_cgroup_classid, 0},
    {SKEP_FN_get_route_realm, 0},
    {SKEP_FN_get_socket_cookie, 1},
    {SKEP_FN_get_netns_cookie, 1},
    {SKEP_FN_get_socket_uid, 65534},
    {SKEP_FN_get_func_ip, 0xffffffff81000000},
    {SKEP_FN_get_attach_cookie, 0},
    {SKEP_FN_get_func_arg_cnt, 0},
    {SKEP_FN_get_retval, 0},
    {SKEP_FN_perf_event_read, 0},
    {SKEP_FN_skb_under_cgroup, 0},
    {SKEP_FN_current_task_under_cgroup, 0},
    {SKEP_FN_skb_ecn_set_ce, 0},
};

static int h_constant(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = 0;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(constants); i++)
		if (constants[i].id == vm->helper)
			*r0 = constants[i].value;
	return 0;
}

static int h_lock(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = 0;
	return skep_vm_mem_or_trap(vm, a[0], 4, ACC_R | ACC_W) ? 0 : -1;
}

/* --- stand-ins ------------------------------------------------------------------- */

/* Bytes of argument i of a helper that follows abi's table. */
static u32 arg_size(const struct skep_helper *h, const u64 *a, u32 i)
{
	switch (h->arg[i]) {
	case SKEP_ARG_MEM_RD:
	case SKEP_ARG_MEM_WR:
	case SKEP_ARG_MEM_RW: return i < 4 ? (u32)a[i + 1] : 0;
	case SKEP_ARG_FIX_RD:
	case SKEP_ARG_FIX_WR:
	case SKEP_ARG_FIX_RW: return h->fixed;
	default: return 0;
	}
}

static bool is_wr(u8 kind)
{
	return kind == SKEP_ARG_MEM_WR || kind == SKEP_ARG_FIX_WR;
}

/* Succeeds, with an event that holds the digest of its numbers and of the memory that it reads. */
static int h_noted(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const struct skep_helper *h = skep_helper_find(vm->helper);
	struct vmap *m = NULL;
	u64 digest = 0;
	u32 index;

	for (u32 i = 0; i < 5; i++) {
		u32 n = h->arg[i] == SKEP_ARG_KEY && m ? m->def.key_size : arg_size(h, a, i);
		const u8 *p = n ? skep_vm_mem_or_trap(vm, a[i], n, ACC_R) : NULL;

		if (n && !p)
			return -1;
		if (h->arg[i] == SKEP_ARG_MAP)
			m = skep_vm_map_of_guest(vm, a[i], &index);
		if (n)
			digest = skep_hash(p, n, digest + 1);
		else if (h->arg[i] == SKEP_ARG_ANY || h->arg[i] == SKEP_ARG_MAP)
			digest = skep_hash(&a[i], 8, digest + 1);
	}
	*r0 = 0;
	if (!skep_vm_note_event(vm, SKEP_EV_OTHER, 0, (u64)vm->helper, digest, NULL, 0))
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	return 0;
}

static int h_noted_pass(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	int err = h_noted(vm, a, r0);

	*r0 = 1; /* SK_PASS */
	return err;
}

/* Fails with EINVAL; what it would write is zero. */
static int h_fails(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const struct skep_helper *h = skep_helper_find(vm->helper);

	for (u32 i = 0; i < 5; i++) {
		u32 n = is_wr(h->arg[i]) ? arg_size(h, a, i) : 0;
		u8 *p = n ? skep_vm_mem_or_trap(vm, a[i], n, ACC_W) : NULL;

		if (n && !p)
			return -1;
		if (n)
			memset(p, 0, n);
	}
	*r0 = ERRNO(EINVAL);
	return 0;
}

const struct vm_helper_row skep_vm_helpers_misc[] = {
    {SKEP_FN_ktime_get_ns, h_clock},
    {SKEP_FN_ktime_get_boot_ns, h_clock},
    {SKEP_FN_ktime_get_coarse_ns, h_clock},
    {SKEP_FN_ktime_get_tai_ns, h_clock},
    {SKEP_FN_jiffies64, h_jiffies},
    {SKEP_FN_get_prandom_u32, h_prandom},
    {SKEP_FN_get_smp_processor_id, h_cpu},
    {SKEP_FN_get_current_pid_tgid, h_pid},
    {SKEP_FN_get_current_uid_gid, h_pid},
    {SKEP_FN_get_current_comm, h_comm},
    {SKEP_FN_spin_lock, h_lock},
    {SKEP_FN_spin_unlock, h_lock},
    {SKEP_FN_sk_redirect_map, h_noted_pass},
    {SKEP_FN_msg_redirect_map, h_noted_pass},
    {SKEP_FN_sk_assign, h_noted},
    {SKEP_FN_skb_set_tunnel_key, h_noted},
    {SKEP_FN_skb_set_tunnel_opt, h_noted},
    {SKEP_FN_setsockopt, h_noted},
    {SKEP_FN_bind, h_noted},
    {SKEP_FN_sock_ops_cb_flags_set, h_noted},
    {SKEP_FN_msg_apply_bytes, h_noted},
    {SKEP_FN_msg_cork_bytes, h_noted},
    {SKEP_FN_skb_set_tstamp, h_noted},
    {SKEP_FN_send_signal, h_noted},
    {SKEP_FN_send_signal_thread, h_noted},
    {SKEP_FN_override_return, h_noted},
    {SKEP_FN_set_retval, h_noted},
    {SKEP_FN_probe_write_user, h_noted},
    {SKEP_FN_reserve_hdr_opt, h_noted},
    {SKEP_FN_store_hdr_opt, h_noted},
    {SKEP_FN_rc_keydown, h_noted},
    {SKEP_FN_rc_repeat, h_noted},
    {SKEP_FN_skb_get_tunnel_key, h_fails},
    {SKEP_FN_skb_get_tunnel_opt, h_fails},
    {SKEP_FN_skb_get_xfrm_state, h_fails},
    {SKEP_FN_getsockopt, h_fails},
    {SKEP_FN_get_stack, h_fails},
    {SKEP_FN_perf_event_read_value, h_fails},
    {SKEP_FN_perf_prog_read_value, h_fails},
    {SKEP_FN_get_ns_current_pid_tgid, h_fails},
    {SKEP_FN_get_func_arg, h_fails},
    {SKEP_FN_get_func_ret, h_fails},
    {SKEP_FN_sysctl_get_current_value, h_fails},
    {SKEP_FN_sysctl_get_new_value, h_fails},
    {SKEP_FN_seq_printf, h_noted},
    {SKEP_FN_seq_write, h_noted},
    {SKEP_FN_skb_output, h_noted},
    {SKEP_FN_xdp_output, h_noted},
    {SKEP_FN_sk_select_reuseport, h_noted},
    {SKEP_FN_sk_redirect_hash, h_noted_pass},
    {SKEP_FN_msg_redirect_hash, h_noted_pass},
    {SKEP_FN_tcp_gen_syncookie, h_fails},
    {SKEP_FN_tcp_check_syncookie, h_fails},
    {SKEP_FN_get_task_stack, h_fails},
    {SKEP_FN_load_hdr_opt, h_fails},
    {SKEP_FN_snprintf_btf, h_fails},
    {SKEP_FN_d_path, h_fails},
    {SKEP_FN_read_branch_records, h_fails},
    {SKEP_FN_get_branch_snapshot, h_fails},
    {SKEP_FN_ima_inode_hash, h_fails},
    {SKEP_FN_ima_file_hash, h_fails},
    {SKEP_FN_find_vma, h_fails},
    {0, NULL},
};

/* --- lookup ---------------------------------------------------------------------------- */

static vm_helper find_in(const struct vm_helper_row *row, s64 id)
{
	for (; row->id; row++)
		if (row->id == id)
			return row->fn;
	return NULL;
}

vm_helper skep_vm_helper_find(s64 id)
{
	static const struct vm_helper_row *const tables[] = {
	    skep_vm_helpers_map, skep_vm_helpers_mem, skep_vm_helpers_skb, skep_vm_helpers_net, skep_vm_helpers_misc};
	vm_helper fn = NULL;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(tables) && !fn; i++)
		fn = find_in(tables[i], id);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(constants) && !fn; i++)
		if (constants[i].id == id)
			fn = h_constant;
	return fn;
}

bool skep_vm_helper_known(s64 id)
{
	return skep_vm_helper_find(id);
}
