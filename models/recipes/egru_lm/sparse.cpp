// One EGRU layer with sparse matrices over a whole sequence, forward and backward, for a CPU.
//
// Equations and surrogate gradient: see the head of egru.py. Arrays of activations are
// [groups, steps, features, LANES], where a group is LANES sequences side by side. The lanes of a
// feature are contiguous, so that one weight is multiplied with LANES numbers at once, and a group
// needs nothing of another: each runs on one thread from its first step to its last.
//
// Matrices are CSR with rows = gate units (blocks z, r, g) and columns = sources. The products with
// the transposed matrix read a second CSR, with rows = sources and columns = gate units.

// Not torch/extension.h, which takes three times as long to compile.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/utils/pybind.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace {

constexpr int64_t LANES = 32;
constexpr int64_t VECTORS = LANES / 8;
// One AVX register; the compiler splits it for processors with shorter ones.
typedef float Vector __attribute__((vector_size(32)));

// By memcpy, because arrays of floats need not be aligned like a register.
inline Vector load(const float *from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

struct Csr {
  const int32_t *pointers, *indices;
  const float *values;

  Csr(const at::Tensor &pointers, const at::Tensor &indices, const at::Tensor &values)
      : pointers(pointers.data_ptr<int32_t>()),
        indices(indices.data_ptr<int32_t>()),
        values(values.data_ptr<float>()) {
    TORCH_CHECK(indices.numel() == values.numel(), "as many indices as values are needed");
  }

  // out[lane] = sum of the row's values times x[column][lane].
  inline void row_times(int64_t row, const float *x, float *out) const {
    Vector sum[VECTORS] = {};
    for (int64_t k = pointers[row]; k < pointers[row + 1]; k++) {
      const float *source = x + indices[k] * LANES;
      for (int64_t v = 0; v < VECTORS; v++) sum[v] += values[k] * load(source + 8 * v);
    }
    std::memcpy(out, sum, sizeof sum);
  }

  // gradient[k] += sum over the lanes of d[lane] * x[column of k][lane], for the row's values k.
  inline void add_row_gradient(int64_t row, const float *d, const float *x, float *gradient) const {
    Vector own[VECTORS];
    std::memcpy(own, d, sizeof own);
    for (int64_t k = pointers[row]; k < pointers[row + 1]; k++) {
      const float *source = x + indices[k] * LANES;
      Vector sum = own[0] * load(source);
      for (int64_t v = 1; v < VECTORS; v++) sum += own[v] * load(source + 8 * v);
      gradient[k] += ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
    }
  }
};

inline float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
inline float tanh_of(float x) { return 1.0f - 2.0f / (1.0f + std::exp(2.0f * x)); }

inline float lane_sum(const float *x) {
  float sum = 0.0f;
  for (int64_t lane = 0; lane < LANES; lane++) sum += x[lane];
  return sum;
}

// Sizes of a layer and the place of each array's [features, LANES] block.
struct Shape {
  int64_t groups, steps, inputs, units;

  Shape(const at::Tensor &x, const at::Tensor &thr)
      : groups(x.size(0)), steps(x.size(1)), inputs(x.size(2)), units(thr.numel()) {
    TORCH_CHECK(x.dim() == 4 && x.size(3) == LANES, "x must be [groups, steps, inputs, ", LANES, "]");
    TORCH_CHECK(x.is_contiguous(), "x must be contiguous");
  }
  int64_t input(int64_t group, int64_t step) const { return (group * steps + step) * inputs * LANES; }
  int64_t unit(int64_t group, int64_t step) const { return (group * steps + step) * units * LANES; }
  int64_t state(int64_t group) const { return group * units * LANES; }
};

// What the backward pass reads of the forward pass, [5, groups, steps, units, LANES].
struct Saved {
  float *z, *r, *g, *q, *n;  // q: recurrent product of block g with its bias; n: state before the reset

  explicit Saved(const at::Tensor &saved) {
    int64_t each = saved[0].numel();
    z = saved.data_ptr<float>();
    r = z + each, g = r + each, q = g + each, n = q + each;
  }
};

using Matrix = std::vector<at::Tensor>;  // pointers, indices, values

Csr csr(const Matrix &m) { return Csr(m.at(0), m.at(1), m.at(2)); }

}  // namespace

