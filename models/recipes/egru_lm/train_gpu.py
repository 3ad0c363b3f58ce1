"""Trains and prunes an EGRU language model on a GPU of which one has minutes at a time. See README.md.

The whole step (dropout, layers, softmax, gradients, AdamW, average) is one CUDA graph. `--seconds` is all it takes, from
the start of the program to the files written: rate and pruning follow the clock, so that a GPU that is shared changes the
number of steps and not the end. Of the weights that are sparse enough, those with the best validation perplexity are
written. Without a GPU it runs the same lines on the CPU, which is for trying it out at a tiny size.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch

import export
from data import build_vocabulary, encode, read_vocabulary, read_words
from model import LanguageModel
from prune import ramp
from scan import Scan, layout, pad, place, unpad
from train import columns

BEGUN = time.time()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--train", required=True, help="training text (plain or .gz)")
    p.add_argument("--valid", required=True, help="validation text")
    p.add_argument("--out", required=True, type=Path, help="folder for the exported model, in parts of at most --part MiB")
    p.add_argument("--name", default="my-egru", help="the model's name and folder")
    p.add_argument("--seconds", type=float, default=500.0, help="time for everything")
    p.add_argument("--steps", type=int, default=0, help="steps of training; 0: as many as --seconds allow")
    p.add_argument("--embedding", type=int, default=750, help="embedding size; the last layer has as many units")
    p.add_argument("--units", type=int, nargs="+", default=[1350, 1350, 750], help="units a layer")
    p.add_argument("--vocab", type=int, default=0, help="words in the vocabulary, 0 for all")
    p.add_argument("--vocabulary", help="a vocab.txt to keep to, in its order")
    p.add_argument("--batch", type=int, default=128, help="sequences side by side")
    p.add_argument("--length", type=int, default=70, help="words a sequence")
    p.add_argument("--carry", choices=["CAndY", "Y"], default="CAndY", help="state kept between sequences")
    p.add_argument("--lr", type=float, default=1.5e-3, help="highest learning rate")
    p.add_argument("--flat", type=float, default=0.35, help="share of training before the rate falls to zero in a line")
    p.add_argument("--weight-decay", type=float, default=0.12, help="on kernels and the embedding, as the authors have it")
    p.add_argument("--clip", type=float, default=0.25, help="largest gradient norm")
    p.add_argument("--dropout", type=float, nargs=5, default=[0.1, 0.7, 0.25, 0.5, 0.7], metavar=("WORDS", "INPUT", "BETWEEN", "OUTPUT", "CONNECT"))  # fmt: skip
    p.add_argument("--threshold", type=float, default=0.05, help="first value of every threshold (trained)")
    p.add_argument("--no-events", dest="events", action="store_false", help="a GRU: no threshold, no reset")
    p.add_argument("--surrogate", type=float, nargs=2, default=[0.7, 0.5], metavar=("HEIGHT", "WIDTH"))
    p.add_argument("--activity", type=float, nargs="+", default=[], help="highest activity a layer; more costs")
    p.add_argument("--sparsity", type=float, default=0.95, help="final fraction of zeros in every kernel")
    p.add_argument("--ramp", type=float, nargs=2, default=[0.2, 0.5], metavar=("START", "END"), help="of pruning, as shares of training")  # fmt: skip
    p.add_argument("--average", type=float, default=500.0, help="steps over which weights are averaged")
    p.add_argument("--validations", type=int, default=20, help="how often to look at the validation text")
    p.add_argument("--part", type=int, default=15, help="MiB of one file of --out")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p.parse_args()


class Trainer:
    """A padded model, its optimiser, masks and average, and one step of training."""

    def __init__(self, args, model, text):
        self.args, self.text = args, text
        self.state = model.state_dict()
        self.params = {name: torch.nn.Parameter(value) for name, value in pad(self.state, args.device).items()}
        on_gpu = args.device.startswith("cuda")
        kind = torch.bfloat16 if on_gpu else torch.float32
        self.scan = Scan(self.params, args.units, args.length, args.batch, args.dropout, args.surrogate, args.events, kind, args.device)
        self.average = {name: p.detach().clone() for name, p in self.params.items()}
        self.rate = torch.zeros((), device=args.device)
        self.weight = torch.ones((), device=args.device)
        self.loss = torch.zeros((), device=args.device)
        kernels = [p for n, p in self.params.items() if n.endswith("kernel")]
        embedding = [self.params["embeddings.weight"]]
        rest = [p for n, p in self.params.items() if not n.endswith("kernel") and n != "embeddings.weight"]
        decay = args.weight_decay
        groups = [(kernels + embedding, decay), (rest, 0.0)]
        self.optimizer = torch.optim.AdamW(
            [{"params": g, "weight_decay": d} for g, d in groups], lr=self.rate, betas=(0.9, 0.99), fused=True, capturable=on_gpu
        )  # fmt: skip
        sizes = layout(self.state)
        self.masks = {
            n: place(torch.ones(self.state[n].shape), sizes[n][0], sizes[n][1]).to(args.device)
            for n in self.params
            if n.endswith("kernel")
        }
        self.real = {n: int(m.sum().item()) for n, m in self.masks.items()}
        self.sparsity, self.at, self.graph = 0.0, 0, None

    def compute(self):
        """One step on the words in the scan's buffers: loss, gradients, update."""
        scan, args = self.scan, self.args
        scan.score(scan.forward(training=True))
        for layer, wanted in zip(scan.layers, args.activity):
            # A nat per unit of activity for every 1/30 that a layer is more active than allowed.
            excess = (layer.activity / wanted - 1.0).clamp(min=0.0) * 30.0 * wanted
            layer.cost.copy_(excess / layer.y[1:].numel())
        scan.backward()
        scan.carry(args.carry == "CAndY")
        self.loss.add_(scan.losses.mean())
        grads = [p.grad for p in self.params.values()]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        torch._foreach_mul_(grads, (args.clip / (norm + 1e-6)).clamp(max=1.0))
        self.optimizer.step()
        with torch.no_grad():
            for name, mask in self.masks.items():
                self.params[name].mul_(mask)
            if args.events:
                for layer in scan.layers:
                    layer.master[4].clamp_(1e-3, 1.0)
            for name, average in self.average.items():
                average.lerp_(self.params[name], self.weight)

    def take(self):
        """The next words into the scan's buffers."""
        length = self.args.length
        if self.at + length + 1 > len(self.text):
            # Another starting point each epoch, so that sequences are cut at other places.
            self.at = int(torch.randint(length, (1,)))
            self.scan.clear()
        self.scan.inputs.copy_(self.text[self.at : self.at + length])
        self.scan.targets.copy_(self.text[self.at + 1 : self.at + length + 1])
        self.at += length

    def step(self, progress, warm):
        """One step of training at `progress` (0..1) of all."""
        args = self.args
        falling = min(1.0, (1.0 - progress) / max(1e-9, 1.0 - args.flat))
        self.rate.fill_(args.lr * min(1.0, warm) * falling)
        self.take()
        if self.graph is None:
            self.compute()
        else:
            self.graph.replay()

    def capture(self):
        """Records a step as a CUDA graph; the recorded step itself is not run."""
        if self.args.device.startswith("cuda"):
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self.compute()
            self.graph = graph

    @torch.no_grad()
    def prune(self, sparsity):
        """Masks the smallest weights of every matrix, so that this fraction of it is zero."""
        for name, mask in self.masks.items():
            size = self.params[name].abs()
            padding = size.numel() - self.real[name]
            count = padding + round(sparsity * self.real[name])
            if count > padding:
                mask.mul_(size > size.flatten().kthvalue(count).values)
            self.params[name].mul_(mask)
        self.sparsity = sparsity
        # What pruning leaves is needed: fewer connections are dropped, none in the end.
        self.scan.connect.fill_(self.args.dropout[4] * (1.0 - sparsity / self.args.sparsity))


