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
	.file	"synapses.c"
	.text
	.section	.text.take_entries,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	take_entries
	.syntax unified
	.thumb
	.thumb_func
	.type	take_entries, %function
take_entries:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	mov	r3, #-503316480
	ldr	r3, [r3, #64]
	str	r3, [r0]
	bx	lr
	.size	take_entries, .-take_entries
	.section	.text.free_entries,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	free_entries
	.syntax unified
	.thumb
	.thumb_func
	.type	free_entries, %function
free_entries:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	mov	r3, #-503316480
	ldr	r2, [r0]
	str	r2, [r3, #68]
	bx	lr
	.size	free_entries, .-free_entries
	.section	.text.collect,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	collect
	.syntax unified
	.thumb
	.thumb_func
	.type	collect, %function
collect:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, lr}
	cmp	r0, r1
	ldr	r5, [sp, #24]
	beq	.L4
	mov	r8, r2
	mov	lr, #1
.L8:
	ldr	r4, [r0], #4
	lsr	ip, r4, #24
	lsl	r7, ip, #4
	add	r6, r5, ip, lsl #4
	ldr	r7, [r5, r7]
	ldr	r2, [r6, #4]
	bic	ip, r4, #-16777216
	sub	ip, ip, r7
	and	r4, ip, #31
	cmp	r2, ip
	lsr	r7, ip, #5
	lsl	r4, lr, r4
	bls	.L6
	ldr	r6, [r6, #8]
	ldr	r2, [r6, r7, lsl #2]
	orrs	r4, r4, r2
	str	r4, [r6, r7, lsl #2]
.L6:
	cmp	r0, r3
	beq	.L11
.L7:
	cmp	r0, r1
	bne	.L8
.L4:
	pop	{r4, r5, r6, r7, r8, pc}
.L11:
	mov	r0, r8
	b	.L7
	.size	collect, .-collect
	.section	.text.collect_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	collect_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	collect_counts, %function
collect_counts:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, lr}
	cmp	r0, r1
	ldr	r6, [sp, #28]
	beq	.L12
	movs	r7, #1
.L16:
	ldrd	r4, r5, [r0]
	lsr	lr, r4, #24
	lsl	ip, lr, #4
	add	lr, r6, lr, lsl #4
	ldr	r8, [r6, ip]
	bic	ip, r4, #-16777216
	ldr	r4, [lr, #4]
	sub	ip, ip, r8
	cmp	r4, ip
	lsr	r8, ip, #5
	add	r0, r0, #8
	and	r4, ip, #31
	bls	.L14
	ldrd	r9, lr, [lr, #8]
	vmov	s15, r5	@ int
	ldr	r5, [r9, r8, lsl #2]
	lsl	r4, r7, r4
	vcvt.f32.u32	s15, s15
	orrs	r5, r5, r4
	add	r4, lr, ip, lsl #2
	str	r5, [r9, r8, lsl #2]
	vstr.32	s15, [r4]
.L14:
	cmp	r0, r3
	beq	.L19
.L15:
	cmp	r0, r1
	bne	.L16
.L12:
	pop	{r4, r5, r6, r7, r8, r9, pc}
.L19:
	mov	r0, r2
	b	.L15
	.size	collect_counts, .-collect_counts
	.section	.text.deliver,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver, %function
deliver:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	ldrd	r8, r3, [r0]
	add	r10, r8, r3, lsl #2
	cmp	r8, r10
	ldr	r5, [r0, #12]
	beq	.L20
	mov	r9, r0
	mov	ip, r1
.L26:
	ldr	r4, [r8], #4
	cbz	r4, .L22
	ldrd	r6, r7, [r9, #16]
.L25:
	rsbs	r3, r4, #0
	ands	r3, r3, r4
	clz	r2, r3
	rsb	r1, r2, #31
	rsb	r2, r2, #32
	ldrh	r1, [r5, r1, lsl #1]
	ldrh	r0, [r5, r2, lsl #1]
	add	r2, r6, r1, lsl #1
	add	r0, r6, r0, lsl #1
	cmp	r2, r0
	mov	lr, r4
	add	r1, r7, r1, lsl #2
	eor	r4, r4, r3
	beq	.L23
.L24:
	ldrh	r3, [r2], #2
	vldmia.32	r1!, {s14}
	add	r3, ip, r3, lsl #2
	vldr.32	s15, [r3]
	vadd.f32	s15, s15, s14
	cmp	r0, r2
	vstr.32	s15, [r3]
	bne	.L24
.L23:
	add	r3, lr, #-1
	tst	r3, lr
	bne	.L25
.L22:
	cmp	r10, r8
	add	r5, r5, #64
	bne	.L26
.L20:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
	.size	deliver, .-deliver
	.section	.text.deliver_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_counts, %function
deliver_counts:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	ldrd	r9, r3, [r0]
	add	fp, r9, r3, lsl #2
	cmp	r9, fp
	ldr	r5, [r0, #12]
	ldr	r7, [r0, #8]
	beq	.L34
	mov	r10, r0
	mov	ip, r1
.L40:
	ldr	r4, [r9], #4
	cbz	r4, .L36
	ldrd	r6, r8, [r10, #16]
.L39:
	rsbs	r3, r4, #0
	ands	r3, r3, r4
	clz	r2, r3
	rsb	r1, r2, #31
	rsb	r2, r2, #32
	add	r0, r7, r1, lsl #2
	ldrh	r2, [r5, r2, lsl #1]
	ldrh	r1, [r5, r1, lsl #1]
	vldr.32	s13, [r0]
	add	r0, r6, r2, lsl #1
	add	r2, r6, r1, lsl #1
	cmp	r2, r0
	mov	lr, r4
	add	r1, r8, r1, lsl #2
	eor	r4, r4, r3
	beq	.L37
.L38:
	ldrh	r3, [r2], #2
	vldmia.32	r1!, {s14}
	add	r3, ip, r3, lsl #2
	vldr.32	s15, [r3]
	vmul.f32	s14, s13, s14
	cmp	r0, r2
	vadd.f32	s15, s15, s14
	vstr.32	s15, [r3]
	bne	.L38
.L37:
	add	r3, lr, #-1
	tst	r3, lr
	bne	.L39
.L36:
	cmp	fp, r9
	add	r5, r5, #64
	add	r7, r7, #128
	bne	.L40
.L34:
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_counts, .-deliver_counts
	.section	.text.deliver_integers,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_integers
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_integers, %function
deliver_integers:
	@ args = 0, pretend = 0, frame = 8
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	mov	ip, r1
	ldrd	r1, r3, [r0]
	add	r9, r1, r3, lsl #2
	cmp	r1, r9
	ldr	r6, [r0, #12]
	sub	sp, sp, #12
	beq	.L48
	mov	r2, r0
	mov	r4, r2
	mov	r0, r1
.L54:
	ldr	r7, [r0], #4
	cbz	r7, .L50
	ldrd	r2, r1, [r4, #16]
	mov	fp, r9
.L53:
	rsbs	r3, r7, #0
	ands	r3, r3, r7
	clz	r5, r3
	rsb	lr, r5, #31
	rsb	r5, r5, #32
	ldrh	r8, [r6, lr, lsl #1]
	ldrh	r10, [r6, r5, lsl #1]
	add	r5, r2, r8, lsl #1
	add	r10, r2, r10, lsl #1
	cmp	r5, r10
	mov	r9, r7
	add	r8, r8, r1
	eor	r7, r7, r3
	beq	.L51
	str	r2, [sp, #4]
.L52:
	ldrh	r2, [r5], #2
	ldrsb	lr, [r8], #1
	ldr	r3, [ip, r2, lsl #2]
	cmp	r10, r5
	add	r3, r3, lr
	str	r3, [ip, r2, lsl #2]
	bne	.L52
	ldr	r2, [sp, #4]
.L51:
	add	r3, r9, #-1
	tst	r3, r9
	bne	.L53
	mov	r9, fp
.L50:
	cmp	r9, r0
	add	r6, r6, #64
	bne	.L54
.L48:
	add	sp, sp, #12
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_integers, .-deliver_integers
	.section	.text.deliver_integer_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_integer_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_integer_counts, %function
deliver_integer_counts:
	@ args = 0, pretend = 0, frame = 16
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	mov	r3, r0
	ldrd	r2, r0, [r0]
	add	r5, r2, r0, lsl #2
	cmp	r2, r5
	ldr	r7, [r3, #12]
	ldr	r9, [r3, #8]
	sub	sp, sp, #20
	beq	.L62
	mov	ip, r1
	str	r5, [sp, #12]
.L63:
	ldr	r4, [r2], #4
	cbz	r4, .L68
	ldrd	r8, r10, [r3, #16]
	mov	r1, r2
	str	r10, [sp, #8]
	mov	fp, r3
.L67:
	rsbs	r3, r4, #0
	ands	r3, r3, r4
	clz	r2, r3
	rsb	r0, r2, #31
	rsb	r2, r2, #32
	add	lr, r9, r0, lsl #2
	ldrh	r6, [r7, r2, lsl #1]
	ldrh	r0, [r7, r0, lsl #1]
	vldr.32	s15, [lr]
	add	r2, r8, r0, lsl #1
	mov	r5, r4
	add	r6, r8, r6, lsl #1
	eors	r4, r4, r3
	ldr	r3, [sp, #8]
	cmp	r2, r6
	add	r0, r0, r3
	beq	.L70
	vcvt.s32.f32	s15, s15
	str	r8, [sp, #4]
	vmov	lr, s15	@ int
.L69:
	ldrh	r8, [r2], #2
	ldrsb	r10, [r0], #1
	ldr	r3, [ip, r8, lsl #2]
	cmp	r6, r2
	mla	r3, lr, r10, r3
	str	r3, [ip, r8, lsl #2]
	bne	.L69
	ldr	r8, [sp, #4]
.L70:
	subs	r3, r5, #1
	tst	r3, r5
	bne	.L67
	mov	r2, r1
	mov	r3, fp
.L68:
	ldr	r1, [sp, #12]
	cmp	r1, r2
	add	r7, r7, #64
	add	r9, r9, #128
	bne	.L63
.L62:
	add	sp, sp, #20
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_integer_counts, .-deliver_integer_counts
	.section	.text.deliver_later,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_later
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_later, %function
deliver_later:
	@ args = 0, pretend = 0, frame = 8
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	mov	r8, r0
	mov	r5, r3
	ldr	r0, [r0]
	ldr	r3, [r8, #4]
	ldr	r7, [r8, #12]
	add	r3, r0, r3, lsl #2
	cmp	r0, r3
	sub	sp, sp, #12
	beq	.L76
	lsls	r5, r5, #2
	mov	lr, r2
	mov	ip, r1
	rsbs	r5, r5, #0
	str	r3, [sp, #4]
	mov	r2, r0
.L83:
	ldr	r6, [r2], #4
	cbz	r6, .L78
	ldrd	r0, r10, [r8, #16]
.L82:
	rsbs	r3, r6, #0
	ands	r3, r3, r6
	clz	r1, r3
	rsb	r4, r1, #31
	rsb	r1, r1, #32
	ldrh	r4, [r7, r4, lsl #1]
	ldrh	r9, [r7, r1, lsl #1]
	add	r1, r0, r4, lsl #1
	add	r9, r0, r9, lsl #1
	cmp	r1, r9
	mov	fp, r6
	add	r4, r10, r4, lsl #2
	eor	r6, r6, r3
	beq	.L79
.L81:
	ldrh	r3, [r1], #2
	vldmia.32	r4!, {s14}
	add	r3, ip, r3, lsl #2
	cmp	lr, r3
	it	ls
	addls	r3, r3, r5
	vldr.32	s15, [r3]
	vadd.f32	s15, s15, s14
	cmp	r9, r1
	vstr.32	s15, [r3]
	bne	.L81
.L79:
	add	r3, fp, #-1
	tst	r3, fp
	bne	.L82
.L78:
	ldr	r3, [sp, #4]
	cmp	r3, r2
	add	r7, r7, #64
	bne	.L83
.L76:
	add	sp, sp, #12
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_later, .-deliver_later
	.section	.text.deliver_later_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_later_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_later_counts, %function
deliver_later_counts:
	@ args = 0, pretend = 0, frame = 8
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	ldr	r9, [r0]
	mov	r5, r3
	ldr	r3, [r0, #4]
	add	r3, r9, r3, lsl #2
	cmp	r9, r3
	ldrd	r10, r7, [r0, #8]
	sub	sp, sp, #12
	beq	.L91
	lsls	r5, r5, #2
	str	r3, [sp, #4]
	mov	ip, r1
	mov	lr, r2
	rsbs	r5, r5, #0
	mov	r3, r0
.L98:
	ldr	r4, [r9], #4
	cbz	r4, .L93
	ldrd	r8, fp, [r3, #16]
	str	r9, [sp]
.L97:
	rsbs	r1, r4, #0
	ands	r1, r1, r4
	mov	r9, r4
	eors	r4, r4, r1
	clz	r1, r1
	rsb	r2, r1, #31
	rsb	r1, r1, #32
	ldrh	r0, [r7, r2, lsl #1]
	ldrh	r6, [r7, r1, lsl #1]
	add	r1, r8, r0, lsl #1
	add	r6, r8, r6, lsl #1
	add	r2, r10, r2, lsl #2
	cmp	r1, r6
	vldr.32	s13, [r2]
	add	r0, fp, r0, lsl #2
	beq	.L94
.L96:
	ldrh	r2, [r1], #2
	vldmia.32	r0!, {s14}
	add	r2, ip, r2, lsl #2
	cmp	lr, r2
	it	ls
	addls	r2, r2, r5
	vldr.32	s15, [r2]
	vmul.f32	s14, s13, s14
	cmp	r6, r1
	vadd.f32	s15, s15, s14
	vstr.32	s15, [r2]
	bne	.L96
.L94:
	add	r2, r9, #-1
	tst	r2, r9
	bne	.L97
	ldr	r9, [sp]
.L93:
	ldr	r2, [sp, #4]
	cmp	r2, r9
	add	r7, r7, #64
	add	r10, r10, #128
	bne	.L98
.L91:
	add	sp, sp, #12
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_later_counts, .-deliver_later_counts
	.section	.text.deliver_later_integers,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_later_integers
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_later_integers, %function
deliver_later_integers:
	@ args = 0, pretend = 0, frame = 16
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	mov	r4, r1
	mov	r7, r3
	ldr	r1, [r0]
	ldr	r3, [r0, #4]
	ldr	r8, [r0, #12]
	add	r3, r1, r3, lsl #2
	cmp	r1, r3
	sub	sp, sp, #20
	beq	.L106
	lsls	r7, r7, #2
	mov	fp, r0
	mov	r5, r2
	rsbs	r7, r7, #0
	str	r3, [sp, #12]
.L113:
	ldr	r6, [r1], #4
	cbz	r6, .L108
	ldrd	r9, r10, [fp, #16]
	mov	r2, r1
.L112:
	rsbs	r3, r6, #0
	ands	r3, r3, r6
	clz	r1, r3
	rsb	r0, r1, #31
	rsb	r1, r1, #32
	ldrh	r0, [r8, r0, lsl #1]
	ldrh	lr, [r8, r1, lsl #1]
	add	r1, r9, r0, lsl #1
	add	lr, r9, lr, lsl #1
	cmp	r1, lr
	mov	ip, r6
	add	r0, r0, r10
	eor	r6, r6, r3
	beq	.L109
	strd	r9, r2, [sp, #4]
.L111:
	ldrh	r3, [r1], #2
	ldrsb	r9, [r0], #1
	add	r3, r4, r3, lsl #2
	cmp	r5, r3
	it	ls
	addls	r3, r3, r7
	cmp	lr, r1
	ldr	r2, [r3]
	add	r9, r9, r2
	str	r9, [r3]
	bne	.L111
	ldrd	r9, r2, [sp, #4]
.L109:
	add	r3, ip, #-1
	tst	r3, ip
	bne	.L112
	mov	r1, r2
.L108:
	ldr	r3, [sp, #12]
	cmp	r3, r1
	add	r8, r8, #64
	bne	.L113
.L106:
	add	sp, sp, #20
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_later_integers, .-deliver_later_integers
	.section	.text.deliver_later_integer_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	deliver_later_integer_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	deliver_later_integer_counts, %function
deliver_later_integer_counts:
	@ args = 0, pretend = 0, frame = 24
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	ldr	r4, [r0]
	mov	r8, r3
	ldr	r3, [r0, #4]
	add	r3, r4, r3, lsl #2
	cmp	r4, r3
	mov	r6, r2
	sub	sp, sp, #28
	ldrd	r2, fp, [r0, #8]
	beq	.L121
	lsl	r8, r8, #2
	mov	r5, r1
	str	r3, [sp, #20]
	rsb	r8, r8, #0
	mov	r3, r4
	mov	r10, r2
	mov	r1, r0
.L124:
	ldr	r4, [r3], #4
	cbz	r4, .L128
	ldrd	r9, r2, [r1, #16]
	strd	r2, r3, [sp, #8]
	str	r1, [sp, #16]
.L127:
	rsbs	r1, r4, #0
	ands	r1, r1, r4
	mov	r7, r4
	eors	r4, r4, r1
	clz	r1, r1
	rsb	r3, r1, #31
	rsb	r1, r1, #32
	ldrh	r0, [fp, r3, lsl #1]
	ldrh	ip, [fp, r1, lsl #1]
	add	r3, r10, r3, lsl #2
	add	r1, r9, r0, lsl #1
	vldr.32	s15, [r3]
	ldr	r3, [sp, #8]
	add	ip, r9, ip, lsl #1
	cmp	r1, ip
	add	r0, r0, r3
	beq	.L131
	vcvt.s32.f32	s15, s15
	str	r9, [sp, #4]
	vmov	lr, s15	@ int
.L130:
	ldrh	r3, [r1], #2
	ldrsb	r9, [r0], #1
	add	r3, r5, r3, lsl #2
	cmp	r6, r3
	it	ls
	addls	r3, r3, r8
	cmp	ip, r1
	ldr	r2, [r3]
	mla	r2, lr, r9, r2
	str	r2, [r3]
	bne	.L130
	ldr	r9, [sp, #4]
.L131:
	subs	r3, r7, #1
	tst	r3, r7
	bne	.L127
	ldrd	r3, r1, [sp, #12]
.L128:
	ldr	r2, [sp, #20]
	cmp	r2, r3
	add	fp, fp, #64
	add	r10, r10, #128
	bne	.L124
.L121:
	add	sp, sp, #28
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	deliver_later_integer_counts, .-deliver_later_integer_counts
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
