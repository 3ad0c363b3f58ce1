	.cpu cortex-m4
	.arch armv7e-m
	.fpu fpv4-sp-d16
	.eabi_attribute 27, 1
	.eabi_attribute 28, 1
	.eabi_attribute 20, 1
	.eabi_attribute 21, 1
	.eabi_attribute 23, 3
	.eabi_attribute 24, 1
	.eabi_attribute 25, 1
	.eabi_attribute 26, 1
	.eabi_attribute 30, 2
	.eabi_attribute 34, 1
	.eabi_attribute 18, 4
	.file	"csr_row_skip.c"
	.text
	.section	.text.csr_row_skip,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csr_row_skip
	.syntax unified
	.thumb
	.thumb_func
	.type	csr_row_skip, %function
csr_row_skip:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	add	r6, r2, r3, lsl #2
	cmp	r2, r6
	ldrd	r4, r7, [sp, #20]
	beq	.L1
	mov	r5, r2
	mov	r3, r1
.L6:
	ldr	r2, [r5, #4]!
	vldr.32	s15, .L18
	add	ip, r1, r2, lsl #2
	b	.L14
.L17:
	ldr	r2, [r3], #4
	ldr	r2, [r4, r2, lsl #2]
	lsls	lr, r2, #1
	bne	.L16
.L14:
	cmp	ip, r3
	bne	.L17
	cmp	r6, r5
	vstmia.32	r7!, {s15}
	bne	.L6
.L1:
	pop	{r4, r5, r6, r7, pc}
.L16:
	sub	lr, r3, r1
	add	lr, lr, r0
	vldr.32	s14, [lr, #-4]
	vmov	s13, r2
	vfma.f32	s15, s14, s13
	b	.L14
.L19:
	.align	2
.L18:
	.word	0
	.size	csr_row_skip, .-csr_row_skip
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
