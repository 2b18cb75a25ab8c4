#!/usr/bin/env python3
"""An independent NumPy reference for the numbers of `local-errors`.

Written from the formulas, without a look at the Rust code; both must agree.  float64 throughout unless a function says otherwise.  Made with
NumPy 2.4.6 and Python 3.11 (only NumPy is needed; the long double of x86-64).

    python3 reference.py OUT_DIR
        write the small inputs and expected results ("goldens") into OUT_DIR
        (here: `python3 reference.py golden`).  Gradients are first checked
        against decimal arithmetic and finite differences, line fits and
        spectra by a second method, by assertions.

    python3 reference.py --train START_DIR IMAGES LABELS OUT_DIR
                         --rule local|backprop --steps K --learning-rate R
        K full-batch gradient steps in float64 from the network in START_DIR;
        a network directory with f8 arrays, and one JSON line a step and
        trained readout on stdout (loss and error before the step).
        backprop ignores readouts of hidden layers, and starts a missing
        bias of the last readout at 0.

    python3 reference.py --spectrum < activations.npy > spectrum.npy

Files of OUT_DIR
    images.npy labels.npy          the inputs: f4 (48, 20), u1 (48,)
    net/                           rule local: r1..r3, no bias; pixel 19 has no
                                   weights, so its gradient is exactly 0
    net-c/                         r3 and c3 only; w1..w3 are f8, Fortran order
    activations.npy                f8 (3, 48, 12), of net
    accuracy.jsonl                 of net;  accuracy-c.jsonl: of net-c
    fgsm-exact-signs.npy           i1 (48, 20), sign of dE/dx, last layer of net
    fgsm-exact-signs-layer1.npy    the same for the loss of layer 1
    fgsm-gradients.npy             f8, dE/dx of the last layer, each sample
                                   scaled to max |.| = 1
    fgsm-gradients-layer1.npy      the same for the loss of layer 1
    fgsm-exact-audit.json          lost_label_images, zero_gradient_images,
                                   zero_sign_pixels
    fgsm-float32-signs.npy         i1, softmax - onehot, float32 throughout
    fgsm-float32-stable.npy        u1, 1 where that sign survives round-off of
                                   another order of summation, another exp
    fgsm-float32-audit.json        the same
    pgd.npy pgd-clipped.npy        f8 (48, 20), images.npy after 4 steps of 0.1 within
                                   0.25, last layer of net; clipped: and within 0, 1
    pgd-stable.npy                 u1 (48,), 1 where no sign on the way hangs on the
    pgd-clipped-stable.npy         round-off of single precision
    spectrum.npy                   f8 (3, 12), of activations.npy
    wide.npy wide-spectrum.npy     6 samples of 12 units
    offset.npy offset-spectrum.npy mean 1e6, spread 1
    powerlaw-spectrum.npy          f8 (60,), a bent, noisy power law, the last
                                   three values not `positive`
    fits.jsonl                     fit-powerlaw of it: methods ols, weighted,
                                   mle, each with ranks 1-50, 1-20, 11-100
    start/RULE                     what `train --epochs 0` starts from (not written here)
    trained/RULE                   what three full-batch steps make of it, f8, and
                                   history.jsonl (see make-goldens)
"""

import argparse
import io
import json
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np

SEED = 919
SAMPLES, PIXELS, CLASSES = 48, 20, 4
SIZES = [20, 12, 12, 12]
RANKS = [(1, 50), (1, 20), (11, 100)]


# ---------------------------------------------------------------- files

def read_images(path):
    a = np.load(path)
    scale = 255.0 if a.dtype == np.uint8 else 1.0
    return a.reshape(len(a), -1).astype(np.float64) / scale


def read_labels(path):
    return np.load(path).astype(np.int64)


