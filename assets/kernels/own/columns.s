/* Matrix kernels for sparse activity, written for the core's timings instead of left to the compiler. Layouts, arguments and bits are
 * those of csr_row and csc_event8 (../csr_row.c, ../csc_event.c), so a scene can name them in their place: docs/own-kernels.md.
 *
 * What is gained:
 *   - Loads of one kind stand together, so that LDRs pipeline; one VLDM takes the values of a column.
 *   - A column of up to seven non-zeros has straight code for its number, reached by a table branch: no loop, and no result is used by
 *     the instruction after it.
 *   - Sources are looked at in pairs, eight to a turn.
 */
    .file   "columns.s"
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .altmacro

/* Single s\k from and to the address in \a, and its product. */
.macro load_single k, a
    vldr    s\k, [\a]
.endm
.macro store_single k, a
    vstr    s\k, [\a]
.endm
.macro multiply_add k, value
    vfma.f32 s\k, s\value, s15
.endm

/* Adds a column's non-zeros: values at lr, row numbers at r12, the event in s15, the sums at r5. The rows' addresses are made in the
 * registers \rows; \last is the number of these less one. */
.macro column back, last, rows:vararg
    .if     \last > 0
    vldmia  lr, {s0-s\last}
    .else
    vldmia  lr, {s0}
    .endif
    .set    k, 0
    .irp    row, \rows
    ldrb    \row, [r12, #k]
    .set    k, k + 1
    .endr
    .irp    row, \rows
    add     \row, r5, \row, lsl #2
    .endr
    .set    k, 7
    .irp    row, \rows
    load_single %k, \row
    .set    k, k + 1
    .endr
    .set    k, 7
    .irp    row, \rows
    multiply_add %k, %(k - 7)
    .set    k, k + 1
    .endr
    .set    k, 7
    .irp    row, \rows
    store_single %k, \row
    .set    k, k + 1
    .endr
    b       \back
.endm

/* A source that is active: its value is in \own, its number in the model \offset / 2 behind the one that r3 stands at. */
.macro active name, back, offset, own
\name:
    add     r6, r2, r3
    vmov    s15, \own
    ldrh    r12, [r6, #\offset]
    ldrh    r9, [r6, #\offset + 2]
    sub     r9, r9, r12             @ non-zeros
    add     lr, r0, r12, lsl #2
    add     r12, r12, r1
    cmp     r9, #7
    bhi     many\name
few\name:
    tbb     [pc, r9]
table\name:
    .byte   (none\name - table\name) / 2, (one\name - table\name) / 2, (two\name - table\name) / 2
    .byte   (three\name - table\name) / 2, (four\name - table\name) / 2, (five\name - table\name) / 2
    .byte   (six\name - table\name) / 2, (seven\name - table\name) / 2
none\name:
    b       \back
one\name:
    column  \back, 0, r12
two\name:
    column  \back, 1, \own, r12
three\name:
    column  \back, 2, \own, r6, r12
four\name:
    column  \back, 3, \own, r6, r9, r12
five\name:
    column  \back, 4, \own, r6, r9, r10, r12
six\name:
    column  \back, 5, \own, r6, r9, r10, r11, r12
seven\name:
    column  \back, 6, \own, r6, r9, r10, r11, lr, r12
many\name:                          @ four at a time until seven or fewer are left
    vldmia  lr!, {s0-s3}
    .irp    row, \own, r6, r10, r11
    ldrb    \row, [r12], #1
    .endr
    .irp    row, \own, r6, r10, r11
    add     \row, r5, \row, lsl #2
    .endr
    .set    k, 7
    .irp    row, \own, r6, r10, r11
    load_single %k, \row
    .set    k, k + 1
    .endr
    vfma.f32 s7, s0, s15
    vfma.f32 s8, s1, s15
    vfma.f32 s9, s2, s15
    vfma.f32 s10, s3, s15
    .set    k, 7
    .irp    row, \own, r6, r10, r11
    store_single %k, \row
    .set    k, k + 1
    .endr
    subs    r9, r9, #4
    cmp     r9, #7
    bhi     many\name
    b       few\name
.endm

/* Two sources: is either active? */
.macro pair offset, first, second
    ldrh    r7, [r3, #\offset]
    ldrh    r8, [r3, #\offset + 2]
    ldr     r7, [r4, r7, lsl #2]
    ldr     r8, [r4, r8, lsl #2]
    lsls    r9, r7, #1
    bne     \first
back\first:
    lsls    r9, r8, #1
    bne     \second
back\second:
.endm

/* csc_event_fast8(value, row, column_start, source, sources, x, sum, rows) */
    .section .text.csc_event_fast8, "ax", %progbits
    .global csc_event_fast8
    .type   csc_event_fast8, %function
    .thumb_func
    .balign 4
csc_event_fast8:
    push    {r4-r11, lr}
    ldr     r8, [sp, #36]           @ sources
    ldr     r4, [sp, #40]           @ x
    ldr     r5, [sp, #44]           @ sum
    ldr     r9, [sp, #48]           @ rows
    /* Clear the sums: eight to a store, then one by one. */
    mov     r12, #0
    vmov    s0, r12
    .irp    single, s1, s2, s3, s4, s5, s6, s7
    vmov.f32 \single, s0
    .endr
    mov     r10, r5
    subs    r9, r9, #8
    bmi     2f
1:  vstmia  r10!, {s0-s7}
    subs    r9, r9, #8
    bpl     1b
2:  adds    r9, r9, #8
    beq     4f
3:  vstmia  r10!, {s0}
    subs    r9, r9, #1
    bne     3b
4:  sub     r2, r2, r3              @ [r2, r3] is column_start of the source at r3
    and     r9, r8, #7
    bic     r8, r8, #7
    add     r8, r3, r8, lsl #1
    push    {r8, r9}                @ end of the turns, sources left
    cmp     r3, r8
    beq     rest
turn:
    pair    0, a0, a1
    pair    4, a2, a3
    pair    8, a4, a5
    pair    12, a6, a7
    ldr     r6, [sp]
    adds    r3, r3, #16
    cmp     r3, r6
    bne     turn
rest:
    ldr     r6, [sp, #4]
    cbz     r6, done
single:
    ldrh    r7, [r3]
    str     r6, [sp, #4]
    ldr     r7, [r4, r7, lsl #2]
    lsls    r9, r7, #1
    bne     last
backlast:
    ldr     r6, [sp, #4]
    adds    r3, r3, #2
    subs    r6, r6, #1
    bne     single
done:
    add     sp, sp, #8
    pop     {r4-r11, pc}

    active  a0, backa0, 0, r7
    active  a1, backa1, 2, r8
    active  a2, backa2, 4, r7
    active  a3, backa3, 6, r8
    active  a4, backa4, 8, r7
    active  a5, backa5, 10, r8
    active  a6, backa6, 12, r7
    active  a7, backa7, 14, r8
    active  last, backlast, 0, r7
    .size   csc_event_fast8, .-csc_event_fast8

/* csr_row_fast(value, column, row_start, rows, x, sum) */
    .section .text.csr_row_fast, "ax", %progbits
    .global csr_row_fast
    .type   csr_row_fast, %function
    .thumb_func
    .balign 4

/* Adds \count non-zeros to the row's sum. */
.macro row_part count, last
    .if     \count > 1
    ldmia   r1!, {r4-r\last}
    .else
    ldr     r4, [r1], #4
    .endif
    row_values %(\count - 1)
    .irp    column, r4, r5, r6, r7
    .if     k < \count
    add     \column, lr, \column, lsl #2
    .endif
    .set    k, k + 1
    .endr
    .set    k, 0
    .irp    column, r4, r5, r6, r7
    .if     k < \count
    load_single %(k + 4), \column
    .endif
    .set    k, k + 1
    .endr
    .set    k, 0
    .rept   \count
    row_add %k, %(k + 4)
    .set    k, k + 1
    .endr
.endm
.macro row_values last
    .if     \last > 0
    vldmia  r0!, {s0-s\last}
    .else
    vldmia  r0!, {s0}
    .endif
    .set    k, 0
.endm
.macro row_add value, source
    vfma.f32 s15, s\value, s\source
.endm
.macro row_end
    subs    r3, r3, #1
    mov     r11, r10
    vstmia  r12!, {s15}
    bne     row
    pop     {r4-r11, pc}
.endm

csr_row_fast:
    push    {r4-r11, lr}
    ldr     lr, [sp, #36]           @ x
    ldr     r12, [sp, #40]          @ sum
    cmp     r3, #0
    beq     nothing
    mov     r4, #0
    vmov    s14, r4
    ldr     r11, [r2], #4           @ first non-zero of the row
row:
    ldr     r10, [r2], #4           @ first one of the next
    vmov.f32 s15, s14
    sub     r11, r10, r11
    lsrs    r9, r11, #2
    and     r11, r11, #3
    beq     row_rest
row_four:
    row_part 4, 7
    subs    r9, r9, #1
    bne     row_four
row_rest:
    tbb     [pc, r11]
row_table:
    .byte   (row_0 - row_table) / 2, (row_1 - row_table) / 2, (row_2 - row_table) / 2, (row_3 - row_table) / 2
row_0:
    row_end
row_1:
    row_part 1, 4
    row_end
row_2:
    row_part 2, 5
    row_end
row_3:
    row_part 3, 6
    row_end
nothing:
    pop     {r4-r11, pc}
    .size   csr_row_fast, .-csr_row_fast
