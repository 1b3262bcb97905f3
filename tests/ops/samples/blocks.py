"""Samples of ops/blocks.py."""
from __future__ import annotations

from collections.abc import Iterator

from scipy.linalg import block_diag

from tests.ops.samples import Draw, S, samples


@samples("block_diagonal", oracle=lambda xs: block_diag(*xs))
def block_diagonal(r: Draw) -> Iterator[S]:
    yield S([r(2, 3), r(1, 2)])
    yield S([r(2, 2), r(), r(3)])                    # a number is (1, 1), a vector a row
    yield S([r(2, 2), r.ints(1, 1)])
