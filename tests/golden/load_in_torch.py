#!/usr/bin/env python3
"""Models written by unroll load into torch.nn, models written by PyTorch load into unroll, and
both sides give every token of a text the same log-probability within 1e-5.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch safetensors
    /tmp/torch/bin/python tests/golden/load_in_torch.py --unroll ./unroll

Not part of `make check`, which has no PyTorch. Prints a line a model; exits 1 where one disagrees.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

TEXT = "she sells sea shells by the sea shore; the shells she sells are sea shells.\n" * 12
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
MODELS = [
    {"cell": cell, "layers": layers, "hidden": hidden, "embedding": embedding, **more}
    for cell, more in (("rnn", {}), ("rnn", {"activation": "relu"}), ("lstm", {}), ("gru", {}))
    for layers, hidden, embedding in ((1, 10, 0), (3, 16, 0), (2, 13, 7))
]


class Model(nn.Module):
    """What the tensors' names say: encoder, rnn, decoder."""

    def __init__(self, size, cell, layers, hidden, embedding=0, activation="tanh"):
        super().__init__()
        self.size = size
        if embedding:
            self.encoder = nn.Embedding(size, embedding)
        more = {"nonlinearity": activation} if cell == "rnn" else {}
        self.rnn = KINDS[cell](embedding or size, hidden, layers, **more)
        self.decoder = nn.Linear(hidden, size)

    def forward(self, tokens):
        if hasattr(self, "encoder"):
            x = self.encoder(tokens)
        else:
            x = nn.functional.one_hot(tokens, self.size).float()
        return self.decoder(self.rnn(x)[0])


def torch_log_probabilities(model, vocabulary, text):
    """Of each token but the first, in one pass from the zero state."""
    ids = torch.tensor([vocabulary.index(c) for c in text])
    with torch.inference_mode():
        each = torch.log_softmax(model(ids[:-1]), -1)
    return each.gather(1, ids[1:, None])[:, 0].tolist()


def unroll_log_probabilities(unroll, model, text):
    out = subprocess.run([unroll, "eval", str(model), str(text), "--per-token"], check=True,
                         capture_output=True, text=True).stdout
    return [float(line.split("\t")[-1]) for line in out.split("\n") if line.count("\t") >= 2]


def describe(sizes):
    return " ".join(f"{k}={v}" for k, v in sizes.items())


def compare(what, ours, theirs):
    if len(ours) != len(theirs):
        print(f"FAIL {what}: {len(ours)} log-probabilities here, {len(theirs)} in PyTorch")
        return False
    worst = max(abs(a - b) for a, b in zip(ours, theirs))
    verdict = "ok  " if worst <= 1e-5 else "FAIL"
    print(f"{verdict} {what}: {len(ours)} tokens differ by at most {worst:.1e}")
    return worst <= 1e-5


def from_unroll(unroll, folder, text, sizes):
    run = folder / "run"
    options = [f"--{k}={v}" for k, v in sizes.items()]
    subprocess.run([unroll, "train", str(text), f"--out={run}", "--force", "--quiet", "--steps=40",
                    "--batch=4", "--seq-length=12", "--lr=0.02", *options], check=True,
                   stdout=subprocess.DEVNULL)
    path = run / "model.safetensors"
    with safe_open(path, "pt") as f:
        vocabulary = json.loads(f.metadata()["vocabulary"])
        config = json.loads(f.metadata()["config"])
        tensors = {k: f.get_tensor(k) for k in f.keys()}
    assert all(config[k] == v for k, v in sizes.items()), config
    model = Model(len(vocabulary), **sizes)
    model.load_state_dict(tensors, strict=True)
    return compare(f"unroll to torch, {describe(sizes)}",
                   unroll_log_probabilities(unroll, run, text),
                   torch_log_probabilities(model, vocabulary, TEXT))


def from_torch(unroll, folder, text, sizes):
    vocabulary = sorted(set(TEXT))
    model = Model(len(vocabulary), **sizes)
    needed = {k: v for k, v in sizes.items() if k in ("cell", "layers", "hidden") or v}
    path = folder / "torch.safetensors"
    config = {"task": "char", "tokens": "codepoint", **needed}
    save_file(model.state_dict(), path,
              {"config": json.dumps(config), "vocabulary": json.dumps(vocabulary)})
    return compare(f"torch to unroll, {describe(sizes)}",
                   unroll_log_probabilities(unroll, path, text),
                   torch_log_probabilities(model, vocabulary, TEXT))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--unroll", default="./unroll", help="the program (default ./unroll)")
    unroll = str(pathlib.Path(arguments.parse_args().unroll).resolve())
    torch.manual_seed(1)
    right = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = folder / "text.txt"
        text.write_text(TEXT, encoding="utf-8")
        for sizes in MODELS:
            right &= from_unroll(unroll, folder, text, sizes)
            right &= from_torch(unroll, folder, text, sizes)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
