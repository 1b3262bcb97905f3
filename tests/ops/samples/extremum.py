"""Samples of ops/extremum.py. Ties and nan are tested in test_extremum.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def over_dims(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 4))
    yield S(r.distinct(3, 4), 1)
    yield S(r.distinct(3, 4), -2, True)
    yield S(r.distinct(2, 3, 4), (0, -1))
    yield S(r.distinct(2, 3), (), True)
    yield S(r.distinct())
    yield S(r.distinct(), 0)
    yield S(r(0, 3), 1)
    yield S(r.ints(2, 3), 1).constant("integer input")
    yield S(r.bools(2, 3), 1).constant("bool input")


def axis_of(x: np.ndarray, dim: Any) -> Any:
    return None if dim == () or not x.ndim else dim


def along_dim(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 4), 1)
    yield S(r.distinct(3, 4), 0, True)
    yield S(r.distinct(2, 3, 4), -2)
    yield S(r.distinct(5), 0)
    yield S(r.distinct(), 0)
    yield S(r(0, 3), 1)
    yield S(r.ints(2, 3), 1).constant("integer input")


@samples("amax", oracle=lambda x, dim=(), keepdim=False: x.max(axis=axis_of(x, dim), keepdims=keepdim))
def amax(r: Draw) -> Iterator[S]:
    yield from over_dims(r)


@samples("amin", oracle=lambda x, dim=(), keepdim=False: x.min(axis=axis_of(x, dim), keepdims=keepdim))
def amin(r: Draw) -> Iterator[S]:
    yield from over_dims(r)


@samples("max_of_all", oracle=np.max)
def max_of_all(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 4))
    yield S(r.distinct())
    yield S(r.ints(3)).constant("integer input")


@samples("min_of_all", oracle=np.min)
def min_of_all(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 4))
    yield S(r.distinct())
    yield S(r.ints(3)).constant("integer input")


@samples("max_with_indices", oracle=lambda x, dim, keepdim=False: x.max(axis=axis_of(x, dim), keepdims=keepdim))
def max_with_indices(r: Draw) -> Iterator[S]:
    yield from along_dim(r)


@samples("min_with_indices", oracle=lambda x, dim, keepdim=False: x.min(axis=axis_of(x, dim), keepdims=keepdim))
def min_with_indices(r: Draw) -> Iterator[S]:
    yield from along_dim(r)


def positions(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 4))
    yield S(r.distinct(3, 4), 1)
    yield S(r.distinct(3, 4), 0, True)
    yield S(r.distinct(3, 4), None, True)
    yield S(r(), 0)
    yield S(r(0, 3), 1)
    yield S(r.ints(3, 4), -1)


@samples("argmax", oracle=lambda x, dim=None, keepdim=False: x.argmax(axis=axis_of(x, dim), keepdims=keepdim))
def argmax(r: Draw) -> Iterator[S]:
    yield from positions(r)


@samples("argmin", oracle=lambda x, dim=None, keepdim=False: x.argmin(axis=axis_of(x, dim), keepdims=keepdim))
def argmin(r: Draw) -> Iterator[S]:
    yield from positions(r)
