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
	.file	"csc_event.c"
	.text
	.section	.text.csc_event8,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csc_event8
	.syntax unified
	.thumb
	.thumb_func
	.type	csc_event8, %function
csc_event8:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, lr}
	ldrd	r6, r4, [sp, #36]
	ldr	r7, [sp, #28]
	ldr	r8, [sp, #32]
	add	r4, r6, r4, lsl #2
	cmp	r4, r6
	add	r7, r3, r7, lsl #1
	beq	.L2
	movs	r5, #0
	mov	ip, r6
.L3:
	str	r5, [ip], #4	@ float
	cmp	r4, ip
	bne	.L3
.L2:
	cmp	r3, r7
	beq	.L1
	mov	lr, r3
.L7:
	ldrh	r4, [lr], #2
	ldr	r4, [r8, r4, lsl #2]
	lsls	r5, r4, #1
	bne	.L16
.L5:
	cmp	r7, lr
	bne	.L7
.L1:
	pop	{r4, r5, r6, r7, r8, r9, pc}
.L16:
	vmov	s14, r4
	sub	r4, lr, r3
	subs	r5, r4, #2
	ldrh	r9, [r2, r4]
	ldrh	r5, [r2, r5]
	add	r9, r9, r1
	adds	r4, r1, r5
	cmp	r9, r4
	add	r5, r0, r5, lsl #2
	beq	.L5
.L6:
	ldrb	ip, [r4], #1	@ zero_extendqisi2
	vldmia.32	r5!, {s13}
	add	ip, r6, ip, lsl #2
	vldr.32	s15, [ip]
	vfma.f32	s15, s14, s13
	cmp	r9, r4
	vstr.32	s15, [ip]
	bne	.L6
	b	.L5
	.size	csc_event8, .-csc_event8
	.section	.text.csc_all8,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csc_all8
	.syntax unified
	.thumb
	.thumb_func
	.type	csc_all8, %function
csc_all8:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, lr}
	ldr	r6, [sp, #24]
	ldr	r8, [sp, #28]
	mov	r4, r3
	mov	r5, r1
	add	r6, r3, r6, lsl #1
	ldrd	r1, r3, [sp, #32]
	add	ip, r1, r3, lsl #2
	cmp	ip, r1
	mov	r7, r0
	beq	.L18
	mov	lr, #0
	mov	r3, r1
.L19:
	str	lr, [r3], #4	@ float
	cmp	ip, r3
	bne	.L19
.L18:
	cmp	r4, r6
	beq	.L17
	mov	r0, r2
.L23:
	ldrh	lr, [r0]
	ldrh	r2, [r4], #2
	ldrh	r3, [r0, #2]!
	ldr	r2, [r8, r2, lsl #2]
	add	ip, r5, lr
	add	r3, r3, r5
	cmp	r3, ip
	vmov	s13, r2
	add	lr, r7, lr, lsl #2
	beq	.L21
.L22:
	ldrb	r2, [ip], #1	@ zero_extendqisi2
	vldmia.32	lr!, {s14}
	add	r2, r1, r2, lsl #2
	vldr.32	s15, [r2]
	vfma.f32	s15, s13, s14
	cmp	r3, ip
	vstr.32	s15, [r2]
	bne	.L22
.L21:
	cmp	r6, r4
	bne	.L23
.L17:
	pop	{r4, r5, r6, r7, r8, pc}
	.size	csc_all8, .-csc_all8
	.section	.text.csc_list8,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csc_list8
	.syntax unified
	.thumb
	.thumb_func
	.type	csc_list8, %function
csc_list8:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	ldr	r4, [sp, #20]
	mov	lr, r3
	mov	r5, r2
	ldr	r2, [sp, #24]
	ldr	r6, [lr], #4
	add	r2, r4, r2, lsl #2
	cmp	r2, r4
	mov	r7, r0
	add	r6, lr, r6, lsl #3
	mov	r0, r1
	beq	.L29
	movs	r1, #0
	mov	ip, r4
.L30:
	str	r1, [ip], #4	@ float
	cmp	r2, ip
	bne	.L30
.L29:
	cmp	lr, r6
	beq	.L28
	add	r1, r3, #12
.L34:
	ldr	r3, [r1, #-8]
	vldr.32	s13, [r1, #-4]
	add	r2, r5, r3, lsl #1
	ldrh	r3, [r5, r3, lsl #1]
	ldrh	r2, [r2, #2]
	add	lr, r0, r3
	add	r2, r2, r0
	cmp	r2, lr
	add	r3, r7, r3, lsl #2
	beq	.L32
.L33:
	ldrb	ip, [lr], #1	@ zero_extendqisi2
	vldmia.32	r3!, {s14}
	add	ip, r4, ip, lsl #2
	vldr.32	s15, [ip]
	vfma.f32	s15, s13, s14
	cmp	r2, lr
	vstr.32	s15, [ip]
	bne	.L33
.L32:
	cmp	r1, r6
	add	r3, r1, #8
	beq	.L28
	mov	r1, r3
	b	.L34
.L28:
	pop	{r4, r5, r6, r7, pc}
	.size	csc_list8, .-csc_list8
	.section	.text.csc_event16,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csc_event16
	.syntax unified
	.thumb
	.thumb_func
	.type	csc_event16, %function
csc_event16:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, lr}
	ldrd	r6, r4, [sp, #36]
	ldr	r7, [sp, #28]
	ldr	r8, [sp, #32]
	add	r4, r6, r4, lsl #2
	cmp	r4, r6
	add	r7, r3, r7, lsl #1
	beq	.L40
	movs	r5, #0
	mov	ip, r6
.L41:
	str	r5, [ip], #4	@ float
	cmp	r4, ip
	bne	.L41
.L40:
	cmp	r3, r7
	beq	.L39
	mov	lr, r3
.L45:
	ldrh	r4, [lr], #2
	ldr	r4, [r8, r4, lsl #2]
	lsls	r5, r4, #1
	bne	.L53
.L43:
	cmp	r7, lr
	bne	.L45
.L39:
	pop	{r4, r5, r6, r7, r8, r9, pc}
.L53:
	vmov	s14, r4
	sub	r4, lr, r3
	subs	r5, r4, #2
	ldrh	r9, [r2, r4]
	ldrh	r5, [r2, r5]
	add	r9, r1, r9, lsl #1
	add	r4, r1, r5, lsl #1
	cmp	r9, r4
	add	r5, r0, r5, lsl #2
	beq	.L43
.L44:
	ldrh	ip, [r4], #2
	vldmia.32	r5!, {s13}
	add	ip, r6, ip, lsl #2
	vldr.32	s15, [ip]
	vfma.f32	s15, s14, s13
	cmp	r9, r4
	vstr.32	s15, [ip]
	bne	.L44
	b	.L43
	.size	csc_event16, .-csc_event16
	.section	.text.csc_all16,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csc_all16
	.syntax unified
	.thumb
	.thumb_func
	.type	csc_all16, %function
csc_all16:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, lr}
	ldr	r6, [sp, #24]
	ldr	r8, [sp, #28]
	mov	r4, r3
	mov	r5, r1
	add	r6, r3, r6, lsl #1
	ldrd	r1, r3, [sp, #32]
	add	ip, r1, r3, lsl #2
	cmp	ip, r1
	mov	r7, r0
	beq	.L55
	mov	lr, #0
	mov	r3, r1
.L56:
	str	lr, [r3], #4	@ float
	cmp	ip, r3
	bne	.L56
.L55:
	cmp	r4, r6
	beq	.L54
	mov	r0, r2
.L60:
	ldrh	lr, [r0]
	ldrh	r2, [r4], #2
	ldrh	r3, [r0, #2]!
	ldr	r2, [r8, r2, lsl #2]
	add	ip, r5, lr, lsl #1
	add	r3, r5, r3, lsl #1
	cmp	r3, ip
	vmov	s13, r2
	add	lr, r7, lr, lsl #2
	beq	.L58
.L59:
	ldrh	r2, [ip], #2
	vldmia.32	lr!, {s14}
	add	r2, r1, r2, lsl #2
	vldr.32	s15, [r2]
	vfma.f32	s15, s13, s14
	cmp	r3, ip
	vstr.32	s15, [r2]
	bne	.L59
.L58:
	cmp	r6, r4
	bne	.L60
.L54:
	pop	{r4, r5, r6, r7, r8, pc}
	.size	csc_all16, .-csc_all16
	.section	.text.csc_list16,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	csc_list16
	.syntax unified
	.thumb
	.thumb_func
	.type	csc_list16, %function
csc_list16:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	ldr	r4, [sp, #20]
	mov	lr, r3
	mov	r5, r2
	ldr	r2, [sp, #24]
	ldr	r6, [lr], #4
	add	r2, r4, r2, lsl #2
	cmp	r2, r4
	mov	r7, r0
	add	r6, lr, r6, lsl #3
	mov	r0, r1
	beq	.L66
	movs	r1, #0
	mov	ip, r4
.L67:
	str	r1, [ip], #4	@ float
	cmp	r2, ip
	bne	.L67
.L66:
	cmp	lr, r6
	beq	.L65
	add	r1, r3, #12
.L71:
	ldr	r3, [r1, #-8]
	vldr.32	s13, [r1, #-4]
	add	r2, r5, r3, lsl #1
	ldrh	r3, [r5, r3, lsl #1]
	ldrh	r2, [r2, #2]
	add	lr, r0, r3, lsl #1
	add	r2, r0, r2, lsl #1
	cmp	r2, lr
	add	r3, r7, r3, lsl #2
	beq	.L69
.L70:
	ldrh	ip, [lr], #2
	vldmia.32	r3!, {s14}
	add	ip, r4, ip, lsl #2
	vldr.32	s15, [ip]
	vfma.f32	s15, s13, s14
	cmp	r2, lr
	vstr.32	s15, [ip]
	bne	.L70
.L69:
	cmp	r6, r1
	add	r3, r1, #8
	beq	.L65
	mov	r1, r3
	b	.L71
.L65:
	pop	{r4, r5, r6, r7, pc}
	.size	csc_list16, .-csc_list16
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
