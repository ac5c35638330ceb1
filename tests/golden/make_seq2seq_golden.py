#!/usr/bin/env python3
"""Write seq2seq.bin: what PyTorch gives for small encoder-decoders, for tests/check_seq2seq_golden.c.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch numpy
    /tmp/torch/bin/python tests/golden/make_seq2seq_golden.py

Weights are drawn in float32; everything else is computed from them in float64 and stored as float32. The
encoder, both directions and padding included, is torch.nn.RNN, LSTM or GRU on a packed sequence; the
decoder is one of them, too; attention is written out after Luong et al. (2015) and Bahdanau et al. (2015).

The file has the format of values.bin (see make_golden.py), with one window a case: tensors "weight:NAME",
"grad:NAME" (0 for what unroll keeps at zero), source [S][B], source_length [B], input and target [T][B],
target_length [B], logits [T][B][V], loss [1] (with label smoothing, of the mean).
"""
import pathlib
import struct

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

S, T, B, SOURCE, TARGET = 6, 5, 4, 9, 7
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CASES = [
    # name, cell, layers, hidden, embedding, bidirectional, attention, label smoothing
    ("rnn", "rnn", 1, 8, 0, 0, "none", 0),
    ("lstm-two-layers", "lstm", 2, 10, 6, 0, "none", 0.1),
    ("gru-dot", "gru", 1, 9, 5, 0, "dot", 0),
    ("lstm-general", "lstm", 2, 8, 0, 0, "general", 0),
    ("gru-additive", "gru", 2, 10, 6, 0, "additive", 0.1),
    ("rnn-both", "rnn", 2, 7, 4, 1, "none", 0),
    ("lstm-both", "lstm", 2, 6, 5, 1, "general", 0.2),
    ("gru-both", "gru", 1, 16, 16, 1, "additive", 0),
]


class Side(nn.Module):
    def __init__(self, cell, tokens, embedding, hidden, layers, both):
        super().__init__()
        self.tokens = tokens
        if embedding:
            self.embedding = nn.Embedding(tokens, embedding)
        self.rnn = CELLS[cell](embedding or tokens, hidden, layers, bidirectional=both)

    def inputs(self, ids):
        if hasattr(self, "embedding"):
            return self.embedding(ids)
        return F.one_hot(ids, self.tokens).to(self.rnn.weight_ih_l0.dtype)


def tensor(*shape):
    return nn.Parameter(torch.zeros(*shape))


