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
	.file	"dma_send.c"
	.text
	.section	.text.dma_send,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	dma_send
	.syntax unified
	.thumb
	.thumb_func
	.type	dma_send, %function
dma_send:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	add	r3, r2, r3, lsl #3
	cmp	r2, r3
	beq	.L7
	push	{r4, lr}
	adds	r2, r2, #8
	mov	ip, #-503316480
.L3:
	str	r0, [ip, #32]
	ldr	r4, [r2, #-8]
	str	r4, [ip, #36]
	str	r1, [ip, #40]
	ldr	r4, [r2, #-4]
	str	r4, [ip, #44]
	cmp	r2, r3
	mov	lr, r2
	add	r2, r2, #8
	bne	.L3
	pop	{r4, pc}
.L7:
	bx	lr
	.size	dma_send, .-dma_send
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
