# The context of XDP programs.
== ifindex | xdp | accept
r0 = *(u32 *)(r1 + 12)
r0 = 0
exit
== queue | xdp | accept
r0 = *(u32 *)(r1 + 16)
r0 = 0
exit
== data-in-half | xdp | reject ctx-access
r0 = *(u16 *)(r1 + 0)
r0 = 0
exit
== data-as-word | xdp | reject ctx-access
r0 = *(u64 *)(r1 + 0)
r0 = 0
exit
== ifindex-in-half | xdp | reject ctx-access
r0 = *(u16 *)(r1 + 12)
r0 = 0
exit
== beyond | xdp | reject ctx-access
r0 = *(u32 *)(r1 + 24)
r0 = 0
exit
== before | xdp | reject ctx-access
r0 = *(u32 *)(r1 - 4)
r0 = 0
exit
== misaligned | xdp | reject ctx-access
r0 = *(u32 *)(r1 + 2)
r0 = 0
exit
== written | xdp | reject ctx-access
*(u32 *)(r1 + 0) = 0
== ifindex-written | xdp | reject ctx-access
r2 = 1
*(u32 *)(r1 + 12) = r2
== egress-outside-of-devmap | xdp | reject ctx-access
r0 = *(u32 *)(r1 + 20)
r0 = 0
exit
== egress-in-devmap | xdp/devmap | accept
r0 = *(u32 *)(r1 + 20)
r0 = 0
exit
== queue-in-cpumap | xdp/cpumap | accept
r0 = *(u32 *)(r1 + 16)
r0 = 0
exit
== egress-in-cpumap | xdp/cpumap | reject ctx-access
r0 = *(u32 *)(r1 + 20)
r0 = 0
exit
== signed-load-of-field | xdp | reject ctx-access
r0 = *(s32 *)(r1 + 0)
r0 = 0
exit
== data-is-a-pointer | xdp | reject packet-bounds
r2 = *(u32 *)(r1 + 0)
*(u8 *)(r2 + 0) = 0
== meta-written | xdp | accept
r2 = *(u32 *)(r1 + 8)
r3 = *(u32 *)(r1 + 0)
@bytes 4
*(u32 *)(r2 + 0) = 1
r0 = 0
exit
== atomic-on-context | xdp | reject atomic-ctx
r2 = 1
lock *(u32 *)(r1 + 12) += r2
