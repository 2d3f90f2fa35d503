/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions whose first instructions are of many shapes. Each has a word as argument and gives one. */
#define FUNC(name) .globl name; .p2align 4, 0x90; .type name, @function; name:
#define END(name) .size name, . - name

	.text
FUNC(p_endbr)
	endbr64
	push %rbp
	mov %rsp, %rbp
	lea 1(%rdi), %rax
	pop %rbp
	ret
END(p_endbr)

FUNC(p_push)
	push %rbp
	push %rbx
	push %r12
	push %r13
	mov %rdi, %rax
	imul $3, %rax
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
END(p_push)

FUNC(p_rip_load)
	add numbers+8(%rip), %rdi
	mov %rdi, %rax
	ret
END(p_rip_load)

FUNC(p_rip_lea)
	push %rbx
	lea numbers(%rip), %rbx
	mov (%rbx), %rax
	add %rdi, %rax
	pop %rbx
	ret
END(p_rip_lea)

/* The displacement is followed by a constant. */
FUNC(p_rip_const)
	cmpl $7, numbers(%rip)
	setne %al
	movzbl %al, %eax
	add %rdi, %rax
	ret
END(p_rip_const)

FUNC(p_branch)
	test %edi, %edi
	je 1f
	mov $11, %eax
	ret
1:	mov $22, %eax
	ret
END(p_branch)

FUNC(p_near_branch)
	test $1, %dil
	jne 1f
	mov %rdi, %rax
	ret
	.skip 300, 0x90
1:	lea 100(%rdi), %rax
	ret
END(p_near_branch)

FUNC(p_jump)
	jmp 1f
	.skip 5, 0x90
1:	lea 5(%rdi), %rax
	ret
END(p_jump)

FUNC(p_tail)
	inc %rdi
	jmp p_push
END(p_tail)

FUNC(p_jrcxz)
	mov %rdi, %rcx
	jrcxz 1f
	mov $1, %eax
	ret
1:	mov $2, %eax
	ret
END(p_jrcxz)

FUNC(p_call)
	call p_push
	inc %rax
	ret
END(p_call)

FUNC(p_call_later)
	sub $8, %rsp
	call p_push
	add $8, %rsp
	inc %rax
	ret
END(p_call_later)

FUNC(p_call_reg)
	lea p_push(%rip), %rax
	push %rbx
	call *%rax
	pop %rbx
	ret
END(p_call_reg)

FUNC(p_call_rip)
	call *pointer(%rip)
	dec %rax
	ret
END(p_call_rip)

/* Shorter than a jump, but nobody's bytes follow. */
FUNC(p_padded)
	mov %edi, %eax
	ret
END(p_padded)

/* A branch to the function itself is a call of it once more. */
FUNC(p_self)
	dec %edi
	jg p_self
	mov %edi, %eax
	ret
END(p_self)

/* Memory below the stack pointer, flags and rax live at p_middle_at. */
	.globl p_middle_at
FUNC(p_middle)
	movq $77, -8(%rsp)
	mov %rdi, %rax
	cmp $5, %rdi
p_middle_at:
	nop
	mov $1, %ecx
	cmova %rcx, %rax
	add -8(%rsp), %rax
	ret
END(p_middle)

/* xmm0 to xmm15 go through it; the argument is where the upper halves of ymm0 and ymm15 go. */
FUNC(p_vector)
	nopl 0(%rax,%rax,1)
	paddq %xmm15, %xmm0
	movq %xmm0, %rax
	ret
END(p_vector)

FUNC(call_vector)
	pcmpeqd %xmm0, %xmm0
	psrlq $60, %xmm0
	movdqa %xmm0, %xmm1
	movdqa %xmm0, %xmm2
	movdqa %xmm0, %xmm7
	movdqa %xmm0, %xmm8
	movdqa %xmm0, %xmm15
	sub $8, %rsp
	call p_vector
	add $8, %rsp
	movq %xmm1, %rcx
	add %rcx, %rax
	movq %xmm7, %rcx
	add %rcx, %rax
	movq %xmm8, %rcx
	add %rcx, %rax
	movq %xmm15, %rcx
	add %rcx, %rax
	ret
END(call_vector)

/* The same with ymm: the sum of four words of ymm3 after the call. */
FUNC(call_ymm)
	vpcmpeqd %ymm3, %ymm3, %ymm3
	vpsrlq $60, %ymm3, %ymm3
	pcmpeqd %xmm0, %xmm0
	psrlq $60, %xmm0
	movdqa %xmm0, %xmm15
	sub $8, %rsp
	call p_vector
	add $8, %rsp
	vextracti128 $1, %ymm3, %xmm4
	paddq %xmm3, %xmm4
	movq %xmm4, %rax
	pextrq $1, %xmm4, %rcx
	add %rcx, %rax
	vzeroupper
	ret
END(call_ymm)

/* zmm20 and k3 go through p_vector. */
FUNC(call_zmm)
	vpternlogd $255, %zmm20, %zmm20, %zmm20
	vpsrlq $60, %zmm20, %zmm20
	mov $0x1234, %eax
	kmovq %rax, %k3
	pxor %xmm0, %xmm0
	pxor %xmm15, %xmm15
	sub $8, %rsp
	call p_vector
	add $8, %rsp
	kmovq %k3, %rax
	vextracti64x4 $1, %zmm20, %ymm1
	vextracti128 $1, %ymm1, %xmm1
	movq %xmm1, %rcx
	add %rcx, %rax
	vzeroupper
	ret
END(call_zmm)

/* --- these are refused --- */

FUNC(r_short)
	xor %eax, %eax
	ret
END(r_short)
	.globl r_behind
	.type r_behind, @function
r_behind:
	lea 9(%rdi), %rax
	ret
END(r_behind)

FUNC(r_loop)
	xor %eax, %eax
1:	inc %eax
	dec %edi
	jg 1b
	ret
END(r_loop)

/* A loop whose head is reached by a table only, as switches and computed gotos have them. */
	.macro by_table name, table, pic
FUNC(\name)
	xor %eax, %eax
1:	inc %eax
	nopl 0(%rax,%rax,1)
	lea \table(%rip), %rdx
	and $1, %edi
	.if \pic
	movslq (%rdx,%rdi,4), %rcx
	add %rdx, %rcx
	.else
	mov (%rdx,%rdi,8), %rcx
	.endif
	xor %edi, %edi
	jmp *%rcx
2:	ret
END(\name)
	.pushsection .data.rel.ro, "aw"
	.p2align 3
\table:
	.if \pic
	.long 2b - \table, 1b - \table, 0x7fffffff
	.else
	.quad 2b, 1b, 0
	.endif
	.popsection
	.endm
by_table r_table, table_pic, 1
by_table r_goto, table_abs, 0

FUNC(r_call)
	call *%rdi
	ret
	.skip 16, 0x90
END(r_call)

FUNC(r_call_stack)
	call *8(%rsp)
	nop
	ret
END(r_call_stack)

FUNC(r_break)
	int3
	nopl 0(%rax)
	ret
END(r_break)

FUNC(r_bad)
	.byte 0x06, 0x06, 0x06, 0x06, 0x06, 0xc3
END(r_bad)

	.section .data.rel.local, "aw", @progbits
	.p2align 3
numbers:
	.quad 1000, 2000
pointer:
	.quad p_push
	.section .note.GNU-stack, "", @progbits
