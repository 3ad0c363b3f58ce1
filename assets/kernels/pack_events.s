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
	.file	"pack_events.c"
	.text
	.section	.text.pack_events,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	pack_events
	.syntax unified
	.thumb
	.thumb_func
	.type	pack_events, %function
pack_events:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, lr}
	cbz	r1, .L7
	movs	r3, #0
	mov	ip, r2
	mov	lr, #8
	mov	r5, r3
.L6:
	ldr	r4, [r0], #4
	cbnz	r4, .L14
.L3:
	adds	r3, r3, #1
	cmp	r1, r3
	bne	.L6
	sub	r0, ip, r2
	orr	r5, r5, #4
	asrs	r0, r0, #4
	adds	r0, r0, #1
	str	r5, [ip]
	pop	{r4, r5, r6, r7, pc}
.L14:
	cmp	lr, #32
	beq	.L4
	mov	r7, lr
	and	r6, r5, #3
	add	lr, lr, #8
.L5:
	lsl	r7, r3, r7
	add	r6, ip, r6, lsl #2
	orrs	r5, r5, r7
	str	r4, [r6, #4]
	adds	r5, r5, #1
	b	.L3
.L4:
	movs	r6, #0
	str	r5, [ip], #16
	movs	r7, #8
	mov	r5, r6
	mov	lr, #16
	b	.L5
.L7:
	mov	ip, r2
	movs	r5, #4
	movs	r0, #1
	str	r5, [ip]
	pop	{r4, r5, r6, r7, pc}
	.size	pack_events, .-pack_events
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
