"""Compares recordings: how much, where and when they have events. Prints a table of percentiles.

    python likeness.py --synthetic FOLDER --real FOLDER [FOLDER ...]

Synthetic: AEDAT 3.1 with labels, every labelled gesture by itself. Real: AEDAT 2.0 of a DVS128, 3.1, or 4
(needs `pip install aedat`), every file by itself. See docs/gestures.md.
"""

import argparse
from pathlib import Path

import numpy as np

from events import CLASSES, FRAME_US, frames, read_aedat31, read_labels

ROWS = [
    ("events a second", "rate", "{:,.0f}"),
    ("of these ON, %", "on", "{:.0f}"),
    ("spread of columns, pixels", "spread_x", "{:.1f}"),
    ("spread of rows, pixels", "spread_y", "{:.1f}"),
    ("pixels with any event, %", "pixels", "{:.0f}"),
    ("background, Hz a pixel", "background", "{:.3f}"),
    ("of it, within 25 ms after the other polarity, %", "answers", "{:.0f}"),
    ("time between a pixel's events, 10th percentile, ms", "gap10", "{:.2f}"),
    ("median, ms", "gap50", "{:.1f}"),
    ("90th percentile, ms", "gap90", "{:.0f}"),
    ("sent again within 2 µs, %", "again", "{:.1f}"),
    ("variation of the rate over 25 ms, %", "variation", "{:.0f}"),
    ("strongest frequency of the rate, Hz", "frequency", "{:.1f}"),
    ("activity where most moves, with itself 25 ms later, correlation", "after25", "{:.2f}"),
    ("150 ms later", "after150", "{:.2f}"),
]


def read_aedat2(path):
    """AEDAT 2.0 of a DVS128, as jAER reads it: x mirrored, ON where bit 0 is clear."""
    data, at = Path(path).read_bytes(), 0
    while data[at : at + 1] == b"#":
        at = data.index(b"\n", at) + 1
    words = np.frombuffer(data[at : at + (len(data) - at) // 8 * 8], ">u4").reshape(-1, 2).astype(np.int64)
    address = words[:, 0]
    return words[:, 1], 127 - (address >> 1 & 127), 127 - (address >> 8 & 127), (address & 1) == 0


def read_aedat4(path):
    import aedat

    packets = [p["events"] for p in aedat.Decoder(str(path)) if "events" in p]
    e = np.concatenate(packets)
    return e["t"].astype(np.int64), e["x"].astype(np.int64), e["y"].astype(np.int64), e["on"].astype(bool)


def read(path):
    start = Path(path).read_bytes()[:12]
    if start.startswith(b"#!AER-DAT4"):
        return read_aedat4(path)
    return read_aedat31(path) if start.startswith(b"#!AER-DAT3.1") else read_aedat2(path)


def persistence(events):
    """How alike the activity of the busiest 13 x 13 of 32 x 32 pixels is to itself 1 and 6 frames later."""
    t = events[0]
    counts = np.minimum(frames(events, t[0], int((t[-1] - t[0]) // FRAME_US)), 3).astype(float)
    active = np.pad(counts > 0, ((0, 0), (1, 1), (1, 1))).astype(int)
    near = sum(active[:, i : i + 32, j : j + 32] for i in range(3) for j in range(3)) - active[:, 1:-1, 1:-1]
    weight = (counts * (near >= 2)).mean(0) ** 1.5  # without noise
    row, column = np.mgrid[:32, :32]
    middle = [(weight * place).sum() / max(weight.sum(), 1e-9) for place in (row, column)]
    window = (abs(row - middle[0]) < 6.5) & (abs(column - middle[1]) < 6.5)
    g = counts[:, window] - counts[:, window].mean(0)
    return [(g[k:] * g[:-k]).sum() / max((g * g).sum(), 1e-9) for k in (1, 6)]


def describe(events):
    """The figures of ROWS for one recording."""
    t, x, y, on = events
    seconds = (t[-1] - t[0]) * 1e-6
    pixel = y * 128 + x
    counts = np.bincount(pixel, minlength=1 << 14)
    # A block of 8 x 8 pixels in which little happens shows the background: the lower quartile of all blocks,
    # median of their pixels' means.
    blocks = counts.reshape(16, 8, 16, 8).transpose(0, 2, 1, 3).reshape(256, 64)
    means = np.sort(blocks, axis=1)[:, :60].mean(1)
    quiet = np.sort(means)[:64]
    calm = np.isin((y >> 3) * 16 + (x >> 3), np.argsort(means)[:64])
    order = np.lexsort((t, pixel))
    gaps = np.diff(t[order])[np.diff(pixel[order]) == 0]
    changes = gaps[gaps > 2]
    answered = (np.diff(pixel[order]) == 0) & np.diff(on[order]) & (np.diff(t[order]) < 25_000)
    calm_events = max(1, calm.sum() - (calm[order][1:] & (np.diff(pixel[order]) == 0) & (np.diff(t[order]) <= 2)).sum())
    rate = np.bincount((t - t[0]) // FRAME_US)[:-1]
    swing = np.abs(np.fft.rfft((rate - rate.mean()) * np.hanning(len(rate))))
    frequency = np.fft.rfftfreq(len(rate), FRAME_US * 1e-6)
    swing[frequency < 0.4] = 0
    after25, after150 = persistence(events)
    g10, g50, g90 = np.percentile(changes, [10, 50, 90]) * 1e-3 if len(changes) else (np.nan,) * 3
    return {
        "rate": len(t) / seconds,
        "on": 100 * on.mean(),
        "spread_x": x.std(),
        "spread_y": y.std(),
        "pixels": 100 * (counts > 0).mean(),
        "background": np.median(quiet) / seconds,
        "answers": 100 * (answered & calm[order][1:]).sum() / calm_events,
        "gap10": g10,
        "gap50": g50,
        "gap90": g90,
        "again": 100 * (gaps <= 2).mean() if len(gaps) else 0.0,
        "variation": 100 * rate.std() / rate.mean(),
        "frequency": frequency[swing.argmax()],
        "after25": after25,
        "after150": after150,
    }


def synthetic(folder):
    """Figures of every labelled gesture, by class."""
    by_class = [[] for _ in range(CLASSES)]
    for path in sorted(Path(folder).glob("*.aedat")):
        events = read_aedat31(path)
        for label, start, end in read_labels(path.with_name(path.stem + "_labels.csv")):
            first, last = np.searchsorted(events[0], [start, end])
            by_class[label].append(describe([column[first:last] for column in events]))
    return by_class


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--synthetic", required=True)
    p.add_argument("--real", nargs="+", required=True, help="folders, each a column")
    args = p.parse_args()
    by_class = synthetic(args.synthetic)
    columns = [("synthetic right_hand_wave", by_class[1]), ("synthetic, all classes", sum(by_class, []))]
    for folder in args.real:
        files = sorted(f for f in Path(folder).rglob("*") if f.suffix in (".aedat", ".aedat4"))
        columns.append((f"real: {Path(folder).name}", [describe(read(f)) for f in files]))
    print("5th, 50th and 95th percentile over recordings (synthetic: over gestures)\n")
    print("| | " + " | ".join(f"{name} ({len(rows)})" for name, rows in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for title, key, form in ROWS:
        cells = []
        for _, rows in columns:
            low, middle, high = np.nanpercentile([row[key] for row in rows], [5, 50, 95])
            cells.append(f"{form.format(low)} … **{form.format(middle)}** … {form.format(high)}")
        print(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