def read_network(folder, dtype=np.float64):
    """{"w": [..], "b": [..], "r": {layer: ..}, "c": {layer: ..}}, layers from 1 in r and c."""
    folder = Path(folder)
    model = json.loads((folder / "model.json").read_text())
    depth = len(model["sizes"]) - 1

    def load(name):
        return np.load(folder / f"{name}.npy").astype(dtype)

    def optional(letter):
        return {n: load(f"{letter}{n}") for n in range(1, depth + 1)
                if (folder / f"{letter}{n}.npy").exists()}

    return {"w": [load(f"w{n}") for n in range(1, depth + 1)],
            "b": [load(f"b{n}") for n in range(1, depth + 1)],
            "r": optional("r"), "c": optional("c")}


def write_network(folder, net, rule, classes):
    """The arrays as they are (dtype and order), and a model.json of the four required keys."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for n, (w, b) in enumerate(zip(net["w"], net["b"]), start=1):
        np.save(folder / f"w{n}.npy", w)
        np.save(folder / f"b{n}.npy", b)
    for letter in "rc":
        for n, a in net[letter].items():
            np.save(folder / f"{letter}{n}.npy", a)
    sizes = [int(net["w"][0].shape[0])] + [int(w.shape[1]) for w in net["w"]]
    model = {"schema": "local-errors/model/1", "rule": rule, "sizes": sizes, "classes": int(classes)}
    (folder / "model.json").write_text(json.dumps(model) + "\n")


def write_lines(path, records):
    Path(path).write_text("".join(json.dumps(r, allow_nan=False) + "\n" for r in records))


# ---------------------------------------------------------------- the network

def preactivations(net, x):
    out = []
    for w, b in zip(net["w"], net["b"]):
        out.append(x @ w + b)
        x = np.maximum(out[-1], 0)
    return out


def activations(net, x):
    return [np.maximum(a, 0) for a in preactivations(net, x)]


def logits(net, h, layer):
    z = h @ net["r"][layer]
    return z + net["c"][layer] if layer in net["c"] else z


def losses(z, y):
    """-ln p_y of each sample, to full relative precision however small:
    ln(1 + sum over the other classes of exp(z_c - z_y))."""
    rows = np.arange(len(y))
    difference = z - z[rows, y][:, None]
    difference[rows, y] = -np.inf
    top = difference.max(axis=1, keepdims=True)
    others = top[:, 0] + np.log(np.exp(difference - top).sum(axis=1))
    return np.logaddexp(0, others)


def accuracy_lines(net, x, y):
    lines = []
    for layer, h in enumerate(activations(net, x), start=1):
        line = {"layer": layer, "samples": len(y), "units": h.shape[1],
                "dead": int((h == 0).all(axis=0).sum()),
                "correct": None, "accuracy": None, "loss": None}
        if layer in net["r"]:
            z = logits(net, h, layer)
            line["correct"] = int((z.argmax(axis=1) == y).sum())  # ties: the lowest class
            line["accuracy"] = line["correct"] / len(y)
            line["loss"] = float(losses(z, y).mean())
        lines.append(line)
    return lines


# ---------------------------------------------------------------- gradients

def onehot(y, classes, dtype=np.float64):
    return np.eye(classes, dtype=dtype)[y]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def exact_delta(z, y):
    """dE/dz of each sample up to a positive factor, without p and without p_y - 1."""
    rows = np.arange(len(y))
    others = z.copy()
    others[rows, y] = -np.inf
    d = np.exp(others - others.max(axis=1, keepdims=True))
    d[rows, y] = -d.sum(axis=1)
    return d


def input_gradient(net, x, layer, delta):
    """The chain rule from delta = dE/dlogits of `layer` to x; relu'(0) = 0."""
    pre = preactivations(net, x)
    g = delta @ net["r"][layer].T
    for n in reversed(range(layer)):
        g = (g * (pre[n] > 0)) @ net["w"][n].T
    return g


def scaled(g):
    """Each row divided by its largest magnitude; a row of zeros stays."""
    top = np.abs(g).max(axis=1, keepdims=True)
    return g / np.where(top == 0, 1, top)


