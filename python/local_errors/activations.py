"""Activations as files."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import replacing
from .network import Path, as_numpy


def save_activations(file: Path, activations: Iterable[Any]) -> None:
    """Write activations (samples, units) as a .npy file that the tools read, f4.

    A list of them, one per layer, becomes (layers, samples, units). They are NumPy arrays or PyTorch
    tensors. An older file is replaced when the new one is complete.

    Raises ValueError if shapes differ or numbers are not finite, OSError if writing fails.
    """
    file = os.fspath(file)
    arrays = [as_numpy(h) for h in activations]
    shapes = {np.shape(h) for h in arrays}
    if len(shapes) != 1:
        raise ValueError(f"{file}: layers of different shapes have no common array (found {sorted(shapes)}): write one each")
    h = np.asarray(arrays, dtype="<f4", order="C")
    if h.ndim not in (2, 3) or 0 in h.shape:
        raise ValueError(f"{file}: activations have a wrong shape (found {h.shape}, expected (samples, units))")
    if not np.isfinite(h).all():
        raise ValueError(f"{file}: has a value that is not finite")
    replacing.check_writable(file, file)
    if os.path.abspath(file).startswith(("/dev/", "/proc/")) or os.path.exists(file) and not os.path.isfile(file):
        # A device, a FIFO or an open descriptor is written into, not replaced.
        array = io.BytesIO()
        np.save(array, h)
        with open(file, "ab") as stream:
            stream.write(array.getbuffer())
        return
    # A symbolic link is followed, not replaced.
    target = os.path.realpath(file)
    folder = replacing.beside(target)
    try:
        np.save(f"{folder}/new.npy", h)
        replacing.settle(folder)
        replacing.take_over(target, f"{folder}/new.npy")
        os.rename(f"{folder}/new.npy", target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
