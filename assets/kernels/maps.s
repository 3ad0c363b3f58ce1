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
	.file	"maps.c"
	.text
	.section	.text.frame_bytes,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	frame_bytes
	.syntax unified
	.thumb
	.thumb_func
	.type	frame_bytes, %function
frame_bytes:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	mul	r5, r1, r1
	add	r5, r0, r5, lsl #2
	cmp	r0, r5
	ldr	r7, [sp, #20]
	vldr.32	s13, [r2]
	beq	.L1
	lsls	r4, r1, #2
	subs	r6, r4, #4
	lsrs	r6, r6, #2
	vmov.f32	s11, #5.0e-1
	vmov.f32	s12, #-5.0e-1
	adds	r6, r6, #1
	mvn	lr, #126
.L6:
	add	ip, r0, r4
	cmp	ip, r0
	beq	.L3
	mov	r1, r3
.L5:
	vldmia.32	r0!, {s15}
	vmul.f32	s15, s13, s15
	vmov	r2, s15	@ int
	cmp	r2, #0
	ite	lt
	vmovlt.f32	s14, s12
	vmovge.f32	s14, s11
	vadd.f32	s15, s15, s14
	vcvt.s32.f32	s15, s15
	vmov	r2, s15	@ int
	cmp	r2, lr
	it	lt
	movlt	r2, lr
	cmp	r2, #127
	it	ge
	movge	r2, #127
	cmp	ip, r0
	strb	r2, [r1], #1
	bne	.L5
	add	r3, r3, r6
.L3:
	cmp	r5, r0
	add	r3, r3, r7
	bne	.L6
.L1:
	pop	{r4, r5, r6, r7, pc}
	.size	frame_bytes, .-frame_bytes
	.section	.text.gather,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	gather
	.syntax unified
	.thumb
	.thumb_func
	.type	gather, %function
gather:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, lr}
	add	r4, r0, r1, lsl #2
	cmp	r0, r4
	ldr	r5, [sp, #16]
	beq	.L13
	mov	r6, r3
	mov	lr, r0
	lsls	r3, r2, #2
.L17:
	ldr	r1, [lr], #4
	uxth	r2, r1
	lsrs	r1, r1, #16
	add	r2, r6, r2, lsl #2
	add	r1, r5, r1, lsl #2
	cbz	r3, .L15
	subs	r1, r1, #4
	add	ip, r2, r3
.L16:
	ldr	r0, [r2], #4
	str	r0, [r1, #4]!
	cmp	r2, ip
	bne	.L16
.L15:
	cmp	r4, lr
	bne	.L17
.L13:
	pop	{r4, r5, r6, pc}
	.size	gather, .-gather
	.section	.text.mac_product,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	mac_product
	.syntax unified
	.thumb
	.thumb_func
	.type	mac_product, %function
mac_product:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	mov	r2, #-486539264
	ldr	r3, [r0]
	str	r3, [r2]
	ldr	r3, [r0, #4]
	str	r3, [r2, #4]
	ldr	r3, [r0, #8]
	str	r3, [r2, #8]
	ldr	r3, [r0, #12]
	str	r3, [r2, #12]
	ldr	r3, [r0, #16]
	str	r3, [r2, #16]
	ldr	r1, [r0, #20]
	str	r1, [r2, #20]
	movs	r3, #1
	str	r3, [r2, #24]
.L25:
	.syntax unified
@ 64 "registers.h" 1
	wfe
@ 0 "" 2
	.thumb
	.syntax unified
	ldr	r3, [r2, #28]
	cmp	r3, #0
	beq	.L25
	bx	lr
	.size	mac_product, .-mac_product
	.section	.text.pool_bytes,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	pool_bytes
	.syntax unified
	.thumb
	.thumb_func
	.type	pool_bytes, %function
pool_bytes:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	ldr	r5, [sp, #36]
	add	r9, r5, r2, lsl #4
	cmp	r5, r9
	beq	.L28
	mov	ip, r0
	lsl	r8, r3, #1
	mov	r0, r1
	vmov.f32	s11, #5.0e-1
	vmov.f32	s12, #-5.0e-1
	mvn	r7, #126
.L33:
	ldr	lr, [sp, #32]
	mov	r6, r0
	mov	r4, r5
	add	r0, r0, r8
	movs	r1, #0
.L32:
	mov	r10, r6
	mov	r3, #-2147483648
.L30:
	ldrh	r2, [r10], #2
	add	r2, r2, r1
	ldr	r2, [ip, r2, lsl #2]
	cmp	r3, r2
	it	lt
	movlt	r3, r2
	cmp	r0, r10
	bne	.L30
	vmov	s15, r3	@ int
	vldr.32	s13, [lr]
	vldr.32	s14, [lr, #4]
	vcvt.f32.s32	s15, s15
	adds	r1, r1, #1
	vmul.f32	s15, s15, s13
	add	lr, lr, #8
	vadd.f32	s15, s15, s14
	vmov	r3, s15	@ int
	cmp	r3, #0
	ite	lt
	vmovlt.f32	s14, s12
	vmovge.f32	s14, s11
	vadd.f32	s15, s15, s14
	vcvt.s32.f32	s15, s15
	vmov	r3, s15	@ int
	cmp	r3, r7
	it	lt
	movlt	r3, r7
	cmp	r3, #127
	it	ge
	movge	r3, #127
	asrs	r2, r3, #31
	bic	r3, r3, r2
	cmp	r1, #16
	strb	r3, [r4], #1
	bne	.L32
	adds	r5, r5, #16
	cmp	r9, r5
	bne	.L33
.L28:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
	.size	pool_bytes, .-pool_bytes
	.section	.text.scale_sums,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	scale_sums
	.syntax unified
	.thumb
	.thumb_func
	.type	scale_sums, %function
scale_sums:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	lsls	r1, r1, #2
	beq	.L40
	adds	r2, r2, #8
	add	r1, r1, r0
.L42:
	vldmia.32	r0!, {s15}	@ int
	vldr.32	s13, [r2, #-8]
	vldr.32	s14, [r2, #-4]
	vcvt.f32.s32	s15, s15
	cmp	r1, r0
	vmul.f32	s15, s15, s13
	add	r2, r2, #8
	vadd.f32	s15, s15, s14
	vstmia.32	r3!, {s15}
	bne	.L42
.L40:
	bx	lr
	.size	scale_sums, .-scale_sums
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
