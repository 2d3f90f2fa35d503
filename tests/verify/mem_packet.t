# Packets: what a comparison with the end proves, for which pointers, and how long.
== read-behind-check | xdp | accept
@xdp
@bytes 14
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== one-byte-too-far | xdp | reject packet-bounds
@xdp
@bytes 14
r0 = *(u8 *)(r2 + 14)
r0 = 0
exit
== word-across-the-limit | xdp | reject packet-bounds
@xdp
@bytes 14
r0 = *(u32 *)(r2 + 12)
r0 = 0
exit
== unchecked | xdp | reject packet-bounds
@xdp
r0 = *(u8 *)(r2 + 0)
r0 = 0
exit
== check-the-wrong-way-round | xdp | reject packet-bounds
@xdp
r4 = r2
r4 += 14
if r4 <= r3 goto leave
r0 = *(u8 *)(r2 + 0)
r0 = 0
exit
== check-less-or-equal | xdp | accept
@xdp
r4 = r2
r4 += 14
if r4 <= r3 goto good
r0 = 0
exit
good:
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== check-strictly-less | xdp | accept
@xdp
r4 = r2
r4 += 14
if r4 < r3 goto good
r0 = 0
exit
good:
r0 = *(u8 *)(r2 + 14)
r0 = 0
exit
== check-strictly-less-one-too-far | xdp | reject packet-bounds
@xdp
r4 = r2
r4 += 14
if r4 < r3 goto good
r0 = 0
exit
good:
r0 = *(u8 *)(r2 + 15)
r0 = 0
exit
== check-greater-or-equal | xdp | accept
@xdp
r4 = r2
r4 += 14
if r4 >= r3 goto leave
r0 = *(u8 *)(r2 + 14)
r0 = 0
exit
== end-on-the-left | xdp | accept
@xdp
r4 = r2
r4 += 14
if r3 < r4 goto leave
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== end-on-the-left-not-strict | xdp | accept
@xdp
r4 = r2
r4 += 14
if r3 <= r4 goto leave
r0 = *(u8 *)(r2 + 14)
r0 = 0
exit
== end-on-the-left-greater | xdp | accept
@xdp
r4 = r2
r4 += 14
if r3 > r4 goto good
r0 = 0
exit
good:
r0 = *(u8 *)(r2 + 14)
r0 = 0
exit
== end-on-the-left-greater-or-equal | xdp | accept
@xdp
r4 = r2
r4 += 14
if r3 >= r4 goto good
r0 = 0
exit
good:
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== equality-proves-nothing | xdp | reject packet-bounds
@xdp
r4 = r2
r4 += 14
if r4 != r3 goto leave
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== signed-comparison-proves-nothing | xdp | reject packet-bounds
@xdp
r4 = r2
r4 += 14
if r4 s> r3 goto leave
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== half-comparison-proves-nothing | xdp | reject packet-bounds
@xdp
r4 = r2
r4 += 14
if w4 > w3 goto leave
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== before-the-start | xdp | reject packet-bounds
@xdp
@bytes 14
r0 = *(u8 *)(r2 - 1)
r0 = 0
exit
== moved-pointer | xdp | accept
@xdp
@bytes 34
r2 += 14
r0 = *(u8 *)(r2 + 19)
r0 = *(u8 *)(r2 - 14)
r0 = 0
exit
== moved-pointer-too-far | xdp | reject packet-bounds
@xdp
@bytes 34
r2 += 14
r0 = *(u8 *)(r2 + 20)
r0 = 0
exit
== checked-pointer-itself | xdp | accept
@xdp
@bytes 14
r0 = *(u8 *)(r4 - 1)
r0 = 0
exit
== write-of-xdp | xdp | accept
@xdp
@bytes 14
*(u8 *)(r2 + 0) = 0
r0 = 0
exit
== write-of-tc | tc | accept
@skb
@bytes 14
*(u8 *)(r2 + 0) = 0
r0 = 0
exit
== write-of-cgroup-skb | cgroup_skb/ingress | reject readonly
@skb
@bytes 14
*(u8 *)(r2 + 0) = 0
r0 = 1
exit
== read-of-cgroup-skb | cgroup_skb/ingress | accept
@skb
@bytes 14
r0 = *(u8 *)(r2 + 0)
r0 = 1
exit
== socket-filter-has-no-direct-access | socket | reject ctx-access
@skb
@bytes 14
r0 = *(u8 *)(r2 + 0)
exit
== variable-offset-bounded-and-checked | xdp | accept
@xdp
@bytes 1
r5 = *(u8 *)(r2 + 0)
r5 &= 15
r5 <<= 2
r2 += r5
r4 = r2
r4 += 20
if r4 > r3 goto leave
r0 = *(u8 *)(r2 + 19)
r0 = 0
exit
== variable-offset-not-checked-again | xdp | reject packet-bounds
@xdp
@bytes 20
r5 = *(u8 *)(r2 + 0)
r5 &= 15
r2 += r5
r0 = *(u8 *)(r2 + 0)
r0 = 0
exit
== variable-offset-of-16-bits | xdp | reject packet-bounds
@xdp
@bytes 2
r5 = *(u16 *)(r2 + 0)
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r2 + 0)
r0 = 0
exit
== variable-offset-of-15-bits | xdp | accept
@xdp
@bytes 2
r5 = *(u16 *)(r2 + 0)
r5 &= 0x7fff
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r2 + 0)
r0 = 0
exit
== variable-offset-of-32-bits | xdp | reject packet-bounds
@xdp
@bytes 4
r5 = *(u32 *)(r2 + 0)
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r2 + 0)
r0 = 0
exit
== variable-offset-may-be-negative | xdp | reject pointer-arith
@xdp
@bytes 8
r5 = *(u64 *)(r2 + 0)
if r5 s> 64 goto leave
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r2 + 0)
leave:
r0 = 0
exit
== two-variable-pointers-are-not-one | xdp | reject packet-bounds
@xdp
@bytes 2
r5 = *(u8 *)(r2 + 0)
r6 = *(u8 *)(r2 + 1)
r7 = r2
r7 += r6
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r7 + 0)
r0 = 0
exit
== copy-of-variable-pointer | xdp | accept
@xdp
@bytes 2
r5 = *(u8 *)(r2 + 0)
r2 += r5
r7 = r2
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r7 + 0)
r0 = 0
exit
== offset-added-twice-to-copies | xdp | reject packet-bounds
@xdp
@bytes 2
r5 = *(u8 *)(r2 + 0)
r7 = r2
r7 += r5
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto leave
r0 = *(u64 *)(r7 + 0)
r0 = 0
exit
== constant-offset-too-large | xdp | reject packet-bounds
@xdp
r2 += 32000
r2 += 32000
r2 += 1600
r4 = r2
r4 += 1
if r4 > r3 goto leave
r0 = *(u8 *)(r2 + 0)
r0 = 0
exit
== large-constant-offset | xdp | accept
@xdp
r4 = r2
r4 += 30000
if r4 > r3 goto leave
r0 = *(u8 *)(r2 + 29999)
r0 = 0
exit
== end-is-not-read | xdp | reject type-packet-end
@xdp
r0 = *(u8 *)(r3 - 1)
r0 = 0
exit
== end-is-not-changed | xdp | reject pointer-arith
@xdp
r3 += -14
if r2 > r3 goto leave
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== pointers-subtracted | xdp | accept
@xdp
r3 -= r2
r0 = 0
exit
== length-proves-nothing | xdp | reject packet-bounds
@xdp
r5 = r3
r5 -= r2
if r5 < 14 goto leave
r0 = *(u8 *)(r2 + 13)
r0 = 0
exit
== stale-after-adjust-head | xdp | reject type
r6 = r1
@xdp
@bytes 14
r7 = r2
r2 = 4
r1 = r6
call bpf_xdp_adjust_head
r0 = *(u8 *)(r7 + 0)
r0 = 0
exit
== fresh-after-adjust-head | xdp | accept
r6 = r1
r2 = 4
call bpf_xdp_adjust_head
r1 = r6
@xdp
@bytes 14
r0 = *(u8 *)(r2 + 0)
r0 = 0
exit
== spilled-and-stale | xdp | reject type
r6 = r1
@xdp
@bytes 14
*(u64 *)(r10 - 8) = r2
r2 = 4
r1 = r6
call bpf_xdp_adjust_head
r7 = *(u64 *)(r10 - 8)
r0 = *(u8 *)(r7 + 0)
r0 = 0
exit
== stale-after-skb-store | tc | reject type
r6 = r1
@skb
@bytes 14
r7 = r2
r1 = r6
r2 = 0
r3 = r10
r3 += -8
*(u64 *)(r10 - 8) = 0
r4 = 8
r5 = 0
call bpf_skb_store_bytes
r0 = *(u8 *)(r7 + 0)
r0 = 0
exit
== not-stale-after-harmless-helper | xdp | accept
@xdp
@bytes 14
r7 = r2
@random
r0 = *(u8 *)(r7 + 0)
r0 = 0
exit
== meta-before-data | xdp | accept
r2 = *(u32 *)(r1 + 8)
r3 = *(u32 *)(r1 + 0)
@bytes 4
r0 = *(u32 *)(r2 + 0)
r0 = 0
exit
== meta-checked-against-end | xdp | reject packet-bounds
r2 = *(u32 *)(r1 + 8)
r3 = *(u32 *)(r1 + 4)
@bytes 4
r0 = *(u32 *)(r2 + 0)
r0 = 0
exit
== data-checked-against-meta | xdp | reject packet-bounds
r2 = *(u32 *)(r1 + 0)
r3 = *(u32 *)(r1 + 8)
@bytes 4
r0 = *(u32 *)(r2 + 0)
r0 = 0
exit
== alignment-of-header | xdp | accept
@xdp
@bytes 34
r0 = *(u32 *)(r2 + 26)
r0 = 0
exit
== packet-as-key | xdp | accept
@xdp
@bytes 8
r1 = hash ll
call bpf_map_lookup_elem
r0 = 0
exit
== packet-as-key-unchecked | xdp | reject packet-bounds
@xdp
r1 = hash ll
call bpf_map_lookup_elem
r0 = 0
exit
== packet-as-key-too-short | xdp | reject packet-bounds
@xdp
@bytes 3
r1 = hash ll
call bpf_map_lookup_elem
r0 = 0
exit
== packet-as-value-to-update | xdp | accept
@xdp
@bytes 20
r7 = r2
r7 += 4
r3 = r7
r4 = 0
r1 = hash ll
call bpf_map_update_elem
r0 = 0
exit
== packet-as-value-too-short | xdp | reject packet-bounds
@xdp
@bytes 19
r7 = r2
r7 += 4
r3 = r7
r4 = 0
r1 = hash ll
call bpf_map_update_elem
r0 = 0
exit
== packet-as-output-buffer | tc | reject helper-packet
r6 = r1
@skb
@bytes 16
r3 = r2
r1 = r6
r2 = 0
r4 = 16
call bpf_skb_load_bytes
== packet-spilled-through-callee | xdp | accept
@xdp
@bytes 16
r6 = r2
r1 = r2
call first
r0 = *(u8 *)(r6 + 1)
r0 = 0
exit
leave:
r0 = 0
exit
.section ".text"
.func first local
r0 = *(u8 *)(r1 + 0)
exit
== checked-in-callee | xdp | accept
@xdp
r6 = r2
r1 = r2
r2 = r3
call enough
if r0 == 0 goto out
r0 = *(u8 *)(r6 + 7)
out:
r0 = 0
exit
.section ".text"
.func enough local
r3 = r1
r3 += 8
r0 = 0
if r3 > r2 goto out
r0 = 1
out:
exit
== write-into-end | xdp | reject type-packet-end
@xdp
*(u8 *)(r3 + 0) = 0
r0 = 0
exit
== after-the-check-moved-past | xdp | reject packet-bounds
@xdp
@bytes 14
r2 += 14
r0 = *(u8 *)(r2 + 0)
r0 = 0
exit
== sum-of-offsets-overflows | xdp | reject packet-bounds
@xdp
@bytes 8
r5 = *(u16 *)(r2 + 0)
r2 += r5
@repeat 2 r2 += 32767
r4 = r2
r4 += 1
if r4 > r3 goto leave
r0 = *(u8 *)(r2 + 0)
leave:
r0 = 0
exit
== packet-to-helper-that-takes-it | tc | accept
@skb
@bytes 16
r1 = 0
r3 = r2
r2 = 0
r4 = 16
r5 = 0
call bpf_csum_diff
r0 = 0
exit
== packet-to-helper-too-long | tc | reject packet-bounds
@skb
@bytes 16
r1 = 0
r3 = r2
r2 = 0
r4 = 20
r5 = 0
call bpf_csum_diff
r0 = 0
exit
