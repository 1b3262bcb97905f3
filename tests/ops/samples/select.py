"""Samples of ops/select.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples

NAN, INF = float("nan"), float("inf")


@samples("masked", oracle=lambda x, mask: np.where(mask, x, 0))
def masked(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r.bools(3, 4))
    yield S(r(3, 4), r.bools(4))
    yield S(r(), np.array(True))
    yield S(r(0, 3), r.bools(0, 3))
    yield S(r.complex(3, 4), r.bools(3, 4))


@samples("choose", oracle=np.where)
def choose(r: Draw) -> Iterator[S]:
    yield S(r.bools(3, 4), r(3, 4), r(3, 4))
    yield S(r.bools(3, 1), r(4), r(2, 1, 1))         # broadcasting
    yield S(r.bools(2, 3), r(), r(3))
    yield S(r.bools(3), 1.5, r(3))
    yield S(r.bools(3), r(3), 0)
    yield S(np.array(False), r(), r())
    yield S(r.bools(0, 3), r(3), r(3))
    yield S(r.bools(3), r.complex(3), r.complex(3))
    yield S(r.bools(3), r.ints(3), r.ints(3)).constant("integer input")


def two(r: Draw) -> Iterator[S]:
    d = r.distinct(3, 4, 2)
    yield S(d[..., 0], d[..., 1])
    yield S(d[:, :1, 0], d[0, :, 1])                 # broadcasting
    yield S(np.array(0.3), np.array([0.5, 0.1]))
    yield S(r(0, 3), r(3))
    yield S(np.array([1, 5]), np.array([4, 2])).constant("integer input")
    yield S(np.array([NAN, 1.0]), np.array([1.0, NAN])).constant("nan")


samples("maximum", oracle=np.maximum)(two)
samples("minimum", oracle=np.minimum)(two)
samples("fmax", oracle=np.fmax)(two)
samples("fmin", oracle=np.fmin)(two)


@samples("clamp_to_numbers", oracle=lambda x, min=None, max=None: np.clip(x, min, max))
def clamp_to_numbers(r: Draw) -> Iterator[S]:
    x = r.distinct(3, 4)
    yield S(x, -0.31, 0.33)
    yield S(x, -0.31)
    yield S(x, None, 0.33)
    yield S(x, max=0.33)
    yield S(np.array(0.7), 0, 0.5)
    yield S(r(0, 3), 0, 1)
    yield S(np.array([1, 5, 9]), 2, 7).constant("integer input")


def clip(x: np.ndarray, min: np.ndarray | None = None, max: np.ndarray | None = None) -> np.ndarray:
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


@samples("clamp_to_tensors", oracle=clip)
def clamp_to_tensors(r: Draw) -> Iterator[S]:
    d = r.distinct(3, 4, 3)
    yield S(d[..., 0], d[..., 1], d[..., 2])         # a lower bound may lie above the upper one
    yield S(d[..., 0], d[0, :, 1])
    yield S(d[0, :, 0], None, d[..., 1])
    yield S(d[..., 0], d[..., 1] - 9, d[..., 2] + 9)
    yield S(r(), r(2), None)


@samples("nan_to_num", oracle=lambda x, nan=0.0, posinf=None, neginf=None: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf))
def nan_to_num(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r())
    yield S(np.array([NAN, INF, -INF, 1.0])).constant("not finite")
    yield S(np.array([NAN, INF, -INF, 1.0]), 1.0, posinf=2.0, neginf=3.0).constant("not finite")
    yield S(r.ints(3)).constant("integer input")
    yield S(r.complex(3))
