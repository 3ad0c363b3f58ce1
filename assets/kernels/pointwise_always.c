/* The element-wise step of n units that send their state in every step, a gated recurrent unit: as in `pointwise`, without
 * threshold and event:
 *
 *   z = sigmoid(a_z + q_z)      a = W x + b_x   (input sum and bias)
 *   r = sigmoid(a_r + q_r)      q = R y + b_r   (recurrent sum and bias)
 *   g = tanh(a_g + r * q_g)
 *   y = c = z * c + (1 - z) * g
 *
 * Only PEs with such units have its machine code, pointwise_always.elf, behind that of the other kernels.
 */
#include "exp_unit.h"

void pointwise_always(uint32_t n, const float *input_sum, const float *recurrent_sum, const float *bias_x,
                      const float *bias_r, float *c, float *y)
{
    for (const float *const end = c + n; c != end;) {
        const float z = sigmoid((input_sum[0] + bias_x[0]) + (recurrent_sum[0] + bias_r[0]));
        const float r = sigmoid((input_sum[n] + bias_x[n]) + (recurrent_sum[n] + bias_r[n]));
        const float g = tanh_of((input_sum[2 * n] + bias_x[2 * n]) + r * (recurrent_sum[2 * n] + bias_r[2 * n]));
        const float cell = z * *c + (1.0f - z) * g;
        *c++ = cell;
        *y++ = cell;
        ++input_sum, ++recurrent_sum, ++bias_x, ++bias_r;
    }
}
