"""Trains a converted model further on a CPU, with its ordinary twin as the teacher. See README.md.

This is the last of the abstract's steps (fine-tuning of the spiking attention with surrogate
gradients, converted blocks frozen) for a machine without a GPU. It starts with embedding,
positions and readout between those of the spiking model and those of its twin (`--blend`).
Targets are the words of the text mixed with the twin's expectation (Hinton et al.,
arXiv:1503.02531), whose logits are softened (`--soften`). Both models read texts in which some
words were replaced by words that the twin expects there: the twin knows its training text almost
by heart (perplexity 27), and its expectation says more about other texts. The softmax is over the
most frequent words, those of the batch, and a sample that stands for all others.

The rate follows the clock: it rises for a thirtieth of `--minutes` and then falls to zero. The
same command resumes a run. The last weights are written, so the part of the validation text that
is measured on the way decides nothing. The test text is not read.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).resolve().parent.parent / "egru_lm"))

import export  # noqa: E402
from data import read_vocabulary  # noqa: E402
from model import Gpt  # noqa: E402
from train import Text, measure  # noqa: E402

REPORTED = 50  # steps between two lines of the log


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--model", required=True, type=Path, help="exported spiking model to start from")
    p.add_argument("--twin", required=True, type=Path, help="exported ordinary model, the teacher")
    p.add_argument("--train", required=True, help="training text (plain or .gz)")
    p.add_argument("--valid", required=True, help="validation text")
    p.add_argument("--out", required=True, type=Path)
    p.add_argument("--minutes", type=float, default=95, help="length of the run; the rate follows it")
    p.add_argument("--head", type=int, default=32, help="width of a head")
    p.add_argument("--blend", type=float, default=0.35, help="share of the twin in embedding, positions and readout at the start")
    p.add_argument("--teach", type=float, default=0.8, help="share of the twin's expectation in the targets")
    p.add_argument("--soften", type=float, default=0.8, help="factor of the twin's logits: it is too sure of itself")
    p.add_argument("--alike", type=float, default=0.3, help="weight of the difference of the residual streams; zero from half time on")
    p.add_argument("--replace", type=float, default=0.3, help="share of the words that are replaced")
    p.add_argument("--lr", type=float, nargs=2, default=[7e-4, 3e-4], metavar=("ATTENTION", "REST"))
    p.add_argument("--dropout", type=float, nargs=2, default=[0.1, 0.0], metavar=("EMBEDDING", "BLOCK"))
    p.add_argument("--clip", type=float, default=0.5, help="largest gradient norm")
    p.add_argument("--weight-decay", type=float, default=0.1, help="on matrices")
    p.add_argument("--batch", type=int, default=32, help="sequences side by side")
    p.add_argument("--frequent", type=int, default=4096, help="words that are in every softmax")
    p.add_argument("--samples", type=int, default=1536, help="words drawn from the others")
    p.add_argument("--sequences", type=int, default=256, help="sequences of validation text that are measured on the way")
    p.add_argument("--every", type=float, default=10, help="minutes between two checkpoints")
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def chosen_words(targets, frequent, samples, words):
    """Words of a softmax, logarithm of how many words each stands for, indices of the targets."""
    rare = torch.unique(targets[targets >= frequent])
    drawn = torch.randint(min(frequent, words), words + 1, (samples,))
    drawn = torch.unique(drawn[(drawn < words) & ~torch.isin(drawn, rare)])
    chosen = torch.cat([torch.arange(min(frequent, words)), rare, drawn])
    weight = torch.zeros(len(chosen))
    if len(drawn):
        weight[-len(drawn) :] = math.log((words - len(chosen) + len(drawn)) / len(drawn))
    place = torch.full((words,), -1)
    place[chosen] = torch.arange(len(chosen))
    return chosen, weight, place[targets]


@torch.compile
def difference(logits, taught, targets, teach):
    """Mean cross entropy with mixed targets, mean surprisal, gradient for logits [M, words]."""
    log_p = torch.log_softmax(logits, dim=-1)
    wanted = torch.softmax(taught, dim=-1) * teach
    surprisal = -log_p.gather(1, targets[:, None])
    loss = (1.0 - teach) * surprisal.mean() - (wanted * log_p).sum() / len(logits)
    grad = (log_p.exp() - wanted) / len(logits)
    grad.scatter_add_(1, targets[:, None], torch.full_like(surprisal, (teach - 1.0) / len(logits)))
    return loss, surprisal.mean(), grad


class Loss(torch.autograd.Function):
    """Cross entropy of hidden [M, d] with mixed targets over embedding rows; mean surprisal."""

    @staticmethod
    def forward(ctx, hidden, matrix, bias, taught, targets, teach):
        logits = torch.addmm(bias, hidden, matrix.t())
        loss, surprisal, grad = difference(logits, taught, targets, teach)
        ctx.save_for_backward(hidden, matrix, grad)
        return loss, surprisal

    @staticmethod
    def backward(ctx, scale, _):
        hidden, matrix, grad = ctx.saved_tensors
        return grad @ matrix * scale, grad.t() @ hidden * scale, grad.sum(dim=0) * scale, None, None, None


class Teacher:
    """The twin, whose weights stay."""

    def __init__(self, twin, args):
        self.twin, self.args, self.run = twin, args, torch.compile(twin.residuals)

    @torch.no_grad()
    def __call__(self, words, chosen, weight):
        """Residual streams, and logits [M, chosen words]."""
        stream, output = self.run(words)
        hidden = output.flatten(0, 1) * (self.twin.scale * self.args.soften)
        return stream, torch.addmm(self.twin.bias[chosen] + weight, hidden, self.twin.wte.weight[chosen].t())

    @torch.no_grad()
    def expected(self, numbers):
        """For each word of a text one drawn from what the twin expects in its place."""
        a, context = self.args, self.twin.wpe.weight.shape[0]
        drawn, size = numbers.clone(), a.batch * context
        for at in range(0, len(numbers) - size - 1, size):
            words = numbers[at : at + size].view(a.batch, context)
            chosen, weight, _ = chosen_words(words.flatten(), a.frequent, a.samples, len(self.twin.bias))
            sums = torch.softmax(self(words, chosen, weight)[1], dim=-1).cumsum(dim=-1)
            place = torch.searchsorted(sums, torch.rand(len(sums), 1) * sums[:, -1:]).clamp(max=len(chosen) - 1)
            drawn[at + 1 : at + size + 1] = chosen[place[:, 0]]
        return drawn


class Pupil:
    """The spiking model while it is trained: all but its converted blocks."""

    def __init__(self, model, teacher, args):
        self.model, self.teacher, self.args, self.run = model, teacher, args, torch.compile(model.residuals)
        model.set(attention="spiking", mlp="qcfs", rounded=True)
        for name, p in model.named_parameters():
            p.requires_grad_(".mlp." not in name)
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.params = [p for _, p in named]
        groups = []
        for rate, attention in zip(args.lr, (True, False)):
            for decay, matrix in ((args.weight_decay, True), (0.0, False)):
                own = [p for n, p in named if (".attn." in n or ".ln_1." in n) == attention and (p.dim() == 2) == matrix]
                groups.append({"params": own, "lr": rate, "highest": rate, "weight_decay": decay})
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.97), fused=True)

    def step(self, words, targets, progress):
        """One step at `progress` (0..1) of the run; returns loss and mean surprisal."""
        a, model = self.args, self.model
        for group in self.optimizer.param_groups:
            group["lr"] = group["highest"] * min(progress * 30 + 0.01, 1.0 - progress)
        chosen, weight, places = chosen_words(targets.flatten(), a.frequent, a.samples, len(model.bias))
        other, taught = self.teacher(words, chosen, weight)
        stream, output = self.run(words, tuple(a.dropout))
        hidden = output.flatten(0, 1) * model.scale
        loss, surprisal = Loss.apply(hidden, model.wte.weight[chosen], model.bias[chosen] + weight, taught, places, a.teach)
        alike = a.alike * max(0.0, 1.0 - 2.0 * progress)
        if alike:
            pairs = zip(stream[1:], other[1:])
            apart = sum((x - y).square().sum(-1).mean() / y.square().sum(-1).mean() for x, y in pairs)
            loss = loss + alike * apart / len(stream[1:])
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, a.clip)
        self.optimizer.step()
        return loss.item(), surprisal.item()

    def look(self, sequences, limit):
        """Measures as exported, with spiking blocks."""
        self.model.set(mlp="spiking")
        seen = measure(self.model, sequences, self.teacher.twin, limit, 32)
        self.model.set(mlp="qcfs")
        self.model.train()
        print(f"valid {seen['perplexity']:.2f} accuracy {seen['accuracy']:.4f} cosine {seen['cosine']:.4f}", flush=True)

    def write(self, vocabulary, sample):
        self.model.set(mlp="spiking")
        export.write(self.model, vocabulary, self.args.out / "spiking-gpt", sample)
        self.model.set(mlp="qcfs")


class Replaced:
    """A text in which some words are replaced, cut at other places each epoch."""

    def __init__(self, text, teacher, share):
        self.text, self.share, self.other = text, share, teacher.expected(text.numbers)
        right = (self.other == text.numbers).float().mean()
        print(f"{right:.3f} of the words drawn from the twin's expectation are those of the text", flush=True)

    def batches(self, batch):
        """Inputs with replaced words, targets as they came; an epoch."""
        start = int(torch.randint(self.text.context, (1,)))
        inputs, targets = self.text.sequences(start)
        other = self.other[start : start + inputs.numel()].view(inputs.shape)
        inputs = torch.where(torch.rand(inputs.shape) < self.share, other, inputs)
        for chosen in torch.randperm(len(inputs)).split(batch):
            if len(chosen) == batch:
                yield inputs[chosen], targets[chosen]


class Shuffled:
    """The sequences of a text in an order that is always the same."""

    def __init__(self, text):
        order = torch.randperm(len(text.sequences()[0]), generator=torch.Generator().manual_seed(0))
        self.pair = tuple(x[order] for x in text.sequences())

    def sequences(self):
        return self.pair


def models(args, words):
    """The twin, and the spiking model between itself and its twin."""
    states = [export.read(path, args.head) for path in (args.twin, args.model)]
    context, width = states[0]["wpe.weight"].shape
    layers = sum(name.endswith("ln_1.weight") for name in states[0])
    twin, model = (Gpt(width, width // args.head, layers, torch.zeros(words), context) for _ in states)
    twin.load_state_dict(states[0])
    twin.set(rounded=True)
    twin.eval().requires_grad_(False)
    shared = {n: (1 - args.blend) * p + args.blend * states[0][n] for n, p in states[1].items() if not n.startswith("h.")}
    model.load_state_dict(states[1] | shared)
    return twin, model


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    vocabulary = read_vocabulary(args.twin / "vocab.txt")
    twin, model = models(args, len(vocabulary))
    train, valid = (Text(path, vocabulary, twin.wpe.weight.shape[0], "cpu") for path in (args.train, args.valid))
    teacher, valid = Teacher(twin, args), Shuffled(valid)
    pupil, text = Pupil(model, teacher, args), Replaced(train, teacher, args.replace)
    sample = train.sequences()[0][:32]
    checkpoint, spent, steps = args.out / "checkpoint.pt", 0.0, 0
    if checkpoint.exists():
        kept = torch.load(checkpoint)
        model.load_state_dict(kept["model"])
        pupil.optimizer.load_state_dict(kept["optimizer"])
        spent, steps = kept["spent"], kept["steps"]
        torch.manual_seed(args.seed + steps)
    else:
        pupil.look(valid, args.sequences)
    per_epoch, sums = len(train.sequences()[0]) // args.batch, []
    began = last = saved = time.time()

    def passed():
        return spent + time.time() - began

    def save():
        pupil.write(vocabulary, sample)
        state = {"model": model.state_dict(), "optimizer": pupil.optimizer.state_dict(), "spent": passed(), "steps": steps}
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

    model.train()
    while passed() < args.minutes * 60:
        for words, targets in text.batches(args.batch):
            progress = passed() / (args.minutes * 60)
            if progress >= 1.0:
                break
            sums.append(pupil.step(words, targets, progress))
            steps += 1
            if len(sums) == REPORTED:
                loss, surprisal = (sum(x) / REPORTED for x in zip(*sums))
                pace, last, sums = (time.time() - last) / REPORTED, time.time(), []
                print(f"step {steps} epoch {steps / per_epoch:.2f} loss {loss:.4f} train {math.exp(surprisal):.1f} "
                      f"{1000 * pace:.0f} ms a step, {passed():.0f} s", flush=True)  # fmt: skip
                if last - saved > args.every * 60:
                    save()
                    pupil.look(valid, args.sequences)
                    last = saved = time.time()
    save()
    pupil.look(valid, 0)


if __name__ == "__main__":
    main()
