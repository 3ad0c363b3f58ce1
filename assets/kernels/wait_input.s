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
	.file	"wait_input.c"
	.text
	.section	.text.wait_polling,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	wait_polling
	.syntax unified
	.thumb
	.thumb_func
	.type	wait_polling, %function
wait_polling:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
.L2:
	ldr	r3, [r0]
	cmp	r3, #0
	beq	.L2
	movs	r3, #0
	str	r3, [r0]
	bx	lr
	.size	wait_polling, .-wait_polling
	.section	.text.wait_sleeping,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	wait_sleeping
	.syntax unified
	.thumb
	.thumb_func
	.type	wait_sleeping, %function
wait_sleeping:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	b	.L11
.L8:
	.syntax unified
@ 19 "wait_input.c" 1
	wfi
@ 0 "" 2
@ 20 "wait_input.c" 1
	cpsie i
@ 0 "" 2
	.thumb
	.syntax unified
.L11:
	.syntax unified
@ 21 "wait_input.c" 1
	cpsid i
@ 0 "" 2
	.thumb
	.syntax unified
	ldr	r3, [r0]
	cmp	r3, #0
	beq	.L8
	movs	r3, #0
	str	r3, [r0]
	.syntax unified
@ 24 "wait_input.c" 1
	cpsie i
@ 0 "" 2
	.thumb
	.syntax unified
	bx	lr
	.size	wait_sleeping, .-wait_sleeping
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
