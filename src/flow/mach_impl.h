/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the machine's files. */
#ifndef SKEP_FLOW_MACH_IMPL_H
#define SKEP_FLOW_MACH_IMPL_H

#include "flow/flow.h"
#include "flow/machine.h"

#define SKEP_VNONE UINT32_MAX

/* Report a broken rule; returns a negative number to hand on. `regs`: a mask of those that matter.
 */
int skep_fault(struct skep_mach *m, const struct skep_vstate *st, u32 rule, u16 regs,
	       const char *fmt, ...) SKEP_PRINTF(5, 6);
#define REG(n) ((u16)(1u << (n)))

/* --- origins of numbers (mach_node.c) --- */
void skep_nodes_init(struct skep_mach *m);
u32 skep_node_new(struct skep_mach *m, u32 a, u32 b);
/* Of what a legacy load gives, and differences of pointers: see skep_vstate_fall_back(). */
u32 skep_node_untraced(struct skep_mach *m);
/* The origin of what was made from two. */
u32 skep_node_join(struct skep_mach *m, u32 a, u32 b);
/* The number mattered: mark it and all that it was made from. */
void skep_node_precise(struct skep_mach *m, u32 node);
void skep_node_edge(struct skep_mach *m, u32 to, u32 from);

/* --- registers (mach_state.c) --- */
/* A state with one frame, at the start of a function. */
struct skep_vstate *skep_vstate_new(struct skep_mach *m, u32 func);
struct skep_vreg *skep_vreg(struct skep_vstate *st, u32 n);
void skep_vreg_num(struct skep_vreg *r, struct skep_range range, u32 def);
void skep_vreg_unknown(struct skep_vreg *r, u32 def);
void skep_vreg_const(struct skep_vreg *r, u64 v, u32 def);
void skep_vreg_pointer(struct skep_vreg *r, u8 type, u32 def);
static inline bool skep_vreg_is_ptr(const struct skep_vreg *r)
{
	return r->type > SKEP_VT_NUM;
}
static inline bool skep_vreg_is_pkt(const struct skep_vreg *r)
{
	return r->type == SKEP_VT_PKT || r->type == SKEP_VT_META;
}
static inline bool skep_vreg_is_const(const struct skep_vreg *r)
{
	return r->type == SKEP_VT_NUM && skep_range_is_const(&r->r);
}
/* Is the variable part of the pointer's offset the constant zero? */
static inline bool skep_vreg_fixed(const struct skep_vreg *r)
{
	return skep_range_is_const(&r->r) && r->r.bits.value == 0;
}
static inline bool skep_vreg_is_zero(const struct skep_vreg *r)
{
	return skep_vreg_is_const(r) && r->r.bits.value == 0;
}
/* A byte of an object that only helpers touch. */
static inline bool skep_vbyte_special(u8 b)
{
	return b == SKEP_VB_DYNPTR || b == SKEP_VB_ITER || b == SKEP_VB_IRQ;
}
/* The slot in which the byte at r10 + off lies. */
static inline u32 skep_slot_of(s64 off)
{
	return (u32)((-off - 1) / 8);
}
const char *skep_vreg_what(const struct skep_vreg *r);
/* Calls fn for every register and every stored register of the state. */
#define FOR_EACH_VREG(st, r, ...)                                                                  \
	do {                                                                                       \
		for (u32 f_ = 0; f_ < (st)->nframe; f_++) {                                        \
			struct skep_vframe *fr_ = (st)->frame[f_];                                 \
			for (u32 k_ = 0; k_ < 10; k_++) {                                          \
				struct skep_vreg *r = &fr_->reg[k_];                               \
				__VA_ARGS__                                                        \
			}                                                                          \
			for (u32 k_ = 0; k_ < fr_->nslot; k_++) {                                  \
				struct skep_vreg *r = fr_->slot[k_].reg;                           \
				if (fr_->slot[k_].byte[0] == SKEP_VB_SPILL) {                      \
					__VA_ARGS__                                                \
				}                                                                  \
			}                                                                          \
		}                                                                                  \
	} while (0)

