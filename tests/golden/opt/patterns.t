=== title
packed ethernet type
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u8 *)(r2 + 12)
	r5 = *(u8 *)(r2 + 13)
	r5 <<= 8
	r5 |= r4
	r0 = 1
	if r5 != 8 goto out
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L13
	r5 = *(u16 *)(r2 + 12)
	r0 = 1
	if r5 != 8 goto L13
	exit
L13:
	r0 = 2
	exit

=== title
addresses swapped byte by byte
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u8 *)(r2 + 0)
	r5 = *(u8 *)(r2 + 6)
	*(u8 *)(r2 + 0) = r5
	*(u8 *)(r2 + 6) = r4
	r4 = *(u8 *)(r2 + 1)
	r5 = *(u8 *)(r2 + 7)
	*(u8 *)(r2 + 1) = r5
	*(u8 *)(r2 + 7) = r4
	r4 = *(u8 *)(r2 + 2)
	r5 = *(u8 *)(r2 + 8)
	*(u8 *)(r2 + 2) = r5
	*(u8 *)(r2 + 8) = r4
	r4 = *(u8 *)(r2 + 3)
	r5 = *(u8 *)(r2 + 9)
	*(u8 *)(r2 + 3) = r5
	*(u8 *)(r2 + 9) = r4
	r4 = *(u8 *)(r2 + 4)
	r5 = *(u8 *)(r2 + 10)
	*(u8 *)(r2 + 4) = r5
	*(u8 *)(r2 + 10) = r4
	r4 = *(u8 *)(r2 + 5)
	r5 = *(u8 *)(r2 + 11)
	*(u8 *)(r2 + 5) = r5
	*(u8 *)(r2 + 11) = r4
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L30
	r4 = *(u8 *)(r2 + 0)
	r5 = *(u8 *)(r2 + 6)
	*(u8 *)(r2 + 0) = r5
	*(u8 *)(r2 + 6) = r4
	r4 = *(u8 *)(r2 + 1)
	r5 = *(u8 *)(r2 + 7)
	*(u8 *)(r2 + 1) = r5
	*(u8 *)(r2 + 7) = r4
	r4 = *(u8 *)(r2 + 2)
	r5 = *(u8 *)(r2 + 8)
	*(u8 *)(r2 + 2) = r5
	*(u8 *)(r2 + 8) = r4
	r4 = *(u8 *)(r2 + 3)
	r5 = *(u8 *)(r2 + 9)
	*(u8 *)(r2 + 3) = r5
	*(u8 *)(r2 + 9) = r4
	r4 = *(u8 *)(r2 + 4)
	r5 = *(u8 *)(r2 + 10)
	*(u8 *)(r2 + 4) = r5
	*(u8 *)(r2 + 10) = r4
	r4 = *(u8 *)(r2 + 5)
	r5 = *(u8 *)(r2 + 11)
	*(u8 *)(r2 + 5) = r5
	*(u8 *)(r2 + 11) = r4
L30:
	r0 = 2
	exit

=== title
sixteen bytes of the packet to a key
=== args
optimize -S %in.s
=== input
.map m type=hash key=16 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	r6 = 0
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 40
	if r4 > r3 goto out
	r4 = *(u8 *)(r2 + 8)
	*(u8 *)(r10 - 16) = r4
	r4 = *(u8 *)(r2 + 9)
	*(u8 *)(r10 - 15) = r4
	r4 = *(u8 *)(r2 + 10)
	*(u8 *)(r10 - 14) = r4
	r4 = *(u8 *)(r2 + 11)
	*(u8 *)(r10 - 13) = r4
	r4 = *(u8 *)(r2 + 12)
	*(u8 *)(r10 - 12) = r4
	r4 = *(u8 *)(r2 + 13)
	*(u8 *)(r10 - 11) = r4
	r4 = *(u8 *)(r2 + 14)
	*(u8 *)(r10 - 10) = r4
	r4 = *(u8 *)(r2 + 15)
	*(u8 *)(r10 - 9) = r4
	r4 = *(u8 *)(r2 + 16)
	*(u8 *)(r10 - 8) = r4
	r4 = *(u8 *)(r2 + 17)
	*(u8 *)(r10 - 7) = r4
	r4 = *(u8 *)(r2 + 18)
	*(u8 *)(r10 - 6) = r4
	r4 = *(u8 *)(r2 + 19)
	*(u8 *)(r10 - 5) = r4
	r4 = *(u8 *)(r2 + 20)
	*(u8 *)(r10 - 4) = r4
	r4 = *(u8 *)(r2 + 21)
	*(u8 *)(r10 - 3) = r4
	r4 = *(u8 *)(r2 + 22)
	*(u8 *)(r10 - 2) = r4
	r4 = *(u8 *)(r2 + 23)
	*(u8 *)(r10 - 1) = r4
	r2 = r10
	r2 += -16
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = 1
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 40
	if r4 > r3 goto L46
	r4 = *(u64 *)(r2 + 8)
	*(u64 *)(r10 - 16) = r4
	r4 = *(u64 *)(r2 + 16)
	*(u64 *)(r10 - 8) = r4
	r2 = r10
	r2 += -16
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L46
	r0 = 1
	exit
