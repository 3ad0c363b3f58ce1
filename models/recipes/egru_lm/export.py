"""Writes a trained checkpoint as the packed-sparse model folder that spinntui loads. See README.md.

python export.py --checkpoint OUT/checkpoint.pt --vocab OUT/vocab.txt --to models/my-model
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from data import read_vocabulary, write_vocabulary


def compress(matrix):
    """A dense matrix [sources, 3H] as CSR of its transpose: rows = gate units (z, r, g), columns = sources.

    Columns ascend within a row: spinntui adds in ascending source order, so the order is part of
    the result. Returns data f32, indices u16, indptr u32.
    """
    rows = np.ascontiguousarray(matrix.T, dtype=np.float32)
    if rows.shape[1] > 1 << 16:
        raise ValueError(f"{rows.shape[1]} sources do not fit u16 column numbers")
    row, column = np.nonzero(rows)
    pointers = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows)))])
    return rows[row, column], column.astype(np.uint16), pointers.astype(np.uint32)


def quantise(rows):
    """Each row as int8 and one f32 scale: row ~ q * scale, the largest entry at +-127."""
    scale = np.abs(rows).max(axis=1) / 127.0
    safe = np.where(scale > 0, scale, 1.0)
    q = np.clip(np.rint(rows / safe[:, None]), -127, 127).astype(np.int8)
    return q, scale.astype(np.float32)


def pack(state):
    """The tensors of the model file from a `LanguageModel.state_dict()`."""
    state = {name: tensor.float().numpy() for name, tensor in state.items()}
    tensors = {
        "decoder.decoder.bias": state["decoder.decoder.bias"],
        "decoder.scale": state["scale"].reshape(1),
    }
    q, scale = quantise(state["embeddings.weight"])
    tensors["embeddings.weight.q"], tensors["embeddings.weight.scale"] = q, scale
    for name, tensor in state.items():
        if name.endswith("kernel"):
            parts = zip(("csr_data", "csr_indices", "csr_indptr"), compress(tensor))
            tensors.update({f"{name}.{part}": array for part, array in parts})
        elif name.startswith("rnns."):
            tensors[name] = tensor
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}


CARD = """\
// What this model is. Fields: emulator/src/model/card.rs; format of the folder: models/README.md.
Card(
    name: {name},
    kind: LanguageModel,
    title: {title},
    carry: {carry},
{events}    sequence: {length},
    training: {training},
    data: {data},
    licence: {licence},
    compares_with: {compares},
    // Figures of `evaluate.py --card-entry` go here.
    measured: [],
)
"""


def quoted(text):
    """A RON string."""
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def card(name, args, words, licence):
    """The text of card.ron for a model trained with these arguments of train.py."""
    sizes = "/".join(map(str, args["units"]))
    cell = "EGRU" if args.get("events", True) else "GRU"
    sparsity = f"{100 * args['sparsity']:g} %"
    reduced = args["vocab"] != 0
    return CARD.format(
        name=quoted(name),
        title=quoted(f"{words:,} words, embedding {args['embedding']}, {cell} {sizes}, {sparsity} sparse per matrix"),
        carry=args["carry"],
        events="" if args.get("events", True) else "    events: false,\n",
        length=args["length"],
        training=quoted(
            f"models/recipes/egru_lm, {args['epochs']:g} epochs, batch {args['batch']}, seed {args['seed']}"
        ),
        data=quoted(f"{Path(args['train']).name}; see the recipe's README for its terms"),
        licence=quoted(licence),
        compares=quoted(
            f"nothing else: all but {words:,} words of the text are <unk>, which makes it easier to predict"
            if reduced
            else "models with the same vocabulary on the same text"
        ),
    )


def export(checkpoint, vocabulary, folder, licence=""):
    """Writes model.safetensors, vocab.txt and card.ron into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    notes = {
        "format": "egru-packed-1",
        "gate_order": "z,r,g",
        "z": "keep gate",
        "rows": "gate units (3H), columns: sources",
    }
    save_file(pack(checkpoint["model"]), folder / "model.safetensors", metadata=notes)
    write_vocabulary(folder / "vocab.txt", vocabulary)
    text = card(folder.name, checkpoint["args"], len(vocabulary), licence)
    (folder / "card.ron").write_text(text, encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", required=True, type=Path)
    p.add_argument("--vocab", required=True, type=Path)
    p.add_argument("--to", required=True, type=Path, help="the model's folder; its name is the model's name")
    p.add_argument("--licence", default="", help="terms of the weights, for the card")
    args = p.parse_args()
    # weights_only: a checkpoint is data; nothing in it is to be run.
    checkpoint = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    export(checkpoint, read_vocabulary(args.vocab), args.to, args.licence)
    for name, matrix in checkpoint["model"].items():
        if name.endswith("kernel"):
            left = int(matrix.count_nonzero())
            print(f"{name}: {tuple(matrix.shape)}, {left} non-zeros, {100 * (1 - left / matrix.numel()):.2f} % zeros")


if __name__ == "__main__":
    main()
