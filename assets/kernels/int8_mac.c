/* Dense matrix times dense vector in 8-bit integers, on the PE's MAC array: a byte a weight, zeros included.
 *
 * The core puts the input in model order and rounds it to bytes (scale[0] is the inverse of the input's scale), starts the
 * array, and sleeps until its interrupt. The array leaves a 32-bit sum a row; the core makes each a single and multiplies it
 * with the row's scale, which has the input's in it. Rows of weights and the input are filled up with zeros to whole words.
 */
#include "quantise.h"
#include "registers.h"

void int8_mac(const int8_t *value, const uint16_t *source, uint32_t sources, const float *x, int8_t *input, uint32_t rows,
              const float *scale, union mac_sum *sum)
{
    const float inverse = *scale++;
    int8_t *const end = input + sources;

    MAC->source_a = (uint32_t)input;
    MAC->source_b = (uint32_t)value;
    MAC->target = (uint32_t)sum;
    MAC->rows_a = 1;
    MAC->cols_a_rows_b = (sources + 3) & ~3u;
    MAC->cols_b = rows;
    while (input != end)
        *input++ = quantise(x[*source++] * inverse);
    mac_run();
    for (const union mac_sum *const last = sum + rows; sum != last; sum++)
        sum->scaled = (float)sum->whole * *scale++;
}
