#!/usr/bin/env python3
"""Write exact.bin: small nets with the curve of the gradient magnitude against distance that exact_reference.py computes
of them. tests/check_exact.c holds the library to it.

    make_exact_golden.py BUILD [NAME...]

With names only these nets are made, and put at the end of the file. BUILD is a directory with the program, which draws and trains most of the nets; the rest are set by hand, so that
their units are saturated. Run on another machine it may train other nets, and then writes other curves. Needs
mpmath and numpy; the versions are in the file.

The format: lines that begin with # tell where it comes from. Then of each net

    net NAME STEPS WINDOWS SYMBOLS
    set OPTION VALUE                as the options of the program; those that are left out have their defaults
    tensor NAME SIZE…               a line, then little-endian floats and a newline
    window TOKEN…                   STEPS + 1 tokens: the inputs, and the target of the last step
    curve LAYER STATE               then STEPS lines, by distance: the norm of each window's δ, with 20 digits
    end
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
from mpmath import mp

import exact_reference
import unroll_model

HERE = pathlib.Path(__file__).resolve().parent
CORPORA = HERE.parent.parent / "corpora"
TEXT = CORPORA / "english.txt"
OPTIONS = ["cell", "gru", "lstm", "activation", "layers", "hidden", "embedding", "tie", "residual", "skip-input", "norm"]
STEPS = 40

# NAME: arguments of `unroll train`. Without --steps the net is as it was drawn.
TRAINED = {
    "rnn-tanh": "--cell rnn --layers 1 --hidden 8",
    "rnn-chaotic": "--cell rnn --layers 1 --hidden 16 --init-scale 4",
    "rnn-steep": "--cell rnn --layers 2 --hidden 6 --lr 0.1 --steps 1000",
    "rnn-sigmoid": "--cell rnn --activation sigmoid --layers 2 --hidden 6 --init xavier",
    "rnn-relu": "--cell rnn --activation relu --layers 1 --hidden 8 --init identity --steps 200",
    "rnn-leaky-relu": "--cell rnn --activation leaky-relu --layers 2 --hidden 6 --init orthogonal --steps 200",
    "rnn-prelu": "--cell rnn --activation prelu --layers 2 --hidden 6 --init orthogonal --steps 200",
    "lstm": "--cell lstm --layers 1 --hidden 6",
    "lstm-200": "--cell lstm --layers 3 --hidden 5 --steps 200",
    "lstm-steep": "--cell lstm --layers 2 --hidden 6 --lr 0.02 --steps 2000",
    "lstm-steeper": "--cell lstm --layers 1 --hidden 6 --lr 0.1 --steps 2000",
    "lstm-all": "--cell lstm --layers 3 --hidden 5 --embedding 5 --tie --residual --skip-input --steps 200",
    "lstm-no-forget": "--cell lstm --lstm no-forget --layers 2 --hidden 5 --steps 200",
    "lstm-no-forget-layer": "--cell lstm --lstm no-forget --norm layer --layers 2 --hidden 5 --steps 200",
    "lstm-peephole": "--cell lstm --lstm peephole --layers 1 --hidden 6",
    "lstm-peephole-steep": "--cell lstm --lstm peephole --layers 2 --hidden 6 --lr 0.02 --steps 2000",
    "lstm-no-forget-peephole": "--cell lstm --lstm no-forget-peephole --layers 2 --hidden 5 --lr 0.02 --steps 1000",
    "gru": "--cell gru --layers 1 --hidden 6",
    "gru-200": "--cell gru --layers 3 --hidden 5 --steps 200",
    "gru-steep": "--cell gru --layers 2 --hidden 6 --lr 0.02 --steps 2000",
    "gru-before": "--cell gru --gru reset-before --layers 2 --hidden 6 --steps 200",
    "gru-before-steep": "--cell gru --gru reset-before --layers 2 --hidden 6 --lr 0.02 --steps 2000",
    "gru-embedding": "--cell gru --layers 2 --hidden 5 --embedding 4 --skip-input --residual --steps 200",
    "rnn-layer": "--cell rnn --norm layer --layers 2 --hidden 6 --steps 200",
    "lstm-layer": "--cell lstm --norm layer --layers 2 --hidden 5 --lr 0.02 --steps 1000",
    "gru-layer": "--cell gru --norm layer --layers 2 --hidden 5 --steps 200",
    "gru-before-layer": "--cell gru --gru reset-before --norm layer --layers 1 --hidden 5 --steps 200",
    "rnn-batch": "--cell rnn --norm batch --layers 2 --hidden 6 --steps 200",
    "lstm-recurrent-batch": "--cell lstm --norm recurrent-batch --layers 2 --hidden 5 --steps 200",
    "gru-recurrent-batch": "--cell gru --norm recurrent-batch --layers 1 --hidden 5 --steps 200",
}


def train(build, directory, arguments):
    words = arguments.split()
    if "--steps" not in words:
        words += ["--steps", "1", "--lr", "0"]
    environment = dict(os.environ, UNROLL_CORPORA=str(CORPORA))
    command = [build / "unroll", "train", "--quiet", "--threads", "1", "--casefold", "--min-count", "3000"]
    subprocess.run(
        [*command, *words, "--out", directory], check=True, env=environment, stdout=subprocess.DEVNULL
    )
    # the last weights, not the best ones: saturation is what is wanted
    found = sorted(directory.glob("checkpoint-*.safetensors"), key=lambda p: int(p.stem.split("-")[1]))
    model = unroll_model.read_model(directory)
    _, last = unroll_model.read_file(found[-1])
    model.tensors = {name: last[name] for name in model.tensors}
    return model


# ---- nets set by hand; each takes a fresh model and a generator, and changes its tensors ----


def cells_far_out(m, g):
    """An LSTM that keeps and adds up for ever: |c| comes to 150, where tanh' is 1e-130."""
    H = m.config["hidden"]
    m["rnn.weight_ih_l0"][:] *= 0.2
    m["rnn.weight_hh_l0"][:] *= 0.2
    b = m["rnn.bias_ih_l0"]
    b[:H], b[H : 2 * H], b[3 * H :] = 8, 14, 0.5
    b[2 * H : 3 * H] = [3, -3, 1.5, 0.3]  # fast, fast, slower, slow


