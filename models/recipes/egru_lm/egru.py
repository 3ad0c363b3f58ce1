"""The EGRU cell (event-based gated recurrent unit) in plain PyTorch.

Equations as in the authors' code, EvNN (github.com/Efficient-Scalable-Machine-Learning/EvNN,
`frameworks/pytorch/egru.py`), which differs from eqs 1-5 of Nazeer et al., "Language Modeling on a
SpiNNaker 2 Neuromorphic Chip" (arXiv:2312.09084), in three places: z is a *keep* gate (the paper's
u is 1 - z); the reset gate r multiplies the recurrent product, not the state that goes into it; and
a tie c = thr is no event. The cell itself is from Subramoney et al., ICLR 2023 (lJdOlWg8td).

    a = x W + b_x                        [3H], blocks z, r, g
    q = y_prev R + b_r                   [3H]
    z = sigmoid(a_z + q_z)               keep gate
    r = sigmoid(a_r + q_r)               reset gate
    g = tanh(a_g + r * q_g)              b_r's g block is inside the product, b_x's outside
    n = z * c_prev + (1 - z) * g         cell state before the reset
    o = 1 if n > thr else 0              the event
    y = o * n                            what is sent: the whole n, or nothing
    c = n - o * thr                      what is kept

Without events (`events=False`) y = c = n: a gated recurrent unit (GRU), as torch.nn.GRU computes it.
"""

import torch
from torch import nn


class Event(torch.autograd.Function):
    """Heaviside step with a triangular surrogate gradient.

    Forward: 1 where v > 0, else 0 (a tie is no event). Backward: the derivative, which is zero
    almost everywhere, is replaced by height * max(0, 1 - |v| / width). In EvNN's terms: height is
    `dampening_factor`, 1 / width is `pseudo_derivative_support`.
    """

    @staticmethod
    def forward(ctx, v, height, width):
        ctx.save_for_backward(v)
        ctx.height, ctx.width = height, width
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        slope = ctx.height * (1.0 - v.abs() / ctx.width).clamp(min=0.0)
        return grad * slope, None, None


class EgruLayer(nn.Module):
    """One EGRU layer, run over a whole sequence.

    Parameters have EvNN's names and shapes (H units, I inputs): kernel [I, 3H],
    recurrent_kernel [H, 3H], bias and recurrent_bias [3H], thr [H], which is 0 and not trained without events.
    """

    def __init__(self, inputs, units, threshold=0.05, gain=1.5, height=0.7, width=0.5, events=True):
        super().__init__()
        self.units, self.height, self.width, self.events = units, height, width, events
        self.kernel = nn.Parameter(torch.randn(inputs, 3 * units) * gain * inputs**-0.5)
        blocks = [nn.init.orthogonal_(torch.empty(units, units)) for _ in range(3)]
        self.recurrent_kernel = nn.Parameter(torch.cat(blocks, dim=1))
        self.bias = nn.Parameter(torch.zeros(3 * units))
        self.recurrent_bias = nn.Parameter(torch.zeros(3 * units))
        self.thr = nn.Parameter(torch.full((units,), threshold if events else 0.0), requires_grad=events)

    def start(self, batch):
        """The state before the first step: y = 0 and c = 0, each [batch, H]."""
        zeros = self.thr.new_zeros(batch, self.units)
        return zeros, zeros

    def step(self, a, y, c):
        """One step from a = x W + b_x [B, 3H] and the state y, c [B, H] to the new y, c."""
        q = torch.addmm(self.recurrent_bias, y, self.recurrent_kernel)
        h = self.units
        z, r = torch.sigmoid(a[:, : 2 * h] + q[:, : 2 * h]).split(h, dim=1)
        g = torch.tanh(a[:, 2 * h :] + r * q[:, 2 * h :])
        n = torch.lerp(g, c, z)
        if not self.events:
            return n, n
        o = Event.apply(n - self.thr, self.height, self.width)
        return o * n, n - o * self.thr

    def forward(self, x, state):
        """x [T, B, I] and the state (y, c) -> outputs y [T, B, H] and the state after step T."""
        # The input product needs no state: one large product for all T steps.
        a = x @ self.kernel + self.bias
        y, c = state
        outputs = []
        for a_t in a.unbind(0):
            y, c = self.step(a_t, y, c)
            outputs.append(y)
        return torch.stack(outputs), (y, c)
