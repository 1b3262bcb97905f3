"""What it means that a result is PyTorch's: structure, names of fields, dtype, shape, values."""
from __future__ import annotations

from typing import Any

import numpy as np
import torch

import minigrad as mg

from .translate import Untranslatable, array_of, dtype_of

# relative tolerance by dtype; the absolute one is a tenth of it times the largest value
TOLERANCE = {"float64": 1e-7, "complex128": 1e-7, "float32": 1e-4, "complex64": 1e-4, "float16": 5e-3}


def difference(ours: Any, theirs: Any, values: bool = True) -> str | None:
    """In what a result differs from PyTorch's; None if it does not. Without `values`, dtype and shape alone are compared."""
    if isinstance(theirs, torch.Tensor):
        return tensor_difference(ours, theirs, values)
    if isinstance(theirs, torch.Size):
        return None if tuple(ours) == tuple(theirs) else f"{ours}, not {theirs}"
    if isinstance(theirs, (tuple, list)):
        return structure_difference(ours, theirs, values)
    if isinstance(theirs, torch.dtype):
        return None if ours == dtype_of(theirs) else f"{ours}, not {theirs}"
    if type(ours) is not type(theirs):
        return f"a {type(ours).__name__}, not a {type(theirs).__name__}"
    if isinstance(theirs, (float, complex)):
        return value_difference(np.asarray(ours), np.asarray(theirs), 1e-7) if values else None
    return None if not values or ours == theirs else f"{ours!r}, not {theirs!r}"


def structure_difference(ours: Any, theirs: Any, values: bool) -> str | None:
    if not isinstance(ours, (tuple, list)):
        return f"a {type(ours).__name__}, not a {type(theirs).__name__}"
    if isinstance(ours, list) != isinstance(theirs, list):
        return f"a {type(ours).__name__}, not a {type(theirs).__name__}"
    if len(ours) != len(theirs):
        return f"{len(ours)} results, not {len(theirs)}"
    names = getattr(type(theirs), "__match_args__", None) or getattr(theirs, "_fields", None)
    found = getattr(ours, "_fields", None)
    if names and (found is None or tuple(found) != tuple(names)):
        return f"fields {found}, not {tuple(names)}"
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if found := difference(a, b, values):
            return f"[{i}] {found}"
    return None


def tensor_difference(ours: Any, theirs: Any, values: bool = True, tolerance: float = 0) -> str | None:
    """tolerance: relative, where it is more than what the dtype allows."""
    if not isinstance(ours, mg.Tensor):
        return f"a {type(ours).__name__}, not a Tensor"
    if ours.dtype != dtype_of(theirs.dtype):
        return f"{ours.dtype}, not {theirs.dtype}"
    if tuple(ours.shape) != tuple(theirs.shape):
        return f"shape {tuple(ours.shape)}, not {tuple(theirs.shape)}"
    if not values:
        return None
    tolerance = max(tolerance, TOLERANCE.get(str(theirs.dtype).removeprefix("torch."), 0))
    return value_difference(ours.detach().numpy(), array_of(theirs), tolerance)


def value_difference(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> str | None:
    if not tolerance:
        wrong = ours != theirs
    else:
        sizes = np.abs(theirs[np.isfinite(theirs)])
        scale = float(sizes.max()) if sizes.size else 1.0
        with np.errstate(all="ignore"):
            wrong = ~np.isclose(ours, theirs, rtol=tolerance, atol=tolerance / 10 * max(1.0, scale), equal_nan=True)
    if not wrong.any():
        return None
    first = tuple(np.argwhere(wrong)[0])
    return f"{int(wrong.sum())} of {wrong.size} values; at {tuple(map(int, first))} {ours[first]}, not {theirs[first]}"


def gradient_difference(ours: Any, theirs: Any) -> str | None:
    """No gradient is a gradient of zero."""
    if theirs is None or ours is None:
        there = ours if theirs is None else theirs
        return None if there is None or not np.any(np.abs(there.detach().numpy()) > 1e-12) else f"{ours}, not {theirs}"
    return difference(ours, theirs)


__all__ = ["Untranslatable", "difference", "gradient_difference"]
