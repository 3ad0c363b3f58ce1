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
	.file	"arrivals.c"
	.text
	.section	.text.arrive,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	arrive
	.syntax unified
	.thumb
	.thumb_func
	.type	arrive, %function
arrive:
	@ args = 0, pretend = 0, frame = 8
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	cmp	r0, r1
	mov	r6, r2
	sub	sp, sp, #12
	ldr	r2, [r2, #12]
	beq	.L1
	mov	r9, r1
	ldrd	r1, r7, [r6, #4]
	mov	lr, r3
	str	r1, [sp, #4]
	mov	ip, r0
.L10:
	ldr	r4, [ip], #4
	lsrs	r3, r4, #24
	add	r5, r7, r3, lsl #3
	ldr	r0, [r7, r3, lsl #3]
	ldr	r3, [sp, #4]
	ldr	r5, [r5, #4]
	cmp	r3, ip
	beq	.L18
.L3:
	cmp	r0, r5
	beq	.L6
	bic	r4, r4, #-16777216
	str	r7, [sp]
	b	.L5
.L7:
	adds	r0, r0, #24
	cmp	r5, r0
	beq	.L19
.L5:
	ldrd	r3, r1, [r0]
	subs	r3, r4, r3
	cmp	r1, r3
	bls	.L7
	ldrd	r10, r1, [r0, #8]
	add	r7, r10, r3, lsl #1
	ldrh	r10, [r10, r3, lsl #1]
	ldrh	r7, [r7, #2]
	ldr	r3, [r0, #16]
	ldr	r8, [r0, #20]
	add	r7, r1, r7, lsl #1
	add	r1, r1, r10, lsl #1
	cmp	r1, r7
	add	r10, r3, r10, lsl #2
	beq	.L7
	ldr	r3, [r6, #16]
	lsls	r3, r3, #2
	rsb	fp, r3, #0
.L9:
	ldrh	r3, [r1], #2
	vldmia.32	r10!, {s14}
	add	r3, r3, r8
	add	r3, lr, r3, lsl #2
	cmp	r2, r3
	it	ls
	addls	r3, r3, fp
	vldr.32	s15, [r3]
	vadd.f32	s15, s15, s14
	cmp	r7, r1
	vstr.32	s15, [r3]
	bne	.L9
	adds	r0, r0, #24
	cmp	r5, r0
	bne	.L5
.L19:
	ldr	r7, [sp]
.L6:
	cmp	r9, ip
	bne	.L10
.L1:
	add	sp, sp, #12
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
.L18:
	ldr	ip, [r6]
	b	.L3
	.size	arrive, .-arrive
	.section	.text.arrive_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	arrive_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	arrive_counts, %function
arrive_counts:
	@ args = 0, pretend = 0, frame = 8
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	cmp	r0, r1
	mov	r6, r2
	sub	sp, sp, #12
	ldr	r2, [r2, #12]
	beq	.L20
	mov	r9, r1
	ldrd	r1, r7, [r6, #4]
	mov	lr, r3
	str	r1, [sp, #4]
	mov	ip, r0
.L29:
	ldr	r4, [ip]
	vldr.32	s13, [ip, #4]	@ int
	lsrs	r3, r4, #24
	add	r5, r7, r3, lsl #3
	ldr	r0, [r7, r3, lsl #3]
	ldr	r3, [sp, #4]
	ldr	r5, [r5, #4]
	add	ip, ip, #8
	cmp	r3, ip
	vcvt.f32.u32	s13, s13
	beq	.L36
.L22:
	cmp	r0, r5
	beq	.L25
	bic	r4, r4, #-16777216
	str	r7, [sp]
	b	.L24
.L26:
	adds	r0, r0, #24
	cmp	r5, r0
	beq	.L37
.L24:
	ldrd	r3, r1, [r0]
	subs	r3, r4, r3
	cmp	r1, r3
	bls	.L26
	ldrd	r10, r1, [r0, #8]
	add	r7, r10, r3, lsl #1
	ldrh	r10, [r10, r3, lsl #1]
	ldrh	r7, [r7, #2]
	ldr	r3, [r0, #16]
	ldr	r8, [r0, #20]
	add	r7, r1, r7, lsl #1
	add	r1, r1, r10, lsl #1
	cmp	r1, r7
	add	r10, r3, r10, lsl #2
	beq	.L26
	ldr	r3, [r6, #16]
	lsls	r3, r3, #2
	rsb	fp, r3, #0
.L28:
	ldrh	r3, [r1], #2
	vldmia.32	r10!, {s14}
	add	r3, r3, r8
	add	r3, lr, r3, lsl #2
	cmp	r2, r3
	it	ls
	addls	r3, r3, fp
	vldr.32	s15, [r3]
	vmul.f32	s14, s13, s14
	cmp	r7, r1
	vadd.f32	s15, s15, s14
	vstr.32	s15, [r3]
	bne	.L28
	adds	r0, r0, #24
	cmp	r5, r0
	bne	.L24
.L37:
	ldr	r7, [sp]
.L25:
	cmp	r9, ip
	bne	.L29
.L20:
	add	sp, sp, #12
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
.L36:
	ldr	ip, [r6]
	b	.L22
	.size	arrive_counts, .-arrive_counts
	.section	.text.arrive_integers,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	arrive_integers
	.syntax unified
	.thumb
	.thumb_func
	.type	arrive_integers, %function
arrive_integers:
	@ args = 0, pretend = 0, frame = 16
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	cmp	r0, r1
	ldr	r4, [r2, #12]
	sub	sp, sp, #20
	mov	r7, r0
	beq	.L38
	ldrd	ip, r9, [r2, #4]
	mov	r0, r3
	str	ip, [sp, #12]
	mov	r8, r7
	mov	fp, r1
	mov	r10, r9
.L47:
	ldr	r3, [r8], #4
	lsrs	r1, r3, #24
	add	r5, r10, r1, lsl #3
	ldr	r6, [r10, r1, lsl #3]
	ldr	r1, [sp, #12]
	ldr	r7, [r5, #4]
	cmp	r1, r8
	beq	.L54
.L40:
	cmp	r6, r7
	beq	.L43
	str	r10, [sp, #8]
	bic	lr, r3, #-16777216
	mov	r10, r8
	b	.L42
.L44:
	adds	r6, r6, #24
	cmp	r7, r6
	beq	.L55
.L42:
	ldrd	r3, r1, [r6]
	sub	r3, lr, r3
	cmp	r1, r3
	bls	.L44
	ldrd	ip, r5, [r6, #8]
	add	r1, ip, r3, lsl #1
	ldrh	ip, [ip, r3, lsl #1]
	ldrh	r8, [r1, #2]
	ldr	r3, [r6, #16]
	ldr	r9, [r6, #20]
	add	r8, r5, r8, lsl #1
	add	r5, r5, ip, lsl #1
	cmp	r5, r8
	add	ip, ip, r3
	beq	.L44
	str	r7, [sp, #4]
.L46:
	ldrh	r3, [r5], #2
	ldr	r1, [r2, #16]
	ldrsb	r7, [ip], #1
	add	r3, r3, r9
	add	r3, r0, r3, lsl #2
	cmp	r4, r3
	it	ls
	subls	r3, r3, r1, lsl #2
	cmp	r8, r5
	ldr	r1, [r3]
	add	r1, r1, r7
	str	r1, [r3]
	bne	.L46
	ldr	r7, [sp, #4]
	adds	r6, r6, #24
	cmp	r7, r6
	bne	.L42
.L55:
	mov	r8, r10
	ldr	r10, [sp, #8]
.L43:
	cmp	fp, r8
	bne	.L47
.L38:
	add	sp, sp, #20
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
.L54:
	ldr	r8, [r2]
	b	.L40
	.size	arrive_integers, .-arrive_integers
	.section	.text.arrive_integer_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	arrive_integer_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	arrive_integer_counts, %function
arrive_integer_counts:
	@ args = 0, pretend = 0, frame = 16
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	cmp	r0, r1
	ldr	r7, [r2, #12]
	sub	sp, sp, #20
	beq	.L56
	mov	r9, r0
	mov	fp, r1
	ldrd	r1, r0, [r2, #4]
	mov	r5, r2
	mov	r6, r3
	mov	r2, r0
	str	r1, [sp, #12]
.L65:
	ldr	r3, [r9]
	ldr	r1, [sp, #12]
	vldr.32	s15, [r9, #4]	@ int
	lsrs	r0, r3, #24
	add	r4, r2, r0, lsl #3
	add	r9, r9, #8
	cmp	r1, r9
	vcvt.f32.u32	s15, s15
	ldr	r0, [r2, r0, lsl #3]
	ldr	r8, [r4, #4]
	beq	.L72
.L58:
	cmp	r0, r8
	beq	.L61
	strd	r2, r9, [sp, #4]
	bic	ip, r3, #-16777216
	mov	lr, fp
	b	.L60
.L62:
	adds	r0, r0, #24
	cmp	r8, r0
	beq	.L73
.L60:
	ldrd	r3, r2, [r0]
	sub	r3, ip, r3
	cmp	r2, r3
	bls	.L62
	ldrd	r4, r1, [r0, #8]
	add	r2, r4, r3, lsl #1
	ldrh	r4, [r4, r3, lsl #1]
	ldrh	r9, [r2, #2]
	ldr	r3, [r0, #16]
	ldr	r10, [r0, #20]
	add	r9, r1, r9, lsl #1
	add	r1, r1, r4, lsl #1
	cmp	r1, r9
	add	r4, r4, r3
	beq	.L62
	vcvt.s32.f32	s14, s15
	str	r8, [sp]
	vmov	fp, s14	@ int
.L64:
	ldrh	r3, [r1], #2
	ldr	r2, [r5, #16]
	ldrsb	r8, [r4], #1
	add	r3, r3, r10
	add	r3, r6, r3, lsl #2
	cmp	r7, r3
	it	ls
	subls	r3, r3, r2, lsl #2
	cmp	r9, r1
	ldr	r2, [r3]
	mla	r2, fp, r8, r2
	str	r2, [r3]
	bne	.L64
	ldr	r8, [sp]
	adds	r0, r0, #24
	cmp	r8, r0
	bne	.L60
.L73:
	ldrd	r2, r9, [sp, #4]
	mov	fp, lr
.L61:
	cmp	fp, r9
	bne	.L65
.L56:
	add	sp, sp, #20
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
.L72:
	ldr	r9, [r5]
	b	.L58
	.size	arrive_integer_counts, .-arrive_integer_counts
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
