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
	.file	"neurons.c"
	.text
	.section	.text.take_integers,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	take_integers
	.syntax unified
	.thumb
	.thumb_func
	.type	take_integers, %function
take_integers:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L1
.L3:
	vldmia.32	r1!, {s15}	@ int
	vcvt.f32.s32	s15, s15
	cmp	r0, r1
	vstmia.32	r2!, {s15}
	bne	.L3
.L1:
	bx	lr
	.size	take_integers, .-take_integers
	.section	.text.filter,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	filter
	.syntax unified
	.thumb
	.thumb_func
	.type	filter, %function
filter:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{lr}
	add	lr, r1, r0, lsl #2
	cmp	r1, lr
	ldr	r0, [sp, #4]
	beq	.L6
	ldr	ip, [sp, #8]
.L8:
	vldmia.32	r1!, {s12}
	vldmia.32	r2!, {s13}
	vldr.32	s14, [ip]
	vldmia.32	r3!, {s15}
	vmul.f32	s14, s14, s13
	vmul.f32	s15, s15, s12
	vldmia.32	r0!, {s13}
	vadd.f32	s15, s15, s14
	cmp	lr, r1
	vadd.f32	s15, s15, s13
	vstmia.32	ip!, {s15}
	bne	.L8
.L6:
	ldr	pc, [sp], #4
	.size	filter, .-filter
	.section	.text.leak_add,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	leak_add
	.syntax unified
	.thumb
	.thumb_func
	.type	leak_add, %function
leak_add:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L11
.L13:
	vldr.32	s15, [r3]
	vldmia.32	r2!, {s13}
	vldmia.32	r1!, {s14}
	vmul.f32	s15, s15, s13
	cmp	r0, r1
	vadd.f32	s15, s15, s14
	vstmia.32	r3!, {s15}
	bne	.L13
.L11:
	bx	lr
	.size	leak_add, .-leak_add
	.section	.text.difference,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	difference
	.syntax unified
	.thumb
	.thumb_func
	.type	difference, %function
difference:
	@ args = 8, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{lr}
	add	lr, r1, r0, lsl #2
	cmp	r1, lr
	ldr	r0, [sp, #4]
	beq	.L15
	ldr	ip, [sp, #8]
.L17:
	vldmia.32	r3!, {s13}
	vldr.32	s15, [ip]
	vldmia.32	r1!, {s14}
	vmul.f32	s15, s15, s13
	vldmia.32	r2!, {s13}
	vadd.f32	s15, s15, s14
	vldmia.32	r0!, {s14}
	vsub.f32	s15, s15, s13
	cmp	lr, r1
	vadd.f32	s15, s15, s14
	vstmia.32	ip!, {s15}
	bne	.L17
.L15:
	ldr	pc, [sp], #4
	.size	difference, .-difference
	.section	.text.fire_one,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fire_one
	.syntax unified
	.thumb
	.thumb_func
	.type	fire_one, %function
fire_one:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	lsls	r0, r0, #2
	vmov.f32	s13, #1.0e+0
	beq	.L20
	vldr.32	s12, .L29
	add	r0, r0, r3
.L23:
	vldmia.32	r1!, {s15}
	vldmia.32	r2!, {s14}
	vcmpe.f32	s14, s15
	vmrs	APSR_nzcv, FPSCR
	ite	le
	vmovle.f32	s15, s12
	vmovgt.f32	s15, s13
	vstmia.32	r3!, {s15}
	cmp	r0, r3
	bne	.L23
.L20:
	bx	lr
.L30:
	.align	2
.L29:
	.word	0
	.size	fire_one, .-fire_one
	.section	.text.fire_many,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fire_many
	.syntax unified
	.thumb
	.thumb_func
	.type	fire_many, %function
fire_many:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	push	{r4}
	lsls	r0, r0, #2
	vmov.f32	s13, #1.0e+0
	ldr	r4, [sp, #4]
	beq	.L31
	vldr.32	s10, .L45
	add	r0, r0, r4
.L37:
	vldmia.32	r3!, {s14}
	vldmia.32	r2!, {s11}
	vldmia.32	r1!, {s12}
	vdiv.f32	s15, s14, s11
	vcvt.u32.f32	s15, s15
	vcvt.f32.u32	s15, s15
	vcmpe.f32	s13, s15
	vmrs	APSR_nzcv, FPSCR
	vcmpe.f32	s14, s12
	it	pl
	vmovpl.f32	s15, s13
	vmrs	APSR_nzcv, FPSCR
	it	le
	vmovle.f32	s15, s10
	vstmia.32	r4!, {s15}
	cmp	r0, r4
	bne	.L37
.L31:
	ldr	r4, [sp], #4
	bx	lr
.L46:
	.align	2
.L45:
	.word	0
	.size	fire_many, .-fire_many
	.section	.text.subtract,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	subtract
	.syntax unified
	.thumb
	.thumb_func
	.type	subtract, %function
subtract:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L47
.L50:
	vldmia.32	r1!, {s13}
	vldmia.32	r2!, {s15}
	vldr.32	s14, [r3]
	vmul.f32	s15, s13, s15
	vcmp.f32	s13, #0
	vmrs	APSR_nzcv, FPSCR
	vsub.f32	s15, s14, s15
	it	eq
	vmoveq.f32	s15, s14
	cmp	r0, r1
	vstmia.32	r3!, {s15}
	bne	.L50
.L47:
	bx	lr
	.size	subtract, .-subtract
	.section	.text.set_to,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	set_to
	.syntax unified
	.thumb
	.thumb_func
	.type	set_to, %function
set_to:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	lsls	r0, r0, #2
	beq	.L52
	add	r0, r0, r2
.L55:
	vldmia.32	r1!, {s13}
	vldmia.32	r2!, {s15}
	vldr.32	s14, [r3]
	vcmp.f32	s13, #0
	vmrs	APSR_nzcv, FPSCR
	it	eq
	vmoveq.f32	s15, s14
	cmp	r0, r2
	vstmia.32	r3!, {s15}
	bne	.L55
.L52:
	bx	lr
	.size	set_to, .-set_to
	.section	.text.set_zero,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	set_zero
	.syntax unified
	.thumb
	.thumb_func
	.type	set_zero, %function
set_zero:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L60
	vldr.32	s13, .L66
.L63:
	vldmia.32	r1!, {s14}
	vldr.32	s15, [r2]
	vcmp.f32	s14, #0
	vmrs	APSR_nzcv, FPSCR
	it	ne
	vmovne.f32	s15, s13
	cmp	r0, r1
	vstmia.32	r2!, {s15}
	bne	.L63
.L60:
	bx	lr
.L67:
	.align	2
.L66:
	.word	0
	.size	set_zero, .-set_zero
	.section	.text.settle,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	settle
	.syntax unified
	.thumb
	.thumb_func
	.type	settle, %function
settle:
	@ args = 4, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L68
	ldr	ip, [sp]
.L71:
	vldmia.32	r1!, {s14}
	vldmia.32	r2!, {s13}
	vldmia.32	r3!, {s15}
	vsub.f32	s14, s14, s13
	vldr.32	s13, [ip]
	vmul.f32	s15, s14, s15
	vcmp.f32	s14, #0
	vmrs	APSR_nzcv, FPSCR
	vsub.f32	s15, s13, s15
	it	eq
	vmoveq.f32	s15, s13
	cmp	r0, r1
	vstmia.32	ip!, {s15}
	bne	.L71
.L68:
	bx	lr
	.size	settle, .-settle
	.section	.text.begin_at,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	begin_at
	.syntax unified
	.thumb
	.thumb_func
	.type	begin_at, %function
begin_at:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L73
.L75:
	ldr	ip, [r1], #4	@ float
	str	ip, [r2]	@ float
	cmp	r0, r1
	add	r2, r2, #4
	bne	.L75
.L73:
	bx	lr
	.size	begin_at, .-begin_at
	.section	.text.raise_to,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	raise_to
	.syntax unified
	.thumb
	.thumb_func
	.type	raise_to, %function
raise_to:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L77
.L80:
	vldmia.32	r1!, {s15}
	vldr.32	s14, [r2]
	vcmpe.f32	s15, s14
	vmrs	APSR_nzcv, FPSCR
	it	le
	vmovle.f32	s15, s14
	cmp	r0, r1
	vstmia.32	r2!, {s15}
	bne	.L80
.L77:
	bx	lr
	.size	raise_to, .-raise_to
	.section	.text.list_spikes,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	list_spikes
	.syntax unified
	.thumb
	.thumb_func
	.type	list_spikes, %function
list_spikes:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	beq	.L86
	push	{lr}
	add	lr, r3, #4
.L85:
	vldmia.32	r1!, {s15}
	mov	ip, lr
	vcmp.f32	s15, #0
	vmrs	APSR_nzcv, FPSCR
	itt	ne
	strne	r2, [ip], #4
	movne	lr, ip
	cmp	r0, r1
	add	r2, r2, #1
	bne	.L85
	sub	r2, lr, r3
	asrs	r2, r2, #2
	subs	r2, r2, #1
	str	r2, [r3]
	ldr	pc, [sp], #4
.L86:
	movs	r2, #0
	str	r2, [r3]
	bx	lr
	.size	list_spikes, .-list_spikes
	.section	.text.list_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	list_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	list_counts, %function
list_counts:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	add	r0, r1, r0, lsl #2
	cmp	r1, r0
	push	{r4, lr}
	beq	.L96
	add	lr, r3, #4
	movs	r4, #0
.L95:
	vldmia.32	r1!, {s15}
	vcmp.f32	s15, #0
	vmrs	APSR_nzcv, FPSCR
	mov	ip, lr
	beq	.L94
	str	r2, [ip], #8
	vcvt.u32.f32	s15, s15
	adds	r4, r4, #1
	vstr.32	s15, [lr, #4]	@ int
	mov	lr, ip
.L94:
	cmp	r0, r1
	add	r2, r2, #1
	bne	.L95
	str	r4, [r3]
	pop	{r4, pc}
.L96:
	movs	r4, #0
	str	r4, [r3]
	pop	{r4, pc}
	.size	list_counts, .-list_counts
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
