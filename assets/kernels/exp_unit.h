/* exp by the accelerator, and the two functions of a gate that are made of it: one exp and one division each. */
#ifndef EXP_UNIT_H
#define EXP_UNIT_H

#include "registers.h"

static inline float exp_of(float x)
{
    EXP_UNIT->operand = x;
    return EXP_UNIT->result;
}

static inline float sigmoid(float x)
{
    return 1.0f / (1.0f + exp_of(-x));
}

static inline float tanh_of(float x)
{
    return 1.0f - 2.0f / (1.0f + exp_of(2.0f * x));
}

#endif
