# Arithmetic: what RFC 9669 says of the corners, written by hand.
# A case: "name:", optional "mem:", instructions, and "= r0 in hex" or "! part of the message".

add 64 wraps:
	r0 = -1
	r0 += 1
	exit
= 0

add 32 drops the upper half:
	r0 = 0xffffffff00000001 ll
	w0 += 1
	exit
= 2

add 64 sign-extends the immediate:
	r0 = 0
	r0 += -2
	exit
= fffffffffffffffe

add 32 of a negative immediate:
	r0 = 1
	w0 += -2
	exit
= ffffffff

sub 64 below zero:
	r0 = 1
	r0 -= 2
	exit
= ffffffffffffffff

sub 32 below zero is zero-extended:
	r0 = 1
	w0 -= 2
	exit
= ffffffff

mul 64 low half:
	r0 = 0x100000001 ll
	r1 = 0x100000001 ll
	r0 *= r1
	exit
= 200000001

mul 32 of large numbers:
	r0 = 0xffffffff ll
	w0 *= w0
	exit
= 1

mul 64 by a negative immediate:
	r0 = 3
	r0 *= -5
	exit
= fffffffffffffff1

mul 32 by a negative immediate:
	r0 = 3
	w0 *= -5
	exit
= fffffff1

div 64 is unsigned:
	r0 = -1
	r1 = 2
	r0 /= r1
	exit
= 7fffffffffffffff

div 64 by an immediate that is sign-extended:
	r0 = -1
	r0 /= -1
	exit
= 1

div 32 by an immediate uses its 32 bits:
	r0 = -1
	w0 /= -1
	exit
= 1

div 32 ignores upper halves:
	r0 = 0x100000007 ll
	r1 = 0x100000002 ll
	w0 /= w1
	exit
= 3

div 64 by zero is 0:
	r0 = 7
	r1 = 0
	r0 /= r1
	exit
= 0

div 32 by zero is 0:
	r0 = -1
	r1 = 0
	w0 /= w1
	exit
= 0

div 32 by a register whose low half is zero:
	r0 = 9
	r1 = 0x100000000 ll
	w0 /= w1
	exit
= 0

div 64 by itself when zero:
	r0 = 0
	r0 /= r0
	exit
= 0

div leaves r3 and r0 alone:
	r0 = 11
	r3 = 13
	r6 = 100
	r2 = 7
	r6 /= r2
	r0 *= 1000
	r0 += r3
	r0 *= 1000
	r0 += r6
	exit
= a80b96

div of r3 by r0:
	r0 = 6
	r3 = 45
	r3 /= r0
	r0 *= 16
	r0 += r3
	exit
= 67

div of r0 by r3:
	r0 = 45
	r3 = 6
	r0 /= r3
	r0 *= 16
	r0 += r3
	exit
= 76

mod of r3 by r0:
	r0 = 6
	r3 = 45
	r3 %= r0
	r0 *= 16
	r0 += r3
	exit
= 63

mod 64 by zero is the dividend:
	r0 = 0x1234567890 ll
	r1 = 0
	r0 %= r1
	exit
= 1234567890

mod 32 by zero is the truncated dividend:
	r0 = 0x1234567890 ll
	r1 = 0
	w0 %= w1
	exit
= 34567890

mod 64 is unsigned:
	r0 = -1
	r0 %= 10
	exit
= 5

mod 32 is unsigned:
	r0 = -1
	w0 %= 10
	exit
= 5

mod by one:
	r0 = 99
	r0 %= 1
	exit
= 0

mod by a power of two:
	r0 = -1
	r0 %= 256
	exit
= ff

div by a power of two:
	r0 = -1
	r0 /= 256
	exit
= ffffffffffffff

div 64 by seven:
	r0 = -1
	r0 /= 7
	exit
= 2492492492492492

div 32 by seven:
	r0 = -1
	w0 /= 7
	exit
= 24924924

div 64 by the least negative immediate:
	r0 = -1
	r0 /= -2147483648
	exit
= 1

sdiv 64:
	r0 = -7
	r1 = 2
	r0 s/= r1
	exit
= fffffffffffffffd

sdiv 64 by an immediate:
	r0 = -7
	r0 s/= 2
	exit
= fffffffffffffffd

sdiv 32:
	r0 = -7
	w0 s/= 2
	exit
