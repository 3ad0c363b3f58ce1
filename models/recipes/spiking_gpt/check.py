"""Checks of the recipe: the QCFS theorem, running state against masked attention, the loss with
a teacher, kernels against plain PyTorch.

    python check.py                          # with a GPU: the kernels there
    TRITON_INTERPRET=1 python check.py       # without one: the kernels in the interpreter
"""

import os

import torch

import spikes


def theorem():
    """T = L, v(0) = theta / 2, constant input: IF spikes are the QCFS activation at each level."""
    z, theta = torch.randn(4000) * 2.0, torch.tensor([0.7])
    for steps in (1, 2, 4, 8, 16):
        counts = spikes.integrate(z.expand(steps, -1), theta).sum(dim=0)
        levels = spikes.qcfs(z, theta, steps) / theta * steps
        assert torch.equal(counts, levels.round()), steps
    print("QCFS: spikes of 4,000 neurons are its levels, for 1, 2, 4, 8 and 16 steps")


def running_state():
    """Masked Q K^T V is what a running sum of k outer v gives, exactly: both count."""
    from model import Attention

    torch.manual_seed(2)
    attention = Attention(64, 2, 4)
    q, k, v = (torch.rand(4, 3, 2, 17, 32) < 0.3 for _ in range(3))
    attention.gain.data.copy_(torch.tensor([0.5, 1.7]))
    wanted = attention.summed(q.float(), k.float(), v.float())
    state = torch.zeros(4, 3, 2, 32, 32)
    for i in range(17):
        state += k[..., i, :, None].float() * v[..., i, None, :].float()
        counts = (q[..., i, :, None].float() * state).sum(dim=-2)
        assert torch.equal(counts * (attention.gain[:, None] / (i + 1)), wanted[..., i, :])
    print("running state: equal to masked Q K^T V at 17 positions")


def teacher():
    """Loss with a teacher and gradients equal autograd's; the words of a softmax stand for all."""
    import distil

    torch.manual_seed(3)
    targets = torch.tensor([5, 17, 930, 3, 998])
    chosen, weight, places = distil.chosen_words(targets, 20, 30, 1000)
    assert torch.equal(chosen[places], targets) and len(chosen.unique()) == len(chosen)
    assert abs(weight.exp().sum() - 1000) < 1e-2, "each word of the softmax stands for itself or for others, all for all"
    hidden, matrix, bias = torch.randn(5, 8), torch.randn(len(chosen), 8), torch.randn(len(chosen))
    taught, all_grads, losses = torch.randn(5, len(chosen)), [], []
    for own in (True, False):
        inputs = [x.clone().requires_grad_() for x in (hidden, matrix, bias)]
        if own:
            loss, _ = distil.Loss.apply(*inputs, taught, places, 0.7)
        else:
            wanted = 0.7 * torch.softmax(taught, dim=-1) + 0.3 * torch.nn.functional.one_hot(places, len(chosen))
            loss = torch.nn.functional.cross_entropy(inputs[0] @ inputs[1].t() + inputs[2], wanted)
        (3.0 * loss).backward()
        losses.append(loss)
        all_grads.append([x.grad for x in inputs])
    assert torch.allclose(*losses, atol=1e-5)
    assert all(torch.allclose(x, y, atol=1e-5) for x, y in zip(*all_grads))
    print("loss with a teacher: as autograd has it, over words that stand for all")


def kernels(device):
    """Each kernel gives the spikes and gradients of its plain twin."""
    import lif

    torch.manual_seed(4)
    for constant in (False, True):
        x = torch.randn(300, device=device) if constant else torch.randn(5, 300, device=device)
        plain, fused = x.clone().requires_grad_(), x.clone().requires_grad_()
        weights = torch.randn(5, 300, device=device)
        full = plain.expand(5, -1) if constant else plain
        v, wanted = torch.zeros(300, device=device), []
        for x_t in full.unbind(0):
            v = v + (x_t - v) * 0.5
            wanted.append(spikes.Step.apply(v - 0.4))
            v = v * (1.0 - wanted[-1].detach())
        wanted = torch.stack(wanted)
        got = lif.Lif.apply(fused, 5, 0.4, spikes.ALPHA, constant)
        (wanted * weights).sum().backward()
        (got * weights).sum().backward()
        assert torch.equal(got, wanted)
        assert torch.allclose(fused.grad, plain.grad, atol=1e-6)
        theta = torch.tensor([0.6], device=device)
        v, count = torch.full((300,), 0.3, device=device), torch.zeros(300, device=device)
        for x_t in (x.expand(5, -1) if constant else x).unbind(0):
            v = v + x_t
            s = (v >= theta).float()
            v = v - s * theta
            count += s
        assert torch.equal(lif.integrate(x, 5, theta, constant).sum(dim=0), count)
    print("kernels: spikes and gradients of LIF and IF neurons as in plain PyTorch")


def main():
    theorem()
    running_state()
    teacher()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" or os.environ.get("TRITON_INTERPRET") == "1":
        kernels(device)
    else:
        print("kernels are not checked: no GPU, and TRITON_INTERPRET=1 is not set")


if __name__ == "__main__":
    main()
