"""Write networks and activations from elsewhere as files that the tools read, and read them back.

Layers are tuples (w, b), and with a readout (w, b, r) or (w, b, r, c):
h = f(x w + b), logits = h r + c; w is (inputs, units), r is (units, classes). f is max(0, z) unless an
activation is named.

    python3 scripts/own_network.py NET.pt DIRECTORY

converts what torch.save wrote: a module, such as Sequential(Linear, ReLU, ..., Linear), or a state_dict.
ACTIVATIONS are the functions that may stand for ReLU.
"""

import io
import json
import os
import re
import shutil
import sys
import tempfile

try:
    import numpy as np
except ImportError as error:
    if __name__ == "__main__":
        sys.exit(f"own_network: needs NumPy ({error})")
    raise

SCHEMA = "local-errors/model/2"
SCHEMA_OF_RELU = "local-errors/model/1"
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
FAMILY = "local-errors/model/"
FILE = re.compile(r"model\.json|history\.jsonl|[wbrc][1-9][0-9]*\.npy")
SNAPSHOT = re.compile(r"epoch-(0|[1-9][0-9]*)")


class Layers(list):
    """Layers with the name of their activation function."""

    def __init__(self, layers, activation):
        super().__init__(layers)
        self.activation = known(activation)


def known(activation):
    if activation not in ACTIVATIONS:
        raise ValueError(f"has an unknown activation (found {activation}, expected one of {', '.join(ACTIVATIONS)})")
    return activation


def save_network(directory, layers, rule="own", activation=None):
    """Write layers as a network's directory, in f4. An older network there is replaced."""
    activation = known(activation or getattr(layers, "activation", "relu"))
    layers = [[np.asarray(as_numpy(array), dtype="<f4") for array in layer] for layer in layers]
    description = {
        "schema": SCHEMA,
        "rule": rule,
        "sizes": check(layers),
        "classes": classes(layers),
        "activation": activation,
    }
    # A symbolic link is followed, not replaced.
    target = os.path.realpath(directory)
    check_target(directory, target)
    folder = beside(target)
    try:
        new = f"{folder}/new"
        os.mkdir(new)
        for number, layer in enumerate(layers, 1):
            for letter, array in zip("wbrc", layer):
                np.save(f"{new}/{letter}{number}.npy", np.ascontiguousarray(array))
        with open(f"{new}/model.json", "w") as file:
            print(json.dumps(description), file=file)
        settle(new)
        # Check again, because something may have been put there since.
        check_target(directory, target)
        take_over(target, new)
        replace(new, target, f"{folder}/old")
    finally:
        # Remove an older network only if a new one stands in its place.
        if os.path.exists(target) or not os.path.exists(f"{folder}/old"):
            shutil.rmtree(folder, ignore_errors=True)


def check_target(directory, target):
    """Refuse a place where no network can be, or where something else is."""
    parent = os.path.dirname(target)
    if not os.path.isdir(parent):
        raise ValueError(f"{directory}: its folder {parent} does not exist")
    if os.path.lexists(target) and os.listdir(target):
        found = foreign(target)
        if found:
            raise ValueError(
                f"{directory}: would replace a folder that holds something else (found {found}): name another folder"
            )
        for folder, _, files in os.walk(target):
            for path in [folder, *(f"{folder}/{name}" for name in files)]:
                check_writable(directory, path)


