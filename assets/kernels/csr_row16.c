/* As csr_row, with 16-bit columns: 6 bytes a non-zero instead of 8.
 *
 * A column is a word index into the input buffer; the 32,768 words of a PE's SRAM need no more than 16 bits.
 */
#include <stdint.h>

void csr_row16(const float *value, const uint16_t *column, const uint32_t *row_start, uint32_t rows, const float *x,
               float *sum)
{
    const uint16_t *const first_column = column;
    const uint32_t *const last_row = row_start + rows;

    while (row_start != last_row) {
        const uint16_t *const row_end = first_column + *++row_start;
        float acc = 0.0f;
        while (column != row_end)
            acc = __builtin_fmaf(*value++, x[*column++], acc);
        *sum++ = acc;
    }
}
