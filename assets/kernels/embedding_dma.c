/* Fetches one token's embedding from DRAM: starts the DMA; its completion comes as an interrupt. */
#include "registers.h"

struct embedding {
    uint32_t table;     /* DRAM address of token 0 */
    uint32_t row_bytes; /* a multiple of 16: DMA moves beats of 16 bytes */
    uint32_t buffer;    /* where it goes in SRAM */
};

enum { DMA_READ = 1 };

void embedding_dma_start(const struct embedding *e, uint32_t token)
{
    COMMS->local_addr = e->buffer;
    COMMS->remote_addr = e->table + token * e->row_bytes;
    COMMS->dma_len = e->row_bytes;
    COMMS->dma_cmd = DMA_READ;
}

extern volatile uint32_t input_ready;

void embedding_dma_isr(void)
{
    COMMS->dma_done = 1; /* clears the interrupt */
    input_ready = 1;
}
