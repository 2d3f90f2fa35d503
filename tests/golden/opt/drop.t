=== title
what nobody uses is gone, what user space may look for by its pin stays
=== args
optimize --drop-unused %in.s -o %out.o && disasm --text %out.o
=== input
.license "GPL"
.map used type=array key=4 value=8 max=4
.map unused type=hash key=4 value=8 max=4
.map folded type=hash key=4 value=8 max=4
.map pinned type=hash key=4 value=8 max=4 pin=1
.section ".text"
.func helper local
	r0 = r1
	r0 += 1
	exit
.func orphan local
	r0 = 7
	exit
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = used ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 0)
	call helper
	r7 = 1
	if r7 == 1 goto out
	r2 = r10
	r2 += -4
	r1 = folded ll
	call bpf_map_lookup_elem
out:
	r0 = 2
	exit
=== expect
function  slots              rewrites
helper    3 -> 3 (+0.0%)     0
orphan    2 -> 2 (+0.0%)     0
f         19 -> 11 (-42.1%)  8
slots 24 -> 16 (-33.3%), file bytes 2624 -> 2416 (-7.9%), 8 rewrites
gone: functions orphan
gone: maps unused, folded
.object little
.license "GPL"
.map used type=array key=4 value=8 max=4
.map pinned type=hash key=4 value=8 max=4 pin=1

.section ".text"

.func helper local
	r0 = r1
	r0 += 1
	exit

.section "xdp"

.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = used ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L1
	r1 = *(u64 *)(r0 + 0)
	call helper
L1:
	r0 = 2
	exit

=== title
without the option all stays
=== args
optimize %in.s -o %out.o && disasm --text %out.o
=== input
.license "GPL"
.map used type=array key=4 value=8 max=4
.map unused type=hash key=4 value=8 max=4
.map folded type=hash key=4 value=8 max=4
.map pinned type=hash key=4 value=8 max=4 pin=1
.section ".text"
.func helper local
	r0 = r1
	r0 += 1
	exit
.func orphan local
	r0 = 7
	exit
.section "xdp"
.func f
	r6 = *(u32 *)(r1 + 12)
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = used ll
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 0)
	call helper
	r7 = 1
	if r7 == 1 goto out
	r2 = r10
	r2 += -4
	r1 = folded ll
	call bpf_map_lookup_elem
out:
	r0 = 2
	exit
=== expect
function  slots              rewrites
helper    3 -> 3 (+0.0%)     0
orphan    2 -> 2 (+0.0%)     0
f         19 -> 11 (-42.1%)  8
slots 24 -> 16 (-33.3%), file bytes 2624 -> 2544 (-3.0%), 8 rewrites
.object little
.license "GPL"
.map used type=array key=4 value=8 max=4
.map unused type=hash key=4 value=8 max=4
.map folded type=hash key=4 value=8 max=4
.map pinned type=hash key=4 value=8 max=4 pin=1

.section ".text"

.func helper local
	r0 = r1
	r0 += 1
	exit

.func orphan local
	r0 = 7
	exit

.section "xdp"

.func f
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = used ll
	call bpf_map_lookup_elem#1
	if r0 == 0 goto L1
	r1 = *(u64 *)(r0 + 0)
	call helper
L1:
	r0 = 2
	exit

=== title
nothing to take out
=== args
optimize --drop-unused --passes=dce %in.s -o %out.o
=== input
.license "GPL"
.section "xdp"
.func f
	r0 = 2
	exit
=== expect
function  slots           rewrites
f         2 -> 2 (+0.0%)  0
slots 2 -> 2 (+0.0%), file bytes 536 -> 536 (+0.0%), 0 rewrites
