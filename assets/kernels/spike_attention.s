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
	.file	"spike_attention.c"
	.text
	.section	.text.fill,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fill
	.syntax unified
	.thumb
	.thumb_func
	.type	fill, %function
fill:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r1, r0, r1, lsl #2
	cmp	r0, r1
	beq	.L1
.L3:
	mov	r3, r0
	adds	r0, r0, #4
	cmp	r1, r0
	str	r2, [r3]
	bne	.L3
.L1:
	bx	lr
	.size	fill, .-fill
	.section	.text.code_leaky,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	code_leaky
	.syntax unified
	.thumb
	.thumb_func
	.type	code_leaky, %function
code_leaky:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	vmov.f32	s12, #1.0e+0
	vmov.f32	s11, #5.0e-1
	ldr	r10, [sp, #32]
	cbz	r0, .L6
	mov	r5, r3
	ldr	r3, [sp, #36]
	vldr.32	s10, .L23
	mov	r4, r1
	lsls	r3, r3, #2
	mov	r1, r2
	movs	r7, #1
	movs	r2, #0
.L12:
	vldmia.32	r1!, {s13}
	.syntax unified
@ 33 "spike_attention.c" 1
	vmov ip, s13
@ 0 "" 2
	.thumb
	.syntax unified
	and	ip, r10, ip, asr #31
	and	r9, r2, #31
	add	ip, ip, r2, lsr #5
	vmov.f32	s15, s10
	vabs.f32	s13, s13
	lsl	r9, r7, r9
	add	ip, r5, ip, lsl #2
	cbz	r4, .L8
	mov	lr, r4
.L11:
	vsub.f32	s14, s13, s15
	vmul.f32	s14, s14, s11
	vadd.f32	s15, s15, s14
	vcmpe.f32	s12, s15
	vmrs	APSR_nzcv, FPSCR
	bhi	.L9
	ldr	r6, [ip]
	orr	r8, r6, r9
	str	r8, [ip]
	vmov.f32	s15, s10
.L9:
	subs	lr, lr, #1
	add	ip, ip, r3
	bne	.L11
.L8:
	adds	r2, r2, #1
	cmp	r0, r2
	bne	.L12
.L6:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L24:
	.align	2
.L23:
	.word	0
	.size	code_leaky, .-code_leaky
	.section	.text.code_quantised,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	code_quantised
	.syntax unified
	.thumb
	.thumb_func
	.type	code_quantised, %function
code_quantised:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	vldr.32	s14, [r3]
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	vmov.f32	s12, #5.0e-1
	ldr	r10, [sp, #32]
	ldr	r6, [sp, #36]
	vmul.f32	s12, s14, s12
	cbz	r0, .L25
	ldr	r3, [sp, #40]
	mov	r4, r1
	lsl	lr, r3, #2
	mov	r1, r2
	movs	r7, #1
	movs	r2, #0
.L31:
	vldmia.32	r1!, {s13}
	.syntax unified
@ 33 "spike_attention.c" 1
	vmov r3, s13
@ 0 "" 2
	.thumb
	.syntax unified
	and	r3, r6, r3, asr #31
	and	r9, r2, #31
	add	r3, r3, r2, lsr #5
	vabs.f32	s13, s13
	lsl	r9, r7, r9
	add	r3, r10, r3, lsl #2
	cbz	r4, .L27
	vmov.f32	s15, s12
	mov	ip, r4
.L30:
	vadd.f32	s15, s15, s13
	vcmpe.f32	s14, s15
	vmrs	APSR_nzcv, FPSCR
	bhi	.L28
	ldr	r5, [r3]
	vsub.f32	s15, s15, s14
	orr	r8, r5, r9
	str	r8, [r3]
.L28:
	subs	ip, ip, #1
	add	r3, r3, lr
	bne	.L30
.L27:
	adds	r2, r2, #1
	cmp	r0, r2
	bne	.L31
.L25:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
	.size	code_quantised, .-code_quantised
	.section	.text.list_rows,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	list_rows
	.syntax unified
	.thumb
	.thumb_func
	.type	list_rows, %function
list_rows:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	add	r6, r0, r1, lsl #2
	cmp	r0, r6
	beq	.L47
	mov	r4, r0
	ldr	r0, [sp, #20]
	mov	ip, r2
	mov	lr, r3
	lsls	r7, r3, #5
	movs	r5, #1
.L46:
	ldr	r3, [r4], #4
	cbz	r3, .L44
.L45:
	clz	r1, r3
	rsb	r1, r1, #31
	mla	r2, r1, lr, ip
	lsl	r1, r5, r1
	bics	r3, r3, r1
	str	r2, [r0], #4
	bne	.L45
.L44:
	cmp	r6, r4
	add	ip, ip, r7
	bne	.L46
	pop	{r4, r5, r6, r7, pc}
.L47:
	ldr	r0, [sp, #20]
	pop	{r4, r5, r6, r7, pc}
	.size	list_rows, .-list_rows
	.section	.text.add_rows,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	add_rows
	.syntax unified
	.thumb
	.thumb_func
	.type	add_rows, %function
add_rows:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	cbz	r2, .L65
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	mov	r8, r0
	mov	r7, r1
	mov	r9, r2
	add	r6, r3, #16
	mov	lr, #0
.L58:
	cmp	r8, r7
	ldrd	r5, r4, [r6, #-16]
	ldrd	r0, r1, [r6, #-8]
	beq	.L56
	mov	ip, r8
.L57:
	ldr	r2, [ip], #4
	add	r3, r2, lr
	ldrsb	r2, [r2, lr]
	ldrsb	r10, [r3, #1]
	add	r5, r5, r2
	ldrsb	r2, [r3, #2]
	ldrsb	r3, [r3, #3]
	cmp	r7, ip
	add	r4, r4, r10
	add	r0, r0, r2
	add	r1, r1, r3
	bne	.L57
.L56:
	add	lr, lr, #4
	cmp	r9, lr
	strd	r5, r4, [r6, #-16]
	strd	r0, r1, [r6, #-8]
	add	r6, r6, #16
	bne	.L58
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L65:
	bx	lr
	.size	add_rows, .-add_rows
	.section	.text.subtract_rows,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	subtract_rows
	.syntax unified
	.thumb
	.thumb_func
	.type	subtract_rows, %function
subtract_rows:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	cbz	r2, .L79
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	mov	r8, r0
	mov	r7, r1
	mov	r9, r2
	add	r6, r3, #16
	mov	lr, #0
.L72:
	cmp	r8, r7
	ldrd	r5, r4, [r6, #-16]
	ldrd	r0, r1, [r6, #-8]
	beq	.L70
	mov	ip, r8
.L71:
	ldr	r2, [ip], #4
	add	r3, r2, lr
	ldrsb	r2, [r2, lr]
	ldrsb	r10, [r3, #1]
	subs	r5, r5, r2
	ldrsb	r2, [r3, #2]
	ldrsb	r3, [r3, #3]
	cmp	r7, ip
	sub	r4, r4, r10
	sub	r0, r0, r2
	sub	r1, r1, r3
	bne	.L71
.L70:
	add	lr, lr, #4
	cmp	r9, lr
	strd	r5, r4, [r6, #-16]
	strd	r0, r1, [r6, #-8]
	add	r6, r6, #16
	bne	.L72
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L79:
	bx	lr
	.size	subtract_rows, .-subtract_rows
	.section	.text.fire_leaky,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fire_leaky
	.syntax unified
	.thumb
	.thumb_func
	.type	fire_leaky, %function
fire_leaky:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	vmov.f32	s12, #1.0e+0
	vmov.f32	s11, #5.0e-1
	push	{r4, lr}
	beq	.L87
	ldr	ip, [sp, #8]
	vldr.32	s10, .L91
	mov	lr, #1
	movs	r4, #0
.L86:
	vldmia.32	r1!, {s15}	@ int
	vldmia.32	r2!, {s14}
	vldmia.32	r3!, {s13}
	vcvt.f32.s32	s15, s15
	vmul.f32	s15, s15, s14
	vldmia.32	ip!, {s14}
	vadd.f32	s15, s15, s13
	vsub.f32	s15, s15, s14
	vmul.f32	s15, s15, s11
	vadd.f32	s15, s15, s14
	vcmpe.f32	s12, s15
	vmrs	APSR_nzcv, FPSCR
	itt	ls
	vmovls.f32	s15, s10
	orrls	r4, r4, lr
	cmp	r0, r1
	vstr.32	s15, [ip, #-4]
	lsl	lr, lr, #1
	bne	.L86
	ldr	r3, [sp, #12]
	str	r4, [r3]
	pop	{r4, pc}
.L87:
	ldr	r3, [sp, #12]
	movs	r4, #0
	str	r4, [r3]
	pop	{r4, pc}
.L92:
	.align	2
.L91:
	.word	0
	.size	fire_leaky, .-fire_leaky
	.section	.text.fire_quantised,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fire_quantised
	.syntax unified
	.thumb
	.thumb_func
	.type	fire_quantised, %function
fire_quantised:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, lr}
	ldr	r4, [sp, #12]
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	vldr.32	s12, [r4]
	beq	.L98
	ldr	ip, [sp, #8]
	mov	lr, #1
	movs	r4, #0
.L97:
	vldmia.32	r1!, {s15}	@ int
	vldmia.32	r2!, {s14}
	vldmia.32	r3!, {s13}
	vcvt.f32.s32	s15, s15
	vmul.f32	s15, s15, s14
	vldmia.32	ip!, {s14}
	vadd.f32	s15, s15, s13
	vadd.f32	s15, s15, s14
	vcmpe.f32	s12, s15
	vmrs	APSR_nzcv, FPSCR
	itt	ls
	vsubls.f32	s15, s15, s12
	orrls	r4, r4, lr
	cmp	r0, r1
	vstr.32	s15, [ip, #-4]
	lsl	lr, lr, #1
	bne	.L97
	ldr	r3, [sp, #16]
	str	r4, [r3]
	pop	{r4, pc}
.L98:
	ldr	r3, [sp, #16]
	movs	r4, #0
	str	r4, [r3]
	pop	{r4, pc}
	.size	fire_quantised, .-fire_quantised
	.section	.text.fire_constant,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fire_constant
	.syntax unified
	.thumb
	.thumb_func
	.type	fire_constant, %function
fire_constant:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	push	{r4}
	vldr.32	s13, [r3]
	beq	.L107
	movs	r3, #1
	movs	r4, #0
.L106:
	vldmia.32	r1!, {s14}
	vldmia.32	r2!, {s15}
	vadd.f32	s15, s15, s14
	vcmpe.f32	s13, s15
	vmrs	APSR_nzcv, FPSCR
	itt	ls
	vsubls.f32	s15, s15, s13
	orrls	r4, r4, r3
	cmp	r0, r1
	vstr.32	s15, [r2, #-4]
	lsl	r3, r3, #1
	bne	.L106
	ldr	r3, [sp, #4]
	str	r4, [r3]
	ldr	r4, [sp], #4
	bx	lr
.L107:
	ldr	r3, [sp, #4]
	movs	r4, #0
	str	r4, [r3]
	ldr	r4, [sp], #4
	bx	lr
	.size	fire_constant, .-fire_constant
	.section	.text.remember,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	remember
	.syntax unified
	.thumb
	.thumb_func
	.type	remember, %function
remember:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	mov	r7, r1
	mov	r5, r0
	mov	r1, r2
	mov	r6, r3
	movs	r4, #1
.L113:
	clz	r0, r5
	rsb	r0, r0, #31
	lsl	r3, r4, r0
	bic	r5, r5, r3
	mul	r0, r6, r0
	mov	lr, r7
.L112:
	clz	ip, lr
	rsb	ip, ip, #31
	add	r2, r0, ip
	lsl	ip, r4, ip
	ldrh	r3, [r1, r2, lsl #1]
	bics	lr, lr, ip
	add	r3, r3, #1
	strh	r3, [r1, r2, lsl #1]	@ movhi
	bne	.L112
	cmp	r5, #0
	bne	.L113
	pop	{r4, r5, r6, r7, pc}
	.size	remember, .-remember
	.section	.text.recall,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	recall
	.syntax unified
	.thumb
	.thumb_func
	.type	recall, %function
recall:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	mov	r5, r2
	mov	r4, r3
	add	r2, r3, r2, lsl #2
	movs	r6, #1
.L120:
	clz	ip, r0
	rsb	ip, ip, #31
	mul	lr, ip, r5
	cmp	r4, r2
	lsl	ip, r6, ip
	add	lr, r1, lr, lsl #1
	bic	r0, r0, ip
	beq	.L118
	mov	ip, r4
.L119:
	ldrsh	r3, [lr], #2
	ldr	r7, [ip]
	add	r3, r3, r7
	str	r3, [ip], #4
	cmp	ip, r2
	bne	.L119
.L118:
	cmp	r0, #0
	bne	.L120
	pop	{r4, r5, r6, r7, pc}
	.size	recall, .-recall
	.section	.text.fire_attention,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fire_attention
	.syntax unified
	.thumb
	.thumb_func
	.type	fire_attention, %function
fire_attention:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	vmov	s15, r3	@ int
	vldr.32	s14, [r2]
	vcvt.f32.u32	s15, s15
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	vmov.f32	s13, #5.0e-1
	vdiv.f32	s12, s14, s15
	push	{r4}
	beq	.L129
	ldr	r3, [sp, #4]
	movs	r2, #1
	movs	r4, #0
	vldr.32	s11, .L133
.L128:
	vldmia.32	r1!, {s15}	@ int
	vldmia.32	r3!, {s14}
	vcvt.f32.s32	s15, s15
	vmul.f32	s15, s15, s12
	vsub.f32	s15, s15, s14
	vmul.f32	s15, s15, s13
	vadd.f32	s15, s15, s14
	vcmpe.f32	s15, s13
	vmrs	APSR_nzcv, FPSCR
	itt	ge
	vmovge.f32	s15, s11
	orrge	r4, r4, r2
	cmp	r0, r1
	vstr.32	s15, [r3, #-4]
	lsl	r2, r2, #1
	bne	.L128
	ldr	r3, [sp, #8]
	str	r4, [r3]
	ldr	r4, [sp], #4
	bx	lr
.L129:
	ldr	r3, [sp, #8]
	movs	r4, #0
	str	r4, [r3]
	ldr	r4, [sp], #4
	bx	lr
.L134:
	.align	2
.L133:
	.word	0
	.size	fire_attention, .-fire_attention
	.section	.text.add_mean,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	add_mean
	.syntax unified
	.thumb
	.thumb_func
	.type	add_mean, %function
add_mean:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	ip, r1, r0, lsl #2
	push	{r4}
	cmp	r1, ip
	ldr	r4, [sp, #4]
	vldr.32	s15, [sp, #8]	@ int
	ldr	r0, [sp, #12]
	beq	.L135
	vcvt.f32.u32	s11, s15
.L137:
	vldmia.32	r1!, {s14}	@ int
	vldmia.32	r2!, {s15}
	vldmia.32	r3!, {s12}
	vldmia.32	r4!, {s13}
	vcvt.f32.s32	s14, s14
	cmp	ip, r1
	vmul.f32	s14, s14, s15
	vdiv.f32	s15, s14, s11
	vadd.f32	s15, s15, s12
	vadd.f32	s15, s15, s13
	vstmia.32	r0!, {s15}
	bne	.L137
.L135:
	ldr	r4, [sp], #4
	bx	lr
	.size	add_mean, .-add_mean
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