def exact_gradient(net, x, y, layer):
    z = logits(net, activations(net, x)[layer - 1], layer)
    return scaled(input_gradient(net, x, layer, exact_delta(z, y)))


def float32_gradient(net, x, y, layer):
    """net and x in float32.  The loss of each sample, not divided by their number."""
    z = logits(net, activations(net, x)[layer - 1], layer)
    g = input_gradient(net, x, layer, softmax(z) - onehot(y, z.shape[1], np.float32))
    assert g.dtype == np.float32
    return g


def float32_stable(net, x, y, layer, rng, trials=200):
    """Where the sign of float32_gradient does not depend on how its sums are
    rounded: the logits, exponentials and weights moved by a few units in the last place."""
    ulps = 4 * np.finfo(np.float32).eps
    reference = np.sign(float32_gradient(net, x, y, layer))
    stable = np.ones(reference.shape, bool)

    def jitter(a, mask=True):
        noise = 1 + ulps * rng.uniform(-1, 1, a.shape)
        return np.where(mask, a * noise, a).astype(np.float32)

    for _ in range(trials):
        other = {"w": [jitter(w) for w in net["w"]], "b": net["b"],
                 "r": {n: jitter(r) for n, r in net["r"].items()}, "c": net["c"]}
        z = jitter(logits(net, activations(net, x)[layer - 1], layer))
        e = np.exp(z - z.max(axis=1, keepdims=True))
        e = jitter(e, e != 1)  # exp(0) is 1 everywhere
        p = e / e.sum(axis=1, keepdims=True)
        g = input_gradient(other, x, layer, p - onehot(y, z.shape[1], np.float32))
        stable &= np.sign(g) == reference
    return stable


def audit(signs, delta, y):
    """Every pixel with sign 0 counts, those of images without any gradient too; delta is
    dE/dz, whose term of the own class is lost where it is 0."""
    return {"lost_label_images": int((delta[np.arange(len(y)), y] == 0).sum()),
            "zero_gradient_images": int((signs == 0).all(axis=1).sum()),
            "zero_sign_pixels": int((signs == 0).sum())}


# ---------------------------------------------------------------- projected gradient descent

def pgd(net, x, y, layer, epsilon, step, steps, low=-np.inf, high=np.inf):
    """The images after so many steps, and which of them are stable: at each step every
    gradient is exactly 0 or above 1e-3 of the image's largest, as the signs of FGSM are
    compared, and every unit is at a distance from the edge of its activity."""
    at, stable = x, np.ones(len(x), bool)
    for _ in range(steps):
        gradient = exact_gradient(net, at, y, layer)
        size = np.abs(gradient)
        stable &= ((size == 0) | (size > 1e-3)).all(axis=1)
        for a in preactivations(net, at)[:layer]:
            stable &= (np.abs(a) > 1e-5).all(axis=1)
        moved = at + step * np.sign(gradient)
        at = np.clip(x + np.clip(moved - x, -epsilon, epsilon), low, high)
    return at, stable


# ---------------------------------------------------------------- checks of the gradients

def to_longdouble(net):
    cast = lambda a: a.astype(np.longdouble)
    return {"w": [cast(w) for w in net["w"]], "b": [cast(b) for b in net["b"]],
            "r": {n: cast(a) for n, a in net["r"].items()},
            "c": {n: cast(a) for n, a in net["c"].items()}}


def difference_gradient(net, x, y, layer, step=1e-7):
    """Central differences of the loss, in long double."""
    net, x = to_longdouble(net), x.astype(np.longdouble)
    g = np.empty_like(x)
    for i in range(x.shape[1]):
        e = np.zeros(x.shape[1], np.longdouble)
        e[i] = step
        up, down = (losses(logits(net, activations(net, v)[layer - 1], layer), y) for v in (x + e, x - e))
        g[:, i] = (up - down) / (2 * np.longdouble(step))
    return scaled(g).astype(np.float64)


