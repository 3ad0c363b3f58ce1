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
	.file	"send_events.c"
	.text
	.section	.text.send_keys,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	send_keys
	.syntax unified
	.thumb
	.thumb_func
	.type	send_keys, %function
send_keys:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	ldr	r3, [r0], #4
	cbz	r3, .L9
	push	{r4}
	mov	r2, #-503316480
.L3:
	ldr	r4, [r0], #4
	str	r4, [r2, #16]
	subs	r3, r3, #1
	str	r1, [r2, #20]
	bne	.L3
	ldr	r4, [sp], #4
	bx	lr
.L9:
	bx	lr
	.size	send_keys, .-send_keys
	.section	.text.send_counts,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	send_counts
	.syntax unified
	.thumb
	.thumb_func
	.type	send_counts, %function
send_counts:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	ldr	r3, [r0]
	cbz	r3, .L21
	push	{r4, r5}
	adds	r0, r0, #12
	mov	r2, #-503316480
.L15:
	ldrd	r4, r5, [r0, #-8]
	subs	r3, r3, #1
	str	r5, [r2]
	add	r0, r0, #8
	str	r4, [r2, #16]
	str	r1, [r2, #20]
	bne	.L15
	pop	{r4, r5}
	bx	lr
.L21:
	bx	lr
	.size	send_counts, .-send_counts
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
