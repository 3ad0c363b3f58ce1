"""Magnitude pruning, each weight matrix by itself, ramped up while training goes on.

The paper has "parameter sparsity of 95 % per weight matrix" (arXiv:2312.09084) and no schedule.
The ramp here is the cubic one of Zhu and Gupta, "To prune, or not to prune" (arXiv:1710.01878):
fast while there is much to spare, slow near the end. Weights that are gone stay gone.
"""

import torch


def ramp(progress, start, end, final):
    """The sparsity wanted at `progress` (0 to 1 of the training): 0 before `start`, `final` from `end` on."""
    if progress < start:
        return 0.0
    left = 1.0 - min(1.0, (progress - start) / max(1e-9, end - start))
    return final * (1.0 - left**3)


class Pruner:
    """Keeps a mask for every kernel and recurrent kernel of a model. Biases and embedding stay dense."""

    def __init__(self, model):
        self.matrices = {n: p for n, p in model.named_parameters() if n.endswith("kernel")}
        self.masks = {n: torch.ones_like(p, dtype=torch.bool) for n, p in self.matrices.items()}
        self.sparsity = 0.0

    @torch.no_grad()
    def prune(self, sparsity):
        """Masks the smallest weights of every matrix, so that this fraction of it is zero."""
        # What the optimiser has just moved away from zero must not come back: masked weights are
        # zero again before sizes are compared, so they are the smallest of all and stay masked.
        self.apply()
        for name, matrix in self.matrices.items():
            size = matrix.abs().flatten()
            count = round(sparsity * size.numel())
            if count:
                self.masks[name] = matrix.abs() > size.kthvalue(count).values
        self.sparsity = sparsity
        self.apply()

    @torch.no_grad()
    def apply(self):
        """Sets masked weights to zero again: the optimiser moves them at every update."""
        for name, matrix in self.matrices.items():
            matrix.mul_(self.masks[name])

    def zeros(self):
        """The measured fraction of zeros, a matrix."""
        return {n: (p == 0).float().mean().item() for n, p in self.matrices.items()}
