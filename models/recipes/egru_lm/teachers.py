"""Finished models whose mixed expectation of the next word a sparse model learns. See README.md.

A transformer (recipe `spiking_gpt`), which reads each sequence without what came before, and an
EGRU whose state is carried on. The logits of each are multiplied by a factor, since both are too
sure of themselves, and their probabilities are mixed (Hinton et al., arXiv:1503.02531).
"""

import importlib
import math
import sys
from pathlib import Path

import torch

from model import detach
from sparse import SparseLanguageModel

_TRANSFORMERS = Path(__file__).resolve().parent.parent / "spiking_gpt"


def read_transformer(folder, words, head=32):
    """The transformer of an exported folder, weights as rounded there, in evaluation mode."""
    # That recipe's modules `model` and `export` are named like ours.
    ours = {name: sys.modules.pop(name, None) for name in ("model", "export")}
    sys.path.insert(0, str(_TRANSFORMERS))
    try:
        export, model = importlib.import_module("export"), importlib.import_module("model")
    finally:
        sys.path.remove(str(_TRANSFORMERS))
        for name, module in ours.items():
            sys.modules.pop(name, None)
            if module:
                sys.modules[name] = module
    state = export.read(folder, head)
    context, width = state["wpe.weight"].shape
    layers = sum(name.endswith("ln_1.weight") for name in state)
    transformer = model.Gpt(width, width // head, layers, torch.zeros(words), context)
    transformer.load_state_dict(state)
    transformer.set(rounded=True)
    return transformer.eval().requires_grad_(False)


def chosen_words(targets, frequent, samples, words):
    """Words of a softmax, logarithm of how many words each stands for, places of the targets.

    The most frequent words, the targets, and a sample that stands for all others.
    """
    rare = torch.unique(targets[targets >= frequent])
    drawn = torch.randint(min(frequent, words), words + 1, (samples,))
    drawn = torch.unique(drawn[(drawn < words) & ~torch.isin(drawn, rare)])
    chosen = torch.cat([torch.arange(min(frequent, words)), rare, drawn])
    weight = torch.zeros(len(chosen))
    if len(drawn):
        weight[-len(drawn) :] = math.log((words - len(chosen) + len(drawn)) / len(drawn))
    place = torch.full((words,), -1)
    place[chosen] = torch.arange(len(chosen))
    return chosen, weight, place[targets]


class Teachers:
    """A transformer and an EGRU, whose weights stay."""

    def __init__(self, folders, args):
        transformer, egru = folders
        self.egru = SparseLanguageModel.load(egru).eval().requires_grad_(False)
        self.transformer = read_transformer(transformer, len(self.egru.embeddings.weight))
        self.args = args
        self.restart()

    def restart(self):
        """Clears the EGRU's state."""
        self.states = self.egru.start(self.args.batch)

    def transformer_logits(self, words, chosen, weight):
        """Logits [T · B, chosen words] in the order of words [T, B]."""
        model, factor = self.transformer, self.args.soften[0]
        hidden = model(words.t()).transpose(0, 1).flatten(0, 1) * (model.scale * factor)
        return torch.addmm(model.bias[chosen] * factor + weight, hidden, model.wte.weight[chosen].t())

    def egru_logits(self, words, chosen, weight):
        """Logits [T · B, chosen words] in the order of words [T, B]; moves the state on."""
        model, factor = self.egru, self.args.soften[1]
        output, states, _ = model(words, self.states)
        self.states = detach(states, self.args.carry)
        bias = model.decoder["decoder"].bias[chosen] * factor + weight
        return torch.addmm(bias, output * (model.scale * factor), model.embeddings.weight[chosen].t())

    @torch.no_grad()
    def __call__(self, words, chosen, weight):
        """Probabilities [T · B, chosen words] after each of the words [T, B]."""
        mixed = self.args.shares[0] * torch.softmax(self.transformer_logits(words, chosen, weight), 1)
        return mixed.add_(torch.softmax(self.egru_logits(words, chosen, weight), 1), alpha=self.args.shares[1])

    @torch.no_grad()
    def expected(self, numbers):
        """For each word of a text [N] one drawn from what the transformer expects in its place."""
        a, words = self.args, len(self.transformer.bias)
        drawn, size = numbers.clone(), a.batch * a.length
        for at in range(0, len(numbers) - size, size):
            text = numbers[at : at + size].view(a.batch, a.length).t()
            chosen, weight, _ = chosen_words(text.flatten(), a.frequent, a.samples, words)
            sums = torch.softmax(self.transformer_logits(text, chosen, weight), 1).cumsum(1)
            place = torch.searchsorted(sums, torch.rand(len(sums), 1) * sums[:, -1:]).clamp(max=len(chosen) - 1)
            drawn[at + 1 : at + size + 1] = chosen[place[:, 0]].view(a.length, a.batch).t().flatten()
        return drawn


class TaughtCrossEntropy(torch.autograd.Function):
    """Cross entropy of logits h Eᵀ + b with targets mixed with probabilities; mean surprisal.

    A few rows at a time, as in `CrossEntropy`; the gradient is that of the first result.
    """

    ROWS = 512

    @staticmethod
    def forward(ctx, h, embedding, bias, targets, taught, teach):
        dh, d_embedding, d_bias = torch.empty_like(h), torch.zeros_like(embedding), torch.zeros_like(bias)
        loss = surprisal = 0.0
        for at in range(0, len(h), TaughtCrossEntropy.ROWS):
            block = slice(at, at + TaughtCrossEntropy.ROWS)
            rows, wanted, target = h[block], taught[block], targets[block, None]
            logits = torch.addmm(bias, rows, embedding.t())
            logits.sub_(logits.amax(1, keepdim=True))
            own, mean = logits.gather(1, target), (wanted * logits).sum(1, keepdim=True)
            sums = logits.exp_().sum(1, keepdim=True)
            nats = (sums.log() - own).double()
            surprisal += nats.sum().item()
            loss += ((1 - teach) * nats + teach * (sums.log() - mean)).sum().item()
            logits.div_(sums).sub_(wanted, alpha=teach)
            logits.scatter_add_(1, target, torch.full_like(own, teach - 1))
            torch.mm(logits, embedding, out=dh[block])
            d_embedding.addmm_(logits.t(), rows)
            d_bias.add_(logits.sum(0))
        ctx.save_for_backward(dh, d_embedding, d_bias)
        ctx.count = len(h)
        return torch.tensor(loss / len(h)), torch.tensor(surprisal / len(h))

    @staticmethod
    def backward(ctx, grad, _):
        return *(d.mul_(grad / ctx.count) for d in ctx.saved_tensors), None, None, None


class Lessons:
    """What the teachers expect, and a text in which some words are replaced by what they expect.

    The teachers know the training text better than others: what they expect after words that are
    not in it says more.
    """

    def __init__(self, args, numbers, path):
        self.args, self.teachers = args, Teachers(args.teachers, args)
        if not path.exists():
            torch.save(self.teachers.expected(torch.tensor(numbers)), path)
        self.other = torch.load(path, weights_only=True).tolist()

    def restart(self):
        self.teachers.restart()

    def inputs(self, words, drawn):
        """Words [T, B], of which a share is replaced by those that were drawn."""
        return torch.where(torch.rand(words.shape) < self.args.replace, drawn, words)

    def loss(self, model, output, inputs, targets):
        """Loss and mean surprisal in nats of a model's output [T · B, E] after inputs [T, B]."""
        a, targets = self.args, targets.reshape(-1)
        chosen, weight, places = chosen_words(targets, a.frequent, a.samples, len(model.embeddings.weight))
        taught = self.teachers(inputs, chosen, weight)
        bias = model.decoder["decoder"].bias[chosen] + weight
        rows = model.embeddings.weight[chosen]
        return TaughtCrossEntropy.apply(output * model.scale, rows, bias, places, taught, a.teach)
