=== title
must not take a guard of a pointer with an unknown part of which nothing is proven
=== args
optimize --passes=ranges -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto out
	r4 = *(u8 *)(r2 + 0)
	r2 += 14
	if r4 == 5 goto j
	r2 += 4
j:
	r3 = r2
	r3 += 20
	if r3 > r6 goto out
	r0 = *(u8 *)(r2 + 19)
	r0 &= 1
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto L16
	r4 = *(u8 *)(r2 + 0)
	r2 += 14
	if r4 == 5 goto L11
	r2 += 4
L11:
	r3 = r2
	r3 += 20
	if r3 > r6 goto L16
	r0 = *(u8 *)(r2 + 19)
	r0 &= 1
L16:
	exit

=== title
a guard that an earlier one covers
=== args
optimize --passes=ranges -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto out
	r4 = r2
	r4 += 14
	if r4 > r6 goto out
	r0 = *(u8 *)(r2 + 13)
	r0 &= 1
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 4)
	r2 = *(u32 *)(r1 + 0)
	r0 = 1
	r3 = r2
	r3 += 22
	if r3 > r6 goto L12
	r4 = r2
	r4 += 14
	r0 = *(u8 *)(r2 + 13)
	r0 &= 1
L12:
	exit

=== title
a constant under a CO-RE record decides nothing: it is the loader's to say
=== args
optimize --passes=ranges %in.s -o %out.o && disasm %out.o
=== input
.section "socket"
.func f
	.core field_exists 5 "0:0"
	r1 = 1
	w0 = 9
	if w1 == 0 goto L1
	w0 = 7
L1:
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
function  slots           rewrites
f         5 -> 5 (+0.0%)  0
slots 5 -> 5 (+0.0%), file bytes 920 -> 920 (+0.0%), 0 rewrites
section socket

f:	; program, 5 slots, type socket_filter
      0:	r1 = 1	; CO-RE field_exists struct s 0:0
      1:	w0 = 9
      2:	if w1 == 0 goto L5
      3:	w0 = 7
L5:
      4:	exit

=== title
must not take a pointer beyond the end on one path for one beyond it on all
=== args
optimize --passes=ranges -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r6 = 1
	r4 = r2
	r4 += 4
	if r4 <= r3 goto near
	goto join
near:
	r4 += 4
join:
	if r4 > r3 goto test
	r6 = 2
test:
	if r6 == 1 goto one
	r0 = 2
	exit
one:
	r0 = 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 0)
	r3 = *(u32 *)(r1 + 4)
	r6 = 1
	r4 = r2
	r4 += 4
	if r4 <= r3 goto L8
	goto L9
L8:
	r4 += 4
L9:
	if r4 > r3 goto L11
	r6 = 2
L11:
	if r6 == 1 goto L14
	r0 = 2
	exit
L14:
	r0 = 1
	exit
