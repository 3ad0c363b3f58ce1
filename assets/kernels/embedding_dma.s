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
	.file	"embedding_dma.c"
	.text
	.section	.text.embedding_dma_start,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	embedding_dma_start
	.syntax unified
	.thumb
	.thumb_func
	.type	embedding_dma_start, %function
embedding_dma_start:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	mov	r3, #-503316480
	ldr	r2, [r0, #8]
	push	{r4}
	str	r2, [r3, #32]
	ldrd	r2, r4, [r0]
	mla	r2, r1, r4, r2
	movs	r1, #1
	str	r2, [r3, #36]
	str	r4, [r3, #40]
	ldr	r4, [sp], #4
	str	r1, [r3, #44]
	bx	lr
	.size	embedding_dma_start, .-embedding_dma_start
	.section	.text.embedding_dma_isr,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	embedding_dma_isr
	.syntax unified
	.thumb
	.thumb_func
	.type	embedding_dma_isr, %function
embedding_dma_isr:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	@ link register save eliminated.
	ldr	r2, .L5
	mov	r1, #-503316480
	movs	r3, #1
	str	r3, [r1, #48]
	str	r3, [r2]
	bx	lr
.L6:
	.align	2
.L5:
	.word	input_ready
	.size	embedding_dma_isr, .-embedding_dma_isr
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