def decimal_gradient(net, x, y, layer, digits=400):
    """softmax - onehot and the chain rule as written, in decimal arithmetic with so
    many digits that p_y - 1 loses none that matter."""
    def dec(a):
        return [[Decimal(float(v)) for v in row] for row in np.atleast_2d(a)]

    def times(v, m):
        return [sum((a * row[j] for a, row in zip(v, m)), Decimal(0)) for j in range(len(m[0]))]

    def transpose(m):
        return [list(column) for column in zip(*m)]

    with localcontext() as context:
        context.prec = digits
        ws, bs = [dec(w) for w in net["w"][:layer]], [dec(b)[0] for b in net["b"][:layer]]
        r = dec(net["r"][layer])
        c = dec(net["c"].get(layer, np.zeros(len(r[0]))))[0]
        rows = []
        for v, label in zip(dec(x), y):
            gates = []
            for w, b in zip(ws, bs):
                pre = [a + k for a, k in zip(times(v, w), b)]
                gates.append([a > 0 for a in pre])
                v = [max(a, Decimal(0)) for a in pre]
            z = [a + k for a, k in zip(times(v, r), c)]
            e = [(a - max(z)).exp() for a in z]
            total = sum(e)
            g = [a / total - (1 if k == label else 0) for k, a in enumerate(e)]
            g = times(g, transpose(r))
            for w, gate in zip(reversed(ws), reversed(gates)):
                g = times([a if on else Decimal(0) for a, on in zip(g, gate)], transpose(w))
            top = max(abs(a) for a in g) or Decimal(1)
            rows.append([float(a / top) for a in g])
    return np.array(rows)


def check_gradient(net, x, y, layer, gradient):
    decimal = decimal_gradient(net, x, y, layer)
    assert np.abs(decimal - gradient).max() < 1e-11, np.abs(decimal - gradient).max()
    assert (np.sign(decimal) == np.sign(gradient)).all()
    difference = difference_gradient(net, x, y, layer)
    assert np.abs(difference - gradient).max() < 1e-5, np.abs(difference - gradient).max()
    # No sign hangs on round-off: a pixel's gradient is exactly 0 or well away from it.
    size = np.abs(gradient)
    assert (size[size > 0] > 1e-10).all()


# ---------------------------------------------------------------- covariance spectra

def spectrum(a):
    """Eigenvalues of the covariance (divisor samples - 1), largest first, none below 0.
    The mean is removed in long double.  A stack: one row a matrix."""
    if a.ndim == 3:
        return np.stack([spectrum(m) for m in a])
    a = a.astype(np.longdouble)
    centred = (a - a.mean(axis=0)).astype(np.float64)
    covariance = np.atleast_2d(np.cov(centred, rowvar=False))
    return np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0)


def spectrum_by_svd(a):
    """The same by singular values, with exact zeros beyond the number of samples."""
    s = np.linalg.svd(a.astype(np.float64) - a.astype(np.float64).mean(axis=0), compute_uv=False)
    out = np.zeros(a.shape[1])
    out[:len(s)] = s ** 2 / (len(a) - 1)
    return out


# ---------------------------------------------------------------- power laws

def positive(values):
    return int((values > 1e-10 * values.max()).sum())


def participation_ratio(values):
    return float(values.sum() ** 2 / (values ** 2).sum())


def effective_rank(values):
    p = values / values.sum()
    p = p[p > 0]
    return float(np.exp(-(p * np.log(p)).sum()))


