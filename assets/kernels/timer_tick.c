/* Handler of the timer that begins a time step: it clears the interrupt and raises the flag that the core waits for. */
#include "registers.h"

extern volatile uint32_t tick_ready;

void timer_tick(void)
{
    TIMER1->int_clear = 1;
    tick_ready = 1;
}
