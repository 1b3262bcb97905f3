"""Samples of ops/lu.py, ops/ldl.py and ops/reflectors.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.systems import regular, regular_complex

NONE = "no derivative, as in PyTorch"


@samples("lu_packed", oracle=lambda x: np.array([scipy.linalg.lu_factor(a)[0] for a in x.reshape(-1, *x.shape[-2:])]).reshape(x.shape))
def lu_packed(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3)[[2, 0, 1]])             # rows are exchanged
    yield S(r(2, 3, 3))
    yield S(r(2, 4))
    yield S(r(4, 2))
    yield S(regular_complex(r, 2, 2)[::-1].copy())
    yield S(r.complex(2, 3))
    yield S(r.complex(3, 2))
    yield S(np.zeros((0, 2, 2)))


def packed(x: np.ndarray, hermitian: bool = False) -> np.ndarray:
    return scipy.linalg.lapack.zhetrf(x, lower=1)[0] if hermitian else scipy.linalg.lapack.get_lapack_funcs("sytrf", (x,))(x, lower=1)[0]


@samples("ldl_packed", oracle=lambda x, hermitian=False: np.tril(packed(x, hermitian)))
def ldl_packed(r: Draw) -> Iterator[S]:
    x, z = r(3, 3), r.complex(3, 3)
    yield S(x + x.T).constant(NONE)
    yield S(z + z.T).constant(NONE)
    yield S(z + z.conj().T, hermitian=True).constant(NONE)


@samples("ldl_solve", oracle=lambda ld, pivots, b: solved(ld, b))
def ldl_solve(r: Draw) -> Iterator[S]:
    ld = np.tril(r(3, 3))
    yield S(ld, np.array([1, 2, 3], np.int32), r(3, 2)).constant(NONE)
    yield S(ld, np.array([1, 2, 3], np.int32), r(2, 3, 1)).constant(NONE)


def solved(ld: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Without exchanged rows: L has ones on its diagonal, where D stands."""
    left = np.tril(ld, -1) + np.eye(len(ld))
    return np.linalg.solve(left * np.diag(ld) @ left.T, b)


@samples("geqrf", oracle=lambda x: (np.linalg.qr(x, "raw")[0].T, np.linalg.qr(x, "raw")[1]))
def geqrf(r: Draw) -> Iterator[S]:
    yield S(r(3, 2)).constant(NONE)
    yield S(r(2, 3)).constant(NONE)
    yield S(r.complex(3, 3)).constant(NONE)
