"""Runs an exported network on labelled recordings, in NumPy, without a line of the training code.

IF neurons as the scene runs them: v += x, a spike where v > 1, then v -= 1; a spike reaches the
next layer within its tick; the answer is the output neuron with most spikes, the first of several.
"""

import argparse
import pathlib

import h5py
import numpy as np

SIDE, TICKS = 34, 340


def recording(path):
    """Returns neuron (polarity, row, column) and tick of every event of a file."""
    raw = np.fromfile(path, np.uint8).reshape(-1, 5).astype(np.int64)
    rest = (raw[:, 2] << 16) | (raw[:, 3] << 8) | raw[:, 4]
    return ((rest >> 23) * SIDE + raw[:, 1]) * SIDE + raw[:, 0], (rest & 0x7FFFFF) // 1000


def find(folder, part):
    """Returns files and classes, from labels.tsv or from folders of classes."""
    folder = pathlib.Path(folder)
    if (folder / "labels.tsv").is_file():
        lines = [line.split("\t") for line in (folder / "labels.tsv").read_text().splitlines()[1:]]
        return [(folder / name, int(label)) for name, label in lines if name.startswith(part.lower())]
    return [(path, int(path.parent.name)) for path in sorted(folder.glob(f"{part}/*/*.bin"))]


def columns(x, kernel, stride, padding):
    """Returns the windows of x, [recordings, channels, rows, columns], as rows of a matrix."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    count, channels, rows, cols = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, channels * kernel * kernel), rows, cols


class Network:
    """The network of a NIR file that export.py wrote."""

    def __init__(self, path):
        with h5py.File(path) as file:
            nodes = file["node/nodes"]
            self.convolutions = [
                (nodes[name]["weight"][()], int(nodes[name]["stride"][0]), int(nodes[name]["padding"][0]))
                for name in ("conv1", "conv2")
            ]
            self.dense = nodes["dense/weight"][()]

    def run(self, files):
        """Returns output spikes, [ticks, recordings, 10], and the mean spikes of each layer."""
        events = [recording(path) for path, _ in files]
        v = [0, 0, 0]
        totals = np.zeros(3)
        out = np.zeros((TICKS, len(files), 10), np.float32)
        for tick in range(TICKS):
            x = np.zeros((len(files), 2 * SIDE * SIDE), np.float32)
            for number, (neuron, time) in enumerate(events):
                np.add.at(x[number], neuron[time == tick], 1)
            spikes = x.reshape(-1, 2, SIDE, SIDE)
            for layer in range(3):
                if layer < 2:
                    weight, stride, padding = self.convolutions[layer]
                    rows_of, rows, cols = columns(spikes, weight.shape[2], stride, padding)
                    x = rows_of @ weight.reshape(len(weight), -1).T
                    x = x.reshape(len(files), rows, cols, -1).transpose(0, 3, 1, 2)
                else:
                    x = spikes.reshape(len(files), -1) @ self.dense.T
                v[layer] = v[layer] + x
                spikes = (v[layer] > 1).astype(np.float32)
                v[layer] = v[layer] - spikes
                totals[layer] += spikes.sum()
            out[tick] = spikes
        return out, totals / len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="NAME.nir")
    parser.add_argument("--data", required=True, help="folder of recordings")
    parser.add_argument("--part", default="Test", choices=["Test", "Train"])
    args = parser.parse_args()
    files = find(args.data, args.part)
    out, spikes = Network(args.model).run(files)
    labels = np.array([label for _, label in files])
    answers = out.sum(0).argmax(1)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, answers), 1)
    print(f"{(labels == answers).sum()} of {len(labels)} recordings recognised; rows digits, columns answers:")
    print(confusion)
    print("spikes of the layers in a recording:", np.round(spikes).astype(int))


if __name__ == "__main__":
    main()
