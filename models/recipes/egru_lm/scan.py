"""An EGRU language model's loss and gradients without autograd, for a GPU that records the whole of it once.

The three layers run as a wave: while layer 0 is at words 20 to 29, layer 1 is at 10 to 19 and layer 2 at 0 to 9, each on
a stream of its own; the way back likewise. A step is one matrix product and one point-wise kernel (`point.py`). All
buffers are taken once, so a step of training can be captured as a CUDA graph and played again.

Sizes are padded to multiples of eight, which matrix products on a GPU want: a padded unit has no weights, is always
silent and gets no gradient.
"""

import torch

import point

CHUNK = 10


def padded(size):
    """The next multiple of eight."""
    return (size + 7) // 8 * 8


def place(matrix, shape, blocks=1):
    """`matrix` in the corner of zeros of `shape`; its last dimension is `blocks` blocks, each padded by itself."""
    out = matrix.new_zeros(shape)
    from_, to = matrix.shape[-1] // blocks, shape[-1] // blocks
    for b in range(blocks):
        corner = tuple(slice(0, n) for n in matrix.shape[:-1])
        out[(*corner, slice(b * to, b * to + from_))] = matrix[..., b * from_ : (b + 1) * from_]
    return out


def cut(matrix, shape, blocks=1):
    """The inverse of `place`."""
    to, from_ = shape[-1] // blocks, matrix.shape[-1] // blocks
    corner = tuple(slice(0, n) for n in shape[:-1])
    return torch.cat([matrix[(*corner, slice(b * from_, b * from_ + to))] for b in range(blocks)], dim=-1)