@torch.no_grad()
def validate(trainer, text, weights):
    """Perplexity and activity a layer on columns of text, with given padded weights. A quick figure; evaluate.py has the real one."""
    args, training = trainer.args, trainer.scan
    params = {n: torch.nn.Parameter(w, requires_grad=False) for n, w in weights.items()}
    scan = Scan(params, args.units, args.length, text.shape[1], args.dropout, args.surrogate, args.events, training.dtype, args.device)
    nats, activity, count = 0.0, torch.zeros(len(scan.layers), device=args.device), 0
    for at in range(0, len(text) - 1 - args.length, args.length):
        scan.inputs.copy_(text[at : at + args.length])
        scan.targets.copy_(text[at + 1 : at + args.length + 1])
        scan.score(scan.forward(training=False))
        scan.carry(args.carry == "CAndY")
        nats, count = nats + scan.losses.mean(), count + 1
        activity += torch.stack([layer.activity for layer in scan.layers])
    return math.exp(nats.item() / count), [round(x, 4) for x in (activity / count).tolist()]


def split(folder, to, size):
    """The files of a folder as parts `NAME.00`, `NAME.01`, ... of at most `size` bytes, to be joined by `cat NAME.*`."""
    to.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        if len(data) <= size:
            (to / file.name).write_bytes(data)
            continue
        for number, at in enumerate(range(0, len(data), size)):
            (to / f"{file.name}.{number:02}").write_bytes(data[at : at + size])


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    words = read_words(args.train)
    vocabulary, counts = build_vocabulary(words, args.vocab)
    if args.vocabulary:
        known = dict(zip(vocabulary, counts))
        vocabulary = read_vocabulary(args.vocabulary)
        counts = [known.get(word, 0) for word in vocabulary]
    text = columns(encode(words, vocabulary), args.batch, args.device)
    valid = columns(encode(read_words(args.valid), vocabulary), 16, args.device)
    unigram = torch.log(torch.tensor(counts, dtype=torch.float32).clamp(min=1) / len(words))
    model = LanguageModel(args.embedding, args.units, unigram, args.threshold, *args.surrogate, args.events)
    trainer = Trainer(args, model, text)
    per_epoch = (len(text) - 1) // args.length

    for n in range(10):
        trainer.step(0.0, (n + 1) / 300)
    trainer.capture()
    trainer.weight.fill_(1.0 / args.average)
    trainer.loss.zero_()
    print(f"{len(vocabulary)} words, {len(words)} tokens, {per_epoch} steps an epoch", flush=True)
    begun, step, since, shown = time.time(), 10, 10, 0.0
    # The last look at the validation text and the export take some seconds.
    allowed = args.seconds - (begun - BEGUN) - 12.0
    curve, progress, best = [], 0.0, (math.inf, None)
    while progress < 1.0:
        for _ in range(25):
            trainer.step(progress, (step + 1) / 300)
            step += 1
            if step == args.steps:
                break
        trained = trainer.loss.item()  # waits for the GPU
        progress = min(1.0, step / args.steps if args.steps else (time.time() - begun) / allowed)
        wanted = ramp(progress, *args.ramp, args.sparsity)
        if wanted > trainer.sparsity:
            trainer.prune(wanted)
        if progress >= shown + 1.0 / args.validations or progress == 1.0:
            shown = progress
            mean, since = trained / (step - since), step
            trainer.loss.zero_()
            weights = {n: v * trainer.masks[n] if n in trainer.masks else v for n, v in trainer.average.items()}
            perplexity, activity = validate(trainer, valid, weights)
            if trainer.sparsity >= args.sparsity and perplexity < best[0]:
                best = perplexity, {n: v.clone() for n, v in weights.items()}
            curve.append({"epoch": step / per_epoch, "train": math.exp(mean), "valid": perplexity, "sparsity": trainer.sparsity})
            print(
                f"step {step} epoch {step / per_epoch:.1f} train {math.exp(mean):.1f} valid {perplexity:.2f} "
                f"activity {activity} sparsity {trainer.sparsity:.3f} {time.time() - BEGUN:.0f} s",
                flush=True,
            )
    steps = step
    state = unpad(best[1], trainer.state)
    told = {**vars(args), "epochs": steps / per_epoch, "out": str(args.out)}
    folder = Path("/tmp") / "spinntui-export" / args.name
    export.export({"model": state, "args": told}, vocabulary, folder)
    split(folder, args.out / args.name, args.part << 20)
    zeros = {n: round(1 - (v != 0).float().mean().item(), 4) for n, v in state.items() if n.endswith("kernel")}
    log = {"steps": steps, "epochs": steps / per_epoch, "seconds": time.time() - BEGUN, "zeros": zeros, "curve": curve, "args": told}
    (args.out / f"{args.name}.json").write_text(json.dumps(log, indent=1, default=str))
    print(json.dumps({k: log[k] for k in ("steps", "epochs", "seconds", "zeros")}))


if __name__ == "__main__":
    main()
