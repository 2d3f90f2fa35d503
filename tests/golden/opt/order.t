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
with speed as the goal, too, where nothing gets longer
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
but not for size, where the function would be larger than it was
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

=== title
for size, too, where other passes made room and it is worth the slot
=== args
optimize --passes=dce,order --for=size --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r9 = r7
	r6 ^= r7
	r6 *= 5
	r8 = r6
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
	r8 *= 3
	r8 ^= 77
	r8 *= 5
	r8 ^= 99
	r8 *= 7
l:
	r0 = r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	r8 = r6
	call bpf_get_prandom_u32#7
	r7 = r0
	r7 &= 7
	if r0 <= 7 goto L13
L14:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L25
	r8 *= 3
	r8 ^= 77
	r8 *= 5
	r8 ^= 99
	r8 *= 7
L25:
	r0 = r8
	exit
L13:
	r7 = 1
	goto L14

=== title
nor for speed: the way may be one that is gone often
=== args
optimize --passes=dce,order --for=speed --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r9 = r7
	r6 ^= r7
	r6 *= 5
	r8 = r6
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
	r8 *= 3
	r8 ^= 77
	r8 *= 5
	r8 ^= 99
	r8 *= 7
l:
	r0 = r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	r8 = r6
	call bpf_get_prandom_u32#7
	r7 = r0
	r7 &= 7
	if r0 > 7 goto L14
	r7 = 1
L14:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	call bpf_get_prandom_u32#7
	if r0 > 99 goto L25
	r8 *= 3
	r8 ^= 77
	r8 *= 5
	r8 ^= 99
	r8 *= 7
L25:
	r0 = r8
	exit

=== title
where it saves the verifier less than it is worth, not for size
=== args
optimize --passes=dce,order --for=size --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r9 = r7
	r6 ^= r7
	r6 *= 5
	r8 = r6
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
	r0 = r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	r8 = r6
	call bpf_get_prandom_u32#7
	r7 = r0
	r7 &= 7
	if r0 > 7 goto L14
	r7 = 1
L14:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	r0 = r8
	exit

=== title
but for the verifier
=== args
optimize --passes=dce,order --for=verifier --cpu=v3 --kernel-btf=none -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r9 = r7
	r6 ^= r7
	r6 *= 5
	r8 = r6
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
	r0 = r8
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r6 ^= r7
	r6 *= 3
	r6 ^= r7
	r6 *= 5
	r8 = r6
	call bpf_get_prandom_u32#7
	r7 = r0
	r7 &= 7
	if r0 <= 7 goto L13
L14:
	r1 = r10
	r1 += -8
	r1 += r7
	*(u8 *)(r1 + 0) = r6
	r0 = r8
	exit
L13:
	r7 = 1
	goto L14

=== title
instructions with CO-RE records are what the passes made of them, after they were counted
=== args
optimize --passes=coalesce,order --cpu=v3 %in.s -o %out.o && disasm %out.o
=== input
.section "socket"
.func f
	.core field_exists 5 "0:0"
	r1 = 1
	r6 = r1
	call bpf_get_prandom_u32
	r7 = r0
	call bpf_get_prandom_u32
	r8 = r0
	if r7 > 7 goto wide
	r0 = 1
	exit
wide:
	r0 = r6
	r0 += r8
	exit

.section ".BTF" type=progbits flags=0 align=4
	.hex 9feb010018000000000000005400000054000000950000000000000000000002
	.hex 00000000000000000100000d0300000001000000010000000500000000000001
	.hex 0400000020000001090000000100000c02000000120000000100000404000000
	.hex 14000000030000000000000000
	.ascii "ctx\0"
	.ascii "int\0"
	.hex 6600
	.ascii "socket\0"
	.hex 73006100
	.ascii "0:0\0"
	.ascii "./core.c\0"
	.ascii "__attribute__((section(\"socket\"), used)) int f(void *ctx)\0"
	.ascii "\treturn __builtin_preserve_field_info(p->a, 2) ? 7 : 9;\0"

.section ".BTF.ext" type=progbits flags=0 align=4 auto
	.ext header=32 core
=== expect
function  slots             rewrites
f         12 -> 11 (-8.3%)  1
slots 12 -> 11 (-8.3%), file bytes 976 -> 968 (-0.8%), 1 rewrites
section socket

f:	; program, 11 slots, type socket_filter
      0:	r6 = 1	; CO-RE field_exists struct s 0:0
      1:	call bpf_get_prandom_u32#7
      2:	r7 = r0
      3:	call bpf_get_prandom_u32#7
      4:	r8 = r0
      5:	if r7 > 7 goto L9
      6:	r0 = 1
      7:	exit
L9:
      8:	r0 = r6
      9:	r0 += r8
     10:	exit
