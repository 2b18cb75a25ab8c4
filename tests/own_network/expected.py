"""What a network must give, in f8, by NumPy or by PyTorch: tests/own_network.rs compares the tools with it.

    python3 expected.py numpy ACTIVATION    makes a network by save_network, computes with NumPy
    python3 expected.py torch ACTIVATION    makes it by from_torch, computes with torch's autograd
    python3 expected.py back                takes the network in net, by to_torch

Reads x.npy and y.npy; writes net, h1.npy ..., loss.npy (layers with a readout, samples), classes.npy (the last
layer's), gradient.npy (of the last layer's loss), stable.npy: where f4 cannot turn the gradient's sign.
"""

import math
import sys

import numpy as np

from local_errors import ACTIVATIONS, from_torch, read_network, save_network, to_torch

x, y = np.load("x.npy").astype("f8"), np.load("y.npy").astype(int)
rows = np.arange(len(x))
HIDDEN, CLASSES = (12, 12, 12), 3


def cross_entropy(z):
    z = z - z.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - z[rows, y]


def normal(z):
    return 0.5 * (1 + np.vectorize(math.erf)(z / 2**0.5)), np.exp(-z * z / 2) / (2 * math.pi) ** 0.5


def logistic(z):
    return 1 / (1 + np.exp(-z))


# z to h and dh/dz
FUNCTIONS = {
    "relu": lambda z: (np.maximum(z, 0), z > 0),
    "leaky-relu": lambda z: (np.maximum(z, 0.01 * z), np.where(z > 0, 1, 0.01)),
    "tanh": lambda z: (np.tanh(z), np.cosh(z) ** -2),
    "sigmoid": lambda z: (logistic(z), logistic(z) * logistic(-z)),
    "shifted-tanh": lambda z: ((1 + np.tanh(z)) / 2, np.cosh(z) ** -2 / 2),
    "gelu": lambda z: (z * normal(z)[0], normal(z)[0] + z * normal(z)[1]),
    "silu": lambda z: (z * logistic(z), logistic(z) * (1 + z * logistic(-z))),
}
KINKED = ["relu", "leaky-relu"]


def by_numpy(activation):
    """A readout without a bias in the first layer, none in the second, one with a bias in the last."""
    rng = np.random.default_rng(3)
    sizes = (x.shape[1], *HIDDEN)
    layers = [[rng.normal(0, (2 / m) ** 0.5, (m, n)), rng.normal(0, 0.1, n)] for m, n in zip(sizes, sizes[1:])]
    layers[0] += [rng.normal(0, 0.3, (HIDDEN[0], CLASSES))]
    layers[-1] += [rng.normal(0, 0.3, (HIDDEN[-1], CLASSES)), rng.normal(0, 0.1, CLASSES)]
    # What is written is f4, and what is expected is of what is written.
    layers = [[array.astype("f4").astype("f8") for array in layer] for layer in layers]
    save_network("net", layers, activation=activation)
    h, losses, slope, kink = x, [], np.eye(x.shape[1])[None], np.full(len(x), np.inf)
    activations = []
    for w, b, *readout in layers:
        z = h @ w + b
        kink = np.minimum(kink, abs(z).min(axis=1) if activation in KINKED else np.inf)
        h, derivative = FUNCTIONS[activation](z)
        activations.append(h)
        # dh/dx, (samples, pixels, units): forwards, as the tools do not.
        slope = (slope @ w) * derivative[:, None, :]
        if readout:
            logits = h @ readout[0] + sum(readout[1:])
            losses.append(cross_entropy(logits))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[rows, y] -= 1
    return activations, losses, logits, np.einsum("spu,uc,sc->sp", slope, layers[-1][2], p), kink


def by_torch(activation=None):
    import torch
    from torch import nn

    torch.set_default_dtype(torch.float64)
    torch.manual_seed(3)
    if activation is None:
        layers = read_network("net")
        module = to_torch(layers)
        # There and back is the same; of the readouts the last one stays, with a bias of 0 where it has none.
        again = from_torch(module)
        factor = 2 if layers.activation == "shifted-tanh" else 1
        for layer, other in zip(layers, again, strict=True):
            layer = tuple(factor * array for array in layer[:2])
            assert all(np.array_equal(a, b) for a, b in zip(layer[:2], other[:2], strict=True))
        assert np.array_equal(layers[-1][2], again[-1][2])
    else:
        sizes = (x.shape[1], *HIDDEN)
        hidden = [part for m, n in zip(sizes, sizes[1:]) for part in (nn.Linear(m, n), getattr(nn, ACTIVATIONS[activation])())]
        module = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(HIDDEN[-1], CLASSES)).float()
        save_network("net", from_torch(module), rule="torch")
    module = module.double()
    zs, activations = [], []
    for part in module:
        if not isinstance(part, (nn.Linear, nn.Flatten)):
            part.register_forward_hook(lambda part, z, h: zs.append(z[0]) or activations.append(h))
    images = torch.tensor(x, requires_grad=True)
    logits = module(images)
    losses = nn.functional.cross_entropy(logits, torch.tensor(y), reduction="none")
    (gradient,) = torch.autograd.grad(losses.sum(), images)
    kinked = isinstance(module[-2], (nn.ReLU, nn.LeakyReLU))
    kink = torch.stack([abs(z).amin(dim=1) for z in zs]).amin(dim=0) if kinked else torch.full((len(x),), 1.0)
    numbers = ([h.detach().numpy() for h in activations], [losses.detach().numpy()], logits.detach().numpy())
    return *numbers, gradient.numpy(), kink.detach().numpy()


way, *activation = sys.argv[1:]
activations, losses, logits, gradient, kink = by_numpy(*activation) if way == "numpy" else by_torch(*activation)
for number, h in enumerate(activations, 1):
    np.save(f"h{number}.npy", h)
np.save("loss.npy", np.array(losses))
np.save("classes.npy", logits.argmax(axis=1).astype("u1"))
np.save("gradient.npy", gradient)
# Sums of some tens of f4 products: a gradient this far below the image's largest is round-off, and
# so is which side of 0 a unit is on.
large = abs(gradient) > 1e-4 * abs(gradient).max(axis=1, keepdims=True)
np.save("stable.npy", (large & (kink > 1e-6)[:, None]).astype("u1"))
