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

/* Receive ring of the event handler: how far it has written and how far the core has read, as addresses in SRAM. (The
 * prototype has two, with start, end, read, write and limit each.) */
struct events {
    volatile uint32_t write, read;
};
#define EVENTS ((struct events *)0xE2000040u)

#endif
