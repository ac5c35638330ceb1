#!/usr/bin/env python3
"""The curve of the gradient magnitude against distance in 200 decimal digits, from the weights of a model file: an
implementation apart from unroll's, whose every value of distance.csv it checks.

    exact_reference.py MODEL TEXT --window 40 --windows 3                      print the curve
    exact_reference.py MODEL TEXT --window 40 --windows 3 --check distance.csv  compare

Needs mpmath (with gmpy2 it is faster) and numpy. It is slow: meant for nets of some ten units and some tens of steps.

What is computed: δ_{t→s} = ∂L_t/∂h_s, and of an LSTM ∂L_t/∂c_s through h_s too, for the loss L_t of a window's last
step alone, the state zero at its start. The norm of each window's δ is taken, and of these the mean, the geometric
mean and quantiles (type 7 of Hyndman and Fan 1996). Layers go through the whole window one after the other, forward
and back; no derivative is taken as a difference from 1, since with |c| beyond 230 even 200 digits would cancel.
"""
import argparse
import sys

import mpmath
from mpmath import mp

import unroll_model

mp.dps = 200
ONE, EPSILON = mp.mpf(1), mp.mpf(1e-5)


# ---- scalars: each nonlinearity with its derivative, from what was before it ----


def sigmoid(z):
    return ONE / (ONE + mp.exp(-z))


def sigmoid_slope(z):
    return sigmoid(z) * sigmoid(-z)


def tanh_slope(z):
    return ONE / mp.cosh(z) ** 2


ACTIVATIONS = {
    "tanh": (lambda z, a: mp.tanh(z), lambda z, a: tanh_slope(z)),
    "sigmoid": (lambda z, a: sigmoid(z), lambda z, a: sigmoid_slope(z)),
    "relu": (lambda z, a: z if z > 0 else mp.zero, lambda z, a: ONE if z > 0 else mp.zero),
    "leaky-relu": (lambda z, a: z if z > 0 else a * z, lambda z, a: ONE if z > 0 else a),
    "prelu": (lambda z, a: z if z > 0 else a * z, lambda z, a: ONE if z > 0 else a),
}


# ---- vectors are lists ----


def vector(x):
    return [mp.mpf(float(v)) for v in x]


def matrix(x):
    return [vector(row) for row in x]


def dot(a, b):
    return mp.fdot(zip(a, b))


def times(W, x):
    """W x."""
    return [dot(row, x) for row in W]


def times_back(W, y):
    """y W."""
    return [mp.fdot((y[i], W[i][j]) for i in range(len(W))) for j in range(len(W[0]))]


def add(*terms):
    return [mp.fsum(v) for v in zip(*terms)]


def norm2(x):
    return mp.sqrt(mp.fdot((v, v) for v in x))


class Norm:
    """Layer normalisation of groups of a row's units, or batch normalisation of each unit over the rows that are
    given together, whose mean and variance are constants on the way back."""

    def __init__(self, gain, groups):
        """groups: lists of units that share a mean; None: batch normalisation."""
        self.gain, self.groups = gain, groups

    def forward(self, rows):
        """@return gain · x̂ for all rows, and what the way back needs of each"""
        seen = [([None] * len(r), [None] * len(r)) for r in rows]
        if self.groups is None:
            sets = [[(r, j) for r in range(len(rows))] for j in range(len(rows[0]))]
        else:
            sets = [[(r, j) for j in group] for r in range(len(rows)) for group in self.groups]
        for places in sets:
            mean = mp.fsum(rows[r][j] for r, j in places) / len(places)
            variance = mp.fsum((rows[r][j] - mean) ** 2 for r, j in places) / len(places)
            scale = 1 / mp.sqrt(variance + EPSILON)
            for r, j in places:
                seen[r][0][j], seen[r][1][j] = (rows[r][j] - mean) * scale, scale
        return [[g * x for g, x in zip(self.gain, xs)] for xs, _ in seen], seen

    def backward(self, seen, dy):
        """Of one row."""
        x, scale = seen
        d = [g * v for g, v in zip(self.gain, dy)]
        if self.groups is None:
            return [s * v for s, v in zip(scale, d)]
        da = [mp.zero] * len(d)
        for group in self.groups:
            mean = mp.fsum(d[j] for j in group) / len(group)
            along = mp.fsum(d[j] * x[j] for j in group) / len(group)
            for j in group:
                da[j] = scale[j] * (d[j] - mean - x[j] * along)
        return da


