/* Packets of events: what a PE sends where only active units are sent (the scene's payload Events).
 *
 * The header says which units of the sender's block the values belong to. A packet holds one to three of them; the last
 * packet of a block is marked, and is sent even if it is empty.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdint.h>

struct packet {
    uint32_t header; /* bits 1:0 how many values, bit 2 last of the block, bits 15:8, 23:16, 31:24 their units */
    uint32_t value[3];
};

enum { COUNT = 3, LAST = 4 };

/* A sender's block: where its packets arrive and where its values belong, both counted in packets of 16 bytes from the
 * start of the mailbox and of the dense values. The entry after the last one says where the values end. */
struct block {
    uint16_t mail, dense;
};

#endif
