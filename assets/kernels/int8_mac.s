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
	.file	"int8_mac.c"
	.text
	.section	.text.int8_mac,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	int8_mac
	.syntax unified
	.thumb
	.thumb_func
	.type	int8_mac, %function
int8_mac:
	@ args = 16, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	ldr	r4, [sp, #20]
	ldrd	r5, r6, [sp, #28]
	mov	ip, #-486539264
	mov	lr, r0
	adds	r7, r2, #3
	add	r2, r2, r4
	vldmia.32	r5!, {s13}
	bic	r0, r7, #3
	cmp	r4, r2
	ldr	r7, [sp, #24]
	str	r4, [ip]
	str	lr, [ip, #4]
	mov	lr, #1
	str	r6, [ip, #8]
	str	lr, [ip, #12]
	str	r0, [ip, #16]
	str	r7, [ip, #20]
	mov	ip, r6
	beq	.L2
	vmov.f32	s11, #5.0e-1
	vmov.f32	s12, #-5.0e-1
	mvn	lr, #126
.L4:
	ldrh	r0, [r1], #2
	add	r0, r3, r0, lsl #2
	vldr.32	s15, [r0]
	vmul.f32	s15, s13, s15
	vmov	r0, s15	@ int
	cmp	r0, #0
	ite	lt
	vmovlt.f32	s14, s12
	vmovge.f32	s14, s11
	vadd.f32	s15, s15, s14
	vcvt.s32.f32	s15, s15
	vmov	r0, s15	@ int
	cmp	r0, lr
	it	lt
	movlt	r0, lr
	cmp	r0, #127
	it	ge
	movge	r0, #127
	strb	r0, [r4], #1
	cmp	r2, r4
	bne	.L4
.L2:
	mov	r2, #-486539264
	movs	r3, #1
	str	r3, [r2, #24]
.L5:
	.syntax unified
@ 64 "registers.h" 1
	wfe
@ 0 "" 2
	.thumb
	.syntax unified
	ldr	r3, [r2, #28]
	cmp	r3, #0
	beq	.L5
	add	r3, r6, r7, lsl #2
	cmp	r6, r3
	beq	.L1
.L7:
	vldr.32	s15, [ip]	@ int
	vldmia.32	r5!, {s14}
	vcvt.f32.s32	s15, s15
	vmul.f32	s15, s15, s14
	vstmia.32	ip!, {s15}
	cmp	ip, r3
	bne	.L7
.L1:
	pop	{r4, r5, r6, r7, pc}
	.size	int8_mac, .-int8_mac
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
