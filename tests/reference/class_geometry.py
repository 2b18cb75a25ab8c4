#!/usr/bin/env python3
"""An independent NumPy reference for `class-geometry`, from the formulas alone.

    python3 class_geometry.py OUT_DIR

writes the inputs and the expected lines into OUT_DIR:

    classes-h.npy          f8 (4, 120, 12): layers of ordinary activations, of activations far from 0,
                           of classes that have nearly collapsed, and with a constant unit and a class
                           whose samples are all equal
    classes-y.npy          u1 (120,): classes of 57, 0, 33, 21, 8 and 1 samples, in random order; the
                           last two have fewer samples than there are units
    class-geometry.jsonl   one line per layer

Means and products are in long double (of x86-64). The decompositions are float64; each is checked by
a second method, by assertions.
"""

import json
import sys
from pathlib import Path

import numpy as np

SEED, UNITS, COUNTS = 920, 12, [57, 0, 33, 21, 8, 1]
CUT = 1e-10


def scatter(a):
    """The sum of the outer products of the rows."""
    return a.T @ a


def participation_ratio(covariance):
    values = np.linalg.eigvalsh(covariance.astype(np.float64)).clip(min=0)
    ratio = float(values.sum() ** 2 / (values**2).sum())
    assert np.isclose(ratio, float(np.trace(covariance) ** 2 / (covariance**2).sum()), rtol=1e-12)
    return ratio


def nc1(within, between, classes):
    """By the eigenvectors of the between-class scatter; checked by NumPy's pseudo-inverse."""
    values, vectors = np.linalg.eigh(between.astype(np.float64))
    kept = values > CUT * values.max()
    assert kept.sum() < classes  # the centres lie in classes - 1 dimensions
    found = sum(v @ within @ v / value for value, v in zip(values[kept], vectors.T[kept])) / classes
    inverse = np.linalg.pinv(between.astype(np.float64), rcond=CUT, hermitian=True)
    assert np.isclose(float(found), np.trace(within @ inverse) / classes, rtol=1e-10)
    return float(found)


def measure(h, y, layer):
    h = h.astype(np.longdouble)
    present = sorted(set(y.tolist()))
    mean = h.mean(axis=0)
    centres = np.stack([h[y == c].mean(axis=0) for c in present]) - mean
    centred = [h[y == c] - h[y == c].mean(axis=0) for c in present]
    within = sum(scatter(a) for a in centred) / len(h)
    between = scatter(centres) / len(present)
    norms = np.sqrt((centres**2).sum(axis=1))
    covariances = {c: scatter(a) / (len(a) - 1) for c, a in enumerate(centred) if len(a) > 1}
    varying = [s for s in covariances.values() if np.trace(s) > 0]
    radii = [np.sqrt(np.trace(s)) / norms[c] for c, s in covariances.items()]
    cosines = np.abs(centres @ centres.T) / np.outer(norms, norms)
    pairs = np.triu_indices(len(present), 1)
    # The variance of all samples is that within classes and that of the centres, weighted by counts.
    weights = np.array([(y == c).sum() for c in present]) / len(h)
    total = ((h - mean) ** 2).sum() / len(h)
    assert np.isclose(float(total), float(np.trace(within) + (weights * norms**2).sum()), rtol=1e-14)
    # The fraction in the span of the centres; the first principal directions hold no less.
    scatters = scatter((h - mean).astype(np.float64)) / len(h)
    basis = np.linalg.svd(centres.astype(np.float64), full_matrices=False)[2][: len(present) - 1]
    span = float(np.trace(basis @ scatters @ basis.T) / np.trace(scatters))
    first = np.linalg.eigvalsh(scatters)[::-1][: len(present) - 1].sum() / np.trace(scatters)
    assert span <= first * (1 + 1e-12)
    return {
        "layer": layer,
        "samples": len(h),
        "units": h.shape[1],
        "classes": len(present),
        "within": float(np.trace(within)),
        "between": float(np.trace(between)),
        "ratio": float(np.trace(between) / np.trace(within)),
        "nc1": nc1(within, between, len(present)),
        "centre_span": span,
        "class_dimension": float(np.mean([participation_ratio(s) for s in varying])),
        "class_radius": float(np.mean(radii)),
        "centre_correlation": float(cosines[pairs].mean()),
    }


def make(rng):
    y = rng.permutation(np.repeat(np.arange(len(COUNTS)), COUNTS)).astype(np.uint8)
    mixing = rng.normal(size=(UNITS, UNITS)) * np.arange(1, UNITS + 1) ** -0.7
    layers = []
    for spread, offset in ((1.0, 0.0), (1.0, 1e4), (1e-4, 3.0), (0.5, 0.0)):
        centres = rng.normal(size=(len(COUNTS), UNITS))
        layers.append(centres[y] + spread * rng.normal(size=(len(y), UNITS)) @ mixing.T + offset)
    layers[0] = np.maximum(layers[0], 0)
    layers[3][:, 4] = 0.1
    layers[3][y == 3] = layers[3][y == 3][0]
    return np.stack(layers), y


def main():
    out = Path(sys.argv[1])
    h, y = make(np.random.default_rng(SEED))
    np.save(out / "classes-h.npy", h)
    np.save(out / "classes-y.npy", y)
    lines = [measure(layer, y, number) for number, layer in enumerate(h, start=1)]
    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
    (out / "class-geometry.jsonl").write_text(text)


if __name__ == "__main__":
    main()
