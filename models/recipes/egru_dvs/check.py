"""Checks of this recipe, in seconds: gradients against autograd, fast against plain head, frames by hand."""

import os
import socket
from types import SimpleNamespace

import numpy as np
import torch

from data import Augment
from egru import KEEP, EgruLayer
from events import frames
from model import GestureModel, Head, plain
from muon import Muon, matrices, orthogonal
from restart import unfold
from train import Processes


class Event(torch.autograd.Function):
    """The event with its surrogate gradient, for autograd."""

    @staticmethod
    def forward(ctx, v, height, width):
        ctx.save_for_backward(v)
        ctx.height, ctx.width = height, width
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad * ctx.height * (1 - v.abs() / ctx.width).clamp(min=0), None, None


def by_autograd(layer, x):
    """The layer's equations, step by step."""
    h = layer.thr.numel()
    y = c = low = x.new_zeros(x.shape[1], h)
    traces, events = [], []
    for a in x @ layer.kernel + layer.bias:
        q = y @ layer.recurrent_kernel + layer.recurrent_bias
        z, r = torch.sigmoid(a[:, : 2 * h] + q[:, : 2 * h]).split(h, 1)
        g = torch.tanh(a[:, 2 * h :] + r * q[:, 2 * h :])
        n = z * c + (1 - z) * g
        o = Event.apply(n - layer.thr, layer.height, layer.width)
        y, c = o * n, n - o * layer.thr
        low = KEEP * low + (1 - KEEP) * y
        traces.append(low)
        events.append(o)
    return torch.stack(traces), torch.stack(events)


def check_gradients():
    torch.manual_seed(1)
    layer = EgruLayer(7, 12).double()
    with torch.no_grad():
        layer.bias.normal_(std=0.3)
        layer.recurrent_bias.normal_(std=0.3)
    x = torch.randn(9, 5, 7, dtype=torch.double, requires_grad=True)
    weights = torch.randn(9, 5, 12, dtype=torch.double)
    results = []
    for way in (layer, lambda x: by_autograd(layer, x)):
        trace, events = way(x)
        loss = (trace * weights).sum() + (events * weights.sin()).sum()
        results.append((trace, events, torch.autograd.grad(loss, [x, *layer.parameters()])))
    (trace, events, grads), (trace2, events2, grads2) = results
    assert 0 < events.mean() < 1
    assert torch.equal(events, events2) and torch.allclose(trace, trace2)
    for one, other in zip(grads, grads2):
        assert torch.allclose(one, other, atol=1e-10), (one - other).abs().max()


def check_head():
    torch.manual_seed(2)
    head = Head()
    frames_of = lambda: torch.rand(50, 32, 32) * (torch.rand(50, 32, 32) > 0.8)
    with torch.no_grad():
        for layer in head.layers():
            layer.bias.normal_(std=0.2)
        for _ in range(5):
            head(frames_of())
        x = frames_of()
        head.eval()
        assert torch.allclose(head(x), plain(x, head.folded()), atol=1e-4, rtol=1e-4)
        # An exported head with its normalisation taken out again is the same.
        again, want = Head(), head(x)
        for layer, name in zip(again.layers(), [f"conv{i}" for i in range(1, 6)] + ["fc"]):
            layer.weight.copy_(head.folded()[f"{name}.weight"])
            layer.bias.copy_(head.folded()[f"{name}.bias"])
        unfold(again, x)
        assert torch.allclose(again.eval()(x), want, atol=1e-4, rtol=1e-4)
    count = sum(p.numel() for p in GestureModel().parameters())
    assert count == 3_575_243, count  # as counted from the authors' code


def check_frames():
    # Two ON and one OFF event on one pixel, another ON beside it, one in the next frame, one too late.
    t = np.array([5, 6, 7, 8, 25_005, 60_000])
    x, y = np.array([9, 9, 9, 8, 127, 0]), np.array([5, 5, 5, 5, 127, 0])
    on = np.array([1, 1, 0, 1, 0, 1], bool)
    made = frames((t, x, y, on), 5, 2)
    assert made.shape == (2, 32, 32) and made.sum() == 4
    assert made[0, 1, 2] == 3 and made[1, 31, 31] == 1


def check_clean():
    """Slices that keep their sensor keep an empty picture empty; the others get noise."""
    gestures = [(0, k % 11, 0, 80) for k in range(64)]
    recordings = SimpleNamespace(frames=[torch.zeros(80, 32, 32, dtype=torch.uint8)])
    noisy = {c: int((Augment(recordings, 5, c).batch(gestures)[0].flatten(1).sum(1) > 0).sum()) for c in (0.0, 0.5, 1.0)}
    assert noisy[1.0] == 0 < noisy[0.5] < noisy[0.0], noisy
    # And a dot in the middle mostly stays there, within a pixel; the others send it about.
    recordings.frames[0][:, 15:17, 15:17] = 9
    still = {}
    for c in (0.0, 1.0):
        seen = Augment(recordings, 5, c).batch(gestures)[0].amax(1) > 0
        seen[:, 14:18, 14:18] = False
        still[c] = int((~seen.flatten(1).any(1)).sum())
    assert still[1.0] > 48 > 16 > still[0.0], still


def mean_in_process(rank, port):
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    values = [torch.full((2, 3), float(rank)), torch.tensor([4.0 * rank])]
    Processes().mean(values)
    assert torch.equal(values[0], torch.full((2, 3), 0.5)) and values[1] == 2.0, values


def check_processes():
    """Two processes get the mean of what they have; one by itself keeps what it has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(mean_in_process, (port,), 2)
    alone = torch.ones(2)
    Processes().mean([alone])
    assert torch.equal(alone, torch.ones(2))


def check_muon():
    torch.manual_seed(3)
    values = torch.linalg.svdvals(orthogonal(torch.randn(3, 40, 90)).double())
    assert values.min() > 0.4 and values.max() < 1.4, (values.min(), values.max())
    model = GestureModel()
    pairs, rest = matrices(model)
    assert len(pairs) + len(rest) == len(list(model.parameters()))
    before = [p.detach().clone() for p, _ in pairs]
    for p, view in pairs:
        p.grad = torch.zeros_like(p)
        view(p.grad).normal_()
    Muon(pairs, 0.01).step()
    for (p, view), old in zip(pairs, before):
        moved = view(p.detach() - old)
        # Steps of about 0.2 x rate in every matrix; where no view looks, nothing moves.
        assert 0.5 < moved.pow(2).mean().sqrt() / 0.002 < 1.5
        assert torch.isclose((p.detach() - old).abs().sum(), moved.abs().sum(), rtol=1e-3)


if __name__ == "__main__":
    for check in (check_gradients, check_head, check_frames, check_clean, check_processes, check_muon):
        check()
        print(f"{check.__name__}: fine")
