"""npy-info against NumPy, on arrays of every dtype, both byte orders, both orders of axes.

npy-info is on the PATH; run in a folder of its own. Silent where all agree.
"""

import json
import subprocess

import numpy as np

SHAPES = [(), (3,), (0, 4), (70000, 3), (5, 7, 11), (2,) * 8]
rng = np.random.default_rng(5)


def array(dtype, shape, order):
    if dtype[1] == "f":
        a = rng.normal(size=shape) * 1e3
    else:
        limits = np.iinfo(dtype)
        native = np.dtype(dtype).newbyteorder("=")
        a = rng.integers(limits.min, limits.max, size=shape, dtype=native, endpoint=True)
    a = np.asarray(a).astype(dtype, order=order)
    if dtype[1] == "f" and a.ndim == 2 and a.size:
        a[3, 1], a[9, 0] = np.nan, -np.inf
    return a


def check(dtype, shape, order):
    a = array(dtype, shape, order)
    np.save("a.npy", a)
    found = json.loads(subprocess.check_output(["npy-info", "--json", "a.npy"]))
    stored = a.ravel("K") if a.ndim else a.reshape(1)
    finite = stored[np.isfinite(stored)]
    element = np.dtype(dtype).type
    assert found["dtype"] == dtype and tuple(found["shape"]) == shape, found
    assert found["order"] == ("Fortran" if a.flags.fnc else "C"), found
    assert found["nan"] == np.isnan(stored).sum(), found
    assert found["infinite"] == np.isinf(stored).sum(), found
    first = [None if x is None else element(x) for x in found["first"]]
    assert first == [x if np.isfinite(x) else None for x in stored[:5]], found
    if finite.size == 0:
        assert found["min"] is found["max"] is found["mean"] is None, found
        return
    assert element(found["min"]) == finite.min() and element(found["max"]) == finite.max(), found
    wide = finite.astype(np.longdouble if dtype[1] == "f" else object)
    error = abs(found["mean"] - float(wide.sum() / finite.size))
    assert error <= 1e-15 * np.abs(finite.astype("f8")).mean(), found


for dtype in "<f4 >f4 <f8 >f8 |u1 <u4 >u4 <u8 >u8 <i4 >i4 <i8 >i8".split():
    for shape in SHAPES:
        for order in "CF":
            check(dtype, shape, order)
