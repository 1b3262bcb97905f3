"""Samples of ops/affine.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def added(product: Any) -> Any:
    def oracle(x: np.ndarray, a: np.ndarray, b: np.ndarray, *, beta: Any = 1, alpha: Any = 1) -> np.ndarray:
        return alpha * product(a, b) + (beta * x if beta else 0)
    return oracle


@samples("addmm", oracle=added(np.matmul))
def addmm(r: Draw) -> Iterator[S]:
    yield S(r(3, 5), r(3, 4), r(4, 5))
    yield S(r(5), r(3, 4), r(4, 5), beta=2, alpha=0.5)
    yield S(r(3, 1), r(3, 4), r(4, 5), beta=0)
    yield S(r(), r(3, 4), r(4, 5), alpha=-1)
    yield S(r.complex(2), r.complex(2, 3), r.complex(3, 2))
    yield S(r.ints(2), r.ints(2, 3), r.ints(3, 2), alpha=2).constant("integer input")


@samples("addmv", oracle=added(np.matmul))
def addmv(r: Draw) -> Iterator[S]:
    yield S(r(3), r(3, 4), r(4))
    yield S(r(), r(3, 4), r(4), beta=2, alpha=0.5)
    yield S(r.complex(2), r.complex(2, 3), r.complex(3))


@samples("addr", oracle=added(np.outer))
def addr(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(3), r(4))
    yield S(r(4), r(3), r(4), beta=2, alpha=0.5)
    yield S(r.complex(2, 3), r.complex(2), r.complex(3))


@samples("baddbmm", oracle=added(np.matmul))
def baddbmm(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 5), r(2, 3, 4), r(2, 4, 5))
    yield S(r(3, 1), r(2, 3, 4), r(2, 4, 5), beta=2, alpha=0.5)


@samples("addbmm", oracle=added(lambda a, b: (a @ b).sum(0)))
def addbmm(r: Draw) -> Iterator[S]:
    yield S(r(3, 5), r(2, 3, 4), r(2, 4, 5))
    yield S(r(5), r(2, 3, 4), r(2, 4, 5), beta=2, alpha=0.5)
    yield S(r(3, 5), r(0, 3, 4), r(0, 4, 5))
