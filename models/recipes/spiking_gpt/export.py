"""Writes a trained model as spinntui reads it (int8 rows with an f32 scale each, thresholds folded in), and reads one."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

sys.path.append(str(Path(__file__).resolve().parent.parent / "egru_lm"))

from data import write_vocabulary  # noqa: E402


def rows(name, weight, factor=1.0):
    """A matrix [out, in] as `NAME.q` i8 and `NAME.scale` f32 [out]; factor: height of the spikes that come in."""
    scale = weight.abs().amax(dim=1).clamp(min=1e-8) / 127.0
    q = torch.round(weight / scale[:, None]).clamp(-127, 127).to(torch.int8)
    return {f"{name}.q": q, f"{name}.scale": (scale * factor).float()}


@torch.no_grad()
def input_scales(model, words):
    """What an int8 level of each matrix's input stands for: the largest input seen in `words`, over 127."""
    scales = {}
    h = model.wte(words) + model.wpe.weight[: words.shape[1]]
    for k, layer in enumerate(model.h):
        attn, mlp = layer.attn, layer.mlp
        u = layer.ln_1(h)
        parts = (attn.split(x) for x in F.linear(u, attn.qkv.weight, attn.qkv.bias).chunk(3, dim=-1))
        mixed = F.scaled_dot_product_attention(*parts, is_causal=True).transpose(-3, -2).flatten(-2)
        h = h + attn(u)
        w = layer.ln_2(h)
        hidden = F.gelu(F.linear(w, mlp.fc.weight, mlp.fc.bias), approximate="tanh")
        h = h + mlp(w)
        for name, x in (("attn.qkv", u), ("attn.proj", mixed), ("mlp.fc", w), ("mlp.proj", hidden)):
            scales[f"h.{k}.{name}.input_scale"] = (x.abs().max() / 127.0).reshape(1)
    return scales


@torch.no_grad()
def tensors(model, words):
    """The tensors of the model file; `words` [M, N] calibrate the ordinary model's int8 inputs."""
    out = rows("embeddings.weight", model.wte.weight)
    out["decoder.decoder.bias"], out["decoder.scale"] = model.bias, model.scale.reshape(1)
    out["wpe"], out["ln_f.weight"], out["ln_f.bias"] = model.wpe.weight, model.ln_f.weight, model.ln_f.bias
    spiking_attention = model.h[0].attn.spiking
    spiking_mlp = model.h[0].mlp.kind == "spiking"
    for k, layer in enumerate(model.h):
        attn, mlp = layer.attn, layer.mlp
        for name, norm in (("ln_1", layer.ln_1), ("ln_2", layer.ln_2)):
            out[f"h.{k}.{name}.weight"], out[f"h.{k}.{name}.bias"] = norm.weight, norm.bias
        heights = (mlp.theta_in.item(), mlp.theta.item()) if spiking_mlp else (1.0, 1.0)
        linears = {"attn.qkv": (attn.qkv, 1.0), "attn.proj": (attn.proj, 1.0), "mlp.fc": (mlp.fc, heights[0]), "mlp.proj": (mlp.proj, heights[1])}  # fmt: skip
        for name, (linear, height) in linears.items():
            out |= rows(f"h.{k}.{name}", linear.weight, height)
            out[f"h.{k}.{name}.bias"] = linear.bias
        if spiking_attention:
            out[f"h.{k}.attn.gain"] = attn.gain
        if spiking_mlp:
            out[f"h.{k}.mlp.theta_in"], out[f"h.{k}.mlp.theta"] = mlp.theta_in, mlp.theta
    if not spiking_attention and not spiking_mlp:
        out |= input_scales(model, words)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in out.items()}


def write(model, vocabulary, folder, words):
    """Writes model.safetensors and vocab.txt into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors(model, words), folder / "model.safetensors", metadata={"format": "gpt-int8-rows-1"})
    write_vocabulary(folder / "vocab.txt", vocabulary)


def read(folder, head=32):
    """The state of a `model.Gpt` from an exported folder, weights as rounded there; `head`: width of a head."""
    t = load_file(Path(folder) / "model.safetensors")

    def dense(name, height=1.0):
        return t[f"{name}.q"].float() * (t[f"{name}.scale"] / height)[:, None]

    state = {"wte.weight": dense("embeddings.weight"), "wpe.weight": t["wpe"], "bias": t["decoder.decoder.bias"]}
    state |= {"scale": t["decoder.scale"][0], "ln_f.weight": t["ln_f.weight"], "ln_f.bias": t["ln_f.bias"]}
    for k in range(sum(name.endswith("ln_1.weight") for name in t)):
        block, one = f"h.{k}.", torch.ones(1)
        for name in ("ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias"):
            state[block + name] = t[block + name]
        heads = t["wpe"].shape[1] // head
        theta_in, theta = (t.get(f"{block}mlp.{name}", one) for name in ("theta_in", "theta"))
        state |= {f"{block}mlp.theta_in": theta_in, f"{block}mlp.theta": theta}
        state[f"{block}attn.gain"] = t.get(f"{block}attn.gain", torch.ones(heads))
        for name, height in (("attn.qkv", 1.0), ("attn.proj", 1.0), ("mlp.fc", theta_in), ("mlp.proj", theta)):
            state[f"{block}{name}.weight"], state[f"{block}{name}.bias"] = dense(block + name, height), t[f"{block}{name}.bias"]
    return state
