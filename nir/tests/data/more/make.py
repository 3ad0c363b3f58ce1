#!/usr/bin/env python3
"""Writes the NIR files of this folder with h5py: properties that no exporter's file at hand has.

Usage: make.py (in this folder; needs h5py 3 and NumPy)
"""

import h5py
import numpy as np

RANDOM = np.random.default_rng(20261129)


def put(group, nodes, edges, **storage):
    group["type"] = "NIRGraph"
    group.create_dataset("edges", data=np.array(edges, dtype=object), dtype=h5py.string_dtype())
    members = group.create_group("nodes")
    for name, fields in nodes.items():
        node = members.create_group(name)
        if fields["type"] == "NIRGraph":
            put(node, fields["nodes"], fields["edges"])
            continue
        for field, value in fields.items():
            if isinstance(value, np.ndarray) and value.ndim:
                node.create_dataset(field, data=value, **storage)
            else:
                node[field] = value


def write(name, nodes, edges, change=None, libver=None, userblock=0, **storage):
    with h5py.File(f"{name}.nir", "w", libver=libver, userblock_size=userblock) as file:
        file["version"] = "1.0.8"
        put(file.create_group("node"), nodes, edges, **storage)
        if change:
            change(file["node/nodes"])


def end(kind, *shape):
    return {"type": kind, "shape": np.array(shape)}


def linear(outputs, inputs):
    return {"type": "Linear", "weight": RANDOM.normal(size=(outputs, inputs)).astype("f4")}


def lif(shape, **fields):
    values = {"tau": 1e-3, "r": 10.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    return {"type": "LIF", **{name: np.full(shape, value, "f4") for name, value in values.items()}, **fields}


def conv(outputs, inputs, rows, columns):
    weight = RANDOM.normal(size=(outputs, inputs, rows, columns)).astype("f4")
    pair = lambda number: np.array([number, number])
    return {
        "type": "Conv2d", "weight": weight, "bias": np.ones(outputs, "f4"), "stride": pair(1),
        "padding": pair(0), "dilation": pair(1), "groups": 1,
    }


def chain(names):
    return list(zip(names, names[1:]))


def plain():
    return {"input": end("Input", 12), "fc1": linear(16, 12), "lif1": lif(16), "fc2": linear(6, 16),
            "lif2": lif(6), "output": end("Output", 6)}


EDGES = chain(["input", "fc1", "lif1", "fc2", "lif2", "output"])


def link(name, target):
    def change(nodes):
        del nodes[name]
        nodes[name] = target
    return change


def virtual(nodes):
    del nodes["fc1/weight"]
    layout = h5py.VirtualLayout(shape=(16, 12), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "w", shape=(16, 12))
    nodes["fc1"].create_virtual_dataset("weight", layout)


def loop(nodes):
    nodes["loop"] = nodes.parent


write("lzf_shuffle", plain(), EDGES, compression="lzf", shuffle=True)
many = {f"n{i}": lif(4) if i % 2 else linear(4, 4) for i in range(20)}
order = ["input", *many, "output"]
write("new_format_dense_links", {"input": end("Input", 4), **many, "output": end("Output", 4)}, chain(order),
      libver="latest")
# nir itself derives 6 × 7 here, and an exporter writes it down.
flat = {"type": "Flatten", "start_dim": 0, "end_dim": -1, "input_type": np.array([4, 6, 7])}
write("oblong_kernel", {"input": end("Input", 1, 8, 9), "conv": conv(4, 1, 3, 5), "lif": lif((4, 6, 5)),
                        "flat": flat, "fc": linear(3, 120), "lif2": lif(3), "output": end("Output", 3)},
      chain(["input", "conv", "lif", "flat", "fc", "lif2", "output"]))
flat = {"type": "Flatten", "start_dim": 1, "end_dim": -1}
channels = RANDOM.uniform(1e-3, 2e-3, size=(4, 1, 1)).astype("f4")
write("batch_and_channels", {"input": end("Input", 1, 2, 8, 9), "conv": conv(4, 2, 3, 3),
                             "lif": lif((), tau=channels), "flat": flat, "fc": linear(3, 168),
                             "lif2": lif(3), "output": end("Output", 1, 3)},
      chain(["input", "conv", "lif", "flat", "fc", "lif2", "output"]))
block = {"type": "NIRGraph", "nodes": {"input": end("Input", 6), "x": lif(6), "output": end("Output", 6)},
         "edges": chain(["input", "x", "output"])}
names = ["input", "fc1", "lif1", "fc2", "lif2", "w1", "block", "w2", "block.x", "output"]
write("two_nodes_of_one_name",
      {**plain(), "w1": linear(6, 6), "block": block, "w2": linear(6, 6), "block.x": lif(6)}, chain(names))
write("user_block", plain(), EDGES, userblock=512)
write("refused_external_link", plain(), EDGES, link("lif1", h5py.ExternalLink("other.h5", "/x")))
write("refused_soft_link", plain(), EDGES, link("lif1", h5py.SoftLink("/node/nodes/lif2")))
write("refused_hard_link_loop", plain(), EDGES, loop)
write("refused_virtual", plain(), EDGES, virtual)
