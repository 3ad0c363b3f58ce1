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
	.file	"pointwise.c"
	.text
	.section	.text.pointwise,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	pointwise
	.syntax unified
	.thumb
	.thumb_func
	.type	pointwise, %function
pointwise:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	ldr	r5, [sp, #36]
	ldr	r7, [sp, #44]
	add	r10, r5, r0, lsl #2
	cmp	r5, r10
	beq	.L1
	lsls	r4, r0, #2
	lsl	ip, r0, #3
	vldr.32	s11, .L12
	ldr	r0, .L12+4
	ldr	lr, [sp, #32]
	ldr	r6, [sp, #40]
	vmov.f32	s14, #1.0e+0
	vmov.f32	s10, #2.0e+0
.L5:
	vldmia.32	r3!, {s9}
	vldmia.32	lr!, {s12}
	vldmia.32	r1!, {s15}
	vldmia.32	r2!, {s13}
	vadd.f32	s15, s15, s9
	vadd.f32	s13, s13, s12
	add	r9, r1, r4
	vadd.f32	s15, s15, s13
	add	r8, r3, r4
	vneg.f32	s15, s15
	vstr.32	s15, [r0]
	vldr.32	s9, [r8, #-4]
	vldr.32	s15, [r9, #-4]
	add	r8, lr, r4
	add	r9, r2, r4
	vldr.32	s12, [r8, #-4]
	vldr.32	s13, [r9, #-4]
	vadd.f32	s15, s15, s9
	vadd.f32	s13, s13, s12
	vldr.32	s12, [r0, #4]
	vadd.f32	s15, s15, s13
	add	r9, r2, ip
	vneg.f32	s15, s15
	vstr.32	s15, [r0]
	vldr.32	s13, [r0, #4]
	vldr.32	s15, [r9, #-4]
	vadd.f32	s13, s13, s14
	add	r8, lr, ip
	vdiv.f32	s7, s14, s13
	add	r9, r1, ip
	vldr.32	s8, [r8, #-4]
	vldr.32	s13, [r9, #-4]
	add	r8, r3, ip
	vldr.32	s9, [r8, #-4]
	vadd.f32	s15, s15, s8
	vadd.f32	s13, s13, s9
	vmul.f32	s15, s15, s7
	vadd.f32	s12, s12, s14
	vadd.f32	s15, s15, s13
	vdiv.f32	s9, s14, s12
	vadd.f32	s15, s15, s15
	vsub.f32	s7, s14, s9
	vstr.32	s15, [r0]
	vldr.32	s12, [r0, #4]
	vldmia.32	r6!, {s13}
	vadd.f32	s12, s12, s14
	vmul.f32	s13, s13, s9
	vdiv.f32	s15, s10, s12
	vldmia.32	r5!, {s12}
	vsub.f32	s15, s14, s15
	vmov.f32	s8, s11
	vmul.f32	s15, s15, s7
	vadd.f32	s15, s15, s13
	vcmpe.f32	s15, s12
	vmrs	APSR_nzcv, FPSCR
	itt	gt
	vmovgt.f32	s8, s15
	vsubgt.f32	s15, s15, s12
	cmp	r10, r5
	vstr.32	s15, [r6, #-4]
	vstmia.32	r7!, {s8}
	bne	.L5
.L1:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L13:
	.align	2
.L12:
	.word	0
	.word	-535822080
	.size	pointwise, .-pointwise
	.section	.text.pointwise_or_equal,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	pointwise_or_equal
	.syntax unified
	.thumb
	.thumb_func
	.type	pointwise_or_equal, %function
pointwise_or_equal:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	ldr	r5, [sp, #36]
	ldr	r7, [sp, #44]
	add	r10, r5, r0, lsl #2
	cmp	r5, r10
	beq	.L14
	lsls	r4, r0, #2
	lsl	ip, r0, #3
	vldr.32	s11, .L24
	ldr	r0, .L24+4
	ldr	lr, [sp, #32]
	ldr	r6, [sp, #40]
	vmov.f32	s14, #1.0e+0
	vmov.f32	s10, #2.0e+0
.L18:
	vldmia.32	r3!, {s9}
	vldmia.32	lr!, {s12}
	vldmia.32	r1!, {s15}
	vldmia.32	r2!, {s13}
	vadd.f32	s15, s15, s9
	vadd.f32	s13, s13, s12
	add	r9, r1, r4
	vadd.f32	s15, s15, s13
	add	r8, r3, r4
	vneg.f32	s15, s15
	vstr.32	s15, [r0]
	vldr.32	s9, [r8, #-4]
	vldr.32	s15, [r9, #-4]
	add	r8, lr, r4
	add	r9, r2, r4
	vldr.32	s12, [r8, #-4]
	vldr.32	s13, [r9, #-4]
	vadd.f32	s15, s15, s9
	vadd.f32	s13, s13, s12
	vldr.32	s12, [r0, #4]
	vadd.f32	s15, s15, s13
	add	r9, r2, ip
	vneg.f32	s15, s15
	vstr.32	s15, [r0]
	vldr.32	s13, [r0, #4]
	vldr.32	s15, [r9, #-4]
	vadd.f32	s13, s13, s14
	add	r8, lr, ip
	vdiv.f32	s7, s14, s13
	add	r9, r1, ip
	vldr.32	s8, [r8, #-4]
	vldr.32	s13, [r9, #-4]
	add	r8, r3, ip
	vldr.32	s9, [r8, #-4]
	vadd.f32	s15, s15, s8
	vadd.f32	s13, s13, s9
	vmul.f32	s15, s15, s7
	vadd.f32	s12, s12, s14
	vadd.f32	s15, s15, s13
	vdiv.f32	s9, s14, s12
	vadd.f32	s15, s15, s15
	vsub.f32	s7, s14, s9
	vstr.32	s15, [r0]
	vldr.32	s12, [r0, #4]
	vldmia.32	r6!, {s13}
	vadd.f32	s12, s12, s14
	vmul.f32	s13, s13, s9
	vdiv.f32	s15, s10, s12
	vldmia.32	r5!, {s12}
	vsub.f32	s15, s14, s15
	vmov.f32	s8, s11
	vmul.f32	s15, s15, s7
	vadd.f32	s15, s15, s13
	vcmpe.f32	s15, s12
	vmrs	APSR_nzcv, FPSCR
	itt	ge
	vmovge.f32	s8, s15
	vsubge.f32	s15, s15, s12
	cmp	r10, r5
	vstr.32	s15, [r6, #-4]
	vstmia.32	r7!, {s8}
	bne	.L18
.L14:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L25:
	.align	2
.L24:
	.word	0
	.word	-535822080
	.size	pointwise_or_equal, .-pointwise_or_equal
	.section	.text.trace,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	trace
	.syntax unified
	.thumb
	.thumb_func
	.type	trace, %function
trace:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L26
	vldr.32	s12, .L30
	vldr.32	s13, .L30+4
.L28:
	vldmia.32	r1!, {s15}
	vldr.32	s14, [r2]
	vmul.f32	s15, s15, s12
	vmul.f32	s14, s14, s13
	cmp	r0, r1
	vadd.f32	s15, s15, s14
	vstmia.32	r2!, {s15}
	bne	.L28
.L26:
	bx	lr
.L31:
	.align	2
.L30:
	.word	1036831949
	.word	1063675494
	.size	trace, .-trace
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
