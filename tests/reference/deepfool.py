#!/usr/bin/env python3
"""DeepFool in NumPy and float64.

Written from the paper (Moosavi-Dezfooli, Fawzi and Frossard, CVPR 2016, algorithm 2, and section 3.3 for other norms than
the second), without a look at the Rust code. Only NumPy is needed. As in the authors' code, each step starts at
x + (1 + overshoot) r, with r the sum of the steps before.

    python3 deepfool.py NET IMAGES LABELS OUT
        attacks the images in several ways, with at most 50 steps and an overshoot of 0.02.
        OUT.txt has one line per way: the activation function that NET is taken with, and flags of attack-deepfool.
        OUT.npy, f8 (ways, samples, pixels), has the attacked images.
        OUT-stable.npy, u1 (ways, samples), is 1 where no choice on the way hangs on the rounding of single precision.

A trajectory is stable if at each of its points
- the two largest logits differ by more than 1e-4 of the largest, so that the answer is clear;
- the distances of the two nearest planes differ by more than 1e-3, so that the class is clear;
- with the norm inf, each element of the gradient is 0 or more than 1e-3 of the largest, so that its sign is clear;
- with ReLU, no unit is within 1e-5 of its kink.
"""

import itertools
import sys

import numpy as np

from reference import read_images, read_labels, read_network
from trainings import ACTIVATIONS

STEPS, OVERSHOOT = 50, 0.02


def logits_and_jacobian(net, activation, x):
    """Of one image: logits (classes,), dz/dx (pixels, classes), and the unit nearest to its kink."""
    h, slope, kink = x, np.eye(len(x)), np.inf
    for w, b in zip(net["w"], net["b"]):
        z = h @ w + b
        kink = min(kink, abs(z).min())
        h, derivative = ACTIVATIONS[activation](z)
        slope = slope @ w * derivative
    readout = net["r"][len(net["w"])]
    return h @ readout, slope @ readout, kink


def deepfool(net, activation, norm, x):
    """The image after the attack, and whether its way is stable."""
    r, at, stable = np.zeros_like(x), x, True
    z, jacobian, kink = logits_and_jacobian(net, activation, at)
    answer = z.argmax()
    for step in range(STEPS + 1):
        first, second = np.sort(z)[::-1][:2]
        stable &= first - second > 1e-4 * abs(z).max()
        stable &= activation != "relu" or kink > 1e-5
        if z.argmax() != answer or step == STEPS:
            return at, stable
        planes = []
        for k in range(len(z)):
            if k != answer:
                f, w = z[k] - z[answer], jacobian[:, k] - jacobian[:, answer]
                if norm == "inf":
                    planes.append((abs(f) / abs(w).sum(), abs(f) / abs(w).sum() * np.sign(w), w))
                else:
                    planes.append((abs(f) / np.sqrt(w @ w), abs(f) / (w @ w) * w, w))
        planes.sort(key=lambda plane: plane[0])
        stable &= planes[1][0] - planes[0][0] > 1e-3 * planes[0][0]
        size = abs(planes[0][2])
        stable &= norm != "inf" or ((size == 0) | (size > 1e-3 * size.max())).all()
        r = r + planes[0][1]
        at = x + (1 + OVERSHOOT) * r
        z, jacobian, kink = logits_and_jacobian(net, activation, at)


def main():
    net, images, labels, out = sys.argv[1:]
    net, x, y = read_network(net), read_images(images), read_labels(labels)
    lines, attacked, stable = [], [], []
    for activation, norm in itertools.product(("relu", "tanh", "gelu"), ("inf", "2")):
        labelled = activation == "relu"
        lines.append(f"{activation} --norm {norm}" + labelled * " --labels G/labels.npy")
        ways = []
        for image, label in zip(x, y):
            right = logits_and_jacobian(net, activation, image)[0].argmax() == label
            ways.append(deepfool(net, activation, norm, image) if right or not labelled else (image, True))
        attacked.append([at for at, _ in ways])
        stable.append([is_stable for _, is_stable in ways])
        answers = [logits_and_jacobian(net, activation, at)[0].argmax() for at, _ in ways]
        if labelled:  # an image that comes to rest next to a boundary is not stable
            assert (np.array(answers) != y)[stable[-1]].all()
        assert np.mean(stable[-1]) > 0.7, np.mean(stable[-1])
    np.save(f"{out}.npy", np.array(attacked))
    np.save(f"{out}-stable.npy", np.array(stable).astype("u1"))
    with open(f"{out}.txt", "w") as file:
        file.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