def sure(m, g):
    """A softmax so sure of its answer that p − 1 is about 1e-12 for the sample whose target it is."""
    m["decoder.bias"][:] = 0
    m["decoder.bias"][2] = 28  # a space
    m["decoder.weight"][:] *= 3


def rnn_far_out(m, g):
    """|z| about 8 at every unit: tanh' about 1e-7."""
    H = m.config["hidden"]
    for l in range(m.config["layers"]):
        m[f"rnn.weight_hh_l{l}"][:] = numpy.sign(m[f"rnn.weight_hh_l{l}"]) * g.uniform(0.2, 1, (H, H))
        m[f"rnn.bias_ih_l{l}"][:] = numpy.where(numpy.arange(H) % 2, 1, -1) * g.uniform(6, 9, H)


def gru_far_out(m, g):
    """Gates and candidates so far out that 1 − z and 1 − n² have few digits left where they are differences."""
    H = m.config["hidden"]
    for l in range(m.config["layers"]):
        b = m[f"rnn.bias_ih_l{l}"]
        b[:H] = numpy.linspace(16, 24, H)
        b[H : 2 * H] = numpy.linspace(18, 28, H)
        b[2 * H :] = numpy.where(numpy.arange(H) % 2, 1, -1) * numpy.linspace(9, 12, H)


def peepholes_far_out(m, g):
    """The gates of one unit see a c that comes to 60, and others by their bias alone are as far out."""
    cells_far_out(m, g)
    H, gates = m.config["hidden"], m["rnn.weight_hh_l0"].shape[0] // m.config["hidden"]
    m["rnn.weight_peephole_l0"][:] = g.uniform(-0.4, 0.4, (gates - 1) * H)


def constant_error_far_out(m, g):
    """An LSTM of 1997, where all adds up: |c| comes to 150."""
    H = m.config["hidden"]
    m["rnn.weight_ih_l0"][:] *= 0.2
    m["rnn.weight_hh_l0"][:] *= 0.2
    b = m["rnn.bias_ih_l0"]
    b[:H], b[H : 2 * H], b[2 * H :] = 8, [3, -3, 1.5, 0.3], 0.5