def fit_line(n, values, weights):
    """Weighted least squares of ln(values) on ln(n), by lstsq: alpha, stderr, intercept, r2."""
    t, y, root = np.log(n), np.log(values), np.sqrt(weights)
    design = np.stack([np.ones_like(t), t], axis=1)
    (intercept, slope), *_ = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)
    residuals = (weights * (y - intercept - slope * t) ** 2).sum()
    sxx = (weights * (t - np.average(t, weights=weights)) ** 2).sum()
    total = (weights * (y - np.average(y, weights=weights)) ** 2).sum()
    other = np.polyfit(t, y, 1, w=root)
    assert np.allclose(other, [slope, intercept], rtol=1e-9, atol=1e-9)
    return {"alpha": float(-slope), "stderr": float(np.sqrt(residuals / (len(t) - 2) / sxx)),
            "intercept": float(intercept), "r2": float(1 - residuals / total)}


def curvature(n, values, weights):
    """The quadratic coefficient is the same wherever ln n is centred."""
    t = np.log(n) - np.log(n).mean()
    return float(np.polyfit(t, np.log(values), 2, w=np.sqrt(weights))[0])


def fit_mle(values, last):
    """alpha = 1/(a - 1) with a = 1 + k / sum ln(lambda_i / lambda_last).

    The k others are all values above the last one used, whatever `first` is: the
    sample whose density has its lower bound there.  Leaving out the ranks before
    `first` would underestimate alpha: the formula has no upper bound.
    """
    others = values[:last - 1]
    a = 1 + len(others) / np.log(others / values[last - 1]).sum()
    return {"alpha": float(1 / (a - 1)), "stderr": None, "intercept": None, "r2": None}


def fit_record(values, first, last, method, layer=None):
    usable = min(last, positive(values))
    n = np.arange(first, usable + 1, dtype=np.float64)
    assert len(n) >= 3
    used = values[first - 1:usable]
    weights = 1 / n if method == "weighted" else np.ones_like(n)
    fit = fit_mle(values, usable) if method == "mle" else fit_line(n, used, weights)
    return {"layer": layer, "units": len(values), "positive": positive(values),
            "rank_first": first, "rank_last": last, "points": len(n), "method": method, **fit,
            "curvature": curvature(n, used, weights),
            "participation_ratio": participation_ratio(values),
            "effective_rank": effective_rank(values)}


# ---------------------------------------------------------------- training

def local_step(net, x, y, rate):
    """All layers at once, each on its own loss; returns the new network and the old losses."""
    inputs, new_w, new_b, lines = x, [], [], []
    for layer, h in enumerate(activations(net, x), start=1):
        z = logits(net, h, layer)
        lines.append((layer, z))
        delta = (softmax(z) - onehot(y, z.shape[1])) / len(y)
        g = (delta @ net["r"][layer].T) * (h > 0)
        new_w.append(net["w"][layer - 1] - rate * inputs.T @ g)
        new_b.append(net["b"][layer - 1] - rate * g.sum(axis=0))
        inputs = h
    return {**net, "w": new_w, "b": new_b}, lines


def backprop_step(net, x, y, rate):
    hs = [x] + activations(net, x)
    last = len(net["w"])
    z = logits(net, hs[last], last)
    delta = (softmax(z) - onehot(y, z.shape[1])) / len(y)
    new = {"w": list(net["w"]), "b": list(net["b"]),
           "r": {last: net["r"][last] - rate * hs[last].T @ delta},
           "c": {last: net["c"][last] - rate * delta.sum(axis=0)}}
    g = delta @ net["r"][last].T
    for layer in reversed(range(1, last + 1)):
        g = g * (hs[layer] > 0)
        new["w"][layer - 1] = net["w"][layer - 1] - rate * hs[layer - 1].T @ g
        new["b"][layer - 1] = net["b"][layer - 1] - rate * g.sum(axis=0)
        g = g @ net["w"][layer - 1].T
    return new, [(last, z)]


