"""Forward pass of a transformer of the `attention` family on a model folder, in plain eager PyTorch.

Written from the format's description (models/README.md), independently of the emulator: golden.py makes the golden files
with it that the emulator's tests read. Every sum runs in ascending order and every operation rounds to float32 by itself,
so that spikes are equal bit for bit; only exp and tanh may differ in their last bits.

It is a reference, not a fast evaluation: one token of d 64 takes some milliseconds.
"""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file

EPSILON = 1e-5
F32 = torch.float32


def read_card(folder):
    """The card's sequence and network, with the few words of RON that such a card needs."""
    text = (Path(folder) / "card.ron").read_text()
    number = lambda name: int(re.search(name + r":\s*(\d+)", text).group(1))
    attention = re.search(r"attention:\s*Spiking\(\s*steps:\s*(\d+),\s*normalise:\s*(true|false)", text)
    mlp = re.search(r"mlp:\s*Spiking\(\s*steps:\s*(\d+),\s*input:\s*(Encoded|Direct)", text)
    return {
        "sequence": number("sequence"),
        "heads": number("heads"),
        "attention": attention and (int(attention.group(1)), attention.group(2) == "true"),
        "mlp": mlp and (int(mlp.group(1)), mlp.group(2)),
    }


def ascending(values):
    """Sum along the last axis, first to last, starting from 0."""
    total = torch.zeros(values.shape[:-1], dtype=values.dtype)
    for i in range(values.shape[-1]):
        total = total + values[..., i]
    return total


def layer_norm(h, weight, bias):
    d = torch.tensor(float(h.numel()), dtype=F32)
    mean = ascending(h) / d
    variance = ascending((h - mean) * (h - mean)) / d
    return (h - mean) / torch.sqrt(variance + torch.tensor(EPSILON, dtype=F32)) * weight + bias


def lif(v, z, threshold):
    v = v + (z - v) * 0.5
    spike = v >= threshold
    return torch.where(spike, torch.zeros_like(v), v), spike.to(torch.int64)


def integrate(v, z, theta):
    v = v + z
    spike = v >= theta
    return torch.where(spike, v - theta, v), spike.to(torch.int64)


class Matrix:
    """int8 rows with a scale and a bias for each output."""

    def __init__(self, tensors, name):
        self.q, self.scale, self.bias = (tensors[f"{name}.{part}"] for part in ("q", "scale", "bias"))

    def dense(self, x):
        weights = self.q.to(F32) * self.scale[:, None]
        return ascending(weights * x) + self.bias

    def sums(self, x):
        """Integer sums of signed spikes, `[..., in]`."""
        return x @ self.q.to(torch.int64).T

    def input(self, x):
        return self.sums(x).to(F32) * self.scale + self.bias

    def mean(self, x):
        """Mean over the time steps of spikes, `[T, in]`."""
        return self.sums(x.sum(0)).to(F32) * self.scale / float(x.shape[0]) + self.bias


