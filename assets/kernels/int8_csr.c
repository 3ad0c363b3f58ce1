/* As csr_row16, with 8-bit weights: 3 bytes a non-zero. A weight is scale[row] * value.
 *
 * Each value is made a single, exactly, and goes through the same chain of fused multiply-adds; the row's scale
 * multiplies the finished sum, rounded once. net::quantise has the same arithmetic as reference.
 */
#include <stdint.h>

void int8_csr(const int8_t *value, const uint16_t *column, const uint32_t *row_start, uint32_t rows, const float *scale,
              const float *x, float *sum)
{
    const uint16_t *const first_column = column;
    const uint32_t *const last_row = row_start + rows;

    while (row_start != last_row) {
        const uint16_t *const row_end = first_column + *++row_start;
        float acc = 0.0f;
        while (column != row_end)
            acc = __builtin_fmaf((float)*value++, x[*column++], acc);
        *sum++ = *scale++ * acc;
    }
}
