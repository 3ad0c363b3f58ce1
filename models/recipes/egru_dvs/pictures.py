"""Pictures of synthetic recordings for docs/gestures.md (needs Pillow).

    python pictures.py --recording FOLDER/user01_led --to docs/img/gestures-classes.png
    python pictures.py --recording FOLDER/user0*_*.aedat --class 2 --to docs/img/gestures-people.png

One recording: a row a gesture. Several: a row a recording, of one class. A tile shows 40 ms, ON green, OFF red;
from tile to tile 120 ms pass.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from events import read_aedat31, read_labels
from export import NAMES

TILES, SHOWN_US, STEP_US, EDGE = 9, 40_000, 120_000, 2


def tile(events, start):
    """What happens in 40 ms, as a picture."""
    first, last = np.searchsorted(events[0], [start, start + SHOWN_US])
    _, x, y, on = (column[first:last] for column in events)
    counts = np.zeros((2, 128, 128))
    np.add.at(counts, (on.astype(int), y, x), 1)
    light = np.clip(counts * 90, 0, 255)
    ground = np.array([14, 16, 20])
    colours = np.array([[235, 64, 90], [70, 214, 120]])
    picture = ground + np.tensordot(light / 255, colours, (0, 0))
    return np.pad(np.clip(picture, 0, 255), ((EDGE, 0), (EDGE, 0), (0, 0)), constant_values=60).astype(np.uint8)


def row(events, start, title):
    tiles = np.concatenate([tile(events, start + i * STEP_US) for i in range(TILES)], 1)
    picture = Image.new("RGB", (170 + tiles.shape[1], tiles.shape[0]), (14, 16, 20))
    picture.paste(Image.fromarray(tiles), (170, 0))
    ImageDraw.Draw(picture).text((6, 58), title, fill=(220, 220, 220))
    return np.asarray(picture)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--recording", nargs="+", type=Path, required=True)
    p.add_argument("--class", dest="label", type=int, help="from 1: only this class")
    p.add_argument("--to", type=Path, required=True)
    args = p.parse_args()
    rows = []
    for path in args.recording:
        path = path.with_suffix("")
        events = read_aedat31(path.with_suffix(".aedat"))
        for label, start, _ in read_labels(path.with_name(path.name + "_labels.csv")):
            if args.label is None or label + 1 == args.label:
                title = NAMES[label] if args.label is None else path.name
                rows.append(row(events, start + 500_000, title.replace("_counter", "\n_counter")))
    Image.fromarray(np.concatenate(rows)).quantize(64).save(args.to, optimize=True)


if __name__ == "__main__":
    main()
