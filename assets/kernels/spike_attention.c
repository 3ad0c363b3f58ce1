/* Spiking parts of a transformer: coding of values as signed spikes, sums of 8-bit weights by spikes, LIF and IF neurons,
 * the running state of spike-based attention.
 *
 * Spikes are bits, neuron c of a time step in bit c % 32 of word c / 32. Sums are integers, so their order is free and bits
 * are taken from the highest down, by CLZ. Nothing is multiplied but sums by their scales. A pass takes constant time but
 * for what a spike adds. Numbers are passed by address.
 */
#include <stdint.h>

/* A number in a register of the floating-point unit. */
static inline float in_register(float value)
{
    __asm__("" : "+t"(value));
    return value;
}

static inline uint32_t highest(uint32_t word)
{
    return 31u - (uint32_t)__builtin_clz(word);
}

/* words = value, n times. */
void fill(volatile uint32_t *words, uint32_t n, uint32_t value)
{
    for (volatile uint32_t *const end = words + n; words != end;)
        *words++ = value;
}

/* All ones for a negative value, else 0: a conditional load would take a time that depends on the sign. */
static inline uint32_t negative(float value)
{
    int32_t bits;
    __asm__("vmov %0, %1" : "=r"(bits) : "t"(value));
    return (uint32_t)(bits >> 31);
}

/* Spikes of n LIF neurons of |u| that begin at 0 (threshold 1, tau 2) over time steps of `words` words: at `plus` where u is
 * positive, else `apart` words behind it. The bits are cleared before.
 */
void code_leaky(uint32_t n, uint32_t steps, const float *u, uint32_t *plus, uint32_t apart, uint32_t words)
{
    const float one = in_register(1.0f), half = in_register(0.5f);

    for (uint32_t i = 0; i != n; ++i) {
        const float value = *u++, size = __builtin_fabsf(value);
        const uint32_t bit = 1u << (i & 31);
        uint32_t *row = plus + (i >> 5) + (negative(value) & apart);
        float v = in_register(0.0f);
        for (uint32_t t = steps; t != 0; --t) {
            v = v + (size - v) * half;
            if (v >= one) {
                v = in_register(0.0f);
                *row |= bit;
            }
            row += words;
        }
    }
}

/* The same of IF neurons that begin at theta / 2, with soft reset. */
void code_quantised(uint32_t n, uint32_t steps, const float *u, const float *theta, uint32_t *plus, uint32_t apart,
                    uint32_t words)
{
    const float threshold = *theta, start = threshold * in_register(0.5f);

    for (uint32_t i = 0; i != n; ++i) {
        const float value = *u++, size = __builtin_fabsf(value);
        const uint32_t bit = 1u << (i & 31);
        uint32_t *row = plus + (i >> 5) + (negative(value) & apart);
        float v = start;
        for (uint32_t t = steps; t != 0; --t) {
            v = v + size;
            if (v >= threshold) {
                v = v - threshold;
                *row |= bit;
            }
            row += words;
        }
    }
}

/* Appends to a list the rows of weights, `stride` bytes each from `rows` on, of the neurons that spike in n words of bits.
 * Returns the end of the list.
 */
const int8_t **list_rows(const uint32_t *bits, uint32_t n, const int8_t *rows, uint32_t stride, const int8_t **list)
{
    for (const uint32_t *const end = bits + n; bits != end;) {
        uint32_t word = *bits++;
        while (word != 0) {
            const uint32_t bit = highest(word);
            word &= ~(1u << bit);
            *list++ = rows + bit * stride;
        }
        rows += 32 * stride;
    }
    return list;
}

/* Adds the weights of at least one listed row to sums, columns in fours. */
void add_rows(const int8_t *const *list, const int8_t *const *end, uint32_t columns, int32_t *sums)
{
    for (uint32_t column = 0; column != columns; column += 4) {
        int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
        for (const int8_t *const *p = list; p != end;) {
            const int8_t *const row = *p++ + column;
            a += row[0];
            b += row[1];
            c += row[2];
            d += row[3];
        }
        sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
        sums += 4;
    }
}

