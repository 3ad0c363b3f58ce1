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
	.file	"clear.c"
	.text
	.section	.text.clear,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	clear
	.syntax unified
	.thumb
	.thumb_func
	.type	clear, %function
clear:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r1, r0, r1, lsl #2
	cmp	r0, r1
	beq	.L1
	movs	r2, #0
.L3:
	mov	r3, r0
	adds	r0, r0, #4
	cmp	r1, r0
	str	r2, [r3]
	bne	.L3
.L1:
	bx	lr
	.size	clear, .-clear
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
