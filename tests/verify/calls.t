# Subprograms: arguments, frames, what returns.
== result | socket | accept
call sub
exit
.section ".text"
.func sub local
r0 = 3
exit
== callee-without-result | socket | reject uninit-reg
call sub
exit
.section ".text"
.func sub local
exit
== result-not-needed | socket | accept
call sub
.section ".text"
.func sub local
exit
== argument | socket | accept
call sub
exit
.section ".text"
.func sub local
r0 = *(u32 *)(r1 + 0)
exit
== argument-not-given | socket | reject uninit-reg
call sub
exit
.section ".text"
.func sub local
r0 = r2
exit
== r6-is-not-passed | socket | reject uninit-reg
r6 = 1
call sub
exit
.section ".text"
.func sub local
r0 = r6
exit
== r6-is-kept | socket | accept
r6 = r1
call sub
r0 = *(u32 *)(r6 + 0)
exit
.section ".text"
.func sub local
r6 = 0
r0 = 0
exit
== r1-is-gone | socket | reject uninit-reg
call sub
r0 = r1
exit
.section ".text"
.func sub local
r0 = 0
exit
== recursion | socket | reject recursion
call sub
exit
.section ".text"
.func sub local
call sub
exit
== recursion-of-two | socket | reject recursion
call one
exit
.section ".text"
.func one local
call two
exit
.func two local
call one
exit
== frame-of-the-caller | socket | accept
*(u64 *)(r10 - 8) = 1
r1 = r10
r1 += -8
call sub
exit
.section ".text"
.func sub local
r0 = *(u64 *)(r1 + 0)
exit
== frame-of-the-caller-out-of-bounds | socket | reject stack-bounds
*(u64 *)(r10 - 8) = 1
r1 = r10
call sub
exit
.section ".text"
.func sub local
r0 = *(u64 *)(r1 + 0)
exit
== writes-the-callers-frame | socket | accept
r1 = r10
r1 += -8
call sub
r0 = *(u64 *)(r10 - 8)
exit
.section ".text"
.func sub local
*(u64 *)(r1 + 0) = 5
r0 = 0
exit
== writes-a-known-number-into-the-callers-frame | socket | accept
r1 = r10
r1 += -8
call sub
r1 = *(u64 *)(r10 - 8)
r2 = r10
r2 += r1
*(u64 *)(r2 + 0) = 1
.section ".text"
.func sub local
*(u64 *)(r1 + 0) = -16
r0 = 0
exit
== returns-own-frame | socket | reject frame-leaves
call sub
r0 = 0
exit
.section ".text"
.func sub local
r0 = r10
exit
== stores-own-frame-in-callers | socket | reject frame-leaves
r1 = r10
r1 += -8
call sub
r1 = *(u64 *)(r10 - 8)
r0 = *(u64 *)(r1 - 8)
exit
.section ".text"
.func sub local
*(u64 *)(r10 - 8) = 0
*(u64 *)(r1 + 0) = r10
r0 = 0
exit
== packet-pointer-into-callers-frame | tc | accept
r6 = r1
r2 = r10
r2 += -8
call sub
if r0 == 0 goto out
r1 = *(u64 *)(r10 - 8)
r0 = *(u8 *)(r1 + 7)
out:
r0 = 0
exit
.section ".text"
.func sub local
r6 = r2
@skb
r0 = 0
r4 = r2
r4 += 8
if r4 > r3 goto out
*(u64 *)(r6 + 0) = r2
r0 = 1
out:
exit
== packet-pointer-into-callers-frame-not-always | tc | reject uninit-or-type
r6 = r1
r2 = r10
r2 += -8
*(u64 *)(r10 - 8) = 0
call sub
r1 = *(u64 *)(r10 - 8)
r0 = *(u8 *)(r1 + 7)
r0 = 0
exit
.section ".text"
.func sub local
r6 = r2
@skb
r0 = 0
r4 = r2
r4 += 8
if r4 > r3 goto out
*(u64 *)(r6 + 0) = r2
r0 = 1
out:
exit
== packet-pointer-in-callers-frame-goes-stale | tc | reject type
@skb
r4 = r2
r4 += 8
if r4 > r3 goto leave
*(u64 *)(r10 - 8) = r2
call sub
r1 = *(u64 *)(r10 - 8)
r0 = *(u8 *)(r1 + 7)
leave:
r0 = 0
exit
.section ".text"
.func sub local
r2 = 100
r3 = 0
call bpf_skb_change_tail
r0 = 0
exit
== packet-pointer-in-callers-register-goes-stale | tc | reject type
@skb
r4 = r2
r4 += 8
if r4 > r3 goto leave
r6 = r2
call sub
r0 = *(u8 *)(r6 + 7)
leave:
r0 = 0
exit
.section ".text"
.func sub local
r2 = 100
r3 = 0
call bpf_skb_change_tail
r0 = 0
exit
== returns-a-map-value | socket | accept
call sub
if r0 == 0 goto out
r0 = *(u64 *)(r0 + 0)
out:
exit
.section ".text"
.func sub local
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = hash ll
call bpf_map_lookup_elem
exit
== returns-a-map-value-unchecked | socket | reject null
call sub
r0 = *(u64 *)(r0 + 0)
exit
.section ".text"
.func sub local
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = hash ll
call bpf_map_lookup_elem
exit
== frames-too-large-together | socket | reject stack-depth
*(u64 *)(r10 - 256) = 1
call sub
exit
.section ".text"
.func sub local
*(u64 *)(r10 - 320) = 1
r0 = 0
exit
== frames-just-small-enough | socket | accept
*(u64 *)(r10 - 256) = 1
call sub
exit
.section ".text"
.func sub local
*(u64 *)(r10 - 256) = 1
r0 = 0
exit
== frames-one-after-the-other | socket | accept
*(u64 *)(r10 - 8) = 1
call one
call two
exit
.section ".text"
.func one local
*(u64 *)(r10 - 480) = 1
r0 = 0
exit
.func two local
*(u64 *)(r10 - 480) = 1
r0 = 0
exit
== frames-of-three | socket | reject stack-depth
*(u64 *)(r10 - 200) = 1
call one
exit
.section ".text"
.func one local
*(u64 *)(r10 - 200) = 1
call two
exit
.func two local
*(u64 *)(r10 - 200) = 1
r0 = 0
exit
== frame-of-a-branch-that-is-never-taken | socket | reject stack-depth
*(u64 *)(r10 - 256) = 1
r6 = *(u32 *)(r1 + 0)
r0 = 0
if r6 == 0 goto out
call sub
out:
exit
.section ".text"
.func sub local
*(u64 *)(r10 - 320) = 1
r0 = 0
exit
== eight-frames | socket | accept
call f1
exit
.section ".text"
.func f1 local
call f2
exit
.func f2 local
call f3
exit
.func f3 local
call f4
exit
.func f4 local
call f5
exit
.func f5 local
call f6
exit
.func f6 local
call f7
exit
.func f7 local
r0 = 0
exit
== nine-frames | socket | reject call-depth
call f1
exit
.section ".text"
.func f1 local
call f2
exit
.func f2 local
call f3
exit
.func f3 local
call f4
exit
.func f4 local
call f5
exit
.func f5 local
call f6
exit
.func f6 local
call f7
exit
.func f7 local
call f8
exit
.func f8 local
r0 = 0
exit
== callee-narrows-what-the-caller-has | socket | accept
@value array
r6 = r0
@random64
r7 = r0
r1 = r0
call small
if r0 == 0 goto out
r6 += r7
r0 = *(u8 *)(r6 + 0)
out:
r0 = 0
exit
leave:
r0 = 0
exit
.section ".text"
.func small local
r0 = 0
if r1 > 63 goto out
r0 = 1
out:
exit
== callee-result-has-bounds | socket | accept
@value array
r6 = r0
call small
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
leave:
r0 = 0
exit
.section ".text"
.func small local
call bpf_get_prandom_u32
r0 &= 63
exit
== callee-falls-off | socket | reject falls-off
call sub
exit
.section ".text"
.func sub local
r0 = 0
== loop-around-a-call | socket | accept
r6 = 0
again:
r1 = r6
call sub
r6 += 1
if r6 < 10 goto again
.section ".text"
.func sub local
r0 = r1
exit
== callee-leaves-packet-changed | xdp | reject type
r6 = r1
@xdp
@bytes 4
r7 = r2
r1 = r6
call grow
r0 = *(u8 *)(r7 + 0)
r0 = 0
exit
.section ".text"
.func grow local
r2 = -8
call bpf_xdp_adjust_head
r0 = 0
exit
== context-through-two-frames | socket | accept
call one
exit
.section ".text"
.func one local
call two
exit
.func two local
r0 = *(u32 *)(r1 + 0)
exit
== tail-call-in-a-function-without-types | xdp | reject tail-call
*(u64 *)(r10 - 8) = 1
call sub
exit
.section ".text"
.func sub local
*(u64 *)(r10 - 8) = 1
r2 = progs ll
r3 = 0
call bpf_tail_call
r0 = 0
exit
