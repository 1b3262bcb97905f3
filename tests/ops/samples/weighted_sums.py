"""Samples of ops/weighted_sums.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minigrad.ops.weighted_sums import Terms
from tests.ops.samples import Draw, S, samples

TERMS = Terms(np.array([0, 2, 2, 5]), np.array([0, 3, 1, 1, 2]), np.array([0.5, -2.0, 1.0, 3.0, 0.25]))


def summed(x: np.ndarray, terms: Terms) -> np.ndarray:
    matrix = np.zeros((len(terms.starts) - 1, len(x)))
    for r in range(len(matrix)):
        for k in range(terms.starts[r], terms.starts[r + 1]):
            matrix[r, terms.index[k]] += terms.weights[k]
    return matrix @ x


@samples("row_sums", oracle=summed)
def row_sums(r: Draw) -> Iterator[S]:
    yield S(r(4, 3), TERMS)                              # a sum of nothing, a row twice
    yield S(r(4, 1), TERMS)
    yield S(r(4, 0), TERMS)
    yield S(r(4, 3), Terms(np.zeros(1, "i8"), np.zeros(0, "i8"), np.zeros(0)))