/* The register is read by the current instruction: it must hold something. */
int skep_mach_use(struct skep_mach *m, struct skep_vstate *st, u32 reg);
/* The number in it mattered. */
void skep_mach_precise(struct skep_mach *m, const struct skep_vreg *r);
/* Is it the number zero where a pointer may be NULL? Then that it is zero mattered. */
bool skep_mach_null(struct skep_mach *m, const struct skep_vreg *r);
/* A new frame on top, for `func` called at instruction `call`; and the newest one gone. */
struct skep_vframe *skep_vframe_push(struct skep_mach *m, struct skep_vstate *st, u32 func,
				     u32 call);
void skep_vframe_pop(struct skep_mach *m, struct skep_vstate *st);
/* Room for the register that a slot holds. */
struct skep_vreg *skep_vslot_reg(struct skep_mach *m, struct skep_vslot *s);
struct skep_vslot *skep_vslot(struct skep_mach *m, struct skep_vframe *fr, u32 slot);
void skep_ref_add(struct skep_mach *m, struct skep_vstate *st, u32 id, u8 kind);
bool skep_ref_find(const struct skep_vstate *st, u32 id);
bool skep_ref_drop(struct skep_vstate *st, u32 id);
/* The reference is gone: what points to it is no longer known. */
void skep_ref_forget(struct skep_mach *m, struct skep_vstate *st, u32 id);
struct skep_vrefs *skep_ref_lock(struct skep_vstate *st);
/* Packet pointers are invalid from here. */
void skep_forget_packet(struct skep_mach *m, struct skep_vstate *st);