/* Subtracts them. */
void subtract_rows(const int8_t *const *list, const int8_t *const *end, uint32_t columns, int32_t *sums)
{
    for (uint32_t column = 0; column != columns; column += 4) {
        int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
        for (const int8_t *const *p = list; p != end;) {
            const int8_t *const row = *p++ + column;
            a -= row[0];
            b -= row[1];
            c -= row[2];
            d -= row[3];
        }
        sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
        sums += 4;
    }
}

/* A time step of 1 to 32 LIF neurons with inputs sum * scale + bias (threshold 1, tau 2, hard reset); one word of spikes. */
void fire_leaky(uint32_t n, const int32_t *sums, const float *scale, const float *bias, float *v, uint32_t *spikes)
{
    const float one = in_register(1.0f), half = in_register(0.5f);
    uint32_t word = 0, bit = 1;

    for (const int32_t *const end = sums + n; sums != end;) {
        const float z = (float)*sums++ * *scale++ + *bias++, before = *v;
        float now = before + (z - before) * half;
        if (now >= one) {
            now = in_register(0.0f);
            word |= bit;
        }
        *v++ = now;
        bit <<= 1;
    }
    *spikes = word;
}

/* A time step of 1 to 32 IF neurons with inputs sum * scale + bias, soft reset. */
void fire_quantised(uint32_t n, const int32_t *sums, const float *scale, const float *bias, float *v, const float *theta,
                    uint32_t *spikes)
{
    const float threshold = *theta;
    uint32_t word = 0, bit = 1;

    for (const int32_t *const end = sums + n; sums != end;) {
        const float z = (float)*sums++ * *scale++ + *bias++;
        float now = *v + z;
        if (now >= threshold) {
            now = now - threshold;
            word |= bit;
        }
        *v++ = now;
        bit <<= 1;
    }
    *spikes = word;
}

/* A time step of 1 to 32 IF neurons with inputs z, soft reset. */
void fire_constant(uint32_t n, const float *z, float *v, const float *theta, uint32_t *spikes)
{
    const float threshold = *theta;
    uint32_t word = 0, bit = 1;

    for (const float *const end = z + n; z != end;) {
        float now = *v + *z++;
        if (now >= threshold) {
            now = now - threshold;
            word |= bit;
        }
        *v++ = now;
        bit <<= 1;
    }
    *spikes = word;
}

/* state += key (outer product) value, for a head of `width` neurons; neither of the two words is 0. */
void remember(uint32_t key, uint32_t value, int16_t *state, uint32_t width)
{
    do {
        const uint32_t row = highest(key);
        int16_t *const cells = state + row * width;
        uint32_t rest = value;
        key &= ~(1u << row);
        do {
            const uint32_t column = highest(rest);
            rest &= ~(1u << column);
            ++cells[column];
        } while (rest != 0);
    } while (key != 0);
}

/* read += query . state, for a query that is not 0; read is cleared before. */
void recall(uint32_t query, const int16_t *state, uint32_t width, int32_t *read)
{
    int32_t *const end = read + width;

    do {
        const uint32_t row = highest(query);
        const int16_t *cells = state + row * width;
        query &= ~(1u << row);
        for (int32_t *p = read; p != end;) {
            *p = *p + *cells++;
            ++p;
        }
    } while (query != 0);
}

/* A time step of 1 to 32 neurons after attention with inputs read * (gain / tokens) (threshold 0.5, tau 2, hard reset). */
void fire_attention(uint32_t n, const int32_t *read, const float *gain, uint32_t tokens, float *v, uint32_t *spikes)
{
    const float half = in_register(0.5f), factor = *gain / (float)tokens;
    uint32_t word = 0, bit = 1;

    for (const int32_t *const end = read + n; read != end;) {
        const float z = (float)*read++ * factor, before = *v;
        float now = before + (z - before) * half;
        if (now >= half) {
            now = in_register(0.0f);
            word |= bit;
        }
        *v++ = now;
        bit <<= 1;
    }
    *spikes = word;
}

/* out = h + (sum * scale / steps + bias): outputs as the mean over time steps, added to the residual stream. */
void add_mean(uint32_t n, const int32_t *sums, const float *scale, const float *bias, const float *h, uint32_t steps,
              float *out)
{
    const float by = (float)steps;

    for (const int32_t *const end = sums + n; sums != end;)
        *out++ = *h++ + ((float)*sums++ * *scale++ / by + *bias++);
}