class Plain:
    """No normalisation."""

    def forward(self, rows):
        return rows, [None] * len(rows)

    def backward(self, seen, dy):
        return dy


# ---- a layer: tensors and the products with input and state ----


class Layer:
    def __init__(self, model, l, over_window):
        c = model.config
        self.config = c

        def tensor(name):
            value = model.get(f"rnn.{name}_l{l}")
            return None if value is None else matrix(value) if value.ndim == 2 else vector(value)

        self.Wx, self.Wh, self.Ws = tensor("weight_ih"), tensor("weight_hh"), tensor("weight_skip")
        self.bx, self.bh = tensor("bias_ih"), tensor("bias_hh")
        H = self.H = len(self.Wh[0])
        gates = len(self.Wh) // H
        self.slope = tensor("prelu") or [mp.mpf(0.01)] * H
        units = c["norm"] == "layer"
        joint = [list(range(2 * H)), list(range(2 * H, 3 * H))] if c["cell"] == "gru" else [list(range(gates * H))]

        def norm(name, groups):
            gain = tensor(name)
            return Plain() if gain is None else Norm(gain, groups if units else None)

        self.norm_x, self.norm_sum = norm("norm_ih", joint), norm("norm", joint)
        gain = tensor("norm_hh")
        if c["cell"] == "gru":  # r and z meet the state apart from n
            self.norm_h = Plain() if gain is None else Norm(gain[: 2 * H], [list(range(2 * H))] if units else None)
            self.norm_n = Plain() if gain is None else Norm(gain[2 * H :], [list(range(H))] if units else None)
        else:
            self.norm_h = norm("norm_hh", joint)
        self.norm_c, self.c_bias = norm("norm_c", [list(range(H))]), tensor("norm_c_bias")
        self.over_window = over_window

    def input_products(self, xs, skipped):
        """The normalised products with the input, without biases: [T][rows][gates·H]."""
        a = [[times(self.Wx, x) for x in rows] for rows in xs]
        if self.Ws is not None:
            a = [[add(p, times(self.Ws, x)) for p, x in zip(ps, rows)] for ps, rows in zip(a, skipped)]
        if self.over_window:  # one mean and variance for all steps of the window
            flat, self.seen_x = self.norm_x.forward([row for rows in a for row in rows])
            B = len(xs[0])
            self.seen_x = [self.seen_x[t * B : (t + 1) * B] for t in range(len(xs))]
            return [flat[t * B : (t + 1) * B] for t in range(len(xs))]
        both = [self.norm_x.forward(rows) for rows in a]
        self.seen_x = [seen for _, seen in both]
        return [y for y, _ in both]

    def forward(self, xs, skipped):
        """@return h of every step and row"""
        zero, self.steps = [[mp.zero] * self.H for _ in xs[0]], []
        h, c, hs = zero, zero, []
        for a in self.input_products(xs, skipped):
            h, c, step = self.step(a, h, c)
            self.steps.append(step)
            hs.append(h)
        return hs

    def backward(self, dy):
        """dy: what arrives from above, [T][rows].
        @return dx, dh and dc, each [T][rows]; dc None where the cell has none"""
        zero = [[mp.zero] * self.H for _ in dy[0]]
        dh, dc, all_dx, all_dh, all_dc = zero, zero, [], [], []
        for t in reversed(range(len(dy))):
            total = [add(a, b) for a, b in zip(dy[t], dh)]
            dx, dh, dc_total, dc = self.back(self.steps[t], t, total, dc)
            all_dx.insert(0, dx)
            all_dh.insert(0, total)
            all_dc.insert(0, dc_total)
        return all_dx, all_dh, all_dc if all_dc[0] is not None else None

    def input_back(self, t, da):
        return [times_back(self.Wx, self.norm_x.backward(s, d)) for s, d in zip(self.seen_x[t], da)]


