"""Muon: AdamW's place is taken, for matrices, by momentum whose singular values are made equal."""

import torch


def orthogonal(m, rounds=5, kind=torch.bfloat16):
    """About U V' of a matrix's singular value decomposition U S V' (quintic Newton-Schulz iteration)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = m.to(kind)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return (x.mT if tall else x).to(m.dtype)


class Muon(torch.optim.Optimizer):
    """`params`: pairs (parameter, view), where `view` gives the matrices [..., rows, columns] in a tensor of the
    parameter's shape. Steps have AdamW's size (RMS 0.2), so that both share a learning rate. `kind`: numbers that
    singular values are made equal in."""

    def __init__(self, pairs, lr, momentum=0.95, weight_decay=0.0, kind=torch.bfloat16):
        self.views, self.kind = [view for _, view in pairs], kind
        super().__init__([p for p, _ in pairs], {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p, view in zip(group["params"], self.views):
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p)
                state["m"].lerp_(p.grad, 1 - group["momentum"])
                g = view(torch.lerp(p.grad, state["m"], group["momentum"]))
                step = orthogonal(g, kind=self.kind) * (0.2 * max(g.shape[-2:]) ** 0.5)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                view(p).sub_(step, alpha=group["lr"])


def matrices(model):
    """(pairs for Muon, everything else) of a GestureModel."""
    pairs, rest = [], []
    for name, p in model.named_parameters():
        if ".kernel" in name or "recurrent_kernel" in name:
            pairs.append((p, lambda t: t.view(t.shape[0], 3, -1).transpose(0, 1)))  # one a gate
        elif name.startswith("cnn.conv") and p.dim() == 4 and p.shape[-1] == 3:
            pairs.append((p, lambda t: t[:, :, 1, 1]))  # one tap is used
        elif name.startswith("cnn.conv") and p.dim() == 4:
            pairs.append((p, lambda t: t.view(t.shape[0], -1)))
        elif name == "cnn.fc.weight":
            pairs.append((p, lambda t: t))
        else:
            rest.append(p)
    return pairs, rest
