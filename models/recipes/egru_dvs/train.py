"""Trains the gesture network on frames (prepare.py). See README.md.

On a CPU two processes are faster than two threads: `torchrun --nproc-per-node 2 -- train.py ...` gives each of them
a batch of its own, and the mean of their gradients to both. Every few minutes `progress.pt` is saved: the same
command with `--resume` goes on from there, with the rest of the schedule.
"""

import argparse
import copy
import json
import math
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F

from data import Augment, Recordings, split
from events import CLASSES
from model import GestureModel
from muon import Muon, matrices

FIRST = 20  # frames of a slice after which every frame's answer counts, too


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--data", required=True, help="folder of frames")
    p.add_argument("--out", required=True, help="folder for checkpoint.pt")
    p.add_argument("--report", nargs="*", default=[], help="frames that are only measured, after every epoch")
    p.add_argument("--start", help="checkpoint to start from")
    p.add_argument("--resume", action="store_true", help="go on from progress.pt in the folder, if there is one")
    p.add_argument("--save", type=float, default=5.0, help="minutes from one progress.pt to the next")
    p.add_argument("--epochs", type=int, default=60)
    p.add_argument("--rounds", type=int, default=1, help="slices that an epoch takes of every gesture")
    p.add_argument("--minutes", type=float, default=60.0, help="the schedule ends here if that is earlier")
    p.add_argument("--batch", type=int, default=32, help="slices of a step, in every process")
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--weight-decay", type=float, default=0.02)
    p.add_argument("--dropout", type=float, nargs=2, default=[0.1, 0.05], metavar=("FEATURES", "LAYERS"))
    p.add_argument("--activity", type=float, default=0.05, help="wanted activity")
    p.add_argument("--activity-weight", type=float, default=3.0)
    p.add_argument("--surrogate", type=float, nargs=2, default=[0.7, 0.5], metavar=("HEIGHT", "WIDTH"))
    p.add_argument("--smoothing", type=float, default=0.02, help="of labels")
    p.add_argument("--clean", type=float, default=0.0, help="share of slices that are hardly changed")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--each", type=float, default=0.3, help="weight of the answers of single frames")
    p.add_argument("--average", type=float, default=0.998, help="what the mean of weights keeps, a step")
    p.add_argument("--measure", type=int, default=2, help="epochs from one measurement to the next")
    p.add_argument("--compile", action="store_true", help="compiles the head, which wants a C++ compiler")
    p.add_argument("--float32", action="store_true", help="no bfloat16, which is slow without support")
    return p.parse_args()


@torch.no_grad()
def measure(model, recordings, batch=64):
    """Accuracy, accuracy of each class, confusion [11, 11], activity of each layer."""
    model.eval()
    slices, confusion, active = recordings.slices(), torch.zeros(CLASSES, CLASSES, dtype=torch.long), []
    for at in range(0, len(slices), batch):
        x, labels = recordings.batch(slices[at : at + batch])
        answers, events = model(x)
        for label, answer in zip(labels, answers.mean(0).argmax(1)):
            confusion[label, answer] += 1
        active.append([float(o.mean()) for o in events])
    model.train()
    right = confusion.diagonal()
    return {
        "slices": len(slices),
        "accuracy": float(right.sum() / max(1, len(slices))),
        "classes": [round(float(a / max(1, b)), 4) for a, b in zip(right, confusion.sum(1))],
        "activity": [sum(a) / len(a) for a in zip(*active)],
        "confusion": confusion.tolist(),
    }


class Average:
    """Running mean of a model's weights: what the last steps have in common."""

    def __init__(self, model, keep):
        self.model, self.keep, self.steps = copy.deepcopy(model).eval(), keep, 0

    @torch.no_grad()
    def add(self, model):
        self.steps += 1
        part = 1 - min(self.keep, self.steps / (10 + self.steps))
        for mine, new in zip(self.model.state_dict().values(), model.state_dict().values()):
            if mine.is_floating_point():
                mine.lerp_(new, part)
            else:
                mine.copy_(new)


class Processes:
    """The processes that train together: one, unless torchrun started more."""

    def __init__(self):
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        if self.count > 1:
            dist.init_process_group("gloo")

    def mean(self, values):
        """Puts into every process the mean of these tensors over all of them."""
        if self.count > 1:
            flat = torch.cat([v.flatten() for v in values])
            dist.all_reduce(flat)
            for value, part in zip(values, (flat / self.count).split([v.numel() for v in values])):
                value.copy_(part.view_as(value))


