/* Waits for input that comes through the event router: the event handler has put packets into a ring in SRAM without
 * interrupting the core, which takes them out here, one by one, until all it waits for is there.
 */
#include "registers.h"

struct entry {
    uint32_t key; /* bits 31:24 place number, 23:4 byte offset, bit 0 last packet of its block */
    uint32_t payload[4];
};

struct arrivals {
    uint32_t arrived;
    uint32_t expected;
    volatile uint32_t ready;
};

struct place {
    uint8_t *buffer;
    struct arrivals *arrivals;
};

struct ring {
    const struct entry *read, *start, *end;
    const struct place *place;
};

static inline int take(struct ring *ring)
{
    const struct entry *const entry = ring->read;
    if (entry == (const struct entry *)EVENTS->write)
        return 0;
    const uint32_t key = entry->key;
    const struct place *const place = ring->place + (key >> 24);
    uint32_t *const to = (uint32_t *)(place->buffer + (key & 0xfffff0));
    to[0] = entry->payload[0];
    to[1] = entry->payload[1];
    to[2] = entry->payload[2];
    to[3] = entry->payload[3];
    const struct entry *next = entry + 1;
    if (__builtin_expect(next == ring->end, 0)) {
        next = ring->start;
        __asm__ volatile(""); /* a branch, then: a load under a condition would make every entry pay for it */
    }
    ring->read = next;
    EVENTS->read = (uint32_t)next;
    if (__builtin_expect(key & 1, 0)) {
        struct arrivals *const arrivals = place->arrivals;
        const uint32_t arrived = arrivals->arrived + 1;
        arrivals->arrived = arrived;
        arrivals->ready = arrived == arrivals->expected;
    }
    return 1;
}

/* Looks at the ring again and again. */
void fifo_polling(const volatile uint32_t *ready, struct ring *ring)
{
    while (!*ready)
        take(ring);
}

/* Sleeps while it is empty; the event handler interrupts when it is not. */
void fifo_sleeping(const volatile uint32_t *ready, struct ring *ring)
{
    for (;;) {
        __asm__ volatile("cpsid i" ::: "memory"); /* or the interrupt could come between the look and the WFI */
        if (*ready)
            break;
        if (!take(ring))
            __asm__ volatile("wfi" ::: "memory");
        __asm__ volatile("cpsie i" ::: "memory");
    }
    __asm__ volatile("cpsie i" ::: "memory");
}
