=== title
an address and a constant of both ways
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	if r6 == 1 goto a
	r3 = r2
	r1 = m ll
	r4 = 0
	call bpf_map_update_elem
	r0 = 1
	exit
a:
	r1 = m ll
	call bpf_map_delete_elem
	r0 = 1
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	if r6 == 1 goto L13
	r3 = r2
	r4 = 0
	call bpf_map_update_elem#2
	r0 = 1
	exit
L13:
	call bpf_map_delete_elem#3
	r0 = 1
	exit

=== title
registers that differ
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	if r2 == 1 goto a
	r4 = 7
	r4 += r3
	r0 = r4
	exit
a:
	r5 = 7
	r5 *= r3
	r0 = r5
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = 7
	if r2 == 1 goto L9
	r4 += r3
	r0 = r4
	exit
L9:
	r4 *= r3
	r0 = r4
	exit

=== title
must not when the other way reads what was there
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r4 = *(u32 *)(r1 + 16)
	if r2 == 1 goto a
	r0 = r4
	r4 = 7
	r0 += r4
	exit
a:
	r4 = 7
	r4 *= r2
	r0 = r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r4 = *(u32 *)(r1 + 16)
	if r2 == 1 goto L8
	r0 = r4
	r4 = 7
	r0 += r4
	exit
L8:
	r4 = 7
	r4 *= r2
	r0 = r4
	exit

=== title
must not when another way enters
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	if r2 == 3 goto a
	if r2 == 1 goto a
	r4 = 7
	r0 += r4
	exit
a:
	r4 = 7
	r0 *= r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r0 = *(u32 *)(r1 + 16)
	if r2 == 3 goto L8
	if r2 == 1 goto L8
	r4 = 7
	r0 += r4
	exit
L8:
	r4 = 7
	r0 *= r4
	exit

=== title
must not what depends on the value that is compared
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	if r2 > 7 goto a
	r3 = r2
	r3 <<= 3
	r0 = r3
	exit
a:
	r3 = r2
	r3 <<= 3
	r0 = r3
	r0 += 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	if r2 > 7 goto L7
	r3 = r2
	r3 <<= 3
	r0 = r3
	exit
L7:
	r3 = r2
	r3 <<= 3
	r0 = r3
	r0 += 1
	exit

=== title
must not past a write of what it reads
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	if r2 > 7 goto a
	r0 = r3
	r0 <<= 3
	exit
a:
	r3 += 1
	r0 = r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	if r2 > 7 goto L7
	r0 = r3
	r0 <<= 3
	exit
L7:
	r3 += 1
	r0 = r3
	exit

=== title
must not when the branch reads the register
=== args
optimize --passes=common -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	if r2 > 7 goto a
	r2 = 1
	r0 = r2
	exit
a:
	r2 = 1
	r0 = 5
	r0 -= r2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	if r2 > 7 goto L6
	r2 = 1
	r0 = r2
	exit
L6:
	r2 = 1
	r0 = 5
	r0 -= r2
	exit
