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
	.file	"unpack_dense.c"
	.text
	.section	.text.unpack_dense,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	unpack_dense
	.syntax unified
	.thumb
	.thumb_func
	.type	unpack_dense, %function
unpack_dense:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, lr}
	add	r8, r1, r2, lsl #2
	cmp	r1, r8
	beq	.L1
	mov	r6, r1
	mov	r9, r0
	mov	r7, r3
	movs	r4, #0
.L8:
	ldrh	r5, [r6, #2]
	ldrh	r3, [r6, #6]
	add	r5, r7, r5, lsl #4
	add	r3, r7, r3, lsl #4
	cmp	r5, r3
	beq	.L3
	mov	r2, r5
.L4:
	str	r4, [r2]	@ unaligned
	str	r4, [r2, #4]	@ unaligned
	str	r4, [r2, #8]	@ unaligned
	str	r4, [r2, #12]	@ unaligned
	adds	r2, r2, #16
	cmp	r3, r2
	bne	.L4
.L3:
	ldrh	r1, [r6]
	add	r1, r9, r1, lsl #4
	adds	r1, r1, #4
.L7:
	ldr	r10, [r1, #-4]
	ands	r3, r10, #3
	sub	r0, r1, #4
	mov	r2, r1
	lsr	ip, r10, #8
	beq	.L5
	adds	r3, r3, #1
	add	r0, r0, r3, lsl #2
.L6:
	ldr	r3, [r2], #4
	uxtb	lr, ip
	cmp	r2, r0
	str	r3, [r5, lr, lsl #2]
	lsr	ip, ip, #8
	bne	.L6
.L5:
	tst	r10, #4
	add	r1, r1, #16
	beq	.L7
	adds	r6, r6, #4
	cmp	r8, r6
	bne	.L8
.L1:
	pop	{r4, r5, r6, r7, r8, r9, r10, pc}
	.size	unpack_dense, .-unpack_dense
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
