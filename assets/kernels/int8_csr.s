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
	.file	"int8_csr.c"
	.text
	.section	.text.int8_csr,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	int8_csr
	.syntax unified
	.thumb
	.thumb_func
	.type	int8_csr, %function
int8_csr:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	add	r8, r2, r3, lsl #2
	cmp	r2, r8
	mov	r9, r1
	ldr	r6, [sp, #32]
	ldrd	r1, r7, [sp, #36]
	beq	.L1
	mov	r4, r2
	mov	r5, r0
	mov	ip, r9
	mvn	r10, #1
.L5:
	ldr	r2, [r4, #4]!
	vldr.32	s14, .L11
	add	r2, r9, r2, lsl #1
	cmp	r2, ip
	beq	.L3
	mov	r0, ip
	mov	lr, r5
.L4:
	ldrsb	r3, [lr], #1
	vmov	s15, r3	@ int
	ldrh	r3, [ip], #2
	add	r3, r1, r3, lsl #2
	vcvt.f32.s32	s15, s15
	vldr.32	s13, [r3]
	cmp	r2, ip
	vfma.f32	s14, s15, s13
	bne	.L4
	sub	r0, r10, r0
	add	r0, r0, ip
	add	r0, r5, r0, lsr #1
	adds	r5, r0, #1
.L3:
	vldmia.32	r6!, {s15}
	vmul.f32	s15, s15, s14
	cmp	r8, r4
	vstmia.32	r7!, {s15}
	bne	.L5
.L1:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L12:
	.align	2
.L11:
	.word	0
	.size	int8_csr, .-int8_csr
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
