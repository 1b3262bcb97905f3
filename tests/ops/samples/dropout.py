"""Samples of ops/dropout.py."""
from __future__ import annotations

from collections.abc import Iterator

from tests.ops.samples import Draw, S, samples

RANDOM = "random; masks, moments and gradients are tested in test_dropout.py"


def calls(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0.5, (3, 4))
    yield S(r(2, 3, 2, 2), 0.2, (2, 3, 1, 1))        # by channel


samples("drop", unchecked=RANDOM)(calls)
samples("alpha_drop", unchecked=RANDOM)(calls)


@samples("drop_all", oracle=lambda x: x * 0)
def drop_all(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r())
