"""The peers' side of scripts/bench-peers: NumPy and PyTorch at the work that benches/worker.rs does.

Makes ready for the task of its arguments and says so, then does it once for each line on stdin and
answers with the seconds taken.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

DEPTH, CLASSES = 5, 10


def rows(data, name, samples=None):
    return np.load(data / f"{name}.npy")[:samples]


def weights(pixels, width):
    generator = torch.Generator().manual_seed(1)
    sizes = [pixels] + [width] * DEPTH
    w = [
        torch.randn(a, b, generator=generator) * (2 / a) ** 0.5
        for a, b in zip(sizes, sizes[1:])
    ]
    b = [torch.zeros(width) for _ in w]
    r = [torch.randn(width, CLASSES, generator=generator) / width**0.5 for _ in w]
    return w, b, r


def batches(x, y, batch):
    order = torch.randperm(len(y))
    for start in range(0, len(y), batch):
        chosen = order[start : start + batch]
        yield x[chosen], y[chosen]


def epoch(data, width, batch, samples, form):
    """An epoch of local errors: with updates by hand, or by autograd and its SGD."""
    x = torch.from_numpy(rows(data, "train-images", samples))
    y = torch.from_numpy(rows(data, "train-labels", samples)).long()
    w, b, r = weights(x.shape[1], width)
    rate = 0.1

    @torch.no_grad()
    def hand():
        for h, labels in batches(x, y, batch):
            alpha = -rate / len(labels)
            index = torch.arange(len(labels))
            for l in range(DEPTH):
                below, h = h, torch.addmm(b[l], h, w[l]).relu_()
                delta = torch.softmax(h @ r[l], 1)
                delta[index, labels] -= 1
                delta = (delta @ r[l].T).mul_(h > 0)
                w[l].addmm_(below.T, delta, alpha=alpha)
                b[l].add_(delta.sum(0), alpha=alpha)

    def autograd():
        for h, labels in batches(x, y, batch):
            loss = 0
            for l in range(DEPTH):
                h = torch.relu(torch.addmm(b[l], h.detach(), w[l]))
                loss = loss + cross_entropy(h @ r[l], labels)
            descent.zero_grad(set_to_none=True)
            loss.backward()
            descent.step()

    if form == "hand":
        return hand
    for parameter in w + b:
        parameter.requires_grad_()
    descent = torch.optim.SGD(w + b, lr=rate)
    return autograd


def forward(data, width):
    x = torch.from_numpy(rows(data, "test-images"))
    w, b, _ = weights(x.shape[1], width)

    @torch.no_grad()
    def run():
        h, activations = x, []
        for l in range(DEPTH):
            h = torch.addmm(b[l], h, w[l]).relu_()
            activations.append(h)

    return run


def eigenvalues(h):
    """Of the covariance of activations (samples, units), in double precision."""
    h = h.astype(np.float64)
    h -= h.mean(0)
    return np.linalg.eigvalsh(h.T @ h / (len(h) - 1))[::-1]


def exponents(spectra):
    for lambdas in spectra:
        for first, last in [(1, 50), (1, 20), (11, 100)]:
            n = np.arange(first, last + 1)
            np.polyfit(np.log(n), np.log(lambdas[first - 1 : last]), 1)


def spectrum(data, units):
    x = rows(data, "train-images", 10_000)
    w, _, _ = weights(x.shape[1], units)
    h = np.maximum(x @ w[0].numpy(), 0)
    return lambda: eigenvalues(h)


def network(data, model):
    """A network's arrays: (w, b, r) of each layer."""
    return [
        [np.load(Path(model) / f"{letter}{l}.npy") for letter in "wbr"]
        for l in range(1, DEPTH + 1)
    ]


def gauss(data, model):
    """A level of the Gaussian attack to its exponents, in NumPy."""
    layers = network(data, model)

    def run():
        x = rows(data, "test-images")
        y = rows(data, "test-labels")
        x = x + np.float32(0.5) * np.random.default_rng(1).standard_normal(x.shape, np.float32)
        h, spectra = x, []
        for w, b, r in layers:
            h = np.maximum(h @ w + b, 0)
            ((h @ r).argmax(1) == y).mean()
            spectra.append(eigenvalues(h))
        exponents(spectra)

    return run


def fgsm(data, model):
    """A level of the fast gradient sign method to its exponents, by autograd."""
    layers = [[torch.from_numpy(array) for array in layer] for layer in network(data, model)]

    def run():
        x = torch.from_numpy(rows(data, "test-images")).requires_grad_()
        y = torch.from_numpy(rows(data, "test-labels")).long()
        h = x
        for w, b, _ in layers:
            h = torch.relu(torch.addmm(b, h, w))
        (gradient,) = torch.autograd.grad(cross_entropy(h @ layers[-1][2], y), x)
        with torch.no_grad():
            h, spectra = x + 0.1 * gradient.sign(), []
            for w, b, r in layers:
                h = torch.addmm(b, h, w).relu_()
                ((h @ r).argmax(1) == y).float().mean()
                spectra.append(eigenvalues(h.numpy()))
        exponents(spectra)

    return run


def read(data, file):
    return lambda: np.load(file)


def write(data, file):
    x = rows(data, "train-images")
    return lambda: np.save(file, x)


def main():
    threads, data, task, *arguments = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    arguments = [int(a) if a.isdigit() else a for a in arguments]
    run = globals()[task](Path(data), *arguments)
    run()  # to warm up
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print(time.perf_counter() - began, flush=True)


main()
