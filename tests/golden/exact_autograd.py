#!/usr/bin/env python3
"""The curves of the program against autograd in doubles with exact complements, one line for each case.

    exact_autograd.py BUILD [--steps N] [--only PATTERN] [--keep DIR]

BUILD is a directory in which unroll is built. Nets are drawn and trained by the program: fresh, and after 200 and N
steps (default 2000); every cell with 1 to 3 layers on text, then all else that a net can have, synthetic tasks, and
translation. On a text it is `unroll gradient` whose every value of distance.csv is compared, to distance 199; of tasks
and translations a small program, built against the library here, measures batches that this script makes.
A line has the largest relative difference, and PASS where it is at most 1e-6. Exit status 1 where a case fails.

    exact_autograd.py BUILD --three-curves FILE.csv [--steps N] [--net OPTIONS]

writes the curves of a trained net, an LSTM of 3 layers of 64 units, as PyTorch gives them in floats, in doubles, and in
doubles with exact complements. Needs PyTorch 2 and numpy.
"""
import argparse
import contextlib
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy
import torch

import torch_curve
import unroll_model

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
TEXT = TOP / "corpora" / "english.txt"
BOUND = 1e-6
T, WINDOWS = 200, 4

SMALL = "--hidden 24 --batch 20"
CASES = [(f"{cell} {layers}x24 {steps} steps", "text", f"--cell {cell} --layers {layers} {SMALL}", steps)
         for cell in ("rnn", "lstm", "gru") for layers in (1, 2, 3) for steps in (0, 200)]
CASES += [(f"{cell} 2x24 long", "text", f"--cell {cell} --layers 2 {SMALL}", None) for cell in ("rnn", "lstm", "gru")]
CASES += [(f"{cell} 2x24 lr 0.02 long", "text", f"--cell {cell} --layers 2 {SMALL} --lr 0.02", None)
          for cell in ("rnn", "lstm", "gru")]
CASES += [
    (name, "text", f"--layers 2 {SMALL} {arguments}", 200)
    for name, arguments in [
        ("sigmoid", "--cell rnn --activation sigmoid"),
        ("relu identity", "--cell rnn --activation relu --init identity"),
        ("leaky-relu orthogonal", "--cell rnn --activation leaky-relu --init orthogonal"),
        ("prelu orthogonal", "--cell rnn --activation prelu --init orthogonal"),
        ("rnn xavier", "--cell rnn --init xavier"),
        ("rnn layer norm", "--cell rnn --norm layer"),
        ("lstm layer norm", "--cell lstm --norm layer"),
        ("gru layer norm", "--cell gru --norm layer"),
        ("rnn batch norm", "--cell rnn --norm batch"),
        ("lstm batch norm", "--cell lstm --norm batch"),
        ("rnn recurrent batch norm", "--cell rnn --norm recurrent-batch"),
        ("lstm recurrent batch norm", "--cell lstm --norm recurrent-batch"),
        ("gru recurrent batch norm", "--cell gru --norm recurrent-batch"),
        ("gru reset-before", "--cell gru --gru reset-before"),
        ("gru reset-before layer norm", "--cell gru --gru reset-before --norm layer"),
        ("lstm no-forget", "--cell lstm --lstm no-forget"),
        ("lstm no-forget layer norm", "--cell lstm --lstm no-forget --norm layer"),
        ("lstm peephole", "--cell lstm --lstm peephole"),
        ("lstm peephole xavier residual", "--cell lstm --lstm peephole --init xavier --residual --layers 3"),
        ("lstm no-forget-peephole", "--cell lstm --lstm no-forget-peephole"),
        ("lstm residual", "--cell lstm --residual --layers 3"),
        ("rnn skip-input", "--cell rnn --skip-input --layers 3"),
        ("gru embedding", "--cell gru --embedding 12"),
        ("lstm tied", "--cell lstm --embedding 24 --tie"),
        ("lstm all of these", "--cell lstm --embedding 24 --tie --residual --skip-input --norm layer --layers 3"),
        ("lstm chrono", "--cell lstm --forget-bias chrono:200"),
    ]
]
CASES += [
    (f"{task.split(':')[0]} {cell}", task, f"--task {task} --cell {cell} --layers 2 {SMALL}", steps)
    for task in ("copy:delay=180,length=10", "temporal-order:length=200")
    for cell, steps in (("rnn", 0), ("lstm", 200), ("gru", 200))
]
CASES += [
    (f"translation {name}", "translation", f"--task toy-translation --layers 2 {SMALL} --embedding 10 {arguments}", 200)
    for name, arguments in [
        ("rnn", "--cell rnn"),
        ("lstm", "--cell lstm"),
        ("gru dot", "--cell gru --attention dot"),
        ("lstm general", "--cell lstm --attention general"),
        ("gru additive", "--cell gru --attention additive"),
        ("lstm peephole", "--cell lstm --lstm peephole --attention general"),
        ("lstm both ways additive", "--cell lstm --bidirectional --attention additive"),
        ("gru both ways", "--cell gru --bidirectional"),
    ]
]


