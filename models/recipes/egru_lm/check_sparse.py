"""Checks of the sparse trainer, called by check.py.

They need a C++ compiler; the first call compiles for a minute.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import evaluate
from data import read_vocabulary, write_vocabulary
from egru import EgruLayer, Event
from export import compress, export
from model import LanguageModel
from prune import Pruner
from sparse import LANES, CrossEntropy, Sample, SparseLanguageModel, SparseLayer, SparseMatrix
from teachers import TaughtCrossEntropy, chosen_words

HERE = Path(__file__).resolve().parent


def sparse_of(layer):
    """A `SparseLayer` with the non-zeros of an `EgruLayer`."""
    matrices = []
    for dense in (layer.kernel, layer.recurrent_kernel):
        values, indices, pointers = compress(dense.detach().float().numpy())
        matrices.append(SparseMatrix(pointers.astype(np.int64), indices.astype(np.int64), values, len(dense)))
    vectors = [v.detach().float() for v in (layer.bias, layer.recurrent_bias, layer.thr)]
    return SparseLayer(*matrices, *vectors, layer.height, layer.width)


def grouped(x):
    """Returns [T, B, F] as [G, T, F, LANES], with zeros up to a multiple of LANES sequences."""
    x = F.pad(x, (0, 0, 0, -x.shape[1] % LANES)).float()
    return x.unflatten(1, (-1, LANES)).permute(1, 0, 3, 2).contiguous()


def plain(x, batch):
    """Undoes `grouped`."""
    return x.permute(1, 0, 3, 2).flatten(1, 2)[:, :batch]


def close(ours, wanted, what, atol=2e-6):
    difference = (ours.double() - wanted.double()).abs().max().item()
    assert torch.allclose(ours.double(), wanted.double(), rtol=2e-4, atol=atol), f"{what}: off by {difference}"


def with_events(layer, x, y, c):
    """The equations at the head of egru.py: outputs, final c, and the differentiable event count."""
    h, outputs, events = layer.units, [], 0.0
    for x_t in x:
        a = x_t @ layer.kernel + layer.bias
        q = y @ layer.recurrent_kernel + layer.recurrent_bias
        z, r = torch.sigmoid(a + q)[:, : 2 * h].split(h, dim=1)
        n = z * c + (1 - z) * torch.tanh(a[:, 2 * h :] + r * q[:, 2 * h :])
        o = Event.apply(n - layer.thr, layer.height, layer.width)
        y, c, events = o * n, n - o * layer.thr, events + o.sum()
        outputs.append(y)
    return torch.stack(outputs), c, events


def check_sparse_gradients():
    """Outputs, final state and gradients, with a cost on events, against autograd in f64."""
    torch.manual_seed(4)
    batch, cost = 2 * LANES, 0.3
    layer = EgruLayer(9, 14).double()
    with torch.no_grad():
        layer.bias.normal_(std=0.3)
        layer.recurrent_bias.normal_(std=0.3)
        layer.thr.uniform_(0.02, 0.3)
        masks = [torch.rand_like(m) < 0.4 for m in (layer.kernel, layer.recurrent_kernel)]
        masks[0][:, 3] = masks[1][:, 5] = masks[0][2] = False  # rows and columns without a weight
        for parameter in layer.parameters():
            parameter.copy_(parameter.float())  # so that both layers have equal weights
        layer.kernel.mul_(masks[0])
        layer.recurrent_kernel.mul_(masks[1])
    x = torch.randn(8, batch, 9).double().requires_grad_()
    y0, c0 = torch.rand(batch, 14).double() * (torch.rand(batch, 14) < 0.5), 0.3 * torch.randn(batch, 14).double()
    weights = torch.randn(8, batch, 14).double()
    y, c, events = with_events(layer, x, y0, c0)
    ((y * weights).sum() + cost * events).backward()
    assert 0.2 * y.numel() < events < 0.8 * y.numel(), "the case should have events and silence"

    sparse, ours_x = sparse_of(layer), grouped(x.detach()).requires_grad_()
    ours, (last, ours_c) = sparse(ours_x, [grouped(s[None])[:, 0] for s in (y0, c0)], activity=cost)
    close(plain(ours, batch), y, "y")
    close(plain(ours_c[:, None], batch)[0], c, "c")
    assert torch.equal(last, ours[:, -1])
    (ours * grouped(weights)).sum().backward()
    close(plain(ours_x.grad, batch), x.grad, "x", 1e-5)
    for name in ("bias", "recurrent_bias", "thr"):
        close(getattr(sparse, name).grad, getattr(layer, name).grad, name, 1e-4)
    for name, mask in zip(("kernel", "recurrent_kernel"), masks):
        own, dense = getattr(sparse, name), getattr(layer, name)
        assert own.values.numel() == mask.sum() and torch.equal(own.dense().double(), dense)
        own.values.data.copy_(own.values.grad)
        close(own.dense(), dense.grad * mask, name, 1e-4)


def check_sparse_authors(golden):
    """Gradients of the authors' code for a layer, whose matrices have no zero, by sparse kernels."""
    case = json.loads(golden.read_text())
    params = {name: torch.tensor(values) for name, values in case["params"].items()}
    layer = EgruLayer(len(params["kernel"]), len(params["thr"]), height=case["dampening_factor"],
                      width=1 / case["pseudo_derivative_support"])  # fmt: skip
    layer.load_state_dict(params)
    sparse = sparse_of(layer)
    x = torch.tensor(case["x"])
    y0 = grouped(torch.tensor(case["y0"])[None])[:, 0]
    ours_x = grouped(x).requires_grad_()
    y, _ = sparse(ours_x, (y0, torch.zeros_like(y0)))
    close(plain(y, x.shape[1]), torch.tensor(case["out"]["y"]), "y")
    # Lanes without a sequence have a zero here, so that they add nothing to a gradient.
    (y * grouped(torch.tensor(case["G"]))).sum().backward()
    wanted = {name: torch.tensor(values) for name, values in case["grads"].items()}
    close(plain(ours_x.grad, x.shape[1]), wanted["x"], "x", 1e-5)
    for name in ("bias", "recurrent_bias", "thr"):
        close(getattr(sparse, name).grad, wanted[name], name, 1e-5)
    for name in ("kernel", "recurrent_kernel"):
        own = getattr(sparse, name)
        own.values.data.copy_(own.values.grad)
        close(own.dense(), wanted[name], name, 1e-5)


