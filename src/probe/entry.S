/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where functions with return probes return to, and the call of a handler with the vector
 * registers saved.
 *
 * Every call in flight has a thunk of its own, and 16 bytes at a fixed distance behind it that
 * say where the call came from. So an unwinder that meets the thunk's address can go on: the
 * unwind information of all thunks is one expression over the instruction pointer. The
 * distance is fixed because both lie in this section; the second part is replaced by writable
 * memory when the first probe is attached (hit.c).
 */
#define NRET 8192
#define REGS (21 * 8)

	.section skep_probe_text, "ax", @progbits
	.p2align 12
	.globl skep_probe_thunks
	.hidden skep_probe_thunks
	.type skep_probe_thunks, @object
skep_probe_thunks:
	.cfi_startproc simple
	.cfi_return_column 16
	/* DW_CFA_val_expression: column 16 = *(u64 *)(rip + NRET * 16): breg16 0, const4u, plus, deref */
	.cfi_escape 0x16, 16, 9, 0x80, 0x00, 0x0c, 0x00, 0x00, 0x02, 0x00, 0x22, 0x06
	/* The stack pointer is the caller's already: column 7 = rsp. */
	.cfi_escape 0x16, 7, 2, 0x77, 0x00
	/*
	 * Unwinders tell frames apart by their CFA, and that of the function that returned is the
	 * same address; ours is *(u64 *)(rip + NRET * 16 + 8), a number that no other frame has.
	 */
	.cfi_escape 0x0f, 9, 0x80, 0x00, 0x0c, 0x08, 0x00, 0x02, 0x00, 0x22, 0x06
	/* Unwinders look one byte before a return address; so the first place is not used. */
	.set k, 0
	.rept NRET
	/* The word that held the thunk's address stays as it is until the entry is free. */
	lea -8(%rsp), %rsp
	.byte 0x68
	.long k
	.byte 0xe9
	.long returned - . - 4
	nop
	.set k, k + 1
	.endr
	.cfi_endproc
	.size skep_probe_thunks, . - skep_probe_thunks
	/* Where calls came from: NRET times 16 bytes. */
	.skip NRET * 16, 0xcc

/* From a thunk: its number on the stack, above it the word that held its address. */
returned:
	push $0x2b
	push %rsp
	pushfq
	push $0x33
	push $0
	push $-1
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rax
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov REGS(%rsp), %rdi
	mov %rsp, %rsi
	mov %rsp, %rbp
	and $-16, %rsp
	cld
	call skep_probe_return
	mov %rbp, %rsp
	add $32, %rsp
	pop %rbp
	pop %rbx
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	lea 24(%rsp), %rsp
	popfq
	lea 24(%rsp), %rsp
	ret

/*
 * (fn, arg, regs): fn(arg, regs) with all vector registers kept that a C function may change. By
 * moves: restoring with XRSTOR alone takes longer than all that a hit does else.
 */
	.altmacro
	.macro store n, insn, reg, size
	\insn %\reg\n, \size*\n(%rsp)
	.endm
	.macro fetch n, insn, reg, size
	\insn \size*\n(%rsp), %\reg\n
	.endm
	.macro range what, from, to, insn, reg, size
	.set i, \from
	.rept \to - \from + 1
	\what %i, \insn, \reg, \size
	.set i, i + 1
	.endr
	.endm

	.macro call_saved name, last, insn, reg, size, masks
	.globl \name
	.hidden \name
	.type \name, @function
	.p2align 4
\name:
	.cfi_startproc
	push %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	mov %rsp, %rbp
	.cfi_def_cfa_register %rbp
	sub $((\last + 1) * \size + 64), %rsp
	and $-64, %rsp
	range store, 0, \last, \insn, \reg, \size
	.if \masks
	range store_mask, 1, 7, kmovq, k, \size
	.endif
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	call *%rax
	range fetch, 0, \last, \insn, \reg, \size
	.if \masks
	range fetch_mask, 1, 7, kmovq, k, \size
	.endif
	leave
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm
	/* Behind the registers. */
	.macro store_mask n, insn, reg, size
	kmovq %k\n, 32*\size + 8*\n(%rsp)
	.endm
	.macro fetch_mask n, insn, reg, size
	kmovq 32*\size + 8*\n(%rsp), %k\n
	.endm

	call_saved skep_probe_call_xmm, 15, movups, xmm, 16, 0
	call_saved skep_probe_call_ymm, 15, vmovups, ymm, 32, 0
	call_saved skep_probe_call_zmm, 31, vmovups, zmm, 64, 1

	.section .note.GNU-stack, "", @progbits