def check_writable(name, path):
    """Refuse to replace what may not be written, as cp does."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise ValueError(f"{name}: may not be written ({path} is closed to writing)")


def foreign(directory, snapshots=True):
    """What a folder holds besides a network and its snapshots, in words; None if that is all."""
    with os.scandir(directory) as entries:
        entries = sorted(entries, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not (snapshots and SNAPSHOT.fullmatch(entry.name)):
                return entry.name
            found = os.listdir(entry.path) and foreign(entry.path, snapshots=False)
            if found:
                return f"{found} in {entry.name}"
        elif not FILE.fullmatch(entry.name):
            return entry.name
        elif not entry.is_file(follow_symlinks=False):
            return f"{entry.name}, which is not a regular file"
    if not os.path.exists(f"{directory}/model.json"):
        return "no model.json"
    try:
        with open(f"{directory}/model.json", "rb") as file:
            ours = json.loads(file.read(1 << 20))["schema"].startswith(FAMILY)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        ours = False
    return None if ours else f"a model.json without the schema {FAMILY}N"


def beside(target):
    """A temporary folder beside a target."""
    parent, name = os.path.split(target)
    # A name may have 255 bytes; 30 characters have at most 120.
    return tempfile.mkdtemp(prefix=f".{name[:30]}.", suffix=".tmp", dir=parent)


def settle(folder):
    """Write the files of a folder to the disk, so that a power cut cannot lose them."""
    for path in [*(f"{folder}/{name}" for name in os.listdir(folder)), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def take_over(old, new):
    """Give a new file or folder the mode of the old one, and its owner if that is allowed."""
    if not os.path.exists(old):
        return
    if os.path.isdir(new):
        for name in os.listdir(new):
            take_over(f"{old}/{name}", f"{new}/{name}")
    there = os.stat(old)
    mode = there.st_mode & 0o7777
    for owner in (there.st_uid, -1):
        try:
            os.chown(new, owner, there.st_gid)
            break
        except OSError:
            pass
    if os.stat(new).st_gid != there.st_gid:
        # If the group could not be kept, another group must not get its rights: it gets those of others.
        mode = mode & ~0o070 | (mode & 0o007) << 3
    os.chmod(new, mode)


def replace(new, target, old):
    """Put a folder in the place of another. If that fails, the other is put back."""
    try:
        if os.path.exists(target):
            os.rename(target, old)
        os.rename(new, target)
    except BaseException:
        if os.path.exists(old):
            os.rename(old, target)
        raise


def read_network(directory):
    """The Layers of a network's directory."""
    with open(f"{directory}/model.json") as file:
        description = json.load(file)
    if description["schema"] not in (SCHEMA, SCHEMA_OF_RELU):
        raise ValueError(f"{directory}: has an unknown schema (found {description['schema']}, expected {SCHEMA})")
    activation = description["activation"] if description["schema"] == SCHEMA else "relu"
    files = [[f"{directory}/{letter}{l}.npy" for letter in "wbrc"] for l in range(1, len(description["sizes"]))]
    layers = [tuple(np.load(file) for file in layer if os.path.exists(file)) for layer in files]
    return Layers(layers, activation)