L46:
	r0 = 2
	exit

=== title
a word stored byte by byte
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r5 = *(u32 *)(r1 + 12)
	*(u8 *)(r2 + 0) = r5
	r4 = r5
	r4 >>= 24
	*(u8 *)(r2 + 3) = r4
	r4 = r5
	r4 >>= 16
	*(u8 *)(r2 + 2) = r4
	r5 >>= 8
	*(u8 *)(r2 + 1) = r5
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L16
	r5 = *(u32 *)(r1 + 12)
	*(u8 *)(r2 + 0) = r5
	r4 = r5
	r4 >>= 24
	*(u8 *)(r2 + 3) = r4
	r5 >>= 8
	*(u16 *)(r2 + 1) = r5
L16:
	r0 = 2
	exit

=== title
a big-endian word from four bytes
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r4 = *(u8 *)(r2 + 1)
	r4 <<= 16
	r0 = *(u8 *)(r2 + 0)
	r0 <<= 24
	r0 |= r4
	r4 = *(u8 *)(r2 + 2)
	r4 <<= 8
	r0 |= r4
	r4 = *(u8 *)(r2 + 3)
	r0 |= r4
	exit
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 14
	if r4 > r3 goto L17
	r0 = *(u32 *)(r2 + 0)
	r0 = be32 r0
	exit
L17:
	r0 = 2
	exit

=== title
an address of 16 bytes copied by words
=== args
optimize -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 54
	if r4 > r3 goto out
	r4 = *(u32 *)(r2 + 22)
	*(u32 *)(r2 + 38) = r4
	r4 = *(u32 *)(r2 + 26)
	*(u32 *)(r2 + 42) = r4
	r4 = *(u32 *)(r2 + 30)
	*(u32 *)(r2 + 46) = r4
	r4 = *(u32 *)(r2 + 34)
	*(u32 *)(r2 + 50) = r4
out:
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r4 = r2
	r4 += 54
	if r4 > r3 goto L14
	r4 = *(u64 *)(r2 + 22)
	*(u64 *)(r2 + 38) = r4
	r4 = *(u64 *)(r2 + 30)
	*(u64 *)(r2 + 46) = r4
L14:
	r0 = 2
	exit

=== title
a key initialised twice
=== args
optimize -S %in.s
=== input
.map m type=hash key=16 value=64 max=4
.license "GPL"
.section "xdp"
.func f
	r1 = 0
	*(u64 *)(r10 - 16) = r1
	*(u64 *)(r10 - 8) = r1
	r1 = 1
	*(u32 *)(r10 - 16) = r1
	r1 = 2
	*(u16 *)(r10 - 12) = r1
	r2 = r10
	r2 += -16
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r0 = 1
	exit
out:
	r0 = 2
	exit
=== expect
f:
	*(u64 *)(r10 - 16) = 0
	*(u64 *)(r10 - 8) = 0
	*(u32 *)(r10 - 16) = 1
	*(u16 *)(r10 - 12) = 2
	r2 = r10
	r2 += -16
	r1 = m ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L15
	r0 = 1
	exit
L15:
	r0 = 2
	exit

=== title
a mask of 32 ones as a pair of shifts
=== args
optimize --cpu v3 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	r0 *= r2
	r0 <<= 32
	r0 >>= 32
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r2 = *(u32 *)(r1 + 16)
	w0 *= w2
	exit

=== title
a sign extension as a pair of shifts
=== args
optimize --cpu v4 -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = *(u32 *)(r1 + 12)
	r0 <<= 32
	r0 s>>= 32
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r0 = (s32)r0
	exit
