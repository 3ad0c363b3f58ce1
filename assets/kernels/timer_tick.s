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
	.file	"timer_tick.c"
	.text
	.section	.text.timer_tick,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	timer_tick
	.syntax unified
	.thumb
	.thumb_func
	.type	timer_tick, %function
timer_tick:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	ldr	r2, .L3
	mov	r1, #-520093696
	movs	r3, #1
	str	r3, [r1, #8]
	str	r3, [r2]
	bx	lr
.L4:
	.align	2
.L3:
	.word	tick_ready
	.size	timer_tick, .-timer_tick
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
