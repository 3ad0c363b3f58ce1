/* Dense matrix times dense vector, row after row: no indices at all, 4 bytes a weight, zeros included.
 *
 * The input buffer holds the sources block after block, as the PEs that sent them lie; the sum must be taken in model
 * order. So the input is first put in that order, once for all rows: source[s] is the word of source s in the buffer.
 */
#include <stdint.h>

void dense(const float *value, const uint16_t *source, uint32_t sources, const float *x, float *ordered, uint32_t rows,
           float *sum)
{
    const float *const end = ordered + sources;
    const float *const last = sum + rows;

    for (float *to = ordered; to != end;)
        *to++ = x[*source++];
    while (sum != last) {
        float acc = 0.0f;
        for (const float *from = ordered; from != end;)
            acc = __builtin_fmaf(*value++, *from++, acc);
        *sum++ = acc;
    }
}
