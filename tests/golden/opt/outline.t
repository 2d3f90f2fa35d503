=== title
a row three times
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	call outlined_1
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	call outlined_1
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	call outlined_1
	r0 ^= 1
	exit
other:
	r0 = 0
	exit
outlined_1:
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	exit

=== title
is proved
=== args
optimize --passes=outline --cpu=v3 --prove -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	call outlined_1
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	call outlined_1
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	call outlined_1
	r0 ^= 1
	exit
other:
	r0 = 0
	exit
outlined_1:
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	exit

=== title
what it reads comes in free registers, what is wanted goes where it was
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r3 = *(u32 *)(r6 + 24)
	r4 = *(u32 *)(r6 + 28)
	r3 *= r4
	r3 ^= 5
	*(u64 *)(r10 - 16) = r3
	r3 <<= 7
	r3 ^= 6
	r3 <<= 3
	r3 ^= 9
	r3 += r4
	r7 = r3
	r7 ^= 1
	r3 = *(u32 *)(r6 + 24)
	r4 = *(u32 *)(r6 + 28)
	r3 *= r4
	r3 ^= 5
	*(u64 *)(r10 - 16) = r3
	r3 <<= 7
	r3 ^= 6
	r3 <<= 3
	r3 ^= 9
	r3 += r4
	r7 ^= r3
	r7 ^= 2
	r3 = *(u32 *)(r6 + 24)
	r4 = *(u32 *)(r6 + 28)
	r3 *= r4
	r3 ^= 5
	*(u64 *)(r10 - 16) = r3
	r3 <<= 7
	r3 ^= 6
	r3 <<= 3
	r3 ^= 9
	r3 += r4
	r0 = *(u64 *)(r10 - 16)
	r0 += r3
	r0 ^= r7
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r1 = r6
	r2 = r10
	call outlined_1
	r3 = r0
	r7 = r3
	r7 ^= 1
	r1 = r6
	r2 = r10
	call outlined_1
	r3 = r0
	r7 ^= r3
	r7 ^= 2
	r1 = r6
	r2 = r10
	call outlined_1
	r3 = r0
	r0 = *(u64 *)(r10 - 16)
	r0 += r3
	r0 ^= r7
	exit
other:
	r0 = 0
	exit
outlined_1:
	r3 = *(u32 *)(r1 + 24)
	r4 = *(u32 *)(r1 + 28)
	r3 *= r4
	r3 ^= 5
	*(u64 *)(r2 - 16) = r3
	r3 <<= 7
	r3 ^= 6
	r3 <<= 3
	r3 ^= 9
	r3 += r4
	r0 = r3
	exit

=== title
over a call: a register of the function keeps the frame
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	*(u64 *)(r10 - 16) = 1
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r3 = r10
	r3 += -16
	r1 = m ll
	r4 = 0
	call bpf_map_update_elem#2
	r0 ^= 5
	r7 = r0
	r7 += 1
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r3 = r10
	r3 += -16
	r1 = m ll
	r4 = 0
	call bpf_map_update_elem#2
	r0 ^= 5
	r7 ^= r0
	r7 += 3
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r3 = r10
	r3 += -16
	r1 = m ll
	r4 = 0
	call bpf_map_update_elem#2
	r0 ^= 5
	r0 += r7
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	*(u64 *)(r10 - 16) = 1
	r1 = r10
	call outlined_1
	r7 = r0
	r7 += 1
	r1 = r10
	call outlined_1
	r7 ^= r0
	r7 += 3
	r1 = r10
	call outlined_1
	r0 += r7
	exit
other:
	r0 = 0
	exit
outlined_1:
	r6 = r1
	*(u32 *)(r6 - 4) = 0
	r2 = r6
	r2 += -4
	r3 = r6
	r3 += -16
	r1 = m ll
	r4 = 0
	call bpf_map_update_elem#2
	r0 ^= 5
	exit

=== title
must not: another register is wanted behind the row, too
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	*(u64 *)(r10 - 16) = r2
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	*(u64 *)(r10 - 16) = r2
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= r2
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	*(u64 *)(r10 - 16) = r2
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	*(u64 *)(r10 - 16) = r2
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= r2
	exit
