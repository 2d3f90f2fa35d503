# Registers: what is defined where, and who may change what.
== r0-never-set | socket | reject uninit-reg
.raw
exit
== r0-set-on-one-path | socket | reject uninit-reg
r1 = *(u32 *)(r1 + 0)
if r1 == 0 goto out
r0 = 1
out:
exit
== r0-set-on-both-paths | socket | accept
r1 = *(u32 *)(r1 + 0)
if r1 == 0 goto zero
r0 = 1
exit
zero:
r0 = 0
exit
== add-of-undefined | socket | reject uninit-reg
r0 = 1
r0 += r6
exit
== branch-on-undefined | socket | reject uninit-reg
r0 = 0
if r7 > 3 goto out
r0 = 1
out:
exit
== store-through-undefined | socket | reject uninit-reg
*(u32 *)(r3 + 0) = 1
== store-of-undefined | socket | accept
*(u64 *)(r10 - 8) = r6
== move-of-undefined | socket | accept
r1 = r6
== negate-undefined | socket | reject uninit-reg
r6 = -r6
== swap-undefined | socket | reject uninit-reg
r6 = be32 r6
== return-what-was-moved-undefined | socket | reject uninit-reg
r1 = r6
r0 = r1
exit
== r1-r5-gone-after-helper | socket | reject uninit-reg
r1 = 1
call bpf_get_prandom_u32
r0 = r1
exit
== r2-gone-after-helper | socket | reject uninit-reg
r2 = 1
call bpf_get_prandom_u32
r0 += r2
exit
== r6-survives-helper | socket | accept
r6 = 1
call bpf_get_prandom_u32
r0 = r6
exit
== r9-survives-two-helpers | socket | accept
r9 = r1
call bpf_get_prandom_u32
call bpf_get_prandom_u32
r0 = *(u32 *)(r9 + 0)
exit
== r0-of-helper-without-result | cgroup/sysctl | accept
@random
r0 &= 1
exit
== r10-written | socket | reject r10
r10 = 0
== r10-added-to | socket | reject r10
r10 += -8
== r10-loaded | socket | reject r10
r10 = *(u64 *)(r1 + 0)
== r10-copied-and-changed | socket | accept
r2 = r10
r2 += -8
*(u64 *)(r2 + 0) = 0
== r10-negated | socket | reject r10
r10 = -r10
== half-of-undefined-moved | socket | reject uninit-reg
w1 = w6
r0 = r1
exit
== r1-is-context | socket | accept
r0 = *(u32 *)(r1 + 0)
exit
== r2-is-undefined-at-entry | socket | reject uninit-reg
r0 = r2
exit
== r1-undefined-after-being-overwritten-by-undefined | socket | reject uninit-reg
r1 = r7
r0 = *(u32 *)(r1 + 0)
exit
== load-keeps-others | socket | accept
r6 = *(u32 *)(r1 + 0)
r7 = *(u32 *)(r1 + 4)
r0 = r6
r0 += r7
exit
== xor-with-itself-undefined | socket | reject uninit-reg
r6 ^= r6
r0 = r6
exit
== undefined-only-on-dead-path | socket | accept
r0 = 1
if r0 == 1 goto out
r0 = r8
out:
exit
== undefined-where-the-fact-is-32-bit | socket | accept
r0 = *(u32 *)(r1 + 0)
w0 &= 7
if w0 < 8 goto out
r0 = r8
out:
exit
