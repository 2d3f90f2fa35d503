=== title
what no verifier judged is said
=== args
optimize %in.s -o %out.o
=== input
.license "GPL"
.section "mine"
.func f
	r2 = *(u32 *)(r1 + 12)
	r4 = *(u32 *)(r1 + 16)
	r4 <<= 32
	r4 >>= 32
	r2 ^= r4
	r0 = r2
	exit
=== expect
function  slots            rewrites
f         7 -> 5 (-28.6%)  2
slots 7 -> 5 (-28.6%), file bytes 576 -> 560 (-2.8%), 2 rewrites
in.s: warning: nothing judged 'f': the name of its section, 'mine', does not say which type of program it is [SKEP9054]

=== title
what was not changed needs no judge
=== args
optimize %in.s -o %out.o
=== input
.license "GPL"
.section "mine"
.func f
	r0 = 1
	exit
=== expect
function  slots           rewrites
f         2 -> 2 (+0.0%)  0
slots 2 -> 2 (+0.0%), file bytes 536 -> 536 (+0.0%), 0 rewrites