other:
	r0 = 0
	exit

=== title
must not: a call would lose r5
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r5 = *(u32 *)(r6 + 4)
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= r5
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r5 = *(u32 *)(r6 + 4)
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= r5
	exit
other:
	r0 = 0
	exit

=== title
must not: a program for kernels that may not know calls
=== args
optimize --passes=outline -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
other:
	r0 = 0
	exit

=== title
must not: users without privileges may not call
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "socket"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
other:
	r0 = 0
	exit

=== title
must not: there is a tail call
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	r1 = r6
	r2 = m ll
	r3 = 0
	call bpf_tail_call#12
	r0 = 0
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	r1 = r6
	r2 = m ll
	r3 = 0
	call bpf_tail_call#12
	r0 = 0
	exit
other:
	r0 = 0
	exit

=== title
must not: where speed counts
=== args
optimize --for=speed --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
other:
	r0 = 0
	exit

=== title
must not: where the verifier counts
=== args
optimize --for=verifier --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
other:
	r0 = 0
	exit

=== title
must not: there is no section for it
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit
=== expect
f:
	r6 = r1
	r2 = *(u32 *)(r6 + 16)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	*(u64 *)(r10 - 8) = r0
	r2 = *(u32 *)(r6 + 12)
	r2 *= 7
	r2 ^= 77
	r2 += 9
	r2 <<= 3
	r2 ^= 4095
	r0 = r2
	r0 ^= 1
	exit

=== title
only between pointers of the same kind
=== args
optimize --passes=outline --cpu=v3 -S %in.s
=== input
.license "GPL"
.map m type=hash key=4 value=8 max=4
.section "xdp"
.func f
	r6 = r1
	r7 = *(u32 *)(r6 + 0)
	r8 = *(u32 *)(r6 + 4)
	r1 = r7
	r1 += 16
	if r1 > r8 goto out
	r2 = r6
	r3 = *(u32 *)(r2 + 4)
	r4 = *(u32 *)(r2 + 8)
	r5 = *(u32 *)(r2 + 12)
	r3 ^= r4
	r3 ^= r5
	r3 <<= 2
	r0 = r3
	*(u64 *)(r10 - 8) = r0
	r2 = r7
	r3 = *(u32 *)(r2 + 4)
	r4 = *(u32 *)(r2 + 8)
	r5 = *(u32 *)(r2 + 12)
	r3 ^= r4
	r3 ^= r5
	r3 <<= 2
	r0 = r3
	*(u64 *)(r10 - 16) = r0
	r2 = r6
	r3 = *(u32 *)(r2 + 4)
	r4 = *(u32 *)(r2 + 8)
	r5 = *(u32 *)(r2 + 12)
	r3 ^= r4
	r3 ^= r5
	r3 <<= 2
	r0 = r3
	exit
out:
	r0 = 0
	exit
.section ".text"
.func other
	r0 = 0
	exit
=== expect
f:
	r6 = r1
	r7 = *(u32 *)(r6 + 0)
	r8 = *(u32 *)(r6 + 4)
	r1 = r7
	r1 += 16
	if r1 > r8 goto L34
	r2 = r6
	call outlined_1
	*(u64 *)(r10 - 8) = r0
	r2 = r7
	r3 = *(u32 *)(r2 + 4)
	r4 = *(u32 *)(r2 + 8)
	r5 = *(u32 *)(r2 + 12)
	r3 ^= r4
	r3 ^= r5
	r3 <<= 2
	r0 = r3
	*(u64 *)(r10 - 16) = r0
	r2 = r6
	call outlined_1
	exit
L34:
	r0 = 0
	exit
other:
	r0 = 0
	exit
outlined_1:
	r3 = *(u32 *)(r2 + 4)
	r4 = *(u32 *)(r2 + 8)
	r5 = *(u32 *)(r2 + 12)
	r3 ^= r4
	r3 ^= r5
	r3 <<= 2
	r0 = r3
	exit
