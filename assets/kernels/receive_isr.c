/* Interrupt handler of a watched write: somebody's block of y has arrived in one of our buffers.
 *
 * It asks which block it was, counts the arrival for that block's buffer and, once all expected blocks are there, raises
 * the flag that the main loop waits for and starts the next count.
 */
#include "registers.h"

struct arrivals {
    uint32_t arrived;
    uint32_t expected;
    volatile uint32_t ready;
};

/* Which buffer each source block belongs to; written by the host before the run. */
extern struct arrivals *const buffer_of_block[256];

void receive_isr(void)
{
    struct arrivals *const buffer = buffer_of_block[COMMS->rkr & 0xff];
    COMMS->rcr = 1;
    const uint32_t arrived = buffer->arrived + 1;
    if (arrived == buffer->expected) {
        buffer->arrived = 0;
        buffer->ready = 1;
    } else {
        buffer->arrived = arrived;
    }
}
