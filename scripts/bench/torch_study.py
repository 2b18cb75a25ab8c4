"""The study as a practitioner would write it in PyTorch: one process, all data in memory.

    study.py DATA OUT.csv

Five networks per rule, each attacked with Gaussian noise and the fast gradient sign method at twelve
strengths. Measures the accuracy of every layer, the eigenvalues of its covariance, and the exponents
over three ranges of ranks.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

SIZES, CLASSES = [784, 200, 200, 200, 200, 200], 10
EPOCHS, RATE = {"local": 40, "backprop": 20}, {"local": 0.5, "backprop": 0.1}
BATCH, DECAY, DECAY_EVERY = 64, 0.8, 10
SIGMAS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3]
EPSILONS = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3]
RANKS = [(1, 50), (1, 20), (11, 100)]


class Network(torch.nn.Module):
    def __init__(self, rule):
        super().__init__()
        self.rule = rule
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(SIZES, SIZES[1:]))
        self.readouts = torch.nn.ModuleList(
            torch.nn.Linear(units, CLASSES, bias=rule == "backprop")
            for units in (SIZES[1:] if rule == "local" else SIZES[-1:])
        )
        for layer in self.layers:
            torch.nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)
            torch.nn.init.zeros_(layer.bias)
        for readout in self.readouts:
            torch.nn.init.normal_(readout.weight, std=readout.in_features**-0.5)
            readout.requires_grad_(rule == "backprop")

    def activations(self, x):
        h = []
        for layer in self.layers:
            x = torch.relu(layer(x))
            h.append(x)
        return h

    def loss(self, x, y):
        if self.rule == "backprop":
            return cross_entropy(self.readouts[-1](self.activations(x)[-1]), y)
        total = 0
        for layer, readout in zip(self.layers, self.readouts):
            x = torch.relu(layer(x.detach()))
            total = total + cross_entropy(readout(x), y)
        return total


def train(rule, x, y):
    network = Network(rule)
    learned = [p for p in network.parameters() if p.requires_grad]
    descent = torch.optim.SGD(learned, lr=RATE[rule])
    schedule = torch.optim.lr_scheduler.StepLR(descent, DECAY_EVERY, DECAY)
    for _ in range(EPOCHS[rule]):
        for chosen in torch.randperm(len(y)).split(BATCH):
            descent.zero_grad(set_to_none=True)
            network.loss(x[chosen], y[chosen]).backward()
            descent.step()
        schedule.step()
    return network


def fgsm(network, x, y, epsilon):
    x = x.clone().requires_grad_()
    loss = cross_entropy(network.readouts[-1](network.activations(x)[-1]), y)
    (gradient,) = torch.autograd.grad(loss, x)
    return (x + epsilon * gradient.sign()).detach()


@torch.no_grad()
def measure(network, x, y):
    """(layer, accuracy, exponents) of each layer."""
    for l, h in enumerate(network.activations(x)):
        readout = len(network.readouts) - len(network.layers) + l
        right = float("nan")
        if readout >= 0:
            right = (network.readouts[readout](h).argmax(1) == y).float().mean().item()
        lambdas = torch.linalg.eigvalsh(torch.cov(h.double().T)).flip(0).numpy()
        slopes = []
        for first, last in RANKS:
            n, values = np.arange(first, last + 1), lambdas[first - 1 : last]
            keep = values > 0
            slopes.append(-np.polyfit(np.log(n[keep]), np.log(values[keep]), 1)[0])
        yield l + 1, right, slopes


def main():
    data = Path(sys.argv[1])
    x, y, test, labels = (
        torch.from_numpy(np.load(data / f"{name}.npy"))
        for name in ["train-images", "train-labels", "test-images", "test-labels"]
    )
    y, labels = y.long(), labels.long()
    noisy = {s: test + s * torch.randn(test.shape) for s in SIGMAS}
    with open(sys.argv[2], "w", newline="") as file:
        table = csv.writer(file)
        for rule in EPOCHS:
            for seed in range(1, 6):
                torch.manual_seed(seed)
                network = train(rule, x, y)
                levels = {("clean", 0): lambda: test}
                levels |= {("gauss", s): lambda s=s: noisy[s] for s in SIGMAS}
                levels |= {("fgsm", e): lambda e=e: fgsm(network, test, labels, e) for e in EPSILONS}
                for (attack, strength), images in levels.items():
                    for row in measure(network, images(), labels):
                        table.writerow([rule, seed, attack, strength, *row])


main()
