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
	.file	"timer_log.c"
	.text
	.section	.text.timer_log,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	timer_log
	.syntax unified
	.thumb
	.thumb_func
	.type	timer_log, %function
timer_log:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	ldr	r3, [r0, #4]
	mov	r2, #-520093696
	push	{r4}
	ldr	r1, [r2, #4]
	ldr	r2, [r0]
	adds	r4, r3, #1
	ubfx	r3, r3, #0, #10
	adds	r3, r3, #2
	subs	r2, r2, r1
	str	r4, [r0, #4]
	str	r2, [r0, r3, lsl #2]
	ldr	r4, [sp], #4
	str	r1, [r0]
	bx	lr
	.size	timer_log, .-timer_log
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
