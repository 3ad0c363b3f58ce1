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
	.file	"csr_row16.c"
	.text
	.section	.text.csr_row16,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csr_row16
	.syntax unified
	.thumb
	.thumb_func
	.type	csr_row16, %function
csr_row16:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, lr}
	add	r6, r2, r3, lsl #2
	cmp	r2, r6
	mov	r7, r1
	ldr	r4, [sp, #28]
	ldr	r1, [sp, #32]
	beq	.L1
	mov	r5, r2
	mov	ip, r7
	mvn	r8, #1
.L5:
	ldr	r2, [r5, #4]!
	vldr.32	s15, .L11
	add	r2, r7, r2, lsl #1
	cmp	r2, ip
	beq	.L3
	mov	r9, ip
	mov	lr, r0
.L4:
	ldrh	r3, [ip], #2
	vldmia.32	lr!, {s13}
	add	r3, r4, r3, lsl #2
	vldr.32	s14, [r3]
	cmp	r2, ip
	vfma.f32	s15, s13, s14
	bne	.L4
	sub	r3, r8, r9
	add	r3, r3, ip
	lsrs	r3, r3, #1
	adds	r3, r3, #1
	add	r0, r0, r3, lsl #2
.L3:
	cmp	r6, r5
	vstmia.32	r1!, {s15}
	bne	.L5
.L1:
	pop	{r4, r5, r6, r7, r8, r9, pc}
.L12:
	.align	2
.L11:
	.word	0
	.size	csr_row16, .-csr_row16
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
