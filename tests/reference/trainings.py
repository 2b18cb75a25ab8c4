#!/usr/bin/env python3
"""Trainings with every activation function, optimizer and schedule, in NumPy and float64.

Written from the formulas, without a look at the Rust code. Only NumPy is needed.

    python3 trainings.py START IMAGES LABELS OUT
        three full-batch steps for each combination, from the network START/local or START/backprop;
        OUT.txt has the flags of a combination in a line, OUT.npy (combinations, parameters) f4 the
        parameters after them: w, b of each layer, then r, c of the last where it is trained,
        padded with zeros.

Activations: Hendrycks and Gimpel, arXiv:1606.08415 (gelu, silu); Maas et al., ICML 2013 (leaky-relu).
Adam: Kingma and Ba, ICLR 2015, algorithm 1. Momentum: as torch.optim.SGD documents it.
"""

import itertools
import json
import math
import pathlib
import sys

import numpy as np

erf = np.vectorize(math.erf)


def normal(z):
    return 0.5 * (1 + erf(z / math.sqrt(2))), np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def logistic(z):
    return 1 / (1 + np.exp(-z))


# z to h and dh/dz
ACTIVATIONS = {
    "relu": lambda z: (np.maximum(z, 0), (z > 0) * 1.0),
    "leaky-relu": lambda z: (np.where(z > 0, z, 0.01 * z), np.where(z > 0, 1.0, 0.01)),
    "tanh": lambda z: (np.tanh(z), np.cosh(z) ** -2.0),
    "sigmoid": lambda z: (logistic(z), logistic(z) * logistic(-z)),
    "shifted-tanh": lambda z: ((1 + np.tanh(z)) / 2, np.cosh(z) ** -2.0 / 2),
    "gelu": lambda z: (z * normal(z)[0], normal(z)[0] + z * normal(z)[1]),
    "silu": lambda z: (z * logistic(z), logistic(z) + z * logistic(z) * logistic(-z)),
}


class Plain:
    def __init__(self, rate, momentum=0.0):
        self.rate, self.momentum, self.velocity = rate, momentum, {}

    def step(self, key, w, g):
        self.velocity[key] = self.momentum * self.velocity.get(key, 0.0) + g
        w -= self.rate * self.velocity[key]


class Adam:
    def __init__(self, rate):
        self.rate, self.state = rate, {}

    def step(self, key, w, g):
        t, m, v = self.state.get(key, (0, 0.0, 0.0))
        t, m, v = t + 1, 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        self.state[key] = t, m, v
        w -= self.rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


OPTIMIZERS = {
    "--optimizer sgd --learning-rate 0.5": lambda: Plain(0.5),
    "--optimizer sgd --momentum 0.9 --learning-rate 0.1": lambda: Plain(0.1, 0.9),
    "--optimizer adam --learning-rate 0.01": lambda: Adam(0.01),
}


def read(folder):
    sizes = json.loads((folder / "model.json").read_text())["sizes"]
    layers = []
    for index in range(1, len(sizes)):
        load = lambda letter: np.load(folder / f"{letter}{index}.npy").astype("f8")
        exists = lambda letter: (folder / f"{letter}{index}.npy").exists()
        layers.append({letter: load(letter) for letter in "wbrc" if exists(letter)})
    return layers


def error(layer, h, y):
    """dE/dz of the logits, and dE/dh, for the mean of -ln p_y."""
    z = h @ layer["r"] + layer.get("c", 0.0)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    return p, p @ layer["r"].T


def step(layers, learning, x, y, f, rule, optimizer):
    inputs, slopes = [x], []
    for layer in layers:
        h, slope = f(inputs[-1] @ layer["w"] + layer["b"])
        inputs.append(h)
        slopes.append(slope)
    gradients, above = {}, None
    for index in reversed(range(len(layers))):
        layer = layers[index]
        if rule == "local" or index + 1 == len(layers):
            dz, dh = error(layer, inputs[index + 1], y)
            if rule == "backprop":
                gradients[index, "r"], gradients[index, "c"] = inputs[index + 1].T @ dz, dz.sum(axis=0)
        else:
            dh = above @ layers[index + 1]["w"].T
        above = dh * slopes[index]
        gradients[index, "w"], gradients[index, "b"] = inputs[index].T @ above, above.sum(axis=0)
    for (index, letter), g in gradients.items():
        if index in learning:
            optimizer.step((index, letter), layers[index][letter], g)


def train(start, x, y, activation, optimizer, rule, schedule):
    layers = read(start / rule)
    make, every = OPTIMIZERS[optimizer], range(len(layers))
    for learning in [every] if schedule == "joint" else [[index] for index in every]:
        optimizer = make()
        for _ in range(3):
            step(layers, learning, x, y, ACTIVATIONS[activation], rule, optimizer)
    trained = [layer[letter] for layer in layers for letter in "wb"]
    if rule == "backprop":
        trained += [layers[-1][letter] for letter in "rc"]
    return np.concatenate([a.ravel() for a in trained])


def main():
    start, images, labels, out = (pathlib.Path(name) for name in sys.argv[1:])
    x, y = np.load(images).astype("f8"), np.load(labels)
    flags, rows = [], []
    ways = [("local", "joint"), ("backprop", "joint"), ("local", "sequential")]
    for activation, optimizer, (rule, schedule) in itertools.product(ACTIVATIONS, OPTIMIZERS, ways):
        flags.append(f"--rule {rule} --schedule {schedule} --activation {activation} {optimizer}")
        rows.append(train(start, x, y, activation, optimizer, rule, schedule))
    longest = max(map(len, rows))
    np.save(f"{out}.npy", np.stack([np.pad(row, (0, longest - len(row))) for row in rows]).astype("f4"))
    pathlib.Path(f"{out}.txt").write_text("\n".join(flags) + "\n")


if __name__ == "__main__":
    main()
