"""A spiking CNN of IF neurons without bias: v += x, a spike where v > 1, then v -= 1.

Layers are computed one after the other over all ticks, because a spike crosses to the next layer
within the tick and no layer feeds an earlier one.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Fire(torch.autograd.Function):
    """IF neurons over time, [ticks, recordings, neurons], with at most `most` spikes a tick.

    The gradient of a spike is that of an arctangent below the threshold and 1 above. It passes the
    reset: what a spike takes from v is not given to later spikes again, so that gradients stay
    bounded over any number of ticks.
    """

    @staticmethod
    def forward(ctx, x, most):
        v = torch.zeros_like(x[0])
        before, spikes = torch.empty_like(x), torch.empty_like(x)
        for tick in range(len(x)):
            v = v + x[tick]
            before[tick] = v
            # v of exactly 1 is no spike: v > 1 is the rule.
            s = (v > 1).to(v.dtype) if most == 1 else torch.ceil(v - 1).clamp(0, most)
            spikes[tick] = s
            v = v - s
        ctx.save_for_backward(before)
        return spikes

    @staticmethod
    def backward(ctx, grad):
        (before,) = ctx.saved_tensors
        slope = 1 / (1 + (math.pi * (before - 1).clamp(max=0)) ** 2)
        out = torch.empty_like(grad)
        g = torch.zeros_like(grad[0])
        for tick in reversed(range(len(grad))):
            g = g + slope[tick] * (grad[tick] - g)
            out[tick] = g
        return out, None


class Net(nn.Module):
    """Two convolutions with strides and a dense layer: 34 x 34 x 2 to 11 x 11, 6 x 6, 10."""

    def __init__(self, channels=(12, 24), dropout=0.0):
        super().__init__()
        a, b = channels
        self.channels = channels
        self.dropout = dropout
        self.conv1 = nn.Conv2d(2, a, 6, 3, 1, bias=False)
        self.conv2 = nn.Conv2d(a, b, 3, 2, 1, bias=False)
        self.dense = nn.Linear(b * 36, 10, bias=False)
        with torch.no_grad():
            for layer, gain in ((self.conv1, 2.0), (self.conv2, 2.5), (self.dense, 2.0)):
                layer.weight *= gain

    def forward(self, x, most=1):
        """Returns the spikes of the three layers, [ticks, recordings, ...]; at most `most` a tick."""
        ticks, count = x.shape[:2]

        def over_time(layer, x):
            y = layer(x.reshape(ticks * count, *x.shape[2:]))
            return y.reshape(ticks, count, *y.shape[1:])

        one = Fire.apply(over_time(self.conv1, x), most)
        two = Fire.apply(over_time(self.conv2, self.drop(one)), most)
        out = Fire.apply(over_time(self.dense, self.drop(two).flatten(2)), most)
        return one, two, out

    def drop(self, spikes):
        """Silences channels of a recording, the same in every tick."""
        if not self.training or not self.dropout:
            return spikes
        mask = torch.ones(1, spikes.shape[1], spikes.shape[2], 1, 1)
        return spikes * F.dropout(mask, self.dropout)