def layout(state):
    """Of each tensor of `LanguageModel.state_dict()`: its padded shape, its blocks and what fills the padding."""
    shapes = {}
    for name, tensor in state.items():
        if name.startswith("rnns.") and not name.endswith("thr"):
            *rows, last = tensor.shape
            shapes[name] = ((*map(padded, rows), 3 * padded(last // 3)), 3, 0.0)
        else:
            fill = {"thr": 1.0, "bias": -1e4}.get(name.rsplit(".", 1)[-1], 0.0)
            shapes[name] = (tuple(map(padded, tensor.shape)), 1, fill)
    return shapes


def pad(state, device):
    """`state` padded, on `device`, in f32."""
    out = {}
    for name, (shape, blocks, fill) in layout(state).items():
        tensor = state[name].float()
        real = place(torch.ones_like(tensor), shape, blocks) if tensor.dim() else torch.ones(())
        value = place(tensor, shape, blocks) if tensor.dim() else tensor
        out[name] = torch.where(real == 1, value, fill).to(device)
    return out


def unpad(params, state):
    """The inverse of `pad`; shapes as in `state`."""
    sizes = layout(state)
    return {
        name: cut(params[name].detach().cpu(), tensor.shape, sizes[name][1]) if tensor.dim() else params[name].detach().cpu()
        for name, tensor in state.items()
    }


class Layer:
    """One layer's parameters and buffers, for T words of B columns. y[0] and c[0] are the state met."""

    def __init__(self, params, k, words, batch, dtype, device):
        self.names = [f"rnns.{k}.{part}" for part in ("kernel", "recurrent_kernel", "bias", "recurrent_bias", "thr")]
        self.master = [params[name] for name in self.names]
        inputs, units = len(self.master[0]), len(self.master[4])

        def buffer(*shape, kind=dtype):
            return torch.zeros(shape, dtype=kind, device=device)

        self.kernel, self.recurrent = buffer(inputs, 3 * units), buffer(units, 3 * units)
        self.bias, self.recurrent_bias = buffer(3 * units), buffer(3 * units)
        self.x, self.dx = buffer(words, batch, inputs), buffer(words, batch, inputs)
        self.a, self.q = buffer(words, batch, 3 * units), buffer(words, batch, 3 * units)
        self.da, self.dq = buffer(words, batch, 3 * units), buffer(words, batch, 3 * units)
        self.y, self.c = buffer(words + 1, batch, units), buffer(words + 1, batch, units, kind=torch.float32)
        self.dy, self.dy_back = buffer(words, batch, units), buffer(batch, units)
        self.dc, self.dthr = buffer(batch, units, kind=torch.float32), buffer(batch, units, kind=torch.float32)
        self.activity, self.cost = buffer(kind=torch.float32), buffer(kind=torch.float32)
        self.keep = buffer(batch, units, kind=dtype)


class Scan:
    """Loss and gradients of a padded model; `params` are leaves whose .grad it fills, `units` a layer's without padding."""

    def __init__(self, params, units, words, batch, dropout, surrogate, events, dtype, device):
        self.params, self.units, self.words, self.batch = params, units, words, batch
        self.dropout, self.surrogate, self.events, self.dtype, self.device = dropout, surrogate, events, dtype, device
        count = sum(name.endswith(".thr") for name in params)
        self.layers = [Layer(params, k, words, batch, dtype, device) for k in range(count)]
        self.forward_point, self.backward_point, self.cross_entropy = point.chosen(device)
        vocabulary, width = params["embeddings.weight"].shape
        self.embedding = torch.zeros(vocabulary, width, dtype=dtype, device=device)
        self.inputs = torch.zeros(words, batch, dtype=torch.long, device=device)
        self.targets = torch.zeros(words, batch, dtype=torch.long, device=device)
        self.logits = torch.zeros(words * batch, vocabulary, dtype=dtype, device=device)
        self.losses = torch.zeros(words * batch, device=device)
        self.ones = torch.ones(words * batch, dtype=dtype, device=device)
        # Share of connections dropped in training; a tensor, so that it can change after the step
        # was recorded.
        self.connect = torch.full((), dropout[4], device=device)
        self.streams = [torch.cuda.Stream(device) for _ in self.layers] if torch.device(device).type == "cuda" else []
        for param in params.values():
            param.grad = torch.zeros_like(param) if param.grad is None else param.grad

    def keep(self, p, *shape):
        """A dropout mask, rescaled."""
        return (torch.rand(shape, device=self.device) >= p).to(self.dtype) / (1.0 - p)

    def clear(self):
        """The state before the first word."""
        for layer in self.layers:
            layer.y[0].zero_()
            layer.c[0].zero_()

    def prepare(self, training):
        """Weights in the products' type, with this step's dropped connections; the embedded words; the masks."""
        on_words, on_input, between, on_output = self.dropout[:4] if training else (0.0,) * 4
        self.embedding.copy_(self.params["embeddings.weight"])
        vocabulary, width = self.embedding.shape
        self.word_keep = self.keep(on_words, vocabulary)
        self.input_keep = self.keep(on_input, self.batch, width)
        self.layers[0].x.copy_(self.embedding[self.inputs] * self.word_keep[self.inputs].unsqueeze(-1) * self.input_keep)
        for k, layer in enumerate(self.layers):
            kernel, recurrent, bias, recurrent_bias, _ = layer.master
            layer.kernel.copy_(kernel)
            layer.connect_keep = self.keep(self.connect if training else 0.0, *recurrent.shape)
            layer.recurrent.copy_(recurrent * layer.connect_keep)
            layer.bias.copy_(bias)
            layer.recurrent_bias.copy_(recurrent_bias)
            layer.keep.copy_(self.keep(on_output if k == len(self.layers) - 1 else between, *layer.keep.shape))

    def wave(self, work, backwards):
        """Calls work(k, from, to) of every layer and chunk of words, each after what it needs, on its layer's stream."""
        chunks = [(at, min(at + CHUNK, self.words)) for at in range(0, self.words, CHUNK)]
        order = range(len(self.layers))
        if backwards:
            chunks, order = chunks[::-1], list(order)[::-1]
        if not self.streams:
            for k in order:
                for chunk in chunks:
                    work(k, *chunk)
            return
        start = torch.cuda.current_stream()
        for stream in self.streams:
            stream.wait_stream(start)
        done = {}
        for diagonal in range(len(chunks) + len(self.layers) - 1):
            for place_, k in enumerate(order):
                number = diagonal - place_
                if not 0 <= number < len(chunks):
                    continue
                with torch.cuda.stream(self.streams[k]):
                    if place_:
                        self.streams[k].wait_event(done[place_ - 1, number])
                    work(k, *chunks[number])
                    done[place_, number] = self.streams[k].record_event()
        for stream in self.streams:
            start.wait_stream(stream)

    def run_chunk(self, k, from_, to):
        """Words from_..to of layer k, forwards."""
        layer = self.layers[k]
        if k:
            below = self.layers[k - 1]
            torch.mul(below.y[from_ + 1 : to + 1], below.keep, out=layer.x[from_:to])
        width, three = layer.kernel.shape
        torch.addmm(layer.bias, layer.x[from_:to].view(-1, width), layer.kernel, out=layer.a[from_:to].view(-1, three))
        for t in range(from_, to):
            torch.addmm(layer.recurrent_bias, layer.y[t], layer.recurrent, out=layer.q[t])
            self.forward_point(layer.a[t], layer.q[t], layer.c[t], layer.master[4], layer.y[t + 1], layer.c[t + 1], self.events)

    def back_chunk(self, k, from_, to):
        """Words from_..to of layer k, backwards."""
        layer = self.layers[k]
        if k < len(self.layers) - 1:
            torch.mul(self.layers[k + 1].dx[from_:to], layer.keep, out=layer.dy[from_:to])
        for t in reversed(range(from_, to)):
            self.backward_point(
                layer.a[t], layer.q[t], layer.c[t], layer.master[4], layer.dy[t], layer.dy_back, layer.cost,
                self.surrogate, layer.da[t], layer.dq[t], layer.dc, layer.dthr, self.events,
            )  # fmt: skip
            torch.mm(layer.dq[t], layer.recurrent.t(), out=layer.dy_back)
        width, three = layer.kernel.shape
        torch.mm(layer.da[from_:to].view(-1, three), layer.kernel.t(), out=layer.dx[from_:to].view(-1, width))

    @torch.no_grad()
    def forward(self, training):
        """Outputs of all words; returns the last layer's, after dropout and scale, [T * B, E]."""
        self.prepare(training)
        self.wave(self.run_chunk, backwards=False)
        for layer, units in zip(self.layers, self.units):
            layer.activity.copy_((layer.y[1:] != 0).sum() / (self.words * self.batch * units))
        last = self.layers[-1]
        self.dropped = (last.y[1:] * last.keep).reshape(-1, last.y.shape[-1])
        return self.dropped * self.params["scale"].to(self.dtype)

    @torch.no_grad()
    def score(self, hidden):
        """The losses, and in the logits' place their gradient."""
        torch.mm(hidden, self.embedding.t(), out=self.logits)
        self.cross_entropy(self.logits, self.params["decoder.decoder.bias"], self.targets.view(-1), self.losses)

    @torch.no_grad()
    def carry(self, c_too):
        """The state left becomes the state met."""
        for layer in self.layers:
            layer.y[0].copy_(layer.y[-1])
            layer.c[0].copy_(layer.c[-1] if c_too else torch.zeros_like(layer.c[-1]))

    @torch.no_grad()
    def backward(self):
        """Fills every parameter's .grad, after `score`."""
        grads = {name: param.grad for name, param in self.params.items()}
        hidden = self.dropped * self.params["scale"].to(self.dtype)
        dhidden = self.logits @ self.embedding
        grads["embeddings.weight"].copy_(self.logits.t() @ hidden)
        grads["decoder.decoder.bias"].copy_(self.ones @ self.logits)
        grads["scale"].copy_((dhidden.float() * self.dropped.float()).sum())
        last = self.layers[-1]
        upper = dhidden.view(last.dy.shape) * self.params["scale"].to(self.dtype)
        torch.mul(upper, last.keep, out=last.dy)
        for layer in self.layers:
            for zeroed in (layer.dc, layer.dthr, layer.dy_back):
                zeroed.zero_()
        self.wave(self.back_chunk, backwards=True)
        for layer in self.layers:
            kernel, recurrent, bias, recurrent_bias, thr = (grads[name] for name in layer.names)
            x, y = layer.x.flatten(0, 1), layer.y[:-1].flatten(0, 1)
            da, dq = layer.da.flatten(0, 1), layer.dq.flatten(0, 1)
            kernel.copy_(x.t() @ da)
            recurrent.copy_((y.t() @ dq) * layer.connect_keep)
            bias.copy_(self.ones @ da)
            recurrent_bias.copy_(self.ones @ dq)
            if self.events:
                thr.copy_(layer.dthr.sum(dim=0))
        dx = self.layers[0].dx * self.input_keep * self.word_keep[self.inputs].unsqueeze(-1)
        grads["embeddings.weight"].index_add_(0, self.inputs.view(-1), dx.flatten(0, 1).float())
