"""NumPy's side of scripts/bench-peers: the same work as benches/worker.rs and the tools."""

import os
from pathlib import Path

import numpy as np
from serve import serve

DEPTH = 5
RANKS = [(1, 50), (1, 20), (11, 100)]


def rows(data, name, samples=None):
    return np.load(data / f"{name}.npy")[:samples]


def network(model):
    """A network's arrays: (w, b, r) of each layer."""
    return [
        [np.load(Path(model) / f"{letter}{l}.npy") for letter in "wbr"]
        for l in range(1, DEPTH + 1)
    ]


def eigenvalues(h):
    """Of the covariance of activations (samples, units), in double precision, the largest first."""
    h = h.astype(np.float64)
    h -= h.mean(0)
    return np.linalg.eigvalsh(h.T @ h / (len(h) - 1))[::-1]


def exponents(spectra):
    for lambdas in spectra:
        for first, last in RANKS:
            n = np.arange(first, last + 1)
            np.polyfit(np.log(n), np.log(lambdas[first - 1 : last]), 1)


def spectrum(data, units):
    x = rows(data, "train-images", 10_000)
    w = np.random.default_rng(1).standard_normal((x.shape[1], units), np.float32)
    h = np.maximum(x @ w, 0)
    return lambda: eigenvalues(h)


def gauss(data, model):
    """A level of the Gaussian attack, from its images to its exponents."""
    layers = network(model)

    def run():
        x, y = rows(data, "test-images"), rows(data, "test-labels")
        h = x + np.float32(0.5) * np.random.default_rng(1).standard_normal(x.shape, np.float32)
        spectra = []
        for w, b, r in layers:
            h = np.maximum(h @ w + b, 0)
            ((h @ r).argmax(1) == y).mean()
            spectra.append(eigenvalues(h))
        exponents(spectra)

    return run


def dimension(data):
    """The distances of 10,000 images to their ten nearest neighbours, by scikit-learn."""
    from sklearn.neighbors import NearestNeighbors

    x = rows(data, "test-images").astype(np.float64)
    return lambda: NearestNeighbors(n_neighbors=10, algorithm="brute").fit(x).kneighbors()


def read(data, file):
    return lambda: np.load(file)


def write(data, file):
    x = rows(data, "train-images")
    return lambda: np.save(file, x)


def write_synced(data, file):
    x = rows(data, "train-images")

    def save():
        with open(file, "wb") as out:
            np.save(out, x)
            out.flush()
            os.fsync(out.fileno())

    return save


if __name__ == "__main__":
    serve(globals())
