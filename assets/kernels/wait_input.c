/* Waits until a flag in SRAM is raised, takes it and goes on: for input, for the recurrent y, and at the barrier.
 *
 * Polling keeps the core busy; sleeping stops its clock until an interrupt. Interrupts are masked between the test and
 * WFI, so that one that comes in between is not slept over: WFI wakes on a pending interrupt even while it is masked.
 */
#include <stdint.h>

void wait_polling(volatile uint32_t *ready)
{
    while (*ready == 0)
        ;
    *ready = 0;
}

void wait_sleeping(volatile uint32_t *ready)
{
    __asm__ volatile("cpsid i" ::: "memory");
    while (*ready == 0) {
        __asm__ volatile("wfi" ::: "memory");
        __asm__ volatile("cpsie i" ::: "memory"); /* the pending handler runs here */
        __asm__ volatile("cpsid i" ::: "memory");
    }
    *ready = 0;
    __asm__ volatile("cpsie i" ::: "memory");
}
