"""Spiking neurons over T steps, with surrogate gradients, and the activation that converts into them.

LIF (tau 2, hard reset; Spikformer, ICLR 2023, eqs 1-3 and code):  v += (x - v) / 2;  s = v >= threshold;  v = 0 where s
IF (soft reset; QCFS, Bu et al., ICLR 2022):                       v += x;            s = v >= theta;      v -= theta where s
QCFS activation:  lambda * clip(floor(z L / lambda + 1/2) / L, 0, 1), which the IF neuron with v(0) = theta / 2 = lambda / 2
and constant input gives exactly after T = L steps.
Surrogate: ATan with alpha = 2, reset detached (the defaults of spikingjelly's tutorial on surrogate training).
"""

import math

import torch

try:
    import lif as kernels
except ImportError:  # no Triton, no GPU
    kernels = None

ALPHA = 2.0


class Step(torch.autograd.Function):
    """1 where v >= 0; backward: the derivative of atan, alpha / 2 / (1 + (pi / 2 alpha v)^2)."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v >= 0).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad * (ALPHA / 2.0) / (1.0 + (math.pi / 2.0 * ALPHA * v) ** 2)


def lif(x, threshold):
    """Spikes [T, ...] of LIF neurons with input x [T, ...], all at rest before."""
    if x.is_cuda:
        return kernels.Lif.apply(x, len(x), threshold, ALPHA, False)
    v, spikes = torch.zeros_like(x[0]), []
    for x_t in x.unbind(0):
        v = v + (x_t - v) * 0.5
        s = Step.apply(v - threshold)
        v = v * (1.0 - s.detach())
        spikes.append(s)
    return torch.stack(spikes)


def code(u, steps, threshold=1.0):
    """u [...] as spikes in {-1, 0, 1}, [T, ...]: a LIF neuron for u and one for -u."""
    if u.is_cuda:
        return kernels.Lif.apply(u, steps, threshold, ALPHA, True) - kernels.Lif.apply(-u, steps, threshold, ALPHA, True)
    constant = u.expand(steps, *u.shape)
    return lif(constant, threshold) - lif(-constant, threshold)


def integrate(x, theta):
    """Spikes [T, ...] of IF neurons with soft reset and input x [T, ...], at theta / 2 before. No gradient."""
    if x.is_cuda:
        return kernels.integrate(x, len(x), theta, False)
    v, spikes = torch.full_like(x[0], 0.5) * theta, []
    for x_t in x.unbind(0):
        v = v + x_t
        s = (v >= theta).to(v.dtype)
        v = v - s * theta
        spikes.append(s)
    return torch.stack(spikes)


def code_if(w, steps, theta):
    """w [...] as spikes in {-1, 0, 1}, [T, ...]: an IF neuron for w and one for -w. No gradient."""
    if w.is_cuda:
        return kernels.integrate(w, steps, theta, True) - kernels.integrate(w, steps, theta, True, -1.0)
    constant = w.expand(steps, *w.shape)
    return integrate(constant, theta) - integrate(-constant, theta)


class Floor(torch.autograd.Function):
    """floor; backward: the identity."""

    @staticmethod
    def forward(ctx, x):
        return torch.floor(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


def qcfs(z, height, levels):
    """The QCFS activation, 0..height in `levels` steps; gradients for z and for height."""
    return height * (Floor.apply(z / height * levels + 0.5) / levels).clamp(0.0, 1.0)


def signed_qcfs(w, height, levels):
    """QCFS of w and of -w, the difference: what two populations of IF neurons give of w."""
    return qcfs(w, height, levels) - qcfs(-w, height, levels)


def int8_rows(weight):
    """The weights [out, in] as they are after rounding to int8 with a scale a row; gradient: the identity."""
    scale = weight.detach().abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127.0
    rounded = torch.round(weight.detach() / scale).clamp(-127, 127) * scale
    return weight + (rounded - weight).detach()
