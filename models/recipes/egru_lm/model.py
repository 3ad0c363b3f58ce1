"""The language model around the EGRU layers: embedding, layers, tied decoder."""

import torch
from torch import nn
from torch.nn import functional as F

from egru import EgruLayer


def shared_dropout(x, p):
    """Drops features of x [T, B, F] with one mask for all T steps (variational dropout)."""
    if p == 0.0:
        return x
    keep = torch.rand(1, *x.shape[1:], device=x.device) >= p
    return x * (keep / (1.0 - p))


class Decoder(nn.Module):
    """What the readout has of its own; its matrix is the embedding's (tied)."""

    def __init__(self, unigram_log_probs):
        super().__init__()
        # The log of the word frequencies: before any training, the model is a unigram model.
        self.bias = nn.Parameter(unigram_log_probs.clone())


class LanguageModel(nn.Module):
    """Words -> embedding [V, E] -> EGRU layers -> logits over V words.

    The last layer has E units, because decoder and embedding share one matrix. Names in
    `state_dict()` are EvNN's (`embeddings.weight`, `rnns.k.kernel`, `decoder.decoder.bias`, ...),
    plus `scale`: one number on the last layer's output, which lies in (-1, 1) and is otherwise
    too small to make a sharp prediction together with small embeddings.
    """

    def __init__(self, embedding, units, unigram_log_probs, threshold=0.05, height=0.7, width=0.5, events=True):
        super().__init__()
        if units[-1] != embedding:
            raise ValueError(f"the last layer has {units[-1]} units; it needs {embedding}, like the embedding")
        vocabulary = len(unigram_log_probs)
        self.embeddings = nn.Embedding(vocabulary, embedding)
        nn.init.uniform_(self.embeddings.weight, -0.1, 0.1)
        sizes = [embedding, *units]
        self.rnns = nn.ModuleList(
            # The embedding starts small, so the first kernel starts large.
            EgruLayer(i, h, threshold, gain=4.0 if k == 0 else 1.5, height=height, width=width, events=events)
            for k, (i, h) in enumerate(zip(sizes, units))
        )
        self.decoder = nn.ModuleDict({"decoder": Decoder(unigram_log_probs)})
        self.scale = nn.Parameter(torch.ones(()))

    def start(self, batch):
        """The state before the first word: one (y, c) a layer."""
        return [layer.start(batch) for layer in self.rnns]

    def forward(self, words, states, dropout=(0.0, 0.0, 0.0)):
        """words [T, B] -> output [T, B, E] of the last layer, the new states, the activity a layer.

        dropout: on the embedded words, between layers, on the last layer's output.
        Activity is the fraction of y that is not zero, before dropout.
        """
        on_input, between, on_output = dropout if self.training else (0.0, 0.0, 0.0)
        x = shared_dropout(self.embeddings(words), on_input)
        new_states, activity = [], []
        for k, (layer, state) in enumerate(zip(self.rnns, states)):
            x, state = layer(x, state)
            new_states.append(state)
            activity.append((x.detach() != 0).float().mean().item())
            x = shared_dropout(x, on_output if k == len(self.rnns) - 1 else between)
        return x, new_states, activity

    def loss(self, output, targets):
        """Mean surprisal in nats of the targets [T, B], given the output [T, B, E]."""
        hidden = output.reshape(-1, output.shape[-1]) * self.scale
        logits = F.linear(hidden, self.embeddings.weight, self.decoder["decoder"].bias)
        return F.cross_entropy(logits, targets.reshape(-1))


def detach(states, carry):
    """The states that the next sequence starts from, cut off from this one's gradients.

    carry "CAndY" keeps y and c; "Y" keeps y and clears c, as the authors' code does.
    """
    return [(y.detach(), c.detach() if carry == "CAndY" else torch.zeros_like(c)) for y, c in states]
