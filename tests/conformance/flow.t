# Jumps, calls, programs that do not end well.

jeq 64 sees the upper half:
	r0 = 0
	r1 = 0x100000005 ll
	if r1 == 5 goto +1
	r0 = 1
	exit
= 1

jeq 32 does not:
	r0 = 0
	r1 = 0x100000005 ll
	if w1 == 5 goto +1
	r0 = 1
	exit
= 0

jeq 64 sign-extends the immediate:
	r0 = 0
	r1 = 0xffffffff ll
	if r1 == -1 goto +1
	r0 = 1
	exit
= 1

jeq 32 with a negative immediate:
	r0 = 0
	r1 = 0xffffffff ll
	if w1 == -1 goto +1
	r0 = 1
	exit
= 0

jgt is unsigned:
	r0 = 0
	r1 = -1
	if r1 > 1 goto +1
	r0 = 1
	exit
= 0

jgt with a negative immediate is unsigned:
	r0 = 0
	r1 = 5
	if r1 > -1 goto +1
	r0 = 1
	exit
= 1

jsgt is signed:
	r0 = 0
	r1 = -1
	if r1 s> 1 goto +1
	r0 = 1
	exit
= 1

jslt 32 sees the sign of the low half:
	r0 = 0
	r1 = 0x80000000 ll
	if w1 s< 0 goto +1
	r0 = 1
	exit
= 0

jslt 64 does not:
	r0 = 0
	r1 = 0x80000000 ll
	if r1 s< 0 goto +1
	r0 = 1
	exit
= 1

jge of equal numbers:
	r0 = 0
	r1 = 5
	if r1 >= 5 goto +1
	r0 = 1
	exit
= 0

jle of equal numbers:
	r0 = 0
	r1 = 5
	if r1 <= 5 goto +1
	r0 = 1
	exit
= 0

jlt of equal numbers:
	r0 = 0
	r1 = 5
	if r1 < 5 goto +1
	r0 = 1
	exit
= 1

jsge of the extremes:
	r0 = 0
	r1 = 0x8000000000000000 ll
	r2 = 0x7fffffffffffffff ll
	if r1 s>= r2 goto +1
	r0 = 1
	exit
= 1

jsle of the extremes:
	r0 = 0
	r1 = 0x8000000000000000 ll
	r2 = 0x7fffffffffffffff ll
	if r1 s<= r2 goto +1
	r0 = 1
	exit
= 0

jset with a sign-extended immediate:
	r0 = 0
	r1 = 0x100000000 ll
	if r1 & -1 goto +1
	r0 = 1
	exit
= 0

jset 32 sees only the low half:
	r0 = 0
	r1 = 0x100000000 ll
	if w1 & -1 goto +1
	r0 = 1
	exit
= 1

jset of a high bit:
	r0 = 0
	r1 = 0x80 ll
	if r1 & 128 goto +1
	r0 = 1
	exit
= 0

jset with zero:
	r0 = 0
	r1 = -1
	if r1 & 0 goto +1
	r0 = 1
	exit
= 1

jset with registers:
	r0 = 0
	r1 = 12
	r2 = 3
	if r1 & r2 goto +1
	r0 = 1
	exit
= 1

masked and tested:
mem: 15
	r0 = 0
	r2 = *(u8 *)(r1 + 0)
	r2 &= 16
	if r2 == 0 goto +1
	r0 = 1
	exit
= 1

loaded and compared with more than it can hold:
mem: 00 ff
	r0 = 0
	r2 = *(u8 *)(r1 + 0)
	if r2 == 256 goto +1
	r0 = 1
	exit
= 1

loaded and compared as unsigned:
mem: ff
	r0 = 0
	r2 = *(u8 *)(r1 + 0)
	if r2 > 127 goto +1
	r0 = 1
	exit
= 0

loaded and compared as signed:
mem: ff
	r0 = 0
	r2 = *(u8 *)(r1 + 0)
	if r2 s< 0 goto +1
	r0 = 1
	exit
= 1

gotol forward:
	r0 = 1
	gotol +1
	r0 = 2
	exit
= 1

goto back:
	r0 = 0
	r0 += 1
	if r0 != 1000 goto -2
	exit
= 3e8

gotol back:
	r0 = 0
	r0 += 1
	if r0 == 5 goto +1
	gotol -3
	exit
= 5

a jump to the next instruction:
	r0 = 3
	goto +0
	exit
= 3

a loop of multiplications:
	r0 = 1
	r1 = 20
	r0 *= r1
	r1 -= 1
	if r1 != 0 goto -3
	exit
= 21c3677c82b40000

a local call:
	r1 = 5
	r2 = 7
	call pc+1
	exit
	r0 = r1
	r0 *= r2
	exit
= 23