class Rnn(Layer):
    def step(self, a, h, c):
        f = ACTIVATIONS[self.config["activation"]][0]
        ah, seen_h = self.norm_h.forward([times(self.Wh, row) for row in h])
        both, seen = self.norm_sum.forward([add(x, y) for x, y in zip(a, ah)])
        z = [add(row, self.bx, self.bh) for row in both]
        return [[f(v, s) for v, s in zip(row, self.slope)] for row in z], c, (z, seen_h, seen)

    def back(self, step, t, dh, dc):
        slope = ACTIVATIONS[self.config["activation"]][1]
        z, seen_h, seen = step
        dz = [[d * slope(v, s) for d, v, s in zip(*row, self.slope)] for row in zip(dh, z)]
        da = [self.norm_sum.backward(s, d) for s, d in zip(seen, dz)]
        dh0 = [times_back(self.Wh, self.norm_h.backward(s, d)) for s, d in zip(seen_h, da)]
        return self.input_back(t, da), dh0, None, dc


class Lstm(Layer):
    """Of 1997, or with a forget gate (Gers et al. 2000), or with gates that see c (Gers and Schmidhuber 2000)."""

    def __init__(self, model, l, over_window):
        super().__init__(model, l, over_window)
        form, H = self.config["lstm"], self.H
        self.gates = "igo" if form.startswith("no-forget") else "ifgo"
        weights = model.get(f"rnn.weight_peephole_l{l}")
        seeing = [k for k in self.gates if k != "g"] if form.endswith("peephole") else []
        self.peephole = {k: vector(weights[n * H : (n + 1) * H]) for n, k in enumerate(seeing)}

    def split(self, row):
        return {k: row[n * self.H : (n + 1) * self.H] for n, k in enumerate(self.gates)}

    def see(self, gate, z, c):
        return add(z, [p * v for p, v in zip(self.peephole[gate], c)]) if gate in self.peephole else z

    def unit(self, z, c0):
        """c of a row, and its pre-activations with what the gates see of c."""
        z = self.split(z)
        z["i"] = self.see("i", z["i"], c0)
        kept = c0
        if "f" in z:
            z["f"] = self.see("f", z["f"], c0)
            kept = [sigmoid(f) * v for f, v in zip(z["f"], c0)]
        c = [k + sigmoid(i) * mp.tanh(g) for k, i, g in zip(kept, z["i"], z["g"])]
        z["o"] = self.see("o", z["o"], c)
        return c, z

    def step(self, a, h, c0):
        ah, seen_h = self.norm_h.forward([times(self.Wh, row) for row in h])
        both = [self.unit(add(x, y, self.bx, self.bh), before) for x, y, before in zip(a, ah, c0)]
        c, z = [row for row, _ in both], [row for _, row in both]
        u, seen_c = self.norm_c.forward(c)
        if self.c_bias is not None:
            u = [add(row, self.c_bias) for row in u]
        h = [[sigmoid(o) * mp.tanh(v) for o, v in zip(row["o"], us)] for row, us in zip(z, u)]
        return h, c, (z, c0, u, seen_h, seen_c)

    def back(self, step, t, dh, dc):
        z, c0, u, seen_h, seen_c = step
        da, dc_total, dc0 = [], [], []
        for r, row in enumerate(z):
            n, dz = range(self.H), {}
            du = [dh[r][j] * sigmoid(row["o"][j]) * tanh_slope(u[r][j]) for j in n]
            dz["o"] = [dh[r][j] * mp.tanh(u[r][j]) * sigmoid_slope(row["o"][j]) for j in n]
            d = self.see("o", add(dc[r], self.norm_c.backward(seen_c[r], du)), dz["o"])
            dc_total.append(d)
            before = d
            if "f" in row:
                before = [d[j] * sigmoid(row["f"][j]) for j in n]
                dz["f"] = [d[j] * c0[r][j] * sigmoid_slope(row["f"][j]) for j in n]
                before = self.see("f", before, dz["f"])
            dz["i"] = [d[j] * mp.tanh(row["g"][j]) * sigmoid_slope(row["i"][j]) for j in n]
            dz["g"] = [d[j] * sigmoid(row["i"][j]) * tanh_slope(row["g"][j]) for j in n]
            dc0.append(self.see("i", before, dz["i"]))
            da.append([v for k in self.gates for v in dz[k]])
        dh0 = [times_back(self.Wh, self.norm_h.backward(s, d)) for s, d in zip(seen_h, da)]
        return self.input_back(t, da), dh0, dc_total, dc0


