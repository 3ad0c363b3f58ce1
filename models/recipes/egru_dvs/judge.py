"""Share of recordings that a network trained on the real DVS128 Gesture set recognises.

    python judge.py --weights dvs_gesture_params.pt FOLDER [FOLDER ...]

The weights are sinabs' (synsense/sinabs @904eb89, `examples/visualizer/`, Apache-2.0) and not part of this
repository: a network of convolutions and ReLUs without biases, whose answer does not depend on the scale of its
input. A folder holds recordings in the layout of DVS128 Gesture (`spinntui synth`, or real ones). The judge sees
counts of events in windows of 200 ms; the answer to a gesture is the mean of its windows' scores. Reported are the
recall of each class, their mean, and which classes are taken for which.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from events import CLASSES, read_aedat31, read_labels

WINDOW_US = 200_000
# Name in the file, stride, padding, and the size of the average pooling behind it.
CONVOLUTIONS = [(2, 0, 1), (1, 1, 2), (1, 1, 2), (1, 1, 2), (1, 1, 2), (1, 1, 2), (1, 0, 1)]
LINEAR = 2
NAMES = ["clap", "R wave", "L wave", "R cw", "R ccw", "L cw", "L ccw", "roll", "drums", "guitar", "other"]


class Judge:
    """The network: counts [N, 2, 128, 128], OFF before ON unless `exchange`, to scores [N, 11]."""

    def __init__(self, path):
        weights = list(torch.load(path, map_location="cpu", weights_only=True).values())
        shapes = [tuple(w.shape) for w in weights]
        if len(weights) != len(CONVOLUTIONS) + LINEAR or shapes[-1] != (CLASSES, 128):
            raise SystemExit(f"{path}: not the judge's weights: shapes {shapes}")
        self.weights = weights

    @torch.no_grad()
    def __call__(self, counts):
        x = counts
        for weight, (stride, padding, pool) in zip(self.weights, CONVOLUTIONS):
            x = F.relu(F.conv2d(x, weight, stride=stride, padding=padding))
            if pool > 1:
                x = F.avg_pool2d(x, pool)
        hidden, last = self.weights[-LINEAR:]
        return F.linear(F.relu(F.linear(x.flatten(1), hidden)), last)


def windows(events, start, end):
    """Counts [N, 2, 128, 128] of whole windows between two times, µs. Channel 0 counts OFF events."""
    t, x, y, on = events
    count = (end - start) // WINDOW_US
    first, last = np.searchsorted(t, [start, start + count * WINDOW_US])
    window = (t[first:last] - start) // WINDOW_US
    place = ((window * 2 + on[first:last]) * 128 + y[first:last]) * 128 + x[first:last]
    counts = np.bincount(place, minlength=count * 2 * 128 * 128)
    return torch.from_numpy(counts.reshape(count, 2, 128, 128)).float()


def gestures(folder):
    """Every gesture of a folder's recordings: file, class and its windows."""
    for path in sorted(Path(folder).glob("*.aedat")):
        events = read_aedat31(path)
        for label, start, end in read_labels(path.with_name(path.stem + "_labels.csv")):
            if end - start >= WINDOW_US:
                yield path.stem, label, windows(events, start, end)


def confusion(judge, folder, exchange):
    """Matrix [11, 11]: gestures of a class (row) that got an answer (column)."""
    matrix = np.zeros((CLASSES, CLASSES), int)
    for _, label, counts in gestures(folder):
        scores = judge(counts.flip(1) if exchange else counts).mean(0)
        matrix[label, int(scores.argmax())] += 1
    return matrix


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--weights", required=True, help="dvs_gesture_params.pt")
    p.add_argument("--exchange", action="store_true", help="exchange the polarities")
    p.add_argument("folders", nargs="+", help="folders of .aedat recordings with their labels")
    args = p.parse_args()
    torch.set_num_threads(1)
    judge = Judge(args.weights)
    for folder in args.folders:
        matrix = confusion(judge, folder, args.exchange)
        seen = matrix.sum(1)
        recall = 100 * matrix.diagonal() / seen.clip(1)
        print(f"{folder}: {seen.sum()} gestures, mean recall {recall[seen > 0].mean():.1f} %")
        for name, row, part in zip(NAMES, matrix, recall):
            if row.any():
                others = [f"{NAMES[i]} {row[i]}" for i in np.argsort(-row) if row[i] and NAMES[i] != name]
                print(f"  {name:7} {part:5.1f} % of {row.sum():3}   {', '.join(others)}")


if __name__ == "__main__":
    main()