def train(net, x, y, rule, steps, rate):
    """The trained network and its history: one record a step and layer with a trained loss."""
    last = len(net["w"])
    if rule == "backprop":
        readout = net["r"][last]
        bias = net["c"].get(last, np.zeros(readout.shape[1]))
        net = {**net, "r": {last: readout}, "c": {last: bias}}
    history = []
    for step in range(1, steps + 1):
        net, lines = (local_step if rule == "local" else backprop_step)(net, x, y, rate)
        history += [{"epoch": step, "layer": layer, "train_loss": float(losses(z, y).mean()),
                     "train_error": float((z.argmax(axis=1) != y).mean()), "test_error": None}
                    for layer, z in lines]
    return net, history


def check_training(net, x, y):
    """Both rules' steps against central differences of the losses, a few entries an array."""
    step = 1e-6

    def loss_of(net, layer):
        return losses(logits(net, activations(net, x)[layer - 1], layer), y).mean()

    def moved(net, letter, key, index, by):
        a = net[letter][key].copy()
        a[index] += by
        container = dict(net[letter]) if isinstance(net[letter], dict) else list(net[letter])
        container[key] = a
        return {**net, letter: container}

    def compare(net, new, letter, key, loss_layer):
        a, b = net[letter][key], new[letter][key]
        for index in list(np.ndindex(a.shape))[::7]:
            slope = (loss_of(moved(net, letter, key, index, step), loss_layer)
                     - loss_of(moved(net, letter, key, index, -step), loss_layer)) / (2 * step)
            assert abs((a[index] - b[index]) - slope) < 1e-6 * max(1, abs(slope)), (letter, key, index)

    small = {**net, "r": {n: r / 20 for n, r in net["r"].items()}}  # far from saturation
    new, _ = local_step(small, x, y, 1.0)
    for n in range(len(net["w"])):
        compare(small, new, "w", n, n + 1)
        compare(small, new, "b", n, n + 1)
    last = len(net["w"])
    small = {**small, "r": {last: small["r"][last]}, "c": {last: np.zeros(CLASSES)}}
    new, _ = backprop_step(small, x, y, 1.0)
    for n in range(last):
        compare(small, new, "w", n, last)
        compare(small, new, "b", n, last)
    compare(small, new, "r", last, last)
    compare(small, new, "c", last, last)


# ---------------------------------------------------------------- the inputs

def make_images(rng):
    """Four sparse prototypes, flipped pixels, and a contrast that spreads the confidence."""
    labels = rng.permutation(np.arange(SAMPLES) % CLASSES)
    prototypes = np.stack([rng.permutation(PIXELS) < 8 for _ in range(CLASSES)])
    on = prototypes[labels] ^ (rng.random((SAMPLES, PIXELS)) < 0.1)
    contrast = rng.uniform(0.1, 1, (SAMPLES, 1))
    images = np.where(on, np.minimum(contrast * rng.uniform(0.6, 1.2, on.shape), 1), 0)
    return images.astype(np.float32), labels.astype(np.uint8)


def make_network(rng, images, labels, gap):
    """Random layers; readouts by ridge regression, so that most samples come out right,
    scaled until the larger logit gaps of each layer are about `gap`."""
    net = {"w": [], "b": [], "r": {}, "c": {}}
    h = images.astype(np.float64)
    rows = np.arange(len(labels))
    for layer, (inputs, units) in enumerate(zip(SIZES, SIZES[1:]), start=1):
        w = rng.normal(0, np.sqrt(2 / inputs), (inputs, units))
        b = rng.normal(0, 0.05, units)
        if layer == 2:  # a dead unit, at a distance from the edge
            w[:, 5], b[5] = -np.abs(w[:, 5]), -0.25
        net["w"].append(w)
        net["b"].append(b)
        h = np.maximum(h @ w + b, 0)
        directions = h / np.maximum(np.linalg.norm(h, axis=1, keepdims=True), 0.1)
        r = np.linalg.solve(directions.T @ directions + 0.1 * np.eye(units),
                            directions.T @ (onehot(labels, CLASSES) - 1 / CLASSES))
        z = h @ r
        own = z[rows, labels]
        z[rows, labels] = -np.inf
        net["r"][layer] = r * gap / np.quantile(own - z.max(axis=1), 0.9)
    return net


