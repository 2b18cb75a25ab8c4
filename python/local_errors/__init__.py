"""Write networks and activations from elsewhere as files that the tools read, and read them back.

Layers are tuples (w, b), and with a readout (w, b, r) or (w, b, r, c):
h = f(x w + b), logits = h r + c; w is (inputs, units), r is (units, classes). f is max(0, z) unless an
activation is named.

    python3 -m local_errors NET.pt DIRECTORY

converts what torch.save wrote: a module, such as Sequential(Linear, ReLU, ..., Linear), or a state_dict.
ACTIVATIONS are the functions that may stand for ReLU.
"""

from .activations import save_activations
from .network import ACTIVATIONS, Layers, read_network, save_network
from .pytorch import from_torch, to_torch

__all__ = [
    "ACTIVATIONS",
    "Layers",
    "from_torch",
    "read_network",
    "save_activations",
    "save_network",
    "to_torch",
]
