/* Sets n words of SRAM to zero: before a new sequence, the y of the last step of the one before, c and the traces.
 *
 * A store a word. `volatile` keeps the compiler from calling memset, which the PE's program does not have.
 */
#include <stdint.h>

void clear(volatile uint32_t *words, uint32_t n)
{
    for (volatile uint32_t *const end = words + n; words != end;)
        *words++ = 0;
}
