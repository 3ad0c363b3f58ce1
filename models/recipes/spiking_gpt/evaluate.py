"""Perplexity, accuracy, rates and likeness of an exported GPT, in NumPy f32, without a line of the training code.

Reads the folder as spinntui does (card.ron, int8 rows) and runs the arithmetic of models/README.md on many sequences side
by side. Products may add in another order than on the chip, so a spike that lands on its threshold can differ.

    python evaluate.py --model ../../spiking-gpt --twin ../../gpt --text test.txt
"""

import argparse
import json
import math
import re
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

F32 = np.float32


def integer(z):
    """A sum of small whole numbers as such: exact in f32 up to 2^24."""
    return np.rint(z)


class Matrix:
    """Rows [out, in] of whole numbers with a scale each, and a bias [out]."""

    def __init__(self, tensors, name):
        self.q = tensors[f"{name}.q"].astype(F32)
        self.scale, self.bias = tensors[f"{name}.scale"], tensors[f"{name}.bias"]
        self.dense = self.q * self.scale[:, None]

    def __call__(self, x):
        """x [..., in], real -> [..., out]."""
        return x @ self.dense.T + self.bias

    def spikes(self, x, steps=None):
        """x [..., in], whole numbers -> [..., out]; with `steps`, of spikes summed over them, the mean over them."""
        z = integer(x @ self.q.T) * self.scale
        return (z if steps is None else z / F32(steps)) + self.bias


def norm(h, weight, bias):
    """Layer norm of the last axis."""
    mean = h.mean(axis=-1, keepdims=True, dtype=F32)
    variance = ((h - mean) ** 2).mean(axis=-1, keepdims=True, dtype=F32)
    return (h - mean) / np.sqrt(variance + F32(1e-5)) * weight + bias


def leaky(z, v, threshold):
    """One step of LIF neurons, tau 2, hard reset: v is updated, spikes are returned."""
    v += (z - v) * F32(0.5)
    s = v >= F32(threshold)
    v[s] = 0.0
    return s


def integrated(z, v, theta):
    """One step of IF neurons, soft reset: v is updated, spikes are returned."""
    v += z
    s = v >= theta
    v -= s * theta
    return s