class Reference:
    """A model folder as a network, a token at a time."""

    def __init__(self, folder):
        self.card = read_card(folder)
        self.t = load_file(Path(folder) / "model.safetensors")
        self.heads = self.card["heads"]
        self.d = self.t["embeddings.weight.q"].shape[1]
        self.dh = self.d // self.heads
        self.layers = 1 + max(int(m.group(1)) for m in map(re.compile(r"h\.(\d+)\.").match, self.t) if m)
        self.matrix = {
            (layer, name): Matrix(self.t, f"h.{layer}.{name}")
            for layer in range(self.layers)
            for name in ("attn.qkv", "attn.proj", "mlp.fc", "mlp.proj")
        }
        self.restart()

    def restart(self):
        self.position = 0
        self.keys = [[[] for _ in range(self.heads)] for _ in range(self.layers)]
        self.values = [[[] for _ in range(self.heads)] for _ in range(self.layers)]

    def step(self, token):
        """The network's output for a token, `[d]`, and its spikes by layer and population, `[T, n]` each."""
        if self.position == self.card["sequence"]:
            self.restart()
        row = self.t["embeddings.weight.q"][token].to(F32) * self.t["embeddings.weight.scale"][token]
        h = row + self.t["wpe"][self.position]
        spikes = []
        for layer in range(self.layers):
            found = {}
            u = layer_norm(h, self.t[f"h.{layer}.ln_1.weight"], self.t[f"h.{layer}.ln_1.bias"])
            attention = self.spiking if self.card["attention"] else self.softmax
            h = h + attention(layer, u, found)
            w = layer_norm(h, self.t[f"h.{layer}.ln_2.weight"], self.t[f"h.{layer}.ln_2.bias"])
            h = h + (self.spiking_mlp if self.card["mlp"] else self.gelu)(layer, w, found)
            spikes.append(found)
        self.position += 1
        return layer_norm(h, self.t["ln_f.weight"], self.t["ln_f.bias"]), spikes

    def head(self, third, head):
        start = third * self.d + head * self.dh
        return slice(start, start + self.dh)

    def softmax(self, layer, u, _found):
        qkv = self.matrix[layer, "attn.qkv"].dense(u)
        o = []
        for head in range(self.heads):
            q, k, v = (qkv[self.head(third, head)] for third in range(3))
            self.keys[layer][head].append(k)
            self.values[layer][head].append(v)
            factor = torch.tensor(1.0, dtype=F32) / torch.sqrt(torch.tensor(float(self.dh), dtype=F32))
            scores = ascending(torch.stack(self.keys[layer][head]) * q) * factor
            exps = torch.exp(scores - scores.max())
            shares = exps / ascending(exps)
            o.append(ascending((torch.stack(self.values[layer][head]) * shares[:, None]).T))
        return self.matrix[layer, "attn.proj"].dense(torch.cat(o))

    def spiking(self, layer, u, found):
        """Masked Q K^T times V, not a running state: the two are equal."""
        steps, normalise = self.card["attention"]
        up, down = torch.zeros(self.d), torch.zeros(self.d)
        membrane, after = torch.zeros(3 * self.d), torch.zeros(self.d)
        gain = self.t[f"h.{layer}.attn.gain"]
        coded, qkvs, outputs = [], [], []
        for t in range(steps):
            up, plus = lif(up, u, 1.0)
            down, minus = lif(down, -u, 1.0)
            coded.append(plus - minus)
            z = self.matrix[layer, "attn.qkv"].input(plus - minus)
            membrane, qkv = lif(membrane, z, 1.0)
            qkvs.append(qkv)
            o = []
            for head in range(self.heads):
                q, k, v = (qkv[self.head(third, head)] for third in range(3))
                if t == 0:
                    self.keys[layer][head].append([])
                    self.values[layer][head].append([])
                self.keys[layer][head][-1].append(k)
                self.values[layer][head][-1].append(v)
                # All tokens so far, this time step alone.
                keys = torch.stack([token[t] for token in self.keys[layer][head]])
                values = torch.stack([token[t] for token in self.values[layer][head]])
                read = (keys @ q) @ values
                factor = gain[head] / float(self.position + 1) if normalise else gain[head]
                o.append(read.to(F32) * factor)
            after, output = lif(after, torch.cat(o), 0.5)
            outputs.append(output)
        qkvs = torch.stack(qkvs)
        found["input"], found["attention"] = torch.stack(coded), torch.stack(outputs)
        found["q"], found["k"], found["v"] = qkvs.split(self.d, dim=1)
        return self.matrix[layer, "attn.proj"].mean(found["attention"])

    def gelu(self, layer, w, _found):
        x = self.matrix[layer, "mlp.fc"].dense(w)
        inner = x + 0.044715 * (x * x * x)
        root = torch.tensor(0.7978845608, dtype=F32)
        return self.matrix[layer, "mlp.proj"].dense((0.5 * x) * (1.0 + torch.tanh(root * inner)))

    def spiking_mlp(self, layer, w, found):
        steps, coding = self.card["mlp"]
        fc, theta = self.matrix[layer, "mlp.fc"], self.t[f"h.{layer}.mlp.theta"]
        v = (theta / 2.0).expand(4 * self.d)
        hidden = []
        if coding == "Encoded":
            theta_in = self.t[f"h.{layer}.mlp.theta_in"]
            up = down = (theta_in / 2.0).expand(self.d)
            coded = []
            for _ in range(steps):
                up, plus = integrate(up, w, theta_in)
                down, minus = integrate(down, -w, theta_in)
                coded.append(plus - minus)
            found["mlp_input"] = torch.stack(coded)
            inputs = fc.input(found["mlp_input"])
        else:
            inputs = fc.dense(w).expand(steps, -1)
        for z in inputs:
            v, f = integrate(v, z, theta)
            hidden.append(f)
        found["mlp_hidden"] = torch.stack(hidden)
        return self.matrix[layer, "mlp.proj"].mean(found["mlp_hidden"])