= fffffffd

sdiv 64 by a negative:
	r0 = 7
	r0 s/= -2
	exit
= fffffffffffffffd

sdiv 64 by zero is 0:
	r0 = -7
	r1 = 0
	r0 s/= r1
	exit
= 0

sdiv 32 by zero is 0:
	r0 = -7
	r1 = 0
	w0 s/= w1
	exit
= 0

sdiv 64 of the minimum by -1:
	r0 = 0x8000000000000000 ll
	r1 = -1
	r0 s/= r1
	exit
= 8000000000000000

sdiv 64 of the minimum by immediate -1:
	r0 = 0x8000000000000000 ll
	r0 s/= -1
	exit
= 8000000000000000

sdiv 32 of the minimum by -1:
	w0 = -2147483648
	w1 = -1
	w0 s/= w1
	exit
= 80000000

sdiv 32 of the minimum by immediate -1:
	w0 = -2147483648
	w0 s/= -1
	exit
= 80000000

sdiv 32 by a register whose low half is -1:
	w0 = -2147483648
	r1 = 0x1ffffffff ll
	w0 s/= w1
	exit
= 80000000

smod 64:
	r0 = -7
	r1 = 3
	r0 s%= r1
	exit
= ffffffffffffffff

smod 64 takes the sign of the dividend:
	r0 = 7
	r0 s%= -3
	exit
= 1

smod 32:
	r0 = -7
	w0 s%= 3
	exit
= ffffffff

smod 64 by zero is the dividend:
	r0 = -7
	r1 = 0
	r0 s%= r1
	exit
= fffffffffffffff9

smod 32 by zero is the truncated dividend:
	r0 = -7
	r1 = 0
	w0 s%= w1
	exit
= fffffff9

smod 64 of the minimum by -1:
	r0 = 0x8000000000000000 ll
	r1 = -1
	r0 s%= r1
	exit
= 0

smod 32 of the minimum by -1:
	w0 = -2147483648
	w1 = -1
	w0 s%= w1
	exit
= 0

and 64 with a negative immediate:
	r0 = -1
	r0 &= -16
	exit
= fffffffffffffff0

and 64 with a positive immediate clears the upper half:
	r0 = -1
	r0 &= 2147483647
	exit
= 7fffffff

and 32 clears the upper half:
	r0 = -1
	w0 &= -16
	exit
= fffffff0

or 64 with a negative immediate:
	r0 = 1
	r0 |= -256
	exit
= ffffffffffffff01

or 64 with a positive immediate keeps the upper half:
	r0 = 0xff00000000000000 ll
	r0 |= 1
	exit
= ff00000000000001

or 32 clears the upper half:
	r0 = 0xff00000000000000 ll
	w0 |= 1
	exit
= 1

xor 64 with -1:
	r0 = 0xff ll
	r0 ^= -1
	exit
= ffffffffffffff00

xor 32 with -1:
	r0 = 0xff ll
	w0 ^= -1
	exit
= ffffff00

xor with itself:
	r0 = 77
	r0 ^= r0
	exit
= 0

lsh 64 by 63:
	r0 = 3
	r0 <<= 63
	exit
= 8000000000000000

lsh 64 by a register of 64 is by 0:
	r0 = 3
	r1 = 64
	r0 <<= r1
	exit
= 3

lsh 64 by a register of 65 is by 1:
	r0 = 3
	r1 = 65
	r0 <<= r1
	exit
= 6

lsh 64 by a negative register is by its low six bits:
	r0 = 1
	r1 = -1
	r0 <<= r1
	exit
= 8000000000000000

lsh 32 by a register of 32 is by 0:
	r0 = 0x1ffffffff ll
	r1 = 32
	w0 <<= w1
	exit
= ffffffff

lsh 32 by a register of 33 is by 1:
	r0 = 0xffffffff ll
	r1 = 33
	w0 <<= w1
	exit
= fffffffe

lsh by r4, which is where the processor wants it:
	r0 = 1
	r4 = 12
	r0 <<= r4
	r0 += r4
	exit
= 100c

lsh of r4 by itself:
	r4 = 3
	r4 <<= r4
	r0 = r4
	exit
= 18

lsh of r4 by another:
	r4 = 5
	r2 = 4
	r4 <<= r2
	r0 = r4
	r0 += r2
	exit
= 54

