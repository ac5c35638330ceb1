#!/usr/bin/env python3
"""Write values.bin: what PyTorch gives for small networks, for tests/check_golden.c.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch numpy
    /tmp/torch/bin/python tests/golden/make_golden.py

Weights are drawn in float32; everything else is computed from them in float64 and stored as
float32. The same computation is also done in float32, and a value that float32 cannot hold to a
fifth of the test's tolerance is refused: then another seed is needed, not a wider tolerance.

torch.nn.RNN, LSTM and GRU are the reference wherever they have the formula. What they lack (other
activations, the GRU of Cho et al. 2014, padding within a batch) is written out in run_by_hand(),
which is held against torch.nn on every case that both can do.

values.bin is a sequence of lines, each ended by a newline:
    torch VERSION
    case NAME key=value ...  begins a case; keys are fields of unroll_net_spec, and T, B, windows
    run NAME key=value ...   ten updates of that case; its tensors are "NAME:PARAMETER"
    tensor NAME D0 [D1 [D2 [D3]]]    D0*D1*D2*D3 little-endian float32 follow, and a newline
    end                      ends a case
Tensors of a case: "weight:PARAMETER", the start; and for each window w, prefixed "w.": input,
target, weight and mode (where they are not trivial), logits (where the case asks for them),
token_loss [T][B] (unweighted, 0 where the weight is 0), loss [1] (the weighted mean), state
[layers][states][B][hidden] after the window, and "grad:PARAMETER" of the mean loss (0 for what
unroll keeps at zero).
"""
import math
import pathlib
import struct

import torch
from torch import nn
from torch.nn import functional as F

RUN, HOLD, RESET = 0, 1, 2
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
# Of the LSTM's forms: its gates in the order of the weights, and those that see c through a weight a unit.
FORMS = {"forget": ("ifgo", ""), "no-forget": ("igo", ""), "peephole": ("ifgo", "ifo"),
         "no-forget-peephole": ("igo", "io")}
ACTIVATIONS = {
    "tanh": lambda z, slope: torch.tanh(z),
    "sigmoid": lambda z, slope: torch.sigmoid(z),
    "relu": lambda z, slope: torch.relu(z),
    "leaky-relu": lambda z, slope: F.leaky_relu(z, 0.01),
    "prelu": lambda z, slope: torch.where(z > 0, z, slope * z),
}
# torch.optim's defaults but for what is written here. clip is clip_grad_norm_'s bound.
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, "sgd", {"lr": 0.5}),
    "adam": (torch.optim.Adam, "adam", {"lr": 0.01}),
    "rmsprop": (torch.optim.RMSprop, "rmsprop", {"lr": 0.005}),
    "momentum": (torch.optim.SGD, "momentum", {"lr": 0.1, "momentum": 0.9}),
    "nesterov": (torch.optim.SGD, "nesterov", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, "adagrad", {"lr": 0.05}),
    "adamw": (torch.optim.AdamW, "adamw", {"lr": 0.01, "weight_decay": 0.1}),
    "sgd-decay": (torch.optim.SGD, "sgd", {"lr": 0.5, "weight_decay": 0.1}),
    "adam-decay": (torch.optim.Adam, "adam", {"lr": 0.01, "weight_decay": 0.1}),
}
STEPS = 10


