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
    """

    def __init__(self):
        super().__init__()
        inputs = 1
        for i, (outputs, kernel, stride, padding) in enumerate(CONVOLUTIONS, 1):
            layer = nn.Conv2d(inputs, outputs, kernel, stride, padding)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                if i >= 3:
                    middle = layer.weight[:, :, 1, 1].clone()
                    layer.weight.zero_()
                    layer.weight[:, :, 1, 1] = middle
            setattr(self, f"conv{i}", layer)
            inputs = outputs
        self.fc = nn.Linear(inputs, FEATURES)

    def plain(self, x):
        """The definition, as anybody would write it."""
        x = F.max_pool2d(F.relu(self.conv1(x[:, None])), 3, 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 3, 2)
        x = F.relu(self.conv5(F.relu(self.conv4(F.relu(self.conv3(x))))))
        return self.fc(x.flatten(1))

    def forward(self, x):
        """The same as `plain` in matrix products, three times as fast on a CPU."""
        # A stride of 4 over pixels is a stride of 1 over blocks of 4 x 4; 11 taps lie in 3 blocks.
        x = F.pad(x, (2, 2, 2, 2)).view(-1, 9, 4, 9, 4).transpose(2, 3).reshape(-1, 9, 9, 16).permute(0, 3, 1, 2)
        w = F.pad(self.conv1.weight[:, 0], (0, 1, 0, 1)).view(64, 3, 4, 3, 4).permute(0, 2, 4, 1, 3)
        w = w.reshape(64, 16, 3, 3).contiguous(memory_format=torch.channels_last)
        x = F.max_pool2d(F.relu(F.conv2d(x, w, self.conv1.bias)), 3, 2).flatten(1)
        # On a map of 3 x 3 every output of a 5 x 5 kernel with padding 2 sees the whole map.
        w = self.conv2.weight
        taps = [w[:, :, 2 - i : 5 - i, 2 - j : 5 - j].reshape(192, 1, 64 * 9) for i in range(3) for j in range(3)]
        x = F.linear(x, torch.cat(taps, 1).view(192 * 9, 64 * 9)).view(-1, 192, 3, 3)
        x = F.relu(F.max_pool2d(x, 3).flatten(1) + self.conv2.bias)
        for layer in (self.conv3, self.conv4, self.conv5):
            x = F.relu(F.linear(x, layer.weight[:, :, 1, 1], layer.bias))
        return self.fc(x)


@torch.no_grad()
def calibrate(model, frames):
    """Scales fresh weights so that every layer's output has a standard deviation of about 1 on these slices.

    Frames are mostly zeros and small numbers (counts over 19), traces are small averages: without this the
    logits start near nothing and learning takes epochs to begin.
    """
    seen = {}
    head = model.cnn
    layers = [getattr(head, f"conv{i}") for i in range(1, 6)] + [head.fc]
    for layer in layers:
        hook = layer.register_forward_hook(lambda _, __, out: seen.update(out=out))
        head.plain(frames.flatten(0, 1))
        hook.remove()
        layer.weight /= seen["out"].std()
    logits, _ = model(frames)
    model.decoder.weight *= 0.5 / logits.std()


class GestureModel(nn.Module):
    """Slices of frames [B, T, 32, 32] (values, not counts) -> logits [B, 11], events of each layer."""

    def __init__(self, units=(256, 256), threshold=0.1, height=0.7, width=1.0):
        super().__init__()
        self.cnn = Head()
        sizes = [FEATURES, *units]
        self.rnns = nn.ModuleList(EgruLayer(i, h, threshold, height, width) for i, h in zip(sizes, sizes[1:]))
        self.decoder = nn.Linear(units[-1], CLASSES)

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
        return self.decoder(x).mean(0), events
