"""Samples of ops/triangular.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def solved(a: np.ndarray, b: np.ndarray, *, upper: bool, left: bool = True, unitriangular: bool = False) -> np.ndarray:
    a = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        a = a * (1 - np.eye(a.shape[-1])) + np.eye(a.shape[-1])
    return np.linalg.solve(a, b) if left else np.linalg.solve(a.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)


@samples("solve_triangular", oracle=solved)
def solve_triangular(r: Draw) -> Iterator[S]:
    yield S(r(4, 4), r(4, 2), upper=True)
    yield S(r(3, 3), r(3, 2), upper=False)
    yield S(r(3, 3), r(2, 3), upper=False, left=False)
    yield S(r(3, 3), r(3, 2), upper=True, unitriangular=True)
    yield S(r(2, 3, 3), r(3, 2), upper=False, unitriangular=True)
    yield S(r(3, 3), r(2, 3, 1), upper=True)
    yield S(r(1, 1), r(1, 2), upper=True)
    yield S(r(0, 0), r(0, 2), upper=True)
    yield S(r.complex(3, 3), r.complex(3, 2), upper=True)
