"""Samples of ops/index.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples

ALL = slice(None)
MASK = np.array([[True, False, True], [False, False, True]])
ADVANCED = [
    (np.array([1, 0, 1]),),
    (ALL, np.array([[0, -1], [2, 2]])),
    (np.array([0, 1]), np.array([[2], [2]])),
    (np.array([0, 0]), ALL, np.array([1, 1])),       # index arrays apart: their dimensions come first
    (ALL, np.array([0, 2]), np.array([3, 3])),
    (MASK,),
    (np.array([True, False]), ALL, np.array([1])),
    (np.zeros(0, int),),
]


def placed(x: np.ndarray, basic: Any, advanced: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    part = out if basic is None else out[basic]
    np.add.at(part, ... if advanced is None else advanced, x)
    return out


def put(x: np.ndarray, value: Any, basic: Any, advanced: Any) -> np.ndarray:
    out = x.copy()
    part = out if basic is None else out[basic]
    part[... if advanced is None else advanced] = value
    return out


@samples("getitem", oracle=lambda x, index: x[index])
def getitem(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), (1, ...))
    yield S(r(3, 4), (slice(1, None), None, slice(0, 4, 2)))
    yield S(r(2, 3, 4), (..., -1))
    yield S(r(3), (2, ...))
    yield S(r(), (...,))
    yield S(r(3, 2), (slice(2, 1), ...))


@samples("getitem_copy", oracle=lambda x, index: x[index])
def getitem_copy(r: Draw) -> Iterator[S]:
    for index in ADVANCED:
        yield S(r(2, 3, 4), index)


@samples("index_place", oracle=placed)
def index_place(r: Draw) -> Iterator[S]:
    yield S(r(4), (1, ...), None, (3, 4))
    yield S(r(2, 3), (0, ...), (ALL, np.array([1, 1, 0])), (2, 2, 3))
    for index in ADVANCED:
        yield S(r(*np.zeros((2, 3, 4))[index].shape), None, index, (2, 3, 4))


@samples("setitem", oracle=put)
def setitem(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(4), (1, ...), None)
    yield S(r(3, 4), r(1, 1, 4), (slice(1, None), ...), None)      # leading ones are left out
    yield S(r(3, 4), r(), (slice(None, None, 2), ...), None)
    yield S(r(3, 4), 2.5, (..., 0), None)
    yield S(r(2, 3, 4), r(3, 2), (0, ...), (ALL, np.array([1, 3])))
    yield S(r(2, 3, 4), r(4), None, (MASK,))
    yield S(r(2, 3, 4), r(2, 3), None, (np.array([0, 1]), ALL, np.array([1, 2])))


def accumulated(x: np.ndarray, values: np.ndarray, index: Any) -> np.ndarray:
    out = x.copy()
    np.add.at(out, index, values)
    return out


@samples("index_accumulate", oracle=accumulated)
def index_accumulate(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 4), r(3, 4), (np.array([1, 1, 0]), np.array([0, 0, 2])))
    yield S(r(2, 3, 4), r(4), (np.array([1, 1, 0]),))
    yield S(r(2, 3, 4), r(), (MASK,))


@samples("take_flat", oracle=lambda x, at: x.reshape(-1)[at])
def take_flat(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), np.array([[5, 0], [1, 2]]))


@samples("flat_place", oracle=lambda x, at, shape: placed(x, None, (at,), (int(np.prod(shape)),)).reshape(shape))
def flat_place(r: Draw) -> Iterator[S]:
    yield S(r(2, 2), np.array([[5, 0], [1, 2]]), (2, 3))


@samples("put_flat", oracle=lambda x, value, at: put(x.reshape(-1), value, None, (at,)).reshape(x.shape))
def put_flat(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), r(2, 2), np.array([[5, 0], [1, 2]]))
    yield S(r(2, 3), 1.5, np.array([4]))
