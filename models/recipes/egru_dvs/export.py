"""Writes a trained checkpoint as the model folder that spinntui loads. See README.md.

    python export.py --checkpoint OUT/checkpoint.pt --to models/my-gestures

Weights become half-precision floats; evaluate.py measures the rounded ones.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from model import GestureModel

NAMES = [
    "hand_clapping",
    "right_hand_wave",
    "left_hand_wave",
    "right_arm_clockwise",
    "right_arm_counter_clockwise",
    "left_arm_clockwise",
    "left_arm_counter_clockwise",
    "arm_roll",
    "air_drums",
    "air_guitar",
    "other_gestures",
]

CARD = """\
// What this model is. Fields: emulator/src/model/card.rs; format of the folder: models/README.md.
Card(
    name: "{name}",
    kind: Gestures,
    title: "CNN head, EGRU {units}: the eleven gestures of DVS128 Gesture, learnt from synthetic people",
    carry: Nothing,    // every slice of 1.7 s starts from zeros
    sequence: 67,      // frames of 25 ms
    output: Trace,     // what layers pass on: 0.9 of the old trace and 0.1 of y
    classes: [
{classes}
    ],
    training: "models/recipes/egru_dvs; synthetic recordings (`spinntui synth`), two CPU cores.",
    data: "Synthetic event-camera recordings made by this program; no recording of a person.",
    compares_with: "Nothing published: DVS128 Gesture itself was not at hand.",
    // Figures of evaluate.py go here.
    measured: [],
)
"""


def authors_name(name):
    """What the authors' checkpoint (EvNN, benchmarks/dvs_gesture) calls a tensor of ours."""
    for i in range(5):
        name = name.replace(f"cnn.conv{i + 1}.", f"conv.{3 * i}.")
    return name.replace("cnn.fc.", "conv.15.").replace("decoder.", "fc.").replace("rnns.", "layers.")


def tensors(state):
    """The tensors of the model file from a `GestureModel.state_dict()`."""
    model = GestureModel()
    model.load_state_dict(state)
    out = {f"cnn.{name}": tensor for name, tensor in model.cnn.folded().items()}
    out |= {name: tensor for name, tensor in state.items() if not name.startswith("cnn.")}
    out = {authors_name(name): tensor for name, tensor in out.items()}
    return {name: np.ascontiguousarray(tensor.numpy().astype(np.float16)) for name, tensor in out.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", required=True, type=Path)
    p.add_argument("--to", required=True, type=Path, help="the model's folder; its name is the model's name")
    args = p.parse_args()
    checkpoint = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    args.to.mkdir(parents=True, exist_ok=True)
    out = tensors(checkpoint["model"])
    save_file(out, args.to / "model.safetensors", metadata={"gate_order": "z,r,g", "z": "keep gate"})
    card = args.to / "card.ron"
    if not card.exists():
        units = "/".join(str(out[f"layers.{k}.thr"].size) for k in range(2))
        classes = "\n".join(f'        "{name}",' for name in NAMES)
        card.write_text(CARD.format(name=args.to.name, units=units, classes=classes), encoding="utf-8")
    for name, array in out.items():
        print(f"{name} {list(array.shape)}")


if __name__ == "__main__":
    main()