/* --- steps --- */
int skep_step_alu(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_unary(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_lddw(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_jump(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_mem(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_atomic(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_call(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_step_exit(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
/*
 * Behind an instruction that may end a called function early: a legacy load past the packet's end leaves it
 * with zero, and a tail call that is made comes back to the caller with whatever the other program returns, which
 * may have moved packets. That way is gone first, as in the kernel; the one that goes on is the other. In
 * the first frame such a way ends, and nothing is left to look at.
 */
int skep_leave(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i, bool tail);
int skep_call_helper(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_call_kfunc(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);
int skep_call_global(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		     u32 func);
/* Lose r1 to r5. */
void skep_call_clobber(struct skep_vstate *st);
/* A call of bpf_throw(), which does not come back. */
bool skep_mach_throws(const struct skep_mach *m, const struct skep_insn *i);
/* A call of a kernel function after which packet pointers are invalid. */
bool skep_mach_moves_packet(const struct skep_mach *m, const struct skep_insn *i);
/* And one that may sleep. */
bool skep_mach_sleeps(const struct skep_mach *m, const struct skep_insn *i);
bool skep_mach_iter_next(const struct skep_mach *m, const struct skep_insn *i);

/* --- memory (mach_mem.c, mach_stack.c) --- */
/* One access through register `reg`: `val` (may be NULL) receives what was read; `from` is what is
 * written. */
struct skep_access {
	u32 reg;
	s32 off;
	u32 size;
	bool write, sext, atomic;
	bool number; /* what is read is used as a number */
	const struct skep_vreg *from; /* writes; NULL: a number that is not known */
	struct skep_vreg *to;	      /* reads; may be NULL */
};
int skep_access_mem(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);
/* May programs of this type write into packets? If not, this says so. */
bool skep_may_write_packet(const struct skep_mach *m);
int skep_pkt_readonly(struct skep_mach *m, const struct skep_vstate *st, u32 reg);
int skep_stack_read(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);
int skep_stack_write(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);
enum skep_use { SKEP_USE_READ = 1, SKEP_USE_WRITE = 2 };
/*
 * Memory that a helper takes: register `reg` must give `size` bytes (the most that there may be)
 * to read, to write (need not be initialised), or both.
 */
int skep_access_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, u64 size, u32 use);
int skep_stack_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, u64 size, u32 use);
/* Of a bounded memory: [off + smin, off + umax + size) must lie in [0, limit). */
int skep_check_bounds(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size,
		      u64 limit, u32 rule, const char *what);
int skep_map_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size,
		    u32 use);
/* The constant behind a pointer into the stack (spilled number or zeroes), for map keys. */
bool skep_stack_const(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p,
		      u32 size, u64 *out);
int skep_btf_access(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);
int skep_ctx_load(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);

/*
 * To walk back from here the kernel notes the instruction: ways met, or a register was stored or
 * restored, or one of several that are tied was compared.
 */
static inline void skep_note(struct skep_mach *m, struct skep_vstate *st)
{
	st->history += !m->noted;
	m->noted = true;
}

/*
 * The number is about to be copied: equal ones share an id. As to the kernel, a distance to others
 * is forgotten when verifying.
 */
static inline void skep_vreg_tie(struct skep_mach *m, struct skep_vreg *r)
{
	if (!m->joins && r->flags & SKEP_VF_LINKED) {
		r->id = 0;
		r->off = 0;
		r->flags &= (u16) ~(SKEP_VF_LINKED | SKEP_VF_LINKED32);
	}
	if (!r->id && !skep_range_is_const(&r->r))
		r->id = ++m->ids;
}

/* --- live slots of the stack (mach_slots.c) --- */
struct skep_vchain *skep_chain_of(struct skep_mach *m, struct skep_vchain *up, u32 func, u32 call);
/* The instruction at st->at reads a slot; it writes one whole. */
void skep_slot_read(struct skep_mach *m, struct skep_vstate *st, u32 frame, u32 slot);
void skep_slot_written(struct skep_mach *m, u32 frame, u32 slot);
/* The instruction was visited, with this chain of calls, and wrote m->wrote. */
void skep_slots_visited(struct skep_mach *m, struct skep_vchain *c, u32 at);

/* --- fields of map values (mach_field.c) --- */
enum { SKEP_MAPFL_RDONLY_PROG = 1 << 7, SKEP_MAPFL_WRONLY_PROG = 1 << 8 };
/* The fields of a type of the object. */
void skep_type_fields(const struct skep_btf *btf, u32 type, struct skep_vfields *out);
const struct skep_vfields *skep_map_fields(struct skep_mach *m, const struct skep_map *map);
/* Does an access stay off the fields that only helpers may touch? */
int skep_check_map_fields(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size);
/* The field that the pointer points to, or NULL. */
const struct skep_vfield *skep_field_at(struct skep_mach *m, const struct skep_vreg *p);
/* Which of the places with a lock the pointer is into. */
static inline u32 skep_lock_id(const struct skep_vreg *p)
{
	u32 id = p->type == SKEP_VT_BTF ? p->ref : p->aux;

	return id ? id : SKEP_VNONE;
}
int skep_field_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg, u32 kind,
		   const char *need);
int skep_spin_lock(struct skep_mach *m, struct skep_vstate *st, u32 reg, bool lock);
bool skep_kptr_field(struct skep_mach *m, const struct skep_vreg *p, s64 off, u32 size);
int skep_kptr_access(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);
int skep_kptr_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg);
/* Is what the second argument of bpf_kptr_xchg() points to what `where` is for? */
int skep_kptr_value(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *where,
		    u32 reg);
void skep_kptr_result(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *where,
		      struct skep_vreg *r0);

/* --- dynptrs (mach_dynptr.c) --- */
void skep_dynptr_destroy(struct skep_mach *m, struct skep_vstate *st, struct skep_vframe *fr,
			 u32 slot);
int skep_dynptr_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg, u16 flags, s64 helper);
/* What a kernel function makes at `reg` ("bpf_dynptr_from_skb"), of the dynptr at `from` (0: none).
 */
int skep_dynptr_make(struct skep_mach *m, struct skep_vstate *st, u32 reg, const char *kfunc,
		     u32 from);
/* Is the packet behind it? Who writes through it may move the packet. */
bool skep_dynptr_of_skb(struct skep_vstate *st, u32 reg);
void skep_dynptr_release(struct skep_mach *m, struct skep_vstate *st, u32 reg);
/* What a helper does to the dynptrs among its arguments. */
int skep_dynptr_call(struct skep_mach *m, struct skep_vstate *st, s64 helper, u64 alloc);
void skep_dynptr_slice(struct skep_mach *m, struct skep_vstate *st, u32 reg, struct skep_vreg *r0,
		       const struct skep_vreg *dyn);

/* --- kernel types (mach_btf.c) --- */
/* r becomes a pointer to the kernel's type of that name; false: there is none (then r is a number).
 */
bool skep_btf_object(struct skep_mach *m, struct skep_vreg *r, const char *name, u16 flags, u32 at);
/* What bpf_per_cpu_ptr() makes of the address of a per-CPU variable. */
void skep_btf_percpu(struct skep_mach *m, const struct skep_vreg *var, struct skep_vreg *r0,
		     u32 at);
/* A struct of a name, not a union. */
static inline bool skep_btf_struct(const struct skep_btf_type *t)
{
	return t->kind == SKEP_BTF_STRUCT && t->name[0];
}
/* Is it a name of the program type's context? */
bool skep_is_context(const struct skep_mach *m, const char *name);
bool skep_btf_is(struct skep_mach *m, const struct skep_vreg *r, const char *name);
bool skep_btf_is_sock(struct skep_mach *m, const struct skep_vreg *r);
int skep_btf_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, u64 size, bool write);
int skep_load_extern(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		     struct skep_vreg *d);

/* Are objects that RCU protects alive here? */
bool skep_mach_in_rcu(const struct skep_vstate *st);
int skep_ctx_btf(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a, s64 off);
/* A variable of the kernel's configuration, in the map that libbpf makes of them. */
bool skep_extern_kconfig(struct skep_mach *m, const struct skep_sym *sym, struct skep_vreg *d,
			 u32 at);

/* --- objects of the program (mach_alloc.c) --- */
int skep_alloc_access(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a);
const struct skep_vfields *skep_alloc_fields(struct skep_mach *m, u32 type);
/* Has the type a node of a list or tree? */
bool skep_alloc_linked(struct skep_mach *m, u32 type);
/* Does the program hold it, by this pointer to its start? */
bool skep_alloc_owned(const struct skep_vstate *st, const struct skep_vreg *r);
/* Does the object exist, though others may hold it: until a lock is released, or an RCU section ends? */
bool skep_alloc_alive(const struct skep_vreg *r);
/* Held or alive, and does it count its references? */
bool skep_alloc_counted(struct skep_mach *m, const struct skep_vstate *st,
			const struct skep_vreg *r);
/* r0 = a new object of that type, or NULL. */
int skep_alloc_new(struct skep_mach *m, struct skep_vstate *st, u64 type, bool percpu);
/* Does the program hold it, an object with an instance for each processor? */
bool skep_alloc_percpu_owned(const struct skep_vstate *st, const struct skep_vreg *r);
/* A new reference to an object. */
void skep_alloc_ref(struct skep_mach *m, struct skep_vstate *st, struct skep_vreg *r, u32 type,
		    bool null);

/* --- lists and trees of such objects (mach_graph.c) --- */
enum skep_graph_what { SKEP_GRAPH_PUSH, SKEP_GRAPH_TAKE, SKEP_GRAPH_PEEK };
struct skep_graph {
	const char *name;
	u8 what; /* enum skep_graph_what */
	u8 root; /* enum skep_vfield_kind of what it hangs on */
};
const struct skep_graph *skep_graph_find(const char *kfunc);
/* Check arguments: the root (a list's head), which tells of its elements, and the node; */
int skep_graph_root_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
			const struct skep_graph *g, struct skep_vfield *root);
int skep_graph_node_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
			const struct skep_graph *g, const struct skep_vfield *root);
