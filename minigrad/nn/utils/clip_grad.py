"""Gradients that are too long are cut back."""
from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from ..._tensor import Tensor
from ...backend import backend_of
from ...dtypes import get_default_numpy
from ...engine.inplace import wrote
from ...engine.node import TensorBase, wrap
from ...errors import GraphError

Tensors = Tensor | Iterable[Tensor]


def listed(tensors: Any) -> list[Any]:
    """One tensor or several, as a list."""
    return [tensors] if isinstance(tensors, TensorBase) else list(tensors)


def gradients(parameters: Any) -> list[Any]:
    """The gradients that there are."""
    found = listed(parameters)
    if not found and isinstance(parameters, GeneratorType):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    return [p._grad for p in found if p._grad is not None]


def norm(array: Any, p: float) -> Any:
    """The p-norm of all elements, as a 0-d array."""
    xp = backend_of(array).xp
    flat = abs(array.reshape(-1)) if array.dtype.kind == "c" else array.reshape(-1)
    if p == 2:
        return xp.sqrt(xp.dot(flat, flat))
    if p == math.inf:
        return abs(flat).max() if flat.size else flat.sum()
    return (abs(flat) ** p).sum() ** (1 / p) if p else xp.count_nonzero(flat).astype(flat.dtype)


def get_total_norm(tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """The norm of all tensors as one vector. Raises GraphError (a RuntimeError) if it is not finite and error_if_nonfinite is set."""
    arrays = [t.array for t in listed(tensors)]
    p = float(norm_type)
    if not arrays:
        return wrap(backend_of(None).xp.zeros((), get_default_numpy()))
    backend = backend_of(arrays[0])
    total = norm(backend.xp.stack([backend.xp.asarray(norm(a, p)) for a in arrays]), p)
    if error_if_nonfinite and not math.isfinite(total):
        raise GraphError(f"The total norm of order {p} for gradients from `parameters` is non-finite, so it cannot be clipped. To disable "
                         "this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`")
    return wrap(total)


def scale(grads: list[Any], max_norm: float, total_norm: Any) -> None:
    """Multiply gradients by max_norm / total_norm in place, but never by more than 1."""
    factor = float(max_norm) / (total_norm.array + 1e-6)
    factor = backend_of(factor).xp.minimum(factor, 1.0)    # nan stays nan, and is seen
    for g in grads:
        g.array[...] *= factor
    wrote(*[g.cell for g in grads])


def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale the gradients of parameters in place by max_norm / total_norm, where that is less than 1."""
    scale(gradients(parameters), max_norm, total_norm)


def clip_grad_norm_(parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                    foreach: bool | None = None) -> Tensor:
    """Scale the gradients of parameters in place so that their common norm is at most max_norm. Returns the norm before.

    >>> import minigrad
    >>> p = minigrad.nn.Parameter(minigrad.zeros(2))
    >>> p.grad = minigrad.tensor([3.0, 4.0])
    >>> clip_grad_norm_([p], 1.0)
    tensor(5.)
    """
    grads = gradients(parameters)
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    scale(grads, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Cut the elements of gradients off at -clip_value and clip_value, in place."""
    grads = gradients(parameters)
    for g in grads:
        backend_of(g.array).xp.clip(g.array, -float(clip_value), float(clip_value), out=g.array)
    wrote(*[g.cell for g in grads])


def clip_grad_norm(parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """Deprecated: see `clip_grad_norm_`."""
    warnings.warn("`nn.utils.clip_grad_norm` is now deprecated in favor of `nn.utils.clip_grad_norm_`.", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
