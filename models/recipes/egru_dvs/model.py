"""Frames to gestures: an AlexNet-like head, two EGRU layers, a linear readout.

Architecture as in the authors' benchmark (EvNN, `benchmarks/dvs_gesture`) at frames of 32 x 32, with
the two layers of 256 units that Nazeer et al. (arXiv:2312.09084) put on SpiNNaker2.
"""

import torch
import torch.nn.functional as F
from torch import nn

from egru import EgruLayer
from events import CLASSES

# Output channels, kernel, stride, padding.
CONVOLUTIONS = [(64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1)]
FEATURES = 512


class Head(nn.Module):
    """Frames [N, 32, 32] -> features [N, 512].

    Maps shrink 32 -> 7 -> (pool) 3 -> 3 -> (pool) 1 -> 1 -> 1 -> 1. On a map of one pixel a 3 x 3 kernel
    with padding 1 sees its middle tap alone: the other taps are never used, and are kept at zero.

    While learning, each layer's output is normalised over the batch (frames are mostly zeros and small numbers:
    without that, learning takes epochs to begin). `folded` gives the same head without normalisation.
    """

    def __init__(self):
        super().__init__()
        inputs = 1
        for i, (outputs, kernel, stride, padding) in enumerate(CONVOLUTIONS, 1):
            layer = nn.Conv2d(inputs, outputs, kernel, stride, padding)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            if i >= 3:
                with torch.no_grad():
                    middle = layer.weight[:, :, 1, 1].clone()
                    layer.weight.zero_()
                    layer.weight[:, :, 1, 1] = middle
            setattr(self, f"conv{i}", layer)
            inputs = outputs
        self.fc = nn.Linear(inputs, FEATURES)
        nn.init.zeros_(self.fc.bias)
        sizes = [outputs for outputs, *_ in CONVOLUTIONS] + [FEATURES]
        self.norms = nn.ModuleList(nn.BatchNorm1d(n, affine=False, momentum=0.03) for n in sizes)

    def layers(self):
        return [getattr(self, f"conv{i}") for i in range(1, 6)] + [self.fc]

    def forward(self, x):
        """As `plain` with `folded`, in matrix products, three times as fast on a CPU. ReLU and a maximum may change
        places, and so may a maximum and a normalisation: both come after the pooling, where less is left."""
        # A stride of 4 over pixels is a stride of 1 over blocks of 4 x 4; 11 taps lie in 3 blocks.
        x = F.pad(x, (2, 2, 2, 2)).view(-1, 9, 4, 9, 4).transpose(2, 3).reshape(-1, 9, 9, 16).permute(0, 3, 1, 2)
        w = F.pad(self.conv1.weight[:, 0], (0, 1, 0, 1)).view(64, 3, 4, 3, 4).permute(0, 2, 4, 1, 3)
        w = w.reshape(64, 16, 3, 3).contiguous(memory_format=torch.channels_last)
        x = F.max_pool2d(F.conv2d(x, w), 3, 2).flatten(2)
        x = F.relu(self.norms[0](x) + self.conv1.bias[:, None]).flatten(1)
        # On a map of 3 x 3 every output of a 5 x 5 kernel with padding 2 sees the whole map.
        w = self.conv2.weight
        taps = [w[:, :, 2 - i : 5 - i, 2 - j : 5 - j].reshape(192, 1, 64 * 9) for i in range(3) for j in range(3)]
        x = F.linear(x, torch.cat(taps, 1).view(192 * 9, 64 * 9)).view(-1, 192, 3, 3)
        x = F.relu(self.norms[1](F.max_pool2d(x, 3).flatten(1)) + self.conv2.bias)
        for layer, norm in zip((self.conv3, self.conv4, self.conv5), self.norms[2:]):
            x = F.relu(norm(F.linear(x, layer.weight[:, :, 1, 1])) + layer.bias)
        return self.norms[5](F.linear(x, self.fc.weight)) + self.fc.bias

    @torch.no_grad()
    def folded(self):
        """Weights and biases with the normalisation in them, by name: conv1.weight, ..."""
        names = [f"conv{i}" for i in range(1, 6)] + ["fc"]
        out = {}
        for name, layer, norm in zip(names, self.layers(), self.norms):
            scale = (norm.running_var + norm.eps).rsqrt()
            out[f"{name}.weight"] = layer.weight * scale.view(-1, *[1] * (layer.weight.dim() - 1))
            out[f"{name}.bias"] = layer.bias - norm.running_mean * scale
        return out


def plain(x, w):
    """The head as anybody would write it: frames [N, 32, 32] and `folded` weights -> features [N, 512]."""
    x = x[:, None]
    for i, (_, _, stride, padding) in enumerate(CONVOLUTIONS, 1):
        x = F.relu(F.conv2d(x, w[f"conv{i}.weight"], w[f"conv{i}.bias"], stride, padding))
        if i <= 2:
            x = F.max_pool2d(x, 3, 2)
    return F.linear(x.flatten(1), w["fc.weight"], w["fc.bias"])


class GestureModel(nn.Module):
    """Slices of frames [B, T, 32, 32] (values, not counts) -> answers of every frame [T, B, 11], whose
    mean is the slice's logits; events of each layer."""

    def __init__(self, units=(256, 256), threshold=0.1, height=0.7, width=1.0):
        super().__init__()
        self.cnn = Head()
        sizes = [FEATURES, *units]
        self.rnns = nn.ModuleList(EgruLayer(i, h, threshold, height, width) for i, h in zip(sizes, sizes[1:]))
        self.decoder = nn.Linear(units[-1], CLASSES)
        # Traces are small averages: larger weights give logits that differ from the start.
        nn.init.normal_(self.decoder.weight, std=10.0 * units[-1] ** -0.5)

    def forward(self, frames, dropout=(0.0, 0.0), half=False):
        batch, steps = frames.shape[:2]
        with torch.autocast(frames.device.type, torch.bfloat16, enabled=half):
            x = self.cnn(frames.flatten(0, 1)).float()
        x = F.dropout(x.view(batch, steps, -1).transpose(0, 1), dropout[0])
        events = []
        for layer in self.rnns:
            x, o = layer(x.contiguous(), half)
            events.append(o)
            x = F.dropout(x, dropout[1])
        return self.decoder(x), events
