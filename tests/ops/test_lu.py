"""LU, LDL, reflectors, factorizations that report instead of raising, and low ranks, against PyTorch: values, gradients, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
SQUARE = RNG.standard_normal((2, 3, 3))
COMPLEX = SQUARE + 1j * RNG.standard_normal((2, 3, 3))
WIDE, TALL = RNG.standard_normal((2, 3, 5)), RNG.standard_normal((2, 5, 3))
SINGULAR = np.array([[[2.0, 1], [1, 3]], [[1, 2], [2, 4]]])
INDEFINITE = np.array([[[2.0, 1], [1, 3]], [[1, 2], [2, 1]]])
SHAPES = pytest.mark.parametrize("a", [SQUARE, COMPLEX, WIDE, TALL], ids=["square", "complex", "wide", "tall"])


# ---------------------------------------------------------------- LU
@SHAPES
def test_lu(a: np.ndarray) -> None:
    for part in range(3):
        same(lambda lib, a, part=part: lib.linalg.lu(a)[part], a, second=part > 0)
        same(lambda lib, a, part=part: lib.lu_unpack(*lib.linalg.lu_factor(a))[part], a)
    same(lambda lib, a: lib.linalg.lu_factor(a).LU, a, second=True)
    same(lambda lib, a: lib.linalg.lu_factor_ex(a).pivots, a)
    same(lambda lib, a: lib.lu(a)[0], a)
    same(lambda lib, a: a.lu(get_infos=True)[2], a)


def test_the_product_is_the_matrix() -> None:
    p, l, u = mg.linalg.lu(mg.tensor(TALL))
    np.testing.assert_allclose((p @ l @ u).numpy(), TALL)


@pytest.mark.parametrize("a", [SQUARE, COMPLEX], ids=["real", "complex"])
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_systems_from_factors(a: np.ndarray, left: bool, adjoint: bool) -> None:
    b = a[..., :2] + 1 if left else a[..., :2, :] + 1

    def solve(lib: Any, a: Any, b: Any) -> Any:
        return lib.linalg.lu_solve(*lib.linalg.lu_factor(a), b, left=left, adjoint=adjoint)
    same(solve, a, b, second=True)
    same(solve, a, b[0])                             # batches broadcast


def test_older_names() -> None:
    same(lambda lib, a, b: lib.lu_solve(b, *lib.linalg.lu_factor(a)), SQUARE, TALL[:, :3])
    same(lambda lib, a, b: b.lu_solve(*lib.linalg.lu_factor(a)), SQUARE, TALL[:, :3])
    for options in ({"unpack_data": False}, {"unpack_pivots": False}):
        for part in range(3):
            same(lambda lib, a, o=options, i=part: lib.lu_unpack(*lib.linalg.lu_factor(a.detach()), **o)[i], WIDE)


def test_empty() -> None:
    for shape in ((0, 3, 3), (3, 0), (0, 0)):
        same(lambda lib, a: lib.linalg.lu_factor(a)[0], np.zeros(shape))
        same(lambda lib, a: lib.linalg.lu(a).P.detach(), np.zeros(shape))
        same(lambda lib, a: lib.linalg.lu_factor(a)[1], np.zeros(shape))


def test_refusals_of_lu() -> None:
    same_error(lambda lib, a: lib.linalg.lu_factor(a), SINGULAR, match=r"\(Batch element 1\): U\[2,2\] is zero")
    same_error(lambda lib, a: lib.linalg.lu_factor_ex(a, check_errors=True), SINGULAR, match="linalg.lu_factor_ex: .Batch element 1")
    same_error(lambda lib, a: lib.linalg.lu(a, pivot=False), SQUARE, match="LU without pivoting is not implemented on the CPU")
    same_error(lambda lib, a: lib.linalg.lu_factor(a[0, 0]), SQUARE, match="Expected tensor with 2 or more dimensions")
    same_error(lambda lib, a: lib.linalg.lu_factor(a), np.ones((2, 2), int), match="not implemented for int64")
    for change, text in (((lambda f, p, b: (f, p.long(), b)), "pivots should be a Tensor of scalar type"),
                         ((lambda f, p, b: (f, p[:, :1], b)), "Number of pivots per batch should be same as the dimension"),
                         ((lambda f, p, b: (f[..., :2], p, b)), "A must be batches of square matrices"),
                         ((lambda f, p, b: (f, p, b[0, 0])), "The input tensor B must have at least 2 dimensions"),
                         ((lambda f, p, b: (f, p, b[:, :2])), "Incompatible shapes of A and B for the equation AX = B"),
                         ((lambda f, p, b: (f, p, b.float())), "to have the same dtype")):
        same_error(lambda lib, a, change=change: lib.linalg.lu_solve(*change(*lib.linalg.lu_factor(a), a)), SQUARE, match=text)
    same_error(lambda lib, a: lib.lu_unpack(a, lib.linalg.lu_factor(a)[1].long()), SQUARE, match="expected to be a contiguous tensor of")
    same_error(lambda lib, a: lib.lu_unpack(a, lib.linalg.lu_factor(a)[1] + 9), SQUARE, match="must be between 1")


# ---------------------------------------------------------------- LDL
def test_ldl() -> None:
    for a, hermitian in ((SQUARE, False), (COMPLEX, False), (COMPLEX, True)):
        x = a + (a.conj() if hermitian else a).swapaxes(-1, -2)
        x[0, 0, 0] = 0                               # a block of 2 on the diagonal
        for part in range(2):
            same(lambda lib, x, h=hermitian, i=part: lib.linalg.ldl_factor(x.detach(), hermitian=h)[i], x)
        same(lambda lib, x, b, h=hermitian: lib.linalg.ldl_solve(*lib.linalg.ldl_factor(x, hermitian=h), b, hermitian=h).detach(),
             x, a[..., :2])
    same(lambda lib, x: lib.linalg.ldl_factor_ex(x.detach()).info, np.zeros((2, 2)))
    with pytest.raises(RuntimeError, match=r"D\[1,1\] is zero"):
        mg.linalg.ldl_factor(mg.zeros(2, 2))
    for change, text in (((lambda f, p: (f, p, f[:, :2])), "Incompatible matrix sizes"),
                         ((lambda f, p: (f, p[:, :1], f)), "to be the same"),
                         ((lambda f, p: (f, p.float(), f)), "Expected pivots to be integers"),
                         ((lambda f, p: (f, p, f.float())), "to have the same dtype")):
        same_error(lambda lib, a, change=change: lib.linalg.ldl_solve(*change(*lib.linalg.ldl_factor(a))), SQUARE, match=text)


def test_derivatives_that_nobody_has() -> None:
    for name, call in (("linalg.ldl_factor", lambda x: mg.linalg.ldl_factor(x)[0]), ("geqrf", lambda x: mg.geqrf(x).a)):
        with pytest.raises(NotImplementedError, match=f"the derivative for '{name}: input' is not implemented"):
            call(mg.eye(2).requires_grad_()).sum().backward()


# ---------------------------------------------------------------- reflectors
@pytest.mark.parametrize("complex_too", [False, True])
def test_reflectors(complex_too: bool) -> None:
    a = TALL + 1j * TALL[::-1] if complex_too else TALL
    tau = a[:, 0, :2] * 0.7
    same(lambda lib, a, tau: lib.linalg.householder_product(a, tau), a, tau, second=True)
    same(lambda lib, a, tau: lib.orgqr(a, tau), a, a[:, 1])
    for left in (True, False):
        for transpose in (True, False):
            c = a[..., :2] if left else a.swapaxes(-1, -2)
            same(lambda lib, a, tau, c, s=(left, transpose): lib.ormqr(a, tau, c, *s), a, a[:, 0], c.copy())
    for part in range(2):
        same(lambda lib, a, i=part: lib.geqrf(a.detach())[i], a)
        same(lambda lib, a, i=part: a.detach().mT.geqrf()[i], a)


def test_q_written_out() -> None:
    a, tau = mg.geqrf(mg.tensor(TALL))
    q = mg.linalg.householder_product(a, tau)
    np.testing.assert_allclose((q @ a[:, :3].triu()).numpy(), TALL)


def test_refusals_of_reflectors() -> None:
    tau = TALL[:, 0]
    for change, text in (((lambda a, t: (a.mT, t)), r"input.shape\[-2\] must be greater than or equal to input.shape\[-1\]"),
                         ((lambda a, t: (a[..., :2], t)), r"input.shape\[-1\] must be greater than or equal to tau.shape\[-1\]"),
                         ((lambda a, t: (a, t.float())), "does not match input dtype"), ((lambda a, t: (a, t[0])), "one dimension less"),
                         ((lambda a, t: (a[0, 0], t)), "at least 2 dimensions"), ((lambda a, t: (a, t[:1])), "batch dimensions of tau")):
        same_error(lambda lib, a, t, change=change: lib.linalg.householder_product(*change(a, t)), TALL, tau, match=text)
    for change, text in (((lambda a, t: (a, t, a[:, :4])), r"other.shape\[-2\] must be equal to input.shape\[-2\]"),
                         ((lambda a, t: (a, t, a[0, 0])), "other must have at least 2 dimensions"),
                         ((lambda a, t: (a, t, a.float())), "to have the same dtype"),
                         ((lambda a, t: (a, t, a[0])), "batch dimensions of other"),
                         ((lambda a, t: (a[..., :2], t, a)), r"tau.shape\[-1\] must be equal to min")):
        same_error(lambda lib, a, t, change=change: lib.ormqr(*change(a, t)), TALL, tau, match=text)


# ---------------------------------------------------------------- with a report instead of an error
def test_reports() -> None:
    b = SINGULAR[..., :1] + 1
    for a in (SQUARE, COMPLEX):
        same(lambda lib, a: lib.linalg.inv_ex(a).inverse, a, second=True)
        same(lambda lib, a: lib.linalg.solve_ex(a, a[..., :1] * 2).result, a, second=True)
        same(lambda lib, a: lib.linalg.solve_ex(a, a[:, 0], left=True).result, a)
        same(lambda lib, a: lib.linalg.cholesky_ex(a @ a.mH + 0.1 * lib.eye(3), upper=True).L.real, a)
    same(lambda lib, a: lib.linalg.inv_ex(a).info, SINGULAR)
    same(lambda lib, a: lib.linalg.solve_ex(a, a[..., :1] + 1).info, SINGULAR)
    same(lambda lib, a: lib.linalg.cholesky_ex(a).info, INDEFINITE)
    same(lambda lib, a: lib.linalg.cholesky_ex(a.detach()).L, INDEFINITE)
    same(lambda lib, a: lib.linalg.inv_ex(a.detach()).inverse[0], SINGULAR)
    assert np.isnan(mg.linalg.solve_ex(mg.tensor(SINGULAR), mg.tensor(b)).result[1].numpy()).all()
    assert np.isnan(mg.linalg.solve_ex(mg.tensor(SINGULAR), mg.ones(2, dtype=mg.float64)).result[1].numpy()).all()


def test_errors_when_asked_for() -> None:
    with pytest.raises(mg.linalg.LinAlgError, match=r"\(Batch element 1\): The diagonal element 2 is zero"):
        mg.linalg.inv_ex(mg.tensor(SINGULAR), check_errors=True)
    with pytest.raises(mg.linalg.LinAlgError, match="the input matrix is singular"):
        mg.linalg.solve_ex(mg.tensor(SINGULAR), mg.tensor(SINGULAR), check_errors=True)
    with pytest.raises(mg.linalg.LinAlgError, match="leading minor of order 2"):
        mg.linalg.cholesky_ex(mg.tensor(INDEFINITE), check_errors=True)
    same_error(lambda lib, a: lib.linalg.inv_ex(a), WIDE, match="must be batches of square matrices")


def test_out() -> None:
    outs = mg.empty(0, dtype=mg.float64), mg.empty(0, dtype=mg.int32)
    found = mg.linalg.inv_ex(mg.tensor(SQUARE), out=outs)
    assert found.inverse is outs[0]
    assert found.info is outs[1]
    with pytest.raises(TypeError, match="out must be a tuple of 2 tensors"):
        mg.linalg.inv_ex(mg.tensor(SQUARE), out=outs[0])


# ---------------------------------------------------------------- low ranks
@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (2, 6, 6)])
def test_low_ranks(shape: tuple[int, ...]) -> None:
    x = RNG.standard_normal((*shape[:-1], 2)) @ RNG.standard_normal((*shape[:-2], 2, shape[-1]))

    def product(lib: Any, x: Any, parts: Any) -> Any:
        u, s, v = parts
        return (u * s[..., None, :]) @ v.mH
    same(lambda lib, x: product(lib, x, lib.svd_lowrank(x.detach(), q=3)), x)
    same(lambda lib, x: product(lib, x, lib.svd_lowrank(x.detach(), 4, M=x.detach().mean(-2, keepdim=True))), x)
    same(lambda lib, x: product(lib, x, lib.pca_lowrank(x.detach())), x)
    same(lambda lib, x: lib.pca_lowrank(x.detach(), 3, niter=1)[1][..., :2], x)
    full = RNG.standard_normal(shape)
    same(lambda lib, x: product(lib, x, lib.svd_lowrank(x, q=min(shape[-2:]))), full)
    same_error(lambda lib, x: lib.pca_lowrank(x, q=9), x, match=r"q\(=9\) must be non-negative integer and not greater than min\(m, n\)")
    same_error(lambda lib, x: lib.pca_lowrank(x, niter=-1), x, match=r"niter\(=-1\) must be non-negative integer")


# ---------------------------------------------------------------- functions of several ops take `out`, as ops do
def test_results_written_where_out_says() -> None:
    a = mg.tensor(SQUARE)
    for name, arguments, count in (("qr", (a,), 2), ("svd", (a,), 3), ("slogdet", (a,), 2), ("lu", (a,), 3), ("solve", (a, a), 1),
                                   ("pinv", (a,), 1), ("matrix_power", (a, 3), 1), ("cond", (a,), 1), ("norm", (a,), 1)):
        function = getattr(mg.linalg, name)
        outs = tuple(mg.empty(0, dtype=mg.float64) for _ in range(count))
        found = function(*arguments, out=outs if count > 1 else outs[0])
        expected = function(*arguments)
        for o, f, e in zip(outs, found if count > 1 else (found,), expected if count > 1 else (expected,), strict=True):
            assert f is o
            np.testing.assert_array_equal(o.numpy(), e.numpy())
        assert type(found) is type(expected)
