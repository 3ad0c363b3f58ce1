/* The coordinator's side of a barrier: every PE of a group writes the number of the step it has finished into its own
 * slot (one packet, see broadcast.c); the coordinator looks at the slots one after the other and waits at each that is
 * behind. When it returns, it releases the group with one multicast (broadcast.c again).
 */
#include <stdint.h>

void barrier_collect(const volatile uint32_t *slot, uint32_t pes, uint32_t step)
{
    for (const volatile uint32_t *const end = slot + pes; slot != end; ++slot)
        while (*slot != step)
            ;
}