class Case:
    """One network, its weights in float32 and its windows."""

    def __init__(self, name, cell, layers=1, hidden=10, activation="tanh", gru="reset-after",
                 lstm="forget", embedding=0, tie=False, features=0, T=17, B=5, windows=1, modes=False,
                 weights=True, second_bias=False, scale=1.0, optimizers=(), clip=0.1,
                 logits=False, seed=1):
        self.__dict__.update({k: v for k, v in locals().items() if k != "self"})
        self.by_hand = (modes or gru != "reset-after" or lstm != "forget" or
                        activation not in ("tanh", "relu"))
        self.gates = len(FORMS[lstm][0]) if cell == "lstm" else GATES[cell]
        self.inputs = features or 11
        self.outputs = 3 if features else 11
        self.rng = torch.Generator().manual_seed(seed)
        self.draw_weights()
        self.data = [self.draw_window() for _ in range(windows)]

    def uniform(self, bound, *shape):
        return (torch.rand(*shape, generator=self.rng) * 2 - 1) * bound

    def draw_weights(self):
        H, G, p = self.hidden, self.gates, {}
        bound = self.scale / math.sqrt(H)
        if self.embedding:
            p["encoder.weight"] = torch.randn(self.inputs, self.embedding, generator=self.rng)
        size = self.embedding or self.inputs
        for l in range(self.layers):
            p[f"rnn.weight_ih_l{l}"] = self.uniform(bound, G * H, size if l == 0 else H)
            p[f"rnn.weight_hh_l{l}"] = self.uniform(bound, G * H, H)
            p[f"rnn.bias_ih_l{l}"] = self.uniform(bound, G * H)
            second = 1 if self.second_bias else self.learns(f"rnn.bias_hh_l{l}")
            p[f"rnn.bias_hh_l{l}"] = self.uniform(bound, G * H) * second
            if self.cell == "lstm" and FORMS[self.lstm][1]:
                p[f"rnn.weight_peephole_l{l}"] = self.uniform(bound, len(FORMS[self.lstm][1]) * H)
            if self.activation == "prelu":
                p[f"rnn.prelu_l{l}"] = torch.rand(H, generator=self.rng) * 0.4 + 0.05
        if not self.tie:
            p["decoder.weight"] = self.uniform(1 / math.sqrt(H), self.outputs, H)
        p["decoder.bias"] = self.uniform(1 / math.sqrt(H), self.outputs)
        self.start = p

    def learns(self, name):
        """1 where unroll trains an element of `name`, 0 where it keeps a second bias at zero."""
        if "bias_hh" not in name:
            return 1.0
        H = self.hidden
        mask = torch.zeros(self.gates * H)
        if self.cell == "gru" and self.gru == "reset-after":
            mask[2 * H :] = 1
        return mask

    def draw_window(self):
        T, B, w = self.T, self.B, {}
        if self.features:
            w["input"] = self.uniform(1, T, B, self.inputs)
            w["target"] = self.uniform(1, T, B, self.outputs)
        else:
            w["input"] = torch.randint(self.inputs, (T, B), generator=self.rng)
            w["target"] = torch.randint(self.outputs, (T, B), generator=self.rng)
        w["weight"] = torch.ones(T, B)
        if self.weights:  # some targets do not count, some count more or less
            choice = torch.randint(6, (T, B), generator=self.rng)
            w["weight"] = torch.tensor([0.0, 0.5, 1.0, 1.0, 1.0, 2.0])[choice]
        w["mode"] = torch.zeros(T, B, dtype=torch.long)
        if self.modes:
            m = w["mode"]
            m[T - 4 :, 1] = HOLD                      # a shorter sequence
            m[: 3, 2] = HOLD                          # one that is aligned right
            m[T // 2, 3] = RESET                      # two sequences in a row
            m[5, 4], m[6, 4], m[7, 4] = HOLD, RESET, HOLD
            w["weight"] = w["weight"] * (m == RUN)
        return w


def run_torch_nn(case, p, x, state):
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[case.cell]
    more = {"nonlinearity": case.activation} if case.cell == "rnn" else {}
    module = kind(x.shape[-1], case.hidden, case.layers, dtype=x.dtype, **more)
    names = [k for k in p if k.startswith("rnn.")]
    if state is not None:
        state = tuple(state.unbind(1)) if case.cell == "lstm" else state[:, 0]
        state = tuple(s.contiguous() for s in state) if case.cell == "lstm" else state.contiguous()
    y, s = torch.func.functional_call(module, {k[4:]: p[k] for k in names}, (x, state))
    return y, torch.stack(s, 1) if case.cell == "lstm" else s[:, None]


def step_by_hand(case, p, l, x, h, c):
    Wx, Wh = p[f"rnn.weight_ih_l{l}"], p[f"rnn.weight_hh_l{l}"]
    bx, bh = p[f"rnn.bias_ih_l{l}"], p[f"rnn.bias_hh_l{l}"]
    H = case.hidden
    if case.cell == "rnn":
        z = x @ Wx.T + bx + h @ Wh.T + bh
        return ACTIVATIONS[case.activation](z, p.get(f"rnn.prelu_l{l}")), c
    if case.cell == "lstm":
        gates, seeing = FORMS[case.lstm]
        a = dict(zip(gates, (x @ Wx.T + bx + h @ Wh.T + bh).split(H, -1)))
        see = dict(zip(seeing, p[f"rnn.weight_peephole_l{l}"].split(H))) if seeing else {}
        i = torch.sigmoid(a["i"] + see.get("i", 0) * c)  # Gers and Schmidhuber (2000)
        f = torch.sigmoid(a["f"] + see.get("f", 0) * c) if "f" in gates else 1.0
        c = f * c + i * torch.tanh(a["g"])
        return torch.sigmoid(a["o"] + see.get("o", 0) * c) * torch.tanh(c), c
    a, b = x @ Wx.T + bx, h @ Wh.T + bh
    r, z = torch.sigmoid(a + b)[..., : 2 * H].split(H, -1)
    if case.gru == "reset-after":  # n = tanh(Wx + bx + r * (Uh + bh)), as PyTorch and cuDNN
        n = torch.tanh(a[..., 2 * H :] + r * b[..., 2 * H :])
    else:                          # n = tanh(Wx + b + U (r * h)), Cho et al. (2014)
        n = torch.tanh(a[..., 2 * H :] + (r * h) @ Wh[2 * H :].T + bh[2 * H :])
    return (1 - z) * n + z * h, c


def run_by_hand(case, p, x, state, mode):
    if state is None:
        state = x.new_zeros(case.layers, 2 if case.cell == "lstm" else 1, x.shape[1], case.hidden)
    last = []
    for l in range(case.layers):
        h, c, out = state[l, 0], state[l, -1], []
        for t in range(x.shape[0]):
            h1, c1 = step_by_hand(case, p, l, x[t], h, c)
            m = mode[t][:, None]
            zero = torch.zeros_like(h)
            h = torch.where(m == RUN, h1, torch.where(m == HOLD, h, zero))
            c = torch.where(m == RUN, c1, torch.where(m == HOLD, c, zero))
            out.append(h)
        x = torch.stack(out)
        last.append(torch.stack([h, c] if case.cell == "lstm" else [h]))
    return x, torch.stack(last)


def run_window(case, p, w, state, by_hand):
    """Outputs, losses and the state after one window."""
    if case.features:
        x = w["input"].to(p["decoder.bias"].dtype)
    elif case.embedding:
        x = F.embedding(w["input"], p["encoder.weight"])
    else:
        x = F.one_hot(w["input"], case.inputs).to(p["decoder.bias"].dtype)
    if by_hand:
        h, state = run_by_hand(case, p, x, state, w["mode"])
    else:
        h, state = run_torch_nn(case, p, x, state)
    y = h @ p["encoder.weight" if case.tie else "decoder.weight"].T + p["decoder.bias"]
    if case.features:
        each = ((y - w["target"].to(y.dtype)) ** 2).sum(-1)
    else:
        each = F.cross_entropy(y.flatten(0, 1), w["target"].flatten(), reduction="none")
        each = each.view(case.T, case.B)
    weight = w["weight"].to(y.dtype)
    return {"logits": y, "token_loss": each * (weight > 0),
            "loss": (each * weight).sum() / weight.sum(), "state": state}


def parameters(case, dtype):
    return {k: v.clone().to(dtype).requires_grad_() for k, v in case.start.items()}


def compute(case, dtype, by_hand):
    """All of a case but the optimisers, in `dtype`: windows carry the state, not the gradient."""
    out, state, p = {}, None, parameters(case, dtype)
    for i, w in enumerate(case.data):
        r = run_window(case, p, w, state, by_hand)
        grads = torch.autograd.grad(r["loss"], list(p.values()))
        state = r["state"].detach()
        if not case.logits:
            del r["logits"]
        out |= {f"{i}.{k}": v.detach() for k, v in r.items()}
        out |= {f"{i}.grad:{k}": g * torch.as_tensor(case.learns(k)).to(dtype)
                for k, g in zip(p, grads)}
    return out


def optimise(case, name, dtype):
    """The weights after STEPS updates on the first window from the zero state."""
    kind, _, options = OPTIMIZERS[name]
    p = parameters(case, dtype)
    optimizer = kind(list(p.values()), **options)
    clipped = 0
    for _ in range(STEPS):
        optimizer.zero_grad()
        run_window(case, p, case.data[0], None, case.by_hand)["loss"].backward()
        for k, v in p.items():
            v.grad *= torch.as_tensor(case.learns(k)).to(dtype)
        clipped += nn.utils.clip_grad_norm_(list(p.values()), case.clip) > case.clip
        optimizer.step()
    if not clipped:
        raise SystemExit(f"{case.name}: no step of {name} was clipped; lower clip")
    return {f"{name}:{k}": v.detach() for k, v in p.items()}


def distance(a, b):
    """The largest difference, as a share of the tensor's largest element."""
    scale = float(b.abs().max()) or 1.0
    return float((a.double() - b.double()).abs().max()) / scale


def require_close(case, what, single, double, tolerance):
    for k in double:
        error = distance(single[k], double[k])
        if not error <= tolerance:
            raise SystemExit(f"{case.name}: {what} {k} differs by {error:.1e}, more than "
                             f"{tolerance:.0e}; try another seed")


def write_tensor(f, name, value):
    value = torch.as_tensor(value).to(torch.float32).contiguous()
    shape = value.shape or (1,)
    f.write(f"tensor {name} {' '.join(map(str, shape))}\n".encode())
    f.write(struct.pack(f"<{value.numel()}f", *value.flatten().tolist()) + b"\n")


def write_line(f, kind, name, **fields):
    f.write(" ".join([kind, name] + [f"{k}={v}" for k, v in fields.items()]).encode() + b"\n")


def write_case(f, case):
    values = compute(case, torch.float64, case.by_hand)
    require_close(case, "float32", compute(case, torch.float32, case.by_hand), values, 2e-6)
    if not case.by_hand:  # what is written out by hand is trusted where torch.nn has no word
        require_close(case, "by hand", compute(case, torch.float64, True), values, 1e-12)
    write_line(f, "case", case.name, cell=case.cell, gru=case.gru, lstm=case.lstm, activation=case.activation,
               layers=case.layers, hidden=case.hidden, embedding=case.embedding,
               tie=int(case.tie), features=int(case.features > 0), squared=int(case.features > 0),
               inputs=case.inputs, outputs=case.outputs, T=case.T, B=case.B, windows=case.windows)
    for k, v in case.start.items():
        write_tensor(f, f"weight:{k}", v)
    for i, w in enumerate(case.data):
        for k, v in w.items():
            if k in ("input", "target") or v.float().ne(1.0 if k == "weight" else 0.0).any():
                write_tensor(f, f"{i}.{k}", v)
    for k, v in values.items():
        write_tensor(f, k, v)
    for name in case.optimizers:
        end = optimise(case, name, torch.float64)
        require_close(case, "float32", optimise(case, name, torch.float32), end, 1e-5)
        _, optimizer, options = OPTIMIZERS[name]
        write_line(f, "run", name, optimizer=optimizer, steps=STEPS, clip=case.clip,
                   lr=options["lr"], weight_decay=options.get("weight_decay", 0),
                   momentum=options.get("momentum", 0))
        for k, v in end.items():
            write_tensor(f, k, v)
    f.write(b"end\n")


def main():
    three = ("sgd", "adam", "rmsprop")
    cases = [
        Case("rnn-tanh-1", "rnn", hidden=12, logits=True, optimizers=tuple(OPTIMIZERS)),
        Case("rnn-tanh-3", "rnn", layers=3, hidden=12, logits=True, seed=2),
        Case("rnn-relu-1", "rnn", hidden=9, activation="relu", optimizers=three, logits=True,
             seed=3),
        Case("rnn-relu-3", "rnn", layers=3, hidden=9, activation="relu", scale=1.4, logits=True,
             seed=4),
        Case("lstm-1", "lstm", optimizers=three, logits=True, seed=5),
        Case("lstm-3", "lstm", layers=3, scale=1.5, optimizers=("adam",), logits=True, seed=6),
        Case("gru-1", "gru", optimizers=three, logits=True, seed=7),
        Case("gru-3", "gru", layers=3, scale=1.5, logits=True, seed=8),
        Case("rnn-embedding", "rnn", hidden=8, embedding=7, logits=True, seed=9),
        Case("lstm-embedding", "lstm", hidden=9, embedding=6, optimizers=("adam",), logits=True,
             seed=10),
        Case("gru-embedding", "gru", hidden=9, embedding=16, logits=True, seed=11),
        Case("lstm-tied", "lstm", hidden=8, embedding=8, tie=True, optimizers=("sgd",), logits=True,
             seed=12),
        Case("gru-reset-before-1", "gru", gru="reset-before", optimizers=("sgd",), logits=True,
             seed=13),
        Case("gru-reset-before-2", "gru", gru="reset-before", hidden=7, layers=2, scale=1.5,
             seed=14),
        Case("rnn-sigmoid-1", "rnn", activation="sigmoid", logits=True, scale=2, seed=15),
        Case("rnn-sigmoid-2", "rnn", activation="sigmoid", layers=2, scale=2, seed=16),
        Case("rnn-leaky-relu-2", "rnn", activation="leaky-relu", layers=2, seed=17),
        Case("rnn-prelu-1", "rnn", activation="prelu", logits=True, optimizers=("sgd",), seed=18),
        Case("rnn-prelu-2", "rnn", activation="prelu", layers=2, seed=19),
        Case("rnn-carry", "rnn", layers=2, hidden=7, T=6, windows=2, seed=20),
        Case("lstm-carry", "lstm", layers=2, hidden=7, T=6, windows=2, scale=1.5, seed=21),
        Case("gru-carry", "gru", layers=2, hidden=7, T=6, windows=2, scale=1.5, seed=22),
        Case("rnn-padded", "rnn", layers=2, hidden=6, modes=True, seed=23),
        Case("lstm-padded", "lstm", layers=2, hidden=6, modes=True, scale=1.5, seed=24),
        Case("gru-padded", "gru", layers=2, hidden=6, modes=True, scale=1.5, seed=25),
        Case("gru-features", "gru", hidden=7, features=4, seed=26),
        Case("lstm-features", "lstm", layers=2, hidden=6, features=4, weights=False, scale=1.5,
             seed=27),
        Case("rnn-second-bias", "rnn", hidden=5, T=4, second_bias=True, seed=28),
        Case("lstm-second-bias", "lstm", hidden=5, T=4, second_bias=True, seed=29),
        Case("gru-second-bias", "gru", hidden=5, T=4, second_bias=True, seed=30),
        Case("lstm-no-forget-1", "lstm", lstm="no-forget", optimizers=("sgd",), logits=True, seed=31),
        Case("lstm-no-forget-2", "lstm", lstm="no-forget", hidden=7, layers=2, scale=1.5, T=9,
             windows=2, seed=32),
        Case("lstm-peephole-1", "lstm", lstm="peephole", optimizers=three, logits=True, scale=2,
             seed=33),
        Case("lstm-peephole-2", "lstm", lstm="peephole", hidden=7, layers=2, scale=1.5, T=9,
             windows=2, seed=34),
        Case("lstm-peephole-padded", "lstm", lstm="peephole", layers=2, hidden=6, modes=True,
             scale=1.5, seed=35),
        Case("lstm-no-forget-peephole", "lstm", lstm="no-forget-peephole", layers=2, hidden=6,
             modes=True, scale=1.5, seed=36),
        Case("lstm-peephole-second-bias", "lstm", lstm="peephole", hidden=5, T=4,
             second_bias=True, seed=37),
    ]
    torch.use_deterministic_algorithms(True)
    path = pathlib.Path(__file__).with_name("values.bin")
    with open(path, "wb") as f:
        f.write(f"torch {torch.__version__.split('+')[0]}\n".encode())
        for case in cases:
            write_case(f, case)
    size = path.stat().st_size
    print(f"{path.name}: {len(cases)} cases, {size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