class Gru(Layer):
    def step(self, a, h0, c):
        H = self.H
        W, Wn = self.Wh[: 2 * H], self.Wh[2 * H :]
        after = self.config["gru"] == "reset-after"
        x = [add(row, self.bx) for row in a]
        ah, seen_h = self.norm_h.forward([times(W, row) for row in h0])
        rz = [add(row[: 2 * H], y, self.bh[: 2 * H]) for row, y in zip(x, ah)]
        r, z = ([[sigmoid(v) for v in row[k : k + H]] for row in rz] for k in (0, H))
        if after:  # the reset acts on the product
            m, seen_n = self.norm_n.forward([times(Wn, row) for row in h0])
            m = [add(row, self.bh[2 * H :]) for row in m]
            inner = [[p * q for p, q in zip(*both)] for both in zip(r, m)]
        else:  # the reset acts on the state
            m, seen_n = self.norm_n.forward(
                [times(Wn, [p * q for p, q in zip(*both)]) for both in zip(r, h0)]
            )
            inner = [add(row, self.bh[2 * H :]) for row in m]
        an = [add(row[2 * H :], y) for row, y in zip(x, inner)]
        h = [
            [sigmoid(-rz[k][H + j]) * mp.tanh(an[k][j]) + z[k][j] * h0[k][j] for j in range(H)]
            for k in range(len(h0))
        ]
        return h, c, (rz, an, m, h0, seen_h, seen_n)

    def back(self, step, t, dh, dc):
        H = self.H
        rz, an, m, h0, seen_h, seen_n = step
        W, Wn = self.Wh[: 2 * H], self.Wh[2 * H :]
        all_da, dh0 = [], []
        for k, d in enumerate(dh):
            ar, az = rz[k][:H], rz[k][H:]
            dan = [d[j] * sigmoid(-az[j]) * tanh_slope(an[k][j]) for j in range(H)]
            daz = [d[j] * (h0[k][j] - mp.tanh(an[k][j])) * sigmoid_slope(az[j]) for j in range(H)]
            if self.config["gru"] == "reset-after":
                dm = [dan[j] * sigmoid(ar[j]) for j in range(H)]
                through_n = times_back(Wn, self.norm_n.backward(seen_n[k], dm))
                dar = [dan[j] * m[k][j] * sigmoid_slope(ar[j]) for j in range(H)]
            else:
                dq = times_back(Wn, self.norm_n.backward(seen_n[k], dan))
                through_n = [dq[j] * sigmoid(ar[j]) for j in range(H)]
                dar = [dq[j] * h0[k][j] * sigmoid_slope(ar[j]) for j in range(H)]
            through_rz = times_back(W, self.norm_h.backward(seen_h[k], dar + daz))
            all_da.append(dar + daz + dan)
            dh0.append(add([d[j] * sigmoid(az[j]) for j in range(H)], through_n, through_rz))
        return self.input_back(t, all_da), dh0, None, dc


CELLS = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}


# ---- the network ----


def loss_back(logits, target):
    """dL/dlogits of the cross-entropy: p − e_k, whose element k is −Σ of the others."""
    top = max(logits)
    e = [mp.exp(y - top) for y in logits]
    p = [v / mp.fsum(e) for v in e]
    p[target] = -mp.fsum(v for j, v in enumerate(p) if j != target)
    return p