// Returns y [groups, steps, units, LANES], c after the last step [groups, units, LANES], and Saved.
std::vector<at::Tensor> forward(at::Tensor x, at::Tensor y0, at::Tensor c0, Matrix kernel, Matrix recurrent,
                                at::Tensor bias, at::Tensor recurrent_bias, at::Tensor thr) {
  const Shape shape(x, thr);
  const int64_t units = shape.units;
  const Csr w = csr(kernel), u = csr(recurrent);
  auto y = at::empty({shape.groups, shape.steps, units, LANES}, x.options());
  auto c = c0.clone();
  auto saved_tensor = at::empty({5, shape.groups, shape.steps, units, LANES}, x.options());
  const Saved saved(saved_tensor);
  const float *b_x = bias.data_ptr<float>(), *b_r = recurrent_bias.data_ptr<float>(), *theta = thr.data_ptr<float>();

  at::parallel_for(0, shape.groups, 1, [&](int64_t first, int64_t end) {
    for (int64_t group = first; group < end; group++) {
      float *state = c.data_ptr<float>() + shape.state(group);
      const float *before = y0.data_ptr<float>() + shape.state(group);
      for (int64_t t = 0; t < shape.steps; t++) {
        const float *x_t = x.data_ptr<float>() + shape.input(group, t);
        float *y_t = y.data_ptr<float>() + shape.unit(group, t);
        for (int64_t i = 0; i < units; i++) {
          float a[3][LANES], q[3][LANES];
          for (int64_t gate = 0; gate < 3; gate++) {
            w.row_times(gate * units + i, x_t, a[gate]);
            u.row_times(gate * units + i, before, q[gate]);
          }
          const float bias_z = b_x[i] + b_r[i], bias_r = b_x[units + i] + b_r[units + i];
          const float bias_a = b_x[2 * units + i], bias_q = b_r[2 * units + i], threshold = theta[i];
          const int64_t at = shape.unit(group, t) + i * LANES;
          for (int64_t l = 0; l < LANES; l++) {
            float z = sigmoid(a[0][l] + q[0][l] + bias_z);
            float r = sigmoid(a[1][l] + q[1][l] + bias_r);
            float q_g = q[2][l] + bias_q;
            float g = tanh_of(a[2][l] + bias_a + r * q_g);
            float n = z * state[i * LANES + l] + (1.0f - z) * g;
            float event = n > threshold ? 1.0f : 0.0f;
            y_t[i * LANES + l] = event * n;
            state[i * LANES + l] = n - event * threshold;
            saved.z[at + l] = z, saved.r[at + l] = r, saved.g[at + l] = g, saved.q[at + l] = q_g;
            saved.n[at + l] = n;
          }
        }
        before = y_t;
      }
    }
  });
  return {y, c, saved_tensor};
}

