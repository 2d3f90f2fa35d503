=== title
data that points at functions, of which the first instructions are gone
=== args
asm %in.s -o %a.o && optimize %a.o -o %out.o && disasm --text --whole %out.o
=== input
.license "GPL"
.section ".text"
.func f local
	r3 = 4
	r0 = 1
	exit
.func g local
	r3 = 5
	r0 = 2
	exit
.section "xdp"
.func main
	r0 = 0
	exit
.section ".data"
.var table size=16
	.zero 16
.rel 0 abs64 .text at=f
.rel 8 abs64 .text at=g
=== expect
function  slots            rewrites
f         3 -> 2 (-33.3%)  1
g         3 -> 2 (-33.3%)  1
main      2 -> 2 (+0.0%)   0
slots 8 -> 6 (-25.0%), file bytes 976 -> 960 (-1.6%), 2 rewrites
.object little shoff=0x1c0 names=.strtab

.section ".text" type=progbits flags=ax align=8 offset=0x40 size=32 sum=0x6b8933aa

.func f
	r0 = 1
	exit

.func g
	r0 = 2
	exit

.section "xdp" type=progbits flags=ax align=8 offset=0x60 size=16 sum=0x399102ab

.func main
	r0 = 0
	exit

.section ".data" type=progbits flags=wa align=8 offset=0x70 size=16
.label table
	.hex 00000000000000001000000000000000

.section "license" type=progbits flags=wa align=1 offset=0x80 size=4
	.ascii "GPL\0"

.section ".rel.data" type=rel flags=0 align=8 link=.symtab info=.data offset=0x88 size=32
	.rel 0x0 abs64 .text at=f
	.rel 0x8 abs64 .text at=g

.section ".symtab" type=symtab flags=0 align=8 link=.strtab offset=0xa8 size=216
	.sym .text local section in=.text
	.sym xdp local section in=xdp
	.sym .data local section in=.data
	.sym license local section in=license
	.sym f local func
	.sym g local func
	.sym main global func
	.sym table global object

.section ".strtab" type=strtab flags=0 align=1 offset=0x180 size=60 auto
