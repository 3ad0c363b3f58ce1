/* One time step of n spiking neurons on a PE, as a sequence of these passes: which of them, and over which arrays, depends
 * on the neuron model (emulator/src/kernel/neurons.rs has the sequences).
 *
 * Every operation is rounded by itself (-ffp-contract=off), as in net's reference. Conditions become conditional moves,
 * so the time of a pass does not depend on the data, except for list_spikes.
 */
#include <stdint.h>

/* 1 in a register of the floating-point unit, as in lif.c. */
static inline float one_in_register(void)
{
    float one = 1.0f;
    __asm__("" : "+t"(one));
    return one;
}

/* A value that is computed whether it is needed or not: under a condition it would take longer than one that is not
 * computed.
 */
static inline float computed(float value)
{
    __asm__("" : "+t"(value));
    return value;
}

/* Sums of 8-bit weights as singles. */
void take_integers(uint32_t n, const int32_t *sums, float *x)
{
    for (const int32_t *const end = sums + n; sums != end;)
        *x++ = (float)*sums++;
}

/* state = (keep * state + gain * x) + offset: the membrane, and a synaptic current. */
void filter(uint32_t n, const float *x, const float *keep, const float *gain, const float *offset, float *state)
{
    for (const float *const end = x + n; x != end;) {
        const float sum = *keep++ * *state + *gain++ * *x++;
        *state++ = sum + *offset++;
    }
}

/* current = keep * current + x: one of two currents. */
void leak_add(uint32_t n, const float *x, const float *keep, float *current)
{
    for (const float *const end = x + n; x != end;) {
        *current = *keep++ * *current + *x++;
        ++current;
    }
}

/* v = ((keep * v + excitation) - inhibition) + offset. */
void difference(uint32_t n, const float *excitation, const float *inhibition, const float *keep, const float *offset,
                float *v)
{
    for (const float *const end = excitation + n; excitation != end;) {
        const float sum = *keep++ * *v + *excitation++;
        *v++ = (sum - *inhibition++) + *offset++;
    }
}

/* y = 1 where v > above, otherwise 0. */
void fire_one(uint32_t n, const float *above, const float *v, float *y)
{
    const float one = one_in_register();
    for (const float *const end = v + n; v != end;) {
        float sent = 0.0f;
        if (*v++ > *above++)
            sent = one;
        *y++ = sent;
    }
}

/* y = the whole multiples of theta in v, at least 1, where v > above; otherwise 0. */
void fire_many(uint32_t n, const float *above, const float *theta, const float *v, float *y)
{
    const float one = one_in_register();
    for (const float *const end = v + n; v != end;) {
        const float now = *v++;
        const float whole = (float)(uint32_t)(now / *theta++);
        float sent = whole;
        if (!(whole > one))
            sent = one;
        if (!(now > *above++))
            sent = 0.0f;
        *y++ = sent;
    }
}

/* v = v - y * theta where y is not 0. */
void subtract(uint32_t n, const float *y, const float *theta, float *v)
{
    for (const float *const end = y + n; y != end;) {
        const float spikes = *y++, now = *v;
        const float less = computed(now - spikes * *theta++);
        float kept = now;
        if (spikes != 0.0f)
            kept = less;
        *v++ = kept;
    }
}

/* v = to where y is not 0. */
void set_to(uint32_t n, const float *y, const float *to, float *v)
{
    for (const float *const end = y + n; y != end;) {
        float kept = *v;
        const float target = *to++;
        if (*y++ != 0.0f)
            kept = target;
        *v++ = kept;
    }
}

/* v = 0 where y is not 0. */
void set_zero(uint32_t n, const float *y, float *v)
{
    for (const float *const end = y + n; y != end;) {
        float kept = *v;
        if (*y++ != 0.0f)
            kept = 0.0f;
        *v++ = kept;
    }
}

/* v = v - (y - before) * theta where y and before differ. */
void settle(uint32_t n, const float *y, const float *before, const float *theta, float *v)
{
    for (const float *const end = y + n; y != end;) {
        const float due = *y++ - *before++, now = *v;
        const float less = computed(now - due * *theta++);
        float kept = now;
        if (due != 0.0f)
            kept = less;
        *v++ = kept;
    }
}

/* v = from: the potentials at the begin of a recording. */
void begin_at(uint32_t n, const float *from, volatile float *v)
{
    for (const float *const end = from + n; from != end;)
        *v++ = *from++;
}

/* v is at least floor. */
void raise_to(uint32_t n, const float *floor, float *v)
{
    for (const float *const end = floor + n; floor != end;) {
        const float least = *floor++;
        float kept = *v;
        if (kept < least)
            kept = least;
        *v++ = kept;
    }
}

/* Writes the number of neurons with spikes and their keys, which count up from `key`. */
void list_spikes(uint32_t n, const float *y, uint32_t key, uint32_t *list)
{
    uint32_t *entry = list + 1;
    for (const float *const end = y + n; y != end; ++key)
        if (*y++ != 0.0f)
            *entry++ = key;
    *list = (uint32_t)(entry - list) - 1;
}

/* The same with the number of spikes after each key. */
void list_counts(uint32_t n, const float *y, uint32_t key, uint32_t *list)
{
    uint32_t *entry = list + 1, spiking = 0;
    for (const float *const end = y + n; y != end; ++key) {
        const float spikes = *y++;
        if (spikes != 0.0f) {
            *entry++ = key;
            *entry++ = (uint32_t)spikes;
            ++spiking;
        }
    }
    *list = spiking;
}