def make_powerlaw(rng):
    n = np.arange(1, 61, dtype=np.float64)
    steep = n ** -1.2 * (1 + (n / 25) ** 2) ** -0.6
    values = 7.5 * steep * np.exp(0.08 * rng.normal(size=60))
    values = np.sort(values)[::-1].copy()
    values[57:] = values[0] * np.array([5e-11, 1e-13, 0])
    return values


def gaps(net, x, y, layer):
    """Logit of the label minus the largest other."""
    z = logits(net, activations(net, x)[layer - 1], layer)
    rows = np.arange(len(y))
    own = z[rows, y]
    z[rows, y] = -np.inf
    return own - z.max(axis=1)


def check_inputs(net, x, y):
    """What the goldens are for is in them, and no count hangs on round-off."""
    assert set(y.tolist()) == set(range(CLASSES))
    assert x.min() >= 0 and x.max() <= 1 and 0.5 < (x == 0).mean() < 0.7
    for a in preactivations(net, x):
        assert np.abs(a).min() > 1e-4
    for layer in net["r"]:
        z = np.sort(logits(net, activations(net, x)[layer - 1], layer), axis=1)
        assert (z[:, -1] - z[:, -2]).min() > 1e-2


def check_confidence(net, x, y):
    gap = gaps(net, x, y, 3)
    assert (gap > 120).sum() >= 4 and ((gap > 20) & (gap < 85)).sum() >= 4, np.sort(gap)
    assert (np.abs(gap) < 10).sum() >= 4 and (gap < 0).sum() >= 2, np.sort(gap)
    assert not ((gap > 80) & (gap < 112)).any(), np.sort(gap)  # float32 subnormals: left to no one
    assert (activations(net, x)[1] == 0).all(axis=0).any()