def lstm_gates_far_out(m, g):
    """The same of an LSTM's gates, which are all open."""
    H = m.config["hidden"]
    for l in range(m.config["layers"]):
        b = m[f"rnn.bias_ih_l{l}"]
        b[:H] = numpy.linspace(16, 24, H)
        b[H : 2 * H] = numpy.linspace(18, 28, H)
        b[2 * H : 3 * H] = numpy.where(numpy.arange(H) % 2, 1, -1) * numpy.linspace(9, 12, H)
        b[3 * H :] = numpy.linspace(20, 26, H)


# NAME: arguments of the fresh net, what changes it, steps, windows
BY_HAND = {
    "lstm-cells-far-out": ("--cell lstm --layers 1 --hidden 4", cells_far_out, 160, 1),
    "lstm-gates-far-out": ("--cell lstm --layers 2 --hidden 5", lstm_gates_far_out, 40, 2),
    "lstm-no-forget-far-out": ("--cell lstm --lstm no-forget --layers 1 --hidden 4", constant_error_far_out, 160, 1),
    "lstm-peephole-far-out": ("--cell lstm --lstm peephole --layers 1 --hidden 4", peepholes_far_out, 100, 1),
    "lstm-sure": ("--cell lstm --layers 1 --hidden 5", sure, 20, 6),
    "rnn-far-out": ("--cell rnn --layers 2 --hidden 5", rnn_far_out, 30, 3),
    "sigmoid-far-out": ("--cell rnn --activation sigmoid --layers 2 --hidden 5", rnn_far_out, 30, 3),
    "gru-far-out": ("--cell gru --layers 2 --hidden 5", gru_far_out, 40, 2),
    "gru-before-far-out": ("--cell gru --gru reset-before --layers 2 --hidden 5", gru_far_out, 40, 2),
}


def nets(build, directory, names):
    """(name, model, steps, windows) of those of these names, or of all."""
    for name, arguments in TRAINED.items():
        if names and name not in names:
            continue
        model = train(build, directory / name, arguments)
        yield name, model, STEPS, 2 if model.config["layers"] > 2 else 3
    for name, (arguments, change, steps, count) in BY_HAND.items():
        if names and name not in names:
            continue
        model = train(build, directory / name, arguments)
        model.tensors = {k: v.copy() for k, v in model.tensors.items()}
        change(model, numpy.random.default_rng(1))
        yield name, model, steps, count


def write_net(f, name, model, windows):
    steps = len(windows[0]) - 1
    f.write(f"net {name} {steps} {len(windows)} {len(model.vocabulary)}\n".encode())
    for option in OPTIONS:
        value = model.config[option]
        f.write(f"set {option} {int(value) if isinstance(value, bool) else value}\n".encode())
    for tensor, value in sorted(model.tensors.items()):
        if not value.any() and "bias_hh" in tensor:
            continue  # as it is in a new net
        f.write(f"tensor {tensor} {' '.join(map(str, value.shape))}\n".encode())
        f.write(numpy.ascontiguousarray(value, dtype="<f4").tobytes() + b"\n")
    for window in windows:
        f.write(f"window {' '.join(map(str, window))}\n".encode())
    for (layer, state), rows in sorted(exact_reference.curve(model, windows).items()):
        f.write(f"curve {layer} {state}\n".encode())
        for row in rows:
            f.write((" ".join(mp.nstr(v, 20) for v in row) + "\n").encode())
    f.write(b"end\n")


def main():
    build, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    text = TEXT.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory, open(HERE / "exact.bin", "ab" if names else "wb") as f:
        f.write(b"# Written by make_exact_golden.py; " + exact_reference.versions().encode() + b".\n")
        for name, model, steps, count in nets(build, pathlib.Path(directory), names):
            print(name, flush=True)
            write_net(f, name, model, unroll_model.windows(unroll_model.encode(model, text), steps, count))


if __name__ == "__main__":
    main()
