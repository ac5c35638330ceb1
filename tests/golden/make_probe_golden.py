#!/usr/bin/env python3
"""Write probe.bin: the norms of dL/dh_s and dL/dc_s at every layer, step and sample, for one loss at the last step of
a long window, by autograd through models written out step by step in doubles. tests/check_curve.c compares them
with what the probe finds in single precision.

Needs PyTorch 2. The format: lines "NAME COUNT", each followed by COUNT little-endian doubles; a line
"case CELL LAYERS HIDDEN SYMBOLS STEPS ROWS" with no data begins a case. norm is [STEPS][LAYERS][2][ROWS].
"""
import pathlib
import struct

import torch

LAYERS, HIDDEN, SYMBOLS, STEPS, ROWS = 2, 12, 7, 150, 2
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def draw(cell, seed):
    """Parameters as PyTorch names and shapes them, exact in single precision."""
    g = torch.Generator().manual_seed(seed)
    n, bound, p = GATES[cell] * HIDDEN, HIDDEN**-0.5, {}

    def uniform(*shape):
        return ((torch.rand(*shape, generator=g) * 2 - 1) * bound).double()

    for l in range(LAYERS):
        p[f"rnn.weight_ih_l{l}"] = uniform(n, HIDDEN if l else SYMBOLS)
        p[f"rnn.weight_hh_l{l}"] = uniform(n, HIDDEN)
        p[f"rnn.bias_ih_l{l}"] = uniform(n)
        second = torch.zeros(n, dtype=torch.float64)
        if cell == "gru":  # the one second bias that is not the first one's double: inside the reset product
            second[2 * HIDDEN :] = uniform(HIDDEN)
        p[f"rnn.bias_hh_l{l}"] = second
    p["decoder.weight"] = uniform(SYMBOLS, HIDDEN)
    p["decoder.bias"] = uniform(SYMBOLS)
    return p


def step(cell, p, l, x, h, c):
    a = x @ p[f"rnn.weight_ih_l{l}"].T + p[f"rnn.bias_ih_l{l}"]
    b = h @ p[f"rnn.weight_hh_l{l}"].T + p[f"rnn.bias_hh_l{l}"]
    if cell == "rnn":
        return torch.tanh(a + b), None
    if cell == "lstm":
        i, f, g, o = (a + b).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    (ar, az, an), (br, bz, bn) = a.chunk(3, 1), b.chunk(3, 1)
    r, z = torch.sigmoid(ar + br), torch.sigmoid(az + bz)
    return (1 - z) * torch.tanh(an + r * bn) + z * h, None


def norms(cell, p, tokens, target):
    """[STEPS][LAYERS][2][ROWS]: every state is a node of its own, whose gradient is kept."""
    zero = torch.zeros(ROWS, HIDDEN, dtype=torch.float64)
    h, c, seen = [zero] * LAYERS, [zero] * LAYERS, []
    for t in range(STEPS):
        x = torch.nn.functional.one_hot(tokens[t], SYMBOLS).double()
        for l in range(LAYERS):
            h[l], c[l] = step(cell, p, l, x, h[l], c[l])
            for state in (h[l], c[l]):
                if state is not None:
                    state.requires_grad_() if state.is_leaf else state.retain_grad()
                seen.append(state)
            x = h[l]
    logits = x @ p["decoder.weight"].T + p["decoder.bias"]
    torch.nn.functional.cross_entropy(logits, target, reduction="sum").backward()
    none = torch.zeros(ROWS, dtype=torch.float64)
    return torch.stack([none if s is None else s.grad.norm(dim=1) for s in seen])


def write(f, name, values):
    flat = torch.as_tensor(values).double().flatten().tolist()
    f.write(f"{name} {len(flat)}\n".encode() + struct.pack(f"<{len(flat)}d", *flat))


def main():
    path = pathlib.Path(__file__).with_name("probe.bin")
    with open(path, "wb") as f:
        for seed, cell in enumerate(GATES):
            g = torch.Generator().manual_seed(100 + seed)
            p = {k: v.requires_grad_() for k, v in draw(cell, seed).items()}
            tokens = torch.randint(SYMBOLS, (STEPS, ROWS), generator=g)
            target = torch.randint(SYMBOLS, (ROWS,), generator=g)
            f.write(f"case {cell} {LAYERS} {HIDDEN} {SYMBOLS} {STEPS} {ROWS}\n".encode())
            for k, v in p.items():
                write(f, k, v.detach())
            write(f, "input", tokens)
            write(f, "target", target)
            write(f, "norm", norms(cell, p, tokens, target))
    print(f"{path.name}: {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
