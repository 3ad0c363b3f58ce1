/* One time step of n leaky integrate-and-fire neurons, after the products of their projections:
 *
 *   current = bias + sum of projection 1 + sum of projection 2 ...     lif_start, then lif_add for each
 *   v = decay * v + current
 *   spike iff v > theta:  y = 1, and v = v - theta (lif_subtract) or v = reset (lif_reset);  otherwise y = 0
 *
 * Every operation is rounded by itself (-ffp-contract=off), as in net's reference. A loop each, so that the compiler keeps
 * everything in registers and makes no branch of the spike: the time does not depend on the data.
 */
#include <stdint.h>

/* 1 in a register of the floating-point unit: as a constant the compiler may put it in a core register, and a conditional
 * move from there takes a cycle more than one that is not carried out.
 */
static inline float one_in_register(void)
{
    float one = 1.0f;
    __asm__("" : "+t"(one));
    return one;
}

/* `volatile` keeps the compiler from calling memcpy, which the PE's program does not have. */
void lif_start(uint32_t n, const float *bias, volatile float *current)
{
    for (const float *const end = bias + n; bias != end;)
        *current++ = *bias++;
}

void lif_add(uint32_t n, const float *sums, float *current)
{
    for (const float *const end = sums + n; sums != end;) {
        *current = *current + *sums++;
        ++current;
    }
}

void lif_subtract(uint32_t n, const float *current, const float *decay, const float *theta, float *v, float *y)
{
    const float one = one_in_register();
    for (const float *const end = theta + n; theta != end;) {
        const float now = *decay++ * *v + *current++;
        const float threshold = *theta++;
        float kept = now, sent = 0.0f;
        if (now > threshold) {
            kept = now - threshold;
            sent = one;
        }
        *v++ = kept;
        *y++ = sent;
    }
}

void lif_reset(uint32_t n, const float *current, const float *decay, const float *theta, const float *reset, float *v,
               float *y)
{
    const float one = one_in_register();
    for (const float *const end = theta + n; theta != end;) {
        const float now = *decay++ * *v + *current++;
        const float to = *reset++;
        float kept = now, sent = 0.0f;
        if (now > *theta++) {
            kept = to;
            sent = one;
        }
        *v++ = kept;
        *y++ = sent;
    }
}
