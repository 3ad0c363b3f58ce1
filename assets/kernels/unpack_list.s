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
	.file	"unpack_list.c"
	.text
	.section	.text.unpack_list,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	unpack_list
	.syntax unified
	.thumb
	.thumb_func
	.type	unpack_list, %function
unpack_list:
	@ args = 4, pretend = 0, frame = 16
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, r10, fp, lr}
	add	ip, r1, r2, lsl #2
	sub	sp, sp, #20
	cmp	r1, ip
	ldrd	r7, lr, [r3, #4]
	ldr	r2, [sp, #56]
	beq	.L11
	adds	r1, r1, #4
	ldr	r10, [r3]
	str	ip, [sp, #12]
	mov	r4, r0
	mov	r9, #-2147483648
	mov	r0, r1
	mov	r5, r3
.L10:
	ldrh	r6, [r0, #-4]
	ldrh	r8, [r0, #-2]
	str	r0, [sp, #8]
	add	r6, r4, r6, lsl #4
	mov	r1, r5
	lsl	r8, r8, #3
	adds	r6, r6, #4
	mov	r5, r4
	mov	fp, r2
.L6:
	ldr	r2, [r6, #-4]
	ands	r3, r2, #3
	sub	ip, r6, #4
	mov	r0, r6
	lsr	r4, r2, #8
	beq	.L9
	strd	r2, r6, [sp]
	adds	r3, r3, #1
	add	ip, ip, r3, lsl #2
.L8:
	uxtb	r3, r4
	add	r3, r10, r3, lsl #1
	ldr	r2, [r0], #4
	ldrh	r3, [r3, r8]
	str	r2, [r7, r3, lsl #2]
	lsrs	r6, r3, #5
	and	r3, r3, #31
	ldr	r2, [lr, r6, lsl #2]
	lsr	r3, r9, r3
	orrs	r2, r2, r3
	cmp	r0, ip
	str	r2, [lr, r6, lsl #2]
	lsr	r4, r4, #8
	bne	.L8
	ldrd	r2, r6, [sp]
.L9:
	lsls	r3, r2, #29
	add	r6, r6, #16
	bpl	.L6
	ldr	r0, [sp, #8]
	ldr	r3, [sp, #12]
	cmp	r3, r0
	mov	r4, r5
	mov	r2, fp
	mov	r5, r1
	add	r1, r0, #4
	beq	.L28
	mov	r0, r1
	b	.L10
.L28:
	mov	r3, r5
.L11:
	ldr	r1, [r3, #12]
	adds	r3, r2, #4
	cbz	r1, .L4
	add	r1, lr, r1, lsl #2
	movs	r5, #0
	sub	lr, lr, #4
	sub	ip, r1, #4
	mov	r4, r3
	mov	r8, r5
	mov	r6, #-2147483648
	mov	r9, r5
	b	.L14
.L12:
	cmp	ip, lr
	add	r9, r9, #32
	beq	.L29
.L14:
	ldr	r5, [lr, #4]!
	cmp	r5, #0
	beq	.L12
	str	r8, [lr]
	add	r0, r4, #8
.L13:
	clz	r1, r5
	add	r4, r1, r9
	str	r4, [r0, #-8]
	lsr	r1, r6, r1
	ldr	r4, [r7, r4, lsl #2]
	str	r4, [r0, #-4]
	bics	r5, r5, r1
	mov	r4, r0
	add	r0, r0, #8
	bne	.L13
	cmp	ip, lr
	add	r9, r9, #32
	bne	.L14
.L29:
	subs	r1, r4, r3
	asrs	r1, r1, #3
.L4:
	str	r1, [r2]
	add	sp, sp, #20
	@ sp needed
	pop	{r4, r5, r6, r7, r8, r9, r10, fp, pc}
	.size	unpack_list, .-unpack_list
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
