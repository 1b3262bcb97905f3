"""Samples of ops/einsum.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def contracted(x: np.ndarray, y: np.ndarray, xs: Any, ys: Any, out: Any) -> np.ndarray:
    return np.einsum(f"{''.join(xs)},{''.join(ys)}->{''.join(out)}", x, y)


@samples("contract", oracle=contracted)
def contract(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), r(3, 4), ("i", "j"), ("j", "k"), ("i", "k"))
    yield S(r(2, 3), r(4, 3), ("i", "j"), ("k", "j"), ("k", "i"))
    yield S(r(2, 3, 4), r(2, 4), ("b", "i", "j"), ("b", "j"), ("i", "b"))
    yield S(r(2, 3), r(3, 2), ("i", "j"), ("j", "i"), ())
    yield S(r(2, 0), r(0, 3), ("i", "j"), ("j", "k"), ("i", "k"))
    yield S(r.complex(2, 3), r.complex(3, 2), ("i", "j"), ("j", "k"), ("i", "k"))
