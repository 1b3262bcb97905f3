"""Samples of ops/fused.py."""
from __future__ import annotations

from collections.abc import Iterator

from tests.ops.samples import Draw, S, samples


@samples("lerp", oracle=lambda x, end, w: x + w * (end - x))
def lerp(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(3, 4), r(3, 4))
    yield S(r(3, 1), r(4), r(2, 1, 1))               # broadcasting
    yield S(r(3), r(3), 0.25)
    yield S(r(3), r(3), 0.75)
    yield S(r(), r(), r())
    yield S(r(0, 3), r(3), 0.5)
    yield S(r.complex(3), r.complex(3), 0.3)
    yield S(r.complex(3), r.complex(3), r.complex(3))


def three(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(3, 4), r(3, 4))
    yield S(r(3, 1), r(4), r(2, 1, 1))               # broadcasting
    yield S(r(3), r(3), r(3), value=2.5)
    yield S(r(), r(), r(2))
    yield S(r(0, 3), r(3), r(3))
    yield S(r.complex(3), r.complex(3), r.complex(3), value=1 - 2j)


@samples("addcmul", oracle=lambda x, a, b, value=1: x + value * a * b)
def addcmul(r: Draw) -> Iterator[S]:
    yield from three(r)
    yield S(r.ints(3), r.ints(3), r.ints(3), value=3).constant("integer input")


samples("addcdiv", oracle=lambda x, a, b, value=1: x + value * a / b)(three)
