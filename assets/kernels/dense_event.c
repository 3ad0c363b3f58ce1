/* Dense matrix times dense vector, source after source: a silent source's weights are not touched.
 *
 * value holds `rows` weights for each source, sources in ascending model order; source[s] is the word of source s in
 * the input buffer. Every row's sum lies in SRAM and grows by one fused multiply-add for each active source, in
 * ascending order. dense_all leaves no source out: for a matrix with an infinite or NaN weight, whose product with a
 * zero is not a zero.
 */
#include "words.h"

static inline void add_column(const float *weight, float *sum, const float *last, float event)
{
    for (; sum != last; ++sum)
        *sum = __builtin_fmaf(*weight++, event, *sum);
}

static inline void clear(float *sum, const float *last)
{
    while (sum != last)
        *sum++ = 0.0f;
}

void dense_event(const float *value, const uint16_t *source, uint32_t sources, const uint32_t *x, float *sum,
                 uint32_t rows)
{
    const uint16_t *const last = source + sources;

    clear(sum, sum + rows);
    for (; source != last; value += rows) {
        const uint32_t event = x[*source++];
        if (is_event(event))
            add_column(value, sum, sum + rows, single(event));
    }
}

void dense_all(const float *value, const uint16_t *source, uint32_t sources, const uint32_t *x, float *sum,
               uint32_t rows)
{
    const uint16_t *const last = source + sources;

    clear(sum, sum + rows);
    for (; source != last; value += rows)
        add_column(value, sum, sum + rows, single(x[*source++]));
}
