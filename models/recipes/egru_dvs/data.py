"""Slices of frames for training and for measuring, and their augmentation."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from events import MIRROR, SCALE, SIZE, SLICE_FRAMES, SLICE_US, FRAME_US

PERIOD = SLICE_US // FRAME_US  # frames from one slice to the next


class Recordings:
    """Frames of recordings (as prepare.py writes them) in memory, split by person."""

    def __init__(self, files):
        self.frames, self.gestures, self.names = [], [], []
        for path in files:
            with np.load(path) as data:
                at = len(self.frames)
                self.frames.append(torch.from_numpy(data["frames"]))
                self.gestures += [(at, *map(int, g)) for g in data["gestures"] if g[2] - g[1] >= SLICE_FRAMES]
            self.names.append(Path(path).stem)

    def slices(self):
        """Whole slices, one after the other: rows (recording, class, first frame)."""
        return [
            (r, label, start)
            for r, label, a, b in self.gestures
            for start in range(a, b - SLICE_FRAMES + 1, PERIOD)
        ]

    def batch(self, slices):
        """Values [B, 67, 32, 32] and classes [B] of these slices."""
        x = torch.stack([self.frames[r][s : s + SLICE_FRAMES] for r, _, s in slices])
        return x.float() * SCALE, torch.tensor([label for _, label, _ in slices])


def person(path):
    """Number of the person of `..._userNN_lighting.npz` or `userNN_lighting.npz`."""
    return int(Path(path).stem.split("user")[1].split("_")[0])


def split(folder):
    """Files for training, validation, test. Every tenth person is for tests, every tenth for validation."""
    files = sorted(Path(folder).glob("*.npz"))
    kinds = {5: "test", 0: "valid"}
    parts = {"train": [], "valid": [], "test": []}
    for file in files:
        parts[kinds.get(person(file) % 10, "train")].append(file)
    return parts


class Augment:
    """Training batches: slices from anywhere in a gesture, changed in every way that does not change the gesture.

    Tempo, mirror image (with the class that it then shows), place, size, rotation, event rate, slow pixels, noise,
    a filter of noise, something in the way. The last five, which make another sensor of it, are left out for a share
    of the slices, `clean`; tempo, rotation and size of these mostly stay, too, and they move less.
    """

    def __init__(self, recordings, seed, clean=0.0):
        self.recordings, self.clean = recordings, clean
        self.reseed(seed)

    def reseed(self, seed):
        self.random = np.random.default_rng(seed)
        self.torch = torch.Generator().manual_seed(seed)

    def slice(self, gesture, clean):
        r, label, a, b = gesture
        tempo = np.exp(self.random.uniform(-0.3, 0.3)) if self.random.random() < (0.3 if clean else 0.7) else 1.0
        tempo = min(tempo, (b - a) / SLICE_FRAMES)
        steps = np.floor(np.arange(SLICE_FRAMES) * tempo).astype(int)
        start = a + self.random.integers(0, b - a - steps[-1])
        return self.recordings.frames[r][start + steps], label

    def batch(self, gestures):
        clean = self.random.random(len(gestures)) < self.clean
        pairs = [self.slice(*g) for g in zip(gestures, clean)]
        x, labels = torch.stack([p[0] for p in pairs]).float() * SCALE, [p[1] for p in pairs]
        flip = self.random.random(len(pairs)) < 0.5
        labels = torch.tensor([MIRROR[label] if f else label for label, f in zip(labels, flip)])
        x = self.move(x, flip, clean)
        dirty = np.flatnonzero(~clean)
        if len(dirty):
            x[dirty] = self.dirty(x[dirty])
        return x, labels

    def move(self, x, flip, clean):
        """Mirrors, shifts, turns and scales; half of the slices by whole pixels only, which blurs nothing. Of the
        clean ones, seven in eight."""
        theta = torch.zeros(len(x), 2, 3)
        for i, (mirrored, little) in enumerate(zip(flip, clean)):
            far = 1 if little else 3
            shift = self.random.integers(-far, far + 1, 2) * 2 / SIZE
            angle, size = 0.0, 1.0
            if self.random.random() < (0.125 if little else 0.5):
                angle = np.deg2rad(self.random.uniform(-25, 25)) * self.random.random()
                size = np.exp(self.random.uniform(-0.25, 0.25))
            cos, sin, side = np.cos(angle) / size, np.sin(angle) / size, -1.0 if mirrored else 1.0
            theta[i] = torch.tensor([[side * cos, -side * sin, shift[0]], [sin, cos, shift[1]]])
        grid = F.affine_grid(theta, [len(x), 1, SIZE, SIZE], align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def dirty(self, x):
        """Another event rate, events late or lost, noise, single dots removed, a part of the picture hidden."""
        batch = len(x)
        draw = lambda low, high: torch.from_numpy(self.random.uniform(low, high, (batch, 1, 1, 1))).float()
        # One sensor in six is poor in every way: few events, late ones, much noise.
        poor = torch.from_numpy(self.random.random((batch, 1, 1, 1)) < 0.16)
        x = x * torch.exp(torch.where(poor, draw(-1.0, 0.1), draw(-0.5, 0.5)))
        slow = np.flatnonzero(self.random.random(batch) < np.where(poor.flatten().numpy(), 0.7, 0.3))
        x[slow] = self.smear(x[slow])
        # Events go missing where there are few: a pixel keeps what it has with this probability.
        keep = 1.0 - draw(0.0, 0.75) * (draw(0.0, 1.0) < 0.4)
        uniform = torch.rand(x.shape, generator=self.torch)
        x = x * (uniform < keep)
        alone = np.flatnonzero(self.random.random(batch) < 0.1)
        x[alone] = self.without_dots(x[alone])
        # Noise everywhere, more in some places than in others, and at hot pixels: mostly an event, sometimes several.
        noise = torch.where(poor, draw(0.02, 0.1), draw(0.0, 0.06) * (draw(0.0, 1.0) < 0.35))
        places = torch.randn(batch, 1, SIZE, SIZE, generator=self.torch) * draw(0.0, 0.8)
        noise = noise * torch.exp(places - 0.5 * places.var((2, 3), keepdim=True))
        places = torch.rand(batch, 1, SIZE, SIZE, generator=self.torch)
        share = torch.where(poor, draw(0.0, 0.12), draw(0.0, 0.06))
        hot = (places < share) * draw(0.05, 0.3) * (draw(0.0, 1.0) < torch.where(poor, 0.7, 0.3))
        chance = (noise + hot).clamp(max=0.6).expand_as(x)
        born = uniform > 1.0 - chance
        more = torch.log(draw(0.01, 0.45).expand_as(x)[born])
        x[born] += SCALE * (1 + torch.floor(torch.log((1.0 - uniform[born] + 1e-7) / chance[born]) / more).clamp(0, 8))
        for i in np.flatnonzero(self.random.random(batch) < 0.15):
            (w, h), (left, top) = self.random.integers(4, 15, 2), self.random.integers(0, SIZE, 2)
            x[i, :, top : top + h, left : left + w] = 0
        return x

    def without_dots(self, x):
        """Without pixels that have none with events beside them: as after a filter of noise."""
        near = F.avg_pool2d((x > 0).float(), 3, 1, 1, divisor_override=1)
        return x * (near > 1.5)

    def smear(self, x):
        """Slow pixels: a part of the events comes later, at random within some frames."""
        draw = lambda low, high: torch.from_numpy(self.random.uniform(low, high, (len(x), 1, 1))).float()
        keep, part = draw(0.5, 0.9), draw(0.2, 0.95)
        late, trail = torch.empty_like(x), torch.zeros_like(x[:, 0])
        for t in range(x.shape[1]):
            trail = torch.lerp(x[:, t], trail, keep)
            late[:, t] = trail
        part = part[:, None]
        # Counts are whole numbers: what is less than one event comes as one, now and then.
        chance = torch.rand(x.shape, generator=self.torch)
        late = torch.floor(late * (part / SCALE) + chance) * SCALE
        return x * (torch.rand(x.shape, generator=self.torch) > part) + late
