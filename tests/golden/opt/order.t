=== title
the way that allows more is gone first: what stands behind both is gone through once
=== args
optimize --passes=order --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32
	if r0 > 7 goto wide
	r7 = 1
	goto both
wide:
	r7 = r0
	r7 &= 7
both:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32
	if r0 > 99 goto l
	r6 += 1
l:
	if r0 > 88 goto m
	r6 += 1
m:
	if r0 > 77 goto n
	r6 += 1
n:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32#7
	if r0 <= 7 goto L9
	r7 = r0
	r7 &= 7
L13:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L20
	r6 += 1
L20:
	if r0 > 88 goto L22
	r6 += 1
L22:
	if r0 > 77 goto L24
	r6 += 1
L24:
	r0 = 2
	exit
L9:
	r7 = 1
	goto L13

=== title
with speed as the goal the compiler's order stays
=== args
optimize --passes=order --for=speed --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32
	if r0 > 7 goto wide
	r7 = 1
	goto both
wide:
	r7 = r0
	r7 &= 7
both:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32
	if r0 > 99 goto l
	r6 += 1
l:
	if r0 > 88 goto m
	r6 += 1
m:
	if r0 > 77 goto n
	r6 += 1
n:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32#7
	if r0 > 7 goto L11
	r7 = 1
	goto L13
L11:
	r7 = r0
	r7 &= 7
L13:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L20
	r6 += 1
L20:
	if r0 > 88 goto L22
	r6 += 1
L22:
	if r0 > 77 goto L24
	r6 += 1
L24:
	r0 = 2
	exit

=== title
no opposite at this level: nothing
=== args
optimize --passes=order --cpu=v1 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32
	if r0 > 7 goto wide
	r7 = 1
	goto both
wide:
	r7 = r0
	r7 &= 7
both:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32
	if r0 > 99 goto l
	r6 += 1
l:
	if r0 > 88 goto m
	r6 += 1
m:
	if r0 > 77 goto n
	r6 += 1
n:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32#7
	if r0 > 7 goto L11
	r7 = 1
	goto L13
L11:
	r7 = r0
	r7 &= 7
L13:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L20
	r6 += 1
L20:
	if r0 > 88 goto L22
	r6 += 1
L22:
	if r0 > 77 goto L24
	r6 += 1
L24:
	r0 = 2
	exit

=== title
code that is skipped goes to the end, which takes a jump: only for the verifier's sake
=== args
optimize --passes=order --for=verifier --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32
	r7 = r0
	r7 &= 7
	if r0 > 7 goto both
	r7 = 1
both:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32
	if r0 > 99 goto l
	r6 += 1
l:
	if r0 > 88 goto m
	r6 += 1
m:
	if r0 > 77 goto n
	r6 += 1
n:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32#7
	r7 = r0
	r7 &= 7
	if r0 <= 7 goto L11
L12:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L19
	r6 += 1
L19:
	if r0 > 88 goto L21
	r6 += 1
L21:
	if r0 > 77 goto L23
	r6 += 1
L23:
	r0 = 2
	exit
L11:
	r7 = 1
	goto L12

=== title
but not for size
=== args
optimize --passes=order --for=size --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32
	r7 = r0
	r7 &= 7
	if r0 > 7 goto both
	r7 = 1
both:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32
	if r0 > 99 goto l
	r6 += 1
l:
	if r0 > 88 goto m
	r6 += 1
m:
	if r0 > 77 goto n
	r6 += 1
n:
	r0 = 2
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	call bpf_get_prandom_u32#7
	r7 = r0
	r7 &= 7
	if r0 > 7 goto L12
	r7 = 1
L12:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L19
	r6 += 1
L19:
	if r0 > 88 goto L21
	r6 += 1
L21:
	if r0 > 77 goto L23
	r6 += 1
L23:
	r0 = 2
	exit

