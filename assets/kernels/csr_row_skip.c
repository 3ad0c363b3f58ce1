/* As csr_row, but x[column] is looked at first: a zero saves the load of the value and the multiply-add.
 *
 * Leaving out the product with a zero changes no bit of a sum as long as the weight is finite: the sum starts at +0,
 * and neither +0 nor -0 added to it changes it. (A sum that has underflowed to -0 may keep its sign; it is 0 either
 * way.) Zeros are expected, so the multiply-add is what costs the branches.
 */
#include "words.h"

void csr_row_skip(const float *value, const uint32_t *column, const uint32_t *row_start, uint32_t rows,
                  const uint32_t *x, float *sum)
{
    const uint32_t *const first_column = column;
    const uint32_t *const last_row = row_start + rows;

    while (row_start != last_row) {
        const uint32_t *const row_end = first_column + *++row_start;
        float acc = 0.0f;
        while (column != row_end) {
            const uint32_t source = x[*column++];
            if (is_event(source))
                acc = __builtin_fmaf(value[column - first_column - 1], single(source), acc);
        }
        *sum++ = acc;
    }
}
