"""Trains the gesture network on frames (prepare.py). See README.md."""

import argparse
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from data import Augment, Recordings, split
from events import CLASSES
from model import GestureModel


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--data", required=True, help="folder of frames")
    p.add_argument("--out", required=True, help="folder for checkpoint.pt")
    p.add_argument("--report", nargs="*", default=[], help="frames that are only measured, after every epoch")
    p.add_argument("--start", help="checkpoint to start from")
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--rounds", type=int, default=3, help="slices that an epoch takes of every gesture")
    p.add_argument("--minutes", type=float, default=60.0, help="the schedule ends here if that is earlier")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--weight-decay", type=float, default=0.02)
    p.add_argument("--dropout", type=float, nargs=2, default=[0.3, 0.15], metavar=("FEATURES", "LAYERS"))
    p.add_argument("--activity", type=float, default=0.05, help="wanted activity")
    p.add_argument("--activity-weight", type=float, default=1.0)
    p.add_argument("--surrogate", type=float, nargs=2, default=[0.7, 0.3], metavar=("HEIGHT", "WIDTH"))
    p.add_argument("--smoothing", type=float, default=0.05, help="of labels")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--float32", action="store_true", help="no bfloat16 in the head")
    return p.parse_args()


@torch.no_grad()
def measure(model, recordings, batch=64):
    """Accuracy, accuracy of each class, confusion [11, 11], activity of each layer."""
    model.eval()
    slices, confusion, active = recordings.slices(), torch.zeros(CLASSES, CLASSES, dtype=torch.long), []
    for at in range(0, len(slices), batch):
        x, labels = recordings.batch(slices[at : at + batch])
        logits, events = model(x)
        for label, answer in zip(labels, logits.argmax(1)):
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


def parameters(model, weight_decay):
    kernels = [p for n, p in model.named_parameters() if p.dim() > 1]
    others = [p for n, p in model.named_parameters() if p.dim() == 1]
    return [{"params": kernels, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    parts = split(args.data)
    train, valid = Recordings(parts["train"]), Recordings(parts["valid"])
    reports = {Path(f).stem: Recordings([f]) for f in args.report}
    augment = Augment(train, args.seed)
    model = GestureModel(height=args.surrogate[0], width=args.surrogate[1])
    if args.start:
        model.load_state_dict(torch.load(args.start)["model"])
    optimizer = torch.optim.AdamW(parameters(model, args.weight_decay), lr=args.lr, betas=(0.9, 0.999))

    # The last class is a dozen kinds of movement: it is seen twice as often as the others.
    pool = train.gestures + [g for g in train.gestures if g[1] == CLASSES - 1]
    steps = args.epochs * args.rounds * len(pool) // args.batch
    per_epoch = steps // args.epochs
    print(f"{len(train.names)} recordings, {len(pool)} gestures, {per_epoch} steps an epoch", flush=True)
    begun, order, history = time.time(), [], []
    spent, run = 0.0, {"loss": 0.0, "right": 0, "seen": 0}
    step = 0
    while spent < 1.0:
        if len(order) < args.batch:
            order += torch.randperm(len(pool)).tolist()
        chosen, order = order[: args.batch], order[args.batch :]
        x, labels = augment.batch([pool[i] for i in chosen])
        # The schedule follows whichever runs out first, steps or minutes.
        spent = max(step / steps, (time.time() - begun) / 60 / args.minutes)
        rate = args.lr * min(1.0, (step + 1) / 60) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, spent))))
        for group in optimizer.param_groups:
            group["lr"] = rate
        logits, events = model(x, args.dropout, not args.float32)
        loss = F.cross_entropy(logits, labels, label_smoothing=args.smoothing)
        active = torch.stack([o.mean() for o in events])  # fraction of units with an event, a layer
        optimizer.zero_grad(set_to_none=True)
        (loss + args.activity_weight * ((active - args.activity).clamp(min=0) ** 2).sum()).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            for layer in model.rnns:
                layer.thr.clamp_(1e-3, 1.0)
        run["loss"] += float(loss.detach()) * len(labels)
        run["right"] += int((logits.argmax(1) == labels).sum())
        run["seen"] += len(labels)
        step += 1
        if step % 20 == 0:
            print(
                f"step {step} {spent:.3f} loss {run['loss'] / run['seen']:.4f} accuracy {run['right'] / run['seen']:.4f} "
                f"activity {[round(float(a), 4) for a in active]} gradient {float(norm):.2f} {time.time() - begun:.0f} s",
                flush=True,
            )
            run = {"loss": 0.0, "right": 0, "seen": 0}
        if step % per_epoch == 0 or spent >= 1.0:
            now = {"step": step, "valid": measure(model, valid)}
            now |= {name: measure(model, recordings) for name, recordings in reports.items()}
            history.append(now)
            for name, result in list(now.items())[1:]:
                print(f"  {name}: {result['accuracy']:.4f} {result['classes']} {result['activity']}", flush=True)
            torch.save({"model": model.state_dict(), "args": vars(args), "history": history}, out / "checkpoint.pt")
    print(json.dumps({"seconds": round(time.time() - begun), "steps": step}))


if __name__ == "__main__":
    main()
