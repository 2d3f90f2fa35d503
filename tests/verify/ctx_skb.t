# The context of programs that get a socket buffer: who sees and who writes which field.
== filter-reads-length | socket | accept
r0 = *(u32 *)(r1 + 0)
exit
== filter-reads-half-of-length | socket | accept
r0 = *(u16 *)(r1 + 0)
exit
== filter-reads-byte-in-the-middle | socket | accept
r0 = *(u8 *)(r1 + 1)
exit
== filter-reads-word-of-two-fields | socket | reject ctx-access
r0 = *(u64 *)(r1 + 0)
exit
== filter-misaligned | socket | reject ctx-access
r0 = *(u32 *)(r1 + 2)
exit
== filter-writes-mark | socket | reject ctx-access
*(u32 *)(r1 + 8) = 1
== filter-writes-cb | socket | accept
*(u32 *)(r1 + 48) = 1
== filter-writes-cb-last | socket | accept
*(u32 *)(r1 + 64) = 1
== filter-writes-behind-cb | socket | reject ctx-access
*(u32 *)(r1 + 68) = 1
== filter-writes-cb-as-word | socket | accept
*(u64 *)(r1 + 48) = 1
== filter-writes-cb-word-across-the-end | socket | reject ctx-access
*(u64 *)(r1 + 64) = 1
== filter-writes-byte-of-cb | socket | accept
*(u8 *)(r1 + 55) = 1
== filter-reads-data | socket | reject ctx-access
r0 = *(u32 *)(r1 + 76)
exit
== filter-reads-tc-classid | socket | reject ctx-access
r0 = *(u32 *)(r1 + 72)
exit
== filter-reads-family | socket | reject ctx-access
r0 = *(u32 *)(r1 + 88)
exit
== filter-reads-tstamp | socket | reject ctx-access
r0 = *(u64 *)(r1 + 152)
exit
== tc-reads-data | tc | accept
r0 = *(u32 *)(r1 + 76)
r0 = 0
exit
== tc-writes-mark | tc | accept
*(u32 *)(r1 + 8) = 1
== tc-writes-half-of-mark | tc | reject ctx-access
*(u16 *)(r1 + 8) = 1
== tc-writes-queue | tc | accept
*(u32 *)(r1 + 12) = 1
== tc-writes-priority | tc | accept
*(u32 *)(r1 + 32) = 1
== tc-writes-index | tc | accept
*(u32 *)(r1 + 44) = 1
== tc-writes-classid | tc | accept
*(u32 *)(r1 + 72) = 1
== tc-writes-protocol | tc | reject ctx-access
*(u32 *)(r1 + 16) = 1
== tc-writes-length | tc | reject ctx-access
*(u32 *)(r1 + 0) = 1
== tc-writes-data | tc | reject ctx-access
*(u32 *)(r1 + 76) = 1
== tc-reads-tstamp | tc | accept
r0 = *(u64 *)(r1 + 152)
r0 = 0
exit
== tc-reads-half-of-tstamp | tc | reject ctx-access
r0 = *(u32 *)(r1 + 152)
r0 = 0
exit
== tc-writes-tstamp | tc | accept
*(u64 *)(r1 + 152) = 1
== tc-reads-gap | tc | reject ctx-access
r0 = *(u8 *)(r1 + 181)
r0 = 0
exit
== tc-reads-tstamp-type | tc | accept
r0 = *(u8 *)(r1 + 180)
r0 = 0
exit
== tc-reads-hwtstamp | tc | accept
r0 = *(u64 *)(r1 + 184)
r0 = 0
exit
== tc-reads-flow-keys | tc | reject ctx-access
r0 = *(u64 *)(r1 + 144)
r0 = 0
exit
== tc-reads-beyond | tc | reject ctx-access
r0 = *(u32 *)(r1 + 192)
r0 = 0
exit
== tc-reads-family | tc | reject ctx-access
r0 = *(u32 *)(r1 + 88)
r0 = 0
exit
== tc-stores-pointer-in-mark | tc | reject ctx-access
*(u64 *)(r1 + 8) = r1
== tc-stores-pointer-in-cb | tc | accept
*(u64 *)(r1 + 48) = r1
== tc-socket-needs-check | tc | reject null
r2 = *(u64 *)(r1 + 168)
r0 = *(u32 *)(r2 + 4)
r0 = 0
exit
== tc-socket-family | tc | accept
r2 = *(u64 *)(r1 + 168)
if r2 == 0 goto leave
r0 = *(u32 *)(r2 + 4)
leave:
r0 = 0
exit
== tc-socket-beyond-the-common-part | tc | reject sock-access
r2 = *(u64 *)(r1 + 168)
if r2 == 0 goto leave
r0 = *(u32 *)(r2 + 16)
leave:
r0 = 0
exit
== tc-full-socket | tc | accept
r1 = *(u64 *)(r1 + 168)
if r1 == 0 goto leave
call bpf_sk_fullsock
if r0 == 0 goto leave
r0 = *(u32 *)(r0 + 16)
leave:
r0 = 0
exit
== tc-socket-written | tc | reject sock-access
r2 = *(u64 *)(r1 + 168)
if r2 == 0 goto leave
*(u32 *)(r2 + 4) = 1
leave:
r0 = 0
exit
== cgroup-reads-data | cgroup_skb/egress | accept
r0 = *(u32 *)(r1 + 76)
r0 = 1
exit
== cgroup-writes-mark | cgroup_skb/egress | accept
*(u32 *)(r1 + 8) = 1
r0 = 1
exit
== cgroup-writes-classid | cgroup_skb/egress | reject ctx-access
*(u32 *)(r1 + 72) = 1
r0 = 1
exit
== cgroup-reads-family | cgroup_skb/egress | accept
r0 = *(u32 *)(r1 + 88)
r0 = 1
exit
== lwt-reads-data | lwt_xmit | accept
r0 = *(u32 *)(r1 + 76)
r0 = 0
exit
== lwt-in-writes-packet | lwt_in | reject readonly
@skb
@bytes 2
*(u8 *)(r2 + 0) = 1
r0 = 0
exit
== lwt-xmit-writes-packet | lwt_xmit | accept
@skb
@bytes 2
*(u8 *)(r2 + 0) = 1
r0 = 0
exit
== lwt-reads-tstamp | lwt_in | reject ctx-access
r0 = *(u64 *)(r1 + 152)
r0 = 0
exit
== sk-skb-reads-family | sk_skb/stream_verdict | accept
r0 = *(u32 *)(r1 + 88)
r0 = 1
exit
== sk-skb-reads-mark | sk_skb/stream_verdict | reject ctx-access
r0 = *(u32 *)(r1 + 8)
r0 = 1
exit
== sk-skb-writes-packet | sk_skb/stream_verdict | accept
@skb
@bytes 2
*(u8 *)(r2 + 0) = 1
r0 = 1
exit
== flow-dissector-keys | flow_dissector | accept
r2 = *(u64 *)(r1 + 144)
*(u16 *)(r2 + 0) = 14
r0 = 0
exit
== flow-dissector-keys-beyond | flow_dissector | reject flow-keys
r2 = *(u64 *)(r1 + 144)
*(u32 *)(r2 + 56) = 14
r0 = 0
exit
== flow-dissector-reads-length | flow_dissector | reject ctx-access
r0 = *(u32 *)(r1 + 0)
r0 = 0
exit
== filter-load-absolute | socket | accept
r6 = r1
r0 = *(u16 *)skb[12]
exit
== filter-load-absolute-without-context | socket | reject ld-abs-r6
r0 = *(u16 *)skb[12]
exit
== filter-load-indirect | socket | accept
r6 = r1
r7 = 4
r0 = *(u8 *)skb[r7 + 2]
exit
== filter-load-takes-registers | socket | reject uninit-reg
r6 = r1
r2 = 1
r0 = *(u16 *)skb[12]
r0 = r2
exit
== xdp-load-absolute | xdp | reject ld-abs
r6 = r1
r0 = *(u16 *)skb[12]
r0 = 0
exit
== filter-load-r6-is-number | socket | reject ld-abs-r6
r6 = 1
r0 = *(u16 *)skb[12]
exit
