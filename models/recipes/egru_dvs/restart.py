"""Turns an exported model into a checkpoint that train.py can go on from. See README.md.

    python restart.py --model models/egru-dvs-gesture --data FRAMES --to START.pt

An export has the head's normalisation folded into weights and biases. Here it is taken out again: the means that
each layer's output has over training batches go into the normalisation, and out of the biases. The network as it
is measured stays the same; while learning, batches take the place of those means. Weights get the size they have
before any training, which normalisation makes up for, so that the learning rate means what it means there.
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from data import Augment, Recordings, split
from export import authors_name
from model import GestureModel, Head, plain


@torch.no_grad()
def unfold(head, x):
    """Takes the means that values x [N, 32, 32] give into the normalisation of a head that has none."""
    fresh, x = Head(), x[:, None]
    for i, (layer, new, norm) in enumerate(zip(head.layers(), fresh.layers(), head.norms)):
        if i < 2:
            x = F.max_pool2d(F.conv2d(x, layer.weight, None, layer.stride, layer.padding), 3, 2)
        else:
            x = x.flatten(1) @ layer.weight.flatten(2)[..., 4].T if i < 5 else x @ layer.weight.T
        mean = x.transpose(0, 1).flatten(1).mean(1)
        x = F.relu(x + layer.bias.view(-1, *[1] * (x.dim() - 2)))
        size = new.weight.pow(2).mean().sqrt() / layer.weight.pow(2).mean().sqrt()
        layer.weight.mul_(size)
        layer.bias.add_(mean)
        norm.running_mean.copy_(mean * size)
        norm.running_var.fill_(size**2 - norm.eps)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, type=Path)
    p.add_argument("--data", required=True, help="folder of frames")
    p.add_argument("--slices", type=int, default=256)
    p.add_argument("--to", required=True)
    args = p.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    train = Recordings(split(args.data)["train"])
    chosen = torch.randperm(len(train.gestures))[: args.slices].tolist()
    x, _ = Augment(train, 1).batch([train.gestures[i] for i in chosen])
    model = GestureModel()
    saved = {name: value.float() for name, value in load_file(args.model / "model.safetensors").items()}
    names = {name: authors_name(name) for name in model.state_dict()}
    model.load_state_dict({name: saved[other] for name, other in names.items() if other in saved}, strict=False)
    folded = {name: saved[authors_name(f"cnn.{name}")] for name in model.cnn.folded()}
    unfold(model.cnn, x.flatten(0, 1))
    # The same features as before.
    some = x[:4].flatten(0, 1)
    model.eval()
    with torch.no_grad():
        error = (model.cnn(some) - plain(some, folded)).abs().max()
    assert error < 1e-3, error
    print(f"features differ by {error:.1e}")
    torch.save({"model": model.state_dict()}, args.to)


if __name__ == "__main__":
    main()
