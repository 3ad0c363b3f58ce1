#!/usr/bin/env python3
"""Time of one token of a language model in PyTorch, weights as CSR, beside the emulated chip.

    python benches/peers/pytorch_csr.py models/egru-lm-wikitext2 --threads 2 --tokens 200
    python benches/peers/pytorch_csr.py models/egru-lm-wikitext2 --spinntui target/release/spinntui --scene scenes/lm.ron

Needs torch and safetensors. PyTorch computes the values alone; the emulator also computes every
packet, counter and time. With --spinntui, its scene is run in the same minutes: user time of a
long run less that of a short one.
"""

import argparse
import pathlib
import resource
import statistics
import subprocess
import sys
import time


def load(folder):
    """Reads the layers of a model folder: gate rows z, r, g."""
    import torch
    from safetensors import safe_open

    layers = []
    with safe_open(folder / "model.safetensors", "pt") as tensors:
        names = set(tensors.keys())

        def matrix(name, columns):
            part = {p: tensors.get_tensor(f"{name}.csr_{p}") for p in ("indptr", "indices", "data")}
            rows = len(part["indptr"]) - 1
            indptr, indices = (part[p].to(torch.int64).to(torch.int32) for p in ("indptr", "indices"))
            return torch.sparse_csr_tensor(indptr, indices, part["data"], size=(rows, columns))

        q, scale = (tensors.get_tensor(f"embeddings.weight.{p}") for p in ("q", "scale"))
        embedding = q.float() * scale[:, None]
        inputs = embedding.shape[1]
        while f"rnns.{len(layers)}.thr" in names:
            name = f"rnns.{len(layers)}"
            vector = {p: tensors.get_tensor(f"{name}.{p}") for p in ("bias", "recurrent_bias", "thr")}
            units = len(vector["thr"])
            weights = matrix(f"{name}.kernel", inputs), matrix(f"{name}.recurrent_kernel", units)
            layers.append((weights, vector, units))
            inputs = units
        bias, decoder_scale = (tensors.get_tensor(n) for n in ("decoder.decoder.bias", "decoder.scale"))
    return layers, embedding, bias, decoder_scale


def token_time(folder, tokens, threads, readout):
    """Returns the median time of a token, ms, and the share of active units."""
    import torch

    torch.set_num_threads(threads)
    layers, embedding, bias, scale = load(folder)
    state = [[torch.zeros(units, 1), torch.zeros(units, 1)] for _, _, units in layers]
    times, active = [], 0.0
    with torch.inference_mode():
        for number in range(tokens):
            begun = time.perf_counter()
            x = embedding[number * 7919 % 5000][:, None]
            for (weights, vector, units), own in zip(layers, state):
                y, c = own
                a = weights[0] @ x + vector["bias"][:, None]
                b = weights[1] @ y + vector["recurrent_bias"][:, None]
                z = torch.sigmoid(a[:units] + b[:units])
                r = torch.sigmoid(a[units : 2 * units] + b[units : 2 * units])
                g = torch.tanh(a[2 * units :] + r * b[2 * units :])
                c = z * c + (1 - z) * g
                threshold = vector["thr"].clamp(0, 1)[:, None]
                event = c > threshold
                own[0] = x = torch.where(event, c, 0.0)
                own[1] = torch.where(event, c - threshold, c)
            if readout:
                torch.softmax((embedding @ (x * scale))[:, 0] + bias, 0)
            times.append(time.perf_counter() - begun)
            active += float((x != 0).float().mean())
    return 1e3 * statistics.median(times), active / tokens


def emulated_time(program, scene, steps):
    """Returns the processor time of a time step of a scene, ms, start subtracted."""

    def user(count):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        command = [program, "run", scene, "--steps", str(count), "--format", "json"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    short = max(steps // 10, 1)
    return 1e3 * (user(steps) - user(short)) / max(steps - short, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="folder with model.safetensors")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--spinntui", help="program to run --scene with")
    parser.add_argument("--scene", default="scenes/lm.ron")
    arguments = parser.parse_args()
    if not (arguments.model / "model.safetensors").is_file():
        sys.exit(f"{arguments.model} has no model.safetensors: name a folder of models/ with a language model")
    if arguments.tokens < 1 or arguments.threads < 1:
        sys.exit("--tokens and --threads: at least 1")
    for readout in (False, True):
        took, active = token_time(arguments.model, arguments.tokens, arguments.threads, readout)
        what = "with readout" if readout else "layers alone"
        print(f"PyTorch CSR, {arguments.threads} threads, {what}: {took:.2f} ms a token ({active:.1%} active)")
    if arguments.spinntui:
        took = emulated_time(arguments.spinntui, arguments.scene, max(arguments.tokens, 20))
        print(f"spinntui, {arguments.scene}, whole chip and readout: {took:.2f} ms a time step")


if __name__ == "__main__":
    main()
