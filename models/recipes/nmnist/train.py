"""Trains the network of model.py; writes a checkpoint, from which it goes on when started again."""

import argparse
import math
import os
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional as F

import data
import model


def split(labels, share, seed):
    """Returns indices to train with and to choose by: of every class the same share."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for digit in range(10):
        of = rng.permutation(np.flatnonzero(labels == digit))
        chosen[of[: round(share * len(of))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def count(net, recordings, tick_ms=1, batch=30):
    """Returns the spikes of each output neuron, [recordings, 10], and the mean spikes of the layers."""
    net.eval()
    counts, activity = [], []
    with torch.no_grad():
        for first in range(0, len(recordings), batch):
            x = data.bins(recordings[first : first + batch], -(-data.TICKS // tick_ms), 1000 * tick_ms)
            layers = net(torch.from_numpy(x), tick_ms)
            counts.append(layers[-1].sum(0))
            activity.append([float(layer.sum(0).flatten(1).sum(1).mean()) for layer in layers])
    net.train()
    return torch.cat(counts), np.mean(activity, 0)


def batch(sets, shares, size, tick_us, rng):
    """Draws recordings of every set and changes them."""
    events, labels = [], []
    for (recordings, classes, strength), share in zip(sets, shares):
        for index in rng.integers(0, len(recordings), round(share * size)):
            events.append(data.change(recordings[index], rng, strength))
            labels.append(classes[index])
    x = data.bins(events, -(-data.TICKS * 1000 // tick_us), tick_us)
    return torch.from_numpy(x), torch.tensor(np.array(labels))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", help="folder of N-MNIST, or of a part of it")
    parser.add_argument("--synthetic", required=True, help="folder that `spinntui synth --digits` made")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument(
        "--stages", nargs="+", default=["50:700", "20:300", "4:40"], help="length of a tick in ms, and steps with it"
    )
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--dropout", type=float, default=0.08)
    parser.add_argument("--channels", type=int, nargs=2, default=[12, 24])
    parser.add_argument("--quiet", type=float, default=2e-6, help="cost of a spike of a hidden neuron")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-all", action="store_true", help="train with all recordings, choose nothing")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(args.seed)
    sets, held = [(*data.load(args.synthetic, "Train"), 0.5)], None
    if args.real:
        recordings, labels = data.load(args.real, "Train")
        train, chosen = split(labels, 0.0 if args.keep_all else 0.2, 0)
        sets.append(([recordings[k] for k in train], labels[train], 1.0))
        held = ([recordings[k] for k in chosen], torch.from_numpy(labels[chosen]))
    net = model.Net(tuple(args.channels), args.dropout)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.98))
    optimiser = torch.optim.AdamW(net.parameters(), args.rate, weight_decay=1e-3)
    stages = [stage.split(":") for stage in args.stages]
    lengths = [int(ms) for ms, count in stages for _ in range(int(count))]
    steps = len(lengths)
    rate = lambda step: min(1, (step + 1) / 30) * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    begin, path = 0, args.out / "checkpoint.pt"
    if path.exists():
        state = torch.load(path, weights_only=True)
        net.load_state_dict(state["net"])
        mean.load_state_dict(state["mean"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        begin = state["step"]
    started, sums = time.time(), np.zeros(3)
    for step in range(begin, steps):
        rng = np.random.default_rng((args.seed, step))
        real = 0.4 + 0.4 * step / steps
        # A neuron spikes in few of the 340 ticks: longer ticks, with as many spikes in each as the
        # short ones in it would have, change little and cost little.
        tick_ms = lengths[step]
        x, y = batch(sets, [1 - real, real] if args.real else [1], args.batch, 1000 * tick_ms, rng)
        one, two, out = net(x, tick_ms)
        logits = out.sum(0)
        spikes = one.sum() + two.sum()
        loss = F.cross_entropy(0.3 * logits, y, label_smoothing=0.03) + args.quiet * spikes / len(y)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(net)
        sums += [loss.item(), (logits.argmax(1) == y).float().mean().item(), spikes.item() / len(y)]
        if (step + 1) % 25 == 0 or step + 1 == steps:
            line = "step %d, %.0f s: loss %.3f, right %.3f, hidden spikes %.0f" % (step + 1, time.time() - started, *(sums / 25))
            sums[:] = 0
            if (step + 1) % 50 == 0 or step + 1 == steps:
                if held and len(held[1]):
                    counts, activity = count(mean.module, held[0], 1 if step + 1 == steps else tick_ms)
                    right = (counts.argmax(1) == held[1]).float().mean().item()
                    line += "; held back: right %.4f, spikes %s" % (right, np.round(activity).astype(int))
                state = dict(net=net.state_dict(), mean=mean.state_dict(), optimiser=optimiser.state_dict())
                state.update(schedule=schedule.state_dict(), step=step + 1, channels=args.channels)
                torch.save(state, str(path) + ".new")
                os.replace(str(path) + ".new", path)
            print(line, flush=True)


if __name__ == "__main__":
    main()
