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
	.file	"transformer.c"
	.text
	.section	.text.layer_norm,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	layer_norm
	.syntax unified
	.thumb
	.thumb_func
	.type	layer_norm, %function
layer_norm:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	vmov	s15, r0	@ int
	add	r0, r1, r0, lsl #2
	push	{r4}
	cmp	r1, r0
	ldr	r4, [sp, #4]
	beq	.L1
	vcvt.f32.u32	s12, s15
	vldr.32	s15, .L11
	mov	ip, r1
.L3:
	vldmia.32	ip!, {s14}
	cmp	r0, ip
	vadd.f32	s15, s15, s14
	bne	.L3
	vdiv.f32	s13, s15, s12
	mov	ip, r1
	vldr.32	s14, .L11
.L4:
	vldmia.32	ip!, {s15}
	vsub.f32	s15, s15, s13
	cmp	r0, ip
	vmul.f32	s15, s15, s15
	vadd.f32	s14, s14, s15
	bne	.L4
	vdiv.f32	s10, s14, s12
	vldr.32	s15, .L11+4
	vadd.f32	s10, s10, s15
	.syntax unified
@ 12 "transformer.c" 1
	vsqrt.f32 s10, s10
@ 0 "" 2
	.thumb
	.syntax unified
.L5:
	vldmia.32	r1!, {s14}
	vldmia.32	r2!, {s11}
	vldmia.32	r3!, {s12}
	vsub.f32	s14, s14, s13
	cmp	r0, r1
	vdiv.f32	s15, s14, s10
	vmul.f32	s15, s15, s11
	vadd.f32	s15, s15, s12
	vstmia.32	r4!, {s15}
	bne	.L5
.L1:
	ldr	r4, [sp], #4
	bx	lr
.L12:
	.align	2
.L11:
	.word	0
	.word	925353388
	.size	layer_norm, .-layer_norm
	.section	.text.dense_int8,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	dense_int8
	.syntax unified
	.thumb
	.thumb_func
	.type	dense_int8, %function
dense_int8:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, lr}
	lsls	r0, r0, #2
	mov	lr, r2
	ldrd	r4, r5, [sp, #28]
	ldr	r2, [sp, #24]
	add	ip, lr, r1, lsl #2
	beq	.L13
	sub	r7, ip, lr
	subs	r7, r7, #4
	lsrs	r7, r7, #2
	adds	r6, r2, r0
	adds	r7, r7, #1
.L17:
	cmp	lr, ip
	vldmia.32	r2!, {s12}
	vldr.32	s14, .L25
	beq	.L15
	mov	r1, lr
	mov	r0, r3
.L16:
	ldrsb	r8, [r0], #1
	vldmia.32	r1!, {s13}
	vmov	s15, r8	@ int
	vcvt.f32.s32	s15, s15
	cmp	ip, r1
	vmul.f32	s15, s15, s12
	vmul.f32	s15, s15, s13
	vadd.f32	s14, s14, s15
	bne	.L16
	add	r3, r3, r7
.L15:
	vldmia.32	r4!, {s15}
	vadd.f32	s15, s15, s14
	cmp	r2, r6
	vstmia.32	r5!, {s15}
	bne	.L17
.L13:
	pop	{r4, r5, r6, r7, r8, pc}
.L26:
	.align	2
.L25:
	.word	0
	.size	dense_int8, .-dense_int8
	.section	.text.add,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	add
	.syntax unified
	.thumb
	.thumb_func
	.type	add, %function
add:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L27
.L29:
	vldmia.32	r1!, {s15}
	vldmia.32	r2!, {s14}
	vadd.f32	s15, s15, s14
	cmp	r0, r1
	vstmia.32	r3!, {s15}
	bne	.L29
.L27:
	bx	lr
	.size	add, .-add
	.section	.text.gelu,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	gelu
	.syntax unified
	.thumb
	.thumb_func
	.type	gelu, %function
gelu:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L31
	vldr.32	s8, .L35
	vldr.32	s9, .L35+4
	ldr	r3, .L35+8
	vmov.f32	s13, #1.0e+0
	vmov.f32	s10, #2.0e+0
	vmov.f32	s11, #5.0e-1
.L33:
	vldr.32	s14, [r1]
	vmul.f32	s15, s14, s14
	vmul.f32	s12, s14, s11
	vmul.f32	s15, s15, s14
	vmul.f32	s15, s15, s8
	vadd.f32	s15, s15, s14
	vmul.f32	s15, s15, s9
	vadd.f32	s15, s15, s15
	vstr.32	s15, [r3]
	vldr.32	s14, [r3, #4]
	vadd.f32	s14, s14, s13
	vdiv.f32	s15, s10, s14
	vsub.f32	s15, s13, s15
	vadd.f32	s15, s15, s13
	vmul.f32	s15, s15, s12
	vstmia.32	r1!, {s15}
	cmp	r0, r1
	bne	.L33
.L31:
	bx	lr
.L36:
	.align	2
.L35:
	.word	1027024659
	.word	1061962282
	.word	-535822080
	.size	gelu, .-gelu
	.section	.text.scores,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	scores
	.syntax unified
	.thumb
	.thumb_func
	.type	scores, %function
scores:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, lr}
	mov	lr, r2
	ldr	r2, [sp, #12]
	ldr	r4, [sp, #8]
	add	ip, r2, r0, lsl #2
	cmp	r2, ip
	vldr.32	s12, [r4]
	it	ne
	lslne	r4, r1, #2
	beq	.L37
.L38:
	vldr.32	s14, .L47
	cbz	r4, .L42
	adds	r0, r3, r4
	mov	r1, lr
.L40:
	vldmia.32	r3!, {s13}
	vldmia.32	r1!, {s15}
	vmul.f32	s15, s15, s13
	cmp	r0, r3
	vadd.f32	s14, s14, s15
	bne	.L40
.L42:
	vmul.f32	s14, s12, s14
	vstmia.32	r2!, {s14}
	cmp	ip, r2
	bne	.L38
.L37:
	pop	{r4, pc}
.L48:
	.align	2
.L47:
	.word	0
	.size	scores, .-scores
	.section	.text.softmax,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	softmax
	.syntax unified
	.thumb
	.thumb_func
	.type	softmax, %function
softmax:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	vldr.32	s15, [r1]
	beq	.L49
	mov	r3, r1
.L50:
	vldmia.32	r3!, {s14}
	vcmp.f32	s15, s14
	vmrs	APSR_nzcv, FPSCR
	it	mi
	vmovmi.f32	s15, s14
	cmp	r0, r3
	bne	.L50
	vldr.32	s13, .L61
	ldr	r2, .L61+4
	mov	r3, r1
.L53:
	vldr.32	s14, [r3]
	vsub.f32	s14, s14, s15
	vstr.32	s14, [r2]
	vldr.32	s14, [r2, #4]
	vstmia.32	r3!, {s14}
	cmp	r0, r3
	vadd.f32	s13, s13, s14
	bne	.L53
.L54:
	vldr.32	s14, [r1]
	vdiv.f32	s15, s14, s13
	vstmia.32	r1!, {s15}
	cmp	r0, r1
	bne	.L54
.L49:
	bx	lr
.L62:
	.align	2
.L61:
	.word	0
	.word	-535822080
	.size	softmax, .-softmax
	.section	.text.weigh,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	weigh
	.syntax unified
	.thumb
	.thumb_func
	.type	weigh, %function
weigh:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	ip, r2, r0, lsl #2
	cmp	r2, ip
	beq	.L74
	push	{r4}
	lsls	r4, r1, #2
.L67:
	vldmia.32	r2!, {s13}
	cbz	r4, .L65
	ldr	r1, [sp, #4]
	adds	r0, r3, r4
.L66:
	vldmia.32	r3!, {s15}
	vldr.32	s14, [r1]
	vmul.f32	s15, s13, s15
	cmp	r3, r0
	vadd.f32	s15, s15, s14
	vstmia.32	r1!, {s15}
	bne	.L66
.L65:
	cmp	ip, r2
	bne	.L67
	ldr	r4, [sp], #4
	bx	lr
.L74:
	bx	lr
	.size	weigh, .-weigh
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
