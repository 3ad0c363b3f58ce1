"""The gesture network as its definition: frames to features, events, traces and logits. No training, no tricks.

Equations of the authors' code (EvNN, `benchmarks/dvs_gesture` and `frameworks/pytorch/egru.py`), written
anew from their description. All arrays are torch tensors of one gesture; `weights` maps the tensor names
of models/README.md to tensors. A layer starts from zeros:

    a = x W + b_x        q = y_prev R + b_r                   blocks z, r, g
    z = sigmoid(a_z + q_z)    r = sigmoid(a_r + q_r)    g = tanh(a_g + r * q_g)
    n = z * c + (1 - z) * g      y = n where n > thr, else 0      c = n - thr where n > thr, else n
    tr = 0.9 * tr + 0.1 * y
"""

import torch
import torch.nn.functional as F

# Stride, padding, and whether max-pooling 3/2 follows.
CONVOLUTIONS = [(4, 2, True), (1, 2, True), (1, 1, False), (1, 1, False), (1, 1, False)]


def head(weights, frames):
    """Frames [T, 32, 32] -> features [T, F]."""
    x = frames[:, None]
    for i, (stride, padding, pool) in enumerate(CONVOLUTIONS):
        name = f"conv.{3 * i}"
        x = F.relu(F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride, padding))
        if pool:
            x = F.max_pool2d(x, 3, 2)
    return F.linear(x.flatten(1), weights["conv.15.weight"], weights["conv.15.bias"])


def layer(weights, name, x):
    """Inputs [T, I] -> y, c and traces, [T, H] each, and by how much each n is above its threshold, [T, H]."""
    w, r = weights[f"{name}.kernel"], weights[f"{name}.recurrent_kernel"]
    b_x, b_r = weights[f"{name}.bias"], weights[f"{name}.recurrent_bias"]
    threshold = weights[f"{name}.thr"].clamp(0, 1)
    y, c, trace = (torch.zeros_like(threshold) for _ in range(3))
    found = {"y": [], "c": [], "trace": [], "above": []}
    for x_t in x:
        a_z, a_r, a_g = (x_t @ w + b_x).chunk(3)
        q_z, q_r, q_g = (y @ r + b_r).chunk(3)
        z, reset = torch.sigmoid(a_z + q_z), torch.sigmoid(a_r + q_r)
        n = z * c + (1 - z) * torch.tanh(a_g + reset * q_g)
        event = n > threshold
        y = torch.where(event, n, torch.zeros_like(n))
        c = torch.where(event, n - threshold, n)
        trace = 0.9 * trace + 0.1 * y
        for name, values in (("y", y), ("c", c), ("trace", trace), ("above", n - threshold)):
            found[name].append(values)
    return {name: torch.stack(values) for name, values in found.items()}


def gesture(weights, frames, traces=True):
    """Everything on the way from frames [T, 32, 32] to logits [classes]; the margin is the least |n - thr| of all."""
    x = features = head(weights, frames)
    layers = []
    while f"layers.{len(layers)}.thr" in weights:
        layers.append(layer(weights, f"layers.{len(layers)}", x))
        x = layers[-1]["trace" if traces else "y"]
    logits = F.linear(x, weights["fc.weight"], weights["fc.bias"]).mean(0)
    margin = min(found["above"].abs().min().item() for found in layers)
    return {"features": features, "layers": layers, "output": x, "logits": logits, "margin": margin}
