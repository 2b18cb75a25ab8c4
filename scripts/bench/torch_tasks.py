"""PyTorch's side of scripts/bench-peers: the same work as benches/worker.rs and the tools."""

import torch
from numpy_tasks import DEPTH, eigenvalues, exponents, network, rows
from serve import serve
from torch.nn.functional import cross_entropy

CLASSES = 10


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


def fgsm(data, model):
    """A level of the fast gradient sign method, by autograd, from its images to its exponents."""
    layers = [[torch.from_numpy(array) for array in layer] for layer in network(model)]

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


torch.manual_seed(1)
serve(globals())
