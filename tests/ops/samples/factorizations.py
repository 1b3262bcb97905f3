"""Samples of ops/factorizations.py.

Vectors are unique only up to signs (phases), which stay the same under the small steps of numerical gradients for real matrices.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.systems import regular

HERMITIAN = "reads one triangle; gradients are tested on symmetric matrices in test_factorizations.py"
PHASES = "gradients of phases are not defined; tested in test_factorizations.py"


def positive(r: Draw, *shape: int) -> np.ndarray:
    x = regular(r, *shape)
    return x @ x.swapaxes(-1, -2)


@samples("linalg_cholesky", oracle=lambda x, *, upper=False: np.linalg.cholesky(x).swapaxes(-1, -2) if upper else np.linalg.cholesky(x))
def linalg_cholesky(r: Draw) -> Iterator[S]:
    yield S(positive(r, 3, 3)).constant(HERMITIAN)
    yield S(positive(r, 2, 3, 3), upper=True).constant(HERMITIAN)


@samples("qr_factors", oracle=lambda x, mode="reduced": tuple(np.linalg.qr(x, mode)))
def qr_factors(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(r(4, 2))
    yield S(r(2, 2, 3))
    yield S(regular(r, 2, 2), "complete")
    yield S(r(3, 2), "complete").constant("not differentiable, as in PyTorch")


@samples("svd_factors", oracle=lambda x, full_matrices=True: tuple(np.linalg.svd(x, full_matrices)))
def svd_factors(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(r(3, 2), False)
    yield S(r(2, 2, 3), False)
    yield S(r(3, 2)).constant("extra columns of U are not unique")


@samples("svdvals", oracle=lambda x: np.linalg.svd(x, compute_uv=False))
def svdvals(r: Draw) -> Iterator[S]:
    yield S(r(3, 3))
    yield S(r(2, 3, 2))
    yield S(r(2, 3))
    yield S(r.complex(2, 2))


@samples("eigh_factors", oracle=lambda x, uplo="L": tuple(np.linalg.eigh(x, uplo)))
def eigh_factors(r: Draw) -> Iterator[S]:
    yield S(positive(r, 3, 3)).constant(HERMITIAN)
    yield S(positive(r, 2, 2, 2), "U").constant(HERMITIAN)


@samples("eigvalsh", oracle=lambda x, uplo="L": np.linalg.eigvalsh(x, uplo))
def eigvalsh(r: Draw) -> Iterator[S]:
    yield S(positive(r, 3, 3)).constant(HERMITIAN)
    yield S(positive(r, 2, 2, 2), "U").constant(HERMITIAN)


@samples("eig_factors", oracle=lambda x: tuple(v.astype("c16") for v in np.linalg.eig(x)))
def eig_factors(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3)).constant(PHASES)
    yield S(r.complex(2, 2)).constant(PHASES)


@samples("eigvals", oracle=lambda x: np.linalg.eigvals(x).astype("c16"))
def eigvals(r: Draw) -> Iterator[S]:
    yield S(regular(r, 3, 3))
    yield S(np.array([[0.0, 1.0], [-2.0, 0.5]]))     # a complex pair
    yield S(r.complex(2, 2))
