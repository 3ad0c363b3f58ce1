/* What the core does around the MAC array for layers of convolutions: pixels to bytes, inputs of each place side by side, sums
 * to activations.
 *
 * Maps lie place after place, 16 channels of one place together: a packet. None of the loops depends on values.
 */
#include "quantise.h"
#include "registers.h"

/* side × side pixels to bytes, row by row, gap bytes apart. */
void frame_bytes(const float *x, uint32_t side, const float *inverse, int8_t *to, uint32_t gap)
{
    const float scale = *inverse;
    const float *const end = x + side * side;

    while (x != end) {
        const float *const row = x + side;
        while (x != row)
            *to++ = quantise(*x++ * scale);
        to += gap;
    }
}

/* Copies runs of words; a run is its first word at the source and, in the upper half, at the target. */
void gather(const uint32_t *runs, uint32_t count, uint32_t words, const uint32_t *from, uint32_t *to)
{
    const uint32_t *const end = runs + count;

    while (runs != end) {
        const uint32_t run = *runs++;
        const uint32_t *source = from + (run & 0xFFFF);
        uint32_t *target = to + (run >> 16);
        const uint32_t *const last = target + words;
        while (target != last)
            *target++ = *source++;
    }
}

/* Runs the MAC array: sources, target and sizes in the order of its registers. */
void mac_product(const uint32_t *task)
{
    MAC->source_a = task[0];
    MAC->source_b = task[1];
    MAC->target = task[2];
    MAC->rows_a = task[3];
    MAC->cols_a_rows_b = task[4];
    MAC->cols_b = task[5];
    mac_run();
}

/* 16 channels of each place: the largest sum of its window, scaled, given its bias, cut below 0, rounded to a byte. A window
 * is a list of where the sums of a place begin. */
void pool_bytes(const int32_t *sum, const uint16_t *windows, uint32_t places, uint32_t window, const float *factor, int8_t *to)
{
    const int8_t *const end = to + 16 * places;

    while (to != end) {
        const uint16_t *const last = windows + window;
        for (uint32_t channel = 0; channel != 16; channel++) {
            int32_t most = INT32_MIN;
            const uint16_t *place = windows;
            do {
                const int32_t other = sum[*place++ + channel];
                if (other > most)
                    most = other;
            } while (place != last);
            const int8_t value = quantise((float)most * factor[2 * channel] + factor[2 * channel + 1]);
            *to++ = value & ~(value >> 31);
        }
        windows = last;
    }
}

/* Sums to singles, each with a factor and a bias of its own. */
void scale_sums(const int32_t *sum, uint32_t count, const float *factor, float *to)
{
    const float *const end = to + count;

    while (to != end) {
        *to++ = (float)*sum++ * factor[0] + factor[1];
        factor += 2;
    }
}
