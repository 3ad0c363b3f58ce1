/* Memory-mapped blocks that the kernels touch.
 *
 * Base addresses and register names are those of the JIB1 prototype (spinnaker_2_tools, branch Spin2_api, 2022); the
 * product chip's may differ. The order of registers within a block, and the meaning of single bits, are NOT published
 * in what we could read: they are ours, and no cycle count depends on them.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

/* exp/log accelerator, FP32 mode (the product chip has it, the prototype computed fixed point only): store the operand,
 * load the result. The load waits until the result is there: that wait is not in the listing. */
struct exp_unit {
    volatile float operand;
    volatile float result;
};
#define EXP_UNIT ((struct exp_unit *)0xE0100100u)

/* Random-number unit of the PE: a load gives the next number of 32 bits (one a cycle, CHIP26). */
struct random_unit {
    volatile uint32_t number;
};
#define RANDOM_UNIT ((struct random_unit *)0xE0100000u)

/* A 32-bit down-counter at 1 MHz. */
struct timer {
    volatile uint32_t load, count, int_clear;
};
#define TIMER1 ((struct timer *)0xE1000000u)

/* Communication block: one transmit slot (payload, remote address or key, command that triggers), the receive
 * registers, and the DMA engine. */
struct comms {
    volatile uint32_t tdr[4]; /* payload, 128 bits */
    volatile uint32_t tkr;    /* remote address or key */
    volatile uint32_t tcr;    /* route and type; writing it sends the packet */
    volatile uint32_t rkr;    /* key of the watched write that raised the interrupt */
    volatile uint32_t rcr;    /* writing it clears that interrupt */
    volatile uint32_t local_addr, remote_addr, dma_len, dma_cmd, dma_done;
};
#define COMMS ((struct comms *)0xE2000000u)

/* MAC array: a times b, both of signed bytes, rows of a (a vector each) times rows of b (an output each), into 32-bit sums
 * in the order of the vectors. It reads and writes the PE's SRAM. The registers' names are the prototype's; that b lies row
 * after row, and how the end is told, are ours. */
struct mac {
    volatile uint32_t source_a, source_b, target, rows_a, cols_a_rows_b, cols_b;
    volatile uint32_t trigger, done;
};
#define MAC ((struct mac *)0xE3000000u)

/* A sum as the array leaves it, and as the core needs it. */
union mac_sum {
    int32_t whole;
    float scaled;
};

/* Starts the array and sleeps until it has ended. An event that comes before the core sleeps is not lost. */
static inline void mac_run(void)
{
    MAC->trigger = 1;
    do
        __asm__ volatile("wfe" ::: "memory");
    while (!MAC->done);
}

/* Receive ring of the event handler: how far it has written and how far the core has read, as addresses in SRAM. (The
 * prototype has two, with start, end, read, write and limit each.) */
struct events {
    volatile uint32_t write, read;
};
#define EVENTS ((struct events *)0xE2000040u)

#endif