a call keeps r6 to r9:
	r6 = 1
	r7 = 2
	r8 = 3
	r9 = 4
	call pc+6
	r0 = r6
	r0 += r7
	r0 += r8
	r0 += r9
	exit
	exit
	r6 = 100
	r7 = 100
	r8 = 100
	r9 = 100
	r0 = 0
	exit
= a

a call has its own stack:
	*(u64 *)(r10 - 8) = 77
	call pc+2
	r0 = *(u64 *)(r10 - 8)
	exit
	*(u64 *)(r10 - 8) = 1
	r0 = 0
	exit
= 4d

a function writes to its caller's stack:
	*(u64 *)(r10 - 8) = 77
	r1 = r10
	r1 += -8
	call pc+2
	r0 = *(u64 *)(r10 - 8)
	exit
	*(u64 *)(r1 + 0) = 5
	r0 = 0
	exit
= 5

eight frames deep:
	r1 = 7
	call pc+1
	exit
	if r1 == 1 goto +4
	r1 += -1
	call pc-3
	r0 += 1
	exit
	r0 = 1
	exit
= 7

nine frames are too many:
	r1 = 8
	call pc+1
	exit
	if r1 == 1 goto +4
	r1 += -1
	call pc-3
	r0 += 1
	exit
	r0 = 1
	exit
! call depth

a call in a loop:
	r6 = 0
	r7 = 0
	r1 = r6
	call pc+5
	r7 += r0
	r6 += 1
	if r6 != 10 goto -5
	r0 = r7
	exit
	r0 = r1
	r0 *= r0
	exit
= 11d

bpf_loop calls back:
	*(u64 *)(r10 - 8) = 0
	r1 = 10
	r2 = func 0x7 ll
	r3 = r10
	r3 += -8
	r4 = 0
	call 181
	r0 = *(u64 *)(r10 - 8)
	exit
	r0 = *(u64 *)(r2 + 0)
	r0 += r1
	*(u64 *)(r2 + 0) = r0
	r0 = 0
	exit
= 2d

bpf_loop ends early and says how often it ran:
	r1 = 100
	r2 = func 0x5 ll
	r3 = 0
	r4 = 0
	call 181
	exit
	r0 = 0
	if r1 != 4 goto +1
	r0 = 1
	exit
= 5

a helper by its number:
	r6 = 8
	call 8
	r0 += r6
	exit
= 8

an unknown helper:
	call 9999
	exit
! helper

a kernel function:
	call kfunc#42@0
	exit
! call

no end:
	r0 = 0
	goto -1
! budget

an endless loop:
	r0 = 0
	r0 += 1
	goto -2
! budget

endless calls:
	call pc+1
	exit
	call pc-1
	exit
! depth

a function that runs into another:
	r1 = 5
	call pc+1
	exit
	r0 = 1
	if r1 == 6 goto +1
	exit
	exit
= 1

may_goto ends a loop:
	r0 = 0
	may_goto +2
	r0 += 1
	goto -3
	exit
= 800000

the end is missing:
	r0 = 0
! error

a jump out of the program:
	r0 = 0
	goto +7
	exit
! error

a jump into a 16-byte load:
	r0 = 0
	goto +1
	r1 = 0x5 ll
	exit
! error

a wild read:
	r1 = 0x123456789abc ll
	r0 = *(u64 *)(r1 + 0)
	exit
! out of bounds

a wild write:
	r1 = 0x123456789abc ll
	*(u64 *)(r1 + 0) = 1
	exit
! out of bounds

a null pointer:
	r1 = 0
	r0 = *(u8 *)(r1 + 5)
	exit
! null pointer

an address that wraps:
	r1 = -4
	r0 = *(u64 *)(r1 + 0)
	exit
! bounds

behind the memory:
mem: 01 02 03 04
	r0 = *(u32 *)(r1 + 1)
	exit
! bounds

before the memory:
mem: 01 02 03 04
	r0 = *(u8 *)(r1 - 1)
	exit
! bounds

above the stack:
	r0 = *(u8 *)(r10 + 0)
	exit
! bounds

below the stack:
	*(u8 *)(r10 - 513) = 1
	r0 = 0
	exit
! bounds

a misaligned atomic:
	*(u64 *)(r10 - 8) = 0
	*(u64 *)(r10 - 16) = 0
	r1 = 1
	lock *(u64 *)(r10 - 12) += r1
	r0 = 0
	exit
! misaligned

a wild atomic:
	r1 = 0x123456789ab8 ll
	r2 = 1
	lock *(u64 *)(r1 + 0) += r2
	r0 = 0
	exit
! bounds

# Refused by the reference, too.
a callback that is none:
	r1 = 1
	r2 = 0x4141414141414141 ll
	r3 = 0
	r4 = 0
	call 181
	exit
! bad argument
