/* Neurons that spike at random, a number of the PE's random-number unit for each. */
#include "registers.h"

/* Lists the keys of the neurons whose number is below `below`: their count, then the keys. */
void poisson(uint32_t units, uint32_t below, uint32_t key, uint32_t *list)
{
    uint32_t *to = list + 1;
    for (const uint32_t end = key + units; key != end; key++) {
        *to = key;
        if (RANDOM_UNIT->number < below)
            to++;
    }
    *list = (uint32_t)(to - list) - 1;
}

/* Entries of two words: key and number of spikes, 1. */
void poisson_counts(uint32_t units, uint32_t below, uint32_t key, uint32_t *list)
{
    uint32_t *to = list + 1;
    for (const uint32_t end = key + units; key != end; key++) {
        to[0] = key;
        to[1] = 1;
        if (RANDOM_UNIT->number < below)
            to += 2;
    }
    *list = (uint32_t)(to - list - 1) / 2;
}
