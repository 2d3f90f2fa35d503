# What the kernel's verifier does for a program: where it stops, because it was in a state before that covers this one.
== live-on-other-paths | socket | accept
# The slot is read behind the place where ways meet, but not on the way that came there first.
@random
r6 = r0
r7 = 0
if r6 > 5 goto a1
r7 = 1
a1:
*(u64 *)(r10 - 8) = r7
@random
r8 = r0
if r8 > 7 goto a2
r8 = 1
a2:
@repeat 10 r8 += 1
if r6 > 3 goto leave
r1 = *(u64 *)(r10 - 8)
if r1 > 9 goto leave
r0 = 1
== written-by-the-called | socket | accept
@random
r6 = r0
r1 = 0
if r6 > 5 goto a3
r1 = 1
a3:
*(u64 *)(r10 - 8) = r1
r1 = r10
r1 += -8
call sub
if r6 > 7 goto a4
r6 = 8
a4:
r1 = r10
r1 += -8
call sub
r1 = *(u64 *)(r10 - 8)
if r1 > 9 goto leave
r0 = 1
exit
.section ".text"
.func sub local
*(u64 *)(r1 + 0) = 4
@repeat 8 r2 = #
r0 = 0
exit
== stored-above-the-low-bytes | socket | accept
@random
r6 = r0
r7 = 3
if r6 > 5 goto a5
r7 = 4
a5:
*(u32 *)(r10 - 8) = r7
*(u32 *)(r10 - 4) = r6
r8 = 0
@repeat 10 r8 += 1
if r6 > 9 goto a6
r8 = 1
a6:
r1 = *(u32 *)(r10 - 8)
if r1 > 5 goto leave
r0 = 1
== upper-part-of-a-stored-number | socket | accept
r1 = 0x500000004 ll
*(u64 *)(r10 - 8) = r1
@random
r6 = r0
r2 = *(u32 *)(r10 - 4)
if r2 > 4 goto a7
r6 = 3
a7:
if r6 > 5 goto a8
r6 = 1
a8:
r0 = 0
== wider-number-stored | socket | accept
@random
r6 = r0
r6 &= 7
if r6 > 5 goto wide
*(u32 *)(r10 - 8) = r6
goto both
wide:
*(u64 *)(r10 - 8) = r6
both:
r8 = 0
@repeat 10 r8 += 1
if r8 > 40 goto leave
r1 = *(u32 *)(r10 - 8)
if r1 > 7 goto a9
r0 = 1
a9:
== tied-by-subtraction | socket | accept
@random
r6 = r0
r6 &= 255
r7 = r6
r7 -= 10
if r7 > 5 goto leave
if r6 > 15 goto a10
r0 = 1
a10:
== tied-by-32-bit-sum | socket | accept
@random
w6 = w0
w7 = w6
w7 += -100
if w7 > 5 goto leave
if r6 > 105 goto a11
r0 = 1
a11:
== tied-by-a-known-register | socket | accept
@random
r6 = r0
r6 &= 255
r2 = 10
r7 = r6
r7 -= r2
if r7 > 5 goto leave
if r6 > 15 goto a12
r0 = 1
a12:
== tied-before-untied-now | socket | accept
# Only one of the tied numbers matters behind.
@value array
r8 = r0
@random
r6 = r0
r7 = 0
if r6 > 7 goto a13
r7 = r6
a13:
r5 = 0
@repeat 10 r5 += 1
if r7 > 7 goto leave
r8 += r7
r1 = *(u8 *)(r8 + 0)
r0 = 0
== history-of-stores | socket | accept
@random
r6 = r0
@repeat 45 *(u64 *)(r10 - 8) = r6
if r6 > 5 goto a14
r6 = 1
a14:
if r6 > 6 goto a15
r6 = 2
a15:
r0 = r6
r0 &= 1
== slot-read-on-one-of-the-ways | socket | reject map-bounds
# What is harmless comes first. The way that is explored first writes the slot before it reads it; the other one does not.
@value array
r8 = r0
@random
r6 = r0
r7 = 1000
if r6 > 5 goto b1
r7 = 0
b1:
*(u64 *)(r10 - 8) = r7
@random
r9 = r0
r5 = 0
@repeat 10 r5 += 1
if r9 > 7 goto b2
*(u64 *)(r10 - 8) = 0
b2:
r1 = *(u64 *)(r10 - 8)
r8 += r1
r1 = *(u8 *)(r8 + 0)
r0 = 0
== slot-read-by-the-called | socket | reject map-bounds
@value array
r8 = r0
@random
r6 = r0
r7 = 1000
if r6 > 5 goto b3
r7 = 0
b3:
*(u64 *)(r10 - 8) = r7
r5 = 0
@repeat 10 r5 += 1
goto b4
b4:
r1 = r10
r1 += -8
r2 = r8
call sub
r0 = 0
exit
.section ".text"
.func sub local
r3 = *(u64 *)(r1 + 0)
r2 += r3
r0 = *(u8 *)(r2 + 0)
exit
== slot-written-by-some-calls | socket | reject map-bounds
# The called function writes the slot, but not for every argument.
@value array
r8 = r0
@random
r9 = r0
@random
r6 = r0
r7 = 1000
if r6 > 5 goto b5
r7 = 0
b5:
*(u64 *)(r10 - 8) = r7
r5 = 0
@repeat 10 r5 += 1
goto b6
b6:
r1 = r10
r1 += -8
r2 = r9
call sub
r1 = *(u64 *)(r10 - 8)
r8 += r1
r0 = *(u8 *)(r8 + 0)
exit
.section ".text"
.func sub local
r0 = 0
if r2 > 3 goto b7
*(u64 *)(r1 + 0) = 0
b7:
exit
== slot-kept-over-a-loop | socket | reject map-bounds
@value array
r8 = r0
@random
r9 = r0
r6 = 0
r7 = 0
*(u64 *)(r10 - 8) = r7
again:
r1 = *(u64 *)(r10 - 8)
r6 += 1
if r6 > 9 goto b8
r1 += 100
*(u64 *)(r10 - 8) = r1
if r9 > 7 goto again
r9 += 1
goto again
b8:
r8 += r1
r0 = *(u8 *)(r8 + 0)
== slot-written-by-other-ways | socket | reject map-bounds
# One instruction writes this slot or that one: neither is written on all ways.
@value array
r8 = r0
@random
r9 = r0
@random
r6 = r0
*(u64 *)(r10 - 16) = 0
*(u64 *)(r10 - 8) = 0
if r6 > 5 goto b9
r1 = r10
r1 += -8
goto store
b9:
r7 = 1000
if r9 > 5 goto b10
r7 = 0
b10:
*(u64 *)(r10 - 8) = r7
r1 = r10
r1 += -16
r5 = 0
@repeat 10 r5 += 1
goto n1
n1:
goto store
store:
*(u64 *)(r1 + 0) = 0
r2 = *(u64 *)(r10 - 8)
r8 += r2
r0 = *(u8 *)(r8 + 0)
== slot-written-by-the-last-way | socket | reject map-bounds
# As above, and the way that writes the slot is met after the one that does not.
@value array
r8 = r0
@random
r9 = r0
@random
r6 = r0
*(u64 *)(r10 - 16) = 0
*(u64 *)(r10 - 8) = 0
if r6 > 5 goto b11
r7 = 0
b12:
*(u64 *)(r10 - 8) = r7
r1 = r10
r1 += -16
r5 = 0
@repeat 10 r5 += 1
goto n2
n2:
goto n3
n3:
r5 = 0
also:
*(u64 *)(r1 + 0) = 0
r2 = *(u64 *)(r10 - 8)
r8 += r2
r0 = *(u8 *)(r8 + 0)
goto leave
b11:
if r9 > 5 goto b13
r1 = r10
r1 += -8
goto also
b13:
r7 = 1000
goto b12
== legacy-load-needs-all-registers | socket | accept
r6 = r1
@random
r7 = r0
if r7 > 5 goto c1
r9 = 1
c1:
r5 = 0
@repeat 10 r5 += 1
goto c2
c2:
r0 = *(u8 *)skb[3]
r0 = 0
== legacy-load-makes-all-numbers-matter | socket | accept
r6 = r1
@random
r7 = r0
r8 = 3
if r7 > 5 goto c3
r8 = 4
c3:
r5 = 0
@repeat 10 r5 += 1
goto c4
c4:
r0 = *(u8 *)skb[3]
if r0 != 7 goto leave
if r0 > 9 goto leave
r0 = r8
r0 &= 1
== difference-of-pointers-makes-all-numbers-matter | socket | accept
@value array
r6 = r0
@random
r8 = 3
if r0 > 5 goto d1
r8 = 4
d1:
r5 = 0
@repeat 10 r5 += 1
goto d2
d2:
r7 = r6
r7 += 8
*(u32 *)(r7 + 0) = 1
r7 -= r6
r7 &= 7
if r7 > 9 goto leave
r0 = r8
r0 &= 1
