"""Samples of ops/statistics.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def spread(function: Any, mean: bool = False) -> Any:
    """NumPy's var or std with PyTorch's overloads."""
    def oracle(x: np.ndarray, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        ddof = int(unbiased) if unbiased is not None else 1 if correction is None else correction
        axis = None if dim is None or dim == () or not x.ndim else tuple(dim) if isinstance(dim, list) else dim
        found = function(x, axis=axis, ddof=ddof, keepdims=keepdim)
        return (found, x.mean(axis=axis, keepdims=keepdim)) if mean else found
    return oracle


def overloads(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r(3, 4), False)
    yield S(r(3, 4), 1)
    yield S(r(3, 4), 1, False, True)
    yield S(r(2, 3, 4), (0, 2), keepdim=True)
    yield S(r(3, 4), [0], correction=0.5)
    yield S(r(3, 4), 0, correction=0, keepdim=True)
    yield S(r(3, 4), ())
    yield S(r(3, 4), None, correction=2)


@samples("var", oracle=spread(np.var))
def var(r: Draw) -> Iterator[S]:
    yield from overloads(r)
    yield S(r.complex(3, 4), 1)
    yield S(r(), correction=0)


@samples("std", oracle=spread(np.std))
def std(r: Draw) -> Iterator[S]:
    yield from overloads(r)
    yield S(r.complex(3, 4), 1)


@samples("var_mean", oracle=spread(np.var, True))
def var_mean(r: Draw) -> Iterator[S]:
    yield from overloads(r)


@samples("std_mean", oracle=spread(np.std, True))
def std_mean(r: Draw) -> Iterator[S]:
    yield from overloads(r)
