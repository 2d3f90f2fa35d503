=== title
tests of dead copies that would keep states apart are left: the program is smaller, and no dearer
=== args
optimize %in.s -o %out.o
=== input
.license "GPL"
.map m type=array key=4 value=256 max=4

.section "socket"

.func tg1
	r8 = *(u32 *)(r1 + 8)
	r9 = *(u32 *)(r1 + 16)
	r7 = *(u32 *)(r1 + 68)
	r6 = *(u32 *)(r1 + 0)
	r1 = 2
	*(u32 *)(r10 - 4) = r1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r1 = 0
	if r0 == 0 goto L14
	r7 <<= 32
	r7 s>>= 32
	r1 = *(u64 *)(r0 + 0)
	r2 = 0x200000000 ll
	r3 = r1
	r3 &= r2
	if r3 != 0 goto L1
	r2 = *(u64 *)(r0 + 8)
	r2 += 1
	*(u64 *)(r0 + 8) = r2
L1:
	r2 = r7
	r2 &= 128
	if r2 != 0 goto L2
	r2 = *(u64 *)(r0 + 16)
	r2 += 1
	*(u64 *)(r0 + 16) = r2
L2:
	r2 = r1
	r2 &= 480
	if r2 == 32 goto L3
	r2 = *(u64 *)(r0 + 24)
	r2 += 1
	*(u64 *)(r0 + 24) = r2
L3:
	r6 <<= 32
	r2 = r8
	r2 &= 128
	if r2 != 0 goto L4
	r2 = *(u64 *)(r0 + 32)
	r2 += 1
	*(u64 *)(r0 + 32) = r2
L4:
	r6 s>>= 32
	r2 = 0x4000000000000 ll
	r3 = r1
	r3 &= r2
	if r3 == 0 goto L5
	r2 = *(u64 *)(r0 + 40)
	r2 += 1
	*(u64 *)(r0 + 40) = r2
L5:
	r2 = r6
	r2 ^= r7
	r2 &= r9
	r2 <<= 32
	r2 >>= 32
	if r2 == 0 goto L6
	r2 = *(u64 *)(r0 + 48)
	r2 += 1
	*(u64 *)(r0 + 48) = r2
L6:
	r2 = r8
	r2 ^= -1
	r3 = r7
	r3 &= r2
	r3 <<= 32
	r3 >>= 32
	if r3 != 0 goto L7
	r2 = *(u64 *)(r0 + 56)
	r2 += 1
	*(u64 *)(r0 + 56) = r2
L7:
	r2 = r1
	r2 s>>= 32
	r3 = 1
	if r3 s> r2 goto L8
	r2 = *(u64 *)(r0 + 64)
	r2 += 1
	*(u64 *)(r0 + 64) = r2
L8:
	r2 = 0xffffffff ll
	if r1 > r2 goto L9
	r1 = *(u64 *)(r0 + 72)
	r1 += 1
	*(u64 *)(r0 + 72) = r1
L9:
	r1 = *(u64 *)(r0 + 80)
	r1 += 1
	*(u64 *)(r0 + 80) = r1
	r1 = r6
	r1 += 64536
	r1 &= 65535
	if r1 > 500 goto L10
	r1 = *(u64 *)(r0 + 88)
	r1 += 1
	*(u64 *)(r0 + 88) = r1
L10:
	r1 = r6
	r1 += 5
	r1 &= 65535
	r2 = 60001
	if r2 > r1 goto L11
	r1 = *(u64 *)(r0 + 96)
	r1 += 1
	*(u64 *)(r0 + 96) = r1
L11:
	r8 += 10
	r8 &= 255
	if r8 > 4 goto L12
	r1 = *(u64 *)(r0 + 104)
	r1 += 1
	*(u64 *)(r0 + 104) = r1
L12:
	if r7 s> r6 goto L13
	r1 = *(u64 *)(r0 + 112)
	r1 += 1
	*(u64 *)(r0 + 112) = r1
L13:
	r7 &= 65535
	r1 = r6
	if r7 != 65531 goto L14
	r1 = *(u64 *)(r0 + 120)
	r1 += 1
	*(u64 *)(r0 + 120) = r1
	r1 = r6
L14:
	r0 = r1
	exit
=== expect
function  slots               rewrites
tg1       121 -> 87 (-28.1%)  28
slots 121 -> 87 (-28.1%), file bytes 2136 -> 1864 (-12.7%), 28 rewrites
