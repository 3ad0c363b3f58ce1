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
	.file	"receive_isr.c"
	.text
	.section	.text.receive_isr,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	receive_isr
	.syntax unified
	.thumb
	.thumb_func
	.type	receive_isr, %function
receive_isr:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	mov	r2, #-503316480
	ldr	r0, .L4
	ldr	r3, [r2, #24]
	uxtb	r3, r3
	movs	r1, #1
	str	r1, [r2, #28]
	ldr	r2, [r0, r3, lsl #2]
	ldrd	r3, r0, [r2]
	add	r3, r3, r1
	cmp	r0, r3
	itt	eq
	moveq	r3, #0
	streq	r1, [r2, #8]
	str	r3, [r2]
	bx	lr
.L5:
	.align	2
.L4:
	.word	buffer_of_block
	.size	receive_isr, .-receive_isr
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
