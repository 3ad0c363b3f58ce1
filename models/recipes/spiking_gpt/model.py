"""A GPT whose attention is ordinary (ASA) or spike-based (SSA), and whose feed-forward blocks are GELU, QCFS or spiking.

GPT-2-shaped, pre-norm, embedding and readout tied. Sources of each choice: ../../../docs/spiking-transformer.md.
In the manner of NeurTransformer (arXiv:2510.00133), of which only the abstract is public: not its reproduction.
"""

import torch
from torch import nn
from torch.nn import functional as F

import spikes


class Attention(nn.Module):
    """Causal self-attention of H heads; `spiking` says which kind."""

    def __init__(self, width, heads, steps):
        super().__init__()
        self.heads, self.steps, self.spiking, self.rounded = heads, steps, False, False
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        # Of the spiking kind: what a head's sum is scaled by, beside one over the number of keys.
        self.gain = nn.Parameter(torch.ones(heads))
        self.rates = {}

    def weight(self, linear):
        return spikes.int8_rows(linear.weight) if self.rounded else linear.weight

    def split(self, x):
        """[..., N, d] -> [..., H, N, d / H]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def forward(self, u):
        """u [B, N, d] -> [B, N, d]."""
        return self.spike(u) if self.spiking else self.softmax(u)

    def softmax(self, u):
        q, k, v = (self.split(part) for part in F.linear(u, self.weight(self.qkv), self.qkv.bias).chunk(3, dim=-1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return F.linear(mixed.transpose(-3, -2).flatten(-2), self.weight(self.proj), self.proj.bias)

    def spike(self, u):
        x = spikes.code(u, self.steps)
        s = spikes.lif(F.linear(x, self.weight(self.qkv), self.qkv.bias), 1.0)
        q, k, v = (self.split(part) for part in s.chunk(3, dim=-1))
        a = spikes.lif(self.summed(q, k, v), 0.5)
        a = a.transpose(-3, -2).flatten(-2)
        if not self.training:
            self.rates = {"input": x.abs().mean(), "q": q.mean(), "k": k.mean(), "v": v.mean(), "out": a.mean()}
        return F.linear(a.mean(dim=0), self.weight(self.proj), self.proj.bias)

    def summed(self, q, k, v):
        """The attention neurons' input: [T, B, H, N, d / H] each. A count of spikes, scaled."""
        n = q.shape[-2]
        attended = torch.arange(1, n + 1, device=q.device, dtype=q.dtype)
        counts = (q @ k.transpose(-1, -2)).tril() @ v
        return counts * (self.gain[:, None, None] / attended[:, None])


class Mlp(nn.Module):
    """The feed-forward block: kind "gelu", "qcfs" (the activation that converts) or "spiking" (converted)."""

    def __init__(self, width, levels):
        super().__init__()
        self.levels, self.kind, self.rounded = levels, "gelu", False
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.theta_in, self.theta = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        self.rates = {}

    def weight(self, linear):
        return spikes.int8_rows(linear.weight) if self.rounded else linear.weight

    def forward(self, w):
        """w [B, N, d] -> [B, N, d]."""
        fc, proj = self.weight(self.fc), self.weight(self.proj)
        if self.kind == "gelu":
            return F.linear(F.gelu(F.linear(w, fc, self.fc.bias), approximate="tanh"), proj, self.proj.bias)
        code = spikes.signed_qcfs(w, self.theta_in, self.levels)
        smooth = F.linear(spikes.qcfs(F.linear(code, fc, self.fc.bias), self.theta, self.levels), proj, self.proj.bias)
        if self.kind == "qcfs":
            return smooth
        # The spikes' value with the activation's gradient.
        return smooth + (self.spike(w, fc, proj) - smooth).detach()

    @torch.no_grad()
    def spike(self, w, fc, proj):
        g = spikes.code_if(w, self.levels, self.theta_in)
        f = spikes.integrate(F.linear(g, fc * self.theta_in, self.fc.bias), self.theta)
        if not self.training:
            self.rates = {"input": g.abs().mean(), "hidden": f.mean()}
        return F.linear(f.mean(dim=0), proj * self.theta, self.proj.bias)


