"""Writes the mean of exported models' weights as a model file. See README.md.

    python mean.py --models models/egru-dvs-gesture my-gestures --to mean

For models of which one was trained from the other: weights of separate trainings have nothing in common.
"""

import argparse
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--models", required=True, nargs="+", type=Path, help="folders")
    p.add_argument("--to", required=True, type=Path, help="folder for model.safetensors")
    args = p.parse_args()
    models = [load_file(folder / "model.safetensors") for folder in args.models]
    assert all(m.keys() == models[0].keys() for m in models)
    out = {name: np.mean([m[name].astype(np.float32) for m in models], 0).astype(np.float16) for name in models[0]}
    args.to.mkdir(parents=True, exist_ok=True)
    save_file(out, args.to / "model.safetensors", metadata={"gate_order": "z,r,g", "z": "keep gate"})


if __name__ == "__main__":
    main()
