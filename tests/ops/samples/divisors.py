"""Samples of ops/divisors.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def whole(r: Draw) -> Iterator[S]:
    yield S(r.ints(3, 1, low=-20, high=20), r.ints(4, low=-20, high=20))
    yield S(np.array([0, 0, 6]), np.array([0, -4, 9]))
    yield S(np.array(12), r.ints(2, low=1))
    yield S(r.ints(0, 2), r.ints(2))


samples("gcd", oracle=np.gcd)(whole)
samples("lcm", oracle=np.lcm)(whole)
