"""Runs a NIR file tick by tick with NumPy: an independent reference for the emulator's spikes.

Nodes are evaluated one by one as dense arrays, in the order of the edges; nothing is composed into
synapse rows and no constants are folded. The emulator does both, so agreement of their spike lists
checks either. See README.md for the commands.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from dataclasses import dataclass, field

import h5py
import numpy as np

F = np.float32
SPIKING = {"LIF", "CubaLIF", "IF"}
VALUES = {"LI", "CubaLI", "I"}
STATEFUL = SPIKING | VALUES
RESETS = ["subtract", "vreset", "snn", "snn_delay", "snn_zero_delay", "before_leak", "zero_before_leak"]


@dataclass
class Settings:
    """Conventions of a run; README.md explains the names."""

    dt: float = 1e-4
    integrator: str = "euler"  # euler, exp
    current: str = "new"  # new, old, jump, rockpool, direct
    reset: object = "subtract"  # one of RESETS, or {node: name}
    compare: str = "gt"  # gt, ge
    many: bool = False  # several spikes a tick
    clip: float | None = None  # lower limit of v
    start: str = "zero"  # zero, vreset
    latency: int = 0  # 0: spikes cross within the tick, 1: a tick a hop
    late: int = 0  # ticks by which every population's spikes come later

    def reset_of(self, name: str) -> str:
        return self.reset[name] if isinstance(self.reset, dict) else self.reset


@dataclass
class Graph:
    """Flattened graph: parameters by node, edges, names of the top-level inputs and outputs."""

    nodes: dict = field(default_factory=dict)
    edges: list = field(default_factory=list)


def text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def flatten(group, prefix: str, graph: Graph) -> None:
    """Adds a (sub)graph; inputs and outputs of subgraphs become nodes of type Pass."""
    ends = {}
    for name, node in group["nodes"].items():
        kind = text(node["type"][()])
        full = prefix + name
        if kind == "NIRGraph":
            flatten(node, full + "/", graph)
            inner = {text(sub["type"][()]): full + "/" + key for key, sub in node["nodes"].items()}
            ends[name] = (inner["Input"], inner["Output"])
            continue
        if kind in ("Input", "Output") and prefix:
            kind = "Pass"
        parameters = {key: node[key][()] for key in node if isinstance(node[key], h5py.Dataset)}
        graph.nodes[full] = {**parameters, "type": kind}
    for source, target in group["edges"][()]:
        source, target = text(source), text(target)
        if source not in group["nodes"] or target not in group["nodes"]:
            raise ValueError(f"edge {source} -> {target}: no such node")
        graph.edges.append(
            (
                ends[source][1] if source in ends else prefix + source,
                ends[target][0] if target in ends else prefix + target,
            )
        )


def read(path: str) -> Graph:
    graph = Graph()
    with h5py.File(path, "r") as file:
        flatten(file["node"], "", graph)
    return graph


def reachable(start: str, successors: dict) -> set:
    seen, todo = set(), list(successors[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(successors[node])
    return seen


def hops(graph: Graph, settings: Settings) -> dict:
    """Returns the ticks that every edge takes."""
    successors = defaultdict(list)
    for source, target in graph.edges:
        successors[source].append(target)
    down = {node: reachable(node, successors) for node in graph.nodes}
    kinds = {name: node["type"] for name, node in graph.nodes.items()}

    def leads_only_to_output(node):
        while kinds[node] == "Pass" and len(successors[node]) == 1:
            node = successors[node][0]
        return kinds[node] == "Output"

    ticks = {}
    for source, target in graph.edges:
        if leads_only_to_output(target):
            ticks[source, target] = settings.late if kinds[source] in SPIKING else 0
        elif kinds[source] == "Input":
            ticks[source, target] = settings.latency
        elif kinds[source] in STATEFUL:
            cycle = source in down[target] or source == target
            ticks[source, target] = max(settings.latency, settings.late, int(cycle))
        else:
            ticks[source, target] = 0
    return ticks


def order(graph: Graph, ticks: dict) -> list:
    """Returns the nodes so that edges without a tick lead forward."""
    needs = {node: set() for node in graph.nodes}
    for source, target in graph.edges:
        if ticks[source, target] == 0:
            needs[target].add(source)
    done = []
    while needs:
        ready = sorted(node for node, before in needs.items() if not before - set(done))
        if not ready:
            raise ValueError(f"a cycle without a neuron: {', '.join(sorted(needs))}")
        done += ready
        for node in ready:
            del needs[node]
    return done


def pair(value) -> tuple:
    values = np.atleast_1d(value)
    return (int(values[0]), int(values[-1]))


def window(x, node, kernel, dilation):
    """Pads x, [channels, rows, columns], and returns it with the sizes of the output."""
    padding = node["padding"]
    reach = [d * (k - 1) for d, k in zip(dilation, kernel)]
    if isinstance(padding, bytes):
        total = reach if padding == b"same" else [0, 0]
        before = [n // 2 for n in total]
        after = [n - b for n, b in zip(total, before)]
    else:
        before = after = pair(padding)
    stride = pair(node["stride"])
    x = np.pad(x, ((0, 0), (before[0], after[0]), (before[1], after[1])))
    size = [(x.shape[1 + k] - reach[k] - 1) // stride[k] + 1 for k in (0, 1)]
    return x, size, stride


def conv2d(x, node):
    weight = node["weight"].astype(F)
    x = x.reshape(x.shape[-3:])
    outputs, per_group, *kernel = weight.shape
    dilation, groups = pair(node["dilation"]), int(node["groups"])
    x, (rows, columns), stride = window(x, node, kernel, dilation)
    out = np.zeros((outputs, rows, columns), F)
    each = outputs // groups
    for g in range(groups):
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                top, left = i * dilation[0], j * dilation[1]
                part = x[
                    g * per_group : (g + 1) * per_group,
                    top : top + rows * stride[0] : stride[0],
                    left : left + columns * stride[1] : stride[1],
                ]
                part = part[:, :rows, :columns]
                taps = weight[g * each : (g + 1) * each, :, i, j]
                out[g * each : (g + 1) * each] += np.tensordot(taps, part, (1, 0))
    return out + node["bias"].astype(F)[:, None, None]


def sum_pool(x, node):
    kernel = pair(node["kernel_size"])
    x, (rows, columns), stride = window(x.reshape(x.shape[-3:]), node, kernel, (1, 1))
    out = np.zeros((x.shape[0], rows, columns), F)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            out += x[:, i : i + rows * stride[0] : stride[0], j : j + columns * stride[1] : stride[1]][
                :, :rows, :columns
            ]
    return out


class Neurons:
    """State and update of a node with state."""

    def __init__(self, name, node, settings):
        self.name, self.node, self.s, self.v = name, node, settings, None

    def param(self, key, default=None):
        if key not in self.node:
            return np.full(self.shape, default, F)
        value = np.asarray(self.node[key]).astype(F)
        return np.full(self.shape, value.ravel()[0]) if value.size == 1 else value.reshape(self.shape)

    def factors(self, tau):
        """Returns what is kept of a state in a tick, and the share of its input that is taken."""
        ratio = F(self.s.dt) / tau
        if self.s.integrator == "exp":
            keep = np.exp(-ratio)
            return keep, 1 - keep
        return 1 - ratio, ratio

    def begin(self, shape):
        self.shape, kind = shape, self.node["type"]
        self.synaptic = kind.startswith("Cuba")
        if kind in ("IF", "I"):
            self.alpha, self.share = np.ones(shape, F), np.full(shape, self.s.dt, F)
        else:
            self.alpha, self.share = self.factors(self.param("tau_mem" if self.synaptic else "tau"))
        if self.synaptic:
            self.keep, self.take = self.factors(self.param("tau_syn"))
            self.w_in = self.param("w_in", 1)
        self.r, self.leak = self.param("r"), self.param("v_leak", 0)
        self.theta = self.param("v_threshold", np.inf)
        self.v_reset = self.param("v_reset", 0)
        self.v = self.v_reset.copy() if self.s.start == "vreset" else np.zeros(shape, F)
        self.i = np.zeros(shape, F)

    def drive(self, x):
        """Returns what enters v (before the share of a tick), and updates the current."""
        mode = self.s.current
        if not self.synaptic:
            return x
        old = self.i
        if mode == "jump":
            used = old + self.w_in * x
            self.i = self.keep * used
            return used
        if mode == "rockpool":
            self.i = self.keep * (old + self.w_in * x)
        elif mode == "direct":
            self.i = self.keep * old + x
        else:
            self.i = self.keep * old + self.take * (self.w_in * x)
        return old if mode == "old" else self.i

    def tick(self, x):
        if self.v is None:
            self.begin(x.shape)
        drive = self.drive(x.astype(F))
        before = self.v
        over = np.greater_equal if self.s.compare == "ge" else np.greater
        reset = self.s.reset_of(self.name)
        pending = over(before, self.theta).astype(F)
        if reset == "before_leak" and self.node["type"] in SPIKING:
            before = before - pending * self.theta
        elif reset == "zero_before_leak":
            before = (1 - pending) * before
        if self.s.current == "rockpool" and self.node["type"] == "LI":
            v = self.alpha * (before + drive)
        elif self.s.current in ("rockpool", "direct"):
            v = self.alpha * before + drive
        else:
            v = self.alpha * before + self.share * (self.leak + self.r * drive)
            if self.node["type"] in ("IF", "I"):
                v = before + self.share * (self.r * drive)
        if self.node["type"] in VALUES:
            self.v = v
            return v
        if reset in ("snn", "snn_delay"):
            v = v - pending * self.theta
            spikes = over(v, self.theta).astype(F)
            if reset == "snn":
                v = v - (spikes - pending) * self.theta
        elif reset in ("snn_zero_delay", "before_leak", "zero_before_leak"):
            v = v * (1 - pending) if reset == "snn_zero_delay" else v
            spikes = over(v, self.theta).astype(F)
        else:
            spikes = over(v, self.theta).astype(F)
            if self.s.many:
                spikes *= np.maximum(1, np.floor(v / self.theta))
            v = np.where(spikes > 0, self.v_reset, v) if reset == "vreset" else v - spikes * self.theta
        self.v = v if self.s.clip is None else np.maximum(v, F(self.s.clip))
        return spikes


class Simulator:
    """A network between ticks."""

    def __init__(self, graph: Graph, settings: Settings):
        linked = {name for edge in graph.edges for name in edge}
        self.graph = Graph({k: v for k, v in graph.nodes.items() if k in linked}, graph.edges)
        self.settings = settings
        self.ticks = hops(self.graph, settings)
        self.order = order(self.graph, self.ticks)
        self.neurons = {
            name: Neurons(name, node, settings)
            for name, node in self.graph.nodes.items()
            if node["type"] in STATEFUL
        }
        self.history = {name: [] for name in self.graph.nodes}
        self.time = 0

    def before(self, source, target):
        """Returns what an edge brings now; None before anything can have come."""
        when = self.time - self.ticks[source, target]
        past = self.history[source]
        if when < 0:
            return np.zeros_like(past[0]) if past else None
        return past[when]

    def gather(self, name):
        parts = [self.before(s, t) for s, t in self.graph.edges if t == name]
        known = [p for p in parts if p is not None]
        if not known:
            return None
        total = known[0]
        for part in known[1:]:
            total = total + part.reshape(total.shape)
        return total

    def sizes(self, x):
        """Runs one tick of zeros for the shapes, then forgets it."""
        kept, self.ticks = self.ticks, dict.fromkeys(self.ticks, 0)
        shapes = {}
        todo = list(self.graph.nodes)
        while todo:
            for name in list(todo):
                node = self.graph.nodes[name]
                known = [shapes[s] for s, t in self.graph.edges if t == name and s in shapes]
                if node["type"] == "Input":
                    shapes[name] = x.shape
                elif not known:
                    continue
                else:
                    shapes[name] = self.stateless(node, np.zeros(known[0], F)).shape
                todo.remove(name)
                break
            else:
                raise ValueError(f"not reached from an Input: {todo}")
        self.ticks = kept
        return shapes

    def stateless(self, node, x):
        kind = node["type"]
        if kind in STATEFUL or kind in ("Pass", "Output", "Delay"):
            return x
        if kind in ("Affine", "Linear"):
            out = node["weight"].astype(F) @ x.reshape(-1)
            return out + node["bias"].astype(F) if kind == "Affine" else out
        if kind == "Conv2d":
            return conv2d(x, node)
        if kind == "SumPool2d":
            return sum_pool(x, node)
        if kind == "Flatten":
            return x.reshape(-1)
        raise ValueError(f"unsupported type {kind}")

    def delay(self, name, node, x):
        steps = np.rint(np.broadcast_to(node["delay"], x.shape) / self.settings.dt).astype(int)
        self.lines.setdefault(name, []).append(x)
        line, out = self.lines[name], np.zeros_like(x)
        for index in np.ndindex(x.shape):
            if steps[index] < len(line):
                out[index] = line[len(line) - 1 - steps[index]][index]
        return out

    def step(self, x):
        """Computes a tick from the input's spike counts; returns what the Output gets."""
        if self.time == 0:
            self.shapes, self.lines = self.sizes(x), {}
        for name in self.order:
            node = self.graph.nodes[name]
            value = x if node["type"] == "Input" else self.gather(name)
            if value is None:
                value = np.zeros(self.input_shape(name), F)
            if name in self.neurons:
                value = self.neurons[name].tick(value)
            elif node["type"] == "Delay":
                value = self.delay(name, node, value)
            elif node["type"] != "Input":
                value = self.stateless(node, value)
            self.history[name].append(value.astype(F))
        self.time += 1
        return {n: self.history[n][-1] for n, d in self.graph.nodes.items() if d["type"] == "Output"}

    def input_shape(self, name):
        return next(self.shapes[s] for s, t in self.graph.edges if t == name)


