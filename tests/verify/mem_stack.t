# The stack: bounds, initialised bytes, what spills keep.
== top-word | socket | accept
*(u64 *)(r10 - 8) = 0
r0 = *(u64 *)(r10 - 8)
exit
== lowest-byte | socket | accept
*(u8 *)(r10 - 512) = 1
r0 = *(u8 *)(r10 - 512)
exit
== below | socket | reject stack-bounds
*(u8 *)(r10 - 513) = 1
== lowest-word-too-low | socket | reject stack-bounds
*(u64 *)(r10 - 520) = 1
== above | socket | reject stack-bounds
*(u8 *)(r10 + 0) = 1
== across-the-top | socket | reject align
*(u64 *)(r10 - 4) = 1
== read-above | socket | reject stack-bounds
r0 = *(u8 *)(r10 + 8)
exit
== far-below | socket | reject stack-bounds
*(u64 *)(r10 - 32768) = 1
== misaligned-word | socket | reject align
*(u64 *)(r10 - 12) = 1
== misaligned-half | socket | reject align
*(u16 *)(r10 - 3) = 1
== misaligned-load | socket | reject align
*(u64 *)(r10 - 8) = 0
r0 = *(u32 *)(r10 - 7)
exit
== read-in-parts | socket | accept
*(u64 *)(r10 - 8) = 0
r0 = *(u8 *)(r10 - 3)
r1 = *(u16 *)(r10 - 6)
r0 += r1
exit
== pointer-plus-offset | socket | accept
r2 = r10
r2 += -64
*(u32 *)(r2 + 60) = 7
r0 = *(u32 *)(r10 - 4)
exit
== pointer-minus-too-much | socket | reject stack-bounds
r2 = r10
r2 += -520
*(u64 *)(r2 + 0) = 7
== pointer-up-and-down | socket | accept
r2 = r10
r2 += 1000
r2 += -1008
*(u64 *)(r2 + 0) = 7
== known-number-subtracted | socket | reject pointer-arith
r2 = r10
r3 = 8
r2 -= r3
*(u64 *)(r2 + 0) = 7
== variable-write-in-bounds | socket | accept
r3 = *(u32 *)(r1 + 0)
r3 &= 7
r2 = r10
r2 += -16
r2 += r3
*(u8 *)(r2 + 0) = 7
== variable-write-out-of-bounds | socket | reject stack-bounds
r3 = *(u32 *)(r1 + 0)
r3 &= 31
r2 = r10
r2 += -16
r2 += r3
*(u8 *)(r2 + 0) = 7
== variable-read-initialised | socket | accept
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = 0
r3 = *(u32 *)(r1 + 0)
r3 &= 15
r2 = r10
r2 += -16
r2 += r3
r0 = *(u8 *)(r2 + 0)
exit
== variable-read-unbounded | socket | reject stack-bounds
*(u64 *)(r10 - 8) = 0
r3 = *(u32 *)(r1 + 0)
r2 = r10
r2 += r3
r0 = *(u8 *)(r2 - 8)
exit
== variable-write-clobbers-spilled-pointer | socket | reject type
*(u64 *)(r10 - 8) = 0
*(u64 *)(r10 - 16) = r1
r3 = *(u32 *)(r1 + 0)
r3 &= 7
r2 = r10
r2 += -16
r2 += r3
*(u8 *)(r2 + 0) = 7
r1 = *(u64 *)(r10 - 16)
r0 = *(u32 *)(r1 + 0)
exit
== helper-reads-uninitialised-key | socket | accept
r2 = r10
r2 += -4
r1 = array ll
call bpf_map_lookup_elem
== helper-reads-key-out-of-bounds | socket | reject stack-bounds
r2 = r10
r2 += -2
*(u16 *)(r10 - 2) = 0
r1 = array ll
call bpf_map_lookup_elem
== helper-reads-key-above | socket | reject stack-bounds
r2 = r10
r1 = array ll
call bpf_map_lookup_elem
== helper-reads-key-below | socket | reject stack-bounds
r2 = r10
r2 += -516
r1 = array ll
call bpf_map_lookup_elem
== helper-fills-buffer | tracepoint/x/y | accept
r1 = r10
r1 += -16
r2 = 16
call bpf_get_current_comm
r0 = *(u64 *)(r10 - 16)
exit
== helper-fills-too-much | tracepoint/x/y | reject stack-bounds
r1 = r10
r1 += -16
r2 = 17
call bpf_get_current_comm
== helper-fills-nothing | tracepoint/x/y | reject size
r1 = r10
r1 += -16
r2 = 0
call bpf_get_current_comm
== helper-size-unbounded | tracepoint/x/y | reject size
@random64
r2 = r0
r1 = r10
r1 += -16
call bpf_get_current_comm
== helper-size-bounded | tracepoint/x/y | accept
@random64
r2 = r0
r2 &= 15
r2 += 1
r1 = r10
r1 += -16
call bpf_get_current_comm
== helper-size-bounded-by-branch | tracepoint/x/y | accept
@random64
if r0 > 16 goto leave
if r0 == 0 goto leave
r2 = r0
r1 = r10
r1 += -16
call bpf_get_current_comm
leave:
r0 = 0
exit
== helper-size-signed-bound-only | tracepoint/x/y | reject size
@random64
if r0 s> 16 goto leave
r2 = r0
r1 = r10
r1 += -16
call bpf_get_current_comm
leave:
r0 = 0
exit
== helper-size-variable-too-large | tracepoint/x/y | reject stack-bounds
@random64
r2 = r0
r2 &= 31
r2 += 1
r1 = r10
r1 += -16
call bpf_get_current_comm
== access-size-zero-offset-of-frame | socket | accept
r2 = r10
*(u64 *)(r2 - 8) = 5
r0 = *(u64 *)(r2 - 8)
exit
== whole-frame | socket | accept
*(u64 *)(r10 - 512) = 1
*(u64 *)(r10 - 256) = 1
*(u64 *)(r10 - 8) = 1
== pointer-to-stack-spilled-and-used | socket | accept
r2 = r10
r2 += -16
*(u64 *)(r10 - 8) = r2
r3 = *(u64 *)(r10 - 8)
*(u64 *)(r3 + 0) = 1
r0 = *(u64 *)(r10 - 16)
exit
== stack-pointer-wraps | socket | reject pointer-arith
r2 = r10
r2 += 0x7fffffff
r2 += 0x7fffffff
*(u64 *)(r2 + 0) = 1
