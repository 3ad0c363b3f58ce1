/* Sparse matrix times dense vector, row after row: sum[r] = sum over the row's non-zeros of value * x[column].
 *
 * Compressed sparse rows with 32-bit values and 32-bit columns, as in arXiv:2312.09084. It visits
 * every non-zero, whether x[column] is zero or not (the paper does not say whether its code does).
 * Products are added in the stored order, each by one fused multiply-add (vfma.f32; written here,
 * not left to the compiler) from +0: the same chain as net's reference sum, bit for bit.
 *
 * row_start has rows + 1 entries and row_start[0] is 0: each PE holds a matrix of its own.
 */
#include <stdint.h>

void csr_row(const float *value, const uint32_t *column, const uint32_t *row_start, uint32_t rows, const float *x,
             float *sum)
{
    const uint32_t *const first_column = column;
    const uint32_t *const last_row = row_start + rows;

    while (row_start != last_row) {
        const uint32_t *const row_end = first_column + *++row_start;
        float acc = 0.0f;
        while (column != row_end)
            acc = __builtin_fmaf(*value++, x[*column++], acc);
        *sum++ = acc;
    }
}