def inputs(path: str, shape, steps: int) -> np.ndarray:
    x = np.zeros((steps, int(np.prod(shape))), F)
    with open(path, newline="") as file:
        for row in csv.reader(file):
            if row and row[0].strip().isdigit() and int(row[1]) < steps:
                x[int(row[1]), int(row[0])] += 1
    return x.reshape(steps, *shape)


def input_shape(graph: Graph) -> tuple:
    node = next(n for n in graph.nodes.values() if n["type"] == "Input")
    shape = [int(n) for n in np.atleast_1d(node["shape"])]
    while len(shape) in (2, 4) and shape[0] == 1:
        shape = shape[1:]
    return tuple(shape)


def run(graph: Graph, settings: Settings, spikes: str, steps: int):
    """Yields what the Output gets in each tick."""
    simulator = Simulator(graph, settings)
    for x in inputs(spikes, input_shape(graph), steps):
        yield next(iter(simulator.step(x).values())).reshape(-1), simulator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("inputs")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--dt", type=float, required=True)
    parser.add_argument("--integrator", choices=["euler", "exp"], default="euler")
    parser.add_argument("--current", choices=["new", "old", "jump", "rockpool", "direct"], default="new")
    parser.add_argument("--reset", choices=RESETS, default="subtract")
    parser.add_argument("--compare", choices=["gt", "ge"], default="gt")
    parser.add_argument("--many", action="store_true")
    parser.add_argument("--clip", type=float)
    parser.add_argument("--start", choices=["zero", "vreset"], default="zero")
    parser.add_argument("--latency", type=int, choices=[0, 1], default=0)
    parser.add_argument("--late", type=int, choices=[0, 1], default=0)
    arguments = vars(parser.parse_args())
    model, spikes, steps = (arguments.pop(key) for key in ("model", "inputs", "steps"))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["neuron", "time_step"])
    for tick, (counts, _) in enumerate(run(read(model), Settings(**arguments), spikes, steps)):
        for neuron in np.flatnonzero(counts):
            for _ in range(int(counts[neuron])):
                writer.writerow([neuron, tick])


if __name__ == "__main__":
    main()