def save_activations(file, activations):
    """Write activations (samples, units), or a list of them, one per layer, as f4 (layers, samples, units)."""
    activations = [as_numpy(h) for h in activations]
    shapes = {np.shape(h) for h in activations}
    if len(shapes) != 1:
        raise ValueError(f"{file}: layers of different shapes have no common array (found {sorted(shapes)}): write one each")
    h = np.asarray(activations, dtype="<f4", order="C")
    if h.ndim not in (2, 3) or 0 in h.shape:
        raise ValueError(f"{file}: activations have a wrong shape (found {h.shape}, expected (samples, units))")
    if not np.isfinite(h).all():
        raise ValueError(f"{file}: has a value that is not finite")
    check_writable(file, file)
    if os.path.abspath(file).startswith(("/dev/", "/proc/")) or os.path.exists(file) and not os.path.isfile(file):
        # A device, a FIFO or an open descriptor is written into, not replaced.
        array = io.BytesIO()
        np.save(array, h)
        with open(file, "ab") as stream:
            stream.write(array.getbuffer())
        return
    # A symbolic link is followed, not replaced.
    target = os.path.realpath(file)
    folder = beside(target)
    try:
        np.save(f"{folder}/new.npy", h)
        settle(folder)
        take_over(target, f"{folder}/new.npy")
        os.rename(f"{folder}/new.npy", target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_numpy(array):
    """An array as it is, or a PyTorch tensor of any precision as an f8 array."""
    if not hasattr(array, "detach"):
        return array
    if not array.is_floating_point():
        raise ValueError(f"has numbers of a wrong kind (found {array.dtype}, expected floating point)")
    return array.detach().cpu().double().numpy()


def from_torch(module, activation=None):
    """The Layers of Sequential(Linear, ReLU, ..., Linear). The last Linear is the readout.

    A state_dict gives its Linear layers, in its order. It does not contain the functions between
    them: activation="relu" says that these are ReLU.
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


def unwrapped(module):
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


def parts_of_module(module):
    """Weights and biases of Sequential(Linear, ReLU, ..., Linear), and the name of the function between them.

    Modules that change nothing after training, such as Dropout and Identity, are left out.
    """
    from torch import nn

    dropouts = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)

    def parts(module):
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


def linears_of_state_dict(tensors):
    """Weights and biases of a state_dict that contains only Linear layers, with any names."""
    layers = {}
    for key, tensor in tensors.items():
        name, _, kind = str(key).rpartition(".")
        if (kind, tensor.ndim) not in [("weight", 2), ("bias", 1)]:
            raise ValueError(f"is a state_dict of more than Linear layers (found {key} of shape {tuple(tensor.shape)})")
        layers.setdefault(name, {})[kind] = tensor
    without = next((name for name, layer in layers.items() if "weight" not in layer), None)
    if without is not None:
        raise ValueError(f"is a state_dict of more than Linear layers (found {without} without a weight)")
    return [(layer["weight"], layer.get("bias")) for layer in layers.values()]


def to_torch(layers, activation=None):
    """The layers as Sequential(Linear, ReLU, ..., Linear), with the readout of the last layer only.

    The function is that of Layers, unless it is named. PyTorch has no module for shifted-tanh: it is
    Sigmoid after a Linear of twice the weights, since (1 + tanh z)/2 = 1/(1 + exp(-2 z)).
    """
    import torch
    from torch import nn

    activation = known(activation or getattr(layers, "activation", "relu"))
    factor = 2 if activation == "shifted-tanh" else 1
    function = getattr(nn, ACTIVATIONS[activation] or "Sigmoid")

    def linear(w, b=None):
        part = nn.Linear(*w.shape, bias=b is not None)
        part.weight = nn.Parameter(torch.tensor(w.T))
        if b is not None:
            part.bias = nn.Parameter(torch.tensor(b))
        return part

    hidden = [part for w, b, *_ in layers for part in (linear(factor * w, factor * b), function())]
    return nn.Sequential(*hidden, linear(*layers[-1][2:]))


def check(layers):
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


def classes(layers):
    """Number of classes of the last layer, which must have a readout."""
    if len(layers[-1]) < 3:
        raise ValueError("the last layer has no readout: it must be (w, b, r) or (w, b, r, c)")
    classes = layers[-1][2].shape[-1]
    if not 1 <= classes <= 256:
        raise ValueError(f"has impossible classes (found {classes}, expected 1 to 256)")
    return classes


def load(file):
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


def main():
    import argparse
    import signal
    import warnings

    parser = argparse.ArgumentParser(prog="own_network", description="Convert a PyTorch module to a network's directory.")
    parser.add_argument("module", help="file of torch.save: Sequential(Linear, ReLU, ..., Linear), or a state_dict")
    parser.add_argument("directory", help="network directory to write")
    parser.add_argument(
        "--activation", choices=list(ACTIVATIONS), help="function between the Linear layers of a state_dict, which does not contain it"
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        try:
            layers = from_torch(load(args.module), args.activation)
            check(layers)
        except ImportError:
            raise
        except Exception as error:  # a tensor may be of a kind that PyTorch refuses to convert
            fail(f"{args.module}: {error}")
        save_network(args.directory, layers)
    except KeyboardInterrupt:
        # End as an uncaught Ctrl-C does, now that the temporary files are removed.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except ImportError as error:
        fail(f"needs PyTorch ({error})")
    except OSError as error:
        fail(f"{args.directory}: {error.strerror or error}")
    except ValueError as error:
        fail(error)


def fail(message):
    """End with one line on stderr, in which control characters are escaped."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in f"own_network: {message}")
    sys.exit(line[:400])


if __name__ == "__main__":
    main()
