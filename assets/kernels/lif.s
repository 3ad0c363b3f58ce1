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
	.file	"lif.c"
	.text
	.section	.text.lif_start,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	lif_start
	.syntax unified
	.thumb
	.thumb_func
	.type	lif_start, %function
lif_start:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L1
.L3:
	ldr	ip, [r1], #4	@ float
	str	ip, [r2]	@ float
	cmp	r0, r1
	add	r2, r2, #4
	bne	.L3
.L1:
	bx	lr
	.size	lif_start, .-lif_start
	.section	.text.lif_add,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	lif_add
	.syntax unified
	.thumb
	.thumb_func
	.type	lif_add, %function
lif_add:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L6
.L8:
	vldmia.32	r1!, {s15}
	vldr.32	s14, [r2]
	vadd.f32	s15, s15, s14
	cmp	r0, r1
	vstmia.32	r2!, {s15}
	bne	.L8
.L6:
	bx	lr
	.size	lif_add, .-lif_add
	.section	.text.lif_subtract,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	lif_subtract
	.syntax unified
	.thumb
	.thumb_func
	.type	lif_subtract, %function
lif_subtract:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	push	{r4}
	lsls	r0, r0, #2
	vmov.f32	s12, #1.0e+0
	ldr	r4, [sp, #8]
	beq	.L10
	vldr.32	s11, .L23
	ldr	ip, [sp, #4]
	add	r0, r0, r1
.L14:
	vldmia.32	r2!, {s13}
	vldmia.32	ip!, {s15}
	vldmia.32	r1!, {s14}
	vmul.f32	s15, s15, s13
	vldmia.32	r3!, {s13}
	vadd.f32	s15, s15, s14
	vmov.f32	s14, s12
	vcmpe.f32	s15, s13
	vmrs	APSR_nzcv, FPSCR
	ite	gt
	vsubgt.f32	s15, s15, s13
	vmovle.f32	s14, s11
	cmp	r0, r1
	vstr.32	s15, [ip, #-4]
	vstmia.32	r4!, {s14}
	bne	.L14
.L10:
	ldr	r4, [sp], #4
	bx	lr
.L24:
	.align	2
.L23:
	.word	0
	.size	lif_subtract, .-lif_subtract
	.section	.text.lif_reset,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	lif_reset
	.syntax unified
	.thumb
	.thumb_func
	.type	lif_reset, %function
lif_reset:
	@ args = 12, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	push	{r4, r5}
	lsls	r0, r0, #2
	vmov.f32	s12, #1.0e+0
	ldr	r5, [sp, #8]
	ldr	r4, [sp, #16]
	beq	.L25
	vldr.32	s11, .L35
	ldr	ip, [sp, #12]
	add	r0, r0, r4
.L28:
	vldmia.32	r2!, {s13}
	vldr.32	s15, [ip]
	vldmia.32	r1!, {s14}
	vmul.f32	s15, s15, s13
	vldmia.32	r3!, {s13}
	vadd.f32	s15, s15, s14
	vldmia.32	r5!, {s14}
	vcmpe.f32	s15, s13
	vmrs	APSR_nzcv, FPSCR
	it	le
	vmovle.f32	s14, s15
	ite	le
	vmovle.f32	s15, s11
	vmovgt.f32	s15, s12
	vstmia.32	ip!, {s14}
	vstmia.32	r4!, {s15}
	cmp	r0, r4
	bne	.L28
.L25:
	pop	{r4, r5}
	bx	lr
.L36:
	.align	2
.L35:
	.word	0
	.size	lif_reset, .-lif_reset
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