/* r = the node of an element that is not held. */
void skep_graph_element(struct skep_vreg *r, const struct skep_vfield *root, u32 at);
/* and do all of the call. */
void skep_graph_apply(struct skep_mach *m, struct skep_vstate *st, const struct skep_graph *g,
		      const struct skep_vfield *root);
/* A lock is released: what lies on lists and in trees may go. */
void skep_graph_unlock(struct skep_mach *m, struct skep_vstate *st);

/* --- interrupt flags and resilient locks (mach_section.c) --- */
/* A function that enters or leaves a section where it holds a lock, has interrupts off, or both. */
struct skep_critical {
	const char *name;
	bool lock;
	u8 flag; /* kind of the flag, 0: none */
	bool enter;
};
const struct skep_critical *skep_critical_find(const char *kfunc);
/* Check its arguments, */
int skep_irq_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
		 const struct skep_critical *f);
int skep_res_lock_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
		      const struct skep_critical *f);
/* and do all of the call: taking a lock leaves two ways. */
void skep_critical_apply(struct skep_mach *m, struct skep_vstate *st,
			 const struct skep_critical *f, u32 lock_reg, u32 flag_reg);
bool skep_irqs_off(const struct skep_vstate *st);
/* RCU read sections and preemption. 1: done, 0: another function, negative: a rule is broken. */
int skep_section(struct skep_mach *m, struct skep_vstate *st, const char *name);

