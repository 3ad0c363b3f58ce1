/* Sends a list of spikes through the event router: a packet each, with the key alone or with a word beside it. */
#include "registers.h"

void send_keys(const uint32_t *list, uint32_t command)
{
    for (uint32_t left = *list++; left; --left) {
        COMMS->tkr = *list++;
        COMMS->tcr = command;
    }
}

void send_counts(const uint32_t *list, uint32_t command)
{
    for (uint32_t left = *list++; left; --left) {
        const uint32_t key = *list++;
        COMMS->tdr[0] = *list++;
        COMMS->tkr = key;
        COMMS->tcr = command;
    }
}
