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
	.file	"broadcast.c"
	.text
	.section	.text.broadcast,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	broadcast
	.syntax unified
	.thumb
	.thumb_func
	.type	broadcast, %function
broadcast:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, lr}
	lsls	r6, r1, #4
	mov	r5, r2
	add	r2, r2, r3, lsl #3
	beq	.L1
	add	r4, r0, #16
	mov	lr, #0
	mov	ip, #-503316480
.L5:
	ldr	r3, [r4, #-16]
	str	r3, [ip]
	ldr	r3, [r4, #-12]
	str	r3, [ip, #4]
	ldr	r3, [r4, #-8]
	str	r3, [ip, #8]
	ldr	r3, [r4, #-4]
	str	r3, [ip, #12]
	cmp	r5, r2
	beq	.L3
	add	r3, r5, #8
.L4:
	ldr	r0, [r3, #-8]
	add	r0, r0, lr
	str	r0, [ip, #16]
	ldr	r0, [r3, #-4]
	str	r0, [ip, #20]
	cmp	r2, r3
	add	r3, r3, #8
	bne	.L4
.L3:
	add	lr, lr, #16
	cmp	lr, r6
	add	r4, r4, #16
	bne	.L5
.L1:
	pop	{r4, r5, r6, pc}
	.size	broadcast, .-broadcast
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
