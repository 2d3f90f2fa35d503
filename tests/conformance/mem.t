# Memory, sign extension, atomics. r1 is the memory, r2 its length.

the length:
mem: 01 02 03 04 05
	r0 = r2
	exit
= 5

no memory is 0:
	r0 = r1
	r0 |= r2
	exit
= 0

load 8:
mem: 11 f2 33 44 55 66 77 88
	r0 = *(u8 *)(r1 + 1)
	exit
= f2

load 16:
mem: 11 f2 33 44 55 66 77 88
	r0 = *(u16 *)(r1 + 0)
	exit
= f211

load 32:
mem: 11 22 33 f4 55 66 77 88
	r0 = *(u32 *)(r1 + 0)
	exit
= f4332211

load 64:
mem: 11 22 33 44 55 66 77 f8
	r0 = *(u64 *)(r1 + 0)
	exit
= f877665544332211

load 64 misaligned:
mem: 00 11 22 33 44 55 66 77 f8
	r0 = *(u64 *)(r1 + 1)
	exit
= f877665544332211

load signed 8:
mem: 80
	r0 = *(s8 *)(r1 + 0)
	exit
= ffffffffffffff80

load signed 16:
mem: 00 80
	r0 = *(s16 *)(r1 + 0)
	exit
= ffffffffffff8000

load signed 32:
mem: 00 00 00 80
	r0 = *(s32 *)(r1 + 0)
	exit
= ffffffff80000000

load signed of a positive number:
mem: 7f ff
	r0 = *(s8 *)(r1 + 0)
	exit
= 7f

load into its own base:
mem: 08 00 00 00 00 00 00 00
	r1 = *(u64 *)(r1 + 0)
	r0 = r1
	exit
= 8

store 8 leaves the rest:
mem: ff ff ff ff ff ff ff ff
	*(u8 *)(r1 + 2) = 17
	r0 = *(u64 *)(r1 + 0)
	exit
= ffffffffff11ffff

store 16 of an immediate:
mem: 00 00 00 00 00 00 00 00
	*(u16 *)(r1 + 2) = 4660
	r0 = *(u64 *)(r1 + 0)
	exit
= 12340000

store 32 of an immediate:
mem: 00 00 00 00 00 00 00 00
	*(u32 *)(r1 + 2) = -2
	r0 = *(u64 *)(r1 + 0)
	exit
= fffffffe0000

store 64 sign-extends the immediate:
mem: 00 00 00 00 00 00 00 00
	*(u64 *)(r1 + 0) = -2
	r0 = *(u64 *)(r1 + 0)
	exit
= fffffffffffffffe

store 8 of every register:
mem: 00 00 00 00 00 00 00 00
	r3 = 3
	r4 = 4
	r5 = 5
	r6 = 6
	*(u8 *)(r1 + 3) = r3
	*(u8 *)(r1 + 4) = r4
	*(u8 *)(r1 + 5) = r5
	*(u8 *)(r1 + 6) = r6
	*(u8 *)(r1 + 7) = r2
	r0 = *(u64 *)(r1 + 0)
	exit
= 806050403000000

store through the frame pointer:
	r1 = 0x1122334455667788 ll
	*(u64 *)(r10 - 512) = r1
	r0 = *(u32 *)(r10 - 508)
	exit
= 11223344

an address that is added up:
mem: 00 11 22 33 44 55 66 77 88 99 aa bb
	r3 = 2
	r4 = r3
	r4 <<= 2
	r4 += r1
	r0 = *(u32 *)(r4 + 0)
	exit
= bbaa9988

an address that is used twice:
mem: 00 11 22 33 44 55 66 77 88 99 aa bb
	r3 = 2
	r4 = r1
	r4 += r3
	r0 = *(u8 *)(r4 + 0)
	r5 = *(u8 *)(r4 + 1)
	r0 <<= 8
	r0 |= r5
	exit
= 2233

load and swap 16:
mem: 12 34
	r0 = *(u16 *)(r1 + 0)
	r0 = be16 r0
	exit
= 1234

load and swap 32:
mem: 12 34 56 78
	r0 = *(u32 *)(r1 + 0)
	r0 = be32 r0
	exit
= 12345678

load and swap 64:
mem: 12 34 56 78 9a bc de f0
	r0 = *(u64 *)(r1 + 0)
	r0 = bswap64 r0
	exit
= 123456789abcdef0

load 32 and swap 16:
mem: 12 34 56 78
	r0 = *(u32 *)(r1 + 0)
	r0 = be16 r0
	exit
= 1234

atomic add 64:
mem: ff ff ff ff 00 00 00 00
	r3 = 1
	lock *(u64 *)(r1 + 0) += r3
	r0 = *(u64 *)(r1 + 0)
	exit
= 100000000

atomic add 32 does not carry:
mem: ff ff ff ff 00 00 00 00
	r3 = 1
	lock *(u32 *)(r1 + 0) += r3
	r0 = *(u64 *)(r1 + 0)
	exit
= 0