rsh 64 is logical:
	r0 = -1
	r0 >>= 60
	exit
= f

rsh 32 is logical:
	r0 = -1
	w0 >>= 28
	exit
= f

rsh 32 by a register of 36 is by 4:
	r0 = 0xff ll
	r1 = 36
	w0 >>= w1
	exit
= f

rsh 32 by 0 clears the upper half:
	r0 = -1
	r1 = 0
	w0 >>= w1
	exit
= ffffffff

arsh 64:
	r0 = -256
	r0 s>>= 4
	exit
= fffffffffffffff0

arsh 32 fills 32 bits:
	r0 = 0xf0000000 ll
	w0 s>>= 4
	exit
= ff000000

arsh 32 by a register of 33 is by 1:
	r0 = 0x80000000 ll
	r1 = 33
	w0 s>>= w1
	exit
= c0000000

arsh 64 by a register of 68 is by 4:
	r0 = -256
	r1 = 68
	r0 s>>= r1
	exit
= fffffffffffffff0

mov 64 sign-extends:
	r0 = -1
	exit
= ffffffffffffffff

mov 32 does not:
	w0 = -1
	exit
= ffffffff

mov 32 of a register drops its upper half:
	r1 = 0x123456789 ll
	w0 = w1
	exit
= 23456789

mov 32 to itself drops its upper half:
	r0 = 0x123456789 ll
	w0 = w0
	exit
= 23456789

movsx 64 from 8:
	r1 = 0x180 ll
	r0 = (s8)r1
	exit
= ffffffffffffff80

movsx 64 from 16:
	r1 = 0x18000 ll
	r0 = (s16)r1
	exit
= ffffffffffff8000

movsx 64 from 32:
	r1 = 0x180000000 ll
	r0 = (s32)r1
	exit
= ffffffff80000000

movsx 32 from 8:
	r1 = 0x1ff80 ll
	w0 = (s8)w1
	exit
= ffffff80

movsx 32 from 16:
	r1 = 0x18000 ll
	w0 = (s16)w1
	exit
= ffff8000

movsx of a positive number:
	r1 = -129
	r0 = (s8)r1
	exit
= 7f

neg 64:
	r0 = 1
	r0 = -r0
	exit
= ffffffffffffffff

neg 64 of the minimum:
	r0 = 0x8000000000000000 ll
	r0 = -r0
	exit
= 8000000000000000

neg 32:
	r0 = 1
	w0 = -w0
	exit
= ffffffff

be16 clears the rest:
	r0 = 0x1122334455667788 ll
	r0 = be16 r0
	exit
= 8877

be32 clears the rest:
	r0 = 0x1122334455667788 ll
	r0 = be32 r0
	exit
= 88776655

be64:
	r0 = 0x1122334455667788 ll
	r0 = be64 r0
	exit
= 8877665544332211

le16 truncates:
	r0 = 0x1122334455667788 ll
	r0 = le16 r0
	exit
= 7788

le32 truncates:
	r0 = 0x1122334455667788 ll
	r0 = le32 r0
	exit
= 55667788

le64 is nothing:
	r0 = 0x1122334455667788 ll
	r0 = le64 r0
	exit
= 1122334455667788

bswap16:
	r0 = 0x1122334455667788 ll
	r0 = bswap16 r0
	exit
= 8877

bswap32:
	r0 = 0x1122334455667788 ll
	r0 = bswap32 r0
	exit
= 88776655

bswap64:
	r0 = 0x1122334455667788 ll
	r0 = bswap64 r0
	exit
= 8877665544332211

lddw of all sixes:
	r0 = 0x8000000000000001 ll
	exit
= 8000000000000001

rotate left by shifts:
	r1 = 0x8000000000000001 ll
	r0 = r1
	r0 <<= 8
	r1 >>= 56
	r0 |= r1
	exit
= 180

rotate 32 bits by shifts:
	r1 = 0xffffffff80000001 ll
	w0 = w1
	w0 <<= 8
	w1 >>= 24
	w0 |= w1
	exit
= 180

sign extension by a pair of shifts:
	r0 = 0x1ffff8000 ll
	r0 <<= 48
	r0 s>>= 48
	exit
= ffffffffffff8000

zero extension by a pair of shifts:
	r0 = -1
	r0 <<= 32
	r0 >>= 32
	exit
= ffffffff
