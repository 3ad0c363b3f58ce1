"""Checks of this recipe, in seconds: `python check.py [--sparse] [--test-text PATH]`.

No test framework is needed.

With the path of WikiText-2's test.txt it also evaluates the shipped models/egru-lm-small and expects
the figure in its README.
"""

import argparse
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import torch

import evaluate
from data import build_vocabulary, encode
from egru import EgruLayer, Event
from export import compress, export, quantise
from model import LanguageModel, detach
from prune import Pruner, ramp

REPOSITORY = Path(__file__).resolve().parents[3]
HEIGHT, WIDTH = 0.7, 0.5


def soft_step(v):
    """A smooth step whose true derivative is Event's surrogate: height * max(0, 1 - |v| / width)."""
    v = v.clamp(-WIDTH, WIDTH)
    return HEIGHT * (v - v * v.abs() / (2 * WIDTH))


def plain_layer(layer, x):
    """The equations at the head of egru.py, gate by gate. The event is hard forward and soft backward."""
    h = layer.units
    y = c = torch.zeros(x.shape[1], h, dtype=x.dtype)
    outputs = []
    for x_t in x:
        a, q = [], []
        for k in range(3):
            gate = slice(k * h, (k + 1) * h)
            a.append(x_t @ layer.kernel[:, gate] + layer.bias[gate])
            q.append(y @ layer.recurrent_kernel[:, gate] + layer.recurrent_bias[gate])
        z, r = torch.sigmoid(a[0] + q[0]), torch.sigmoid(a[1] + q[1])
        n = z * c + (1 - z) * torch.tanh(a[2] + r * q[2])
        v = n - layer.thr
        o = (v > 0).to(v.dtype) + soft_step(v) - soft_step(v).detach()
        y, c = o * n, n - o * layer.thr
        outputs.append(y)
    return torch.stack(outputs)


