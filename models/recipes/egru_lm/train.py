"""Trains an EGRU language model on a word-level text, and prunes it on the way. See README.md."""

import argparse
import json
import math
import time
from pathlib import Path

import torch

from data import build_vocabulary, encode, read_words, write_vocabulary
from model import LanguageModel, detach
from prune import Pruner, ramp


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--train", required=True, help="training text (plain or .gz)")
    p.add_argument("--valid", required=True, help="validation text")
    p.add_argument("--out", required=True, help="folder for checkpoint.pt and vocab.txt")
    p.add_argument("--embedding", type=int, default=48, help="embedding size; the last layer has as many units")
    p.add_argument("--units", type=int, nargs="+", default=[96, 96, 48], help="units a layer")
    p.add_argument("--vocab", type=int, default=2000, help="words in the vocabulary, 0 for all")
    p.add_argument("--epochs", type=float, default=8.0)
    p.add_argument("--batch", type=int, default=64, help="sequences side by side")
    p.add_argument("--length", type=int, default=70, help="words a sequence")
    p.add_argument("--carry", choices=["CAndY", "Y"], default="CAndY", help="state kept between sequences")
    p.add_argument("--lr", type=float, default=3e-3, help="highest learning rate (150 steps up, then a cosine down)")
    p.add_argument("--weight-decay", type=float, default=0.02, help="on kernels only")
    p.add_argument("--clip", type=float, default=0.5, help="largest gradient norm")
    p.add_argument("--dropout", type=float, nargs=3, default=[0.0, 0.0, 0.0], metavar=("INPUT", "BETWEEN", "OUTPUT"))
    p.add_argument("--threshold", type=float, default=0.05, help="first value of every threshold (trained)")
    p.add_argument("--no-events", dest="events", action="store_false", help="a GRU: no threshold, no reset")
    p.add_argument("--surrogate", type=float, nargs=2, default=[0.7, 0.5], metavar=("HEIGHT", "WIDTH"))
    p.add_argument("--sparsity", type=float, default=0.8, help="final fraction of zeros in every kernel")
    p.add_argument(
        "--ramp",
        type=float,
        nargs=2,
        default=[0.25, 0.6],
        metavar=("START", "END"),
        help="pruning, as fractions of training",
    )
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=1)
    return p.parse_args()


def columns(numbers, batch, device):
    """A long text as `batch` columns side by side: [N / batch, batch]."""
    rows = len(numbers) // batch
    return torch.tensor(numbers[: rows * batch]).view(batch, rows).t().contiguous().to(device)


def optimizer_for(model, lr, weight_decay):
    """AdamW, with weight decay on the kernels alone."""
    kernels = [p for n, p in model.named_parameters() if n.endswith("kernel")]
    others = [p for n, p in model.named_parameters() if not n.endswith("kernel") and p.requires_grad]
    groups = [{"params": kernels, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99))


def learning_rate(step, steps, highest):
    """150 steps up, then half a cosine down to 2 % of the highest rate."""
    cosine = 0.5 * (1.0 + math.cos(math.pi * step / steps))
    return highest * min(1.0, (step + 1) / 150) * (0.02 + 0.98 * cosine)


@torch.no_grad()
def validate(model, text, length, carry):
    """Perplexity and activity a layer on columns of text. A quick figure; evaluate.py has the real one."""
    model.eval()
    states, nats, words, activity = model.start(text.shape[1]), 0.0, 0, []
    for at in range(0, len(text) - 1, length):
        inputs, targets = text[at : at + length][: len(text) - 1 - at], text[at + 1 : at + 1 + length]
        output, states, active = model(inputs, states)
        states = detach(states, carry)
        nats += model.loss(output, targets).item() * targets.numel()
        words += targets.numel()
        activity.append(active)
    model.train()
    return math.exp(nats / words), [sum(a) / len(a) for a in zip(*activity)]


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)

    words = read_words(args.train)
    vocabulary, counts = build_vocabulary(words, args.vocab)
    write_vocabulary(out / "vocab.txt", vocabulary)
    train = columns(encode(words, vocabulary), args.batch, args.device)
    valid = columns(encode(read_words(args.valid), vocabulary), 16, args.device)

    unigram = torch.log(torch.tensor(counts, dtype=torch.float32).clamp(min=1) / len(words))
    height, width = args.surrogate
    model = LanguageModel(args.embedding, args.units, unigram, args.threshold, height, width, args.events).to(args.device)
    optimizer = optimizer_for(model, args.lr, args.weight_decay)
    pruner = Pruner(model)

    per_epoch = (len(train) - 1) // args.length
    steps = round(args.epochs * per_epoch)
    print(f"{len(vocabulary)} words, {len(words)} tokens, {per_epoch} steps an epoch, {steps} in all", flush=True)

    begun, at, states, recent = time.time(), 0, model.start(args.batch), []
    for step in range(steps):
        if at + args.length + 1 > len(train):
            # Another starting point each epoch, so that sequences are cut at other places.
            at, states = int(torch.randint(args.length, (1,))), model.start(args.batch)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, args.lr)

        inputs, targets = train[at : at + args.length], train[at + 1 : at + 1 + args.length]
        at += args.length
        output, states, active = model(inputs, states, args.dropout)
        states = detach(states, args.carry)
        loss = model.loss(output, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()

        wanted = ramp((step + 1) / steps, *args.ramp, args.sparsity)
        if wanted > pruner.sparsity and (step % 20 == 0 or wanted == args.sparsity):
            pruner.prune(wanted)
        pruner.apply()
        with torch.no_grad():
            for layer in [layer for layer in model.rnns if layer.events]:
                # At zero or below, every positive state would be an event, or every state; above 1, none.
                layer.thr.clamp_(1e-3, 1.0)

        recent = [*recent[-99:], loss.item()]
        if (step + 1) % 100 == 0:
            average = sum(recent) / len(recent)
            print(
                f"step {step + 1} epoch {(step + 1) / per_epoch:.2f} ppl {math.exp(average):.1f} "
                f"activity {[round(a, 3) for a in active]} sparsity {pruner.sparsity:.3f} {time.time() - begun:.0f} s",
                flush=True,
            )
        if (step + 1) % per_epoch == 0 or step + 1 == steps:
            perplexity, activity = validate(model, valid, args.length, args.carry)
            print(f"valid perplexity {perplexity:.2f} activity {[round(a, 4) for a in activity]}", flush=True)
            state = {k: v.cpu() for k, v in model.state_dict().items()}
            torch.save({"model": state, "args": vars(args), "valid_perplexity": perplexity}, out / "checkpoint.pt")
    print(json.dumps({"zeros": pruner.zeros(), "seconds": round(time.time() - begun)}, indent=2))


if __name__ == "__main__":
    main()
