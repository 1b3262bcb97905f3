"""Samples of ops/linalg.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.systems import regular


@samples("matrix_exp", oracle=scipy.linalg.expm)
def matrix_exp(r: Draw) -> Iterator[S]:
    yield S(r(3, 3))
    yield S(r(2, 2, 2) * 5)                          # scaled and squared
    yield S(r.complex(2, 2))
    yield S(r(0, 0))


@samples("pseudo_inverse", oracle=lambda x, atol=None, rtol=None, hermitian=False: np.linalg.pinv(x))
def pseudo_inverse(r: Draw) -> Iterator[S]:
    yield S(r(3, 2))
    yield S(r(2, 2, 3))
    yield S(regular(r, 3, 3))
    yield S(r.complex(3, 2))
    yield S(r(0, 3))
