"""npy-info against NumPy, on arrays of every dtype, both byte orders, both orders of axes, and on
headers as NumPy, older versions of it and other programs write them.

npy-info is on the PATH; run in a folder of its own. Silent where all agree.
"""

import json
import subprocess
import warnings

import numpy as np

SHAPES = [(), (3,), (0, 4), (70000, 3), (5, 7, 11), (2,) * 8]
rng = np.random.default_rng(5)


def array(dtype, shape, order):
    if dtype[1] == "f":
        a = rng.normal(size=shape) * 1e3
    elif dtype[1] == "b":
        a = rng.random(size=shape) < 0.3
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
    wide = finite.astype(np.longdouble if dtype[1] == "f" else object if dtype[1] != "b" else int)
    error = abs(found["mean"] - float(wide.sum() / finite.size))
    assert error <= 1e-15 * np.abs(finite.astype("f8")).mean(), found


for dtype in "|b1 <f2 >f2 <f4 >f4 <f8 >f8 |u1 |i1 <u2 >u2 <i2 >i2 <u4 >u4 <u8 >u8 <i4 >i4 <i8 >i8".split():
    for shape in SHAPES:
        for order in "CF":
            check(dtype, shape, order)


def numpys(file):
    """(dtype, shape) as NumPy loads it, or None where it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python 2's headers
        try:
            a = np.load(file)
        except (ValueError, TypeError):
            return None
    return a.dtype.str, a.shape


def ours(file):
    found = subprocess.run(["npy-info", "--json", file], capture_output=True, check=False)
    if found.returncode:
        return None
    found = json.loads(found.stdout)
    return found["dtype"], tuple(found["shape"])


def file(text, version=(1, 0), body=b""):
    text = text.encode("latin1")
    length = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    with open("a.npy", "wb") as out:
        out.write(b"\x93NUMPY" + bytes(version) + length + text + body)
    return "a.npy"


def same(text, version=(1, 0)):
    name = file(text, version, bytes(24))
    expected = numpys(name)
    assert ours(name) == expected, (text, version, ours(name), expected)
    return expected


PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
taken = [
    PLAIN,
    PLAIN.replace("2, 3", "2L, 3L"),
    PLAIN.replace("2, 3", "2 L, 3L,"),
    PLAIN.replace("'", '"'),
    PLAIN.replace("'descr'", "u'descr'"),
    PLAIN.replace("'<f4'", "U'<f4'"),
    PLAIN.replace(", }", "}"),
    PLAIN.replace(" ", ""),
    *(PLAIN.replace(" ", space) for space in ("\t", "\n", "\r\n", "\f", "   ")),
    *(space + PLAIN for space in (" ", "\t", "\f")),
    *(PLAIN + space for space in ("\n", " " * 60, "\t \r\n \n", "\f")),
    PLAIN.replace("(2, 3)", "( 2 , 3 , )"),
    PLAIN.replace("(2, 3)", "(6,)"),
    "{'shape': (2, 3), 'fortran_order': True, 'descr': '<f4'}",
]
refused = [
    *(PLAIN.replace("2, 3", shape) for shape in ("2l, 3", "-2, 3", "2.0, 3", "True, 3", "02, 3", ",", "2 3")),
    PLAIN.replace("(2, 3)", "[2, 3]"),
    PLAIN.replace("(2, 3)", "(6)"),
    PLAIN.replace("'<f4'", "b'<f4'"),
    PLAIN.replace("False", "0"),
    PLAIN.replace("False", "None"),
    PLAIN.replace(", }", ",, }"),
    PLAIN.replace(", }", ", 'x': 1}"),
    PLAIN.replace("'fortran_order': False, ", ""),
    PLAIN + "\0",
    PLAIN.replace(" ", "\v"),
    "dict" + PLAIN,
    "",
]
for text in taken:
    assert same(text), text
for text in refused:
    assert same(text) is None, text
for version in [(1, 0), (2, 0), (3, 0)]:
    assert same(PLAIN, version), version
for version in [(0, 1), (1, 1), (2, 1), (4, 0)]:
    assert same(PLAIN, version) is None, version
codes = "b1 ? f2 f4 f8 u1 u2 u4 u8 i1 i2 i4 i8 e f d b B h H i I l L q Q p P n N f3 u3 F4 c8 O U3 S3 M8[s] m8[s] V2 g x"
names = (
    "bool half single double float byte ubyte short ushort intc uintc int uint long ulong longlong ulonglong intp uintp "
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 object str Float32 Bool"
)
for code in codes.split() + names.split():
    for order in ["", "<", ">", "|", "=", " ", "!", "<<"]:
        try:
            dtype = np.dtype(order + code)
        except TypeError:
            dtype = np.dtype("O")
        numbers = dtype.kind in "biuf" and dtype.itemsize <= 8
        expected = (dtype.str, (2, 3)) if numbers else None
        name = file(PLAIN.replace("<f4", order + code), body=bytes(6 * dtype.itemsize))
        assert ours(name) == expected, (order + code, ours(name), expected)
