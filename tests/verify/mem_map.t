# Map values: size, NULL, variable offsets, what may be written.
== first-byte | socket | accept
@value array
r0 = *(u8 *)(r0 + 0)
exit
== last-byte | socket | accept
@value array
r0 = *(u8 *)(r0 + 63)
exit
== one-too-far | socket | reject map-bounds
@value array
r0 = *(u8 *)(r0 + 64)
exit
== word-across-the-end | socket | reject map-bounds
@value array
r0 = *(u32 *)(r0 + 61)
exit
== before-the-start | socket | reject map-bounds
@value array
r0 = *(u8 *)(r0 - 1)
exit
== no-null-check | socket | reject null
@lookup hash
r0 = *(u8 *)(r0 + 0)
exit
== null-check-the-wrong-way-round | socket | reject type
@lookup hash
if r0 != 0 goto leave
r0 = *(u8 *)(r0 + 0)
exit
== array-with-known-key-is-never-null | socket | accept
@lookup array
r0 = *(u8 *)(r0 + 0)
exit
== array-with-known-key-out-of-range | socket | reject null
*(u32 *)(r10 - 4) = 4
r2 = r10
r2 += -4
r1 = array ll
call bpf_map_lookup_elem
r0 = *(u8 *)(r0 + 0)
exit
== array-with-unknown-key | socket | reject null
@random
*(u32 *)(r10 - 4) = r0
r2 = r10
r2 += -4
r1 = array ll
call bpf_map_lookup_elem
r0 = *(u8 *)(r0 + 0)
exit
== write | socket | accept
@value array
*(u64 *)(r0 + 56) = 1
== write-too-far | socket | reject map-bounds
@value array
*(u64 *)(r0 + 60) = 1
== variable-offset | socket | accept
@value array
r6 = r0
@random
r0 &= 31
r6 += r0
r0 = *(u8 *)(r6 + 32)
exit
== variable-offset-too-large | socket | reject map-bounds
@value array
r6 = r0
@random
r0 &= 31
r6 += r0
r0 = *(u8 *)(r6 + 33)
exit
== variable-offset-by-mod | socket | reject pointer-arith
@value array
r6 = r0
@random
r0 %= 64
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== variable-offset-by-shift | socket | accept
@value array
r6 = r0
@random
w0 >>= 26
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== variable-offset-of-32-bits | socket | reject map-bounds
@value array
r6 = r0
@random
w0 = w0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== variable-offset-negative | socket | reject pointer-arith
@value array
r6 = r0
@random64
if r0 s> 10 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
leave:
r0 = 0
exit
== variable-offset-both-bounds-signed | socket | accept
@value array
r6 = r0
@random64
if r0 s> 10 goto leave
if r0 s< 0 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
leave:
r0 = 0
exit
# The variable part is never below zero, wherever the sum lies.
== variable-offset-subtracted | socket | reject map-bounds
@value array
r6 = r0
r6 += 32
@random
r0 &= 31
r6 -= r0
r0 = *(u8 *)(r6 + 0)
exit
== variable-offset-subtracted-too-much | socket | reject map-bounds
@value array
r6 = r0
r6 += 16
@random
r0 &= 31
r6 -= r0
r0 = *(u8 *)(r6 + 0)
exit
== variable-offset-misaligned | socket | accept
@value array
r6 = r0
@random
r0 &= 3
r6 += r0
r0 = *(u32 *)(r6 + 0)
exit
== misaligned-constant | socket | accept
@value array
r0 = *(u32 *)(r0 + 2)
exit
== offset-added-before-null-check | socket | reject pointer-arith
@lookup hash
r0 += 4
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 0)
exit
== null-of-copy | socket | accept
@lookup hash
r6 = r0
if r6 == 0 goto leave
r0 = *(u8 *)(r0 + 0)
exit
== null-checked-before-copy | socket | accept
@value hash
r6 = r0
r0 = *(u8 *)(r6 + 15)
exit
== equal-to-one-that-is-not-null | socket | accept
@lookup hash
r6 = r0
@lookup hash
if r0 == 0 goto leave
if r6 != r0 goto leave
r0 = *(u8 *)(r6 + 0)
exit
== map-itself-is-no-value | socket | reject map-itself
r1 = array ll
*(u64 *)(r1 + 0) = 1
== map-pointer-arith | socket | reject pointer-arith
r1 = array ll
r1 += 8
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
call bpf_map_lookup_elem
== value-as-key | socket | accept
@value array
r2 = r0
r1 = hash ll
call bpf_map_lookup_elem
== value-as-key-near-the-end | socket | accept
@value array
r2 = r0
r2 += 60
r1 = hash ll
call bpf_map_lookup_elem
== value-as-key-too-far | socket | reject map-bounds
@value array
r2 = r0
r2 += 61
r1 = hash ll
call bpf_map_lookup_elem
== nullable-as-key | socket | reject helper-arg
@lookup hash
r2 = r0
r1 = hash ll
call bpf_map_lookup_elem
== value-as-buffer | tracepoint/x/y | accept
@value array
r1 = r0
r2 = 64
call bpf_get_current_comm
== value-as-buffer-too-large | tracepoint/x/y | reject map-bounds
@value array
r1 = r0
r2 = 65
call bpf_get_current_comm
== value-as-buffer-variable | tracepoint/x/y | accept
@value array
r6 = r0
@random
r0 &= 31
r6 += r0
r1 = r6
r2 = 33
call bpf_get_current_comm
== value-as-buffer-variable-both-too-large | tracepoint/x/y | reject map-bounds
@value array
r6 = r0
@random
r0 &= 31
r6 += r0
r1 = r6
r2 = 34
call bpf_get_current_comm
== rdonly-program-read | socket | accept
@value rdonly
r0 = *(u8 *)(r0 + 0)
exit
== rdonly-program-write | socket | reject readonly
@value rdonly
*(u8 *)(r0 + 0) = 1
== rdonly-program-atomic | socket | reject readonly
@value rdonly
r1 = 1
lock *(u64 *)(r0 + 0) += r1
== wronly-program-read | socket | reject readonly
@value wronly
r0 = *(u8 *)(r0 + 0)
exit
== rdonly-update | socket | reject readonly
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r3 = r10
r3 += -72
@repeat 8 *(u64 *)(r10 - 72) = #
r4 = 0
r1 = rdonly ll
call bpf_map_update_elem
== rdonly-as-output | tracepoint/x/y | reject readonly
@value rdonly
r1 = r0
r2 = 16
call bpf_get_current_comm
== percpu-value | socket | accept
@value percpu
*(u64 *)(r0 + 8) = 1
== percpu-value-too-far | socket | reject map-bounds
@value percpu
*(u64 *)(r0 + 16) = 1
== pointer-stored-into-map | socket | accept
r6 = r1
@value array
*(u64 *)(r0 + 0) = r6
== pointer-stored-in-half-into-map | socket | accept
r6 = r1
@value array
*(u32 *)(r0 + 0) = r6
== loaded-from-map-is-a-number | socket | reject type
@value array
r1 = *(u64 *)(r0 + 0)
r0 = *(u8 *)(r1 + 0)
exit
== update-of-hash | socket | accept
*(u64 *)(r10 - 16) = 1
*(u64 *)(r10 - 24) = 1
r2 = r10
r2 += -16
r3 = r10
r3 += -24
r4 = 0
r1 = hash ll
call bpf_map_update_elem
== update-value-too-small | socket | reject stack-bounds
*(u64 *)(r10 - 16) = 1
*(u64 *)(r10 - 8) = 1
r2 = r10
r2 += -16
r3 = r10
r3 += -8
r4 = 0
r1 = hash ll
call bpf_map_update_elem
== delete-of-hash | socket | accept
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = hash ll
call bpf_map_delete_elem
== value-on-one-path-number-on-other | socket | reject type
r6 = r1
@value array
r7 = *(u32 *)(r6 + 0)
if r7 == 0 goto join
r0 = r7
join:
r0 = *(u8 *)(r0 + 0)
exit
== value-of-either-map | socket | accept
r6 = *(u32 *)(r1 + 0)
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = array ll
if r6 == 0 goto join
r1 = hash ll
join:
call bpf_map_lookup_elem
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 15)
leave:
r0 = 0
exit
== value-of-either-map-beyond-the-smaller | socket | reject map-bounds
r6 = *(u32 *)(r1 + 0)
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = array ll
if r6 == 0 goto join
r1 = hash ll
join:
call bpf_map_lookup_elem
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 16)
leave:
r0 = 0
exit
== unequal-to-one-that-is-not-null | socket | reject null
@lookup hash
r6 = r0
@lookup hash
if r0 == 0 goto leave
if r6 == r0 goto leave
r0 = *(u8 *)(r6 + 0)
exit