def check_cross_entropy():
    """Loss and gradients against PyTorch's in f64, over more rows than one block.

    The sample is checked with all words drawn.
    """
    torch.manual_seed(5)
    rows, words, width = CrossEntropy.ROWS + 70, 50, 6
    h, weight, bias = torch.randn(rows, width), torch.randn(words, width), torch.randn(words)
    targets = torch.randint(words, (rows,))
    ours = [p.clone().requires_grad_() for p in (h, weight, bias)]
    loss = CrossEntropy.apply(*ours, targets)
    theirs = [p.double().requires_grad_() for p in (h, weight, bias)]
    wanted = F.cross_entropy(F.linear(*theirs), targets)
    close(loss, wanted, "loss")
    (2 * loss).backward()
    (2 * wanted).backward()
    for a, b, name in zip(ours, theirs, ("h", "embedding", "bias")):
        close(a.grad, b.grad, name)
    sample = Sample(torch.ones(words), 100_000, rows)
    drawn, places = sample.draw(targets)
    assert torch.equal(drawn, torch.arange(words)) and torch.equal(places, targets)
    close(sample.log_inclusion, torch.zeros(words), "every word is certain to be drawn")


def check_taught_cross_entropy():
    """Loss, surprisal and gradients against PyTorch's in f64, with mixed targets; chosen words."""
    torch.manual_seed(8)
    rows, words, width, teach = TaughtCrossEntropy.ROWS + 70, 50, 6, 0.7
    h, weight, bias = torch.randn(rows, width), torch.randn(words, width), torch.randn(words)
    targets, taught = torch.randint(words, (rows,)), torch.randn(rows, words).softmax(1)
    ours = [p.clone().requires_grad_() for p in (h, weight, bias)]
    loss, surprisal = TaughtCrossEntropy.apply(*ours, targets, taught, teach)
    theirs = [p.double().requires_grad_() for p in (h, weight, bias)]
    logits = F.linear(*theirs)
    nats = F.cross_entropy(logits, targets)
    wanted = (1 - teach) * nats + teach * F.cross_entropy(logits, taught.double())
    close(loss, wanted, "loss")
    close(surprisal, nats, "surprisal")
    (2 * loss).backward()
    (2 * wanted).backward()
    for a, b, name in zip(ours, theirs, ("h", "embedding", "bias")):
        close(a.grad, b.grad, name)
    chosen, log_count, places = chosen_words(targets, 20, 12, words)
    assert torch.equal(chosen[places], targets) and len(torch.unique(chosen)) == len(chosen)
    close(log_count.exp().sum(), torch.tensor(float(words)), "each word is stood for once")


