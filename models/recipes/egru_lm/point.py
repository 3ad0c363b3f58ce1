"""The point-wise half of an EGRU step and the softmax, each with its gradient: fused for a GPU, plain for a CPU.

`forward` and `backward` are the equations in the head of `egru.py` and their derivatives; `cross_entropy` turns logits
into their gradient in place. On a GPU each is one Triton kernel; on a CPU the same lines in PyTorch, which `check_gpu.py`
compares with autograd, and the kernels (in Triton's interpreter) with them.
"""

import torch

try:
    import triton
    import triton.language as tl
except ImportError:  # no GPU, no kernels
    triton = None

BLOCK = 1024
COLUMNS = 4096


def gates(a, q, c, thr):
    """z, r, g and the state before the reset n, each [B, H], in f32."""
    h = c.shape[1]
    a, q = a.float(), q.float()
    z = torch.sigmoid(a[:, :h] + q[:, :h])
    r = torch.sigmoid(a[:, h : 2 * h] + q[:, h : 2 * h])
    g = torch.tanh(a[:, 2 * h :] + r * q[:, 2 * h :])
    return z, r, g, z * c + (1.0 - z) * g


def plain_forward(a, q, c, thr, y_out, c_out, events):
    """One step: a, q [B, 3H], c [B, H] -> y_out, c_out [B, H]."""
    n = gates(a, q, c, thr)[3]
    o = (n > thr).float() if events else torch.ones_like(n)
    y_out.copy_(o * n)
    c_out.copy_(n - o * thr if events else n)


def plain_backward(a, q, c, thr, dy, dy_back, cost, surrogate, da, dq, dc, dthr, events):
    """The gradient of one step; dc is read (of the state left) and written (of the state met), dthr added to."""
    z, r, g, n = gates(a, q, c, thr)
    dy = dy.float() + dy_back.float()
    dn = dy + dc
    if events:
        height, width = surrogate
        o = (n > thr).float()
        slope = height * (1.0 - (n - thr).abs() / width).clamp(min=0.0)
        do = n * dy - thr * dc + cost
        dn = o * dy + dc + slope * do
        dthr.sub_(slope * do + o * dc)
    h = c.shape[1]
    dg = dn * (1.0 - z) * (1.0 - g * g)
    dz = dn * (c - g) * z * (1.0 - z)
    dr = dg * q.float()[:, 2 * h :] * r * (1.0 - r)
    da.copy_(torch.cat([dz, dr, dg], dim=1))
    dq.copy_(torch.cat([dz, dr, dg * r], dim=1))
    dc.copy_(dn * z)


def plain_cross_entropy(logits, bias, targets, loss):
    """loss [N] of logits + bias [N, V]; the logits become the gradient of the losses' mean."""
    full = logits.float() + bias
    rows = torch.arange(len(targets), device=logits.device)
    log_sum = torch.logsumexp(full, dim=1)
    loss.copy_(log_sum - full[rows, targets])
    grad = torch.exp(full - log_sum[:, None])
    grad[rows, targets] -= 1.0
    logits.copy_(grad / len(targets))