class Layer(nn.Module):
    """Attention, then the feed-forward block, each on its normed input and added to the residual stream."""

    def __init__(self, width, heads, steps, levels):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = Attention(width, heads, steps), Mlp(width, levels)

    def forward(self, h, dropout):
        h = h + F.dropout(self.attn(self.ln_1(h)), dropout, self.training)
        return h + F.dropout(self.mlp(self.ln_2(h)), dropout, self.training)


class Gpt(nn.Module):
    """Words [B, N] -> output [B, N, d]; `scale` and `bias` belong to the readout, whose matrix is the embedding's."""

    def __init__(self, width, heads, layers, unigram, context=70, steps=4, levels=8):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(len(unigram), width), nn.Embedding(context, width)
        self.h = nn.ModuleList(Layer(width, heads, steps, levels) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        self.bias, self.scale = nn.Parameter(unigram.clone()), nn.Parameter(torch.ones(()))
        for name, p in self.named_parameters():
            if p.dim() == 2:
                # GPT-2's: 0.02, and what is added to the residual stream smaller.
                shrink = (2 * layers) ** -0.5 if name.endswith("proj.weight") else 1.0
                nn.init.normal_(p, std=0.02 * shrink * (192 / width) ** 0.5)
            elif name.endswith(("fc.bias", "proj.bias", "qkv.bias")):
                nn.init.zeros_(p)

    def residuals(self, words, dropout=(0.0, 0.0)):
        """The residual stream after the embedding and after each layer, and the output."""
        h = F.dropout(self.wte(words) + self.wpe.weight[: words.shape[1]], dropout[0], self.training)
        stream = [h]
        for layer in self.h:
            stream.append(layer(stream[-1], dropout[1]))
        return stream, self.ln_f(stream[-1])

    def forward(self, words, dropout=(0.0, 0.0)):
        return self.residuals(words, dropout)[1]

    def set(self, attention=None, mlp=None, rounded=None):
        """Chooses the kinds of all layers."""
        for layer in self.h:
            layer.attn.spiking = layer.attn.spiking if attention is None else attention == "spiking"
            layer.mlp.kind = mlp or layer.mlp.kind
            layer.attn.rounded = layer.attn.rounded if rounded is None else rounded
            layer.mlp.rounded = layer.mlp.rounded if rounded is None else rounded

    @torch.no_grad()
    def calibrate_mlp(self, words):
        """First heights of the spikes: the 99 % quantiles of what comes in."""
        h = self.wte(words) + self.wpe.weight[: words.shape[1]]
        for layer in self.h:
            h = h + layer.attn(layer.ln_1(h))
            w = layer.ln_2(h)
            z = layer.mlp.fc(w)
            layer.mlp.theta_in.fill_(quantile(w.abs(), 0.99))
            layer.mlp.theta.fill_(quantile(z.clamp(min=0.0), 0.99))
            h = h + layer.mlp(w)

    @torch.no_grad()
    def calibrate_attention(self, words, spread=0.75):
        """First scales of the spiking attention: thresholds at `spread` standard deviations of their inputs (FS-SSA-GPT's rule)."""
        h = self.wte(words) + self.wpe.weight[: words.shape[1]]
        for layer in self.h:
            attn = layer.attn
            attn.spiking = False
            wanted = attn(layer.ln_1(h))
            attn.spiking = True
            factor = 1.0 / (spread * layer.ln_1(h).std())
            layer.ln_1.weight.mul_(factor)
            layer.ln_1.bias.mul_(factor)
            x = spikes.code(layer.ln_1(h), attn.steps)
            z = attn.qkv(x)
            for part, rows in zip(z.chunk(3, dim=-1), torch.arange(z.shape[-1], device=z.device).chunk(3)):
                attn.qkv.weight[rows] /= spread * part.std()
                attn.qkv.bias[rows] /= spread * part.std()
            q, k, v = (attn.split(part) for part in spikes.lif(attn.qkv(x), 1.0).chunk(3, dim=-1))
            attn.gain.fill_(1.0)
            attn.gain.copy_(0.75 / attn.summed(q, k, v).mean(dim=(0, 1, 3, 4)).clamp(min=1e-3))
            got = attn(layer.ln_1(h))
            attn.proj.weight.mul_(wanted.std() / got.std().clamp(min=1e-6))
            h = h + attn(layer.ln_1(h))
            h = h + layer.mlp(layer.ln_2(h))


def quantile(x, q):
    """The q-quantile of all values."""
    flat = x.flatten()
    return flat.kthvalue(max(1, int(q * flat.numel()))).values
