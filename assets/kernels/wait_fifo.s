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
	.file	"wait_fifo.c"
	.text
	.section	.text.fifo_polling,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fifo_polling
	.syntax unified
	.thumb
	.thumb_func
	.type	fifo_polling, %function
fifo_polling:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	push	{r4, r5, r6, r7, r8, r9, lr}
	ldr	r9, .L14
	mov	r6, #-503316480
.L3:
	ldr	r3, [r0]
	cmp	r3, #0
	bne	.L12
.L6:
	ldr	r3, [r1]
	ldr	r4, [r6, #64]
	cmp	r3, r4
	add	r2, r3, #20
	beq	.L3
	ldr	r4, [r3]
	ldr	ip, [r1, #12]
	ldr	r7, [r3, #4]
	lsr	lr, r4, #24
	and	r5, r4, r9
	ldr	r8, [ip, lr, lsl #3]
	str	r7, [r8, r5]
	add	ip, ip, lr, lsl #3
	add	lr, r8, r5
	ldr	r7, [r3, #8]
	ldr	r5, [r1, #8]
	str	r7, [lr, #4]
	ldr	r7, [r3, #12]
	str	r7, [lr, #8]
	ldr	r3, [r3, #16]
	str	r3, [lr, #12]
	cmp	r2, r5
	beq	.L13
.L4:
	lsls	r3, r4, #31
	str	r2, [r1]
	str	r2, [r6, #68]
	bpl	.L3
	ldr	r3, [ip, #4]
	ldr	r2, [r3]
	ldr	r4, [r3, #4]
	adds	r2, r2, #1
	subs	r4, r4, r2
	clz	r4, r4
	lsrs	r4, r4, #5
	str	r2, [r3]
	str	r4, [r3, #8]
	ldr	r3, [r0]
	cmp	r3, #0
	beq	.L6
.L12:
	pop	{r4, r5, r6, r7, r8, r9, pc}
.L13:
	ldr	r2, [r1, #4]
	b	.L4
.L15:
	.align	2
.L14:
	.word	16777200
	.size	fifo_polling, .-fifo_polling
	.section	.text.fifo_sleeping,"ax",%progbits
	.align	1
	.p2align 2,,3
	.global	fifo_sleeping
	.syntax unified
	.thumb
	.thumb_func
	.type	fifo_sleeping, %function
fifo_sleeping:
	@ args = 0, pretend = 0, frame = 0
	@ frame_needed = 0, uses_anonymous_args = 0
	.syntax unified
@ 66 "wait_fifo.c" 1
	cpsid i
@ 0 "" 2
	.thumb
	.syntax unified
	ldr	r3, [r0]
	cmp	r3, #0
	bne	.L28
	push	{r4, r5, r6, r7, r8, r9, lr}
	ldr	r9, .L34
	mov	lr, #-503316480
	b	.L21
.L18:
	ldr	r6, [r3]
	ldr	r5, [r1, #12]
	ldr	r7, [r3, #4]
	lsr	ip, r6, #24
	and	r8, r6, r9
	ldr	r2, [r5, ip, lsl #3]
	str	r7, [r2, r8]
	add	r2, r2, r8
	ldr	r7, [r3, #8]
	str	r7, [r2, #4]
	ldr	r7, [r3, #12]
	ldr	r8, [r1, #8]
	str	r7, [r2, #8]
	ldr	r3, [r3, #16]
	str	r3, [r2, #12]
	cmp	r4, r8
	add	r5, r5, ip, lsl #3
	beq	.L31
.L20:
	lsls	r3, r6, #31
	str	r4, [r1]
	str	r4, [lr, #68]
	bmi	.L32
.L19:
	.syntax unified
@ 71 "wait_fifo.c" 1
	cpsie i
@ 0 "" 2
@ 66 "wait_fifo.c" 1
	cpsid i
@ 0 "" 2
	.thumb
	.syntax unified
	ldr	r3, [r0]
	cbnz	r3, .L33
.L21:
	ldr	r3, [r1]
	ldr	r2, [lr, #64]
	cmp	r3, r2
	add	r4, r3, #20
	bne	.L18
	.syntax unified
@ 70 "wait_fifo.c" 1
	wfi
@ 0 "" 2
@ 71 "wait_fifo.c" 1
	cpsie i
@ 0 "" 2
@ 66 "wait_fifo.c" 1
	cpsid i
@ 0 "" 2
	.thumb
	.syntax unified
	ldr	r3, [r0]
	cmp	r3, #0
	beq	.L21
.L33:
	.syntax unified
@ 73 "wait_fifo.c" 1
	cpsie i
@ 0 "" 2
	.thumb
	.syntax unified
	pop	{r4, r5, r6, r7, r8, r9, pc}
.L32:
	ldr	r3, [r5, #4]
	ldr	r2, [r3]
	ldr	r4, [r3, #4]
	adds	r2, r2, #1
	subs	r4, r4, r2
	clz	r4, r4
	lsrs	r4, r4, #5
	str	r2, [r3]
	str	r4, [r3, #8]
	b	.L19
.L31:
	ldr	r4, [r1, #4]
	b	.L20
.L28:
	.syntax unified
@ 73 "wait_fifo.c" 1
	cpsie i
@ 0 "" 2
	.thumb
	.syntax unified
	bx	lr
.L35:
	.align	2
.L34:
	.word	16777200
	.size	fifo_sleeping, .-fifo_sleeping
	.ident	"GCC: (15:12.2.rel1-1) 12.2.1 20221205"