if triton is not None:

    @triton.jit
    def load_gates(a, q, c, h, row, unit, inside):
        at = row * 3 * h + unit
        q_g = tl.load(q + at + 2 * h, mask=inside, other=0.0).to(tl.float32)
        a_z = tl.load(a + at, mask=inside, other=0.0).to(tl.float32) + tl.load(q + at, mask=inside, other=0.0).to(tl.float32)
        a_r = tl.load(a + at + h, mask=inside, other=0.0).to(tl.float32) + tl.load(q + at + h, mask=inside, other=0.0).to(tl.float32)
        a_g = tl.load(a + at + 2 * h, mask=inside, other=0.0).to(tl.float32)
        before = tl.load(c + row * h + unit, mask=inside, other=0.0)
        z = tl.sigmoid(a_z)
        r = tl.sigmoid(a_r)
        g = 2.0 * tl.sigmoid(2.0 * (a_g + r * q_g)) - 1.0
        return z, r, g, q_g, before, z * before + (1.0 - z) * g

    @triton.jit
    def forward_kernel(a, q, c, thr, y_out, c_out, h, size, EVENTS: tl.constexpr, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        inside = at < size
        row, unit = at // h, at % h
        z, r, g, q_g, before, n = load_gates(a, q, c, h, row, unit, inside)
        y = n
        left = n
        if EVENTS:
            threshold = tl.load(thr + unit, mask=inside, other=1.0)
            event = n > threshold
            y = tl.where(event, n, 0.0)
            left = tl.where(event, n - threshold, n)
        tl.store(y_out + at, y.to(y_out.dtype.element_ty), mask=inside)
        tl.store(c_out + at, left, mask=inside)

    @triton.jit
    def backward_kernel(a, q, c, thr, dy_in, dy_back, cost, height, width, da, dq, dc, dthr, h, size, EVENTS: tl.constexpr, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        inside = at < size
        row, unit = at // h, at % h
        z, r, g, q_g, before, n = load_gates(a, q, c, h, row, unit, inside)
        dy = tl.load(dy_in + at, mask=inside, other=0.0).to(tl.float32) + tl.load(dy_back + at, mask=inside, other=0.0).to(tl.float32)
        dleft = tl.load(dc + at, mask=inside, other=0.0)
        dn = dy + dleft
        if EVENTS:
            threshold = tl.load(thr + unit, mask=inside, other=1.0)
            o = tl.where(n > threshold, 1.0, 0.0)
            slope = height * tl.maximum(0.0, 1.0 - tl.abs(n - threshold) / width)
            do = n * dy - threshold * dleft + tl.load(cost)
            dn = o * dy + dleft + slope * do
            total = tl.load(dthr + at, mask=inside, other=0.0)
            tl.store(dthr + at, total - slope * do - o * dleft, mask=inside)
        dg = dn * (1.0 - z) * (1.0 - g * g)
        dz = dn * (before - g) * z * (1.0 - z)
        dr = dg * q_g * r * (1.0 - r)
        to = row * 3 * h + unit
        kind = da.dtype.element_ty
        tl.store(da + to, dz.to(kind), mask=inside)
        tl.store(da + to + h, dr.to(kind), mask=inside)
        tl.store(da + to + 2 * h, dg.to(kind), mask=inside)
        tl.store(dq + to, dz.to(kind), mask=inside)
        tl.store(dq + to + h, dr.to(kind), mask=inside)
        tl.store(dq + to + 2 * h, (dg * r).to(kind), mask=inside)
        tl.store(dc + at, dn * z, mask=inside)

    @triton.jit
    def cross_entropy_kernel(logits, bias, targets, loss, words, scale, COLUMNS: tl.constexpr):
        row = tl.program_id(0).to(tl.int64)
        at = logits + row * words
        top = -float("inf")
        total = 0.0
        for start in range(0, words, COLUMNS):
            word = start + tl.arange(0, COLUMNS)
            inside = word < words
            value = tl.load(at + word, mask=inside, other=-float("inf")).to(tl.float32) + tl.load(bias + word, mask=inside, other=0.0)
            new = tl.maximum(top, tl.max(value, axis=0))
            total = total * tl.exp(top - new) + tl.sum(tl.exp(value - new), axis=0)
            top = new
        log_sum = top + tl.log(total)
        target = tl.load(targets + row)
        tl.store(loss + row, log_sum - tl.load(at + target).to(tl.float32) - tl.load(bias + target))
        for start in range(0, words, COLUMNS):
            word = start + tl.arange(0, COLUMNS)
            inside = word < words
            value = tl.load(at + word, mask=inside, other=-float("inf")).to(tl.float32) + tl.load(bias + word, mask=inside, other=0.0)
            grad = (tl.exp(value - log_sum) - tl.where(word == target, 1.0, 0.0)) * scale
            tl.store(at + word, grad.to(logits.dtype.element_ty), mask=inside)


def fused_forward(a, q, c, thr, y_out, c_out, events):
    """`plain_forward` as one kernel."""
    size, h = c.numel(), c.shape[1]
    forward_kernel[(triton.cdiv(size, BLOCK),)](a, q, c, thr, y_out, c_out, h, size, EVENTS=events, BLOCK=BLOCK)


def fused_backward(a, q, c, thr, dy, dy_back, cost, surrogate, da, dq, dc, dthr, events):
    """`plain_backward` as one kernel."""
    size, h = c.numel(), c.shape[1]
    backward_kernel[(triton.cdiv(size, BLOCK),)](
        a, q, c, thr, dy, dy_back, cost, *surrogate, da, dq, dc, dthr, h, size, EVENTS=events, BLOCK=BLOCK
    )


def fused_cross_entropy(logits, bias, targets, loss):
    """`plain_cross_entropy` as one kernel."""
    n, words = logits.shape
    cross_entropy_kernel[(n,)](logits, bias, targets, loss, words, 1.0 / n, COLUMNS=COLUMNS, num_warps=8)


def chosen(device):
    """(forward, backward, cross_entropy) for a device."""
    if torch.device(device).type == "cuda":
        return fused_forward, fused_backward, fused_cross_entropy
    return plain_forward, plain_backward, plain_cross_entropy
