#!/usr/bin/env python3
"""An independent reference for `probe`, from the formulas alone.

    python3 probe.py OUT_DIR
        write inputs and expected results into OUT_DIR (here: golden/probe), by Newton's method in NumPy.

    python3 probe.py --compare
        compare the tool, which is on the PATH, with scikit-learn; run in a folder of its own. Silent
        where both agree.

Files of OUT_DIR
    train-activations.npy test-activations.npy   f4 (2, 150, 7) and (2, 90, 7); unit 4 is constant, unit 5
                                                 of layer 2 has a mean of 1000
    train-labels.npy test-labels.npy             u1, 4 classes of different sizes
    lines.jsonl                                  what `probe` must give for each l2 of L2S, without iterations
    point.npy                                    f8 (7, 4): weights of the 6 features of layer 1, and biases
    point.json                                   loss with its l2 term, and norm of its gradient, at that point
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

L2S = [1e-4, 0.1]
CLASSES = 4


def standardised(train, *others):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    varies = np.ptp(train, axis=0) > 0
    return [(h[:, varies] - mean[varies]) / deviation[varies] for h in (train, *others)]


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def with_ones(x):
    return np.hstack([x, np.ones((len(x), 1))])


def loss(parameters, x, y):
    return -log_softmax(with_ones(x) @ parameters)[np.arange(len(y)), y].mean()


def gradient(parameters, x, y, l2):
    p = np.exp(log_softmax(with_ones(x) @ parameters))
    penalty = np.vstack([l2 * parameters[:-1], np.zeros((1, parameters.shape[1]))])
    return with_ones(x).T @ (p - np.eye(parameters.shape[1])[y]) / len(y) + penalty


def hessian(parameters, x, l2):
    x1, classes = with_ones(x), parameters.shape[1]
    p = np.exp(log_softmax(x1 @ parameters))
    blocks = [
        [x1.T @ (x1 * (p[:, [c]] * ((c == d) - p[:, [d]]))) / len(x) for d in range(classes)] for c in range(classes)
    ]
    penalty = np.diag(np.append(np.full(x.shape[1], l2), 0))
    return np.block(blocks) + np.kron(np.eye(classes), penalty)


def newton(x, y, l2, classes):
    """The minimum, by Newton's method; the biases are fixed up to a common shift, which changes nothing."""
    parameters = np.zeros((x.shape[1] + 1, classes))

    def objective(parameters):
        return loss(parameters, x, y) + l2 / 2 * (parameters[:-1] ** 2).sum()

    for _ in range(100):
        g = gradient(parameters, x, y, l2)
        if np.linalg.norm(g) < 1e-12:
            return parameters
        step = np.linalg.lstsq(hessian(parameters, x, l2), g.T.ravel(), rcond=1e-14)[0].reshape(classes, -1).T
        size = 1.0
        while size > 1e-3 and objective(parameters - size * step) > objective(parameters):
            size /= 2
        parameters = parameters - size * step
    raise SystemExit(f"Newton's method does not converge: {np.linalg.norm(g)}")


def accuracy(parameters, x, y):
    return float(((with_ones(x) @ parameters).argmax(axis=1) == y).mean())


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20)
    centres = rng.normal(size=(2, CLASSES, 7))

    def samples(count):
        y = rng.choice(CLASSES, size=count, p=[0.4, 0.3, 0.2, 0.1]).astype("u1")
        h = centres[:, y] + 1.5 * rng.normal(size=(2, count, 7)) * np.arange(1, 8) ** -1.0
        h[:, :, 3] = 0.25
        h[1, :, 4] += 1000
        return np.maximum(h, 0).astype("<f4"), y

    (train, y), (test, test_y) = samples(150), samples(90)
    for name, array in {"train-activations": train, "train-labels": y, "test-activations": test, "test-labels": test_y}.items():
        np.save(folder / f"{name}.npy", array)
    lines = []
    for l2 in L2S:
        for layer, (h, test_h) in enumerate(zip(train.astype("f8"), test.astype("f8")), 1):
            x, test_x = standardised(h, test_h)
            found = newton(x, y, l2, CLASSES)
            lines.append(
                {
                    "layer": layer,
                    "units": 7,
                    "classes": CLASSES,
                    "train_accuracy": accuracy(found, x, y),
                    "test_accuracy": accuracy(found, test_x, test_y),
                    "train_loss": loss(found, x, y),
                    "test_loss": loss(found, test_x, test_y),
                    "converged": True,
                }
            )
    (folder / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (x,) = standardised(train[0].astype("f8"))
    point = rng.normal(size=(x.shape[1] + 1, CLASSES))
    np.save(folder / "point.npy", point)
    g = gradient(point, x, y, L2S[1])
    # The gradient itself, by differences.
    for place in [(0, 0), (3, 2), (x.shape[1], 1)]:
        step = np.zeros_like(point)
        step[place] = 1e-5
        ends = [loss(p, x, y) + L2S[1] / 2 * (p[:-1] ** 2).sum() for p in (point + step, point - step)]
        assert abs((ends[0] - ends[1]) / 2e-5 - g[place]) < 1e-8
    value = loss(point, x, y) + L2S[1] / 2 * (point[:-1] ** 2).sum()
    (folder / "point.json").write_text(json.dumps({"loss": value, "gradient_norm": np.linalg.norm(g)}) + "\n")


def run(line):
    return subprocess.run(line, shell=True, check=True, capture_output=True, executable="/bin/bash").stdout


def compare():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(3)
    names = ["--activations h.npy", "--labels y.npy", "--test-activations i.npy", "--test-labels z.npy"]
    for units, classes, spread, l2 in [(20, 10, 3, 1e-4), (20, 10, 3, 1e-2), (150, 5, 8, 1e-3), (6, 2, 1, 1e-4), (40, 3, 0.5, 1e-4)]:
        centres = rng.normal(size=(classes, units))
        mixing = rng.normal(size=(units, units))

        def samples(count):
            y = rng.integers(classes, size=count)
            return np.tanh((centres[y] + spread * rng.normal(size=(count, units))) @ mixing / units), y

        (h, y), (i, z) = samples(3000), samples(2000)
        for name, array in {"h": h, "y": y, "i": i, "z": z}.items():
            np.save(f"{name}.npy", array)
        line = json.loads(run(f"probe --l2 {l2} {' '.join(names)}"))
        scaler = StandardScaler().fit(h)
        # For two classes, scikit-learn has one vector w of weights, and the softmax has w/2 and -w/2, whose
        # squares add up to half of that of w.
        weight = 2 if classes == 2 else 1
        model = LogisticRegression(C=weight / (l2 * len(h)), tol=1e-8, max_iter=100000).fit(scaler.transform(h), y)
        for kind, x, labels in [("train", h, y), ("test", i, z)]:
            expected = model.score(scaler.transform(x), labels)
            assert abs(line[f"{kind}_accuracy"] - expected) <= 0.002, (line, expected)
            expected = -model.predict_log_proba(scaler.transform(x))[np.arange(len(x)), labels].mean()
            # A gradient of 1e-5 leaves about as much of the loss.
            assert abs(line[f"{kind}_loss"] - expected) <= 1e-4 * expected + 1e-5, (line, expected)


if __name__ == "__main__":
    if sys.argv[1:] == ["--compare"]:
        compare()
    else:
        write(Path(sys.argv[1]))
