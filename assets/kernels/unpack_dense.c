/* Spreads event packets over dense values: each block's values are cleared, then its events are put in their places. */
#include "events.h"

void unpack_dense(const struct packet *mail, const struct block *block, uint32_t blocks, uint32_t *dense)
{
    const struct block *const end = block + blocks;

    for (; block != end; ++block) {
        uint32_t *const to = dense + 4 * block[0].dense;
        const uint32_t *const stop = dense + 4 * block[1].dense;
        for (uint32_t *word = to; word != stop; word += 4) {
            word[0] = word[1] = word[2] = word[3] = 0;
            __asm__ volatile(""); /* or the compiler calls memset, which is not there */
        }
        const struct packet *packet = mail + block->mail;
        uint32_t header;
        do {
            header = packet->header;
            const uint32_t *value = packet->value;
            uint32_t unit = header >> 8;
            for (uint32_t left = header & COUNT; left != 0; --left) {
                to[unit & 0xff] = *value++;
                unit >>= 8;
            }
            ++packet;
        } while (!(header & LAST));
    }
}
