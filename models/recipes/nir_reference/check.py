"""Compares the reference with every expected list of ../shared/data/nir/exported."""

import csv
import json
import pathlib
import sys
from collections import Counter

import numpy as np

import reference

NAMES = {"integ": "integrator", "cur": "current", "cmp": "compare", "multi": "many", "min_v": "clip"}


def load(path):
    with open(path, newline="") as file:
        return Counter((int(a), int(b)) for a, b in list(csv.reader(file))[1:])


def framework(entry):
    """Returns the settings that the index gives for the framework's own spikes."""
    given = dict(entry["framework_reproduced"]["settings"])
    settings = {NAMES.get(k, k): v for k, v in given.items()}
    reset = settings.get("reset", "subtract")
    rename = lambda r: r.replace("v_reset", "vreset")
    settings["reset"] = {k: rename(v) for k, v in reset.items()} if isinstance(reset, dict) else rename(reset)
    settings["late"] = int(entry["framework_reproduced"]["ticks_later"] > 0)
    return settings


def repair(graph, entry):
    what = entry["framework_reproduced"]["file_repaired"]
    if not what:
        return
    if "w_rec" in what:
        i = graph.edges.index(("layer_1/layer_1.input", "layer_1/layer_1.w_rec"))
        graph.edges[i] = ("layer_1/layer_1.input", "layer_1/layer_1.lif")
    if "tau_syn" in what:
        for node in graph.nodes.values():
            if node["type"] == "LIF":
                tau = node.pop("tau")
                # Sinabs takes 1 - alpha of the current, which `rockpool` alone would not.
                node.update(type="CubaLIF", tau_mem=tau, tau_syn=5.0, w_in=1 - np.exp(-1 / tau))


def main():
    root = pathlib.Path(sys.argv[1])
    index = json.loads((root / "index.json").read_text())
    bad = 0
    for group in ("exported", "legal"):
        for net, entry in index[group].items():
            folder = (root / entry["file"]).parent
            for path in sorted(folder.glob("*.csv")):
                stem = path.stem
                if stem == "input" or stem.startswith("membrane"):
                    continue
                values = stem.endswith("_values")
                stem = stem.removesuffix("_values")
                graph = reference.read(root / entry["file"])
                if stem == "framework":
                    settings = reference.Settings(dt=entry["dt"], **framework(entry))
                    repair(graph, entry)
                else:
                    integrator, current, reset, latency = stem.split("-")
                    settings = reference.Settings(
                        entry["dt"], integrator, current, reset, latency=int(latency[-1])
                    )
                got, table = Counter(), []
                membrane = []
                for tick, (out, simulator) in enumerate(
                    reference.run(graph, settings, folder / "input.csv", entry["steps"])
                ):
                    table.append(out)
                    for n in np.flatnonzero(out):
                        got[int(n), tick] += int(out[n])
                if values:
                    want = np.loadtxt(path, delimiter=",", ndmin=2)
                    wrong = float(np.abs(want - np.array(table)).max())
                    fine = wrong <= 2e-6
                else:
                    want = load(path)
                    wrong = sum(((want - got) + (got - want)).values())
                    fine = wrong == 0
                bad += not fine
                print("ok " if fine else "BAD", net, path.stem, wrong, sum(got.values()))
    print("lists that differ:", bad)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
