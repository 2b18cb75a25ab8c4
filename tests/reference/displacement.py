"""The terms of the variance under an attack, in NumPy: python3 displacement.py FOLDER

Writes activations of two layers without and with an attack, displacement-{clean,attacked}.npy, the terms
of each layer, displacement-terms.npy (2, 3, units), and displacement.jsonl.
"""

import json
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
rng = np.random.default_rng(7)
layers, samples, units = 2, 90, 12
mixing = rng.normal(size=(layers, units, units)) * np.arange(1, units + 1) ** -0.8
clean = np.maximum(0, rng.normal(size=(layers, samples, units)) @ mixing + 0.3).astype("f4")
moved = clean * rng.uniform(0.5, 1.2, size=units) + 0.2 * rng.normal(size=clean.shape) + 0.1
attacked = moved.astype("f4")
np.save(folder / "displacement-clean.npy", clean)
np.save(folder / "displacement-attacked.npy", attacked)

terms, lines = [], []
for layer in range(layers):
    h = clean[layer].astype("f8")
    d = attacked[layer].astype("f8") - h
    eigenvalues, v = np.linalg.eigh(np.cov(h, rowvar=False))
    v = v[:, ::-1]
    along_h, along_d = h @ v, d @ v
    cross = [2 * np.cov(along_h[:, n], along_d[:, n])[0, 1] for n in range(units)]
    own = along_d.var(axis=0, ddof=1)
    terms.append([eigenvalues[::-1], cross, own])
    squared = (d**2).sum(axis=1).mean()
    lines.append(
        {
            "layer": layer + 1,
            "samples": samples,
            "units": units,
            "total": squared / eigenvalues.sum(),
            "mean_shift": (d.mean(axis=0) ** 2).sum() / squared,
            "first_10": own[:10].sum() / own.sum(),
            "first_50": own[:50].sum() / own.sum(),
        }
    )
np.save(folder / "displacement-terms.npy", np.array(terms))
(folder / "displacement.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
