"""Trains a GPT, converts its feed-forward blocks to spiking neurons, replaces its attention by a spiking one. See README.md.

The steps are those of NeurTransformer's abstract (arXiv:2510.00133), in the order of facts that could be had: the ordinary
model (ASA); QCFS fine-tuning and conversion of the feed-forward blocks; spike-based attention (SSA), fine-tuned with
surrogate gradients, first by itself, then with everything but the converted blocks. Every stage is measured, and written
as soon as it is done, so that a run that is cut short leaves what it had; of the two spiking ones the better stays.
"""

import argparse
import copy
import json
import math
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.append(str(Path(__file__).resolve().parent.parent / "egru_lm"))

import export  # noqa: E402
import point  # noqa: E402
from data import build_vocabulary, encode, read_vocabulary, read_words  # noqa: E402
from model import Gpt  # noqa: E402

BEGUN = time.time()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--train", required=True, help="training text (plain or .gz)")
    p.add_argument("--valid", required=True, help="validation text")
    p.add_argument("--test", help="test text, measured at the end of each stage; decides nothing")
    p.add_argument("--vocabulary", help="a vocab.txt to keep to, in its order")
    p.add_argument("--vocab", type=int, default=0, help="words in the vocabulary, 0 for all; without --vocabulary")
    p.add_argument("--out", required=True, type=Path)
    p.add_argument("--width", type=int, default=192)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--head", type=int, default=32, help="width of a head")
    p.add_argument("--context", type=int, default=70, help="words a sequence")
    p.add_argument("--steps", type=int, default=4, help="time steps of the spiking attention")
    p.add_argument("--levels", type=int, default=8, help="levels of QCFS, and time steps of the converted blocks")
    p.add_argument("--epochs", type=float, nargs=4, default=[30, 8, 8, 6], metavar=("ASA", "QCFS", "SSA", "REST"))
    p.add_argument("--lr", type=float, nargs=4, default=[2e-3, 6e-4, 8e-4, 2e-4], metavar=("ASA", "QCFS", "SSA", "REST"))
    p.add_argument("--dropout", type=float, nargs=2, default=[0.35, 0.25], metavar=("EMBEDDING", "BLOCK"))
    p.add_argument("--spiking-dropout", type=float, nargs=2, default=[0.35, 0.25], metavar=("EMBEDDING", "BLOCK"), help="after conversion")
    p.add_argument("--start", type=Path, help="an exported ordinary model to go on from, in place of the first stage")
    p.add_argument("--clip", type=float, default=0.5, help="largest gradient norm")
    p.add_argument("--weight-decay", type=float, default=0.1, help="on matrices")
    p.add_argument("--batch", type=int, default=64, help="sequences side by side")
    p.add_argument("--sequences", type=int, default=0, help="sequences of validation and test text that are measured; 0: all")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p.parse_args()


class CrossEntropy(torch.autograd.Function):
    """Mean surprisal of targets [M] given hidden [M, d]; the logits' buffer is used for their gradient."""

    @staticmethod
    def forward(ctx, hidden, embedding, bias, targets):
        kind = torch.bfloat16 if hidden.is_cuda else torch.float32
        small, matrix = hidden.to(kind), embedding.to(kind)
        logits = small @ matrix.t()
        losses = torch.empty(len(targets), device=hidden.device)
        point.chosen(hidden.device)[2](logits, bias.contiguous(), targets, losses)
        ctx.save_for_backward(logits, small, matrix)
        return losses.mean()

    @staticmethod
    def backward(ctx, grad):
        logits, small, matrix = ctx.saved_tensors
        ones = torch.ones(len(logits), dtype=logits.dtype, device=logits.device)
        return (logits @ matrix).float() * grad, (logits.t() @ small).float() * grad, (ones @ logits).float() * grad, None


class Text:
    """A text as sequences of `context` words, cut at other places each epoch, or as they follow one another."""

    def __init__(self, path, vocabulary, context, device):
        self.numbers = torch.tensor(encode(read_words(path), vocabulary), device=device)
        self.context = context

    def sequences(self, start=0):
        """Inputs and targets [M, context]."""
        count = (len(self.numbers) - 1 - start) // self.context
        end = start + count * self.context
        return self.numbers[start:end].view(count, -1), self.numbers[start + 1 : end + 1].view(count, -1)

    def shuffled(self):
        """Both, from a random start and in random order."""
        inputs, targets = self.sequences(int(torch.randint(self.context, (1,))))
        order = torch.randperm(len(inputs), device=inputs.device)
        return inputs[order], targets[order]


