"""Golden vectors for tests/it/golden_gestures.rs, in f64 on weights that are exact in f32:

    python golden.py OUT.json                   # a narrow network, every frame's output
    python golden.py OUT.json --full            # the authors' sizes, every event
    python golden.py OUT.json --model FOLDER --recordings FOLDER     # a model as shipped on labelled recordings

Weights and frames of the first two are no data of a file: each number is a hash of its tensor's name and its
index, so that any program can make them again. An event is decided by n > thr alone; everything else is
continuous. So that single precision decides as double does, no n may be close to its threshold: of --seeds
sequences of frames the one is taken whose closest n is the farthest from its threshold, with traces and
without. A model as shipped is run on every slice, and all n within NEAR of a threshold are named.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from events import SLICE_FRAMES, SLICE_US, read_aedat31, read_labels
from events import frames as counts
from reference import gesture

NEAR = 2e-5  # some ten times what single precision errs by
SCALE = 0.5 / 18.5  # mean of two polarities, and the authors' divisor in tests


def splitmix(x):
    """SplitMix64 (Steele, Lea and Flood 2014) of an array of u64, modulo 2^64 as NumPy computes."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def fnv(name):
    """FNV-1a of a name."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    return h


def tensor(name, shape, scale):
    """Multiples of 2^-23 in -1 to 1, times the scale: a power of two, so that every number is exact in f32."""
    index = np.arange(np.prod(shape), dtype=np.uint64)
    values = (splitmix(np.uint64(fnv(name)) + index) >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0
    return (torch.from_numpy(values) * scale).reshape(shape)


def make(channels, features, units, classes):
    """All weights of a network of these sizes."""
    w = {}
    inputs = 1
    for i, (outputs, kernel) in enumerate(zip(channels, (11, 5, 3, 3, 3))):
        scale = 2.0 ** -(max(inputs * (kernel if i < 2 else 1) ** 2, 4).bit_length() // 2 - 2)
        w[f"conv.{3 * i}.weight"] = tensor(f"conv.{3 * i}.weight", (outputs, inputs, kernel, kernel), scale)
        w[f"conv.{3 * i}.bias"] = tensor(f"conv.{3 * i}.bias", (outputs,), 0.125)
        inputs = outputs
    # Features of a trained network's size at any width: of 160, single precision would err by as much as the margin.
    w["conv.15.weight"] = tensor("conv.15.weight", (features, inputs), 0.25 if features < 100 else 2.0**-7)
    w["conv.15.bias"] = tensor("conv.15.bias", (features,), 0.25)
    inputs = features
    for k, h in enumerate(units):
        name = f"layers.{k}"
        w[f"{name}.kernel"] = tensor(f"{name}.kernel", (inputs, 3 * h), 1.0 if h < 100 else 0.125)
        w[f"{name}.recurrent_kernel"] = tensor(f"{name}.recurrent_kernel", (h, 3 * h), 1.0 if h < 100 else 0.125)
        w[f"{name}.bias"] = tensor(f"{name}.bias", (3 * h,), 0.25)
        w[f"{name}.recurrent_bias"] = tensor(f"{name}.recurrent_bias", (3 * h,), 0.25)
        w[f"{name}.thr"] = tensor(f"{name}.thr", (h,), 0.125).abs()
        inputs = h
    w["fc.weight"] = tensor("fc.weight", (classes, inputs), 1.0)
    w["fc.bias"] = tensor("fc.bias", (classes,), 0.25)
    return w


def frames(name, steps):
    """Seven pixels of eight are 0, as in most frames; the rest are positive."""
    values = tensor(name, (steps, 32, 32), 1.0)
    return torch.where(values > 0.75, values, torch.zeros_like(values))


def search(weights, steps, seeds):
    """The name of the frames, of so many tried, on which the least margin of both outputs is the greatest."""
    names = ["frames"] + [f"frames.{seed}" for seed in range(1, seeds)]
    margins = {}
    for name in names:
        runs = (gesture(weights, frames(name, steps), traces)["margin"] for traces in (True, False))
        margins[name] = min(runs)
    best = max(names, key=margins.get)
    print(f"{best}: margin {margins[best]:.3g}; of the first, {margins[names[0]]:.3g}")
    return best


def rounded(values):
    return [float(f"{v:.9g}") for v in values.tolist()]


def bits(layer):
    """Which units sent an event, one hexadecimal number a frame, unit 0 in the highest bit."""
    return [np.packbits(row).tobytes().hex() for row in (layer["above"] > 0).numpy()]


def synthetic(full, seeds):
    sizes = ([64, 192, 384, 256, 256], 512, [256, 256], 11) if full else ([6, 8, 10, 9, 7], 12, [10, 8], 4)
    weights, steps = make(*sizes), 67 if full else 12
    name = search(weights, steps, seeds)
    found = {}
    for output, traces in (("trace", True), ("y", False)):
        result = gesture(weights, frames(name, steps), traces)
        layers = result["layers"]
        found[output] = {
            "logits": rounded(result["logits"]),
            "margin": result["margin"],
            "events": [int((layer["above"] > 0).sum()) for layer in layers],
            "bits": [bits(layer) for layer in layers],
            "features": rounded(result["features"][-1]),
            "y": [rounded(layer["y"][-1]) for layer in layers],
            "c": [rounded(layer["c"][-1]) for layer in layers],
            "output": rounded(result["output"][-1]),
        }
        if not full:
            found[output]["outputs"] = [rounded(row) for row in result["output"]]
    keys = dict(zip(("channels", "features", "units", "classes"), sizes))
    scales = {name: 2.0 ** float(np.ceil(np.log2(t.abs().max().item()))) for name, t in weights.items()}
    shapes = {name: list(t.shape) for name, t in weights.items()}
    return {"sizes": keys, "steps": steps, "frames": name, "shapes": shapes, "scales": scales, "found": found}


def slices(path):
    """Triples (class, number of the slice, frames) of a recording: slices begin with a gesture's first event."""
    events = read_aedat31(path)
    times = events[0]
    for label, start, end in read_labels(path.with_name(path.stem + "_labels.csv")):
        first, last = times[np.searchsorted(times, [start, end]) - [0, 1]]
        for number in range((last - first) // SLICE_US):
            at = first + number * SLICE_US
            yield label, number, torch.from_numpy(counts(events, at, SLICE_FRAMES)).double() * SCALE


def near(layers):
    """All n within NEAR of a threshold: frame, layer, unit, n - thr, in the order of time."""
    found = []
    for k, layer in enumerate(layers):
        for frame, unit in (layer["above"].abs() < NEAR).nonzero().tolist():
            found.append([frame, k, unit, float(f"{layer['above'][frame, unit].item():.3g}")])
    return sorted(found)


def shipped(model, recordings):
    from safetensors.torch import load_file

    weights = {name: value.double() for name, value in load_file(model / "model.safetensors").items()}
    samples = []
    for path in sorted(recordings.glob("*.aedat")):
        for label, number, values in slices(path):
            result = gesture(weights, values)
            samples.append(
                {
                    "recording": path.name,
                    "class": label,
                    "slice": number,
                    "answer": int(result["logits"].argmax()),
                    "logits": rounded(result["logits"]),
                    "margin": float(f"{result['margin']:.3g}"),
                    "near": near(result["layers"]),
                    "features": rounded(result["features"][-1, :16]),
                    "bits": [bits(layer) for layer in result["layers"]],
                }
            )
    ties = [abs(n[3]) for s in samples for n in s["near"]]
    print(f"{len(samples)} slices, {len(ties)} n within {NEAR} of a threshold, the closest {min(ties, default=None)}")
    digest = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    return {"model": digest, "samples": samples}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--full", action="store_true", help="the authors' sizes; without, a narrow network")
    p.add_argument("--seeds", type=int, default=100, help="sequences of frames to choose from")
    p.add_argument("--model", type=Path, help="a folder with model.safetensors")
    p.add_argument("--recordings", type=Path, help="a folder with .aedat files and labels")
    args = p.parse_args()
    found = shipped(args.model, args.recordings) if args.model else synthetic(args.full, args.seeds)
    text = json.dumps(found, indent=0, separators=(",", ":"))
    args.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
