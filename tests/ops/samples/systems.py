"""Samples of ops/systems.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def regular(r: Draw, *shape: int) -> np.ndarray:
    """Matrices far from singular ones."""
    return r(*shape) / 2 + 2 * np.eye(shape[-1])


def regular_complex(r: Draw, *shape: int) -> np.ndarray:
    return r.complex(*shape) / 2 + 3 * np.eye(shape[-1])


@samples("inv", oracle=np.linalg.inv)
def inv(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(regular(r, 2, 2, 2))
    yield S(regular_complex(r, 2, 2))
    yield S(r(0, 0))


@samples("solve_matrix", oracle=np.linalg.solve)
def solve_matrix(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3), r(3, 2))
    yield S(regular(r, 2, 3, 3), r(3, 2))            # batches broadcast
    yield S(regular(r, 3, 3), r(2, 3, 1))
    yield S(regular_complex(r, 2, 2), r.complex(2, 3))


def adjugate(x: np.ndarray) -> np.ndarray:
    """By minors: the definition."""
    out = np.zeros_like(x)
    for at in np.ndindex(*x.shape):
        rest = np.delete(np.delete(x[at[:-2]], at[-2], 0), at[-1], 1)
        out[at] = np.conj(np.linalg.det(rest)) * (-1) ** (at[-2] + at[-1])
    return out


SINGULAR = np.array([[1.0, 2, 3], [2, 4, 6], [1, 1, 1]])


@samples("cofactors", oracle=adjugate, rtol=1e-6)
def cofactors(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(regular(r, 2, 2, 2))
    yield S(regular_complex(r, 2, 2))


@samples("det", oracle=np.linalg.det)
def det(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(regular(r, 2, 2, 2))
    yield S(regular_complex(r, 2, 2))
    yield S(SINGULAR)                                # PyTorch's gradient is 0 here; cofactors are the true one
    yield S(np.zeros((2, 2)))
    yield S(r(0, 0))


@samples("slogdet_parts", oracle=np.linalg.slogdet)
def slogdet_parts(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(-regular(r, 2, 3, 3))
    yield S(regular_complex(r, 2, 2))
