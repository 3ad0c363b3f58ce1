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
	.file	"dense_event.c"
	.text
	.section	.text.dense_event,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	dense_event
	.syntax unified
	.thumb
	.thumb_func
	.type	dense_event, %function
dense_event:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	ldr	r5, [sp, #20]
	ldr	r6, [sp, #24]
	add	r7, r5, r6, lsl #2
	cmp	r7, r5
	add	r4, r1, r2, lsl #1
	lsl	r6, r6, #2
	beq	.L2
	movs	r2, #0
	mov	ip, r5
.L3:
	str	r2, [ip], #4	@ float
	cmp	r7, ip
	bne	.L3
.L2:
	cmp	r1, r4
	beq	.L1
.L7:
	ldrh	ip, [r1], #2
	ldr	r2, [r3, ip, lsl #2]
	lsls	ip, r2, #1
	bne	.L14
.L17:
	add	r0, r0, r6
.L5:
	cmp	r4, r1
	bne	.L7
.L1:
	pop	{r4, r5, r6, r7, pc}
.L14:
	cmp	r7, r5
	vmov	s14, r2
	beq	.L17
	mov	ip, r0
	mov	lr, r5
	add	r0, r0, r6
.L6:
	vldmia.32	ip!, {s13}
	vldr.32	s15, [lr]
	vfma.f32	s15, s14, s13
	cmp	ip, r0
	vstmia.32	lr!, {s15}
	bne	.L6
	b	.L5
	.size	dense_event, .-dense_event
	.section	.text.dense_all,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	dense_all
	.syntax unified
	.thumb
	.thumb_func
	.type	dense_all, %function
dense_all:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, lr}
	ldr	r4, [sp, #16]
	add	r5, r1, r2, lsl #1
	ldr	r2, [sp, #20]
	mov	r6, r3
	add	r3, r4, r2, lsl #2
	cmp	r3, r4
	lsl	lr, r2, #2
	beq	.L20
	mov	ip, #0
	mov	r2, r4
.L21:
	str	ip, [r2], #4	@ float
	cmp	r3, r2
	bne	.L21
.L20:
	cmp	r1, r5
	beq	.L19
	add	ip, r0, lr
.L25:
	ldrh	r0, [r1], #2
	ldr	r0, [r6, r0, lsl #2]
	cmp	r3, r4
	vmov	s13, r0
	sub	r2, ip, lr
	beq	.L23
	mov	r0, r4
.L24:
	vldmia.32	r2!, {s14}
	vldr.32	s15, [r0]
	vfma.f32	s15, s13, s14
	cmp	r2, ip
	vstmia.32	r0!, {s15}
	bne	.L24
.L23:
	cmp	r5, r1
	add	ip, ip, lr
	bne	.L25
.L19:
	pop	{r4, r5, r6, pc}
	.size	dense_all, .-dense_all
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
