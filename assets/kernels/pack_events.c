/* Makes event packets of the values that a PE has computed: units whose value is not +0, in ascending order. Returns how
 * many packets there are, at least one.
 */
#include "events.h"

uint32_t pack_events(const uint32_t *y, uint32_t units, struct packet *out)
{
    const struct packet *const first = out;
    uint32_t header = 0, shift = 8;

    for (uint32_t unit = 0; unit != units; ++unit) {
        const uint32_t value = *y++;
        if (__builtin_expect(value != 0, 0)) {
            if (shift == 32) {
                out->header = header;
                ++out;
                header = 0;
                shift = 8;
            }
            out->value[header & COUNT] = value;
            header = (header | unit << shift) + 1;
            shift += 8;
        }
    }
    out->header = header | LAST;
    return out - first + 1;
}
