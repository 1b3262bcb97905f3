"""Assertions about tensors for the tests of programs: `torch.testing`."""
from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .backend import backend_of
from .creation import empty, tensor
from .dtypes import dtype as DType
from .dtypes import to_numpy_dtype
from .engine.node import TensorBase
from .errors import ArgumentError, ArgumentTypeError, MismatchError, describe
from .ops.complex import view_as_real
from .ops.draws import uniform_
from .random import randint

# relative and absolute tolerance by dtype, as in PyTorch; integers and bools must be equal
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7), "complex64": (1.3e-6, 1e-5),
              "complex128": (1e-7, 1e-7)}
NUMBERS = (bool, int, float, complex)


def assert_close(actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
                 equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
                 check_stride: bool = False, msg: str | Callable[[str], str] | None = None) -> None:
    """Raise AssertionError unless both are the same but for rounding: |actual - expected| <= atol + rtol * |expected|.

    Tensors, numbers, and sequences and mappings of them, to any depth. rtol, atol: both or none; by default what the dtype allows.
    equal_nan: nan equals nan. msg: in the place of the message, or a function of it. Raises ArgumentTypeError for what cannot be compared,
    ArgumentError for one tolerance alone.

    >>> import minigrad
    >>> minigrad.testing.assert_close(minigrad.tensor([1.0, 2.0]), minigrad.tensor([1.0, 2.0 + 1e-7]))
    """
    if (rtol is None) != (atol is None):
        raise ArgumentError(f"assert_close: rtol and atol must be given together, or neither; got rtol {rtol}, atol {atol}")
    checks = {"device": check_device, "dtype": check_dtype, "layout": check_layout, "stride": check_stride}
    tolerance = None if rtol is None or atol is None else (rtol, atol)
    found = difference(actual, expected, tolerance, equal_nan, checks, allow_subclasses, "")
    if found is not None:
        text = f"assert_close: {found}"
        raise MismatchError(text if msg is None else msg if isinstance(msg, str) else msg(text))


def difference(a: Any, b: Any, tolerance: tuple[float, float] | None, equal_nan: bool, checks: dict[str, bool], subclasses: bool,
               at: str) -> str | None:
    """In what two values differ, and where; None if they do not."""
    where = f", at {at}" if at else ""
    if isinstance(a, TensorBase) and isinstance(b, TensorBase) and (subclasses or type(a) is type(b)):
        return tensors_differ(a, b, tolerance, equal_nan, checks, where)
    if isinstance(a, NUMBERS) and isinstance(b, NUMBERS):
        return numbers_differ(a, b, tolerance, equal_nan, checks["dtype"], where)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            lacks, has = (sorted(map(repr, keys)) for keys in (b.keys() - a.keys(), a.keys() - b.keys()))
            return f"the keys differ: actual lacks {lacks} and has {has}{where}"
        pairs = [(a[k], b[k], k) for k in b]
    elif all(isinstance(v, Sequence) and not isinstance(v, (str, bytes)) for v in (a, b)):
        if len(a) != len(b):
            return f"the lengths differ, {len(a)} and {len(b)}{where}"
        pairs = [(x, y, i) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    elif a is None or b is None:
        return None if a is b else f"{describe(a)} is not {describe(b)}{where}"
    else:
        raise ArgumentTypeError(f"assert_close: cannot compare {describe(a)} with {describe(b)}{where}; it takes two tensors, two numbers, "
                                "or sequences or mappings of them")
    for x, y, key in pairs:
        if (found := difference(x, y, tolerance, equal_nan, checks, subclasses, f"{at}[{key!r}]")) is not None:
            return found
    return None


def tensors_differ(a: Any, b: Any, tolerance: tuple[float, float] | None, equal_nan: bool, checks: dict[str, bool],
                   where: str) -> str | None:
    """Of two tensors."""
    if a.shape != b.shape:
        return f"the shapes differ, {tuple(a.shape)} and {tuple(b.shape)}{where}"
    for name, checked in checks.items():
        x, y = (t.stride() if name == "stride" else getattr(t, name) for t in (a, b))
        if checked and x != y:
            return f"the {name}s differ, {x} and {y}{where}; pass check_{name}=False to ignore that"
    x, y = (backend_of(t.array).to_host(t.array) for t in (a, b))
    return arrays_differ(x, y, tolerance or common_tolerance(x, y), equal_nan, "tensors", where)


def numbers_differ(a: Any, b: Any, tolerance: tuple[float, float] | None, equal_nan: bool, check_type: bool, where: str) -> str | None:
    """Of two numbers of Python."""
    if check_type and type(a) is not type(b):
        return f"the types differ, {type(a).__name__} and {type(b).__name__}{where}; pass check_dtype=False to ignore that"
    x, y = np.asarray(a), np.asarray(b)
    return arrays_differ(x, y, tolerance or common_tolerance(x, y), equal_nan, f"numbers {a} and {b}", where)


def common_tolerance(a: Any, b: Any) -> tuple[float, float]:
    """What the less exact of two dtypes allows."""
    first, second = (TOLERANCES.get(v.dtype.name, (0.0, 0.0)) for v in (a, b))
    return max(first[0], second[0]), max(first[1], second[1])


def arrays_differ(a: Any, b: Any, tolerance: tuple[float, float], equal_nan: bool, what: str, where: str) -> str | None:
    """How many elements are not close, and the worst of them."""
    rtol, atol = tolerance
    if a.dtype.kind not in "fc":                     # a difference of bools, or of uint8, is none of numbers
        a = a.astype(np.result_type(a, np.int64))
    if b.dtype.kind not in "fc":
        b = b.astype(np.result_type(b, np.int64))
    with np.errstate(all="ignore"):
        close = (a == b) | (np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan) if rtol or atol or equal_nan else False)
        if close.all():
            return None
        absolute = np.where(close, 0, np.abs(a - b))
        relative = np.where(close, 0, absolute / np.abs(b))
    wrong = int(close.size - close.sum())
    text = f"{what} are not {'close' if rtol or atol else 'equal'}: {wrong} of {close.size} elements differ{where}"
    for kind, sizes, allowed in (("absolute", absolute, atol), ("relative", relative, rtol)):
        place = np.unravel_index(int(np.argmax(sizes)), sizes.shape)
        text += f"; largest {kind} difference {sizes[place]} at {tuple(map(int, place))}, {allowed} allowed"
    return text


