/* The EGRU's element-wise step for n units, after both matrix products:
 *
 *   z = sigmoid(a_z + q_z)      a = W x + b_x   (input sum and bias)
 *   r = sigmoid(a_r + q_r)      q = R y + b_r   (recurrent sum and bias)
 *   g = tanh(a_g + r * q_g)
 *   c = z * c + (1 - z) * g
 *   event iff c > theta:  y = c, c = c - theta;  otherwise y = 0
 *
 * as in the authors' code (EvNN, frameworks/pytorch/egru.py). Sums and biases lie gate after gate: z, r, g, n each.
 * One exp and one division per gate; exp comes from the accelerator. Every operation is rounded by itself
 * (-ffp-contract=off), as in net's reference.
 */
#include "exp_unit.h"

static inline __attribute__((always_inline)) void step(uint32_t n, const float *input_sum, const float *recurrent_sum,
                                                       const float *bias_x, const float *bias_r, const float *theta,
                                                       float *c, float *y, int or_equal)
{
    for (const float *const end = theta + n; theta != end;) {
        const float z = sigmoid((input_sum[0] + bias_x[0]) + (recurrent_sum[0] + bias_r[0]));
        const float r = sigmoid((input_sum[n] + bias_x[n]) + (recurrent_sum[n] + bias_r[n]));
        const float g = tanh_of((input_sum[2 * n] + bias_x[2 * n]) + r * (recurrent_sum[2 * n] + bias_r[2 * n]));
        const float cell = z * *c + (1.0f - z) * g;
        const float threshold = *theta++;
        float kept = cell, sent = 0.0f;
        if (or_equal ? cell >= threshold : cell > threshold) {
            kept = cell - threshold;
            sent = cell;
        }
        *c++ = kept;
        *y++ = sent;
        ++input_sum, ++recurrent_sum, ++bias_x, ++bias_r;
    }
}

void pointwise(uint32_t n, const float *input_sum, const float *recurrent_sum, const float *bias_x, const float *bias_r,
               const float *theta, float *c, float *y)
{
    step(n, input_sum, recurrent_sum, bias_x, bias_r, theta, c, y, 0);
}

/* The same with events iff c >= theta, as in eq. 1 of the EGRU paper. */
void pointwise_or_equal(uint32_t n, const float *input_sum, const float *recurrent_sum, const float *bias_x,
                        const float *bias_r, const float *theta, float *c, float *y)
{
    step(n, input_sum, recurrent_sum, bias_x, bias_r, theta, c, y, 1);
}

/* The low-pass of y that the authors' gesture network sends on in y's place, after `pointwise`:
 *
 *   trace = 0.9 * trace + 0.1 * y
 *
 * A loop of its own: in one with `pointwise` the compiler runs out of core registers and spills, and turns the event
 * into a branch, so that its time would depend on the data.
 */
void trace(uint32_t n, const float *y, float *trace)
{
    for (const float *const end = y + n; y != end;) {
        *trace = 0.9f * *trace + 0.1f * *y++;
        ++trace;
    }
}
