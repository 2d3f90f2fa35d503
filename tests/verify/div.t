# Divisions and shifts at their corners.
== by-constant-zero | socket | reject div-zero
r0 = 1
r0 /= 0
exit
== half-by-constant-zero | socket | reject div-zero
r0 = 1
w0 /= 0
exit
== remainder-of-constant-zero | socket | reject div-zero
r0 = 1
r0 %= 0
exit
== signed-by-constant-zero | socket | reject div-zero
r0 = 1
r0 s/= 0
exit
== by-register-that-is-zero | socket | accept
r0 = 1
r1 = 0
r0 /= r1
exit
== by-unknown-register | socket | accept
r2 = *(u32 *)(r1 + 0)
r0 = 1
r0 /= r2
exit
== by-zero-gives-zero-and-not-anything | socket | reject map-bounds
@value array
r6 = r0
r0 = 200
r1 = 1
r0 /= r1
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== remainder-by-zero-keeps-the-value | socket | reject map-bounds
@value array
r6 = r0
r0 = 200
r1 = 0
r0 %= r1
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== half-remainder-by-zero-truncates | socket | reject map-bounds
@value array
r6 = r0
@random64
r1 = 0
w0 %= w1
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== remainder-by-unknown-is-no-bound | socket | reject pointer-arith
@value array
r6 = r0
@random64
r7 = r0
r7 &= 63
@random64
r0 %= r7
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== smallest-by-minus-one | socket | accept
w0 = 0x80000000
w1 = -1
w0 s/= w1
exit
== signed-remainder-is-negative | socket | reject pointer-arith
@value array
r6 = r0
@random64
r0 s%= 64
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== shift-by-width | socket | reject shift
r0 = 1
r0 <<= 64
exit
== half-shift-by-width | socket | reject shift
r0 = 1
w0 >>= 32
exit
== shift-by-negative | socket | reject shift
r0 = 1
r0 s>>= -1
exit
== shift-by-63 | socket | accept
r0 = 1
r0 <<= 63
exit
== shift-by-register-beyond-width | socket | accept
r0 = 1
r1 = 64
r0 <<= r1
exit
== shift-by-register-beyond-width-is-unknown | socket | reject pointer-arith
@value array
r6 = r0
r0 = 1
r1 = 64
r0 <<= r1
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
