# Without privileges: what would tell an address, where a processor may run ahead, what needs a capability.
== returns-pointer | socket | reject leak
.user
r0 = r10
exit
== returns-number | socket | accept
.user
r0 = 1
exit
== stores-pointer-in-map | socket | reject leak
.user
@value array
*(u64 *)(r0 + 0) = r10
== stores-pointer-in-context | socket | reject leak
.user
*(u64 *)(r1 + 48) = r10
== adds-pointer-atomically | socket | reject leak
.user
@value array
lock *(u64 *)(r0 + 0) += r10
== fetches-pointer-from-stack | socket | reject leak-stack
.user
*(u64 *)(r10 - 8) = r10
r2 = 0
r2 = atomic_fetch_or(*(u64 *)(r10 - 8), r2)
== hands-pointer-to-helper | cgroup_skb/ingress | reject leak
.user
r2 = r10
call bpf_skb_ancestor_cgroup_id
== other-type | xdp | reject privilege
.user
r0 = 2
exit
== function | socket | reject privilege
.user
call sub
exit
.section ".text"
.func sub local
r0 = 0
exit
== loop | socket | reject privilege
.user
r0 = 0
again:
r0 += 1
if r0 < 4 goto again
r0 = 0
exit
== forward-jumps | socket | accept
.user
r0 = *(u32 *)(r1 + 0)
if r0 > 4 goto one
if r0 > 2 goto two
one:
r0 = 1
two:
exit
== helper-of-everyone | socket | accept
.user
call bpf_get_prandom_u32
r0 = 0
exit
== helper-of-perfmon | socket | reject privilege-helper
.user
call bpf_get_current_task
r0 = 0
exit
== helper-of-bpf | socket | reject privilege
.user
call bpf_jiffies64
r0 = 0
exit
== cgroup-packet | cgroup_skb/ingress | reject privilege
.user
r2 = *(u32 *)(r1 + 76)
== cgroup-tstamp-read | cgroup_skb/ingress | accept
.user
r2 = *(u64 *)(r1 + 152)
== cgroup-tstamp-write | cgroup_skb/ingress | reject privilege
.user
r2 = 0
*(u64 *)(r1 + 152) = r2
== half-of-pointer | socket | reject leak-half
.user
w2 = w10
== difference-of-pointers | socket | reject pointer-arith
.user
r2 = r10
r2 -= r1
== compares-pointer-with-number | socket | reject leak-compare
.user
r2 = *(u32 *)(r1 + 0)
if r1 > r2 goto leave
== compares-number-with-pointer | socket | reject leak-compare
.user
r2 = *(u32 *)(r1 + 0)
if r2 > r1 goto leave
== compares-stack-with-zero | socket | reject leak-compare
.user
if r10 == 0 goto leave
== compares-lookup-with-null | socket | accept
.user
@value array
r1 = 1
*(u64 *)(r0 + 0) = r1
== compares-lookup-with-null-in-a-register | socket | reject leak-compare
.user
@lookup hash
r1 = 0
if r0 == r1 goto leave
== compares-known-value-with-zero | socket | accept
.user
@value array
if r0 == 0 goto leave
r1 = 1
*(u64 *)(r0 + 0) = r1
== tears-pointer | socket | reject partial-spill
.user
*(u64 *)(r10 - 8) = r1
r2 = 0
*(u8 *)(r10 - 8) = r2
== tears-number | socket | accept
.user
r1 = 7
*(u64 *)(r10 - 8) = r1
r2 = 0
*(u8 *)(r10 - 8) = r2
== helper-writes-over-pointer | socket | reject partial-spill
.user
*(u64 *)(r10 - 8) = r1
r2 = 0
r3 = r10
r3 += -8
r4 = 4
call bpf_skb_load_bytes
== reads-what-nothing-wrote | socket | reject uninit-stack
.user
r1 = *(u64 *)(r10 - 8)
== uses-released-record | socket | reject uninit-reg
.user
r1 = ring ll
r2 = 8
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r6 = r0
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r0 = r6
exit
== follows-map-itself | socket | reject privilege-follow
.user
r1 = array ll
r2 = *(u32 *)(r1 + 24)
== index-in-map | socket | accept
.user
r6 = *(u32 *)(r1 + 0)
@value array
r6 &= 63
r0 += r6
r1 = *(u8 *)(r0 + 0)
== index-either-sign | socket | reject speculation
.user
r6 = *(u32 *)(r1 + 0)
@value array
r6 &= 15
r6 -= 8
r0 += 32
r0 += r6
r1 = *(u8 *)(r0 + 0)
== leaves-value-and-returns | socket | reject speculation-bounds
.user
@value array
r0 += 64
r0 += -8
r1 = *(u8 *)(r0 + 0)
== stays-in-value | socket | accept
.user
@value array
r0 += 63
r0 += -8
r1 = *(u8 *)(r0 + 0)
== leaves-stack-and-returns | socket | reject speculation
.user
r2 = r10
r2 += -520
r2 += 16
r1 = 0
*(u64 *)(r2 + 0) = r1
== variable-offset-into-stack | socket | reject speculation
.user
r6 = *(u32 *)(r1 + 0)
r2 = 0
*(u64 *)(r10 - 8) = r2
*(u64 *)(r10 - 16) = r2
r2 = r10
r2 += -16
r6 &= 8
r2 += r6
r1 = *(u64 *)(r2 + 0)
== register-added-to-context | socket | reject speculation
.user
r2 = 0
r1 += r2
== limits-differ | socket | reject speculation
.user
r6 = *(u32 *)(r1 + 0)
@value array
r1 = 4
if r6 > 9 goto join
r1 = 8
join:
r0 += r1
r1 = *(u8 *)(r0 + 0)
== limits-agree | socket | accept
.user
r6 = *(u32 *)(r1 + 0)
@value array
r1 = 8
if r6 > 9 goto join
r1 = 8
join:
r0 += r1
r1 = *(u8 *)(r0 + 0)
== number-and-pointer-in-one-place | socket | reject speculation
.user
r6 = *(u32 *)(r1 + 0)
@value array
r7 = r0
r1 = 8
if r6 > 9 goto join
r7 = 1
join:
r7 += r1
== tail-call-one-map | socket | accept
.user
r2 = progs ll
r3 = 0
call bpf_tail_call
== tail-call-two-maps | socket | reject tail-call
.user
.map more type=prog_array key=4 value=4 max=8
r6 = *(u32 *)(r1 + 0)
r2 = progs ll
if r6 > 9 goto join
r2 = more ll
join:
r3 = 0
call bpf_tail_call
