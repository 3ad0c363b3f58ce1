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
	.file	"csr_row.c"
	.text
	.section	.text.csr_row,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csr_row
	.syntax unified
	.thumb
	.thumb_func
	.type	csr_row, %function
csr_row:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	mov	r4, r2
	add	r6, r2, r3, lsl #2
	cmp	r4, r6
	ldrd	r2, r5, [sp, #20]
	beq	.L1
	mov	r7, r1
	mov	ip, r1
.L5:
	ldr	r1, [r4, #4]!
	add	r1, r7, r1, lsl #2
	cmp	r1, ip
	beq	.L6
	sub	lr, r1, ip
	vldr.32	s15, .L11
	add	lr, lr, r0
.L4:
	ldr	r3, [ip], #4
	vldmia.32	r0!, {s13}
	add	r3, r2, r3, lsl #2
	vldr.32	s14, [r3]
	cmp	lr, r0
	vfma.f32	s15, s13, s14
	bne	.L4
	mov	ip, r1
.L3:
	cmp	r6, r4
	vstmia.32	r5!, {s15}
	bne	.L5
.L1:
	pop	{r4, r5, r6, r7, pc}
.L6:
	vldr.32	s15, .L11
	b	.L3
.L12:
	.align	2
.L11:
	.word	0
	.size	csr_row, .-csr_row
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
