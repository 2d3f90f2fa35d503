# Bounds of a number, of its low half, signed and unsigned, and what one says of the other.
# In each, r6 is the value of a map of 64 bytes, and r0 what is added to it.
== half-bound-after-half-write | socket | accept
@value array
r6 = r0
@random
w0 = w0
if w0 > 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-bound-of-whole-number | socket | reject pointer-arith
@value array
r6 = r0
@random64
if w0 > 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-bound-then-truncated | socket | accept
@value array
r6 = r0
@random64
if w0 > 63 goto leave
w0 = w0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== whole-bound-says-half | socket | accept
@value array
r6 = r0
@random64
if r0 > 63 goto leave
w0 = w0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-half-bound-upper-only | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 = w0
if w0 s> 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-half-bound-both | socket | accept
@value array
r6 = r0
@random64
w0 = w0
if w0 s> 63 goto leave
if w0 s< 0 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-bound-both | socket | accept
@value array
r6 = r0
@random64
if r0 s> 63 goto leave
if r0 s< 0 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-bound-and-sign-bit-cleared | socket | accept
@value array
r6 = r0
@random64
if r0 s> 63 goto leave
if r0 s<= -1 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-sum-wraps | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 &= 63
w0 += -32
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-sum-does-not-wrap | socket | accept
@value array
r6 = r0
@random64
w0 &= 31
w0 += 32
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== whole-sum-negative-then-added-back | socket | accept
@value array
r6 = r0
@random64
r0 &= 63
r0 += -32
r0 += 32
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== product-in-bounds | socket | accept
@value array
r6 = r0
@random64
r0 &= 7
r0 *= 8
r6 += r0
r0 = *(u64 *)(r6 + 0)
exit
== product-out-of-bounds | socket | reject map-bounds
@value array
r6 = r0
@random64
r0 &= 15
r0 *= 8
r6 += r0
r0 = *(u64 *)(r6 + 0)
exit
== half-product-overflows | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 &= 0xffff
w0 *= 0x10001
w0 >>= 16
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== shift-left-in-bounds | socket | accept
@value array
r6 = r0
@random64
r0 &= 3
r0 <<= 4
r6 += r0
r0 = *(u8 *)(r6 + 15)
exit
== shift-left-loses-high-bits | socket | accept
@value array
r6 = r0
@random64
r0 <<= 58
r0 >>= 58
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== shift-left-out-of-the-half | socket | accept
@value array
r6 = r0
@random64
w0 <<= 26
w0 >>= 26
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-shift-is-not-whole-shift | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 <<= 26
r0 >>= 25
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== arithmetic-shift-of-half | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 s>>= 26
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== arithmetic-shift-right-of-small | socket | accept
@value array
r6 = r0
@random64
r0 &= 255
r0 s>>= 2
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== shift-by-unknown | socket | reject map-bounds
@value array
r6 = r0
@random64
r7 = 1
r0 &= 15
r7 <<= r0
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== shift-by-bounded-unknown | socket | reject pointer-arith
@value array
r6 = r0
@random64
r7 = 1
r0 &= 3
r7 <<= r0
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== and-with-unknown-below | socket | accept
@value array
r6 = r0
@random64
r7 = r0
@random64
r0 &= 63
r0 &= r7
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== or-keeps-the-bits | socket | accept
@value array
r6 = r0
@random64
r0 &= 31
r0 |= 32
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== or-beyond | socket | reject map-bounds
@value array
r6 = r0
@random64
r0 &= 31
r0 |= 64
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== xor-keeps-the-bits | socket | accept
@value array
r6 = r0
@random64
r0 &= 31
r0 ^= 63
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-or-clears-upper | socket | accept
@value array
r6 = r0
@random64
r0 &= 31
w0 |= 32
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-and-with-negative | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 &= -64
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== quotient | socket | reject map-bounds
@value array
r6 = r0
@random64
r0 &= 255
r0 /= 2
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== constant-quotient | socket | reject pointer-arith
@value array
r6 = r0
r0 = 126
r0 /= 2
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== negative-constant-quotient | socket | reject map-bounds
@value array
r6 = r0
r0 = -126
r0 s/= 2
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== byte-load-is-below-256 | socket | accept
@value array
r6 = r0
r0 = *(u8 *)(r6 + 0)
r0 >>= 2
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-byte-load | socket | reject map-bounds
@value array
r6 = r0
r0 = *(s8 *)(r6 + 0)
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-byte-load-masked | socket | accept
@value array
r6 = r0
r0 = *(s8 *)(r6 + 0)
r0 &= 63
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== sign-extension-of-bounded | socket | accept
@value array
r6 = r0
@random64
r0 &= 63
r0 = (s8)r0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== sign-extension-of-byte | socket | reject map-bounds
@value array
r6 = r0
@random64
r0 &= 255
r0 = (s8)r0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== equality-gives-a-constant | socket | accept
@value array
r6 = r0
@random64
if r0 != 5 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 58)
exit
== half-equality-gives-half-a-constant | socket | reject pointer-arith
@value array
r6 = r0
@random64
if w0 != 5 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== inequality-at-the-edge | socket | accept
@value array
r6 = r0
@random64
r0 &= 63
if r0 == 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 1)
exit
== bits-tested-clear | socket | accept
@value array
r6 = r0
@random64
if r0 & -64 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== bits-tested-set | socket | reject pointer-arith
@value array
r6 = r0
@random64
if r0 & -64 goto go
r0 = 0
exit
go:
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== bound-by-another-register | socket | accept
@value array
r6 = r0
@random64
r7 = r0
r7 &= 63
@random64
if r0 > r7 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== bound-by-unknown-register | socket | reject pointer-arith
@value array
r6 = r0
@random64
r7 = r0
@random64
if r0 > r7 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== bound-for-copies | socket | accept
@value array
r6 = r0
@random64
r7 = r0
if r0 > 63 goto leave
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== bound-for-copy-plus-constant | socket | accept
@value array
r6 = r0
@random64
r7 = r0
r7 += 8
if r0 > 50 goto leave
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== bound-for-copy-plus-constant-too-far | socket | reject map-bounds
@value array
r6 = r0
@random64
r7 = r0
r7 += 8
if r0 > 56 goto leave
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== bound-not-for-half-copy-of-wide | socket | reject pointer-arith
@value array
r6 = r0
@random64
w7 = w0
if r7 > 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== bound-for-half-copy | socket | accept
@value array
r6 = r0
@random64
w7 = w0
if r7 > 63 goto leave
r6 += r7
r0 = *(u8 *)(r6 + 0)
exit
== bound-of-old-value | socket | reject pointer-arith
@value array
r6 = r0
@random64
r7 = r0
@random64
if r7 > 63 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== minimum-of-two | socket | accept
@value array
r6 = r0
@random64
if r0 < 63 goto ok
r0 = 63
ok:
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== upper-half-is-zero-after-half-move | socket | accept
@value array
r6 = r0
@random64
w0 = w0
r0 >>= 32
r6 += r0
r0 = *(u8 *)(r6 + 63)
exit
== upper-half-of-unknown | socket | reject map-bounds
@value array
r6 = r0
@random64
r0 >>= 32
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
# The variable part of a pointer into a value is never below zero, wherever the sum lies.
== negated-small | socket | reject map-bounds
@value array
r6 = r0
r6 += 63
@random64
r0 &= 63
r0 = -r0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== swapped-byte | socket | accept
@value array
r6 = r0
@random64
r0 = be16 r0
r0 &= 63
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== swapped-is-bounded-by-width | socket | reject map-bounds
@value array
r6 = r0
@random64
r0 &= 63
r0 = be16 r0
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== signed-minimum-divided | socket | accept
r0 = 0x8000000000000000 ll
r1 = -1
r0 s/= r1
exit
== unsigned-compare-with-negative-constant | socket | reject pointer-arith
@value array
r6 = r0
@random64
if r0 > -1 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-compare-with-sign-extended-constant | socket | reject map-bounds
@value array
r6 = r0
@random64
w0 = w0
if w0 > -64 goto leave
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== known-branch-not-taken | socket | accept
@value array
r6 = r0
r0 = 5
if r0 > 63 goto bad
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
bad:
r0 = *(u8 *)(r6 + 1000)
exit
== known-half-branch | socket | accept
r0 = 0x1ffffffff ll
if w0 == -1 goto leave
r0 = *(u8 *)(r9 + 0)
exit
leave:
r0 = 0
exit
== known-half-branch-by-whole-value | socket | reject uninit-reg
r0 = 0x1ffffffff ll
if r0 == -1 goto leave
r0 = *(u8 *)(r9 + 0)
exit
leave:
r0 = 0
exit
== copy-plus-constant-in-32-bits | socket | accept
@value array
r9 = *(u8 *)(r0 + 16)
r8 = r9
w8 += 8
if r8 > 71 goto leave
r0 += r9
r1 = *(u8 *)(r0 + 0)
== copy-minus-constant-in-32-bits | socket | reject map-bounds
@value array
r9 = *(u8 *)(r0 + 16)
r8 = r9
w8 -= 8
if r8 > 56 goto leave
r0 += r9
r1 = *(u8 *)(r0 + 0)
== copy-plus-constant-wraps-in-32-bits | socket | reject map-bounds
@value array
r9 = *(u32 *)(r0 + 16)
r8 = r9
w8 += 8
if r8 > 71 goto leave
r0 += r9
r1 = *(u8 *)(r0 + 0)
