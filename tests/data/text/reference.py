"""Perplexity of lighthouse.txt in f64, from the equations alone: Python's standard library, no code in common with the program.

    python3 tests/data/text/reference.py models/egru-lm-small tests/data/text/lighthouse.txt
"""
import json, math, struct, sys

folder, text = sys.argv[1:3]
raw = open(f"{folder}/model.safetensors", "rb").read()
start = 8 + struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:start])
CODE = {"F32": "f", "I8": "b", "U16": "H", "U32": "I"}


def tensor(name):
    entry = header[name]
    low, high = entry["data_offsets"]
    code = CODE[entry["dtype"]]
    return struct.unpack(f"<{(high - low) // struct.calcsize(code)}{code}", raw[start + low:start + high])


def matrix(name):
    data, columns, rows = (tensor(f"{name}.csr_{part}") for part in ("data", "indices", "indptr"))
    return [list(zip(data[a:b], columns[a:b])) for a, b in zip(rows, rows[1:])]


words = open(f"{folder}/vocab.txt", encoding="utf8").read().split("\n")[:-1]
index = {word: i for i, word in enumerate(words)}
tokens = [index.get(w, index["<unk>"]) for line in open(text, encoding="utf8") for w in line.split() + ["<eos>"]]
q, scales, width = tensor("embeddings.weight.q"), tensor("embeddings.weight.scale"), header["embeddings.weight.q"]["shape"][1]
embedding = [[v * s for v in q[i * width:(i + 1) * width]] for i, s in enumerate(scales)]
bias, scale = tensor("decoder.decoder.bias"), tensor("decoder.scale")[0]
layers = []
while f"rnns.{len(layers)}.thr" in header:
    n = f"rnns.{len(layers)}."
    layers.append([matrix(n + "kernel"), matrix(n + "recurrent_kernel"), tensor(n + "bias"), tensor(n + "recurrent_bias"), tensor(n + "thr")])
state = [([0.0] * len(l[4]), [0.0] * len(l[4])) for l in layers]
product = lambda rows, x, b: [sum(w * x[i] for w, i in row) + b for row, b in zip(rows, b)]
sigmoid = lambda v: 1 / (1 + math.exp(-v))
total = 0.0
for now, target in zip(tokens, tokens[1:]):
    x = embedding[now]
    for k, (W, R, bx, br, theta) in enumerate(layers):
        (y, c), U = state[k], len(theta)
        a, r = product(W, x, bx), product(R, y, br)
        for u in range(U):
            z, reset = sigmoid(a[u] + r[u]), sigmoid(a[U + u] + r[U + u])
            n = z * c[u] + (1 - z) * math.tanh(a[2 * U + u] + reset * r[2 * U + u])
            y[u], c[u] = (n, n - theta[u]) if n > theta[u] else (0.0, n)
        x = y
    logits = [scale * sum(e * v for e, v in zip(row, x)) + b for row, b in zip(embedding, bias)]
    total += math.log(sum(map(math.exp, logits))) - logits[target]
print(f"{len(tokens) - 1} predictions, mean surprisal {total / (len(tokens) - 1):.6f} nats, perplexity {math.exp(total / (len(tokens) - 1)):.4f}")
