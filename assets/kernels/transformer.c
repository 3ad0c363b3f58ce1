/* Parts of a transformer that do not spike, in single precision: layer norm, dense layers of 8-bit weights, softmax
 * attention, GELU, sums.
 *
 * Every operation is rounded by itself (-ffp-contract=off) and sums ascend, as in net's reference. Numbers are passed by
 * address. exp comes from the accelerator.
 */
#include "exp_unit.h"

static inline float root_of(float x)
{
    float root;
    __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
    return root;
}

/* out = (h - mean) / sqrt(variance + 1e-5) * weight + bias. */
void layer_norm(uint32_t n, const float *h, const float *weight, const float *bias, float *out)
{
    const float *const end = h + n;
    const float width = (float)n;
    float sum = 0.0f, squares = 0.0f;

    for (const float *p = h; p != end;)
        sum += *p++;
    const float mean = sum / width;
    for (const float *p = h; p != end;) {
        const float apart = *p++ - mean;
        squares += apart * apart;
    }
    const float spread = root_of(squares / width + 1e-5f);
    while (h != end)
        *out++ = (*h++ - mean) / spread * *weight++ + *bias++;
}

/* out[j] = sum over i of x[i] * (q[j][i] * scale[j]), + bias[j]. */
void dense_int8(uint32_t outputs, uint32_t inputs, const float *x, const int8_t *q, const float *scale, const float *bias,
                float *out)
{
    const float *const end = x + inputs;

    for (const float *const last = out + outputs; out != last;) {
        const float own = *scale++;
        float sum = 0.0f;
        for (const float *p = x; p != end;)
            sum += *p++ * ((float)*q++ * own);
        *out++ = sum + *bias++;
    }
}

/* out = a + b. */
void add(uint32_t n, const float *a, const float *b, float *out)
{
    for (const float *const end = a + n; a != end;)
        *out++ = *a++ + *b++;
}

/* x = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
void gelu(uint32_t n, float *x)
{
    for (float *const end = x + n; x != end;) {
        const float now = *x;
        const float inner = 0.7978846f * (now + 0.044715f * (now * now * now));
        const float tanh = 1.0f - 2.0f / (1.0f + exp_of(2.0f * inner));
        *x++ = 0.5f * now * (1.0f + tanh);
    }
}

/* scores[m] = (q . keys[m]) * factor, for n tokens. */
void scores(uint32_t n, uint32_t width, const float *q, const float *keys, const float *factor, float *scores)
{
    const float *const end = q + width;
    const float by = *factor;

    for (const float *const last = scores + n; scores != last;) {
        float sum = 0.0f;
        for (const float *p = q; p != end;)
            sum += *p++ * *keys++;
        *scores++ = sum * by;
    }
}

/* scores = exp(scores - their greatest) / sum of these. */
void softmax(uint32_t n, float *scores)
{
    float *const end = scores + n;
    float most = *scores, sum = 0.0f;

    for (const float *p = scores; p != end;) {
        const float score = *p++;
        if (score > most)
            most = score;
    }
    for (float *p = scores; p != end;) {
        const float exp = exp_of(*p - most);
        *p++ = exp;
        sum += exp;
    }
    while (scores != end) {
        *scores = *scores / sum;
        ++scores;
    }
}

/* out = sum over n tokens of shares[m] * values[m]; out is cleared before. */
void weigh(uint32_t n, uint32_t width, const float *shares, const float *values, float *out)
{
    float *const end = out + width;

    for (const float *const last = shares + n; shares != last;) {
        const float share = *shares++;
        for (float *p = out; p != end;) {
            *p = *p + share * *values++;
            ++p;
        }
    }
}
