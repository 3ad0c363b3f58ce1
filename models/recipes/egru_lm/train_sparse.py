"""Goes on training a pruned language model with fixed masks, until it is stopped. See README.md.

After a stop (Ctrl-C, SIGTERM) or a crash, the same command resumes from OUT/checkpoint.pt.
"""

import argparse
import math
import os
import signal
import time
from pathlib import Path

import torch

from data import encode, read_vocabulary, read_words, write_vocabulary
from model import detach
from sparse import LANES, Drop, Sample, SparseLanguageModel
from teachers import Lessons
from train import columns


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--model", required=True, type=Path, help="folder of the packed model to start from")
    p.add_argument("--train", required=True, help="training text (plain or .gz)")
    p.add_argument("--valid", required=True, help="validation text")
    p.add_argument("--out", required=True, type=Path, help="folder for checkpoint.pt, best.pt, vocab.txt, log.txt")
    p.add_argument("--resume", type=Path, help="first checkpoint, if OUT has none: for an end of its own with --decay")
    p.add_argument("--epochs", type=float, default=1000.0, help="all epochs, those before a resume included")
    p.add_argument("--decay", type=float, default=0.0, help="last epochs, in which the rate falls linearly to 0")
    p.add_argument("--batch", type=int, default=64, help=f"sequences side by side, a multiple of {LANES}")
    p.add_argument("--length", type=int, default=70, help="words a sequence")
    p.add_argument("--carry", choices=["CAndY", "Y"], default="CAndY", help="state kept between sequences")
    p.add_argument("--lr", type=float, default=1e-3, help="learning rate (150 steps up, then constant)")
    p.add_argument("--weight-decay", type=float, default=0.02, help="on the matrices' values only")
    p.add_argument("--clip", type=float, default=0.5, help="largest gradient norm")
    p.add_argument(
        "--dropout",
        type=float,
        nargs=5,
        default=[0.1, 0.5, 0.2, 0.5, 0.1],
        metavar=("WORDS", "INPUT", "BETWEEN", "OUTPUT", "RECURRENT"),
    )
    p.add_argument("--activity", type=float, nargs="+", default=[], help="most activity wanted, a layer")
    p.add_argument("--activity-cost", type=float, default=0.05, help="cost on events of a layer above that")
    p.add_argument("--samples", type=int, default=4000, help="words drawn for the softmax of a step, 0: all words")
    teachers = "folders of a transformer and an EGRU to learn from"
    p.add_argument("--teachers", type=Path, nargs=2, metavar=("TRANSFORMER", "EGRU"), help=teachers)
    p.add_argument("--shares", type=float, nargs=2, default=[0.65, 0.35], help="of the teachers in their mixture")
    p.add_argument("--soften", type=float, nargs=2, default=[0.8, 0.9], help="factors of the teachers' logits")
    p.add_argument("--teach", type=float, default=0.85, help="share of the teachers' expectation in the targets")
    p.add_argument("--replace", type=float, default=0.3, help="share of the words replaced by what a teacher expects")
    p.add_argument("--frequent", type=int, default=4096, help="with teachers: words that are in every softmax")
    p.add_argument("--minutes", type=float, default=0.0, help="trained in all; the rate falls linearly with them")
    p.add_argument("--horizon", type=float, default=1.0, help="epochs over which weights are averaged")
    p.add_argument("--save-minutes", type=float, default=5.0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


class Average:
    """Running mean of the weights: of all steps at first, then over about `horizon` updates."""

    EVERY = 10

    def __init__(self, model):
        self.count = 0
        self.weights = {n: p.detach().clone() for n, p in model.named_parameters()}

    @torch.no_grad()
    def add(self, model, horizon):
        self.count += 1
        share = 1.0 / min(self.count, max(1.0, horizon))
        for name, p in model.named_parameters():
            self.weights[name].lerp_(p, share)

    @torch.no_grad()
    def swap(self, model):
        """Exchanges the model's weights and their mean."""
        for name, p in model.named_parameters():
            p.data, self.weights[name] = self.weights[name], p.data


class Run:
    """Content of a checkpoint: model, average, optimiser, place in the text, state, random numbers."""

    def __init__(self, model, args):
        self.model, self.average = model, Average(model)
        values = [p for n, p in model.named_parameters() if n.endswith(".values")]
        others = [p for n, p in model.named_parameters() if not n.endswith(".values")]
        groups = [
            {"params": values, "weight_decay": args.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.99), fused=True)
        self.step, self.at, self.seconds, self.best = 0, 0, 0.0, math.inf
        self.states = model.start(args.batch)

    COUNTERS = ("step", "at", "seconds", "best", "states")

    def save(self, path):
        state = {name: getattr(self, name) for name in self.COUNTERS}
        state |= {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        state |= {"average": self.average.weights, "averaged": self.average.count, "random": torch.get_rng_state()}
        write_whole(state, path)

    def load(self, path):
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name in self.COUNTERS:
            setattr(self, name, state[name])
        self.model.load_state_dict(state["model"])
        # Rates and weight decay are the command line's, not the checkpoint's.
        groups = [dict(group) for group in self.optimizer.param_groups]
        self.optimizer.load_state_dict(state["optimizer"])
        for group, given in zip(self.optimizer.param_groups, groups):
            group["weight_decay"] = given["weight_decay"]
        self.average.weights, self.average.count = state["average"], state["averaged"]
        torch.set_rng_state(state["random"])


def write_whole(state, path):
    """Saves under another name first, so that an interruption leaves the older file."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def learning_rate(run, steps, last, args):
    """150 steps up, constant, then linearly to 0 over the `last` of all `steps`, or with the time."""
    left = min(1.0, (steps - run.step) / last) if last else 1.0
    if args.minutes:
        left *= max(0.0, 1.0 - run.seconds / (60 * args.minutes))
    return args.lr * min(1.0, (run.step + 1) / 150) * left


def is_at_end(run, steps, args):
    """Whether all steps, or all minutes, are done."""
    return run.step >= steps or 0 < 60 * args.minutes <= run.seconds


def limit_costs(active, limits, cost, words):
    """Cost of one event in each layer whose activity is above its limit; 0 elsewhere."""
    return [cost / words * max(0.0, a - limit) / limit for a, limit in zip(active, limits)]


@torch.no_grad()
def validate(run, text, args):
    """Perplexity and activity a layer of the averaged weights; evaluate.py has the exact figures."""
    model = run.model
    run.average.swap(model)
    model.eval()
    states, nats, words, activity = model.start(text.shape[1]), 0.0, 0, []
    for at in range(0, len(text) - 1, args.length):
        inputs, targets = text[at : at + args.length][: len(text) - 1 - at], text[at + 1 : at + 1 + args.length]
        output, states, active = model(inputs, states)
        states = detach(states, args.carry)
        nats += model.loss(output, targets).item() * targets.numel()
        words += targets.numel()
        activity.append(active)
    model.train()
    perplexity = math.exp(nats / words)
    if perplexity < run.best:
        run.best = perplexity
        # What export.py needs of train.py's arguments.
        sparsity = 1 - sum(p.numel() for n, p in model.named_parameters() if n.endswith(".values")) / sum(
            m.shape[0] * m.shape[1] for layer in model.rnns for m in (layer.kernel, layer.recurrent_kernel)
        )
        kept = {
            "embedding": model.embeddings.weight.shape[1], "units": [len(layer.thr) for layer in model.rnns],
            "vocab": 0, "epochs": args.epochs_done, "batch": args.batch, "seed": args.seed,
            "length": args.length, "carry": args.carry, "sparsity": round(sparsity, 4), "train": args.train,
        }  # fmt: skip
        write_whole({"model": model.dense_state(), "args": kept, "valid_perplexity": perplexity}, args.out / "best.pt")
    run.average.swap(model)
    return perplexity, [sum(a) / len(a) for a in zip(*activity)]


def train_step(run, texts, args, drop, sample, costs, lessons):
    """One update; returns the mean surprisal in nats and the activity a layer.

    texts: the training text and, with teachers, the words drawn in its place.
    """
    inputs, targets = texts[0][run.at : run.at + args.length], texts[0][run.at + 1 : run.at + 1 + args.length]
    if lessons:
        inputs = lessons.inputs(inputs, texts[1][run.at : run.at + args.length])
    run.at += args.length
    output, states, active = run.model(inputs, run.states, drop, costs)
    run.states = detach(states, args.carry)
    if lessons:
        loss, surprisal = lessons.loss(run.model, output, inputs, targets)
    else:
        loss = surprisal = run.model.loss(output, targets, sample)
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), args.clip)
    run.optimizer.step()
    with torch.no_grad():
        for layer in run.model.rnns:
            layer.thr.clamp_(1e-3, 1.0)
    run.step += 1
    return surprisal.item(), active


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)

    vocabulary = read_vocabulary(args.model / "vocab.txt")
    write_vocabulary(args.out / "vocab.txt", vocabulary)
    numbers = encode(read_words(args.train), vocabulary)
    train = columns(numbers, args.batch, "cpu")
    valid = columns(encode(read_words(args.valid), vocabulary), args.batch, "cpu")
    counts = torch.bincount(torch.tensor(numbers), minlength=len(vocabulary))
    sample = Sample(counts, args.samples, args.batch * args.length) if args.samples else None
    drop = Drop(*args.dropout)
    texts, lessons = [train], None
    if args.teachers:
        lessons = Lessons(args, numbers, args.out / "replaced.pt")
        texts.append(columns(lessons.other, args.batch, "cpu"))

    run = Run(SparseLanguageModel.load(args.model), args)
    checkpoint, per_epoch = args.out / "checkpoint.pt", (len(train) - 1) // args.length
    first = checkpoint if checkpoint.exists() else args.resume
    if first:
        run.load(first)
    steps, last = round(args.epochs * per_epoch), round(args.decay * per_epoch)
    log = open(args.out / "log.txt", "a", encoding="utf-8", buffering=1)

    def say(text):
        print(text, flush=True)
        log.write(f"{time.strftime('%F %T')} {text}\n")

    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))

    say(f"step {run.step} of {steps}, {per_epoch} an epoch; {vars(args)}")
    if not first:
        args.epochs_done = 0.0
        perplexity, activity = validate(run, valid, args)
        say(f"at the start: valid perplexity {perplexity:.2f} activity {[round(a, 4) for a in activity]}")
    begun = saved = time.time()
    recent, costs = [], [0.0] * len(run.model.rnns)
    ended = is_at_end(run, steps, args)
    while not (ended or stopped):
        if run.at + args.length + 1 > len(train):
            # Another starting point each epoch, so that sequences are cut at other places.
            run.at, run.states = int(torch.randint(args.length, (1,))), run.model.start(args.batch)
            if lessons:
                lessons.restart()
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate(run, steps, last, args)
        nats, active = train_step(run, texts, args, drop, sample, costs, lessons)
        costs = limit_costs(active, args.activity, args.activity_cost, args.batch * args.length) or costs
        recent = [*recent[-99:], nats]
        if run.step % Average.EVERY == 0:
            run.average.add(run.model, args.horizon * per_epoch / Average.EVERY)

        now = time.time()
        run.seconds, begun = run.seconds + now - begun, now
        args.epochs_done = run.step / per_epoch
        ended = is_at_end(run, steps, args)
        if run.step % 20 == 0:
            average = math.exp(sum(recent) / len(recent))
            say(
                f"step {run.step} epoch {args.epochs_done:.2f} training perplexity {average:.1f} "
                f"activity {[round(a, 3) for a in active]} {run.seconds / 3600:.2f} h"
            )
        if run.step % per_epoch == 0 or ended:
            perplexity, activity = validate(run, valid, args)
            say(
                f"epoch {args.epochs_done:.2f} valid perplexity {perplexity:.2f} activity "
                f"{[round(a, 4) for a in activity]} best {run.best:.2f} {run.seconds / 3600:.2f} h"
            )
            begun = time.time()
        if now - saved > 60 * args.save_minutes or run.step == 1 or ended or stopped:
            run.save(checkpoint)
            saved = now
    say(f"stopped at step {run.step}")


if __name__ == "__main__":
    main()
