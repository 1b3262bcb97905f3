"""Samples of ops/special.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.special

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.elementwise import inside_one, one

samples("erf", oracle=scipy.special.erf)(one(complex_too=False))
samples("erfc", oracle=scipy.special.erfc)(one(complex_too=False))
samples("erfinv", oracle=scipy.special.erfinv)(one(inside_one, complex_too=False))
samples("lgamma", oracle=scipy.special.gammaln)(one(lambda r: r.positive, complex_too=False))
samples("digamma", oracle=scipy.special.psi)(one(lambda r: r.positive, complex_too=False))


@samples("polygamma", oracle=scipy.special.polygamma)
def polygamma(r: Draw) -> Iterator[S]:
    for n in range(4):
        yield S(n, r.positive(3) + 1)
    yield S(1, np.asarray(r.positive() + 1))
    yield S(1, r.positive(0, 2))


@samples("logit", oracle=lambda x, eps=None: scipy.special.logit(x if eps is None else np.clip(x, eps, 1 - eps)))
def logit(r: Draw) -> Iterator[S]:
    yield from one(lambda r: r.unit, complex_too=False)(r)
    yield S(np.array([0.05, 0.5, 0.95]), 0.1)
    yield S(np.array([0.05, 0.5, 0.95]), eps=1e-6)
