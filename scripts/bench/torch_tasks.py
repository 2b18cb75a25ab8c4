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


def forward(data, width, activation):
    x = torch.from_numpy(rows(data, "test-images"))
    w, b, _ = weights(x.shape[1], width)
    f = {"relu": torch.relu_, "tanh": torch.tanh_}[activation]

    @torch.no_grad()
    def run():
        h, activations = x, []
        for l in range(DEPTH):
            h = f(torch.addmm(b[l], h, w[l]))
            activations.append(h)

    return run


def of_network(model):
    return [[torch.from_numpy(array) for array in layer] for layer in network(model)]


def test_set(data):
    x, y = rows(data, "test-images"), rows(data, "test-labels")
    return torch.from_numpy(x), torch.from_numpy(y).long()


def gradient(layers, x, y):
    """Of the loss with respect to the images, by autograd."""
    h = x = x.detach().requires_grad_()
    for w, b, _ in layers:
        h = torch.relu(torch.addmm(b, h, w))
    return torch.autograd.grad(cross_entropy(h @ layers[-1][2], y), x)[0]


def fgsm_attack(layers, x, y):
    return x + 0.1 * gradient(layers, x, y).sign()


def pgd_attack(layers, x, y):
    """Ten steps in a ball of 0.1."""
    at = x
    for _ in range(10):
        at = at + 0.025 * gradient(layers, at, y).sign()
        at = torch.minimum(torch.maximum(at, x - 0.1), x + 0.1)
    return at


def level(data, model, attack):
    """A level of an attack, from its images to its exponents."""
    layers = of_network(model)

    def run():
        x, y = test_set(data)
        h, spectra = attack(layers, x, y), []
        with torch.no_grad():
            for w, b, r in layers:
                h = torch.addmm(b, h, w).relu_()
                ((h @ r).argmax(1) == y).float().mean()
                spectra.append(eigenvalues(h.numpy()))
        exponents(spectra)

    return run


def fgsm(data, model):
    return level(data, model, fgsm_attack)


def pgd(data, model):
    return level(data, model, pgd_attack)


def only_pgd(data, model):
    layers = of_network(model)
    return lambda: pgd_attack(layers, *test_set(data))


def accuracy(data, model):
    """Accuracy and loss of each layer."""
    layers = of_network(model)

    @torch.no_grad()
    def run():
        h, y = test_set(data)
        for w, b, r in layers:
            h = torch.addmm(b, h, w).relu_()
            z = h @ r
            (z.argmax(1) == y).float().mean().item(), cross_entropy(z, y).item()

    return run


torch.manual_seed(1)
serve(globals())
