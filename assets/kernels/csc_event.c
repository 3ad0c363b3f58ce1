/* Sparse matrix times vector, source after source: only sources that sent an event do work.
 *
 * Columns are the sources in ascending model order; column s holds the non-zeros column_start[s] to column_start[s + 1],
 * and row[k] is the row of non-zero k, a byte if the PE has at most 256 rows and two otherwise. Every row's sum lies in
 * SRAM and grows by one fused multiply-add for each of its active sources, in ascending order: csr_row's chain without
 * the products with zeros.
 *
 * csc_event   looks at every source: source[s] is the word of source s in the input buffer.
 * csc_all     leaves none out: for a matrix with an infinite or NaN weight, whose product with a zero is not a zero.
 * csc_list    is given the events themselves, sources ascending, and touches nothing else.
 */
#include "words.h"

struct event {
    uint32_t source;
    float value;
};

struct list {
    uint32_t count;
    struct event event[];
};

static inline void clear(float *sum, const float *last)
{
    while (sum != last)
        *sum++ = 0.0f;
}

#define KERNELS(bits, row_t)                                                                                           \
    static inline void add_column##bits(const float *value, const row_t *row, const uint16_t *column, float *sum,      \
                                        float event)                                                                   \
    {                                                                                                                  \
        const row_t *const end = row + column[1];                                                                      \
        value += column[0];                                                                                            \
        row += column[0];                                                                                              \
        while (row != end) {                                                                                           \
            float *const acc = sum + *row++;                                                                           \
            *acc = __builtin_fmaf(*value++, event, *acc);                                                              \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    void csc_event##bits(const float *value, const row_t *row, const uint16_t *column_start, const uint16_t *source,   \
                         uint32_t sources, const uint32_t *x, float *sum, uint32_t rows)                               \
    {                                                                                                                  \
        const uint16_t *const first = source, *const last = source + sources;                                          \
                                                                                                                       \
        clear(sum, sum + rows);                                                                                        \
        while (source != last) {                                                                                       \
            const uint32_t event = x[*source++];                                                                       \
            if (is_event(event))                                                                                       \
                add_column##bits(value, row, column_start + (source - first - 1), sum, single(event));                 \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    void csc_all##bits(const float *value, const row_t *row, const uint16_t *column_start, const uint16_t *source,     \
                       uint32_t sources, const uint32_t *x, float *sum, uint32_t rows)                                 \
    {                                                                                                                  \
        const uint16_t *const last = source + sources;                                                                 \
                                                                                                                       \
        clear(sum, sum + rows);                                                                                        \
        while (source != last)                                                                                         \
            add_column##bits(value, row, column_start++, sum, single(x[*source++]));                                   \
    }                                                                                                                  \
                                                                                                                       \
    void csc_list##bits(const float *value, const row_t *row, const uint16_t *column_start, const struct list *list,   \
                        float *sum, uint32_t rows)                                                                     \
    {                                                                                                                  \
        const struct event *const last = list->event + list->count;                                                    \
                                                                                                                       \
        clear(sum, sum + rows);                                                                                        \
        for (const struct event *event = list->event; event != last; ++event)                                          \
            add_column##bits(value, row, column_start + event->source, sum, event->value);                             \
    }

KERNELS(8, uint8_t)
KERNELS(16, uint16_t)
