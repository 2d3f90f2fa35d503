=== title
the address of one variable serves the other
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r1 = a ll
	r1 = *(u32 *)(r1 + 0)
	if r1 == 0 goto out
	r1 = b ll
	r1 = *(u32 *)(r1 + 0)
	if r1 == 0 goto out
	r1 = a ll
	*(u32 *)(r1 + 0) = 1
out:
	r0 = 2
	exit
=== expect
f:
	r0 = a ll
	r1 = *(u32 *)(r0 + 0)
	if r1 == 0 goto L9
	r1 = *(u32 *)(r0 + 4)
	if r1 == 0 goto L9
	*(u32 *)(r0 + 0) = 1
L9:
	r0 = 2
	exit

=== title
over calls in a register that they keep
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r1 = a ll
	r2 = 1
	*(u32 *)(r1 + 0) = r2
	call bpf_get_smp_processor_id
	r1 = b ll
	*(u32 *)(r1 + 0) = r0
	r0 = 2
	exit
=== expect
f:
	r6 = a ll
	r2 = 1
	*(u32 *)(r6 + 0) = r2
	call bpf_get_smp_processor_id#8
	*(u32 *)(r6 + 4) = r0
	r0 = 2
	exit

=== title
must not over calls when those registers are taken
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r8 = *(u32 *)(r1 + 8)
	r9 = r1
	r1 = a ll
	*(u32 *)(r1 + 0) = 1
	call bpf_get_smp_processor_id
	r1 = b ll
	*(u32 *)(r1 + 0) = r0
	r0 = r6
	r0 += r7
	r0 += r8
	r1 = *(u32 *)(r9 + 20)
	r0 += r1
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	r7 = *(u32 *)(r1 + 16)
	r8 = *(u32 *)(r1 + 8)
	r9 = r1
	r1 = a ll
	*(u32 *)(r1 + 0) = 1
	call bpf_get_smp_processor_id#8
	r1 = b ll
	*(u32 *)(r1 + 0) = r0
	r0 = r6
	r0 += r7
	r0 += r8
	r1 = *(u32 *)(r9 + 20)
	r0 += r1
	exit

=== title
must not when no way leads through the first
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	if r2 == 1 goto l
	r1 = a ll
	r1 = *(u32 *)(r1 + 0)
l:
	r1 = b ll
	r1 = *(u32 *)(r1 + 0)
	r0 = 2
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	if r2 == 1 goto L5
	r1 = a ll
	r1 = *(u32 *)(r1 + 0)
L5:
	r1 = b ll
	r1 = *(u32 *)(r1 + 0)
	r0 = 2
	exit

=== title
the address of a map that is wanted three times, not that wanted twice
=== args
optimize --passes=keep -S %in.s
=== input
.map m type=hash key=4 value=8 max=4
.license "GPL"
.section "xdp"
.func f
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_delete_elem
	r2 = r10
	r2 += -4
	r3 = r2
	r4 = 0
	r1 = m ll
	call bpf_map_update_elem
out:
	r0 = 2
	exit
=== expect
f:
	*(u32 *)(r10 - 4) = 1
	r2 = r10
	r2 += -4
	r6 = r2
	r1 = m ll
	r7 = r1
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L17
	r2 = r6
	r1 = r7
	call bpf_map_delete_elem#3
	r2 = r6
	r3 = r2
	r4 = 0
	r1 = r7
	call bpf_map_update_elem#2
L17:
	r0 = 2
	exit

=== title
a sum that is computed again
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r4 = r2
	r4 *= r3
	*(u64 *)(r10 - 8) = r4
	r4 = *(u32 *)(r1 + 8)
	r5 = r2
	r5 *= r3
	r0 = r5
	r0 += r4
	r4 = r2
	r4 *= r3
	r0 ^= r4
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r6 = r2
	r6 *= r3
	*(u64 *)(r10 - 8) = r6
	r4 = *(u32 *)(r1 + 8)
	r0 = r6
	r0 += r4
	r0 ^= r6
	exit

=== title
must not when an operand changes between
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 = r2
	r0 *= r3
	*(u64 *)(r10 - 8) = r0
	r2 += 1
	r0 = r2
	r0 *= r3
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = *(u32 *)(r1 + 16)
	r0 = r2
	r0 *= r3
	*(u64 *)(r10 - 8) = r0
	r2 += 1
	r0 = r2
	r0 *= r3
	exit

=== title
must not when the operand was compared between: the kernel knows more of the second
=== args
optimize --passes=keep -S %in.s
=== input
.map m type=array key=4 value=64 max=1
.license "GPL"
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem
	r1 = r0
	r0 = 2
	if r1 == 0 goto out
	r2 = r6
	r2 <<= 3
	*(u64 *)(r10 - 16) = r2
	if r6 > 7 goto out
	r2 = r6
	r2 <<= 3
	r1 += r2
	r0 = *(u64 *)(r1 + 0)
	r0 &= 1
out:
	exit
=== expect
f:
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = m ll
	call bpf_map_lookup_elem#1
	r1 = r0
	r0 = 2
	if r1 == 0 goto L19
	r2 = r6
	r2 <<= 3
	*(u64 *)(r10 - 16) = r2
	if r6 > 7 goto L19
	r2 = r6
	r2 <<= 3
	r1 += r2
	r0 = *(u64 *)(r1 + 0)
	r0 &= 1
L19:
	exit

=== title
round a loop, when the value is the same each time
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r0 = 0
	r2 = a ll
	r2 = *(u32 *)(r2 + 0)
	r2 &= 7
l:
	r1 = b ll
	r1 = *(u32 *)(r1 + 0)
	r0 += r1
	r2 += 1
	if r2 < 10 goto l
	exit
=== expect
f:
	r0 = 0
	r3 = a ll
	r2 = *(u32 *)(r3 + 0)
	r2 &= 7
L6:
	r1 = *(u32 *)(r3 + 4)
	r0 += r1
	r2 += 1
	if r2 < 10 goto L6
	exit

=== title
must not when a use of the second sees another value, too
=== args
optimize --passes=keep -S %in.s
=== input
.license "GPL"
.section ".bss"
a:
	.zero 4
b:
	.zero 4
.section "xdp"
.func f
	r2 = *(u32 *)(r1 + 12)
	r3 = a ll
	r0 = *(u32 *)(r3 + 0)
	r3 = a ll
	if r2 != 0 goto l
	r3 = r10
	r3 += -8
	*(u64 *)(r10 - 8) = 3
l:
	r3 += 4
	r0 = 1
	exit
=== expect
f:
	r2 = *(u32 *)(r1 + 12)
	r3 = a ll
	r0 = *(u32 *)(r3 + 0)
	if r2 != 0 goto L9
	r3 = r10
	r3 += -8
	*(u64 *)(r10 - 8) = 3
L9:
	r3 += 4
	r0 = 1
	exit
