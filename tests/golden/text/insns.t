=== title
every kind of instruction prints as it is written
=== args
asm %in.s -o %out.o && disasm --text %out.o
=== input
.section "socket"
.func arithmetic
	r1 = 5
	w1 = 5
	r1 += r2
	w1 -= w2
	r1 *= -7
	r1 /= 3
	r1 s/= 3
	r1 %= r2
	w1 s%= w2
	r1 |= 1
	r1 &= 255
	r1 ^= r2
	r1 <<= 3
	w1 >>= 2
	r1 s>>= 63
	r1 = -r1
	w1 = -w1
	r1 = be16 r1
	r1 = le32 r1
	r1 = bswap64 r1
	r1 = (s8)r2
	r1 = (s32)r2
	w1 = (s16)w2
	r1 = addr_space_cast(r2, 0, 1)
	r1 = 0x1122334455667788 ll
	exit
.func memory
	r0 = *(u8 *)(r1 + 0)
	r0 = *(u16 *)(r1 - 2)
	r0 = *(u32 *)(r1 + 4)
	r0 = *(u64 *)(r1 + 32767)
	r0 = *(s8 *)(r1 + 0)
	r0 = *(s32 *)(r1 + 4)
	*(u8 *)(r10 - 1) = r1
	*(u64 *)(r10 - 8) = -1
	*(u16 *)(r10 - 2) = 0xffff
	r0 = *(u32 *)skb[14]
	r0 = *(u16 *)skb[r2 + 12]
	lock *(u64 *)(r1 + 0) += r2
	lock *(u32 *)(r1 + 0) |= r2
	lock *(u64 *)(r1 + 0) &= r2
	lock *(u64 *)(r1 + 0) ^= r2
	r2 = atomic_fetch_add(*(u64 *)(r1 + 8), r2)
	r2 = atomic_fetch_or(*(u32 *)(r1 + 8), r2)
	r2 = xchg(*(u64 *)(r1 + 8), r2)
	r0 = cmpxchg(*(u64 *)(r1 + 8), r0, r2)
	r3 = load_acquire(*(u16 *)(r1 + 2))
	store_release(*(u32 *)(r1 + 2), r3)
	exit
.func control
start:
	if r1 == 1 goto end
	if w1 != w2 goto start
	if r1 > 0x10 goto end
	if r1 < r2 goto end
	if r1 s>= -1 goto start
	if r1 s<= r2 goto end
	if r1 & 8 goto end
	goto middle
	r0 = 1
middle:
	gotol end
	may_goto end
	r0 = 2
end:
	call bpf_get_prandom_u32
	call 12
	call kfunc#7@0
	callx r3
	call other
	exit
.func other local
	r0 = 0
	exit
=== expect
.object little

.section "socket"

.func arithmetic
	r1 = 5
	w1 = 5
	r1 += r2
	w1 -= w2
	r1 *= -7
	r1 /= 3
	r1 s/= 3
	r1 %= r2
	w1 s%= w2
	r1 |= 1
	r1 &= 255
	r1 ^= r2
	r1 <<= 3
	w1 >>= 2
	r1 s>>= 63
	r1 = -r1
	w1 = -w1
	r1 = be16 r1
	r1 = le32 r1
	r1 = bswap64 r1
	r1 = (s8)r2
	r1 = (s32)r2
	w1 = (s16)w2
	r1 = addr_space_cast(r2, 0, 1)
	r1 = 0x1122334455667788 ll
	exit

.func memory
	r0 = *(u8 *)(r1 + 0)
	r0 = *(u16 *)(r1 - 2)
	r0 = *(u32 *)(r1 + 4)
	r0 = *(u64 *)(r1 + 32767)
	r0 = *(s8 *)(r1 + 0)
	r0 = *(s32 *)(r1 + 4)
	*(u8 *)(r10 - 1) = r1
	*(u64 *)(r10 - 8) = -1
	*(u16 *)(r10 - 2) = 65535
	r0 = *(u32 *)skb[14]
	r0 = *(u16 *)skb[r2 + 12]
	lock *(u64 *)(r1 + 0) += r2
	lock *(u32 *)(r1 + 0) |= r2
	lock *(u64 *)(r1 + 0) &= r2
	lock *(u64 *)(r1 + 0) ^= r2
	r2 = atomic_fetch_add(*(u64 *)(r1 + 8), r2)
	r2 = atomic_fetch_or(*(u32 *)(r1 + 8), r2)
	r2 = xchg(*(u64 *)(r1 + 8), r2)
	r0 = cmpxchg(*(u64 *)(r1 + 8), r0, r2)
	r3 = load_acquire(*(u16 *)(r1 + 2))
	store_release(*(u32 *)(r1 + 2), r3)
	exit

.func control
L1:
	if r1 == 1 goto L3
	if w1 != w2 goto L1
	if r1 > 16 goto L3
	if r1 < r2 goto L3
	if r1 s>= -1 goto L1
	if r1 s<= r2 goto L3
	if r1 & 8 goto L3
	goto L2
	r0 = 1
L2:
	gotol L3
	may_goto L3
	r0 = 2
L3:
	call bpf_get_prandom_u32#7
	call bpf_tail_call#12
	call kfunc#7@0
	callx r3
	call other
	exit

.func other local
	r0 = 0
	exit

=== title
numbers of branches and calls may stand for names
=== args
asm %in.s -o %out.o && disasm --text %out.o
=== input
.section "xdp"
.func f
	if r1 == 0 goto +1
	r0 = 0xff
	goto -2
	exit
=== expect
.object little

.section "xdp"

.func f
	if r1 == 0 goto L2
L1:
	r0 = 255
L2:
	goto L1
	exit
