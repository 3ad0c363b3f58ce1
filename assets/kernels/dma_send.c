/* Sends a block of SRAM to one PE after the other by DMA (the scene's broadcast mode Dma): the core only programs the
 * transfers, the engine queues them.
 */
#include "registers.h"

struct destination {
    uint32_t address; /* of the block's first byte, in the quad's view of its SRAM */
    uint32_t command; /* QPE, which of its four PEs, write, interrupt the receiver at the end */
};

void dma_send(const uint32_t *block, uint32_t bytes, const struct destination *list, uint32_t destinations)
{
    const struct destination *const end = list + destinations;

    for (const struct destination *d = list; d != end; ++d) {
        COMMS->local_addr = (uint32_t)block;
        COMMS->remote_addr = d->address;
        COMMS->dma_len = bytes;
        COMMS->dma_cmd = d->command;
    }
}