def check_event():
    v = torch.tensor([-0.6, -0.25, 0.0, 0.25, 0.6], dtype=torch.float64, requires_grad=True)
    o = Event.apply(v, HEIGHT, WIDTH)
    assert o.tolist() == [0, 0, 0, 1, 1], "a tie is no event"
    o.sum().backward()
    assert torch.allclose(v.grad, torch.tensor([0, 0.35, 0.7, 0.35, 0], dtype=torch.float64)), v.grad
    # The derivative of soft_step by finite differences, away from its corners: so both mean the same triangle.
    points = torch.tensor([-0.4, -0.1, 0.2, 0.45], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(soft_step, (points,))


def check_layer_gradients():
    torch.manual_seed(0)
    layer = EgruLayer(4, 6, threshold=0.1, height=HEIGHT, width=WIDTH).double()
    with torch.no_grad():
        # Unequal biases, so that exchanging them would be seen.
        layer.bias.normal_(std=0.3)
        layer.recurrent_bias.normal_(std=0.3)
    x = torch.randn(7, 3, 4, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(7, 3, 6, dtype=torch.float64)
    wanted = [x, *layer.parameters()]
    ours, _ = layer(x, layer.start(3))
    plain = plain_layer(layer, x)
    assert 0.1 < (ours != 0).double().mean() < 0.9, "the case should have events and silence"
    assert torch.allclose(ours, plain, atol=1e-12)
    gradients = [torch.autograd.grad((outputs * weights).sum(), wanted) for outputs in (ours, plain)]
    for a, b in zip(*gradients):
        assert a.abs().max() > 0
        assert torch.allclose(a, b, rtol=1e-9, atol=1e-12), (a - b).abs().max()


def check_gru():
    """Without events the layer is torch.nn.GRU: outputs and gradients of one with its weights (gate order r, z, n)."""
    torch.manual_seed(4)
    layer, gru = EgruLayer(4, 6, events=False).double(), torch.nn.GRU(4, 6).double()
    with torch.no_grad():
        layer.bias.normal_(std=0.3)
        layer.recurrent_bias.normal_(std=0.3)
    names = {"weight_ih_l0": "kernel", "weight_hh_l0": "recurrent_kernel", "bias_ih_l0": "bias", "bias_hh_l0": "recurrent_bias"}
    turned = {name: torch.cat([getattr(layer, ours).T.chunk(3)[k] if getattr(layer, ours).dim() > 1 else
              getattr(layer, ours).chunk(3)[k] for k in (1, 0, 2)]) for name, ours in names.items()}  # fmt: skip
    x = torch.randn(7, 3, 4, dtype=torch.float64, requires_grad=True)
    ours, (y, c) = layer(x, layer.start(3))
    theirs, last = torch.func.functional_call(gru, turned, (x,))
    assert torch.allclose(ours, theirs, atol=1e-12) and torch.equal(y, c) and torch.allclose(c, last[0], atol=1e-12)
    assert (ours < 0).any() and not layer.thr.requires_grad
    weights = torch.randn_like(ours)
    wanted = [x, *(getattr(layer, name) for name in names.values())]
    gradients = [torch.autograd.grad((outputs * weights).sum(), wanted) for outputs in (ours, theirs)]
    for a, b in zip(*gradients):
        assert a.abs().max() > 0 and torch.allclose(a, b, rtol=1e-9, atol=1e-12), (a - b).abs().max()


def check_authors_gradients(golden):
    """Outputs and gradients that the authors' code (EvNN, pure PyTorch path) gave for one layer."""
    case = json.loads(golden.read_text())
    params = {name: torch.tensor(values) for name, values in case["params"].items()}
    inputs, units = len(params["kernel"]), len(params["thr"])
    # Their support is one over our width.
    layer = EgruLayer(inputs, units, height=case["dampening_factor"], width=1 / case["pseudo_derivative_support"])
    layer.load_state_dict(params)
    x, y0 = torch.tensor(case["x"], requires_grad=True), torch.tensor(case["y0"], requires_grad=True)
    y, _ = layer(x, (y0, torch.zeros_like(y0)))
    assert torch.allclose(y, torch.tensor(case["out"]["y"]), atol=1e-6)
    (y * torch.tensor(case["G"])).sum().backward()
    ours = {"x": x.grad, "y0": y0.grad, **{name: p.grad for name, p in layer.named_parameters()}}
    assert ours.keys() == case["grads"].keys()
    for name, want in case["grads"].items():
        assert torch.allclose(ours[name], torch.tensor(want), rtol=1e-4, atol=1e-5), name


def check_pruning():
    steps = [ramp(p / 100, 0.25, 0.6, 0.8) for p in range(101)]
    assert steps[24] == 0.0 and steps[60] == 0.8 == steps[100] and steps == sorted(steps)
    torch.manual_seed(1)
    model = LanguageModel(8, [10, 8], torch.zeros(20))
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    pruner = Pruner(model)
    pruner.prune(0.5)
    gone = {n: ~m for n, m in pruner.masks.items()}
    with torch.no_grad():
        for name, p in pruner.matrices.items():
            p[gone[name]] += 100.0  # as an optimiser would, and far more
    pruner.prune(0.8)
    for name, zeros in pruner.zeros().items():
        assert abs(zeros - 0.8) < 0.01, (name, zeros)
        assert not pruner.masks[name][gone[name]].any(), f"{name}: a pruned weight came back"
    pruner = Pruner(model)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(before[name])
    pruner.prune(0.5)
    for name, matrix in pruner.matrices.items():
        kept, lost = matrix[matrix != 0].abs(), before[name][matrix == 0].abs()
        assert lost.max() <= kept.min(), "the smallest go first"


def check_vocabulary():
    words = "b b b a a a c c d <eos> <eos> <unk>".split()
    assert build_vocabulary(words)[0] == ["a", "b", "<eos>", "c", "<unk>", "d"]
    vocabulary, counts = build_vocabulary(words, 4)
    assert (vocabulary, counts) == (["<unk>", "a", "b", "<eos>"], [4, 3, 3, 2]), (vocabulary, counts)
    assert encode(["a", "never", "d"], vocabulary) == [1, 0, 0]


def check_packing():
    matrix = np.array([[0, 1, 0], [0, 0, 0], [5, 2, 0]], np.float32)
    data, indices, pointers = compress(matrix)
    assert data.tolist() == [5, 1, 2] and indices.tolist() == [2, 0, 2] and pointers.tolist() == [0, 1, 3, 3]
    assert (data.dtype, indices.dtype, pointers.dtype) == (np.float32, np.uint16, np.uint32)
    rows = np.random.default_rng(0).normal(size=(5, 9)).astype(np.float32)
    rows[3] = 0
    q, scale = quantise(rows)
    assert np.abs(q * scale[:, None] - rows).max() <= scale.max() * 0.5001 and q.dtype == np.int8
    assert (np.abs(q).max(axis=1) == [127, 127, 127, 0, 127]).all()


def check_round_trip(folder, events):
    """A random pruned model, exported and read back by evaluate.py, predicts what PyTorch predicts."""
    torch.manual_seed(2)
    vocabulary = ["<unk>", "<eos>", *(f"w{i}" for i in range(38))]
    model = LanguageModel(12, [16, 12], torch.log(torch.full((40,), 1 / 40)), events=events)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith("bias"):
                p.add_(0.3 * torch.randn_like(p))
        model.embeddings.weight.mul_(10)
        model.scale.fill_(1.7)
    Pruner(model).prune(0.8)
    args = {"embedding": 12, "units": [16, 12], "vocab": 40, "epochs": 1, "batch": 1, "seed": 2, "length": 9,
            "events": events, "carry": "CAndY", "sparsity": 0.8, "train": "none"}  # fmt: skip
    export({"model": model.state_dict(), "args": args}, vocabulary, folder / "random")
    loaded = evaluate.Model(folder / "random")
    assert list(loaded.words) == vocabulary and evaluate.carried_by(folder / "random") == "CAndY"
    for layer, k in zip(loaded.layers, model.rnns):
        assert (layer.kernel == k.kernel.detach().numpy().T).all()
        assert (layer.recurrent == k.recurrent_kernel.detach().numpy().T).all()

    words = np.random.default_rng(3).integers(0, 40, 46)
    with torch.no_grad():
        # The embedding's rounding to int8 is the format's, not an error.
        model.eval().embeddings.weight.copy_(torch.from_numpy(loaded.embedding))
        for carry in ("CAndY", "Y"):
            states, nats = model.start(1), []
            for at in range(0, 45, 9):
                text = torch.from_numpy(words[at : at + 10])[:, None]
                output, states, active = model(text[:-1], states)
                states = detach(states, carry)
                nats += [model.loss(output[t : t + 1], text[t + 1 : t + 2]).item() for t in range(9)]
            ours, activity = evaluate.evaluate(evaluate.Model(folder / "random"), words, 9, carry)
            assert np.allclose(ours, nats, atol=2e-5), np.abs(ours - nats).max()
            assert np.allclose(activity[-9:].mean(axis=0), active, atol=1e-6)
            assert 0 < activity.mean() < 1 if events else activity.mean() == 1


def check_shipped(test_text):
    model = evaluate.Model(REPOSITORY / "models/egru-lm-small")
    surprisals, activity = evaluate.evaluate(model, model.encode(test_text)[1], 70, "CAndY", 50)
    perplexity = math.exp(surprisals.mean())
    assert len(surprisals) == 3500 and abs(perplexity - 29.7204) < 1e-3, perplexity
    assert np.allclose(activity.mean(axis=0), [0.3848, 0.3365, 0.3856], atol=1e-4), activity.mean(axis=0)


def check_sparse_trainer(golden):
    # Importing it compiles its kernels.
    import check_sparse

    checks = [check_sparse.check_sparse_gradients, check_sparse.check_cross_entropy]
    checks.append(check_sparse.check_taught_cross_entropy)
    for check in checks:
        check()
        print("ok", check.__name__)
    if golden.exists():
        check_sparse.check_sparse_authors(golden)
        print("ok check_sparse_authors")
    with tempfile.TemporaryDirectory() as folder:
        check_sparse.check_sparse_training(Path(folder))
        print("ok check_sparse_training")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--test-text", type=Path, help="WikiText-2's test.txt")
    p.add_argument("--sparse", action="store_true", help="also check train_sparse.py; compiles sparse.cpp")
    args = p.parse_args()
    torch.set_num_threads(1)
    for check in (check_event, check_layer_gradients, check_gru, check_pruning, check_vocabulary, check_packing):
        check()
        print("ok", check.__name__)
    golden = REPOSITORY / "tests/data/golden/cell_grad.json"
    if golden.exists():
        check_authors_gradients(golden)
        print("ok check_authors_gradients")
    else:
        print(f"left out: check_authors_gradients needs {golden}")
    for events in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            check_round_trip(Path(folder), events)
        print("ok check_round_trip", "with events" if events else "of a GRU")
    if args.sparse:
        check_sparse_trainer(golden)
    else:
        print("left out: the checks of the sparse trainer need --sparse and a C++ compiler")
    if args.test_text:
        check_shipped(args.test_text)
        print("ok check_shipped")
    else:
        print("left out: check_shipped needs --test-text")


if __name__ == "__main__":
    main()
