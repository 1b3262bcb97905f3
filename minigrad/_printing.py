"""What a tensor looks like when it is printed: PyTorch's picture, character for character."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ArgumentError

INT64, BOOL = np.dtype(np.int64), np.dtype(np.bool_)
WIDE_RANGE, LARGE, SMALL = 1e3, 1e8, 1e-4        # largest over smallest, largest, smallest: beyond them scientific


@dataclass
class Options:
    """How numbers are printed, for the whole process."""
    precision: int = 4               # digits behind the point
    threshold: float = 1000          # more elements than this are summarised
    edgeitems: int = 3               # elements shown at either end of a summarised dimension
    linewidth: float = 80            # characters in a line
    sci_mode: bool | None = None     # scientific notation always, never, or (None) when it pays


options = Options()
PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": np.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
                     linewidth: float | None = None, profile: str | None = None, sci_mode: bool | None = None) -> None:
    """Choose how tensors are printed; what is None stays, but for `sci_mode`, whose None means automatic.

    A profile ("default", "short" or "full") is applied first. Raises ArgumentError for an unknown profile.
    """
    if profile is not None and profile not in PROFILES:
        raise ArgumentError(f"set_printoptions: unknown profile {profile!r}; choose one of {', '.join(PROFILES)}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in (PROFILES[profile] if profile else {}).items():
        setattr(options, name, value)
    for name, chosen in given.items():
        if chosen is not None:
            setattr(options, name, chosen)
    options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments for `set_printoptions`."""
    return asdict(options)


@contextmanager
def printoptions(**chosen: Any) -> Iterator[None]:
    """`set_printoptions` for the length of a block."""
    before = get_printoptions()
    try:
        set_printoptions(**chosen)
        yield
    finally:
        set_printoptions(**before)


def tensor_repr(array: Any, *, prefix: str = "tensor(", device: str | None = None, suffixes: Sequence[str] = (),
                default_dtype: Any = np.float32, dtype_repr: Callable[[np.dtype[Any]], str] = str,
                to_numpy: Callable[[Any], NDArray[Any]] = np.asarray) -> str:
    """The picture of an array: `tensor([1., 2.], device='cuda:0', dtype=minigrad.float64, requires_grad=True)`.

    The dtype is named, by `dtype_repr`, where the numbers do not show it: when it is not the default dtype, the
    complex dtype of the same precision, int64 or bool, and for empty arrays whenever it is not the default. The size
    is shown for empty arrays, unless it is (0,). Then come the caller's `suffixes` (`requires_grad=True`).
    Only the elements that are shown are looked at, and brought to the host by `to_numpy`.

    >>> print(tensor_repr(np.array([1.5, -2.0]), dtype_repr=lambda d: f"minigrad.{d}"))
    tensor([ 1.5000, -2.0000], dtype=minigrad.float64)
    """
    where = () if device is None else (f"device='{device}'",)
    facts = _facts(array.shape, array.dtype, np.dtype(default_dtype), dtype_repr)
    return _with_suffixes(prefix + _contents(array, len(prefix), to_numpy), (*where, *facts, *suffixes), len(prefix))


def _facts(shape: tuple[int, ...], dtype: np.dtype[Any], default: np.dtype[Any],
           dtype_repr: Callable[[np.dtype[Any]], str]) -> tuple[str, ...]:
    """Size and dtype, each where it has to be said."""
    empty = 0 in shape
    evident = (default,) if empty else (default, np.dtype("c16" if default == np.float64 else "c8"), INT64, BOOL)
    facts = []
    if (len(shape) != 1) if empty else not options.edgeitems:
        facts.append(f"size={tuple(shape)}")
    if dtype not in evident:
        facts.append(f"dtype={dtype_repr(dtype)}")
    return tuple(facts)


def _with_suffixes(text: str, suffixes: tuple[str, ...], indent: int) -> str:
    column = len(text) - text.rfind("\n") + 1        # PyTorch's count, two more than there are
    for suffix in suffixes:
        if column + len(suffix) + 2 > options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def _contents(array: Any, indent: int, to_numpy: Callable[[Any], NDArray[Any]]) -> str:
    """The nested lists of numbers, whose first bracket stands in column `indent`."""
    if 0 in array.shape:
        return "[]"
    summarize = array.size > options.threshold
    if summarize and not options.edgeitems and array.ndim:
        return "[...]"
    cut = [summarize and n > 2 * options.edgeitems for n in array.shape]
    for axis, shortened in enumerate(cut):
        if shortened:
            array = array.take([*range(options.edgeitems), *range(-options.edgeitems, 0)], axis)
    shown = to_numpy(array)
    cells, width = _complex_cells(shown) if shown.dtype.kind == "c" else _cells(shown)
    return _nested(np.array(cells, object).reshape(shown.shape), cut, indent, width)


def _nested(cells: NDArray[Any], cut: list[bool], indent: int, width: int) -> str:
    """Brackets, commas and line breaks around the cells."""
    if cells.ndim == 0:
        return str(cells.item())
    rows: list[str] = cells.tolist() if cells.ndim == 1 else [_nested(row, cut[1:], indent + 1, width) for row in cells]
    if cut[0]:
        rows.insert(options.edgeitems, " ..." if cells.ndim == 1 else "...")
    if cells.ndim == 1:
        per_line = int(max(1, min((options.linewidth - indent) // (width + 2), len(rows))))
        rows = [", ".join(rows[i:i + per_line]) for i in range(0, len(rows), per_line)]
    newlines = "\n" * max(cells.ndim - 1, 1)
    return "[" + ("," + newlines + " " * (indent + 1)).join(rows) + "]"


def _cells(values: NDArray[Any]) -> tuple[list[str], int]:
    """The texts of real numbers, all as wide as the widest, and that width.

    Only finite numbers other than zero count for the style and the width, so a nan may stick out.
    """
    flat = values.reshape(-1)
    if values.dtype.kind != "f":
        texts = [str(value) for value in flat.tolist()]
        width = max(map(len, texts))
    else:
        counts = np.isfinite(flat) & (flat != 0)
        texts = list(map(_style(flat[counts]), flat.tolist()))
        width = max((len(text) for text, c in zip(texts, counts.tolist(), strict=True) if c), default=1)
    return [text.rjust(width) for text in texts], width


def _complex_cells(values: NDArray[Any]) -> tuple[list[str], int]:
    """The texts of complex numbers: real and imaginary parts each have a style and width of their own."""
    reals, width = _cells(values.real)
    imaginaries, imaginary_width = _cells(values.imag)
    signed = (text if text[0] in "+-" else "+" + text for text in map(str.lstrip, imaginaries))
    return [f"{real}{text}j" for real, text in zip(reals, signed, strict=True)], width + imaginary_width + 1


def _style(numbers: NDArray[Any]) -> Callable[[float], str]:
    """How to write floats, judged by these finite, nonzero ones."""
    precision = options.precision
    if not numbers.size:
        return _whole
    sizes = np.abs(numbers).astype(np.float64)
    largest, smallest = float(sizes.max()), float(sizes.min())
    wide = largest / smallest > WIDE_RANGE or largest > LARGE or smallest < SMALL
    if wide if options.sci_mode is None else options.sci_mode:
        return lambda value: f"{value:.{precision}e}"
    if (numbers == np.ceil(numbers)).all():
        return _whole
    return lambda value: f"{value:.{precision}f}"


def _whole(value: float) -> str:
    """A float without digits behind the point: `3.`, `nan`."""
    text = f"{value:.0f}"
    return text if text[-1] in "nf" else text + "."
