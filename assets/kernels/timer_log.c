/* Notes in the debug log how long the phase that just ended took, in counts of the 1 MHz timer. */
#include "registers.h"

enum { LOG_ENTRIES = 1024 };

struct log {
    uint32_t last;  /* timer value at the end of the phase before */
    uint32_t index; /* next entry, counted without end */
    uint32_t entry[LOG_ENTRIES];
};

void timer_log(struct log *log)
{
    const uint32_t now = TIMER1->count;
    log->entry[log->index++ % LOG_ENTRIES] = log->last - now; /* it counts down */
    log->last = now;
}
