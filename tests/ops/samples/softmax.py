"""Samples of ops/softmax.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scipy import special

from tests.ops.samples import Draw, S, samples


def along(function: Any) -> Any:
    return lambda x, dim: function(x, axis=dim if x.ndim else None) if x.size else x


def calls(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 1)
    yield S(r(3, 4), 0)
    yield S(r(2, 3, 4), -2)
    yield S(r(), 0)                                  # 0-d
    yield S(r(3, 0), 1)                              # empty
    yield S(r(2, 3) * 400, 1).first_only("differences of saturated values are 0")


samples("softmax", oracle=along(special.softmax))(calls)
samples("log_softmax", oracle=along(special.log_softmax))(calls)
