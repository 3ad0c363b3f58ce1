/* Sends a block of SRAM to a list of QPEs as NoC packets of 16 payload bytes (the scene's broadcast mode QpeMulticast).
 *
 * The payload stays in the transmit slot while the packet goes to one destination after the other. The slot is not
 * polled: the NoC takes a packet per cycle of its own, faster clock, long before the core's next trigger.
 */
#include "registers.h"

struct destination {
    uint32_t address; /* of the block's first byte in the receivers' SRAM */
    uint32_t command; /* QPE, which of its four PEs, packet type */
};

void broadcast(const uint32_t *block, uint32_t packets, const struct destination *list, uint32_t destinations)
{
    const struct destination *const end = list + destinations;

    for (uint32_t offset = 0; offset != 16 * packets; offset += 16) {
        COMMS->tdr[0] = *block++;
        COMMS->tdr[1] = *block++;
        COMMS->tdr[2] = *block++;
        COMMS->tdr[3] = *block++;
        for (const struct destination *d = list; d != end; ++d) {
            COMMS->tkr = d->address + offset;
            COMMS->tcr = d->command;
        }
    }
}
