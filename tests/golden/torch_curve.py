"""Nets of unroll written out in PyTorch, and the norms of δ_{t→s} by autograd: in doubles with exact complements, or as
PyTorch itself computes them. Used by exact_autograd.py.

Exact: the derivative of tanh is 4e/(1 + e)², e = exp(−2|z|), that of the sigmoid σ(z) σ(−z), 1 − z of a GRU is
σ(−a), and p_k − 1 of the softmax is −Σ of the others. PyTorch takes 1 − tanh², σ(1 − σ), 1 − z and p − 1: differences
of near numbers where units are saturated."""
import torch
from torch.nn import functional as F

EPSILON = 1e-5
# Of the LSTM's forms: its gates in the order of the weights, and those that see c through a weight a unit.
LSTM_FORMS = {"forget": ("ifgo", ""), "no-forget": ("igo", ""), "peephole": ("ifgo", "ifo"),
              "no-forget-peephole": ("igo", "io")}
SCALE = 2.0**500  # of the loss, taken off again: the way back is linear, and reaches below the smallest double


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return torch.tanh(z)

    @staticmethod
    def backward(ctx, d):
        (z,) = ctx.saved_tensors
        e = torch.exp(-2 * z.abs())
        return d * (4 * e / (1 + e) ** 2)


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return torch.sigmoid(z)

    @staticmethod
    def backward(ctx, d):
        (z,) = ctx.saved_tensors
        return d * (torch.sigmoid(z) * torch.sigmoid(-z))


class CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y, target):
        p = torch.softmax(y, 1)
        ctx.save_for_backward(p, target)
        return -torch.log_softmax(y, 1).gather(1, target[:, None]).sum()

    @staticmethod
    def backward(ctx, d):
        p, target = ctx.saved_tensors
        others = p.scatter(1, target[:, None], 0)
        return d * others.scatter(1, target[:, None], -others.sum(1, keepdim=True)), None


class Exact:
    """The nonlinearities of the exact curve."""

    dtype = torch.float64
    tanh, sigmoid, cross_entropy = Tanh.apply, Sigmoid.apply, CrossEntropy.apply

    @classmethod
    def complement(cls, a, gate):
        """1 − sigmoid(a)."""
        return cls.sigmoid(-a)


class Plain:
    """As every framework computes it."""

    dtype = torch.float64
    tanh, sigmoid = torch.tanh, torch.sigmoid

    @staticmethod
    def cross_entropy(y, target):
        return F.cross_entropy(y, target, reduction="sum")

    @staticmethod
    def complement(a, gate):
        return 1 - gate


class PlainFloat(Plain):
    dtype = torch.float32


def normalise(a, gain, over_units, dims):
    """Of the units of a row, or over the rows (dims) with their statistics as constants."""
    if over_units:
        mean, variance = a.mean(-1, keepdim=True), a.var(-1, unbiased=False, keepdim=True)
    else:
        held = a.detach()
        mean, variance = held.mean(dims, keepdim=True), held.var(dims, unbiased=False, keepdim=True)
    return gain * (a - mean) / torch.sqrt(variance + EPSILON)


