# Atomic operations: on what memory, with which registers, and what they return.
== add-on-map | socket | accept
@value array
r1 = 1
lock *(u64 *)(r0 + 0) += r1
== add-half-on-map | socket | accept
@value array
r1 = 1
lock *(u32 *)(r0 + 4) += r1
== add-beyond-map | socket | reject map-bounds
@value array
r1 = 1
lock *(u64 *)(r0 + 64) += r1
== add-misaligned-on-map | socket | reject align
@value array
r1 = 1
lock *(u64 *)(r0 + 4) += r1
== add-on-stack | socket | accept
*(u64 *)(r10 - 8) = 1
r1 = 1
lock *(u64 *)(r10 - 8) += r1
r0 = *(u64 *)(r10 - 8)
exit
== add-on-uninitialised-stack | socket | accept
r1 = 1
lock *(u64 *)(r10 - 8) += r1
== add-beyond-stack | socket | reject stack-bounds
r1 = 1
lock *(u64 *)(r10 - 520) += r1
== add-makes-slot-unknown | socket | reject stack-arith
*(u64 *)(r10 - 8) = -16
r1 = 0
lock *(u64 *)(r10 - 8) += r1
r2 = *(u64 *)(r10 - 8)
r3 = r10
r3 += r2
*(u64 *)(r3 + 0) = 1
== add-on-packet | xdp | reject atomic-ctx
@xdp
@bytes 8
r1 = 1
lock *(u64 *)(r2 + 0) += r1
r0 = 0
exit
== add-on-context | tc | reject atomic-ctx
r2 = 1
lock *(u32 *)(r1 + 8) += r2
== add-on-socket | tc | reject atomic-ctx
r2 = *(u64 *)(r1 + 168)
if r2 == 0 goto leave
r3 = 1
lock *(u32 *)(r2 + 4) += r3
leave:
r0 = 0
exit
== add-on-number | socket | reject type
r2 = 4096
r1 = 1
lock *(u64 *)(r2 + 0) += r1
== add-of-undefined | socket | reject uninit-reg
*(u64 *)(r10 - 8) = 1
lock *(u64 *)(r10 - 8) += r6
== add-of-pointer | socket | accept
@value array
r1 = r10
lock *(u64 *)(r0 + 0) += r1
== fetch-add | socket | accept
@value array
r1 = 1
r1 = atomic_fetch_add(*(u64 *)(r0 + 0), r1)
r0 = r1
exit
== fetch-add-gives-the-old-number | socket | accept
*(u64 *)(r10 - 8) = -16
r1 = 0
r1 = atomic_fetch_add(*(u64 *)(r10 - 8), r1)
r3 = r10
r3 += r1
*(u64 *)(r3 + 0) = 1
== fetch-add-half-clears-upper | socket | accept
@value array
r6 = r0
r1 = 1
r1 = atomic_fetch_add(*(u32 *)(r6 + 0), r1)
r1 >>= 32
r6 += r1
r0 = *(u8 *)(r6 + 63)
exit
== fetch-or-and-xor | socket | accept
@value array
r1 = 1
r1 = atomic_fetch_or(*(u64 *)(r0 + 0), r1)
r1 = atomic_fetch_and(*(u64 *)(r0 + 0), r1)
r1 = atomic_fetch_xor(*(u64 *)(r0 + 0), r1)
== or-and-xor | socket | accept
@value array
r1 = 1
lock *(u64 *)(r0 + 0) |= r1
lock *(u64 *)(r0 + 0) &= r1
lock *(u32 *)(r0 + 0) ^= r1
== exchange | socket | accept
@value array
r1 = 1
r1 = xchg(*(u64 *)(r0 + 0), r1)
r0 = r1
exit
== exchange-of-spilled-pointer | socket | accept
*(u64 *)(r10 - 8) = r1
r2 = 0
r2 = xchg(*(u64 *)(r10 - 8), r2)
== exchange-gives-the-old-pointer | socket | accept
*(u64 *)(r10 - 8) = r1
r2 = 0
r2 = xchg(*(u64 *)(r10 - 8), r2)
r0 = *(u32 *)(r2 + 0)
exit
== exchange-puts-number-over-pointer | socket | reject type
*(u64 *)(r10 - 8) = r1
r2 = 0
r2 = xchg(*(u64 *)(r10 - 8), r2)
r1 = *(u64 *)(r10 - 8)
r0 = *(u32 *)(r1 + 0)
exit
== compare-exchange | socket | accept
@value array
r6 = r0
r0 = 0
r1 = 1
r0 = cmpxchg(*(u64 *)(r6 + 0), r0, r1)
exit
== compare-exchange-r0-undefined | socket | reject uninit-reg
*(u64 *)(r10 - 8) = 0
r1 = 1
r0 = cmpxchg(*(u64 *)(r10 - 8), r0, r1)
exit
== compare-exchange-result-is-unknown | socket | reject pointer-arith
@value array
r6 = r0
r0 = 3
r1 = 1
r0 = cmpxchg(*(u64 *)(r6 + 0), r0, r1)
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== compare-exchange-half-result-is-half | socket | accept
@value array
r6 = r0
r0 = 3
r1 = 1
r0 = cmpxchg(*(u32 *)(r6 + 0), r0, r1)
r0 >>= 32
r6 += r0
r0 = *(u8 *)(r6 + 63)
exit
== compare-exchange-with-pointer | socket | accept
*(u64 *)(r10 - 8) = 0
r0 = 0
r1 = r10
r0 = cmpxchg(*(u64 *)(r10 - 8), r0, r1)
exit
== compare-exchange-bound-is-not-kept | socket | reject pointer-arith
@value array
r6 = r0
*(u64 *)(r10 - 16) = 0
@random64
if r0 > 63 goto leave
r1 = 1
r0 = cmpxchg(*(u64 *)(r6 + 0), r0, r1)
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== slot-after-fetch-is-unknown | socket | reject pointer-arith
@value array
r6 = r0
*(u64 *)(r10 - 16) = 7
r1 = 100
r1 = atomic_fetch_add(*(u64 *)(r10 - 16), r1)
r1 = *(u64 *)(r10 - 16)
r6 += r1
r0 = *(u8 *)(r6 + 0)
exit
== load-acquire | socket | accept
@value array
r0 = load_acquire(*(u64 *)(r0 + 0))
exit
== load-acquire-beyond | socket | reject map-bounds
@value array
r0 = load_acquire(*(u64 *)(r0 + 64))
exit
== load-acquire-of-context | socket | reject atomic-ctx
r0 = load_acquire(*(u32 *)(r1 + 0))
exit
== load-acquire-of-spilled-pointer | socket | accept
*(u64 *)(r10 - 8) = r1
r1 = load_acquire(*(u64 *)(r10 - 8))
r0 = *(u32 *)(r1 + 0)
exit
== load-acquire-of-byte-is-bounded | socket | accept
@value array
r6 = r0
r0 = load_acquire(*(u8 *)(r6 + 0))
r0 >>= 2
r6 += r0
r0 = *(u8 *)(r6 + 0)
exit
== store-release | socket | accept
@value array
r1 = 5
store_release(*(u32 *)(r0 + 0), r1)
== store-release-beyond | socket | reject map-bounds
@value array
r1 = 5
store_release(*(u32 *)(r0 + 64), r1)
== store-release-misaligned | socket | reject align
@value array
r1 = 5
store_release(*(u32 *)(r0 + 2), r1)
== store-release-on-packet | xdp | reject atomic-ctx
@xdp
@bytes 8
r1 = 5
store_release(*(u32 *)(r2 + 2), r1)
r0 = 0
exit