// Gradients of x [groups, steps, inputs, LANES], and of kernel values, recurrent values, bias,
// recurrent bias and thresholds, these with one row a group, to be added up. `activity` is added to
// the derivative with respect to every event: the gradient of activity * (number of events).
std::vector<at::Tensor> backward(at::Tensor dy, at::Tensor x, at::Tensor y0, at::Tensor c0, at::Tensor y,
                                 at::Tensor saved_tensor, Matrix kernel, Matrix kernel_t, Matrix recurrent,
                                 Matrix recurrent_t, at::Tensor thr, double height, double width, double activity) {
  const Shape shape(x, thr);
  const int64_t units = shape.units, gates = 3 * units;
  const Csr w = csr(kernel), w_t = csr(kernel_t), u = csr(recurrent), u_t = csr(recurrent_t);
  const Saved saved(saved_tensor);
  auto rows = [&](int64_t columns) { return at::zeros({shape.groups, columns}, x.options()); };
  auto dx = at::empty_like(x);
  auto d_kernel = rows(kernel.at(2).numel()), d_recurrent = rows(recurrent.at(2).numel());
  auto d_bias = rows(gates), d_recurrent_bias = rows(gates), d_thr = rows(units);
  const float *theta = thr.data_ptr<float>();
  const float slope_height = height, slope = height / width, wanted = activity;

  at::parallel_for(0, shape.groups, 1, [&](int64_t first, int64_t end) {
    // Derivatives of the gates' input and recurrent sums, of this step and the later one.
    std::vector<float> da(gates * LANES), dq(gates * LANES), dq_later(gates * LANES), dc(units * LANES);
    for (int64_t group = first; group < end; group++) {
      std::fill(dc.begin(), dc.end(), 0.0f);
      std::fill(dq_later.begin(), dq_later.end(), 0.0f);
      float *g_w = d_kernel.data_ptr<float>() + group * d_kernel.size(1);
      float *g_u = d_recurrent.data_ptr<float>() + group * d_recurrent.size(1);
      float *g_bias = d_bias.data_ptr<float>() + group * gates;
      float *g_recurrent_bias = d_recurrent_bias.data_ptr<float>() + group * gates;
      float *g_thr = d_thr.data_ptr<float>() + group * units;
      for (int64_t t = shape.steps - 1; t >= 0; t--) {
        const float *x_t = x.data_ptr<float>() + shape.input(group, t);
        const float *before = t > 0 ? y.data_ptr<float>() + shape.unit(group, t - 1)
                                    : y0.data_ptr<float>() + shape.state(group);
        for (int64_t i = 0; i < units; i++) {
          const int64_t at = shape.unit(group, t) + i * LANES;
          const float *dy_t = dy.data_ptr<float>() + at;
          const float *n_t = saved.n + at, *n_before = saved.n + at - units * LANES;
          const float *start = c0.data_ptr<float>() + shape.state(group) + i * LANES;
          const float threshold = theta[i];
          float from_later[LANES], d_threshold[LANES], c_before[LANES];
          u_t.row_times(i, dq_later.data(), from_later);
          for (int64_t l = 0; l < LANES; l++) {
            c_before[l] = t > 0 ? n_before[l] - (n_before[l] > threshold ? threshold : 0.0f) : start[l];
          }
          float *own_dc = dc.data() + i * LANES;
          float *da_z = da.data() + i * LANES, *da_r = da_z + units * LANES, *da_g = da_r + units * LANES;
          float *dq_z = dq.data() + i * LANES, *dq_r = dq_z + units * LANES, *dq_g = dq_r + units * LANES;
          for (int64_t l = 0; l < LANES; l++) {
            float n = n_t[l], z = saved.z[at + l], r = saved.r[at + l], g = saved.g[at + l], q = saved.q[at + l];
            float event = n > threshold ? 1.0f : 0.0f;
            float d_y = dy_t[l] + from_later[l], d_c = own_dc[l];
            float surrogate = std::max(0.0f, slope_height - slope * std::fabs(n - threshold));
            float d_event = (d_y * n - d_c * threshold + wanted) * surrogate;
            float d_n = d_y * event + d_c + d_event;
            d_threshold[l] = -d_c * event - d_event;
            float d_z = d_n * (c_before[l] - g) * z * (1.0f - z);
            float d_g = d_n * (1.0f - z) * (1.0f - g * g);
            float d_r = d_g * q * r * (1.0f - r);
            own_dc[l] = d_n * z;
            da_z[l] = d_z, da_r[l] = d_r, da_g[l] = d_g;
            dq_z[l] = d_z, dq_r[l] = d_r, dq_g[l] = d_g * r;
          }
          g_thr[i] += lane_sum(d_threshold);
        }
        for (int64_t row = 0; row < gates; row++) {
          const float *da_row = da.data() + row * LANES, *dq_row = dq.data() + row * LANES;
          w.add_row_gradient(row, da_row, x_t, g_w);
          u.add_row_gradient(row, dq_row, before, g_u);
          g_bias[row] += lane_sum(da_row);
          g_recurrent_bias[row] += lane_sum(dq_row);
        }
        float *dx_t = dx.data_ptr<float>() + shape.input(group, t);
        for (int64_t source = 0; source < shape.inputs; source++) {
          w_t.row_times(source, da.data(), dx_t + source * LANES);
        }
        std::swap(dq, dq_later);
      }
    }
  });
  return {dx, d_kernel, d_recurrent, d_bias, d_recurrent_bias, d_thr};
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.attr("LANES") = LANES;
  m.def("forward", &forward);
  m.def("backward", &backward);
}
