"""Perplexity and activity of an exported model, in f32, one word at a time. NumPy only, on purpose.

Shares no line with the training code: it reads the packed file as spinntui does and runs the cell's
equations as written in egru.py's head. Batch 1, state carried from sequence to sequence.

    python evaluate.py --model models/egru-lm-small --text test.txt --sequences 50
"""

import argparse
import math
import re
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def sigmoid(x):
    """1 / (1 + e^-x) in the type of x; exp may overflow to infinity, which gives the right 0."""
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-x))


def unpack(tensors, name, sources):
    """A packed matrix as a dense [3H, sources] array (rows: gate units in blocks z, r, g)."""
    pointers = tensors[f"{name}.csr_indptr"].astype(np.int64)
    dense = np.zeros((len(pointers) - 1, sources), np.float32)
    row = np.repeat(np.arange(len(dense)), np.diff(pointers))
    dense[row, tensors[f"{name}.csr_indices"].astype(np.int64)] = tensors[f"{name}.csr_data"]
    return dense


class Layer:
    """One EGRU layer with its state y (sent) and c (kept), both [H]."""

    def __init__(self, tensors, k, sources, events):
        prefix, self.events = f"rnns.{k}", events
        self.thr = tensors[f"{prefix}.thr"]
        self.bias, self.recurrent_bias = tensors[f"{prefix}.bias"], tensors[f"{prefix}.recurrent_bias"]
        self.kernel = unpack(tensors, f"{prefix}.kernel", sources)
        self.recurrent = unpack(tensors, f"{prefix}.recurrent_kernel", len(self.thr))
        self.y, self.c = np.zeros_like(self.thr), np.zeros_like(self.thr)

    def step(self, x):
        """Takes the input x [I], returns the new y [H]."""
        a_z, a_r, a_g = np.split(self.kernel @ x + self.bias, 3)
        q_z, q_r, q_g = np.split(self.recurrent @ self.y + self.recurrent_bias, 3)
        z, r = sigmoid(a_z + q_z), sigmoid(a_r + q_r)
        g = np.tanh(a_g + r * q_g)
        n = z * self.c + (np.float32(1) - z) * g
        event = n > self.thr if self.events else np.ones_like(n, bool)
        self.y = np.where(event, n, np.float32(0))
        self.c = n - event * self.thr if self.events else n
        return self.y


class Model:
    """An exported model: `words` maps a word to its number, `surprisals` scores word numbers."""

    def __init__(self, folder):
        tensors = load_file(folder / "model.safetensors")
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
        self.words = {word: i for i, word in enumerate(vocabulary)}
        scale = tensors["embeddings.weight.scale"]
        self.embedding = tensors["embeddings.weight.q"].astype(np.float32) * scale[:, None]
        self.bias, self.scale = tensors["decoder.decoder.bias"], tensors["decoder.scale"][0]
        self.layers = []
        sources = self.embedding.shape[1]
        while f"rnns.{len(self.layers)}.thr" in tensors:
            self.layers.append(Layer(tensors, len(self.layers), sources, events_of(folder)))
            sources = len(self.layers[-1].thr)

    def encode(self, text):
        """Word numbers of a text file: split at white space, `<eos>` after every line, else `<unk>`."""
        with open(text, encoding="utf-8") as lines:
            words = [word for line in lines for word in (*line.split(), "<eos>")]
        return words, np.array([self.words.get(word, self.words["<unk>"]) for word in words])

    def run(self, word):
        """One step of all layers: the last layer's output [E] and the active fraction a layer."""
        x = self.embedding[word]
        for layer in self.layers:
            x = layer.step(x)
        return x, [np.count_nonzero(layer.y) / len(layer.y) for layer in self.layers]

    def surprisals(self, words, following):
        """For one sequence: surprisal in nats of each following word, and activity, [T] and [T, layers]."""
        outputs, activity = zip(*(self.run(word) for word in words))
        logits = (np.stack(outputs) * self.scale) @ self.embedding.T + self.bias
        top = logits.max(axis=1)
        log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1, dtype=np.float64))
        return log_sum - logits[np.arange(len(following)), following], np.array(activity)


def events_of(folder):
    """Whether units have a threshold and a reset; not where the model's card says `events: false`."""
    card = folder / "card.ron"
    return not card.exists() or not re.search(r"^\s*events:\s*false", card.read_text(encoding="utf-8"), re.M)


def carried_by(folder):
    """What the model's card says is carried between sequences; "Y", the authors' way, if it says nothing."""
    card = folder / "card.ron"
    found = card.exists() and re.search(r"^\s*carry:\s*(\w+)", card.read_text(encoding="utf-8"), re.M)
    return found.group(1) if found else "Y"


def evaluate(model, words, length, carry, sequences=0):
    """Surprisals [N] in nats of all words but the first, and activity [N, layers]."""
    parts = []
    for at in range(0, len(words) - 1, length):
        if sequences and at >= sequences * length:
            break
        if carry == "Y":
            for layer in model.layers:
                layer.c = np.zeros_like(layer.c)
        following = words[at + 1 : at + 1 + length]
        parts.append(model.surprisals(words[at : at + len(following)], following))
    surprisals, activity = zip(*parts)
    return np.concatenate(surprisals), np.concatenate(activity)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, type=Path, help="folder with model.safetensors and vocab.txt")
    p.add_argument("--text", required=True, type=Path)
    p.add_argument("--sequences", type=int, default=0, help="only so many from the start (0: all)")
    p.add_argument("--length", type=int, default=70, help="words a sequence")
    p.add_argument(
        "--carry", choices=["CAndY", "Y"], help="state kept between sequences (default: as card.ron says, else Y)"
    )
    p.add_argument("--words", action="store_true", help="also print every word with its surprisal in nats")
    p.add_argument("--card-entry", action="store_true", help="print the result as an entry of card.ron's `measured`")
    args = p.parse_args()

    model = Model(args.model)
    text, words = model.encode(args.text)
    carry = args.carry or carried_by(args.model)
    surprisals, activity = evaluate(model, words, args.length, carry, args.sequences)
    perplexity, mean = math.exp(surprisals.mean()), [round(float(a), 4) for a in activity.mean(axis=0)]
    if args.words:
        for word, surprisal in zip(text[1:], surprisals):
            print(f"{surprisal:8.3f}  {word}")
    if args.card_entry:
        part = f"first {args.sequences} sequences of {args.length}" if args.sequences else "whole"
        print(
            f'(on: "{args.text.name}, {part}", predictions: {len(surprisals)}, '
            f'perplexity: {perplexity:.4f}, activity: {mean}, source: "models/recipes/egru_lm/evaluate.py"),'
        )
    else:
        print(
            f"predictions {len(surprisals)}  perplexity {perplexity:.4f}  mean surprisal {surprisals.mean():.6f} nats"
        )
        print(f"activity {mean}  carry {carry}")


if __name__ == "__main__":
    main()
