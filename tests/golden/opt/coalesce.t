=== title
computed where it is wanted
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r2 += r3
	r0 = r2
	exit
=== expect
f:
	r0 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 += r3
	exit

=== title
r0 is renamed in operations of one operand
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	r0 = be16 r0
	r0 = -r0
	r7 = r0
	r0 = 1
	r7 += r6
	r0 += r7
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r7 = be16 r7
	r7 = -r7
	r0 = 1
	r7 += r6
	r0 += r7
	exit

=== title
must not when the first is used behind
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = r2
	r0 += r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = r2
	r0 += r2
	exit

=== title
must not when the second is used between
=== args
optimize --passes=coalesce -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = 3
	r2 = *(u32 *)(r1 + 12)
	r2 += r0
	r0 = r2
	exit
=== expect
f:
	r0 = 3
	r2 = *(u32 *)(r1 + 12)
	r2 += r0
	r0 = r2
	exit