class Stack:
    """The recurrent layers under a prefix; every state of every step is kept, for its gradient."""

    def __init__(self, model, maths, prefix="rnn.", suffix=""):
        self.c, self.maths, self.prefix, self.suffix = model.config, maths, prefix, suffix
        self.tensors = {k: torch.tensor(v, dtype=maths.dtype) for k, v in model.tensors.items()}
        self.units = self.c["norm"] == "layer"

    def tensor(self, name, l):
        return self.tensors.get(f"{self.prefix}{name}_l{l}{self.suffix}")

    def norm(self, a, gain, gates, dims=(0,)):
        """gates: the sizes of the parts of a that share a mean."""
        if gain is None:
            return a
        if not self.units:
            return normalise(a, gain, False, dims)
        parts = zip(a.split(gates, -1), gain.split(gates, -1))
        return torch.cat([normalise(x, g, True, None) for x, g in parts], -1)

    def activation(self, z, slope):
        name = self.c["activation"]
        if name in ("tanh", "sigmoid"):
            return getattr(self.maths, name)(z)
        below = {"relu": 0, "leaky-relu": 0.01, "prelu": slope}[name]
        return torch.where(z > 0, z, below * z)

    def step(self, l, x, h, c):
        """x: the products with the input, normalised."""
        m, H = self.maths, h.shape[1]
        W, bx, bh = (self.tensor(n, l) for n in ("weight_hh", "bias_ih", "bias_hh"))
        gain = self.tensor("norm_hh", l)
        if self.c["cell"] == "rnn":
            a = x + self.norm(h @ W.T, gain, [H])
            return self.activation(self.norm(a, self.tensor("norm", l), [H]) + bx + bh, self.tensor("prelu", l)), None
        if self.c["cell"] == "lstm":
            gates, seeing = LSTM_FORMS[self.c["lstm"]]
            a = dict(zip(gates, (x + self.norm(h @ W.T, gain, [W.shape[0]]) + bx + bh).split(H, 1)))
            p = self.tensor("weight_peephole", l)
            see = dict(zip(seeing, p.split(H))) if seeing else {}
            i, f = (a[k] + see[k] * c if k in see else a.get(k) for k in "if")
            c = (c if f is None else m.sigmoid(f) * c) + m.sigmoid(i) * m.tanh(a["g"])
            o = a["o"] + see["o"] * c if "o" in see else a["o"]
            u = self.norm(c, self.tensor("norm_c", l), [H])
            if self.tensor("norm_c", l) is not None:
                u = u + self.tensor("norm_c_bias", l)
            return m.sigmoid(o) * m.tanh(u), c
        rz_gain, n_gain = (gain[: 2 * H], gain[2 * H :]) if gain is not None else (None, None)
        x = x + bx
        ar, az = (x[:, : 2 * H] + self.norm(h @ W[: 2 * H].T, rz_gain, [2 * H]) + bh[: 2 * H]).chunk(2, 1)
        r, z = m.sigmoid(ar), m.sigmoid(az)
        if self.c["gru"] == "reset-after":
            inner = r * (self.norm(h @ W[2 * H :].T, n_gain, [H]) + bh[2 * H :])
        else:
            inner = self.norm((r * h) @ W[2 * H :].T, n_gain, [H]) + bh[2 * H :]
        return m.complement(az, z) * m.tanh(x[:, 2 * H :] + inner) + z * h, None

    def products(self, l, xs, inputs):
        W, skip, gain = (self.tensor(n, l) for n in ("weight_ih", "weight_skip", "norm_ih"))
        a = xs @ W.T
        if skip is not None:
            a = a + inputs @ skip.T
        H = self.tensor("weight_hh", l).shape[1]
        gates = [2 * H, H] if self.c["cell"] == "gru" else [W.shape[0]]
        return self.norm(a, gain, gates, (0, 1) if self.c["norm"] == "batch" else (1,))

    def run_layer(self, l, xs, inputs, h, c, backwards=False):
        """xs: [T][rows][inputs]. @return h of every step, c of every step (or None)"""
        hs, cs = [], []
        products = self.products(l, xs, inputs)
        for t in reversed(range(len(xs))) if backwards else range(len(xs)):
            h, c = self.step(l, products[t], h, c)
            for s in (h, c):
                if s is not None and s.requires_grad:
                    s.retain_grad()
            hs.append(h)
            cs.append(c)
        return (hs[::-1], cs[::-1]) if backwards else (hs, cs)

    def zero(self, l, rows):
        return torch.zeros(rows, self.tensor("weight_hh", l).shape[1], dtype=self.maths.dtype, requires_grad=True)

    def run(self, xs, states=None):
        """@return outputs of the top layer [T][rows][H], and by layer (hs, cs)"""
        inputs, seen = xs, []
        for l in range(self.c["layers"]):
            h, c = states[l] if states else (self.zero(l, xs.shape[1]),) * 2
            hs, cs = self.run_layer(l, xs, inputs, h, c)
            seen.append((hs, cs))
            ys = torch.stack(hs)
            xs = ys + xs if self.c["residual"] and l > 0 else ys
        return xs, seen


def inputs_of(stack, name, ids, symbols):
    """[T][rows] ids as vectors."""
    table = stack.tensors.get(name)
    return table[ids] if table is not None else F.one_hot(ids, symbols).to(stack.maths.dtype)


def row_norms(grad):
    """‖·‖₂ of every row, without overflow, and the loss's scale taken off."""
    grad = grad.double()
    top = grad.abs().amax(1, keepdim=True).clamp_min(5e-324)
    return (grad / top).norm(dim=1) * (top[:, 0] / SCALE)


def grads(states):
    return [row_norms(s.grad if s.grad is not None else torch.zeros_like(s)) for s in states]


