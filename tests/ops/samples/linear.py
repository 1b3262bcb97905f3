"""Samples of ops/linear.py."""
from __future__ import annotations

from collections.abc import Iterator

from tests.ops.samples import Draw, S, samples


@samples("linear", oracle=lambda x, w, b=None: x @ w.T + (0 if b is None else b))
def linear(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(5, 4), r(5))
    yield S(r(3, 4), r(5, 4))
    yield S(r(4), r(5, 4), r(5))                     # one vector
    yield S(r(2, 3, 4), r(5, 4), r(5))               # leading dimensions
    yield S(r(0, 4), r(5, 4), r(5))                  # empty batch