class Model:
    """An exported transformer of the attention family."""

    def __init__(self, folder, steps=0, levels=0):
        folder = Path(folder)
        card = (folder / "card.ron").read_text(encoding="utf-8")
        self.t = t = load_file(folder / "model.safetensors")
        self.vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
        self.heads = int(re.search(r"heads:\s*(\d+)", card).group(1))
        attention = re.search(r"attention:\s*Spiking\(\s*steps:\s*(\d+),\s*normalise:\s*(true|false)", card)
        mlp = re.search(r"mlp:\s*Spiking\(\s*steps:\s*(\d+),\s*input:\s*(Encoded|Direct)", card)
        self.steps = attention and (steps or int(attention.group(1)))
        self.normalise = attention and attention.group(2) == "true"
        self.levels, self.encoded = mlp and (levels or int(mlp.group(1))), mlp and mlp.group(2) == "Encoded"
        self.embedding = t["embeddings.weight.q"].astype(F32) * t["embeddings.weight.scale"][:, None]
        self.context = len(t["wpe"])
        count = sum(name.endswith("ln_1.weight") for name in t)
        names = ("attn.qkv", "attn.proj", "mlp.fc", "mlp.proj")
        self.layers = [{name: Matrix(t, f"h.{k}.{name}") for name in names} for k in range(count)]
        self.rates = [{} for _ in self.layers]

    def rate(self, k, name, spikes):
        total, count = self.rates[k].get(name, (0, 0))
        self.rates[k][name] = total + np.count_nonzero(spikes), count + spikes.size

    def split(self, x):
        """[B, N, d] -> [B, H, N, d / H]."""
        return x.reshape(*x.shape[:2], self.heads, -1).swapaxes(1, 2)

    def softmax(self, k, u):
        q, key, v = (self.split(part) for part in np.split(self.layers[k]["attn.qkv"](u), 3, axis=-1))
        score = q @ key.swapaxes(-1, -2) / F32(math.sqrt(q.shape[-1]))
        score = np.where(np.tri(u.shape[1], dtype=bool), score, -np.inf)
        weight = np.exp(score - score.max(axis=-1, keepdims=True))
        mixed = weight / weight.sum(axis=-1, keepdims=True) @ v
        return self.layers[k]["attn.proj"](mixed.swapaxes(1, 2).reshape(u.shape))

    def spiking(self, k, u):
        layer, gain = self.layers[k], self.t[f"h.{k}.attn.gain"]
        plus, minus, out = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
        inside = np.zeros((*u.shape[:2], 3 * u.shape[2]), F32)
        attended = np.arange(1, u.shape[1] + 1, dtype=F32) if self.normalise else np.ones(u.shape[1], F32)
        factor = gain[:, None, None] / attended[:, None]
        v_out = np.zeros((len(u), self.heads, u.shape[1], u.shape[2] // self.heads), F32)
        for _ in range(self.steps):
            x = leaky(u, plus, 1.0).astype(F32) - leaky(-u, minus, 1.0)
            s = leaky(layer["attn.qkv"].spikes(x), inside, 1.0).astype(F32)
            q, key, v = (self.split(part) for part in np.split(s, 3, axis=-1))
            counts = integer(np.where(np.tri(u.shape[1], dtype=bool), q @ key.swapaxes(-1, -2), 0.0).astype(F32) @ v)
            a = leaky(counts * factor, v_out, 0.5)
            out += a.swapaxes(1, 2).reshape(u.shape)
            for name, spikes in (("input", x), ("q", q), ("k", key), ("v", v), ("out", a)):
                self.rate(k, name, spikes)
        return layer["attn.proj"].spikes(out, self.steps)

    def gelu(self, k, w):
        z = self.layers[k]["mlp.fc"](w)
        return self.layers[k]["mlp.proj"](F32(0.5) * z * (1 + np.tanh(F32(math.sqrt(2 / math.pi)) * (z + F32(0.044715) * z**3))))

    def converted(self, k, w):
        layer, theta_in, theta = self.layers[k], self.t[f"h.{k}.mlp.theta_in"], self.t[f"h.{k}.mlp.theta"]
        plus, minus = (np.full_like(w, theta_in[0] / 2) for _ in range(2))
        hidden = np.full((*w.shape[:2], len(layer["mlp.fc"].scale)), theta[0] / 2, F32)
        out = np.zeros_like(hidden)
        for _ in range(self.levels):
            if self.encoded:
                g = integrated(w, plus, theta_in).astype(F32) - integrated(-w, minus, theta_in)
                self.rate(k, "ffn input", g)
                z = layer["mlp.fc"].spikes(g)
            else:
                z = layer["mlp.fc"](w)
            f = integrated(z, hidden, theta)
            self.rate(k, "ffn hidden", f)
            out += f
        return layer["mlp.proj"].spikes(out, self.levels)

    def run(self, words):
        """Word numbers [B, N] -> the residual stream after embedding and each layer, and the logits [B, N, V]."""
        t = self.t
        h = self.embedding[words] + t["wpe"][: words.shape[1]]
        stream = [h]
        for k in range(len(self.layers)):
            u = norm(h, t[f"h.{k}.ln_1.weight"], t[f"h.{k}.ln_1.bias"])
            h = h + (self.spiking(k, u) if self.steps else self.softmax(k, u))
            w = norm(h, t[f"h.{k}.ln_2.weight"], t[f"h.{k}.ln_2.bias"])
            h = h + (self.converted(k, w) if self.levels else self.gelu(k, w))
            stream.append(h)
        hidden = norm(h, t["ln_f.weight"], t["ln_f.bias"]) * t["decoder.scale"][0]
        return stream, hidden @ self.embedding.T + t["decoder.decoder.bias"]


def cosine(a, b):
    """Sum of the cosines of the last axis."""
    return float(((a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))).sum())


def evaluate(model, numbers, twin=None, batch=16):
    """Figures over all predictions of a text: sequences of `context` words, each without context before it."""
    n = model.context
    starts = list(range(0, len(numbers) - 1, n))
    nats, right, agree, like, count = 0.0, 0, 0, 0.0, 0
    layers = np.zeros(len(model.layers) + 1)
    whole, last = [s for s in starts if s + n < len(numbers)], [s for s in starts if s + n >= len(numbers)]
    groups = [whole[at : at + batch] for at in range(0, len(whole), batch)] + [last] * bool(last)
    for group in groups:
        length = min(n, len(numbers) - 1 - group[0])
        words = np.stack([numbers[s : s + length] for s in group])
        wanted = np.stack([numbers[s + 1 : s + 1 + length] for s in group])
        stream, logits = model.run(words)
        top = logits.max(axis=-1)
        log_sum = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1, dtype=np.float64))
        nats += float((log_sum - np.take_along_axis(logits, wanted[..., None], -1)[..., 0]).sum())
        guess = logits.argmax(axis=-1)
        right, count = right + int((guess == wanted).sum()), count + wanted.size
        if twin is not None:
            other_stream, other = twin.run(words)
            agree, like = agree + int((guess == other.argmax(axis=-1)).sum()), like + cosine(logits, other)
            layers += [cosine(x, y) for x, y in zip(stream, other_stream)]
    found = {"predictions": count, "perplexity": math.exp(nats / count), "mean_surprisal": nats / count, "accuracy": right / count}
    if twin is not None:
        found |= {"agreement": agree / count, "cosine": like / count, "cosine_per_layer": (layers / count).round(4).tolist()}
    names = model.rates[0]
    return found | {"rates": {name: [round(r[name][0] / r[name][1], 4) for r in model.rates] for name in names}}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True)
    p.add_argument("--twin", help="the model to be like")
    p.add_argument("--text", required=True)
    p.add_argument("--sequences", type=int, default=0, help="only the first; 0: all")
    p.add_argument("--steps", type=int, default=0, help="time steps of spiking attention; 0: the card's")
    p.add_argument("--levels", type=int, default=0, help="time steps of spiking feed-forward blocks; 0: the card's")
    args = p.parse_args()
    model = Model(args.model, args.steps, args.levels)
    number = {word: i for i, word in enumerate(model.vocabulary)}
    with open(args.text, encoding="utf-8") as lines:
        words = [word for line in lines for word in (*line.split(), "<eos>")]
    numbers = np.array([number.get(word, number["<unk>"]) for word in words])
    if args.sequences:
        numbers = numbers[: args.sequences * model.context + 1]
    print(json.dumps(evaluate(model, numbers, args.twin and Model(args.twin)), indent=1))


if __name__ == "__main__":
    main()