def write_goldens(out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)

    images, clean_labels = make_images(rng)
    made = make_network(rng, images, clean_labels, gap=150)
    made["w"][0][19] = 0  # a pixel without influence
    labels = clean_labels.copy()
    labels[:4] = (labels[:4] + 1) % CLASSES  # some wrong ones
    np.save(out / "images.npy", images)
    np.save(out / "labels.npy", labels)

    single = {"w": [w.astype(np.float32) for w in made["w"]], "b": [b.astype(np.float32) for b in made["b"]],
              "r": {n: r.astype(np.float32) for n, r in made["r"].items()}, "c": {}}
    write_network(out / "net", single, "local", CLASSES)

    other = make_network(rng, images, clean_labels, gap=8)
    readout = other["r"][3].astype(np.float32)
    mean = activations(other, images.astype(np.float64))[2].mean(axis=0)
    write_network(out / "net-c", {
        "w": [np.asfortranarray(w) for w in other["w"]], "b": [b.astype(np.float32) for b in other["b"]],
        "r": {3: readout}, "c": {3: (-mean @ readout).astype(np.float32)}}, "backprop", CLASSES)

    # From here on only what the files say.
    x, y = read_images(out / "images.npy"), read_labels(out / "labels.npy")
    net, net_c = read_network(out / "net"), read_network(out / "net-c")
    check_inputs(net, x, y)
    check_inputs(net_c, x, y)
    check_confidence(net, x, y)
    check_training(net, x, y)

    hs = np.stack(activations(net, x))
    np.save(out / "activations.npy", hs)
    write_lines(out / "accuracy.jsonl", accuracy_lines(net, x, y))
    write_lines(out / "accuracy-c.jsonl", accuracy_lines(net_c, x, y))

    for layer, suffix in ((3, ""), (1, "-layer1")):
        gradient = exact_gradient(net, x, y, layer)
        check_gradient(net, x, y, layer, gradient)
        np.save(out / f"fgsm-exact-signs{suffix}.npy", np.sign(gradient).astype(np.int8))
        np.save(out / f"fgsm-gradients{suffix}.npy", gradient)
        if layer == 3:
            delta = exact_delta(logits(net, activations(net, x)[2], 3), y)
            write_lines(out / "fgsm-exact-audit.json", [audit(np.sign(gradient), delta, y)])

    net32 = read_network(out / "net", np.float32)
    signs = np.sign(float32_gradient(net32, images, y, 3)).astype(np.int8)
    np.save(out / "fgsm-float32-signs.npy", signs)
    np.save(out / "fgsm-float32-stable.npy", float32_stable(net32, images, y, 3, rng).astype(np.uint8))
    delta = softmax(logits(net32, activations(net32, images)[2], 3)) - onehot(y, CLASSES, np.float32)
    write_lines(out / "fgsm-float32-audit.json", [audit(signs, delta, y)])

    for suffix, bounds in (("", ()), ("-clipped", (0, 1))):
        attacked, stable = pgd(net, x, y, 3, 0.25, 0.1, 4, *bounds)
        fast = np.clip(x + 0.25 * np.sign(exact_gradient(net, x, y, 3)), *(bounds or (None, None)))
        loss, other = (losses(logits(net, activations(net, a)[2], 3), y).mean() for a in (attacked, fast))
        assert stable.sum() > 36 and loss > other, (stable.sum(), loss, other)
        np.save(out / f"pgd{suffix}.npy", attacked)
        np.save(out / f"pgd{suffix}-stable.npy", stable.astype(np.uint8))

    spectra = spectrum(hs)
    assert np.allclose(spectra, np.stack([spectrum_by_svd(h) for h in hs]), rtol=0, atol=1e-12 * spectra.max())
    np.save(out / "spectrum.npy", spectra)

    wide = np.maximum(rng.normal(0.3, 1, (6, 12)), 0).astype(np.float32)
    np.save(out / "wide.npy", wide)
    np.save(out / "wide-spectrum.npy", spectrum_by_svd(wide))
    assert np.allclose(spectrum_by_svd(wide), spectrum(wide), rtol=0, atol=1e-13)

    offset = 1e6 + rng.normal(size=(40, 6)) @ rng.normal(0, 0.5, (6, 6))
    np.save(out / "offset.npy", offset)
    np.save(out / "offset-spectrum.npy", spectrum(offset))

    values = make_powerlaw(rng)
    assert (np.diff(values) < 0).all() and positive(values) == 57
    np.save(out / "powerlaw-spectrum.npy", values)
    write_lines(out / "fits.jsonl", [fit_record(values, first, last, method)
                                     for method in ("ols", "weighted", "mle") for first, last in RANKS])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("out_dir", nargs="?", metavar="OUT_DIR")
    what.add_argument("--train", nargs=4, metavar=("START_DIR", "IMAGES", "LABELS", "OUT_DIR"))
    what.add_argument("--spectrum", action="store_true")
    parser.add_argument("--rule", choices=("local", "backprop"), default="local")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    args = parser.parse_args()

    if args.spectrum:
        result = io.BytesIO()
        np.save(result, spectrum(np.load(io.BytesIO(sys.stdin.buffer.read()))))
        sys.stdout.buffer.write(result.getvalue())
    elif args.train:
        start, images, labels, out = args.train
        net = read_network(start)
        if args.rule == "local" and len(net["r"]) < len(net["w"]):
            parser.error(f"{start}: --rule local needs a readout for every layer")
        net, history = train(net, read_images(images), read_labels(labels),
                             args.rule, args.steps, args.learning_rate)
        last = len(net["w"])
        write_network(out, net, args.rule, net["r"][last].shape[1])
        sys.stdout.write("".join(json.dumps(line, allow_nan=False) + "\n" for line in history))
    else:
        write_goldens(args.out_dir)


if __name__ == "__main__":
    main()
