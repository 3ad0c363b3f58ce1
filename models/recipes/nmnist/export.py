"""Writes the network of a checkpoint as a NIR file.

Weights become multiples of 1/1024: every sum of them is then exact in f32, whatever its order, so
that all programs that keep to the rule of model.py give the same spikes.
"""

import argparse

import nir
import numpy as np
import torch

import model

GRID = 1024


def rounded(weight):
    return np.round(weight.detach().numpy() * GRID).astype(np.float32) / GRID


def fire(*shape):
    one = np.ones(shape, np.float32)
    return nir.IF(r=one, v_threshold=one, v_reset=0 * one)


def convolution(layer, size):
    return nir.Conv2d(
        input_shape=(size, size),
        weight=rounded(layer.weight),
        stride=np.array(layer.stride),
        padding=np.array(layer.padding),
        dilation=np.array(layer.dilation),
        groups=1,
        bias=np.zeros(layer.out_channels, np.float32),
    )


def graph(net):
    """Returns the NIR graph of a network."""
    a, b = net.channels
    nodes = {
        "input": nir.Input(np.array([2, 34, 34])),
        "conv1": convolution(net.conv1, 34),
        "if1": fire(a, 11, 11),
        "conv2": convolution(net.conv2, 11),
        "if2": fire(b, 6, 6),
        "flatten": nir.Flatten(np.array([b, 6, 6]), start_dim=0, end_dim=-1),
        "dense": nir.Linear(rounded(net.dense.weight)),
        "digits": fire(10),
        "output": nir.Output(np.array([10])),
    }
    names = list(nodes)
    return nir.NIRGraph(nodes, list(zip(names, names[1:])))


def load(path):
    """Returns the averaged network of a checkpoint."""
    state = torch.load(path, weights_only=True)
    net = model.Net(tuple(state["channels"]))
    prefix = "module."
    mean = {key.removeprefix(prefix): value for key, value in state["mean"].items() if key.startswith(prefix)}
    net.load_state_dict(mean)
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--to", required=True, help="file to be written, NAME.nir")
    args = parser.parse_args()
    nir.write(args.to, graph(load(args.checkpoint)))


if __name__ == "__main__":
    main()
