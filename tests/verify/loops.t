# Loops and termination.
== counted | socket | accept
r6 = 0
again:
r6 += 1
if r6 < 10 goto again
== counted-down | socket | accept
r6 = 10
again:
r6 += -1
if r6 != 0 goto again
== counted-to-a-bounded-unknown | socket | accept
r7 = *(u32 *)(r1 + 0)
r7 &= 31
r6 = 0
again:
if r6 >= r7 goto leave
r6 += 1
goto again
leave:
r0 = 0
exit
== infinite | socket | reject infinite
again:
goto again
== infinite-with-condition | socket | reject infinite
r6 = *(u32 *)(r1 + 0)
again:
if r6 == 0 goto again
== infinite-counter-not-moved | socket | reject infinite
r6 = 0
again:
if r6 < 10 goto again
== no-exit-of-unknown | socket | reject infinite
again:
call bpf_get_prandom_u32
if r0 != 7 goto again
== counter-steps-over-the-end | socket | reject budget
r6 = 1
again:
r6 += 2
if r6 != 1000000 goto again
== too-many-rounds | socket | reject budget
r6 = 0
again:
r6 += 1
if r6 < 2000000 goto again
== many-rounds | socket | accept
r6 = 0
again:
r6 += 1
if r6 < 100000 goto again
== nested | socket | accept
r6 = 0
outer:
r7 = 0
inner:
r7 += 1
if r7 < 20 goto inner
r6 += 1
if r6 < 20 goto outer
== fills-a-buffer | socket | accept
r6 = 0
r7 = r10
r7 += -64
again:
r8 = r7
r8 += r6
*(u8 *)(r8 + 0) = 0
r6 += 1
if r6 < 64 goto again
r0 = *(u64 *)(r10 - 32)
exit
== fills-past-a-buffer | socket | reject stack-bounds
r6 = 0
r7 = r10
r7 += -64
again:
r8 = r7
r8 += r6
*(u8 *)(r8 + 0) = 0
r6 += 1
if r6 <= 64 goto again
== reads-a-map-value | socket | accept
@value array
r8 = r0
r6 = 0
r7 = 0
again:
r1 = r8
r1 += r6
r1 = *(u8 *)(r1 + 0)
r7 += r1
r6 += 1
if r6 < 64 goto again
r0 = r7
exit
== walks-a-packet | xdp | accept
@xdp
r6 = 0
again:
r4 = r2
r4 += 4
if r4 > r3 goto leave
r5 = *(u32 *)(r2 + 0)
r2 = r4
r6 += 1
if r6 < 16 goto again
leave:
r0 = 0
exit
== walks-past-a-packet | xdp | reject packet-bounds
@xdp
r4 = r2
r4 += 4
if r4 > r3 goto leave
r6 = 0
again:
r5 = *(u32 *)(r2 + 0)
r2 += 4
r6 += 1
if r6 < 16 goto again
leave:
r0 = 0
exit
== pointer-moved-in-loop | socket | accept
r6 = r10
r6 += -64
r7 = 0
again:
*(u64 *)(r6 + 0) = 0
r6 += 8
r7 += 1
if r7 < 8 goto again
== pointer-moved-too-often | socket | reject stack-bounds
r6 = r10
r6 += -64
r7 = 0
again:
*(u64 *)(r6 + 0) = 0
r6 += 8
r7 += 1
if r7 < 9 goto again
== jump-into-a-loop | socket | accept
r6 = 0
r7 = *(u32 *)(r1 + 0)
if r7 == 0 goto middle
again:
r6 += 1
middle:
r6 += 1
if r6 < 20 goto again
== two-entries | socket | accept
r6 = *(u32 *)(r1 + 0)
r6 &= 3
again:
r6 += 1
if r6 == 10 goto leave
if r6 < 30 goto again
leave:
r0 = 0
exit
== through-a-helper | socket | accept
r6 = 0
again:
@random
r6 += 1
if r6 < 50 goto again
== branches-inside | socket | accept
r6 = 0
r7 = 0
again:
@random
if r0 & 1 goto odd
r7 += 1
odd:
r6 += 1
if r6 < 8 goto again
r0 = r7
exit
== break-in-the-middle | socket | accept
r6 = 0
again:
@random
if r0 == 7 goto leave
r6 += 1
if r6 < 100 goto again
leave:
r0 = 0
exit
== bound-only-on-one-path | socket | reject infinite
r6 = 0
r7 = *(u32 *)(r1 + 0)
again:
if r7 == 1 goto skip
r6 += 1
skip:
if r6 < 10 goto again
== self-loop-by-branch-on-unknown | socket | reject infinite
r6 = *(u32 *)(r1 + 0)
again:
if r6 != 0 goto again
== shift-until-zero | socket | accept
r6 = *(u32 *)(r1 + 0)
r7 = 0
again:
r6 >>= 1
r7 += 1
if r7 >= 32 goto leave
if r6 != 0 goto again
leave:
r0 = 0
exit
== maybe | socket | accept
r0 = 0
again:
r0 += 1
may_goto done
goto again
done:
r0 = 0
exit
== maybe-with-pointer-out-of-bounds | socket | reject stack-bounds
r6 = r10
r6 += -16
again:
*(u64 *)(r6 + 0) = 0
r6 += 8
may_goto done
goto again
done:
r0 = 0
exit
== maybe-with-checked-index | socket | accept
@value array
r7 = r0
r6 = 0
again:
may_goto done
if r6 >= 64 goto done
r1 = r7
r1 += r6
*(u8 *)(r1 + 0) = 1
r6 += 1
goto again
done:
r0 = 0
exit
== maybe-never-taken-back | socket | accept
may_goto done
done:
r0 = 0
exit