class Translator(nn.Module):
    def __init__(self, cell, layers, hidden, embedding, both, attention):
        super().__init__()
        self.cell, self.layers, self.both, self.kind = cell, layers, both, attention
        self.encoder = Side(cell, SOURCE, embedding, hidden, layers, bool(both))
        self.decoder = Side(cell, TARGET, embedding, hidden, layers, False)
        self.decoder.output = nn.Linear(hidden, TARGET)
        width = hidden * (2 if both else 1)
        self.states = "hc" if cell == "lstm" else "h"
        if both:
            self.bridge = nn.Module()
            for l in range(layers):
                for s in self.states:
                    self.bridge.register_parameter(f"weight_{s}_l{l}", tensor(hidden, width))
                    self.bridge.register_parameter(f"bias_{s}_l{l}", tensor(hidden))
        if attention == "none":
            return
        self.attention = a = nn.Module()
        if attention == "general":
            a.weight = tensor(hidden, width)
        if attention == "additive":
            a.query, a.key, a.score = nn.Module(), nn.Module(), nn.Module()
            a.query.weight, a.key.weight = tensor(hidden, hidden), tensor(hidden, width)
            a.bias, a.score.weight = tensor(hidden), tensor(hidden)
        a.combine = nn.Module()
        a.combine.weight = tensor(hidden, width + hidden)

    def cross(self, state, name):
        if not self.both:
            return state
        pairs = state.view(self.layers, 2, B, -1)
        return torch.stack([
            torch.tanh(F.linear(torch.cat([pairs[l, 0], pairs[l, 1]], -1),
                                getattr(self.bridge, f"weight_{name}_l{l}"),
                                getattr(self.bridge, f"bias_{name}_l{l}")))
            for l in range(self.layers)])

    def score(self, h, e):  # [T][B][H], [S][B][E] -> [B][T][S]
        a = self.attention
        if self.kind == "additive":
            y = torch.tanh((h @ a.query.weight.T)[:, None] + e @ a.key.weight.T + a.bias)
            return (y @ a.score.weight).permute(2, 0, 1)
        keys = e if self.kind == "dot" else e @ a.weight.T
        return torch.einsum("tbh,sbh->bts", h, keys)

    def forward(self, source, length, ids):
        packed = pack_padded_sequence(self.encoder.inputs(source), length, enforce_sorted=False)
        e, last = self.encoder.rnn(packed)
        e, _ = pad_packed_sequence(e, total_length=S)
        if self.cell == "lstm":
            first = tuple(self.cross(s, n) for s, n in zip(last, "hc"))
        else:
            first = self.cross(last, "h")
        h, _ = self.decoder.rnn(self.decoder.inputs(ids), first)
        if self.kind != "none":
            score = self.score(h, e)
            padding = torch.arange(S)[None] >= length[:, None]
            weights = torch.softmax(score.masked_fill(padding[:, None], -torch.inf), -1)
            context = torch.einsum("bts,sbe->tbe", weights, e)
            h = torch.tanh(torch.cat([context, h], -1) @ self.attention.combine.weight.T)
        return self.decoder.output(h)


def kept_at_zero(cell, name, x):
    """unroll learns one bias where two would only add up; a GRU's second one has a part of its own."""
    if ".rnn.bias_hh" in name:
        x[: 2 * x.numel() // 3 if cell == "gru" else x.numel()] = 0


def write(out, name, x):
    x = x.detach().to(torch.float32).contiguous()
    out.write(f"tensor {name} {' '.join(map(str, x.shape))}\n".encode())
    out.write(struct.pack(f"<{x.numel()}f", *x.flatten().tolist()) + b"\n")


def main():
    path = pathlib.Path(__file__).with_name("seq2seq.bin")
    with path.open("wb") as out:
        out.write(f"torch {torch.__version__.split('+')[0]}\n".encode())
        for seed, (name, cell, layers, hidden, embedding, both, attention, smoothing) in enumerate(CASES):
            torch.manual_seed(seed)
            model = Translator(cell, layers, hidden, embedding, both, attention)
            with torch.no_grad():
                for key, p in model.named_parameters():
                    p.uniform_(-0.6, 0.6)
                    kept_at_zero(cell, key, p)
            model = model.double()
            source, ids = torch.randint(SOURCE, (S, B)), torch.randint(TARGET, (T, B))
            target = torch.randint(TARGET, (T, B))
            source_length, target_length = torch.tensor([6, 2, 5, 1]), torch.tensor([3, 5, 1, 4])
            logits = model(source, source_length, ids)
            outside = torch.arange(T)[:, None] >= target_length[None]
            loss = F.cross_entropy(logits.flatten(0, 1), target.masked_fill(outside, -100).flatten(),
                                   label_smoothing=smoothing)
            loss.backward()
            out.write(f"case {name} cell={cell} layers={layers} hidden={hidden} embedding={embedding} "
                      f"bidirectional={both} attention={attention} smoothing={smoothing} S={S} T={T} "
                      f"B={B} source={SOURCE} outputs={TARGET}\n".encode())
            for key, p in model.named_parameters():
                write(out, "weight:" + key, p)
                kept_at_zero(cell, key, p.grad)
                write(out, "grad:" + key, p.grad)
            for key, x in (("source", source), ("source_length", source_length), ("input", ids),
                           ("target", target), ("target_length", target_length), ("logits", logits),
                           ("loss", loss[None])):
                write(out, key, x)
            out.write(b"end\n")


main()
