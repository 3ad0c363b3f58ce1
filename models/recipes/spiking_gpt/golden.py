"""Small random models of every combination, and what reference.py computes with them.

    python golden.py tests/data/golden/attention

writes a folder a model: model.safetensors, card.ron, vocab.txt, and golden.json with tokens, outputs and spikes. Spikes of a
population are hexadecimal words by time step, neuron n in bit n % 32 of word n // 32; of signed populations first those
that count 1, then those that count -1.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from reference import Reference

WORDS, SEQUENCE, TOKENS = 60, 12, 30
MODELS = {
    "softmax-gelu": (64, 2, 1, "Softmax", "Gelu"),
    "softmax-direct": (32, 1, 1, "Softmax", "Spiking(steps: 8, input: Direct)"),
    "softmax-encoded": (32, 1, 1, "Softmax", "Spiking(steps: 5, input: Encoded)"),
    "spiking-gelu": (32, 1, 2, "Spiking(steps: 3, normalise: false)", "Gelu"),
    "spiking-encoded": (64, 2, 2, "Spiking(steps: 4, normalise: true)", "Spiking(steps: 8, input: Encoded)"),
}


def random_model(folder, shape, generator):
    d, heads, layers, attention, mlp = shape
    tensors = {}

    def normal(size, mean, spread):
        return mean + spread * torch.randn(size, generator=generator)

    def matrix(name, outputs, inputs, spread, bias):
        q = torch.randint(-127, 128, (outputs, inputs), generator=generator)
        tensors[name + ".q"] = q.to(torch.int8)
        # Integers of this range have a standard deviation of 73.6.
        tensors[name + ".scale"] = normal(outputs, 1.0, 0.1) * (spread / (73.6 * inputs**0.5))
        tensors[name + ".bias"] = normal(outputs, bias, 0.2)

    def norm(name):
        tensors[name + ".weight"], tensors[name + ".bias"] = normal(d, 1.0, 0.1), normal(d, 0.0, 0.1)

    q = torch.randint(-127, 128, (WORDS, d), generator=generator)
    tensors["embeddings.weight.q"] = q.to(torch.int8)
    tensors["embeddings.weight.scale"] = normal(WORDS, 1.0, 0.1) / 73.6
    tensors["decoder.decoder.bias"], tensors["decoder.scale"] = normal(WORDS, 0.0, 0.3), torch.tensor([0.25])
    tensors["wpe"] = normal((SEQUENCE, d), 0.0, 0.3)
    norm("ln_f")
    for layer in range(layers):
        name = f"h.{layer}."
        norm(name + "ln_1")
        norm(name + "ln_2")
        spiking = attention != "Softmax"
        matrix(name + "attn.qkv", 3 * d, d, 4.0 if spiking else 1.0, 0.5 if spiking else 0.0)
        matrix(name + "attn.proj", d, d, 1.0, 0.0)
        matrix(name + "mlp.fc", 4 * d, d, 1.0, 0.2)
        matrix(name + "mlp.proj", d, 4 * d, 1.0, 0.0)
        if spiking:
            low = 0.4 if "true" in attention else 0.125
            tensors[name + "attn.gain"] = low + 0.2 * torch.rand(heads, generator=generator)
        if mlp != "Gelu":
            tensors[name + "mlp.theta"] = torch.tensor([1.7])
            if "Encoded" in mlp:
                tensors[name + "mlp.theta_in"] = torch.tensor([0.9])
    save_file(tensors, folder / "model.safetensors")
    (folder / "card.ron").write_text(
        f"""Card(
    name: "{folder.name}",
    kind: LanguageModel,
    title: "Random transformer for tests",
    network: Attention(heads: {heads}, attention: {attention}, mlp: {mlp}),
    sequence: {SEQUENCE},
)
"""
    )
    words = ["<unk>", "<eos>"] + [f"word{n}" for n in range(2, WORDS)]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")


def packed(spikes):
    """`[T, n]` of 0 and 1 as hexadecimal words by time step."""
    steps = []
    for row in spikes.tolist():
        words = [0] * ((len(row) + 31) // 32)
        for n, spike in enumerate(row):
            words[n // 32] |= spike << n % 32
        steps.append(" ".join(f"{word:x}" for word in words))
    return steps


def both(spikes):
    return [packed((spikes > 0).long()), packed((spikes < 0).long())]


def main(target):
    generator = torch.Generator().manual_seed(31)
    for name, shape in MODELS.items():
        folder = Path(target) / name
        folder.mkdir(parents=True, exist_ok=True)
        random_model(folder, shape, generator)
        network = Reference(folder)
        tokens = torch.randint(0, WORDS, (TOKENS,), generator=generator).tolist()
        outputs, spikes, rates = [], [], {}
        for token in tokens:
            output, found = network.step(token)
            outputs.append([float(f"{value:.8g}") for value in output.tolist()])
            signed = ("input", "mlp_input")
            spikes.append([{k: both(v) if k in signed else packed(v) for k, v in f.items()} for f in found])
            for layer, f in enumerate(found):
                for k, v in f.items():
                    rates.setdefault((layer, k), []).append(v.abs().float().mean())
        golden = {"tokens": tokens, "outputs": outputs, "spikes": spikes}
        (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
        print(name, {f"{layer} {k}": round(float(sum(v) / len(v)), 3) for (layer, k), v in rates.items()})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
