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
	.file	"poisson.c"
	.text
	.section	.text.poisson,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	poisson
	.syntax unified
	.thumb
	.thumb_func
	.type	poisson, %function
poisson:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, lr}
	add	lr, r2, r0
	cmp	r2, lr
	beq	.L5
	ldr	r4, .L9
	add	ip, r3, #4
.L4:
	str	r2, [ip]
	ldr	r0, [r4]
	adds	r2, r2, #1
	cmp	r0, r1
	it	cc
	addcc	ip, ip, #4
	cmp	r2, lr
	bne	.L4
	sub	r2, ip, r3
	asrs	r2, r2, #2
	subs	r2, r2, #1
	str	r2, [r3]
	pop	{r4, pc}
.L5:
	movs	r2, #0
	str	r2, [r3]
	pop	{r4, pc}
.L10:
	.align	2
.L9:
	.word	-535822336
	.size	poisson, .-poisson
	.section	.text.poisson_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	poisson_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	poisson_counts, %function
poisson_counts:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, lr}
	add	lr, r2, r0
	cmp	r2, lr
	beq	.L15
	ldr	r5, .L18
	add	ip, r3, #4
	movs	r4, #1
.L14:
	strd	r2, r4, [ip]
	ldr	r0, [r5]
	adds	r2, r2, #1
	cmp	r1, r0
	it	hi
	addhi	ip, ip, #8
	cmp	r2, lr
	bne	.L14
	sub	r2, ip, r3
	asrs	r2, r2, #2
	subs	r2, r2, #1
	lsrs	r2, r2, #1
	str	r2, [r3]
	pop	{r4, r5, pc}
.L15:
	movs	r2, #0
	str	r2, [r3]
	pop	{r4, r5, pc}
.L19:
	.align	2
.L18:
	.word	-535822336
	.size	poisson_counts, .-poisson_counts
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
