"""Tells whose clock the labels of arm circles mean, the camera's or the person's.

    python clock.py RECORDING.aedat [RECORDING.aedat ...]

Each recording has its `_labels.csv` beside it, in the layout of DVS128 Gesture. The middle of all events goes round
with the arm: over a labelled circle, the angle about its own mean is added up. Positive turns are clockwise in the
picture (rows count downwards). No network takes part.
"""

import sys
from pathlib import Path

import numpy as np

from events import read_aedat31, read_labels

STEP_US = 50_000
# Class from 0: whether its name says clockwise.
CIRCLES = {3: True, 4: False, 5: True, 6: False}


def smooth(x):
    return np.convolve(np.pad(x, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")


def turns(events, start, end):
    """Turns of the middle of the events about its mean place, clockwise in the picture positive."""
    t, x, y, _ = events
    step, count = (t - start) // STEP_US, (end - start) // STEP_US
    inside = (step >= 0) & (step < count)
    step, x, y = step[inside], x[inside], y[inside]
    seen = np.bincount(step, minlength=count)
    # The square of what is active: the arm, rather than noise all over the picture.
    cells = (step * 16 + (y >> 3)) * 16 + (x >> 3)
    weight = np.bincount(cells, minlength=count * 256)[cells].astype(float) ** 2
    total = np.bincount(step, weight, count)
    kept = seen > 0
    column = smooth(np.bincount(step, weight * x, count)[kept] / total[kept])
    row = smooth(np.bincount(step, weight * y, count)[kept] / total[kept])
    angle = np.unwrap(np.arctan2(row - row.mean(), column - column.mean()))
    return (angle[-1] - angle[0]) / (2 * np.pi)


def main():
    if not sys.argv[1:]:
        raise SystemExit(__doc__)
    votes = {"camera": 0, "person": 0}
    for path in map(Path, sys.argv[1:]):
        events = read_aedat31(path)
        for label, start, end in read_labels(path.with_name(path.stem + "_labels.csv")):
            if label not in CIRCLES:
                continue
            round_ = turns(events, start, end)
            if abs(round_) < 0.5:
                print(f"{path.name}: class {label + 1}: {round_:+.1f} turns, too few to tell")
                continue
            clock = "camera" if (round_ > 0) == CIRCLES[label] else "person"
            votes[clock] += 1
            print(f"{path.name}: class {label + 1}: {round_:+.1f} turns, clockwise positive: the {clock}'s clock")
    print(f"circles by the camera's clock {votes['camera']}, by the person's {votes['person']}")


if __name__ == "__main__":
    main()
