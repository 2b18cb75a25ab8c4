"""The spectral tools against NumPy and scikit-dimension, from the formulas alone.

The tools are on the PATH; run in a folder of its own. Needs NumPy; where scikit-dimension is
there, `dimension` is compared with it too, and that it is not is said. Silent where all agree.
"""

import json
import subprocess

import numpy as np

try:
    import skdim
except ImportError:
    skdim = None

rng = np.random.default_rng(7)


def run(line):
    return subprocess.run(line, shell=True, check=True, capture_output=True, executable="/bin/bash").stdout


def spectrum(line):
    run(f"spectrum --quiet {line} -o out.npy")
    return np.load("out.npy")


def near(found, expected, tolerance=1e-12):
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error < tolerance, f"{error} of the largest"


def eigenvalues(matrix):
    return np.linalg.eigvalsh(matrix)[::-1]


def activations(samples, units):
    scale = np.arange(1, units + 1) ** -0.5
    return 5 + rng.normal(size=(samples, units)) * scale @ np.linalg.qr(rng.normal(size=(units, units)))[0]


# Moments of shards, merged at once and one after the other.
h = activations(900, 30)
whole = eigenvalues(np.cov(h.T))
for name, (start, end) in {"a": (0, 1), "b": (1, 400), "c": (400, 900)}.items():
    np.save(f"{name}.npy", h[start:end])
    run(f"spectrum {name}.npy --moments m{name}.npy")
m = np.load("mc.npy")
assert m.shape == (32, 30) and (m[0] == 500).all()
near(m[1], h[400:].mean(axis=0))
near(m[2:], 499 * np.cov(h[400:].T))
near(spectrum("--from-moments ma.npy mb.npy mc.npy"), whole)
near(spectrum("--from-moments mc.npy <(spectrum --from-moments mb.npy ma.npy --moments -)"), whole)
near(spectrum("--from-moments --normalize mb.npy mc.npy ma.npy"), eigenvalues(np.corrcoef(h.T)))
near(spectrum("--from-moments --no-center mb.npy mc.npy ma.npy"), eigenvalues(h.T @ h / 900))
np.save("stack.npy", np.stack([h, h[::-1] * 2]))
run("spectrum stack.npy --moments ms.npy")
near(spectrum("--from-moments ms.npy"), np.stack([whole, 4 * whole]))

# Correlation, with a unit that is constant, also with fewer samples than units.
for samples in (900, 20):
    x = h[:samples].copy()
    x[:, 3] = 0.1
    x[:, 4] = 0
    np.save("x.npy", x)
    expected = np.zeros(30)
    others = np.delete(x, [3, 4], axis=1)
    expected[:28] = eigenvalues(np.corrcoef(others.T)).clip(min=0)
    near(spectrum("--normalize x.npy"), expected)

# Every dtype, and axes flattened.
for dtype in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 >f2 >f4 >i2 >u4".split():
    x = (20 * np.abs(activations(200, 12))).clip(max=120).astype(dtype)
    np.save("x.npy", x.reshape(200, 3, 4))
    near(spectrum("--flatten x.npy"), eigenvalues(np.cov(x.astype("f8").T)))

# cvPCA, by singular vectors instead of a covariance's.
for samples, units in ((500, 20), (30, 50)):
    signal = activations(samples, units)
    a, b = (signal + 0.3 * rng.normal(size=signal.shape) for _ in range(2))
    np.save("a.npy", a)
    np.save("b.npy", b)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    ranks = min(samples - 1, units)
    expected = np.zeros(units)
    for one in (a, b):
        components = np.linalg.svd(one, full_matrices=False)[2][:ranks].T
        expected[:ranks] += ((a @ components) * (b @ components)).sum(axis=0) / (samples - 1) / 2
    near(spectrum("--repeat a.npy b.npy")[:ranks], expected[:ranks], 1e-10)

# Fits of what scatters: weights 1/n, up to the first value that is not positive.
values = np.array([1.0, 0.4, 0.5, 0.2, 0.25, -0.01, 0.1])
np.save("v.npy", values)
n, y = np.arange(1, 6), np.log(values[:5])
slope = np.polyfit(np.log(n), y, 1, w=np.sqrt(1 / n))[0]
fit = json.loads(run("fit-powerlaw --as-ranked --method weighted --ranks 1-7 v.npy"))
assert fit["points"] == 5 and abs(fit["alpha"] + slope) < 1e-12, fit

# Dimensions from all distances, sorted.
for d, coordinates in ((2, 5), (6, 40)):
    x = rng.normal(size=(800, d)) @ rng.normal(size=(d, coordinates)) + 3
    np.save("x.npy", x)
    found = {line["method"]: line["dimension"] for line in map(json.loads, run("dimension --neighbours 8 x.npy").splitlines())}
    r = np.sort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)[:, 1:]
    mu = np.sort(np.log(r[:, 1] / r[:, 0]))[:720]
    y = -np.log(1 - np.arange(1, 721) / 800)
    near(np.array(found["twonn"]), np.array(mu @ y / (mu @ mu)), 1e-9)
    near(np.array(found["mle"]), np.array(1 / np.log(r[:, 7:8] / r[:, :7]).mean()), 1e-9)
    if skdim:
        near(np.array(found["twonn"]), np.array(skdim.id.TwoNN().fit(x).dimension_), 1e-9)
        near(np.array(found["mle"]), np.array(skdim.id.MLE().fit(x, n_neighbors=8).dimension_), 1e-9)
if not skdim:
    print("NO SCIKIT-DIMENSION HERE: DIMENSIONS WERE COMPARED WITH NUMPY ALONE")
