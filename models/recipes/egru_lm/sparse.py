"""The language model with sparse matrices and fixed masks, for training on a CPU.

The kernels are in sparse.cpp. It starts from a model folder as export.py writes it: its non-zeros
are the only weights there are, so a pruned network keeps its sparsity, and a product costs what its
non-zeros cost.

Inside the layers, activations are [groups, steps, features, lanes]: LANES sequences a group.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import nn
from torch.nn import functional as F
from torch.utils.cpp_extension import load

from model import Decoder

# fast-math: sums in any order and no check for infinities, so that exponentials become vectors.
_FLAGS = ["-O3", "-march=native", "-ffast-math", "-fopenmp"]
kernels = load("egru_sparse", [str(Path(__file__).with_name("sparse.cpp"))], extra_cflags=_FLAGS)
LANES = kernels.LANES


class SparseMatrix(nn.Module):
    """CSR of [3H, sources] with trainable values, and their places in the transposed CSR."""

    def __init__(self, pointers, indices, values, sources):
        super().__init__()
        pointers = torch.as_tensor(pointers, dtype=torch.int64)
        indices = torch.as_tensor(indices, dtype=torch.int64)
        self.values = nn.Parameter(torch.as_tensor(values, dtype=torch.float32).clone())
        self.shape = (len(pointers) - 1, sources)
        rows = torch.repeat_interleave(torch.arange(self.shape[0]), pointers.diff())
        # Stable, so that the rows of one source ascend.
        order = torch.argsort(indices, stable=True)
        counts = torch.bincount(indices, minlength=sources)
        self.register_buffer("pointers", pointers.int(), persistent=False)
        self.register_buffer("indices", indices.int(), persistent=False)
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("pointers_t", F.pad(counts.cumsum(0), (1, 0)).int(), persistent=False)
        self.register_buffer("indices_t", rows[order].int(), persistent=False)

    def with_values(self, values):
        """Arguments for the kernels: the matrix and its transpose."""
        return [self.pointers, self.indices, values], [self.pointers_t, self.indices_t, values[self.order]]

    def dense(self):
        """The dense array in the layout of egru.py, [sources, 3H]."""
        rows = torch.repeat_interleave(torch.arange(self.shape[0]), self.pointers.long().diff())
        dense = torch.zeros(self.shape[1], self.shape[0])
        dense[self.indices.long(), rows] = self.values.detach()
        return dense


class SparseScan(torch.autograd.Function):
    """A layer over a sequence. Gradients stop at the state before the first step."""

    @staticmethod
    def forward(ctx, x, y0, c0, kernel_values, recurrent_values, bias, recurrent_bias, thr, layer, activity):
        kernel, kernel_t = layer.kernel.with_values(kernel_values)
        recurrent, recurrent_t = layer.recurrent_kernel.with_values(recurrent_values)
        x, y0, c0 = x.contiguous(), y0.contiguous(), c0.contiguous()
        y, c, saved = kernels.forward(x, y0, c0, kernel, recurrent, bias, recurrent_bias, thr)
        ctx.save_for_backward(x, y0, c0, y, saved, thr)
        ctx.matrices = (kernel, kernel_t, recurrent, recurrent_t)
        ctx.surrogate = (layer.height, layer.width, activity)
        ctx.mark_non_differentiable(c)
        return y, c

    @staticmethod
    def backward(ctx, dy, _):
        x, y0, c0, y, saved, thr = ctx.saved_tensors
        grads = kernels.backward(dy.contiguous(), x, y0, c0, y, saved, *ctx.matrices, thr, *ctx.surrogate)
        return grads[0], None, None, *(g.sum(0) for g in grads[1:]), None, None


class SparseLayer(nn.Module):
    """One EGRU layer; parameters are named as in `EgruLayer`, with `.values` for the matrices."""

    def __init__(self, kernel, recurrent_kernel, bias, recurrent_bias, thr, height=0.7, width=0.5):
        super().__init__()
        self.kernel, self.recurrent_kernel = kernel, recurrent_kernel
        self.bias = nn.Parameter(torch.as_tensor(bias).clone())
        self.recurrent_bias = nn.Parameter(torch.as_tensor(recurrent_bias).clone())
        self.thr = nn.Parameter(torch.as_tensor(thr).clone())
        self.height, self.width = height, width

    def start(self, groups):
        """The state before the first step: y = 0 and c = 0, each [groups, H, LANES]."""
        zeros = torch.zeros(groups, self.thr.numel(), LANES)
        return zeros, zeros

    def forward(self, x, state, drop_connect=0.0, activity=0.0):
        """Computes outputs y [G, T, H, LANES] and the state after step T from x [G, T, I, LANES].

        state: (y, c) before the first step.

        drop_connect: fraction of the recurrent weights left out, one mask for the whole call.
        activity: weight of a cost on the number of events.
        """
        recurrent = F.dropout(self.recurrent_kernel.values, drop_connect, self.training)
        y, c = SparseScan.apply(
            x, *state, self.kernel.values, recurrent, self.bias, self.recurrent_bias, self.thr, self, activity
        )
        return y, (y[:, -1].detach(), c)


class CrossEntropy(torch.autograd.Function):
    """Mean surprisal of targets under logits h Eᵀ + b, with gradients, a few rows at a time."""

    ROWS = 512

    @staticmethod
    def forward(ctx, h, embedding, bias, targets):
        dh, d_embedding, d_bias = torch.empty_like(h), torch.zeros_like(embedding), torch.zeros_like(bias)
        nats, needs_gradient = 0.0, any(ctx.needs_input_grad)
        for rows, at in zip(h.split(CrossEntropy.ROWS), range(0, len(h), CrossEntropy.ROWS)):
            wanted = targets[at : at + len(rows), None]
            logits = torch.addmm(bias, rows, embedding.t())
            likely = logits.gather(1, wanted)
            logits.sub_(logits.amax(1, keepdim=True)).exp_()
            sums = logits.sum(1, keepdim=True)
            logits.div_(sums)
            nats -= logits.gather(1, wanted).log().double().sum().item() if likely.isfinite().all() else torch.nan
            if needs_gradient:
                logits.scatter_add_(1, wanted, torch.full_like(likely, -1.0))
                torch.mm(logits, embedding, out=dh[at : at + len(rows)])
                d_embedding.addmm_(logits.t(), rows)
                d_bias.add_(logits.sum(0))
        ctx.save_for_backward(dh, d_embedding, d_bias)
        ctx.count = len(h)
        return torch.tensor(nats / len(h))

    @staticmethod
    def backward(ctx, grad):
        return *(d.mul_(grad / ctx.count) for d in ctx.saved_tensors), None


class SparseLanguageModel(nn.Module):
    """`LanguageModel` with `SparseLayer`s: embedding, layers, tied decoder."""

    def __init__(self, embedding, layers, bias, scale):
        super().__init__()
        self.embeddings = nn.Embedding.from_pretrained(torch.as_tensor(embedding), freeze=False)
        self.rnns = nn.ModuleList(layers)
        self.decoder = nn.ModuleDict({"decoder": Decoder(torch.as_tensor(bias))})
        self.scale = nn.Parameter(torch.tensor(float(scale)))

    @classmethod
    def load(cls, folder, height=0.7, width=0.5):
        """Reads model.safetensors of a folder in the packed form."""
        tensors = load_file(Path(folder) / "model.safetensors")
        embedding = tensors["embeddings.weight.q"].astype(np.float32) * tensors["embeddings.weight.scale"][:, None]
        layers, sources = [], embedding.shape[1]
        while f"rnns.{len(layers)}.thr" in tensors:
            own = f"rnns.{len(layers)}"
            units = len(tensors[f"{own}.thr"])
            matrices = []
            for name, columns in (("kernel", sources), ("recurrent_kernel", units)):
                parts = [tensors[f"{own}.{name}.csr_{part}"].astype(kind)
                         for part, kind in (("indptr", np.int64), ("indices", np.int64), ("data", np.float32))]  # fmt: skip
                matrices.append(SparseMatrix(*parts, columns))
            vectors = [tensors[f"{own}.{name}"] for name in ("bias", "recurrent_bias", "thr")]
            layers.append(SparseLayer(*matrices, *vectors, height, width))
            sources = units
        return cls(embedding, layers, tensors["decoder.decoder.bias"], tensors["decoder.scale"][0])

    def start(self, batch):
        """The state before the first word of `batch` sequences: one (y, c) a layer.

        batch: a multiple of LANES.
        """
        if batch % LANES:
            raise ValueError(f"{batch} sequences side by side; a multiple of {LANES} is needed")
        return [layer.start(batch // LANES) for layer in self.rnns]

    def forward(self, words, states, drop=None, activity=(0.0, 0.0, 0.0)):
        """Computes output [T · B, E] in the order of words [T, B], new states, activity a layer.

        drop: a `Drop`, or None. Activity is the fraction of y that is not zero, before dropout.
        """
        steps, batch = words.shape
        grouped = words.t().reshape(batch // LANES, LANES, steps)
        x = self.embeddings(grouped)
        if drop and drop.words:
            kept = torch.rand(len(self.embeddings.weight)) >= drop.words
            x = x * (kept / (1.0 - drop.words))[grouped][..., None]
        x = drop_features(x.permute(0, 2, 3, 1), drop and drop.input)
        new_states, activities = [], []
        for k, (layer, state) in enumerate(zip(self.rnns, states)):
            x, state = layer(x, state, drop.recurrent if drop else 0.0, activity[k])
            new_states.append(state)
            activities.append(x.detach().count_nonzero().item() / x.numel())
            x = drop_features(x, drop and (drop.output if k == len(self.rnns) - 1 else drop.between))
        return x.permute(1, 0, 3, 2).reshape(steps * batch, -1), new_states, activities

    def loss(self, output, targets, sample=None):
        """Mean surprisal in nats of targets [T, B], given the output [T · B, E].

        sample: a `Sample` of the vocabulary to which the softmax is limited; an estimate for training.
        """
        hidden, targets = output * self.scale, targets.reshape(-1)
        weight, bias = self.embeddings.weight, self.decoder["decoder"].bias
        if sample is None:
            return CrossEntropy.apply(hidden, weight, bias, targets)
        words, places = sample.draw(targets)
        return CrossEntropy.apply(hidden, weight[words], bias[words] - sample.log_inclusion[words], places)

    def dense_state(self):
        """A `LanguageModel.state_dict()` of these weights, for export.py."""
        state = {n: p.detach().clone() for n, p in self.named_parameters() if not n.endswith(".values")}
        for k, layer in enumerate(self.rnns):
            state[f"rnns.{k}.kernel"] = layer.kernel.dense()
            state[f"rnns.{k}.recurrent_kernel"] = layer.recurrent_kernel.dense()
        return state


class Drop:
    """Fractions left out in training: words, features before, between and after layers, weights."""

    def __init__(self, words=0.0, input=0.0, between=0.0, output=0.0, recurrent=0.0):
        self.words, self.input, self.between = words, input, between
        self.output, self.recurrent = output, recurrent


def drop_features(x, p):
    """Drops features of x [G, T, F, LANES] with one mask for all T steps (variational dropout)."""
    if not p:
        return x
    keep = torch.rand(x.shape[0], 1, *x.shape[2:]) >= p
    return x * (keep / (1.0 - p))


class Sample:
    """Words for a softmax over part of the vocabulary: a step's targets and `size` random words.

    They are drawn with probabilities proportional to the square root of the words' frequencies.
    Subtracting the logarithm of a word's probability of being among them corrects for what is left
    out.
    """

    def __init__(self, counts, size, targets):
        frequency = torch.as_tensor(counts, dtype=torch.float64).clamp(min=1)
        frequency /= frequency.sum()
        self.size, self.chance = size, frequency.sqrt() / frequency.sqrt().sum()
        left_out = size * torch.log1p(-self.chance) + targets * torch.log1p(-frequency)
        self.log_inclusion = torch.log(-torch.expm1(left_out)).float()

    def draw(self, targets):
        """Word numbers, ascending, and the place of each target among them."""
        drawn = torch.multinomial(self.chance, self.size, replacement=True)
        words = torch.unique(torch.cat([drawn, targets]))
        return words, torch.searchsorted(words, targets)