/* --- users without privileges (mach_unpriv.c) --- */
/* What the program as a whole may not be; 0, or the fault is set and the rule's error returned. */
int skep_unpriv_shape(struct skep_mach *m);
/* A pointer that may no longer be followed; its value stays in the register. */
void skep_vreg_stale(const struct skep_mach *m, struct skep_vreg *r, u32 def);
/* How the kernel masks an addition so that it stays in the object when it runs ahead. */
struct skep_alu_mask {
	u8 state;
	u32 limit;
	bool left;
};
/* dst = p +- n by a register, before it is done, */
int skep_unpriv_mask(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		     const struct skep_vreg *p, const struct skep_range *n,
		     struct skep_alu_mask *mask);
/* and when the result is in dst. */
int skep_unpriv_moved(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		      const struct skep_alu_mask *mask);
/* x +- y of numbers. */
int skep_unpriv_numbers(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i);

/* --- callbacks (mach_callback.c) --- */
enum skep_callback_kind {
	SKEP_CBK_NONE,
	SKEP_CBK_LOOP,
	SKEP_CBK_EACH, /* of a map's elements */
	SKEP_CBK_VMA,
	SKEP_CBK_DRAIN, /* of a user ring buffer */
	SKEP_CBK_TIMER,
	SKEP_CBK_WORK, /* of a work queue */
	SKEP_CBK_TASK, /* work for a task */
	SKEP_CBK_ORDER, /* of a tree */
};
struct skep_callback {
	u8 kind; /* enum skep_callback_kind */
	u32 func;
	const struct skep_map *map;
	u32 inner;		 /* id of the map, if it is an inner one */
	struct skep_vfield root; /* ORDER: of the tree */
};
u8 skep_callback_helper(s64 helper);
u8 skep_callback_kfunc(const char *name);
/* Does the call run a callback before it returns? */
bool skep_callback_now(const struct skep_mach *m, const struct skep_insn *i);
/* Is this within a callback of that kind (enum skep_vcb)? */
bool skep_callback_in(const struct skep_vstate *st, u8 mode);
/*
 * The call runs a callback. Before it returns: m->other enters it, st goes on behind the call
 * (with arguments still in place: the caller of this takes them away). Later: m->async does.
 */
int skep_push_callback(struct skep_mach *m, struct skep_vstate *st, const struct skep_callback *c);

/* --- calls (mach_sub.c) --- */
int skep_enter(struct skep_mach *m, struct skep_vstate *st, u32 func, u32 call);
bool skep_returns_number(struct skep_mach *m, const struct skep_vstate *st);
/* The visit of `at` before the last one on the path to st, by the same calls, or NULL. */
const struct skep_vstate *skep_vstate_earlier(const struct skep_vstate *st, u32 at);

/* --- returns --- */
/* An LSM hook or a struct_ops member without a result. */
bool skep_prog_returns_void(const struct skep_mach *m);
int skep_check_return(struct skep_mach *m, struct skep_vstate *st);
/* What is thrown, r1: without a function for it, it becomes the program's return value. */
int skep_check_thrown(struct skep_mach *m, struct skep_vstate *st);
/* bpf_throw(): the path ends. */
int skep_throw(struct skep_mach *m, struct skep_vstate *st);
/* The program's own function for what is thrown has the shape that it needs, or none. */
int skep_exception_shape(struct skep_mach *m);

#endif