def scale_of(maths):
    return SCALE if maths.dtype == torch.float64 else 1.0


def language_curve(model, input, target, last, maths=Exact):
    """{(sample, layer, state): norms by distance} of the loss of step last[r] of each row r.
    input, target: [T][rows] lists"""
    stack = Stack(model, maths)
    ids = torch.tensor(input)
    symbols = stack.tensor("weight_ih", 0).shape[1]
    ys, seen = stack.run(inputs_of(stack, "encoder.weight", ids, symbols))
    W = stack.tensors["encoder.weight" if model.config["tie"] else "decoder.weight"]
    rows = list(range(len(last)))
    top = ys[last, rows]
    goal = torch.tensor([target[t][r] for r, t in enumerate(last)])
    loss = maths.cross_entropy(top @ W.T + stack.tensors["decoder.bias"], goal)
    (loss * scale_of(maths)).backward()
    out, off = {}, SCALE / scale_of(maths)
    for l, (hs, cs) in enumerate(seen):
        for name, states in (("h", hs), ("c", cs)):
            if states[0] is None:
                continue
            norms = torch.stack(grads(states)) * off
            for r, t in enumerate(last):
                out[r, l, name] = norms[: t + 1, r].flip(0).tolist()
    return out


def attend(tensors, kind, h, e, maths):
    """h̃ of one row: h [1][H], e [S][E]."""
    if kind == "dot":
        score = e @ h[0]
    elif kind == "general":
        score = (e @ tensors["attention.weight"].T) @ h[0]
    else:
        q = h @ tensors["attention.query.weight"].T
        k = e @ tensors["attention.key.weight"].T + tensors["attention.bias"]
        score = maths.tanh(q + k) @ tensors["attention.score.weight"]
    context = torch.softmax(score, 0) @ e
    return maths.tanh(torch.cat([context[None], h], 1) @ tensors["attention.combine.weight"].T)


def encode(model, ids, maths):
    """@return e [S][E], the decoder's first states by layer, and what was seen by layer (None: both ways)"""
    forward = Stack(model, maths, "encoder.rnn.")
    layers = model.config["layers"]
    xs = inputs_of(forward, "encoder.embedding.weight", ids[:, None], len(model.source_vocabulary))
    if not model.config["bidirectional"]:
        ys, seen = forward.run(xs)
        return ys[:, 0], [(hs[-1], cs[-1]) for hs, cs in seen], seen
    reverse = Stack(model, maths, "encoder.rnn.", "_reverse")
    states, t = [], forward.tensors
    for l in range(layers):
        zero = forward.zero(l, 1)
        f, b = forward.run_layer(l, xs, xs, zero, zero), reverse.run_layer(l, xs, xs, zero, zero, True)
        first = []
        for i, name in enumerate("hc"):
            if f[i][0] is None:
                first.append(None)
                continue
            ends = torch.cat([f[i][-1], b[i][0]], 1)
            first.append(maths.tanh(ends @ t[f"bridge.weight_{name}_l{l}"].T + t[f"bridge.bias_{name}_l{l}"]))
        states.append(tuple(first))
        xs = torch.cat([torch.stack(f[0]), torch.stack(b[0])], 2)
    return xs[:, 0], states, None


def translation_curve(model, pairs, maths=Exact):
    """{(sample, layer, state): norms by distance} of each pair's last target; pairs: (source, input, target) ids.
    Distances go back through the decoder and on through what an encoder of one direction read."""
    out = {}
    for r, (source, input, target) in enumerate(pairs):
        e, states, read = encode(model, torch.tensor(source), maths)
        decoder = Stack(model, maths, "decoder.rnn.")
        ids = torch.tensor(input)[:, None]
        xs = inputs_of(decoder, "decoder.embedding.weight", ids, len(model.vocabulary))
        ys, seen = decoder.run(xs, states)
        top = ys[-1]
        if model.config["attention"] != "none":
            top = attend(decoder.tensors, model.config["attention"], top, e, maths)
        y = top @ decoder.tensors["decoder.output.weight"].T + decoder.tensors["decoder.output.bias"]
        (maths.cross_entropy(y, torch.tensor(target[-1:])) * scale_of(maths)).backward()
        for l in range(model.config["layers"]):
            for i, name in enumerate("hc"):
                chain = seen[l][i][::-1] + (read[l][i][::-1] if read else [])
                if chain[0] is not None:
                    out[r, l, name] = [float(v) * (SCALE / scale_of(maths)) for v in grads(chain)]
    return out