# ---------------------------------------------------------------- tensors to test with
def make_tensor(*shape: Any, dtype: DType, device: Any, low: float | None = None, high: float | None = None, requires_grad: bool = False,
                noncontiguous: bool = False, exclude_zero: bool = False, memory_format: Any = None) -> Any:
    """A tensor of random numbers of [low, high): by default [-9, 9), of integers [-9, 10), of uint8 [0, 10), of bools [0, 2).

    exclude_zero: zeros become the smallest number above. noncontiguous: every second element of a longer one.
    Raises ValueError for bounds that leave nothing between them, and for requires_grad with integers.

    >>> make_tensor((2, 3), dtype=minigrad.float32, device="cpu").shape
    minigrad.Size([2, 3])
    """
    size = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else tuple(shape)
    kind = to_numpy_dtype(dtype)
    floating = kind.kind in "fc"
    if requires_grad and not floating:
        raise ArgumentError(f"make_tensor: `requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    if noncontiguous and memory_format is not None:
        raise ArgumentError("make_tensor: the parameters `noncontiguous` and `memory_format` are mutually exclusive; leave one out")
    least: float
    most: float
    if kind.kind == "b":
        least, most, first, last = 0, 2, 0, 2
    elif floating:
        limits = np.finfo(kind)
        least, most, first, last = float(limits.min), float(limits.max), -9, 9
    else:
        ints = np.iinfo(kind)
        least, most, first, last = int(ints.min), int(ints.max) + 1, max(int(ints.min), -9), 10
    a, b = (default if given is None else given for given, default in ((low, first), (high, last)))
    if a != a or b != b or a >= b:
        raise ArgumentError(f"make_tensor: `low` must be less than `high`, but got {a} >= {b}")
    a, b = min(max(a, least), most), max(min(b, most), least)
    if a >= b and not floating:
        raise ArgumentError(f"make_tensor: there is no {dtype} of [{low}, {high})")
    whole = (*size[:-1], 2 * size[-1]) if noncontiguous and size and math.prod(size) > 1 else size
    if floating:
        t = empty(whole, dtype=dtype, device=device)
        parts = view_as_real(t) if kind.kind == "c" else t
        if b - a > most:                             # uniform_ computes the difference
            uniform_(parts, a / 2, b / 2).mul_(2)
        else:
            uniform_(parts, a, b)
    else:
        t = randint(math.ceil(a), math.ceil(b), whole, dtype=dtype, device=device)
    if whole != size:
        t = t[..., ::2]
    if exclude_zero:
        t[t == 0] = float(np.finfo(kind).tiny) if floating else 1
    return t.requires_grad_(requires_grad) if floating else t


def assert_allclose(actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True,
                    msg: str = "") -> None:
    """`assert_close` as it was once called: nan equals nan, and dtypes need not be the same."""
    warnings.warn("assert_allclose: is deprecated; use assert_close", FutureWarning, stacklevel=2)
    a, b = (t if isinstance(t, TensorBase) else tensor(t) for t in (actual, expected))
    if rtol is None or atol is None:
        rtol = atol = None
    assert_close(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan, check_device=False, check_dtype=False, msg=msg or None)
