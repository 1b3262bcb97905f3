"""Samples of ops/bitwise.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def integers(r: Draw) -> Iterator[S]:
    for x, y in ((r.ints(3, 4), r.ints(3, 4)), (r.ints(3, 1), r.ints(4)), (r.ints(5, low=-9, high=9), 3), (6, r.ints(3)),
                 (r.ints(0), r.ints(0))):
        yield S(x, y).constant("integer input")


def integers_and_bools(r: Draw) -> Iterator[S]:
    yield from integers(r)
    yield S(r.bools(6), r.bools(6)).constant("bool input")


samples("bitwise_and", oracle=np.bitwise_and)(integers_and_bools)
samples("bitwise_or", oracle=np.bitwise_or)(integers_and_bools)
samples("bitwise_xor", oracle=np.bitwise_xor)(integers_and_bools)
samples("bitwise_left_shift", oracle=np.left_shift)(integers)
samples("bitwise_right_shift", oracle=np.right_shift)(integers)


@samples("bitwise_not", oracle=np.invert)
def bitwise_not(r: Draw) -> Iterator[S]:
    yield S(r.ints(5, low=-9, high=9)).constant("integer input")
    yield S(r.bools(5)).constant("bool input")
