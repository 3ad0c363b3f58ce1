"""The EGRU layer (event-based gated recurrent unit) with its trace, and its gradient by hand.

Equations as in the authors' code, EvNN (github.com/Efficient-Scalable-Machine-Learning/EvNN,
`frameworks/pytorch/egru.py`); models/recipes/egru_lm/egru.py has the same cell for autograd. For
gestures the layer hands on a low-pass filtered output, the trace, as the authors' benchmark does.

    a = x W + b_x                        [3H], blocks z, r, g
    q = y_prev R + b_r                   [3H]
    z = sigmoid(a_z + q_z)               keep gate
    r = sigmoid(a_r + q_r)               reset gate
    g = tanh(a_g + r * q_g)
    n = z * c_prev + (1 - z) * g         cell state before the reset
    o = 1 if n > thr else 0              the event; a tie is none
    y = o * n                            what is sent within the layer
    c = n - o * thr                      what is kept
    trace = 0.9 * trace_prev + 0.1 * y   what the next layer or the readout gets

Backpropagation through time is written out because a sequence of small products is what autograd is
slowest at: everything that does not depend on the step before is computed for all steps at once.
check.py compares it with autograd.
"""

import torch
from torch import nn

KEEP = 0.9  # of the trace, each step


class Sequence(torch.autograd.Function):
    """A whole sequence: a [T, B, 3H] -> trace [T, B, H] and events o [T, B, H]."""

    @staticmethod
    def forward(ctx, a, recurrent, bias, thr, height, width, half):
        kind = torch.bfloat16 if half else a.dtype
        weights = recurrent.to(kind)
        steps, batch, h = a.shape[0], a.shape[1], thr.numel()
        new = a.new_empty
        gates, g_all, q_all = new(steps, batch, 2 * h), new(steps, batch, h), new(steps, batch, h)
        n_all, y_all = new(steps, batch, h), a.new_zeros(steps + 1, batch, h)
        c_all, trace = a.new_zeros(steps + 1, batch, h), new(steps, batch, h)
        low = a.new_zeros(batch, h)
        for t in range(steps):
            q = (y_all[t].to(kind) @ weights).to(a.dtype).add_(bias)
            zr = torch.sigmoid(a[t, :, : 2 * h] + q[:, : 2 * h], out=gates[t])
            q_all[t] = q[:, 2 * h :]
            g = torch.tanh(torch.addcmul(a[t, :, 2 * h :], zr[:, h:], q_all[t]), out=g_all[t])
            n = torch.lerp(g, c_all[t], zr[:, :h], out=n_all[t])
            o = n > thr
            y = torch.mul(n, o, out=y_all[t + 1])
            torch.sub(n, o * thr, out=c_all[t + 1])
            low = torch.lerp(y, low, KEEP, out=trace[t])
        events = (n_all > thr).to(a.dtype)
        ctx.save_for_backward(recurrent, thr, gates, g_all, q_all, n_all, y_all, c_all, events)
        ctx.height, ctx.width, ctx.kind = height, width, kind
        return trace, events

    @staticmethod
    def backward(ctx, d_trace, d_events):
        recurrent, thr, gates, g, q, n, y_all, c_all, o = ctx.saved_tensors
        steps, batch, h = g.shape
        z, r = gates[..., :h], gates[..., h:]
        slope = ctx.height * (1.0 - (n - thr).abs() / ctx.width).clamp_(min=0.0)
        # Factors that turn d n into d a, for all steps at once.
        to_z = (c_all[:-1] - g) * z * (1 - z)
        to_g = (1 - z) * (1 - g * g)
        to_r = q * r * (1 - r)
        # d n = d y * (o + n * slope) + d c * (1 - thr * slope) + d o * slope
        from_y, from_c, from_o = o + n * slope, 1 - thr * slope, d_events * slope
        d_a = g.new_empty(steps, batch, 3 * h)
        d_q = g.new_empty(steps, batch, 3 * h)
        d_thr = torch.zeros_like(thr)
        d_low, d_y, d_c = (g.new_zeros(batch, h) for _ in range(3))
        back = recurrent.to(ctx.kind).t().contiguous()
        for t in range(steps - 1, -1, -1):
            d_low = d_low * KEEP + d_trace[t]
            d_y = d_y.add_(d_low, alpha=1 - KEEP)
            d_thr -= ((n[t] * d_y - thr * d_c + d_events[t]) * slope[t] + o[t] * d_c).sum(0)
            d_n = torch.addcmul(torch.addcmul(from_o[t], d_y, from_y[t]), d_c, from_c[t])
            da = d_a[t]
            torch.mul(d_n, to_z[t], out=da[:, :h])
            d_g = torch.mul(d_n, to_g[t], out=da[:, 2 * h :])
            torch.mul(d_g, to_r[t], out=da[:, h : 2 * h])
            dq = d_q[t]
            dq[:, : 2 * h] = da[:, : 2 * h]
            torch.mul(d_g, r[t], out=dq[:, 2 * h :])
            d_c = d_n * z[t]
            d_y = (dq.to(ctx.kind) @ back).to(dq.dtype)
        flat = d_q.view(-1, 3 * h)
        d_recurrent = (y_all[:-1].reshape(-1, h).to(ctx.kind).t() @ flat.to(ctx.kind)).to(flat.dtype)
        return d_a, d_recurrent, flat.sum(0), d_thr, None, None, None


class EgruLayer(nn.Module):
    """One layer. Parameters have EvNN's names and shapes (H units, I inputs): kernel [I, 3H],
    recurrent_kernel [H, 3H], bias and recurrent_bias [3H], thr [H]."""

    def __init__(self, inputs, units, threshold=0.1, height=0.7, width=1.0):
        super().__init__()
        self.height, self.width = height, width
        self.kernel = nn.Parameter(torch.randn(inputs, 3 * units) * inputs**-0.5)
        blocks = [nn.init.orthogonal_(torch.empty(units, units)) for _ in range(3)]
        self.recurrent_kernel = nn.Parameter(torch.cat(blocks, dim=1))
        # Gates that keep most of the state at first: gestures last tens of frames.
        keep = torch.cat([torch.full((units,), 1.5), torch.zeros(2 * units)])
        self.bias = nn.Parameter(keep)
        self.recurrent_bias = nn.Parameter(torch.zeros(3 * units))
        self.thr = nn.Parameter(torch.full((units,), threshold))

    def forward(self, x, half=False):
        """x [T, B, I] -> trace [T, B, H] and events [T, B, H], from state 0. `half`: products in bfloat16."""
        with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
            a = (x.flatten(0, 1) @ self.kernel).view(*x.shape[:2], -1)
        a = a.to(x.dtype) + self.bias
        shape = self.thr, self.height, self.width, half
        return Sequence.apply(a, self.recurrent_kernel, self.recurrent_bias, *shape)
