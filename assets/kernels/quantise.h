/* A single as a signed byte: rounded to the nearest, halves away from zero, at most 127 either way.
 *
 * net::int8 has the same arithmetic as reference. The conversion of the FPU cuts off, and makes 0 of a NaN.
 */
#ifndef QUANTISE_H
#define QUANTISE_H

#include <stdint.h>

static inline int8_t quantise(float value)
{
    int32_t q = (int32_t)(value + __builtin_copysignf(0.5f, value));

    if (q > 127)
        q = 127;
    if (q < -127)
        q = -127;
    return (int8_t)q;
}

#endif
