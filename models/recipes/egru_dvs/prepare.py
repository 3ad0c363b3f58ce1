"""Turns recordings into frames: one .npz a recording. See README.md."""

import argparse
from pathlib import Path

import numpy as np

from events import FRAME_US, frames, read_aedat31, read_labels


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--from", dest="source", required=True, help="folder with .aedat files and labels")
    p.add_argument("--to", required=True, help="folder for the frames")
    p.add_argument("--prefix", default="", help="goes before every name")
    args = p.parse_args()
    to = Path(args.to)
    to.mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(args.source).glob("*.aedat")):
        events = read_aedat31(path)
        gestures, all_frames, at = [], [], 0
        for label, start, end in read_labels(path.with_name(path.stem + "_labels.csv")):
            count = (end - start) // FRAME_US
            all_frames.append(frames(events, start, count))
            gestures.append((label, at, at + count))
            at += count
        np.savez(to / f"{args.prefix}{path.stem}.npz", frames=np.concatenate(all_frames), gestures=np.array(gestures))


if __name__ == "__main__":
    main()
