"""Samples of ops/special.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.special

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.elementwise import inside_one, one, two

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
samples("erfcx", oracle=scipy.special.erfcx)(one(complex_too=False))
samples("ndtr", oracle=scipy.special.ndtr)(one(complex_too=False))
samples("ndtri", oracle=scipy.special.ndtri)(one(lambda r: r.unit, complex_too=False))
samples("log_ndtr", oracle=scipy.special.log_ndtr)(one(complex_too=False))
samples("entr", oracle=scipy.special.entr)(one(lambda r: r.positive, complex_too=False))
samples("sinc", oracle=np.sinc)(one())
samples("sinc_slope", oracle=lambda x: (np.cos(np.pi * x) - np.sinc(x)) / x)(one())
samples("xlogy", oracle=scipy.special.xlogy)(two(lambda r: r.positive, numbers=True))
samples("xlog1py", oracle=scipy.special.xlog1py)(two(lambda r: r.positive, numbers=True))

UNKNOWN = "no derivative for the first input; gradients for the other are tested in test_special.py"


@samples("igamma", oracle=scipy.special.gammainc)
def igamma(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 1), r.positive(4)).constant(UNKNOWN)
    yield S(r.positive(), r.positive(2)).constant(UNKNOWN)
    yield S(r.positive(0, 2), r.positive(2)).constant(UNKNOWN)


samples("igammac", oracle=scipy.special.gammaincc)(igamma)


@samples("zeta", oracle=scipy.special.zeta)
def zeta(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 1) + 1, r.positive(4)).constant(UNKNOWN)
    yield S(2.0, r.positive(3))
    yield S(r.positive(3) + 1, 0.5).constant(UNKNOWN)
