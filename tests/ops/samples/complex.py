"""Samples of ops/complex.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def numbers(r: Draw) -> Iterator[S]:
    yield S(r.complex(3, 4))
    yield S(r.complex())
    yield S(r.complex(0, 3))


def numbers_and_reals(r: Draw) -> Iterator[S]:
    yield from numbers(r)
    yield S(r(3, 4))


samples("real", oracle=np.real)(numbers_and_reals)
samples("imag", oracle=np.imag)(numbers)
samples("angle", oracle=np.angle)(numbers_and_reals)
samples("conj_physical", oracle=np.conj)(numbers_and_reals)
samples("view_as_real", oracle=lambda x: np.stack((x.real, x.imag), -1))(numbers)
samples("pairs", oracle=lambda x: np.stack((x.real, x.imag), -1))(numbers)


@samples("view_as_complex", oracle=lambda x: x[..., 0] + 1j * x[..., 1])
def view_as_complex(r: Draw) -> Iterator[S]:
    for x in (r(3, 4, 2), r(2), r(0, 2)):
        yield S(x).as_laid_out("pairs must lie side by side")


def two(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 4), r(3, 4))
    yield S(r.positive(3, 1), r(4))
    yield S(r.positive(), r())
    yield S(r.positive(0, 3), r(3))


samples("complex", oracle=lambda x, y: x + 1j * y)(two)
samples("polar", oracle=lambda x, y: x * np.exp(1j * y))(two)
