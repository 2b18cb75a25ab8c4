"""Networks as directories."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from . import replacing

Path = Union[str, "os.PathLike[str]"]

SCHEMA = f"{replacing.FAMILY}2"
SCHEMA_OF_RELU = f"{replacing.FAMILY}1"
# The names of the functions, and PyTorch's modules.
ACTIVATIONS = {
    "relu": "ReLU",
    "leaky-relu": "LeakyReLU",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "shifted-tanh": None,
    "gelu": "GELU",
    "silu": "SiLU",
}


class Layers(list[tuple[Any, ...]]):
    """A list of layers, (w, b), (w, b, r) or (w, b, r, c) each, and in `activation` the name of their function."""

    def __init__(self, layers: Iterable[tuple[Any, ...]], activation: str) -> None:
        super().__init__(layers)
        self.activation = known(activation)


def known(activation: str) -> str:
    """The name of an activation function. Refuses other names."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"has an unknown activation (found {activation}, expected one of {', '.join(ACTIVATIONS)})")
    return activation


def save_network(
    directory: Path, layers: Iterable[Sequence[Any]], rule: str = "own", activation: str | None = None
) -> None:
    """Write a network's directory, which the tools take as --model. An older network there is replaced.

    The layers are tuples of NumPy arrays or PyTorch tensors, from the images upwards: (w, b), or with a
    readout (w, b, r) or (w, b, r, c). The last layer must have a readout. Their function is
    max(0, z), or that of `Layers`, or the named one of ACTIVATIONS. All numbers are written as f4.
    `rule` is the name of the learning rule in model.json.

    Raises ValueError if the layers do not fit together or have numbers that are not finite, or if the
    directory holds something else; OSError if writing fails. Nothing is replaced then.
    """
    directory = os.fspath(directory)
    activation = known(getattr(layers, "activation", "relu") if activation is None else activation)
    arrays = [[np.asarray(as_numpy(array), dtype="<f4") for array in layer] for layer in layers]
    description = {
        "schema": SCHEMA,
        "rule": rule,
        "sizes": check(arrays),
        "classes": classes(arrays),
        "activation": activation,
    }
    # A symbolic link is followed, not replaced.
    target = os.path.realpath(directory)
    replacing.check_target(directory, target)
    folder = replacing.beside(target)
    try:
        new = f"{folder}/new"
        os.mkdir(new)
        for number, layer in enumerate(arrays, 1):
            for letter, array in zip("wbrc", layer):
                np.save(f"{new}/{letter}{number}.npy", np.ascontiguousarray(array))
        with open(f"{new}/model.json", "w") as file:
            print(json.dumps(description), file=file)
        replacing.settle(new)
        # Check again, because something may have been put there since.
        replacing.check_target(directory, target)
        replacing.take_over(target, new)
        replacing.replace(new, target, f"{folder}/old")
    finally:
        # Remove an older network only if a new one stands in its place.
        if os.path.exists(target) or not os.path.exists(f"{folder}/old"):
            shutil.rmtree(folder, ignore_errors=True)


def read_network(directory: Path) -> Layers:
    """The layers of a network's directory, tuples of f4 arrays, with their activation function.

    Raises ValueError if the directory is of an unknown schema, OSError if a file cannot be read.
    """
    directory = os.fspath(directory)
    with open(f"{directory}/model.json") as file:
        description = json.load(file)
    if description["schema"] not in (SCHEMA, SCHEMA_OF_RELU):
        raise ValueError(f"{directory}: has an unknown schema (found {description['schema']}, expected {SCHEMA})")
    activation = description["activation"] if description["schema"] == SCHEMA else "relu"
    files = [[f"{directory}/{letter}{l}.npy" for letter in "wbrc"] for l in range(1, len(description["sizes"]))]
    layers = [tuple(np.load(file) for file in layer if os.path.exists(file)) for layer in files]
    return Layers(layers, activation)


def as_numpy(array: Any) -> Any:
    """An array as it is, or a PyTorch tensor of any precision as an f8 array."""
    if not hasattr(array, "detach"):
        return array
    if not array.is_floating_point():
        raise ValueError(f"has numbers of a wrong kind (found {array.dtype}, expected floating point)")
    return array.detach().cpu().double().numpy()


def check(layers: Sequence[Sequence[NDArray[Any]]]) -> list[int]:
    """The sizes of the layers, inputs first. Refuses layers that do not fit together."""
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


def classes(layers: Sequence[Sequence[NDArray[Any]]]) -> int:
    """Number of classes of the last layer, which must have a readout."""
    if len(layers[-1]) < 3:
        raise ValueError("the last layer has no readout: it must be (w, b, r) or (w, b, r, c)")
    number = int(layers[-1][2].shape[-1])
    if not 1 <= number <= 256:
        raise ValueError(f"has impossible classes (found {number}, expected 1 to 256)")
    return number
