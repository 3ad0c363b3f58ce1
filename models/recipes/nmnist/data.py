"""Reads N-MNIST's files, changes recordings at random, and bins them.

A recording is an array of rows (column, row, polarity, time in µs). Two layouts are read: folders
Train and Test with a folder for each class, and a list `labels.tsv` of files and classes.
"""

import pathlib

import numpy as np

SIDE = 34
TICKS = 340


def read(path):
    """Reads a file: 5 bytes an event, column, row, then a bit of polarity and 23 bits of time."""
    raw = np.fromfile(path, np.uint8).reshape(-1, 5).astype(np.int64)
    rest = (raw[:, 2] << 16) | (raw[:, 3] << 8) | raw[:, 4]
    return np.stack([raw[:, 0], raw[:, 1], rest >> 23, rest & 0x7FFFFF], 1)


def load(folder, part):
    """Returns the recordings of a part, "Train" or "Test", and their classes."""
    folder = pathlib.Path(folder)
    labels = folder / "labels.tsv"
    if labels.is_file():
        lines = [line.split("\t") for line in labels.read_text().splitlines()[1:]]
        files = [(folder / name, int(label)) for name, label in lines if name.startswith(part.lower())]
    else:
        files = [(path, int(path.parent.name)) for path in sorted(folder.glob(f"{part}/*/*.bin"))]
    if not files:
        raise SystemExit(f"{folder}: no recordings of part {part}")
    return [read(path) for path, _ in files], np.array([label for _, label in files])


def change(events, rng, strength=1.0):
    """Moves, turns, stretches and slants a recording, loses events and adds noise."""
    x, y, p, t = (events[:, k].astype(np.float64) for k in range(4))
    angle = np.deg2rad(strength * rng.uniform(-14, 14))
    size = 1 + strength * rng.uniform(-0.13, 0.13, 2)
    slant = strength * rng.uniform(-0.18, 0.18)
    centre = (SIDE - 1) / 2
    # Events move from anywhere in their pixel, so that turning leaves no holes.
    u = x - centre + rng.uniform(-0.5, 0.5, len(x))
    v = y - centre + rng.uniform(-0.5, 0.5, len(y))
    u, v = size[0] * (u + slant * v), size[1] * v
    wave = strength * rng.uniform(-0.9, 0.9, 2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    length = rng.uniform(12, 30, 2)
    u, v = u + wave[0] * np.sin(2 * np.pi * v / length[0] + phase[0]), v + wave[1] * np.sin(
        2 * np.pi * u / length[1] + phase[1]
    )
    shift = strength * rng.uniform(-1.8, 1.8, 2)
    x = np.rint(np.cos(angle) * u - np.sin(angle) * v + centre + shift[0])
    y = np.rint(np.sin(angle) * u + np.cos(angle) * v + centre + shift[1])
    t = t * (1 + strength * rng.uniform(-0.03, 0.03)) + strength * rng.uniform(-5_000, 5_000)
    keep = rng.random(len(x)) > rng.uniform(0, 0.25) * strength
    keep &= (x >= 0) & (x < SIDE) & (y >= 0) & (y < SIDE) & (t >= 0) & (t < TICKS * 1000)
    changed = np.stack([x, y, p, t], 1)[keep].astype(np.int64)
    noise = rng.poisson(strength * rng.uniform(0, 150))
    extra = np.stack(
        [
            rng.integers(0, SIDE, noise),
            rng.integers(0, SIDE, noise),
            rng.integers(0, 2, noise),
            rng.integers(0, 310_000, noise),
        ],
        1,
    )
    return np.concatenate([changed, extra])


def bins(batch, ticks=TICKS, tick_us=1000):
    """Counts events: an array [ticks, recordings, polarity, row, column]."""
    out = np.zeros((ticks, len(batch), 2, SIDE, SIDE), np.float32)
    flat = out.reshape(-1)
    for number, events in enumerate(batch):
        tick = events[:, 3] // tick_us
        events, tick = events[tick < ticks], tick[tick < ticks]
        place = ((tick * len(batch) + number) * 2 + events[:, 2]) * SIDE + events[:, 1]
        np.add.at(flat, place * SIDE + events[:, 0], 1)
    return out