def main():
    args = arguments()
    processes = Processes()
    torch.manual_seed(args.seed + 1000 * processes.rank)
    torch.set_num_threads(args.threads)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    parts = split(args.data)
    train, valid = Recordings(parts["train"]), Recordings(parts["valid"])
    reports = {Path(f).stem: Recordings([f]) for f in args.report}
    augment = Augment(train, args.seed + 1000 * processes.rank, args.clean)
    model = GestureModel(height=args.surrogate[0], width=args.surrogate[1])
    if args.start:
        model.load_state_dict(torch.load(args.start)["model"])
    processes.mean([p.data for p in model.parameters()])
    pairs, rest = matrices(model)
    kind = torch.float32 if args.float32 else torch.bfloat16
    optimizers = [
        Muon(pairs, args.lr, weight_decay=args.weight_decay, kind=kind),
        torch.optim.AdamW(rest, lr=args.lr, weight_decay=0.0),
    ]

    # The last class is a dozen kinds of movement: it is seen twice as often as the others.
    # The loss takes that out of the answers again, in which all classes are to be equally likely.
    pool = train.gestures + [g for g in train.gestures if g[1] == CLASSES - 1]
    prior = torch.tensor([g[1] for g in pool]).bincount(minlength=CLASSES).clamp(min=1).log()
    prior -= prior.logsumexp(0)
    size = args.batch * processes.count
    steps = args.epochs * args.rounds * len(pool) // size
    per_epoch = steps // args.epochs
    if processes.rank == 0:
        print(f"{len(train.names)} recordings, {len(pool)} gestures, {per_epoch} steps an epoch", flush=True)
    average = Average(model, args.average)
    if args.compile:
        model.cnn.compile()
    begun, order, history = time.time(), [], []
    spent, run = torch.zeros(1), {"loss": 0.0, "right": 0, "seen": 0}
    shuffle = torch.Generator().manual_seed(args.seed)
    step, saved_at = 0, time.time()
    progress = out / "progress.pt"
    if args.resume and progress.exists():
        kept = torch.load(progress, map_location="cpu", weights_only=True)
        model.load_state_dict(kept["last"])
        average.model.load_state_dict(kept["model"])
        average.steps = step = kept["step"]
        begun -= kept["seconds"]
        for optimizer, state in zip(optimizers, kept["optimizers"]):
            optimizer.load_state_dict(state)
        shuffle.manual_seed(args.seed + step)
        augment.reseed(1000 * args.seed + step + processes.rank)
        spent.fill_(kept["spent"])
    while spent < 1.0:
        while len(order) < size:
            order += torch.randperm(len(pool), generator=shuffle).tolist()
        chosen, order = order[processes.rank : size : processes.count], order[size:]
        x, labels = augment.batch([pool[i] for i in chosen])
        rate = args.lr * min(1.0, (step + 1) / 60) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * float(spent))))
        for group in [g for o in optimizers for g in o.param_groups]:
            group["lr"] = rate
        answers, events = model(x, args.dropout, not args.float32)
        logits, late = answers.mean(0), answers[FIRST:] + prior
        loss = F.cross_entropy(logits + prior, labels, label_smoothing=args.smoothing)
        of_frames = F.cross_entropy(late.flatten(0, 1), labels.repeat(len(late)), label_smoothing=args.smoothing)
        loss = loss + args.each * of_frames
        active = torch.stack([o.mean() for o in events])  # fraction of units with an event, a layer
        model.zero_grad(set_to_none=True)
        (loss + args.activity_weight * ((active - args.activity).clamp(min=0) ** 2).sum()).backward()
        # The schedule follows whichever runs out first, steps or minutes.
        spent.fill_(min(1.0, max((step + 1) / steps, (time.time() - begun) / 60 / args.minutes)))
        processes.mean([p.grad for p in model.parameters()] + [spent])
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        with torch.no_grad():
            for layer in model.rnns:
                layer.thr.clamp_(1e-3, 1.0)
        average.add(model)
        run["loss"] += float(loss.detach()) * len(labels)
        run["right"] += int((logits.argmax(1) == labels).sum())
        run["seen"] += len(labels)
        step += 1
        if processes.rank > 0:
            continue
        if time.time() - saved_at > 60 * args.save:
            state = {"model": average.model.state_dict(), "last": model.state_dict(), "step": step}
            state |= {"seconds": time.time() - begun, "spent": float(spent)}
            torch.save(state | {"optimizers": [o.state_dict() for o in optimizers]}, out / "progress.new")
            (out / "progress.new").replace(progress)
            saved_at = time.time()
        if step % 20 == 0:
            print(
                f"step {step} {float(spent):.3f} loss {run['loss'] / run['seen']:.4f} accuracy {run['right'] / run['seen']:.4f} "
                f"activity {[round(a, 4) for a in active.tolist()]} gradient {float(norm.detach()):.2f} "
                f"{time.time() - begun:.0f} s",
                flush=True,
            )
            run = {"loss": 0.0, "right": 0, "seen": 0}
        if step % (args.measure * per_epoch) == 0 or spent >= 1.0:
            now = {"step": step, "valid": measure(average.model, valid)}
            now |= {name: measure(average.model, recordings) for name, recordings in reports.items()}
            history.append(now)
            for name, result in list(now.items())[1:]:
                print(f"  {name}: {result['accuracy']:.4f} {result['classes']} {result['activity']}", flush=True)
            saved = {"model": average.model.state_dict(), "last": model.state_dict()}
            torch.save(saved | {"args": vars(args), "history": history}, out / "checkpoint.pt")
    if processes.rank == 0:
        print(json.dumps({"seconds": round(time.time() - begun), "steps": step}))


if __name__ == "__main__":
    main()
