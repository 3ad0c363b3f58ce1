"""Event-camera recordings in the layout of DVS128 Gesture, and their frames.

A recording is `NAME.aedat` (AEDAT 3.1, polarity events) with `NAME_labels.csv` beside it. Frames are
made as the authors' benchmark does (EvNN, `benchmarks/dvs_gesture`): events of each polarity counted
over 25 ms a pixel, the largest count of every 4 x 4 pixels, the mean of the two polarities, divided
by 19. They are kept here as the sum of both polarities in a byte; `SCALE` turns that into the value.
"""

import csv
from pathlib import Path

import numpy as np

FRAME_US = 25_000  # one frame
SLICE_FRAMES = 67  # frames of a slice of 1.7 s, as the authors' loader counts them
SLICE_US = 1_700_000
SIZE = 32  # pixels of a frame's side, after pooling 128 / 4
SCALE = 0.5 / 19.0  # mean of two polarities, and the authors' divisor
CLASSES = 11
# The class that each class looks like in a mirror (from 0).
MIRROR = [0, 2, 1, 6, 5, 4, 3, 7, 8, 9, 10]


def read_aedat31(path):
    """Times (us, int64), columns, rows (int64) and polarities (bool) of all valid polarity events."""
    data = Path(path).read_bytes()
    if not data.startswith(b"#!AER-DAT3.1"):
        raise ValueError(f"{path}: no AEDAT 3.1 file")
    at = data.index(b"#!END-HEADER\r\n") + len(b"#!END-HEADER\r\n")
    packets = []
    while at + 28 <= len(data):
        kind = int.from_bytes(data[at : at + 2], "little")
        size, _, overflow, _, number, _ = np.frombuffer(data, "<u4", 6, at + 4)
        at += 28
        if at + int(size) * int(number) > len(data):
            raise ValueError(f"{path}: byte {at}: the file ends within a packet")
        if kind == 1 and size == 8:
            words = np.frombuffer(data, "<u4", 2 * int(number), at).reshape(-1, 2).astype(np.int64)
            words = words[(words[:, 0] & 1) == 1]
            packets.append((words[:, 0], words[:, 1] | int(overflow) << 31))
        at += int(size) * int(number)
    words = np.concatenate([p[0] for p in packets]) if packets else np.zeros(0, np.int64)
    times = np.concatenate([p[1] for p in packets]) if packets else np.zeros(0, np.int64)
    return times, words >> 17 & 0x7FFF, words >> 2 & 0x7FFF, (words >> 1 & 1).astype(bool)


def read_labels(path):
    """Rows (class from 0, start, end) of a labels file, us."""
    with open(path, encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return [(int(c) - 1, int(a), int(b)) for c, a, b in rows]


def frames(events, start, count):
    """`count` frames [count, 32, 32] u8 from `start` on: the two polarities' pooled counts, added."""
    t, x, y, on = events
    first, last = np.searchsorted(t, [start, start + count * FRAME_US])
    t, x, y, on = t[first:last], x[first:last], y[first:last], on[first:last]
    frame = (t - start) // FRAME_US
    where = ((frame * 2 + on) * 128 + y) * 128 + x
    # Few pixels of a frame see anything: count those alone.
    pixels, counts = np.unique(where, return_counts=True)
    pooled = np.zeros((count, 2, SIZE, SIZE), np.int64)
    np.maximum.at(
        pooled,
        (pixels >> 15, pixels >> 14 & 1, (pixels >> 7 & 127) >> 2, (pixels & 127) >> 2),
        counts,
    )
    return pooled.sum(1).clip(max=255).astype(np.uint8)
