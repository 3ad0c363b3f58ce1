"""Checks of `scan.py` and `point.py`: gradients against autograd, kernels (in Triton's interpreter) against plain PyTorch.

    python check_gpu.py                       # with a GPU: the kernels there
    TRITON_INTERPRET=1 python check_gpu.py    # without one: the kernels in the interpreter
"""

import os

import torch

import point
from model import LanguageModel
from scan import Scan, pad, unpad


def close(name, got, wanted, tolerance):
    gap = (got.float() - wanted.float()).abs().max().item()
    size = wanted.float().abs().max().item()
    print(f"{name}: largest difference {gap:.2e} of {size:.2e}")
    assert gap <= tolerance * max(size, 1e-6), name


def gradients(events):
    """Loss and every gradient of a whole model, two sequences on, as autograd of model.py has them."""
    torch.manual_seed(3)
    model = LanguageModel(12, [18, 13, 12], torch.randn(50) - 4.0, threshold=0.03, events=events)
    params = {n: torch.nn.Parameter(v) for n, v in pad(model.state_dict(), "cpu").items()}
    scan = Scan(params, [18, 13, 12], 23, 4, (0.0,) * 5, (0.7, 0.5), events, torch.float32, "cpu")
    words = torch.randint(50, (47, 4))
    states = model.start(4)
    for at in (0, 23):
        inputs, targets = words[at : at + 23], words[at + 1 : at + 24]
        output, states, _ = model(inputs, states)
        states = [(y.detach(), c.detach()) for y, c in states]
        model.zero_grad()
        loss = model.loss(output, targets)
        loss.backward()
        scan.inputs.copy_(inputs)
        scan.targets.copy_(targets)
        scan.score(scan.forward(training=True))
        scan.backward()
        scan.carry(c_too=True)
        close(f"events {events}: loss", scan.losses.mean(), loss.detach(), 1e-6)
    found = unpad({n: p.grad for n, p in params.items()}, model.state_dict())
    for name, param in model.named_parameters():
        if param.requires_grad:
            close(f"  {name}", found[name], param.grad, 2e-5)
    for name, param in params.items():
        at_padding = pad(model.state_dict(), "cpu")[name] - param.detach()
        assert at_padding.abs().max() == 0.0, name


def kernels(events, device):
    """Each kernel gives what its plain twin gives."""
    torch.manual_seed(5)
    b, h, v = 3, 24, 5000

    def draw(*shape):
        return torch.randn(shape, device=device)

    a, q, c, thr = draw(b, 3 * h), draw(b, 3 * h), draw(b, h) * 0.5, torch.rand(h, device=device) * 0.2
    outs = [[draw(b, h), draw(b, h)] for _ in range(2)]
    point.plain_forward(a, q, c, thr, *outs[0], events)
    point.fused_forward(a, q, c, thr, *outs[1], events)
    dy, dy_back, cost, dc = draw(b, h), draw(b, h), torch.full((), 0.3, device=device), draw(b, h)
    backs = [[torch.zeros(b, 3 * h, device=device) for _ in range(2)] + [dc.clone(), torch.ones(b, h, device=device)] for _ in range(2)]
    point.plain_backward(a, q, c, thr, dy, dy_back, cost, (0.7, 0.5), *backs[0], events)
    point.fused_backward(a, q, c, thr, dy, dy_back, cost, (0.7, 0.5), *backs[1], events)
    logits, bias, targets = draw(b, v), draw(v), torch.randint(v, (b,), device=device)
    scores = [[logits.clone(), torch.zeros(b, device=device)] for _ in range(2)]
    point.plain_cross_entropy(scores[0][0], bias, targets, scores[0][1])
    point.fused_cross_entropy(scores[1][0], bias, targets, scores[1][1])
    names = ["y", "c", "da", "dq", "dc", "dthr", "dlogits", "loss"]
    for name, plain, fused in zip(names, outs[0] + backs[0] + scores[0], outs[1] + backs[1] + scores[1]):
        close(f"kernel, events {events}: {name}", fused, plain, 1e-5)


def main():
    for events in (True, False):
        gradients(events)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" or os.environ.get("TRITON_INTERPRET") == "1":
        for events in (True, False):
            kernels(events, device)
    else:
        print("kernels are not checked: no GPU, and TRITON_INTERPRET=1 is not set")


if __name__ == "__main__":
    main()
