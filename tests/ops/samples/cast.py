"""Samples of ops/cast.py and ops/transfer.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad import device
from tests.ops.samples import Draw, S, samples


def converted(x: Any, dtype: Any) -> Any:
    return (x.real if x.dtype.kind == "c" and dtype.kind != "c" else x).astype(dtype)


@samples("cast", oracle=converted)
def cast(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), np.dtype("f8"))
    yield S(r(), np.dtype("f8"))
    yield S(r(0, 2), np.dtype("f8"))
    yield S(r(3), np.dtype("i8")).constant("an integer has no gradient")
    yield S(r(3), np.dtype("?")).constant("a bool has no gradient")
    yield S(r.complex(3), np.dtype("f8"))
    yield S(r(3), np.dtype("c16"))


@samples("transfer", oracle=lambda x, device: x)
def transfer(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), device("cpu")).leaves_device("that is what it is for")
    yield S(r.ints(3), device("cpu")).constant("integers").leaves_device("that is what it is for")
