"""Accuracy and activity of an exported model on frames, in f32. NumPy only, on purpose.

Shares no line with the training code but the definition of frames: it reads the model file as spinntui does,
runs convolutions and the cell's equations as written in egru.py's head, and judges whole slices of 1.7 s,
one after the other from the beginning of each gesture.

    python evaluate.py --model models/egru-dvs-gesture --frames FOLDER/*.npz
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from safetensors.numpy import load_file

from events import CLASSES, FRAME_US, SLICE_FRAMES, SLICE_US

CONVOLUTIONS = [(4, 2, True), (1, 2, True), (1, 1, False), (1, 1, False), (1, 1, False)]  # stride, padding, pool


def sigmoid(x):
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-x))


def windows(x, size, stride):
    """All size x size windows of maps [N, C, H, W]: [N, C, rows, columns, size, size]."""
    return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


class Model:
    def __init__(self, folder):
        self.w = {k: v.astype(np.float32) for k, v in load_file(Path(folder) / "model.safetensors").items()}

    def features(self, x):
        """Frames [N, 32, 32] -> features [N, 512]."""
        x = x[:, None]
        for i, (stride, padding, pool) in enumerate(CONVOLUTIONS):
            kernel = self.w[f"conv.{3 * i}.weight"]
            x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
            seen = windows(x, kernel.shape[-1], stride)
            x = np.tensordot(seen, kernel, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
            x = np.maximum(x + self.w[f"conv.{3 * i}.bias"][:, None, None], 0)
            if pool:
                x = windows(x, 3, 2).max((4, 5))
        return x.reshape(len(x), -1) @ self.w["conv.15.weight"].T + self.w["conv.15.bias"]

    def layer(self, k, x):
        """Inputs [T, I] -> trace [T, H], what was sent y [T, H]."""
        w, r, b, rb, thr = (
            self.w[f"layers.{k}.{name}"] for name in ("kernel", "recurrent_kernel", "bias", "recurrent_bias", "thr")
        )
        y = c = trace = np.zeros_like(thr)
        traces, sent = [], []
        for a in x @ w + b:
            (a_z, a_r, a_g), (q_z, q_r, q_g) = np.split(a, 3), np.split(y @ r + rb, 3)
            z, reset = sigmoid(a_z + q_z), sigmoid(a_r + q_r)
            n = z * c + (np.float32(1) - z) * np.tanh(a_g + reset * q_g)
            event = n > thr
            y, c = np.where(event, n, np.float32(0)), n - event * thr
            trace = np.float32(0.9) * trace + np.float32(0.1) * y
            traces.append(trace)
            sent.append(y)
        return np.array(traces), np.array(sent)

    def run(self, frames):
        """A slice [T, 32, 32] -> logits [11], features, and what each layer sent."""
        features = x = self.features(frames)
        sent = []
        for k in range(2):
            x, y = self.layer(k, x)
            sent.append(y)
        logits = (x @ self.w["fc.weight"].T + self.w["fc.bias"]).mean(0)
        return logits, features, sent


def gestures(path):
    """Pairs (class, list of slices' counts [67, 32, 32]) of a file of prepare.py, of gestures that fill a slice."""
    with np.load(path) as data:
        frames, rows = data["frames"], data["gestures"]
    for label, start, end in rows:
        starts = range(start, end - SLICE_FRAMES + 1, SLICE_US // FRAME_US)
        if starts:
            yield int(label), [frames[at : at + SLICE_FRAMES] for at in starts]


def slices(path):
    """Pairs (class, counts [67, 32, 32]) of a file of prepare.py."""
    for label, parts in gestures(path):
        for counts in parts:
            yield label, counts


def spread(right, seen, draws=4000):
    """2.5th and 97.5th percentile of the accuracy when files are drawn again, with replacement: slices of one
    person are right or wrong together, so that counting slices alone would promise too much."""
    chosen = np.random.default_rng(1).integers(0, len(seen), (draws, len(seen)))
    return np.percentile(right[chosen].sum(1) / seen[chosen].sum(1), [2.5, 97.5])


class Tally:
    """What a model answers to files: confusion of slices [11, 11], activity of each layer, slices right and seen of
    each file, and whether the mean of a gesture's logits was right."""

    def __init__(self):
        self.confusion, self.activity, self.files, self.whole = np.zeros((CLASSES, CLASSES), int), [], [], []

    def add(self, model, path, scale):
        right = seen = 0
        for label, parts in gestures(path):
            answers = []
            for counts in parts:
                logits, _, sent = model.run(counts.astype(np.float32) * np.float32(0.5 / scale))
                self.confusion[label, logits.argmax()] += 1
                self.activity.append([(y != 0).mean() for y in sent])
                answers.append(logits)
            right += sum(logits.argmax() == label for logits in answers)
            seen += len(answers)
            self.whole.append(np.mean(answers, 0).argmax() == label)
        if seen:
            self.files.append((right, seen))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True)
    p.add_argument("--frames", required=True, nargs="+", help="files of prepare.py")
    p.add_argument("--scale", type=float, default=18.5, help="divides the counts; the authors test with 18.5")
    args = p.parse_args()
    model, tally = Model(args.model), Tally()
    for path in args.frames:
        tally.add(model, path, args.scale)
    if not tally.files:
        raise SystemExit("no gesture in these files fills a slice of 1.7 s")
    right, seen = np.array(tally.files).T
    low, high = spread(right, seen)
    print(f"slices {seen.sum()} accuracy {right.sum() / seen.sum():.4f}, resampled by file {low:.4f} to {high:.4f}")
    print(f"gestures {len(tally.whole)} accuracy {np.mean(tally.whole):.4f} by the mean of their slices' logits")
    print("activity", np.mean(tally.activity, 0).round(4).tolist())
    for label, row in enumerate(tally.confusion):
        if row.any():
            print(f"class {label + 1:2}: {row[label] / row.sum():.4f} of {row.sum():4} {row}")


if __name__ == "__main__":
    main()
