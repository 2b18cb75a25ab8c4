"""Networks to and from PyTorch, which is imported where it is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .network import ACTIVATIONS, Layers, as_numpy, known

if TYPE_CHECKING:
    from torch import nn

# Weight and bias of a Linear.
Pair = tuple[Any, Any]


def from_torch(module: nn.Module | Mapping[str, Any], activation: str | None = None) -> Layers:
    """The layers of Sequential(Linear, ReLU, ..., Linear), f8 arrays. The last Linear is the readout.

    ReLU, LeakyReLU, Tanh, Sigmoid, GELU or SiLU may stand between the Linear layers. A state_dict gives
    its Linear layers, in its order. It does not contain the functions between them:
    activation="relu" says that these are ReLU.

    Raises ValueError if the module is another architecture.
    """
    from torch import nn

    module = unwrapped(module)
    if isinstance(module, nn.Module):
        linears, activation = parts_of_module(module)
    elif activation is not None:
        linears = linears_of_state_dict(module)
    else:
        raise ValueError(
            "is a state_dict, which does not say what stands between its Linear layers: "
            'where that is ReLU, say so by --activation relu, or from_torch(..., activation="relu")'
        )
    if len(linears) < 2:
        raise ValueError("must end with a hidden layer, Linear and ReLU, and a Linear that is its readout")
    known(activation)
    *hidden, readout = [
        (as_numpy(weight).T, np.zeros(len(weight)) if bias is None else as_numpy(bias)) for weight, bias in linears
    ]
    return Layers(hidden[:-1] + [hidden[-1] + readout], activation)


def unwrapped(module: Any) -> Any:
    """The module or state_dict inside what torch.compile, DataParallel or a checkpoint wraps around it."""
    from torch import is_tensor, nn

    while True:
        inner = None
        if isinstance(module, nn.Module):
            if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
                inner = module.module
            else:
                inner = getattr(module, "_orig_mod", None)
        elif not hasattr(module, "items"):
            raise ValueError(f"is no module or state_dict (found {type(module).__name__})")
        elif not all(is_tensor(value) for value in module.values()):
            names = ("state_dict", "model_state_dict", "model")
            inner = next((module[name] for name in names if name in module), None)
            if inner is None:
                raise ValueError(f"is no state_dict (found the keys {', '.join(map(str, module))[:100]})")
        if inner is None:
            return module
        module = inner


def parts_of_module(module: nn.Module) -> tuple[list[Pair], str]:
    """Weights and biases of Sequential(Linear, ReLU, ..., Linear), and the name of the function between them.

    Modules that change nothing after training, such as Dropout and Identity, are left out.
    """
    from torch import nn

    dropouts = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)

    def parts(module: Any) -> Iterator[Any]:
        # A class with another forward may compute anything.
        if type(module).forward is nn.Sequential.forward:
            for part in module:
                yield from parts(part)
        elif type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1):
            pass
        elif type(module) not in (nn.Identity, *dropouts):
            yield module

    sequence = list(parts(module))
    names = {getattr(nn, name): activation for activation, name in ACTIVATIONS.items() if name}
    function = next((type(part) for part in sequence[1::2] if type(part) in names), nn.ReLU)
    for place, part in enumerate(sequence):
        expected = [nn.Linear, function][place % 2]
        if type(part) is not expected:
            found, expected = type(part).__name__, expected.__name__
            network = f"Linear, {function.__name__}, ..., Linear"
            raise ValueError(f"has {found} where {expected} is expected: a network is {network}")
        if getattr(part, "approximate", "none") != "none" or getattr(part, "negative_slope", 0.01) != 0.01:
            raise ValueError(f"has {part} where {expected.__name__}() is expected")
    if len(sequence) % 2 == 0:
        raise ValueError("must end with a hidden layer, Linear and ReLU, and a Linear that is its readout")
    return [(part.weight, part.bias) for part in sequence[::2]], names[function]


def linears_of_state_dict(tensors: Mapping[str, Any]) -> list[Pair]:
    """Weights and biases of a state_dict that contains only Linear layers, with any names."""
    layers: dict[str, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        name, _, kind = str(key).rpartition(".")
        if (kind, tensor.ndim) not in [("weight", 2), ("bias", 1)]:
            raise ValueError(f"is a state_dict of more than Linear layers (found {key} of shape {tuple(tensor.shape)})")
        layers.setdefault(name, {})[kind] = tensor
    without = next((name for name, layer in layers.items() if "weight" not in layer), None)
    if without is not None:
        raise ValueError(f"is a state_dict of more than Linear layers (found {without} without a weight)")
    return [(layer["weight"], layer.get("bias")) for layer in layers.values()]


def to_torch(layers: Sequence[tuple[Any, ...]], activation: str | None = None) -> nn.Sequential:
    """The layers as Sequential(Linear, ReLU, ..., Linear), with the readout of the last layer only.

    The function is that of Layers, unless it is named. PyTorch has no module for shifted-tanh: it is
    Sigmoid after a Linear of twice the weights, since (1 + tanh z)/2 = 1/(1 + exp(-2 z)).
    """
    import torch
    from torch import nn

    activation = known(getattr(layers, "activation", "relu") if activation is None else activation)
    factor = 2 if activation == "shifted-tanh" else 1
    function = getattr(nn, ACTIVATIONS[activation] or "Sigmoid")

    def linear(w: Any, b: Any = None) -> nn.Linear:
        part = nn.Linear(*w.shape, bias=b is not None)
        part.weight = nn.Parameter(torch.tensor(w.T))
        if b is not None:
            part.bias = nn.Parameter(torch.tensor(b))
        return part

    hidden = [part for w, b, *_ in layers for part in (linear(factor * w, factor * b), function())]
    return nn.Sequential(*hidden, linear(*layers[-1][2:]))


def load(file: str) -> Any:
    """What torch.save wrote. Only the classes below are built, so that no code in the file is run."""
    import torch
    from torch import nn

    classes = [nn.Sequential, nn.Linear, nn.Flatten, nn.Identity, nn.DataParallel]
    classes += [getattr(nn, name) for name in ACTIVATIONS.values() if name]
    classes += [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout]
    try:
        with torch.serialization.safe_globals(classes):
            return torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ValueError(error.strerror or error) from error
    except Exception as error:  # a file that is no pickle can raise anything
        named = re.search(r"Unsupported global: GLOBAL (\S+)", str(error))
        if named:
            raise ValueError(
                f"holds {named[1]}, which is not loaded, since it could run code: save the module's state_dict() instead"
            ) from error
        raise ValueError("is no Sequential of Linear and ReLU, or state_dict, that torch.save wrote") from error
