"""Samples of ops/norm.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def standard(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    return np.asarray((x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps))


def channels(values: Any, x: np.ndarray, default: float) -> Any:
    return default if values is None else values.reshape(1, -1, *[1] * (x.ndim - 2))


def trailing(shape: Any) -> tuple[int, ...]:
    return tuple(range(-len(shape), 0))


@samples("layer_norm", oracle=lambda x, shape, w=None, b=None, eps=1e-5:
         standard(x, trailing(shape), eps) * (1 if w is None else w) + (0 if b is None else b))
def layer_norm(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), (4,), r(4), r(4))
    yield S(r(2, 3, 4), (3, 4), r(3, 4), r(3, 4), 0.1)
    yield S(r(3, 4), (4,))
    yield S(r(4), (4,), r(4), None)
    yield S(r(0, 4), (4,), r(4), r(4))


@samples("rms_norm", oracle=lambda x, shape, w=None, eps=None:
         x / np.sqrt((x * x).mean(trailing(shape), keepdims=True) + (np.finfo(x.dtype).eps if eps is None else eps))
         * (1 if w is None else w))
def rms_norm(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), (4,), r(4))
    yield S(r(2, 3, 4), (3, 4), r(3, 4), 0.1)
    yield S(r(3, 4), (4,))
    yield S(r(0, 4), (4,), r(4))


@samples("group_normalize", oracle=lambda x, groups, w, b, eps:
         standard(x.reshape(len(x), groups, -1), (2,), eps).reshape(x.shape) * channels(w, x, 1) + channels(b, x, 0))
def group_normalize(r: Draw) -> Iterator[S]:
    yield S(r(2, 6, 3), 2, r(6), r(6), 1e-5)
    yield S(r(2, 4, 2, 2), 4, r(4), None, 0.1)
    yield S(r(2, 4), 1, None, None, 1e-5)


def batch(x: np.ndarray, w: Any, b: Any, mean: Any, var: Any, training: bool, eps: float) -> np.ndarray:
    normal = standard(x, (0, *range(2, x.ndim)), eps) if training else (x - channels(mean, x, 0)) / np.sqrt(channels(var, x, 0) + eps)
    return np.asarray(normal * channels(w, x, 1) + channels(b, x, 0))


@samples("batch_normalize", oracle=batch)
def batch_normalize(r: Draw) -> Iterator[S]:
    yield S(r(4, 3), r(3), r(3), None, None, True, 1e-5)
    yield S(r(2, 3, 2, 2), r(3), r(3), None, None, True, 0.1)
    yield S(r(4, 3, 2), None, None, None, None, True, 1e-5)
    yield S(r(4, 3, 2), r(3), r(3), r(3), r.positive(3), False, 1e-5)
    yield S(r(4, 3), r(3), None, r(3), r.positive(3), False, 1e-5)
