"""A network, or activations, of your own as the files that the tools read, and back.

Layers are tuples (w, b), and with a readout (w, b, r) or (w, b, r, c):
h = max(0, x w + b), logits = h r + c; w is (inputs, units), r is (units, classes).

    python3 scripts/own_network.py NET.pt DIRECTORY    a module that torch.save wrote, such as
                                                       Sequential(Linear, ReLU, ..., Linear)
"""

import json
import os
import shutil
import sys
import tempfile

import numpy as np

SCHEMA = "local-errors/model/1"


def save_network(directory, layers, rule="own"):
    """Write layers as a network's directory, f4, in the place of an older network there."""
    layers = [[np.asarray(array, dtype="<f4") for array in layer] for layer in layers]
    description = {"schema": SCHEMA, "rule": rule, "sizes": check(layers), "classes": classes(layers)}
    # A link keeps, and so does what is no network.
    directory = os.path.realpath(directory)
    if os.path.exists(directory) and os.listdir(directory) and not os.path.exists(f"{directory}/model.json"):
        raise ValueError(f"{directory}: would replace a folder that is something else (found no model.json in it)")
    parent, name = os.path.split(directory)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".tmp", dir=parent) as folder:
        new = f"{folder}/new"
        os.mkdir(new)
        for number, layer in enumerate(layers, 1):
            for letter, array in zip("wbrc", layer):
                np.save(f"{new}/{letter}{number}.npy", np.ascontiguousarray(array))
        with open(f"{new}/model.json", "w") as file:
            print(json.dumps(description), file=file)
        if os.path.exists(directory):
            shutil.rmtree(directory)
        os.rename(new, directory)


def read_network(directory):
    """The layers of a network's directory."""
    with open(f"{directory}/model.json") as file:
        description = json.load(file)
    if description["schema"] != SCHEMA:
        raise ValueError(f"{directory}: has an unknown schema (found {description['schema']}, expected {SCHEMA})")
    files = [[f"{directory}/{letter}{l}.npy" for letter in "wbrc"] for l in range(1, len(description["sizes"]))]
    return [tuple(np.load(file) for file in layer if os.path.exists(file)) for layer in files]


def save_activations(file, activations):
    """Write activations (samples, units), or a list of them, a layer each, as f4 (layers, samples, units)."""
    shapes = {np.shape(h) for h in activations}
    if len(shapes) != 1:
        raise ValueError(f"{file}: layers of different shapes have no common array (found {sorted(shapes)}): write one each")
    h = np.asarray(activations, dtype="<f4", order="C")
    if h.ndim not in (2, 3) or 0 in h.shape:
        raise ValueError(f"{file}: activations have a wrong shape (found {h.shape}, expected (samples, units))")
    if not np.isfinite(h).all():
        raise ValueError(f"{file}: has a value that is not finite")
    with tempfile.TemporaryDirectory(suffix=".tmp", dir=os.path.dirname(os.path.abspath(file))) as folder:
        np.save(f"{folder}/new.npy", h)
        os.rename(f"{folder}/new.npy", file)


def from_torch(module):
    """The layers of Sequential(Linear, ReLU, ..., Linear), of which the last Linear is the readout."""
    from torch import nn

    def array(parameter):
        return parameter.detach().cpu().double().numpy()

    def linear(part):
        zeros = part.weight.new_zeros(part.out_features)
        return array(part.weight).T, array(zeros if part.bias is None else part.bias)

    parts = list(module) if isinstance(module, nn.Sequential) else [module]
    if parts and isinstance(parts[0], nn.Flatten) and (parts[0].start_dim, parts[0].end_dim) == (1, -1):
        parts = parts[1:]
    for place, part in enumerate(parts):
        expected = [nn.Linear, nn.ReLU][place % 2]
        if type(part) is not expected:
            found = type(part).__name__
            raise ValueError(f"has {found} where {expected.__name__} is expected: a network is Linear, ReLU, ..., Linear")
    if len(parts) < 3 or len(parts) % 2 == 0:
        raise ValueError("must end with a hidden layer, Linear and ReLU, and a Linear that is its readout")
    *hidden, readout = [linear(part) for part in parts[::2]]
    return hidden[:-1] + [hidden[-1] + readout]


def to_torch(layers):
    """The layers as Sequential(Linear, ReLU, ..., Linear); of their readouts the last."""
    import torch
    from torch import nn

    def linear(w, b=None):
        part = nn.Linear(*w.shape, bias=b is not None)
        part.weight = nn.Parameter(torch.tensor(w.T))
        if b is not None:
            part.bias = nn.Parameter(torch.tensor(b))
        return part

    hidden = [part for w, b, *_ in layers for part in (linear(w, b), nn.ReLU())]
    return nn.Sequential(*hidden, linear(*layers[-1][2:]))


def check(layers):
    """The sizes of layers that fit together: inputs, then the units of each."""
    if not layers or any(len(layer) not in (2, 3, 4) for layer in layers):
        raise ValueError("a layer must be (w, b), (w, b, r) or (w, b, r, c)")
    sizes = [len(layers[0][0])]
    for number, layer in enumerate(layers, 1):
        units = layer[1].shape[-1:]
        shapes = [(sizes[-1], *units), units, (*units, classes(layers)), (classes(layers),)]
        for letter, array, shape in zip("wbrc", layer, shapes):
            if array.shape != shape or 0 in shape:
                raise ValueError(f"{letter}{number} has a wrong shape (found {array.shape}, expected {shape})")
            if not np.isfinite(array).all():
                raise ValueError(f"{letter}{number} has a value that is not finite in f4")
        sizes.append(*units)
    return sizes


def classes(layers):
    """Classes of the last layer, which must have a readout."""
    if len(layers[-1]) < 3:
        raise ValueError("the last layer has no readout: it must be (w, b, r) or (w, b, r, c)")
    classes = layers[-1][2].shape[-1]
    if not 1 <= classes <= 256:
        raise ValueError(f"has impossible classes (found {classes}, expected 1 to 256)")
    return classes


def main():
    import argparse
    import pickle

    parser = argparse.ArgumentParser(prog="own_network", description="A PyTorch module as a network's directory.")
    parser.add_argument("module", help="what torch.save wrote: Sequential(Linear, ReLU, ..., Linear)")
    parser.add_argument("directory", help="the network to write")
    args = parser.parse_args()
    import torch
    from torch import nn

    try:
        # Of what a pickle can name, these classes alone are built: nothing in the file is run.
        with torch.serialization.safe_globals([nn.Sequential, nn.Linear, nn.ReLU, nn.Flatten]):
            module = torch.load(args.module, map_location="cpu", weights_only=True)
        save_network(args.directory, from_torch(module))
    except (pickle.UnpicklingError, EOFError, RuntimeError):
        sys.exit(f"own_network: {args.module}: is no Sequential of Linear and ReLU that torch.save wrote")
    except (OSError, ValueError) as error:
        sys.exit(f"own_network: {error}")


if __name__ == "__main__":
    main()