atomic or 64:
mem: 01 00 00 00 00 00 00 00
	r3 = 6
	lock *(u64 *)(r1 + 0) |= r3
	r0 = *(u64 *)(r1 + 0)
	exit
= 7

atomic and 32:
mem: ff ff ff ff ff ff ff ff
	r3 = 6
	lock *(u32 *)(r1 + 0) &= r3
	r0 = *(u64 *)(r1 + 0)
	exit
= ffffffff00000006

atomic xor 64:
mem: ff 00 00 00 00 00 00 00
	r3 = 15
	lock *(u64 *)(r1 + 0) ^= r3
	r0 = *(u64 *)(r1 + 0)
	exit
= f0

fetch_add 64 gives the old value:
mem: 05 00 00 00 00 00 00 00
	r3 = 3
	r3 = atomic_fetch_add(*(u64 *)(r1 + 0), r3)
	r0 = *(u64 *)(r1 + 0)
	r0 <<= 8
	r0 |= r3
	exit
= 805

fetch_add 32 zero-extends the old value:
mem: fb ff ff ff ff ff ff ff
	r3 = -1
	r3 = atomic_fetch_add(*(u32 *)(r1 + 0), r3)
	r0 = r3
	exit
= fffffffb

fetch_or 64:
mem: 05 00 00 00 00 00 00 00
	r3 = 2
	r3 = atomic_fetch_or(*(u64 *)(r1 + 0), r3)
	r0 = *(u64 *)(r1 + 0)
	r0 <<= 8
	r0 |= r3
	exit
= 705

fetch_and 64 with r0:
mem: 0d 00 00 00 00 00 00 00
	r0 = 6
	r0 = atomic_fetch_and(*(u64 *)(r1 + 0), r0)
	r3 = *(u64 *)(r1 + 0)
	r0 <<= 8
	r0 |= r3
	exit
= d04

fetch_xor 32 with r0:
mem: ff ff ff ff ff ff ff ff
	r0 = -1
	r0 = atomic_fetch_xor(*(u32 *)(r1 + 0), r0)
	r3 = *(u64 *)(r1 + 0)
	r0 += r3
	exit
= ffffffffffffffff

fetch_xor keeps r0:
mem: 0f 00 00 00 00 00 00 00
	r0 = 256
	r3 = 1
	r3 = atomic_fetch_xor(*(u64 *)(r1 + 0), r3)
	r0 += r3
	exit
= 10f

xchg 64:
mem: 05 00 00 00 00 00 00 00
	r3 = 9
	r3 = xchg(*(u64 *)(r1 + 0), r3)
	r0 = *(u64 *)(r1 + 0)
	r0 <<= 8
	r0 |= r3
	exit
= 905

xchg 32 zero-extends:
mem: ff ff ff ff 11 11 11 11
	r3 = 0x2200000009 ll
	r3 = xchg(*(u32 *)(r1 + 0), r3)
	r0 = *(u64 *)(r1 + 0)
	r0 ^= r3
	exit
= 11111111fffffff6

cmpxchg 64 that succeeds:
mem: 05 00 00 00 00 00 00 00
	r0 = 5
	r3 = 9
	r0 = cmpxchg(*(u64 *)(r1 + 0), r0, r3)
	r4 = *(u64 *)(r1 + 0)
	r0 <<= 8
	r0 |= r4
	exit
= 509

cmpxchg 64 that fails:
mem: 05 00 00 00 00 00 00 00
	r0 = 6
	r3 = 9
	r0 = cmpxchg(*(u64 *)(r1 + 0), r0, r3)
	r4 = *(u64 *)(r1 + 0)
	r0 <<= 8
	r0 |= r4
	exit
= 505

cmpxchg 32 that succeeds clears the upper half of r0:
mem: 05 00 00 00 ff ff ff ff
	r0 = 0x700000005 ll
	r3 = 9
	r0 = cmpxchg(*(u32 *)(r1 + 0), r0, r3)
	exit
= 5

cmpxchg 32 that fails zero-extends:
mem: fb ff ff ff ff ff ff ff
	r0 = 1
	r3 = 9
	r0 = cmpxchg(*(u32 *)(r1 + 0), r0, r3)
	exit
= fffffffb

load_acquire 8:
mem: 80 ff
	r0 = load_acquire(*(u8 *)(r1 + 0))
	exit
= 80

load_acquire 64:
mem: 80 00 00 00 00 00 00 ff
	r0 = load_acquire(*(u64 *)(r1 + 0))
	exit
= ff00000000000080

store_release 16:
mem: 00 00 00 00 00 00 00 00
	r3 = 0x12345 ll
	store_release(*(u16 *)(r1 + 2), r3)
	r0 = *(u64 *)(r1 + 0)
	exit
= 23450000

store_release 64:
mem: 00 00 00 00 00 00 00 00
	r3 = -5
	store_release(*(u64 *)(r1 + 0), r3)
	r0 = *(u64 *)(r1 + 0)
	exit
= fffffffffffffffb
