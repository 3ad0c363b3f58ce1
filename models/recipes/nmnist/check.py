"""Checks the recipe in seconds; with --spinntui and --model also the emulated chip, spike by spike."""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

import nir
import numpy as np
import torch

import data
import evaluate
import export
import model

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]


def encode(events):
    rows = [(x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255) for x, y, p, t in events]
    return np.array(rows, np.uint8).tobytes()


def check_files(folder):
    events = np.array([[0, 0, 0, 0], [33, 5, 1, 336_040], [7, 33, 0, 70_000]])
    path = folder / "a.bin"
    path.write_bytes(encode(events.tolist()))
    assert (data.read(path) == events).all()
    binned = data.bins([data.read(path)])
    assert binned.sum() == 3 and binned[336, 0, 1, 5, 33] == 1 and binned[70, 0, 0, 33, 7] == 1
    changed = data.change(np.repeat(events, 50, 0), np.random.default_rng(1))
    assert ((0 <= changed) & (changed < [34, 34, 2, 340_000])).all()


def check_fire():
    """Compares the neurons with the rule, and long ticks with short ones."""
    x = torch.randint(-200, 700, (40, 3, 5)) / 1024
    spikes, v = model.Fire.apply(x, 1), torch.zeros(3, 5)
    for tick in range(40):
        v = v + x[tick]
        assert (spikes[tick] == (v > 1)).all()
        v = v - spikes[tick]
    positive = x.abs()
    assert (model.Fire.apply(positive.view(4, 10, 3, 5).sum(1), 10).sum(0) == model.Fire.apply(positive, 1).sum(0)).all()
    x.requires_grad_()
    model.Fire.apply(x, 1).sum().backward()
    assert (x.grad > 0).all() and (x.grad <= 1).all()


def random_recording(rng):
    count = 3000
    where = rng.integers(8, 26, (count, 2))
    return np.stack([*where.T, rng.integers(0, 2, count), np.sort(rng.integers(0, 310_000, count))], 1)


def check_export(folder):
    """Compares the network in PyTorch with its NIR file in NumPy: all output spikes."""
    torch.manual_seed(1)
    net = model.Net().eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.from_numpy(export.rounded(weight)))
    nir.write(folder / "net.nir", export.graph(net))
    rng, files = np.random.default_rng(2), []
    for number in range(3):
        path = folder / f"{number}.bin"
        path.write_bytes(encode(random_recording(rng).tolist()))
        files.append((path, 0))
    want = net(torch.from_numpy(data.bins([data.read(path) for path, _ in files])))[-1]
    got, _ = evaluate.Network(folder / "net.nir").run(files)
    assert want.sum() > 0 and (want.detach().numpy() == got).all()


def spikes(path):
    with open(path, newline="") as file:
        return [(int(a), int(b)) for a, b in list(csv.reader(file))[1:]]


def check_model(folder, path, recordings, program):
    """Compares NumPy here, ../nir_reference and the chip: all output spikes of some recordings."""
    for name in recordings:
        neuron, tick = evaluate.recording(name)
        lines = "".join(f"{n},{t}\n" for n, t in sorted(zip(neuron, tick), key=lambda pair: pair[::-1]))
        (folder / "in.csv").write_text("neuron,time_step\n" + lines)
        out, _ = evaluate.Network(path).run([(name, 0)])
        want = [(int(n), int(t)) for t, n in np.argwhere(out[:, 0] > 0)]
        reference = [sys.executable, HERE.parent / "nir_reference/reference.py", path, folder / "in.csv"]
        reference += ["--steps", "340", "--dt", "1", "--reset", "subtract"]
        with open(folder / "reference.csv", "w") as file:
            subprocess.run(reference, check=True, stdout=file)
        assert spikes(folder / "reference.csv") == want, f"{name}: reference"
        if program:
            command = [program, "run", "scenes/nir.ron", "--steps", "340"]
            settings = {"model": path, "task.inputs": folder / "in.csv", "task.outputs": folder / "chip.csv"}
            settings |= {"task.dt": 1, "task.reset": "Subtract"}
            for field, value in settings.items():
                command += ["--set", f"{field}={value}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
            assert spikes(folder / "chip.csv") == want, f"{name}: chip"
            (folder / "chip.csv").unlink()
        print(f"{name}: {len(want)} output spikes, 0 differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, help="also check this NIR file")
    parser.add_argument("--recordings", nargs="*", default=[], help="on these recordings")
    parser.add_argument("--spinntui", help="program, to check the chip as well")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check_files(folder)
        check_fire()
        check_export(folder)
        if args.model:
            recordings = [pathlib.Path(path).resolve() for path in args.recordings]
            check_model(folder, args.model.resolve(), recordings, args.spinntui)
    print("all checks passed")


if __name__ == "__main__":
    main()
