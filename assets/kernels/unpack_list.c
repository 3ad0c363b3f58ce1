/* Makes a list of events in ascending model order of event packets.
 *
 * A block's units are ascending, but the blocks lie across each other. So every value goes to its place in an array in
 * model order and leaves a bit in a map; the map is then read word by word, and cleared. A merge of the blocks would
 * compare every event once for each doubling of their number, which costs more than a place and a bit.
 */
#include "events.h"

struct event {
    uint32_t source;
    uint32_t value;
};

struct list {
    uint32_t count;
    struct event event[];
};

/* order[4 * block->dense + unit] is the place of a unit in the model; value and map are scratch, the map cleared. */
struct model {
    const uint16_t *order;
    uint32_t *value, *map;
    uint32_t words;
};

void unpack_list(const struct packet *mail, const struct block *block, uint32_t blocks, const struct model *model,
                 struct list *list)
{
    const struct block *const end = block + blocks;
    uint32_t *const values = model->value, *const map = model->map;

    for (; block != end; ++block) {
        const uint16_t *const order = model->order + 4 * block->dense;
        const struct packet *packet = mail + block->mail;
        uint32_t header;
        do {
            header = packet->header;
            const uint32_t *value = packet->value;
            uint32_t unit = header >> 8;
            for (uint32_t left = header & COUNT; left != 0; --left) {
                const uint32_t source = order[unit & 0xff];
                values[source] = *value++;
                map[source >> 5] |= 0x80000000u >> (source & 31);
                unit >>= 8;
            }
            ++packet;
        } while (!(header & LAST));
    }

    const uint32_t words = model->words;
    struct event *event = list->event;
    for (uint32_t word = 0; word != words; ++word) {
        uint32_t bits = map[word];
        if (bits == 0)
            continue;
        map[word] = 0;
        do {
            const uint32_t bit = __builtin_clz(bits);
            bits &= ~(0x80000000u >> bit);
            event->source = 32 * word + bit;
            event->value = values[32 * word + bit];
            ++event;
        } while (bits != 0);
    }
    list->count = event - list->event;
}
