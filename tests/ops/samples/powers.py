"""Samples of ops/powers.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("pow", oracle=np.power)
def pow(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 4), r(3, 4))
    yield S(r.positive(3, 1), r(4))                  # broadcasting
    yield S(r.positive(), r(2))                      # 0-d
    yield S(r.positive(0, 3), r(3))                  # empty
    for exponent in (0, 1, 2, 3, 4, 5, -1, -2, 0.5, -0.5, 2.5):
        yield S(r.positive(3), exponent)
    for exponent in (2, 3, 4, -1.0):
        yield S(r(3), exponent)                      # negative bases, whole exponents
    yield S(1.5, r(2, 2))
    yield S(r.complex(2), r.complex(2))
    yield S(r.complex(2), 2)
    yield S(r.complex(2), 0.5 + 1j)
    yield S(r.ints(4), r.ints(4)).constant("integer input")