# ---- the program ----


class Program:
    def __init__(self, build, work):
        self.build, self.work = build, work
        self.environment = dict(os.environ, UNROLL_CORPORA=str(TOP / "corpora"))

    def run(self, *words, **more):
        return subprocess.run(
            [self.build / "unroll", *map(str, words)],
            check=True, env=self.environment, capture_output=True, text=True, **more,
        ).stdout

    def train(self, name, arguments, steps):
        """A run directory whose model has the last weights, not the best ones."""
        directory = self.work / name.replace(" ", "-")
        if (directory / "last.safetensors").exists():
            return directory / "last.safetensors"
        words = arguments.split() + (["--steps", steps] if steps else ["--steps", 1, "--lr", 0])
        self.run("train", "--quiet", *words, "--out", directory, "--force")
        found = sorted(directory.glob("checkpoint-*.safetensors"), key=lambda p: int(p.stem.split("-")[1]))
        model = unroll_model.read_model(directory)
        last = unroll_model.read_file(found[-1])[1]
        model.tensors = {name: last[name] for name in model.tensors}
        unroll_model.write_model(directory / "last.safetensors", model)
        return directory / "last.safetensors"

    def build_helper(self):
        """curve_of_batch, linked with the library of the build."""
        objects = self.work / "curve_of_batch.o", self.work / "curve_of_batch"
        flags = os.environ.get("CURVE_OF_BATCH_FLAGS", "").split()
        library = self.build / os.environ.get("CURVE_OF_BATCH_LIBRARY", "libunroll.la")
        include = [f"-I{TOP / 'include'}", f"-I{self.build / 'include'}"]
        subprocess.run(["cc", "-std=c11", *flags, *include, "-c", HERE / "curve_of_batch.c", "-o", objects[0]], check=True)
        subprocess.run(
            [self.build / "libtool", "--quiet", "--tag=CC", "--mode=link", "cc", "-o", objects[1], objects[0], library, "-lm"],
            check=True,
        )
        self.helper = objects[1]

    def measure(self, model, numbers):
        """{(sample, layer, state): norms by distance} of a batch."""
        text = " ".join(map(str, numbers))
        lines = subprocess.run([self.helper, model], input=text, check=True, capture_output=True, text=True).stdout
        out = {}
        for line in lines.splitlines():
            sample, layer, state, _, norm = line.split()
            out.setdefault((int(sample), int(layer), state), []).append(float(norm))
        return out


# ---- comparing ----


def relative(got, want):
    return 0.0 if got == want else abs(got - want) / abs(want) if want else math.inf


def largest(got, want):
    """Of samples, at the distances that were measured."""
    worst = 0.0
    for key, norms in got.items():
        worst = max([worst] + [relative(a, b) for a, b in zip(norms, want[key])])
    return worst


def statistics(values):
    x = numpy.sort(numpy.array(values))
    gmean = math.exp(sum(math.log(v) for v in x) / len(x)) if x[0] > 0 else 0.0
    return [x.mean(), gmean, *numpy.quantile(x, [0.1, 0.5, 0.9])]


def check_text(program, path, model, directory):
    program.run("gradient", "--quiet", "--window", T, "--windows", WINDOWS, "--out", directory, "--force", path, TEXT)
    seen = unroll_model.read_curve(directory / "distance.csv")
    cut = unroll_model.windows(unroll_model.encode(model, TEXT.read_text(encoding="utf-8")), T, WINDOWS)
    input, target = ([[w[t + i] for w in cut] for t in range(T)] for i in (0, 1))
    want = torch_curve.language_curve(model, input, target, [T - 1] * WINDOWS)
    if os.environ.get("CURVE_OF_BATCH_FLAGS"):
        return largest(program.measure(path, batch(input, target)), want)
    worst = 0.0
    for (layer, state, k), values in seen.items():
        exact = statistics([want[r, layer, state][k] for r in range(WINDOWS)])
        worst = max([worst] + [relative(float(a), b) for a, b in zip(values, exact)])
    return worst


def batch(input, target, source=()):
    """[T][B] lists as curve_of_batch reads them; None: nothing there."""
    flat = lambda rows: [-1 if x is None else x for row in rows for x in row]
    return [len(input), len(input[0]), len(source)] + [max(x, 0) for x in flat(input)] + flat(target) + flat(source)


