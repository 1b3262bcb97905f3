"""Samples of ops/regression_loss.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples

REDUCE: dict[str, Callable[[Any], Any]] = {"mean": np.mean, "sum": np.sum, "none": lambda losses: losses}


def loss(of_difference: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, t, reduction="mean", **options: REDUCE[reduction](of_difference(x - t, **options))


def calls(**options: Any) -> Callable[[Draw], Iterator[S]]:
    def make(r: Draw) -> Iterator[S]:
        yield S(r(3, 4), r(3, 4) * 5, **options)
        for reduction in ("mean", "sum", "none"):
            yield S(r(3, 4), r(3, 4) * 5, reduction=reduction, **options)
            yield S(r(3, 1), r(4) * 5, reduction=reduction, **options)       # broadcasting
        yield S(r(), r(), **options)
        yield S(r(0, 3), r(0, 3), reduction="sum", **options)
    return make


samples("mse", oracle=loss(lambda d: d ** 2))(calls())
samples("l1", oracle=loss(np.abs))(calls())
samples("huber", oracle=loss(lambda d, delta: np.where(abs(d) < delta, d ** 2 / 2, delta * (abs(d) - delta / 2))))(calls(delta=1.3))
