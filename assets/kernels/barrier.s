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
	.file	"barrier.c"
	.text
	.section	.text.barrier_collect,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	barrier_collect
	.syntax unified
	.thumb
	.thumb_func
	.type	barrier_collect, %function
barrier_collect:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	add	r1, r0, r1, lsl #2
	cmp	r0, r1
	beq	.L1
.L3:
	ldr	r3, [r0]
	cmp	r3, r2
	bne	.L3
	adds	r0, r0, #4
	cmp	r1, r0
	bne	.L3
.L1:
	bx	lr
	.size	barrier_collect, .-barrier_collect
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