def small_model(folder):
    """A random sparse model of 40 words as a packed folder, and a text of its words."""
    torch.manual_seed(6)
    vocabulary = ["<unk>", "<eos>", *(f"w{i}" for i in range(38))]
    model = LanguageModel(12, [16, 12], torch.log(torch.full((40,), 1 / 40)))
    Pruner(model).prune(0.8)
    args = {"embedding": 12, "units": [16, 12], "vocab": 40, "epochs": 1, "batch": 1, "seed": 2, "length": 5,
            "carry": "CAndY", "sparsity": 0.8, "train": "none"}  # fmt: skip
    export({"model": model.state_dict(), "args": args}, vocabulary, folder / "start")
    rng = np.random.default_rng(7)
    walk = np.cumsum(rng.integers(1, 4, 4000)) % 38
    (folder / "text").write_text("".join(f"w{w}{' ' if i % 9 else chr(10)}" for i, w in enumerate(walk, 1)))
    write_vocabulary(folder / "vocab.txt", vocabulary)
    return folder / "start"


def check_sparse_training(folder):
    """The trainer learns, keeps every zero, resumes to equal weights, and exports a valid model."""
    start = small_model(folder)

    def train(out, epochs):
        command = [sys.executable, HERE / "train_sparse.py", "--model", start, "--train", folder / "text",
                   "--valid", folder / "text", "--out", folder / out, "--epochs", epochs, "--length", 5,
                   "--samples", 10, "--lr", 0.02, "--batch", LANES, "--threads", 1,
                   "--dropout", 0, 0.1, 0, 0, 0.1]  # fmt: skip
        subprocess.run([str(part) for part in command], check=True, capture_output=True, env=os.environ)
        return torch.load(folder / out / "checkpoint.pt", weights_only=True)

    whole = train("whole", 12)
    train("parts", 5.5)
    parts = train("parts", 12)
    assert whole["step"] == parts["step"] > 20
    for name, values in whole["model"].items():
        assert torch.equal(values, parts["model"][name]), f"{name} differs after a resume"
    best = torch.load(folder / "whole/best.pt", weights_only=True)
    assert best["valid_perplexity"] < 8, f"40 words, three ways to go on: {best['valid_perplexity']}"
    before = SparseLanguageModel.load(start).dense_state()
    for name, dense in best["model"].items():
        if name.endswith("kernel"):
            assert torch.equal(dense != 0, before[name] != 0), f"{name}: another mask"
    export(best, read_vocabulary(folder / "vocab.txt"), folder / "exported")
    model = evaluate.Model(folder / "exported")
    surprisals, _ = evaluate.evaluate(model, model.encode(folder / "text")[1], 5, "CAndY")
    # Columns of a text, each from a zero state, against one long run: near, not equal.
    assert abs(np.exp(surprisals.mean()) / best["valid_perplexity"] - 1) < 0.1