def curve(model, windows):
    """{(layer, "h" or "c"): [distance][window] of the norms of δ} for windows of T inputs and one target."""
    c, T = model.config, len(windows[0]) - 1
    table, symbols = model.get("encoder.weight"), len(model.vocabulary)
    if table is not None:
        table = matrix(table)
    else:
        table = [[ONE if i == j else mp.zero for j in range(symbols)] for i in range(symbols)]
    xs = inputs = [[table[w[t]] for w in windows] for t in range(T)]
    layers = [CELLS[c["cell"]](model, l, c["norm"] == "batch") for l in range(c["layers"])]
    for l, layer in enumerate(layers):
        hs = layer.forward(xs, inputs)
        if c["residual"] and l > 0:
            hs = [[add(h, x) for h, x in zip(*rows)] for rows in zip(hs, xs)]
        xs = hs
    W = table if c["tie"] else matrix(model["decoder.weight"])
    b = vector(model["decoder.bias"])
    last = [
        times_back(W, loss_back(add(times(W, xs[T - 1][r]), b), w[T])) for r, w in enumerate(windows)
    ]
    zero = [mp.zero] * len(last[0])
    dy = [[zero] * len(windows) for _ in range(T - 1)] + [last]
    out = {}
    for l in reversed(range(len(layers))):
        dx, dh, dc = layers[l].backward(dy)
        for name, d in (("h", dh), ("c", dc)):
            if d is not None:
                out[l, name] = [[norm2(row) for row in d[T - 1 - k]] for k in range(T)]
        if l > 0:
            dy = [[add(a, b) for a, b in zip(*rows)] for rows in zip(dx, dy)] if c["residual"] else dx
    return out


def quantile(values, q):
    x = sorted(values)
    at = mp.mpf(q) / 100 * (len(x) - 1)
    i = int(mp.floor(at))
    return x[i] + (at - i) * (x[i + 1] - x[i]) if i + 1 < len(x) else x[i]


def statistics(values):
    """mean, geometric mean, 10% quantile, median, 90% quantile."""
    mean = mp.fsum(values) / len(values)
    gmean = mp.exp(mp.fsum(mp.log(v) for v in values) / len(values)) if min(values) > 0 else mp.zero
    return [mean, gmean] + [quantile(values, q) for q in (10, 50, 90)]


def versions():
    return f"mpmath {mpmath.__version__}, {mpmath.libmp.BACKEND} integers, {mp.dps} digits"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("model")
    p.add_argument("text")
    p.add_argument("--window", type=int, default=40)
    p.add_argument("--windows", type=int, default=3)
    p.add_argument("--check", help="a distance.csv to compare with")
    p.add_argument("--bound", type=float, default=1e-9, help="largest relative difference, default 1e-9")
    o = p.parse_args()
    model = unroll_model.read_model(o.model)
    with open(o.text, encoding="utf-8", newline="") as f:
        tokens = unroll_model.encode(model, f.read())
    result = curve(model, unroll_model.windows(tokens, o.window, o.windows))
    print("#", versions())
    seen = unroll_model.read_curve(o.check) if o.check else None
    worst, where = mp.zero, None
    for (layer, state), rows in sorted(result.items()):
        for k, values in enumerate(rows):
            exact = statistics(values)
            if seen is None:
                print(layer, state, k, *(mp.nstr(v, 20) for v in exact), sep=",")
                continue
            for i, text in enumerate(seen[layer, state, k]):
                error = abs(mp.mpf(text) - exact[i]) / exact[i] if exact[i] else abs(mp.mpf(text))
                if error > worst:
                    worst, where = error, (layer, state, k, i)
    if seen is not None:
        ok = worst <= o.bound
        print("PASS" if ok else "FAIL", "largest relative difference", mp.nstr(worst, 3), "at", where)
        sys.exit(not ok)


if __name__ == "__main__":
    main()
