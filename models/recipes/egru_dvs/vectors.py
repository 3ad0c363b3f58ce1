"""Writes what an exported model makes of a few slices, for tests of other implementations.

    python vectors.py --model models/egru-dvs-gesture --frames A.npz B.npz --to tests/data/gestures

For each file its first slice of another class: `N.npz`-like arrays as .npy: counts u8 [67, 32, 32] (both
polarities' pooled counts, added; the frame's value is counts / 2 / 18.5), features f32 of every tenth frame
[7, 512], events of each layer as bits [67, 256 / 8], logits f32 [11].
"""

import argparse
import json
from pathlib import Path

import numpy as np

from evaluate import Model, slices

SCALE = 18.5


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True)
    p.add_argument("--frames", required=True, nargs="+")
    p.add_argument("--classes", type=int, nargs="+", default=[2, 5, 8, 11], help="from 1, one a file in turn")
    p.add_argument("--to", required=True, type=Path)
    args = p.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    model, about = Model(args.model), []
    for i, wanted in enumerate(args.classes):
        path = args.frames[i % len(args.frames)]
        counts = next(c for label, c in slices(path) if label == wanted - 1)
        logits, features, sent = model.run(counts.astype(np.float32) * np.float32(0.5 / SCALE))
        arrays = {"counts": counts, "features": features[::10], "logits": logits}
        arrays |= {f"events{k}": np.packbits(y != 0, axis=1) for k, y in enumerate(sent)}
        for name, array in arrays.items():
            np.save(args.to / f"{i}.{name}.npy", array)
        about.append({"slice": i, "class": wanted, "recording": Path(path).stem, "answer": int(logits.argmax()) + 1})
    text = json.dumps({"model": Path(args.model).name, "scale": SCALE, "slices": about}, indent=2)
    (args.to / "about.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
