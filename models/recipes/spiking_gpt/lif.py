"""LIF neurons over T steps and their gradient as one Triton kernel each, for a GPU; the equations are those of `spikes.py`."""

import math

import torch
import triton
import triton.language as tl

BLOCK = 1024


@triton.jit
def forward_kernel(x, s, v_all, size, stride, threshold, T: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    v = tl.zeros([BLOCK], tl.float32)
    for t in tl.static_range(T):
        x_t = tl.load(x + t * stride + at, mask=inside, other=0.0)
        v = v + (x_t - v) * 0.5
        tl.store(v_all + t * size + at, v, mask=inside)
        fired = v >= threshold
        tl.store(s + t * size + at, tl.where(fired, 1.0, 0.0), mask=inside)
        v = tl.where(fired, 0.0, v)


@triton.jit
def backward_kernel(ds, v_all, dx, size, threshold, alpha, CONSTANT: tl.constexpr, T: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    dv = tl.zeros([BLOCK], tl.float32)
    total = tl.zeros([BLOCK], tl.float32)
    for back in tl.static_range(T):
        t = T - 1 - back
        v = tl.load(v_all + t * size + at, mask=inside, other=0.0) - threshold
        bent = 1.5707963267948966 * alpha * v
        slope = 0.5 * alpha / (1.0 + bent * bent)
        dv = tl.load(ds + t * size + at, mask=inside, other=0.0) * slope + tl.where(v >= 0.0, 0.0, dv)
        dv = dv * 0.5
        total += dv
        if not CONSTANT:
            tl.store(dx + t * size + at, dv, mask=inside)
    if CONSTANT:
        tl.store(dx + at, total, mask=inside)


class Lif(torch.autograd.Function):
    """Spikes [steps, ...] of x, which is [steps, ...], or [...] and the same at each step."""

    @staticmethod
    def forward(ctx, x, steps, threshold, alpha, constant):
        x = x.contiguous()
        size = x.numel() if constant else x.numel() // steps
        shape = (steps, *x.shape) if constant else x.shape
        s, v = torch.empty(shape, device=x.device), torch.empty(shape, device=x.device)
        forward_kernel[(triton.cdiv(size, BLOCK),)](x, s, v, size, 0 if constant else size, threshold, T=steps, BLOCK=BLOCK)
        ctx.save_for_backward(v)
        ctx.told = size, steps, threshold, alpha, constant, x.shape
        return s

    @staticmethod
    def backward(ctx, ds):
        (v,) = ctx.saved_tensors
        size, steps, threshold, alpha, constant, shape = ctx.told
        dx = torch.empty(shape, device=v.device)
        backward_kernel[(triton.cdiv(size, BLOCK),)](
            ds.contiguous(), v, dx, size, threshold, alpha, CONSTANT=constant, T=steps, BLOCK=BLOCK
        )
        return dx, None, None, None, None


@triton.jit
def integrate_kernel(x, s, size, stride, sign, theta, T: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    height = tl.load(theta)
    v = tl.zeros([BLOCK], tl.float32) + 0.5 * height
    for t in tl.static_range(T):
        v = v + sign * tl.load(x + t * stride + at, mask=inside, other=0.0)
        fired = v >= height
        tl.store(s + t * size + at, tl.where(fired, 1.0, 0.0), mask=inside)
        v = tl.where(fired, v - height, v)


def integrate(x, steps, theta, constant, sign=1.0):
    """Spikes of IF neurons with soft reset, at theta / 2 before; x as in `Lif`, times `sign`."""
    x = x.contiguous()
    size = x.numel() if constant else x.numel() // steps
    s = torch.empty((steps, *x.shape) if constant else x.shape, device=x.device)
    integrate_kernel[(triton.cdiv(size, BLOCK),)](x, s, size, 0 if constant else size, sign, theta, T=steps, BLOCK=BLOCK)
    return s
