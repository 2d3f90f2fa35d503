# Arithmetic on pointers: which of it is followed, and what becomes of the result.
== multiply-context | socket | reject pointer-arith
r1 *= 2
== and-with-pointer | socket | reject pointer-arith
r2 = r10
r2 &= -8
*(u64 *)(r2 - 8) = 1
== or-with-pointer | socket | reject pointer-arith
r1 |= 1
== shift-of-pointer | socket | reject pointer-arith
r2 = r10
r2 <<= 1
== negated-pointer | socket | accept
r1 = -r1
== negated-pointer-is-a-number | socket | reject type
r1 = -r1
r0 = *(u32 *)(r1 + 0)
exit
== swapped-pointer-is-a-number | socket | reject type
r1 = bswap64 r1
r0 = *(u32 *)(r1 + 0)
exit
== divided-pointer | socket | reject pointer-arith
r1 /= 2
== half-of-pointer | socket | accept
w1 = w1
== half-of-pointer-is-a-number | socket | reject type
w1 = w1
r0 = *(u32 *)(r1 + 0)
exit
== half-add-to-pointer | socket | reject pointer-arith
w1 += 4
r0 = *(u32 *)(r1 + 0)
exit
== half-add-of-zero | socket | reject pointer-arith
r2 = r10
w2 += 0
*(u8 *)(r2 - 1) = 0
== sign-extended-pointer | socket | reject type
r2 = (s32)r10
*(u8 *)(r2 - 1) = 0
== context-plus-constant | socket | reject ctx-modified
r1 += 4
r0 = *(u32 *)(r1 + 0)
exit
== context-plus-and-minus | socket | accept
r1 += 4
r1 -= 4
r0 = *(u32 *)(r1 + 0)
exit
== context-plus-unknown | socket | reject ctx-modified
r2 = *(u32 *)(r1 + 0)
r2 &= 4
r1 += r2
r0 = *(u32 *)(r1 + 0)
exit
== modified-context-to-helper | tc | reject ctx-modified
r1 += 4
r2 = 0
r3 = r10
r3 += -4
r4 = 4
call bpf_skb_load_bytes
== sum-of-two-pointers | socket | reject pointer-arith
r2 = r10
r2 += r1
== number-plus-pointer | socket | accept
r2 = -8
r2 += r10
*(u64 *)(r2 + 0) = 1
== number-minus-pointer | socket | reject pointer-arith
r2 = 8
r2 -= r10
== pointer-minus-pointer-of-stack | socket | accept
r2 = r10
r2 += -8
r3 = r10
r3 -= r2
r0 = 0
exit
== difference-of-stack-pointers-is-unknown | socket | reject pointer-arith
r2 = r10
r2 += -8
r3 = r10
r3 -= r2
r4 = r10
r4 -= r3
*(u64 *)(r4 + 0) = 1
== pointer-minus-itself-and-used | socket | reject pointer-arith
r2 = r10
r3 = r10
r3 -= r2
r4 = r10
r4 += r3
*(u64 *)(r4 - 8) = 1
== map-value-and-back | socket | accept
@value array
r0 += 32
r0 -= 32
*(u64 *)(r0 + 0) = 1
== map-value-huge-constant | socket | reject pointer-arith
@value array
r0 += 0x7fffffff
*(u64 *)(r0 + 0) = 1
== map-value-wraps-around | socket | reject pointer-arith
@value array
@repeat 4 r0 += 0x1ffffffe
r0 = *(u8 *)(r0 + 0)
exit
== or-null-plus-number | socket | reject pointer-arith
@lookup hash
r0 += 8
if r0 == 0 goto leave
r0 = *(u8 *)(r0 - 8)
exit
== or-null-minus-number | socket | reject pointer-arith
@lookup hash
r0 -= 8
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 8)
exit
== or-null-plus-zero | socket | reject pointer-arith
@lookup hash
r0 += 0
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 0)
exit
== or-null-plus-variable | socket | reject pointer-arith
@random
r6 = r0
r6 &= 7
@lookup hash
r0 += r6
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 0)
exit
== or-null-xor | socket | reject pointer-arith
@lookup hash
r0 ^= 1
if r0 == 0 goto leave
r0 = *(u8 *)(r0 + 0)
exit
== socket-or-null-plus-number | tc | reject pointer-arith
r0 = *(u64 *)(r1 + 168)
r0 += 4
if r0 == 0 goto leave
r0 = *(u32 *)(r0 - 4)
leave:
r0 = 0
exit
== socket-plus-number | tc | reject pointer-arith
r0 = *(u64 *)(r1 + 168)
if r0 == 0 goto leave
r0 += 4
r0 = *(u32 *)(r0 + 0)
leave:
r0 = 0
exit
== compare-pointers | socket | accept
r2 = r10
if r2 == r1 goto out
r0 = 0
out:
r0 = 0
exit
== compare-pointer-with-number | socket | accept
if r1 == 5 goto out
r0 = 0
out:
r0 = 0
exit
== pointer-bits-tested | socket | accept
if r1 & 1 goto out
r0 = 0
out:
r0 = 0
exit
# Whether the stack or the context is NULL is not decided: both ways are gone.
== address-of-stack-tested | socket | reject uninit-reg
if r10 == 0 goto bad
r0 = 0
exit
bad:
r0 = r9
exit
== context-tested | socket | reject ctx-access
if r1 != 0 goto good
r0 = *(u32 *)(r1 + 9999)
exit
good:
r0 = 0
exit
== stack-and-map-pointer-joined | socket | accept
r6 = *(u32 *)(r1 + 0)
*(u64 *)(r10 - 8) = 0
@value array
if r6 == 0 goto join
r0 = r10
r0 += -8
join:
r0 = *(u8 *)(r0 + 0)
exit
== stack-and-context-pointer-joined | socket | reject ctx-joined
*(u64 *)(r10 - 8) = 0
r2 = r10
r2 += -8
r6 = *(u32 *)(r1 + 0)
if r6 == 0 goto join
r2 = r1
join:
r0 = *(u32 *)(r2 + 0)
exit
== pointer-returned | socket | accept
r0 = r10
exit
== constant-address | socket | reject type
r1 = 0x1122334455667788 ll
r0 = *(u8 *)(r1 + 0)
exit
== zero-address | socket | reject type
r1 = 0
r0 = *(u8 *)(r1 + 0)
exit
== map-value-by-number-of-another-width | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 &= 63
r0 <<= 32
r0 >>= 31
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