def check_task(program, path, model, spec):
    lines = program.run("generate", spec, "--count", WINDOWS, "--seed", 77, "--json").splitlines()
    rows = [json.loads(line) for line in lines]
    input, target = ([list(step) for step in zip(*(r[key] for r in rows))] for key in ("input", "target"))
    last = [max(t for t, x in enumerate(r["target"]) if x is not None) for r in rows]
    return largest(
        program.measure(path, batch(input, target)), torch_curve.language_curve(model, input, target, last)
    )


def check_translation(program, path, model):
    lines = program.run("generate", "toy-translation", "--count", 6, "--seed", 77).splitlines()
    pairs = []
    for line in lines:
        words = [part.split() for part in line.split("\t")]
        source = [model.source_vocabulary.index(w) if w in model.source_vocabulary else 0 for w in words[0]]
        written = [model.vocabulary.index(w) if w in model.vocabulary else 0 for w in words[1]]
        start, end = model.vocabulary.index("<s>"), model.vocabulary.index("</s>")
        pairs.append((source + [end], [start] + written, written + [end]))

    def columns(part):
        longest = max(len(p[part]) for p in pairs)
        return [[p[part][t] if t < len(p[part]) else None for p in pairs] for t in range(longest)]

    got = program.measure(path, batch(columns(1), columns(2), columns(0)))
    return largest(got, torch_curve.translation_curve(model, pairs))


def check(program, kind, path, directory):
    model = unroll_model.read_model(path)
    if kind == "text":
        return check_text(program, path, model, directory)
    if kind == "translation":
        return check_translation(program, path, model)
    return check_task(program, path, model, kind)


# ---- three curves ----


def three_curves(program, net, steps, file):
    path = program.train(f"{net.replace('--', '')} {steps}", net, steps)
    model = unroll_model.read_model(path)
    cut = unroll_model.windows(unroll_model.encode(model, TEXT.read_text(encoding="utf-8")), T, 8)
    input, target = ([[w[t + i] for w in cut] for t in range(T)] for i in (0, 1))
    kinds = {"float": torch_curve.PlainFloat, "double": torch_curve.Plain, "exact": torch_curve.Exact}
    curves = {name: torch_curve.language_curve(model, input, target, [T - 1] * 8, maths) for name, maths in kinds.items()}
    with open(file, "w") as f:
        print("layer,state,distance," + ",".join(kinds), file=f)
        for layer, state in sorted({key[1:] for key in curves["exact"]}):
            gmean = {
                name: [statistics([c[r, layer, state][k] for r in range(8)])[1] for k in range(T)]
                for name, c in curves.items()
            }
            for k in range(T):
                print(layer, state, k, *(repr(float(gmean[name][k])) for name in kinds), sep=",", file=f)
            print(f"layer {layer} {state}: half-lives", *(f"{n} {half_life(g):.4g}" for n, g in gmean.items()))


def half_life(gmean):
    """Of the least-squares line through log10 from distance 5 to the end or the first zero."""
    y = gmean[5:]
    y = y[: y.index(0)] if 0 in y else y
    slope = numpy.polyfit(range(len(y)), numpy.log10(y), 1)[0] if len(y) > 2 else math.nan
    return -math.log10(2) / slope


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("build", type=pathlib.Path)
    p.add_argument("--steps", type=int, default=2000, help="of the long trainings, default 2000")
    p.add_argument("--only", default="", help="cases whose name matches this regular expression")
    p.add_argument("--keep", type=pathlib.Path, help="keep the models there, and take those that are")
    p.add_argument("--three-curves", help="write this file instead")
    p.add_argument("--net", default="--cell lstm --layers 3 --hidden 64", help="options of the net of --three-curves")
    o = p.parse_args()
    torch.set_num_threads(1)  # the matrices are small
    failed = 0
    with contextlib.ExitStack() as stack:
        work = o.keep or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        program = Program(o.build.resolve(), work.resolve())
        if o.three_curves:
            return three_curves(program, o.net, o.steps, o.three_curves)
        program.build_helper()
        print(f"# PyTorch {torch.__version__}; bound {BOUND}; long: {o.steps} steps")
        for name, kind, arguments, steps in CASES:
            if not re.search(o.only, name):
                continue
            path = program.train(name, arguments, o.steps if steps is None else steps)
            worst = check(program, kind, path, work / "gradient")
            failed += not worst <= BOUND
            print(f"{name:32} {worst:.1e} {'PASS' if worst <= BOUND else 'FAIL'}", flush=True)
    print(f"{failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
