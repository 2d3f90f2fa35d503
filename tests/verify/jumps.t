# Jumps: targets, dead code, what lies behind the end.
== forward | socket | accept
r0 = 0
goto out
out:
exit
== jumped-over-by-all | socket | reject unreachable
r0 = 0
goto out
r0 = 1
out:
exit
== unreachable-instruction | socket | reject unreachable
r0 = 0
exit
r0 = 1
exit
== unreachable-block-after-jump | socket | reject unreachable
r0 = 0
goto out
r0 = 5
goto out2
out2:
r0 = 7
out:
exit
== unreachable-garbage | socket | reject unreachable
r0 = 0
exit
r0 = r9
*(u64 *)(r9 + 0) = 1
exit
== falls-off-the-end | socket | reject falls-off
.raw
r0 = 0
== falls-off-after-branch | socket | reject falls-off
.raw
r0 = 0
if r1 == 0 goto out
exit
out:
r0 = 1
== falls-off-after-call | socket | reject falls-off
.raw
call bpf_get_prandom_u32
== branch-both-ways-to-the-same | socket | accept
r0 = *(u32 *)(r1 + 0)
if r0 == 0 goto next
next:
r0 = 0
exit
== jump-to-next | socket | accept
r0 = 0
goto next
next:
exit
== long-jump | socket | accept
r0 = 0
gotol out
out:
exit
== jump-over-undefined | socket | accept
r0 = 0
goto out
mid:
r0 = 1
exit
out:
if r0 == 1 goto mid
exit
== decided-by-constant | socket | accept
r6 = 3
r0 = 0
if r6 == 4 goto bad
exit
bad:
*(u64 *)(r10 + 8) = 0
exit
== decided-by-earlier-branch | socket | accept
r6 = *(u32 *)(r1 + 0)
r0 = 0
if r6 > 10 goto out
if r6 > 10 goto bad
out:
exit
bad:
*(u64 *)(r10 + 8) = 0
exit
== decided-by-earlier-equality | socket | accept
r6 = *(u32 *)(r1 + 0)
r0 = 0
if r6 != 10 goto out
if r6 == 11 goto bad
out:
exit
bad:
*(u64 *)(r10 + 8) = 0
exit
== decided-by-range-against-range | socket | accept
r6 = *(u32 *)(r1 + 0)
r7 = *(u32 *)(r1 + 4)
r6 &= 15
r7 &= 15
r7 += 16
r0 = 0
if r6 >= r7 goto bad
exit
bad:
*(u64 *)(r10 + 8) = 0
exit
== decided-by-bits | socket | accept
r6 = *(u32 *)(r1 + 0)
r6 |= 4
r0 = 0
if r6 & 4 goto out
*(u64 *)(r10 + 8) = 0
out:
exit
== decided-by-odd-number | socket | accept
r6 = *(u32 *)(r1 + 0)
r6 <<= 1
r0 = 0
if r6 == 7 goto bad
exit
bad:
*(u64 *)(r10 + 8) = 0
exit
== diamond-of-eight | socket | accept
r6 = *(u32 *)(r1 + 0)
r0 = 0
if r6 & 1 goto a
r0 += 1
a:
if r6 & 2 goto b
r0 += 2
b:
if r6 & 4 goto c
r0 += 4
c:
if r6 & 8 goto d
r0 += 8
d:
exit
== merge-of-pointer-and-null | socket | reject type
r7 = *(u32 *)(r1 + 0)
r6 = r10
r6 += -8
*(u64 *)(r10 - 8) = 0
if r7 == 0 goto join
r6 = 0
join:
r0 = *(u64 *)(r6 + 0)
exit
== merge-excluded-by-branch | socket | accept
r7 = *(u32 *)(r1 + 0)
r6 = r10
r6 += -8
*(u64 *)(r10 - 8) = 0
if r7 == 0 goto join
r6 = 0
join:
r0 = 0
if r7 != 0 goto out
r0 = *(u64 *)(r6 + 0)
out:
exit
== null-test-by-register | socket | reject null
@lookup hash
r6 = r0
@random
r7 = 5
if r0 == 7 goto test
r7 = 0
@repeat 8 r1 = 0
goto test
test:
if r6 == r7 goto leave
r0 = *(u8 *)(r6 + 0)
exit
== tied-number-decides | socket | reject map-bounds
@value array
r6 = r0
@random64
r7 = r0
@random64
r9 = r0
r2 = 0xc000000000000000 ll
r3 = 0xd000000000000000 ll
r8 = r7
r8 += 5
if r9 == 7 goto test
if r8 > r2 goto leave
@repeat 8 r1 = 0
goto test
test:
if r7 != r3 goto leave
r0 = *(u8 *)(r6 + 4000)
exit
