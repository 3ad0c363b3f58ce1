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
	.file	"pointwise_always.c"
	.text
	.section	.text.pointwise_always,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	pointwise_always
	.syntax unified
	.thumb
	.thumb_func
	.type	pointwise_always, %function
pointwise_always:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	ldr	r4, [sp, #36]
	ldr	r6, [sp, #40]
	add	r10, r4, r0, lsl #2
	cmp	r4, r10
	beq	.L1
	lsls	r5, r0, #2
	lsl	ip, r0, #3
	ldr	lr, [sp, #32]
	ldr	r0, .L7
	vmov.f32	s14, #1.0e+0
	vmov.f32	s10, #2.0e+0
	adds	r7, r1, r5
.L3:
	vldmia.32	r3!, {s12}
	vldmia.32	lr!, {s11}
	vldmia.32	r2!, {s13}
	vldmia.32	r1!, {s15}
	vadd.f32	s13, s13, s11
	vadd.f32	s15, s15, s12
	add	r8, r2, r5
	vadd.f32	s15, s15, s13
	add	r9, lr, r5
	vneg.f32	s15, s15
	vstr.32	s15, [r0]
	vldr.32	s15, [r8, #-4]
	vldr.32	s11, [r9, #-4]
	vldmia.32	r7!, {s13}
	add	r8, r3, r5
	vldr.32	s12, [r8, #-4]
	vadd.f32	s15, s15, s11
	vadd.f32	s13, s13, s12
	vldr.32	s11, [r0, #4]
	vadd.f32	s15, s15, s13
	add	r9, r2, ip
	vneg.f32	s15, s15
	vstr.32	s15, [r0]
	vldr.32	s13, [r0, #4]
	vldr.32	s15, [r9, #-4]
	vadd.f32	s13, s13, s14
	add	r8, lr, ip
	vdiv.f32	s9, s14, s13
	add	r9, r1, ip
	vldr.32	s8, [r8, #-4]
	vldr.32	s12, [r9, #-4]
	add	r8, r3, ip
	vldr.32	s13, [r8, #-4]
	vadd.f32	s15, s15, s8
	vadd.f32	s12, s12, s13
	vmul.f32	s15, s15, s9
	vadd.f32	s11, s11, s14
	vadd.f32	s15, s15, s12
	vdiv.f32	s13, s14, s11
	vadd.f32	s15, s15, s15
	vsub.f32	s11, s14, s13
	vstr.32	s15, [r0]
	vldr.32	s12, [r0, #4]
	vldr.32	s9, [r4]
	vadd.f32	s12, s12, s14
	vmul.f32	s13, s13, s9
	vdiv.f32	s15, s10, s12
	vsub.f32	s15, s14, s15
	vmul.f32	s15, s15, s11
	vadd.f32	s15, s15, s13
	vstmia.32	r4!, {s15}
	cmp	r10, r4
	vstmia.32	r6!, {s15}
	bne	.L3
.L1:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
.L8:
	.align	2
.L7:
	.word	-535822080
	.size	pointwise_always, .-pointwise_always
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