def loss_of(model, words, targets, dropout):
    """The mean surprisal of targets."""
    hidden = model(words, dropout).flatten(0, 1) * model.scale
    return CrossEntropy.apply(hidden, model.wte.weight, model.bias, targets.flatten())


class Stage:
    """Trains some parameters for some epochs; on a GPU a step is one CUDA graph."""

    def __init__(self, args, model, params, lr, dropout):
        self.args, self.model, self.dropout, self.highest = args, model, dropout, lr
        self.params = list(params)
        for p in model.parameters():
            p.requires_grad_(False)
            p.grad = None
        for p in self.params:
            p.requires_grad_(True)
        self.on_gpu = args.device.startswith("cuda")
        self.rate = torch.zeros((), device=args.device)
        groups = [[p for p in self.params if p.dim() == 2], [p for p in self.params if p.dim() != 2]]
        self.optimizer = torch.optim.AdamW(
            [{"params": g, "weight_decay": d} for g, d in zip(groups, (args.weight_decay, 0.0)) if g],
            lr=self.rate, betas=(0.9, 0.95), fused=True, capturable=self.on_gpu,
        )  # fmt: skip
        self.words = torch.zeros(args.batch, args.context, dtype=torch.long, device=args.device)
        self.targets = torch.zeros_like(self.words)
        self.loss = torch.zeros((), device=args.device)
        self.graph = None

    def compute(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.zero_()
        loss = loss_of(self.model, self.words, self.targets, self.dropout)
        loss.backward()
        with torch.no_grad():
            grads = [p.grad for p in self.params]
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
            torch._foreach_mul_(grads, (self.args.clip / (norm + 1e-6)).clamp(max=1.0))
            self.loss.add_(loss.detach())
        self.optimizer.step()

    def capture(self):
        if not self.on_gpu:
            return
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.compute()
        self.graph = graph

    def run(self, text, epochs, label):
        """Trains; a tenth of the time the rate rises, then it falls to zero."""
        self.model.train()
        batch = self.args.batch
        per_epoch = len(text.sequences()[0]) // batch - 1
        steps, done, since = max(1, int(epochs * per_epoch)), 0, time.time()
        self.rate.fill_(0.0)
        self.words.copy_(text.sequences()[0][:batch])
        self.targets.copy_(text.sequences()[1][:batch])
        self.capture()
        self.loss.zero_()
        while done < steps:
            inputs, targets = text.shuffled()
            first = done
            for at in range(0, per_epoch * batch, batch):
                if done == steps:
                    break
                progress = done / steps
                self.rate.fill_(self.highest * min(progress * 10 + 0.01, (1.0 - progress) / 0.9))
                self.words.copy_(inputs[at : at + batch])
                self.targets.copy_(targets[at : at + batch])
                if self.graph is None:
                    self.compute()
                else:
                    self.graph.replay()
                done += 1
            mean = self.loss.item() / (done - first)
            self.loss.zero_()
            print(f"{label}: epoch {done / per_epoch:.1f} train {math.exp(min(20, mean)):.1f} {time.time() - BEGUN:.0f} s", flush=True)
            assert math.isfinite(mean), "training diverged"
        print(f"{label}: {1000 * (time.time() - since) / steps:.2f} ms a step", flush=True)


def cosine(a, b):
    return F.cosine_similarity(a.flatten(0, -2), b.flatten(0, -2), dim=-1).sum()


@torch.no_grad()
def measure(model, text, twin=None, limit=0, batch=64):
    """Perplexity, accuracy, rates; with a twin, agreement and cosine similarities (logits, each layer's residual stream)."""
    model.eval()
    inputs, targets = (x[:limit] if limit else x for x in text.sequences())
    nats = right = agree = like = 0.0
    layers, rates, batches = None, {}, 0
    for at in range(0, len(inputs), batch):
        words, wanted = inputs[at : at + batch], targets[at : at + batch]
        stream, output = model.residuals(words)
        logits = F.linear(output * model.scale, model.wte.weight, model.bias)
        nats = nats + F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="sum").double()
        guess = logits.argmax(dim=-1)
        right = right + (guess == wanted).sum()
        if twin is not None:
            other_stream, other = twin.residuals(words)
            other = F.linear(other * twin.scale, twin.wte.weight, twin.bias)
            agree = agree + (guess == other.argmax(dim=-1)).sum()
            like = like + cosine(logits, other)
            each = torch.stack([cosine(x, y) for x, y in zip(stream, other_stream)])
            layers = each if layers is None else layers + each
        for k, layer in enumerate(model.h):
            for name, rate in [*layer.attn.rates.items(), *(("ffn " + n, r) for n, r in layer.mlp.rates.items())]:
                rates.setdefault(name, [0.0] * len(model.h))[k] += rate
        batches += 1
    count = targets.numel()
    result = {"perplexity": math.exp(nats.item() / count), "predictions": count, "accuracy": right.item() / count}
    if twin is not None:
        result |= {"agreement": agree.item() / count, "cosine": like.item() / count}
        result["cosine_per_layer"] = [round(x / count, 5) for x in layers.tolist()]
    if rates:
        result["rates"] = {n: [round(float(x) / batches, 5) for x in each] for n, each in rates.items()}
    return result


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    torch.set_float32_matmul_precision("high")
    args.out.mkdir(parents=True, exist_ok=True)
    words = read_words(args.train)
    vocabulary, counts = build_vocabulary(words, args.vocab)
    if args.vocabulary:
        known = dict(zip(vocabulary, counts))
        vocabulary = read_vocabulary(args.vocabulary)
        counts = [known.get(word, 0) for word in vocabulary]
    texts = {
        name: Text(path, vocabulary, args.context, args.device)
        for name, path in (("train", args.train), ("valid", args.valid), ("test", args.test))
        if path
    }
    unigram = torch.log(torch.tensor(counts, dtype=torch.float32).clamp(min=1) / len(words))
    model = Gpt(args.width, args.width // args.head, args.layers, unigram, args.context, args.steps, args.levels).to(args.device)
    sample = texts["train"].sequences()[0][:32]
    report, twin = {}, None

    def stage(label, number, params, dropout):
        Stage(args, model, params, args.lr[number], dropout).run(texts["train"], args.epochs[number], label)

    def measured(label):
        report[label] = {name: measure(model, texts[name], twin, args.sequences) for name in ("valid", "test") if name in texts}
        print(label, json.dumps(report[label]), f"{time.time() - BEGUN:.0f} s", flush=True)

    def blocks(keep):
        return [p for n, p in model.named_parameters() if keep(n)]

    unused = (".gain", ".theta_in", ".theta")
    if args.start:
        model.load_state_dict(export.read(args.start, args.head))
    else:
        stage("asa", 0, blocks(lambda n: not n.endswith(unused)), args.dropout)
    twin = copy.deepcopy(model).eval()
    twin.set(rounded=True)
    measured("asa")
    export.write(twin, vocabulary, args.out / "gpt", sample)
    model.calibrate_mlp(sample)
    model.set(mlp="qcfs", rounded=True)
    measured("qcfs, calibrated")
    stage("qcfs", 1, blocks(lambda n: not n.endswith(".gain")), args.dropout)
    measured("qcfs")
    model.set(mlp="spiking")
    measured("converted")
    model.calibrate_attention(sample)
    model.set(attention="spiking")
    measured("ssa, calibrated")
    attention = [n for n, _ in model.named_parameters() if ".attn." in n or ".ln_1." in n]
    best = math.inf
    spiking = ("ssa", 2, lambda n: n in attention), ("all but the converted blocks", 3, lambda n: ".mlp." not in n)
    for label, number, keep in spiking:
        stage(label, number, blocks(keep), args.spiking_dropout)
        measured(label)
        if report[label]["valid"]["perplexity"] < best:
            best = report[label]["valid"]["perplexity"]
            export.write(model, vocabulary, args.out / "spiking-gpt", sample)
    told = {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items()}
    (args.out / "report.json").write_text(json.dumps({"stages": report, "args": told, "seconds": time.time() - BEGUN}, indent=1))


if __name__ == "__main__":
    main()
