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
	.file	"dense.c"
	.text
	.section	.text.dense,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	dense
	.syntax unified
	.thumb
	.thumb_func
	.type	dense, %function
dense:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	ldr	r4, [sp, #20]
	mov	lr, r1
	ldrd	r6, r1, [sp, #24]
	add	r5, r4, r2, lsl #2
	cmp	r4, r5
	add	r6, r1, r6, lsl #2
	lsl	r7, r2, #2
	beq	.L2
	mov	ip, r4
.L3:
	ldrh	r2, [lr], #2
	add	r2, r3, r2, lsl #2
	ldr	r2, [r2]	@ float
	str	r2, [ip], #4	@ float
	cmp	r5, ip
	bne	.L3
.L2:
	cmp	r1, r6
	beq	.L1
.L4:
	cmp	r4, r5
	vldr.32	s15, .L14
	beq	.L8
	adds	r2, r0, r7
	mov	r3, r4
.L6:
	vldmia.32	r0!, {s13}
	vldmia.32	r3!, {s14}
	cmp	r2, r0
	vfma.f32	s15, s13, s14
	bne	.L6
.L8:
	vstmia.32	r1!, {s15}
	cmp	r6, r1
	bne	.L4
.L1:
	pop	{r4, r5, r6, r7, pc}
.L15:
	.align	2
.L14:
	.word	0
	.size	dense, .-dense
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
