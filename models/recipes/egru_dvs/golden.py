"""Golden vectors for tests/golden_gestures.rs: `golden.py OUT.json [--full]`.

Weights and frames are no data of this file: each number is a hash of its tensor's name and its index, so
that any program can make them again. The reference runs in f64 on weights that are exact in f32.
"""

import argparse
import json

import torch

from reference import gesture

MASK = (1 << 64) - 1


def splitmix(x):
    """SplitMix64 (Steele, Lea and Flood 2014) of one number."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def fnv(name):
    """FNV-1a of a name."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def numbers(name, count):
    """Multiples of 2^-23 in -1 to 1."""
    seed = fnv(name)
    return [(splitmix((seed + i) & MASK) >> 40) / 2**23 - 1.0 for i in range(count)]


def tensor(name, shape, scale):
    """Uniform in -scale to scale; scales are powers of two, so that every number is exact in f32."""
    count = torch.Size(shape).numel()
    return (torch.tensor(numbers(name, count), dtype=torch.float64) * scale).reshape(shape)


def make(channels, features, units, classes):
    """All weights of a network of these sizes."""
    w = {}
    inputs = 1
    for i, (outputs, kernel) in enumerate(zip(channels, (11, 5, 3, 3, 3)), 1):
        scale = 2.0 ** -(max(inputs * (kernel if i < 3 else 1) ** 2, 4).bit_length() // 2 - 2)
        w[f"cnn.conv{i}.weight"] = tensor(f"cnn.conv{i}.weight", (outputs, inputs, kernel, kernel), scale)
        w[f"cnn.conv{i}.bias"] = tensor(f"cnn.conv{i}.bias", (outputs,), 0.125)
        inputs = outputs
    w["cnn.fc.weight"] = tensor("cnn.fc.weight", (features, inputs), 0.25)
    w["cnn.fc.bias"] = tensor("cnn.fc.bias", (features,), 0.25)
    inputs = features
    for k, h in enumerate(units):
        name = f"rnns.{k}"
        w[f"{name}.kernel"] = tensor(f"{name}.kernel", (inputs, 3 * h), 1.0 if h < 100 else 0.125)
        w[f"{name}.recurrent_kernel"] = tensor(f"{name}.recurrent_kernel", (h, 3 * h), 1.0 if h < 100 else 0.125)
        w[f"{name}.bias"] = tensor(f"{name}.bias", (3 * h,), 0.25)
        w[f"{name}.recurrent_bias"] = tensor(f"{name}.recurrent_bias", (3 * h,), 0.25)
        w[f"{name}.thr"] = tensor(f"{name}.thr", (h,), 0.125).abs()
        inputs = h
    w["decoder.weight"] = tensor("decoder.weight", (classes, inputs), 1.0)
    w["decoder.bias"] = tensor("decoder.bias", (classes,), 0.25)
    return w


def frames(steps):
    """Seven pixels of eight are 0, as in most frames; the rest are positive."""
    values = tensor("frames", (steps, 32, 32), 1.0)
    return torch.where(values > 0.75, values, torch.zeros_like(values))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out")
    p.add_argument("--full", action="store_true", help="the authors' sizes; without, a narrow network")
    args = p.parse_args()
    sizes = ([64, 192, 384, 256, 256], 512, [256, 256], 11) if args.full else ([6, 8, 10, 9, 7], 12, [10, 8], 4)
    weights = make(*sizes)
    steps = 67 if args.full else 12
    found = {}
    for name, traces in (("trace", True), ("y", False)):
        result = gesture(weights, frames(steps), traces)
        found[name] = {
            "logits": result["logits"].tolist(),
            "margin": result["margin"],
            "events": [int((y != 0).sum()) for y, _ in result["layers"]],
            "features": result["features"][-1].tolist(),
            "output": result["output"][-1].tolist(),
        }
        if not args.full:
            found[name]["outputs"] = result["output"].tolist()
    keys = dict(zip(("channels", "features", "units", "classes"), sizes))
    scales = {name: 2.0 ** torch.tensor(t.abs().max().item()).log2().ceil().item() for name, t in weights.items()}
    shapes = {name: list(t.shape) for name, t in weights.items()}
    with open(args.out, "w", encoding="utf8") as f:
        json.dump({"sizes": keys, "steps": steps, "shapes": shapes, "scales": scales, "found": found}, f, indent=0)
        f.write("\n")


main()
