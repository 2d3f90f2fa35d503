# References: what was taken must be given back, once, and not used afterwards.
== ringbuf-submitted | tc | accept
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
*(u64 *)(r0 + 8) = 1
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-discarded | tc | accept
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r1 = r0
r2 = 0
call bpf_ringbuf_discard
leave:
r0 = 0
exit
== ringbuf-not-given-back | tc | reject ref-leak
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r0 = 0
exit
== ringbuf-not-given-back-on-one-path | tc | reject ref-leak
r6 = *(u32 *)(r1 + 0)
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
if r6 == 7 goto leave
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-unchecked | tc | reject null
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
*(u64 *)(r0 + 8) = 1
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r0 = 0
exit
== ringbuf-null-given-back | tc | reject helper-arg
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r0 = 0
exit
== ringbuf-given-back-twice | tc | reject ref
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r6 = r0
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r1 = r6
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-used-afterwards | tc | reject released
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r6 = r0
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r0 = *(u64 *)(r6 + 0)
leave:
r0 = 0
exit
== ringbuf-used-afterwards-from-stack | tc | reject released
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
*(u64 *)(r10 - 8) = r0
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r6 = *(u64 *)(r10 - 8)
r0 = *(u64 *)(r6 + 0)
leave:
r0 = 0
exit
== ringbuf-beyond | tc | reject mem-bounds
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
*(u64 *)(r0 + 16) = 1
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-before | tc | reject mem-bounds
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r6 = *(u64 *)(r0 - 8)
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-size-unknown | tc | reject ringbuf-size
r2 = *(u32 *)(r1 + 0)
r2 &= 15
r1 = ring ll
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-size-spilled-constant | tc | accept
*(u64 *)(r10 - 8) = 16
r2 = *(u64 *)(r10 - 8)
r1 = ring ll
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
*(u64 *)(r0 + 8) = 1
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-larger-than-the-buffer | tc | accept
r1 = ring ll
r2 = 65536
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r1 = r0
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-moved-pointer-given-back | tc | reject ref-moved
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r1 = r0
r1 += 8
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-moved-back-and-given-back | tc | accept
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r1 = r0
r1 += 8
r1 += -8
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-stack-given-back | tc | reject ref
*(u64 *)(r10 - 8) = 0
r1 = r10
r1 += -8
r2 = 0
call bpf_ringbuf_submit
r0 = 0
exit
== ringbuf-map-value-given-back | tc | reject ref
@value array
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r0 = 0
exit
== ringbuf-two-held | tc | accept
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r6 = r0
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r7 = r0
if r6 == 0 goto second
r1 = r6
r2 = 0
call bpf_ringbuf_submit
second:
if r7 == 0 goto leave
r1 = r7
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-two-held-one-forgotten | tc | reject ref-leak
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r6 = r0
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r7 = r0
if r6 == 0 goto leave
r1 = r6
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== ringbuf-held-in-loop | tc | reject loop-ref
r6 = 0
again:
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r6 += 1
if r6 < 4 goto again
r0 = 0
exit
== ringbuf-taken-and-given-back-in-loop | tc | accept
r6 = 0
again:
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r1 = r0
r2 = 0
call bpf_ringbuf_submit
r6 += 1
if r6 < 4 goto again
leave:
r0 = 0
exit
== ringbuf-given-back-in-callee | tc | accept
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto out
r1 = r0
call give
out:
r0 = 0
exit
.section ".text"
.func give local
r2 = 0
call bpf_ringbuf_submit
r0 = 0
exit
== ringbuf-leaked-in-callee | tc | reject ref-leak
call take
r0 = 0
exit
.section ".text"
.func take local
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
r0 = 0
exit
== ringbuf-as-key | tc | accept
r1 = ring ll
r2 = 16
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r6 = r0
r2 = r0
r1 = hash ll
call bpf_map_lookup_elem
r1 = r6
r2 = 0
call bpf_ringbuf_submit
leave:
r0 = 0
exit
== socket-released | tc | accept
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
if r0 == 0 goto leave
r1 = r0
call bpf_sk_release
leave:
r0 = 0
exit
== socket-not-released | tc | reject ref-leak
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
r0 = 0
exit
== socket-used | tc | accept
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
if r0 == 0 goto leave
r6 = *(u32 *)(r0 + 4)
r1 = r0
call bpf_sk_release
leave:
r0 = 0
exit
== socket-used-afterwards | tc | reject released
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
if r0 == 0 goto leave
r6 = r0
r1 = r0
call bpf_sk_release
r0 = *(u32 *)(r6 + 4)
leave:
r0 = 0
exit
== socket-unchecked | tc | reject null
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
r6 = *(u32 *)(r0 + 4)
r0 = 0
exit
== socket-full-socket-of-reference | tc | accept
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
if r0 == 0 goto leave
r6 = r0
r1 = r0
call bpf_tcp_sock
if r0 == 0 goto give
r7 = *(u32 *)(r0 + 0)
give:
r1 = r6
call bpf_sk_release
leave:
r0 = 0
exit
== socket-derived-used-afterwards | tc | reject released
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
if r0 == 0 goto leave
r6 = r0
r1 = r0
call bpf_tcp_sock
r7 = r0
r1 = r6
call bpf_sk_release
if r7 == 0 goto leave
r0 = *(u32 *)(r7 + 0)
leave:
r0 = 0
exit
== socket-of-context-released | tc | reject ref
r1 = *(u64 *)(r1 + 168)
if r1 == 0 goto leave
call bpf_sk_release
leave:
r0 = 0
exit
== socket-held-over-load-absolute | tc | reject ref-leak
r6 = r1
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
r7 = r0
r0 = *(u8 *)skb[0]
if r7 == 0 goto leave
r1 = r7
call bpf_sk_release
leave:
r0 = 0
exit
== socket-given-to-map-value | tc | reject ref-leak
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
r6 = r0
*(u32 *)(r10 - 20) = 0
r2 = r10
r2 += -20
r1 = array ll
call bpf_map_lookup_elem
if r0 == 0 goto leave
*(u64 *)(r0 + 0) = r6
leave:
r0 = 0
exit
== socket-null-in-one-copy | tc | accept
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r2 = r10
r2 += -16
r3 = 12
r4 = -1
r5 = 0
call bpf_sk_lookup_tcp
r6 = r0
*(u64 *)(r10 - 32) = r0
if r6 == 0 goto leave
r1 = *(u64 *)(r10 - 32)
call bpf_sk_release
leave:
r0 = 0
exit
