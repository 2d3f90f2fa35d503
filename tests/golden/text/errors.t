=== title
an instruction that is none
=== args
asm %in.s -o %out.o
=== input
.section "xdp"
.func f
	r0 = 1
	r1 =+ 5 7
	exit
=== status
3
=== expect
in.s:4:7: error: cannot read the instruction: a number is missing [SKEP1302]
   r1 =+ 5 7
        ^

=== title
a directive that is none
=== args
asm %in.s -o %out.o
=== input
.object little
  .sektion "xdp"
=== status
3
=== expect
in.s:2:3: error: unknown directive [SKEP1301]
    .sektion "xdp"
    ^

=== title
a label that does not exist
=== args
asm %in.s -o %out.o
=== input
.section "xdp"
.func f
	if r1 != 0 goto out
	exit
=== status
3
=== expect
in.s:3:2: error: there is no label 'out' [SKEP1303]
   if r1 != 0 goto out
   ^

=== title
a function that does not exist
=== args
asm %in.s -o %out.o
=== input
.section "xdp"
.func f
	call bpf_map_look_up
	exit
=== status
3
=== expect
in.s:3:2: error: there is no function 'bpf_map_look_up' [SKEP1303]
   call bpf_map_look_up
   ^

=== title
labels are unique in their function, not among functions
=== args
asm %in.s -o %out.o
=== input
.section "xdp"
.func f
out:
	exit
.func g
out:
	goto out
out:
	exit
=== status
3
=== expect
in.s:8:1: error: 'out' is defined twice [SKEP1304]
  out:
  ^

=== title
an instruction outside of all sections
=== args
asm %in.s -o %out.o
=== input
	exit
=== status
3
=== expect
in.s:1:1: error: an instruction needs a section of code [SKEP1307]
   exit
  ^

=== title
a value out of range
=== args
asm %in.s -o %out.o
=== input
.map m type=hash key=4 value=99999999999
=== status
3
=== expect
in.s:1:24: error: value: bad value '99999999999' [SKEP1305]
  .map m type=hash key=4 value=99999999999
                         ^

=== title
an attribute that the directive does not have
=== args
asm %in.s -o %out.o
=== input
.section "xdp" colour=red
=== status
3
=== expect
in.s:1:16: error: unknown attribute 'colour' [SKEP1306]
  .section "xdp" colour=red
                 ^

=== title
a string that does not end
=== args
asm %in.s -o %out.o
=== input
.license "GPL
=== status
3
=== expect
in.s:1:10: error: the string does not end [SKEP1301]
  .license "GPL
           ^

=== title
a source line needs BTF
=== args
asm %in.s -o %out.o
=== input
.section "xdp"
.func f
	.line 3:1 "return 0;"
	r0 = 0
	exit
=== status
3
=== expect
in.s:4:1: error: a source line needs the sections .BTF and .BTF.ext [SKEP1308]
   r0 = 0
  ^

=== title
a branch that is too far
=== args
asm %in.s -o %out.o
=== input
.section "xdp"
.func f
	if r1 == 0 goto +40000
	exit
=== status
3
=== expect
in.s:3:24: error: cannot read the instruction: offset does not fit in 16 bits [SKEP1302]
   if r1 == 0 goto +40000
                         ^

=== title
the output is needed
=== args
asm %in.s
=== input
.object little
=== status
2
=== expect
skep: error: asm needs the option --output [SKEP9009]

=== title
an escape that is none
=== args
asm %in.s -o %out.o
=== input
.license "a\xg1"
=== status
3
=== expect
in.s:1:14: error: unknown escape in the string [SKEP1301]
  .license "a\xg1"
               ^

=== title
a relocation behind the end of its section
=== args
asm %in.s -o %out.o
=== input
.section ".text"
.func sub local
  exit
.section ".data" align=8
  .zero 8
  .rel 4 abs64 sub at=sub
=== status
3
=== expect
in.s:6:1: error: the relocation lies outside the bytes of its section [SKEP1307]
    .rel 4 abs64 sub at=sub
  ^

=== title
a relocation against a function that does not exist
=== args
asm %in.s -o %out.o
=== input
.section ".text"
.func sub local
  exit
.section ".data" align=8
  .zero 8
  .rel 0 abs64 sub at=none
=== status
3
=== expect
in.s:6:1: error: there is no function 'none' [SKEP1303]
    .rel 0 abs64 sub at=none
  ^

=== title
a CO-RE record needs BTF.ext, too
=== args
asm %in.s -o %out.o
=== input
.section ".BTF" type=progbits flags=0 align=4
	.hex 9feb010018000000000000000000000000000000010000000000
.section "xdp"
.func f
	.core byte_off 2 "0:0"
	r0 = 0
	exit
=== status
3
=== expect
in.s:6:1: error: a CO-RE record needs the sections .BTF and .BTF.ext [SKEP1308]
   r0 = 0
  ^
