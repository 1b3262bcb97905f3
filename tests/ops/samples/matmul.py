"""Samples of ops/matmul.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("matmul", oracle=np.matmul)
def matmul(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(4, 5))
    yield S(r(4), r(4))
    yield S(r(4), r(4, 5))
    yield S(r(3, 4), r(4))
    yield S(r(4), r(2, 4, 5))
    yield S(r(2, 3, 4), r(4))
    yield S(r(2, 3, 4), r(2, 4, 5))
    yield S(r(2, 3, 4), r(4, 5))
    yield S(r(3, 4), r(2, 4, 5))
    yield S(r(2, 1, 3, 4), r(5, 4, 2))               # leading dimensions broadcast
    yield S(r(0, 4), r(4, 5))
    yield S(r(3, 0), r(0, 5))                        # sums of nothing
    yield S(r.complex(2, 3), r.complex(3, 2))
    yield S(r.complex(3), r.complex(2, 3, 2))
    yield S(r.complex(2, 3, 3), r.complex(3))
    yield S(r.complex(3), r.complex(3))
    yield S(r.ints(3, 4), r.ints(4, 2)).constant("integer input")


@samples("mm", oracle=np.matmul)
def mm(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(4, 5))
    yield S(r(3, 0), r(0, 5))
    yield S(r.complex(2, 3), r.complex(3, 2))


@samples("bmm", oracle=np.matmul)
def bmm(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 4), r(2, 4, 5))
    yield S(r(0, 3, 4), r(0, 4, 5))
    yield S(r.complex(1, 2, 3), r.complex(1, 3, 2))


@samples("mv", oracle=np.matmul)
def mv(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(4))
    yield S(r(0, 4), r(4))
    yield S(r.complex(2, 3), r.complex(3))


@samples("dot", oracle=np.dot)
def dot(r: Draw) -> Iterator[S]:
    yield S(r(4), r(4))
    yield S(r(0), r(0))
    yield S(r.complex(3), r.complex(3))


@samples("vdot", oracle=np.vdot)
def vdot(r: Draw) -> Iterator[S]:
    yield S(r(4), r(4))
    yield S(r.complex(3), r.complex(3))
