# Spilled registers: what a slot keeps, and when it stops being a register.
== context | socket | accept
*(u64 *)(r10 - 8) = r1
r1 = *(u64 *)(r10 - 8)
r0 = *(u32 *)(r1 + 0)
exit
== context-in-half | socket | reject partial-spill
*(u32 *)(r10 - 8) = r1
== context-read-in-half | socket | reject partial-spill
*(u64 *)(r10 - 8) = r1
r0 = *(u32 *)(r10 - 8)
exit
== context-read-upper-half | socket | reject partial-spill
*(u64 *)(r10 - 8) = r1
r0 = *(u32 *)(r10 - 4)
exit
== one-byte-overwritten | socket | reject type
*(u64 *)(r10 - 8) = r1
*(u8 *)(r10 - 1) = 0
r1 = *(u64 *)(r10 - 8)
r0 = *(u32 *)(r1 + 0)
exit
== half-overwritten-with-zero | socket | reject type
*(u64 *)(r10 - 8) = r1
*(u32 *)(r10 - 4) = 0
r1 = *(u64 *)(r10 - 8)
r0 = *(u32 *)(r1 + 0)
exit
== constant-is-kept | socket | accept
r6 = -8
*(u64 *)(r10 - 8) = r6
r7 = *(u64 *)(r10 - 8)
r2 = r10
r2 += r7
*(u64 *)(r2 + 0) = 1
== constant-of-store-is-kept | socket | accept
*(u64 *)(r10 - 8) = -16
r7 = *(u64 *)(r10 - 8)
r2 = r10
r2 += r7
*(u64 *)(r2 + 0) = 1
== bound-is-kept | socket | accept
@value array
r6 = r0
@random
r0 &= 63
*(u64 *)(r10 - 16) = r0
@random
r1 = *(u64 *)(r10 - 16)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== bound-is-kept-of-half | socket | accept
@value array
r6 = r0
@random
w0 &= 63
*(u32 *)(r10 - 16) = r0
r1 = *(u32 *)(r10 - 16)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== bound-found-after-spill | socket | accept
@value array
r6 = r0
@random
*(u64 *)(r10 - 16) = r0
if r0 > 63 goto leave
r1 = *(u64 *)(r10 - 16)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== bound-found-on-filled | socket | accept
@value array
r6 = r0
@random
*(u64 *)(r10 - 16) = r0
r1 = *(u64 *)(r10 - 16)
if r1 > 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== bound-not-for-overwritten-slot | socket | reject pointer-arith
@value array
r6 = r0
@random
r7 = r0
*(u64 *)(r10 - 16) = r7
@random
*(u64 *)(r10 - 16) = r0
if r7 > 63 goto leave
r1 = *(u64 *)(r10 - 16)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== low-byte-of-number | socket | accept
@value array
r6 = r0
@random
*(u64 *)(r10 - 16) = r0
r1 = *(u8 *)(r10 - 16)
r1 &= 63
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== low-half-of-wide-number-no-bound | socket | reject map-bounds
@value array
r6 = r0
@random64
if r0 > 63 goto other
r0 = 0
exit
other:
*(u64 *)(r10 - 16) = r0
r1 = *(u32 *)(r10 - 16)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== truncated-copy-is-not-linked | socket | reject pointer-arith
@value array
r6 = r0
@random64
*(u64 *)(r10 - 16) = r0
r1 = *(u32 *)(r10 - 16)
if w1 > 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== id-shared-by-narrow-spill | socket | reject pointer-arith
@value array
r6 = r0
@random64
r7 = r0
*(u32 *)(r10 - 16) = r0
r1 = *(u32 *)(r10 - 16)
if r1 > 63 goto leave
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== null-or-value-spilled | socket | reject null
@lookup hash
*(u64 *)(r10 - 16) = r0
r1 = *(u64 *)(r10 - 16)
r0 = *(u64 *)(r1 + 0)
exit
== null-check-holds-for-slot | socket | accept
@lookup hash
*(u64 *)(r10 - 16) = r0
if r0 == 0 goto leave
r1 = *(u64 *)(r10 - 16)
r0 = *(u64 *)(r1 + 0)
exit
== null-check-of-filled-holds-for-register | socket | accept
@lookup hash
r6 = r0
*(u64 *)(r10 - 16) = r0
r1 = *(u64 *)(r10 - 16)
if r1 == 0 goto leave
r0 = *(u64 *)(r6 + 0)
exit
== null-check-of-another-lookup | socket | reject null
@lookup hash
r6 = r0
@lookup hash
if r0 == 0 goto leave
r0 = *(u64 *)(r6 + 0)
exit
== packet-pointer-spilled | xdp | accept
@xdp
*(u64 *)(r10 - 8) = r2
@bytes 4
r2 = *(u64 *)(r10 - 8)
r0 = *(u8 *)(r2 + 3)
r0 = 0
exit
== packet-end-spilled | xdp | accept
@xdp
*(u64 *)(r10 - 8) = r3
r3 = *(u64 *)(r10 - 8)
@bytes 4
r0 = *(u8 *)(r2 + 3)
r0 = 0
exit
== misaligned-pointer-spill | socket | reject align
*(u64 *)(r10 - 12) = r1
== map-pointer-spilled | socket | accept
r1 = array ll
*(u64 *)(r10 - 16) = r1
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = *(u64 *)(r10 - 16)
call bpf_map_lookup_elem
== different-values-on-two-paths | socket | reject type
r6 = r1
r7 = *(u32 *)(r1 + 0)
*(u64 *)(r10 - 8) = r1
if r7 == 0 goto join
*(u64 *)(r10 - 8) = r7
join:
r1 = *(u64 *)(r10 - 8)
r0 = *(u32 *)(r1 + 0)
exit
== same-value-on-two-paths | socket | accept
r7 = *(u32 *)(r1 + 0)
*(u64 *)(r10 - 8) = r1
if r7 == 0 goto join
*(u64 *)(r10 - 8) = r1
join:
r1 = *(u64 *)(r10 - 8)
r0 = *(u32 *)(r1 + 0)
exit
== slot-as-map-value-after-partial-writes | socket | reject type
@value array
*(u64 *)(r10 - 16) = r0
*(u16 *)(r10 - 16) = 0
r1 = *(u64 *)(r10 - 16)
r0 = *(u8 *)(r1 + 0)
exit
== zero-bytes-of-register | socket | reject map-bounds
@value array
r6 = r0
@random
r7 = r0
@random
r9 = r0
if r7 == 1 goto spill
@repeat 8 r1 = 0
*(u32 *)(r10 - 12) = 0
goto read
spill:
r8 = 0x100000000000 ll
if r9 == 7 goto store
r8 = 0
@repeat 8 r1 = 0
goto store
store:
*(u64 *)(r10 - 16) = r8
read:
r1 = *(u32 *)(r10 - 12)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
