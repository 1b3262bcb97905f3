"""Linear algebra against PyTorch: values, gradients to second order, real and complex, and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
REAL = RNG.standard_normal((2, 3, 3)) + 3 * np.eye(3)
COMPLEX = REAL + 1j * RNG.standard_normal((2, 3, 3))
SINGULAR = np.array([[1.0, 2, 3], [2, 4, 6], [1, 1, 1]])
BOTH = pytest.mark.parametrize("a", [REAL, COMPLEX], ids=["real", "complex"])
RECTANGLES = pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)], ids=str)


def hermitian(x: Any) -> Any:
    return x @ x.conj().swapaxes(-1, -2)


def size(x: Any) -> Any:
    """What is unique about a vector with a free phase."""
    return (x * x.conj()).real


def rectangle(a: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    x = np.random.default_rng(1).standard_normal((2, 2, *shape))
    return x[0] + 1j * x[1] if a.dtype.kind == "c" else x[0]


# ---------------------------------------------------------------- systems
@BOTH
def test_inverse_and_systems(a: np.ndarray) -> None:
    b = a[..., :2] * 2 + 1
    same(lambda lib, a: lib.linalg.inv(a), a, second=True)
    same(lambda lib, a, b: lib.linalg.solve(a, b), a, b, second=True)
    same(lambda lib, a, b: lib.linalg.solve(a, b), a, b[..., 0].copy(), second=True)             # a vector per matrix
    same(lambda lib, a, b: lib.linalg.solve(a, b), a, b[0, :, 0].copy())                         # one vector
    same(lambda lib, a, b: lib.linalg.solve(a, b), a[0], b)                                      # batches broadcast
    same(lambda lib, a, b: lib.linalg.solve(a, b, left=False), a, b.swapaxes(-1, -2).copy(), second=True)
    same(lambda lib, a: a.inverse(), a[0])


@BOTH
def test_determinants(a: np.ndarray) -> None:
    same(lambda lib, a: lib.linalg.det(a), a, second=True)
    for field in (0, 1):
        same(lambda lib, a, i=field: lib.linalg.slogdet(a)[i], a)
    same(lambda lib, a: lib.linalg.slogdet(a).logabsdet, a, second=True)
    same(lambda lib, a: lib.logdet(hermitian(a)), a)
    same(lambda lib, a: a.slogdet()[1], a)


def test_logarithm_of_determinants_that_have_none() -> None:
    for x in (np.ones((2, 2)), np.array([[0.0, 1], [1, 0]])):
        same(lambda lib, a: lib.logdet(a.detach()), x)
        same(lambda lib, a: lib.linalg.slogdet(a.detach())[0], x)


def test_gradient_of_the_determinant_of_a_singular_matrix_is_exact() -> None:
    """PyTorch's is zero here; the true one holds the cofactors."""
    x = mg.tensor(SINGULAR, requires_grad=True)
    x.det().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), [[-2, 4, -2], [1, -2, 1], [0, 0, 0]], atol=1e-12)


@BOTH
@pytest.mark.parametrize("options", [{"upper": True}, {"upper": False}, {"upper": False, "unitriangular": True}], ids=str)
def test_triangular_systems(a: np.ndarray, options: dict[str, bool]) -> None:
    b = a[..., :2] * 2 + 1
    same(lambda lib, a, b: lib.linalg.solve_triangular(a, b, **options), a, b, second=True)
    same(lambda lib, a, b: lib.linalg.solve_triangular(a, b, left=False, **options), a, b.swapaxes(-1, -2).copy(), second=True)
    for transpose in (False, True):
        same(lambda lib, a, b, t=transpose: lib.triangular_solve(b, a, transpose=t, **options)[0], a.real, b.real)


def test_a_zero_on_the_diagonal_of_a_triangle_is_infinite() -> None:
    same(lambda lib, a, b: lib.linalg.solve_triangular(a.detach(), b.detach(), upper=True), np.zeros((2, 2)), np.array([[2.0, 1], [1, 3]]))


@pytest.mark.parametrize("left", [False, True])
def test_triangular_systems_of_no_equations(left: bool) -> None:
    b = np.zeros((2, 0, 3) if left else (2, 3, 0))
    for unit in (False, True):
        same(lambda lib, a, b, u=unit: lib.linalg.solve_triangular(a.detach(), b.detach(), upper=True, left=left, unitriangular=u),
             np.zeros((0, 0)), b)


@pytest.mark.parametrize("upper", [False, True])
def test_what_a_cholesky_factor_solves(upper: bool) -> None:
    same(lambda lib, a, b: lib.cholesky_solve(b, lib.linalg.cholesky(hermitian(a), upper=upper), upper), REAL, REAL[..., :2].copy())
    same(lambda lib, a: lib.cholesky_inverse(lib.linalg.cholesky(hermitian(a), upper=upper), upper), REAL)


def test_gradients_stay_in_the_triangle_that_was_read() -> None:
    factor = mg.tensor(np.tril(REAL[0]), requires_grad=True)
    (mg.cholesky_inverse(factor) * mg.tensor(REAL[1])).sum().backward()
    assert factor.grad is not None
    assert not np.triu(factor.grad.numpy(), 1).any()


# ---------------------------------------------------------------- factorizations
@BOTH
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(a: np.ndarray, upper: bool) -> None:
    same(lambda lib, a: lib.linalg.cholesky(hermitian(a), upper=upper), a, second=True)
    same(lambda lib, a: hermitian(a).cholesky(upper), a[0])


def test_cholesky_reads_one_triangle() -> None:
    same(lambda lib, a: lib.linalg.cholesky(a.detach()), np.array([[2.0, 99], [1, 3]]))
    same(lambda lib, a: lib.linalg.cholesky(a.detach(), upper=True), np.array([[2.0, 1], [99, 3]]))


def test_gradient_of_cholesky_is_hermitian() -> None:
    x = mg.tensor(hermitian(COMPLEX[0]), requires_grad=True)
    mg.linalg.cholesky(x).backward(mg.tensor(COMPLEX[1]))
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), x.grad.numpy().conj().T, atol=1e-12)


@BOTH
@RECTANGLES
def test_qr(a: np.ndarray, shape: tuple[int, int]) -> None:
    for field in (0, 1):
        same(lambda lib, x, i=field: lib.linalg.qr(x)[i], rectangle(a, shape), second=True)
        same(lambda lib, x, i=field: lib.linalg.qr(x.detach(), "complete")[i], rectangle(a, shape))
        same(lambda lib, x, i=field: lib.qr(x)[i], rectangle(a, shape))
    same(lambda lib, x: lib.linalg.qr(x.detach(), "r").R, rectangle(a, shape))


@BOTH
@RECTANGLES
def test_singular_values(a: np.ndarray, shape: tuple[int, int]) -> None:
    x = rectangle(a, shape)
    same(lambda lib, x: lib.linalg.svdvals(x), x, second=True)
    same(lambda lib, x: lib.linalg.svd(x).S, x)
    for field in (0, 2):
        same(lambda lib, x, i=field: size(lib.linalg.svd(x, full_matrices=False)[i]) ** 2, x, second=True)
        same(lambda lib, x, i=field: size(lib.svd(x)[i]) ** 2, x)
    same(lambda lib, x: lib.svd(x, compute_uv=False).S, x)


def test_singular_values_that_are_equal() -> None:
    same(lambda lib, x: lib.linalg.svdvals(x), 2 * np.eye(3))
    same(lambda lib, x: lib.linalg.svd(x).S, 2 * np.eye(3))
    same(lambda lib, x: lib.linalg.eigvalsh(x), 2 * np.eye(3))
    same(lambda lib, x: lib.linalg.eigh(x)[0], 2 * np.eye(3))


@BOTH
def test_eigenvalues(a: np.ndarray) -> None:
    for uplo in ("L", "U"):
        same(lambda lib, a, u=uplo: lib.linalg.eigh(hermitian(a), u)[0], a, second=True)
        same(lambda lib, a, u=uplo: lib.linalg.eigvalsh(hermitian(a), UPLO=u), a, second=True)
        same(lambda lib, a, u=uplo: size(lib.linalg.eigh(hermitian(a), u)[1]) ** 2, a, second=True)
    same(lambda lib, a: lib.linalg.eigvals(a), a)
    same(lambda lib, a: lib.linalg.eig(a).eigenvalues, a)
    same(lambda lib, a: size(lib.linalg.eig(a).eigenvectors) ** 2, a, second=True)
    same(lambda lib, a: size(lib.linalg.eigvals(a)), a, second=True)


def test_factors_multiply_to_the_matrix() -> None:
    x = mg.tensor(rectangle(REAL, (4, 3)))
    u, s, vh = mg.linalg.svd(x, full_matrices=False)
    q, r = mg.linalg.qr(x)
    for product in (u * s.unsqueeze(-2) @ vh, q @ r):
        np.testing.assert_allclose(product.numpy(), x.numpy())
    assert type(mg.linalg.svd(x)) is mg.return_types.linalg_svd
    assert type(x.svd()) is mg.return_types.svd
    assert repr(mg.linalg.qr(mg.tensor([[2.0]]))).startswith("minigrad.return_types.linalg_qr(\nQ=tensor(")


# ---------------------------------------------------------------- functions of matrices
@BOTH
def test_powers_and_exponentials(a: np.ndarray) -> None:
    same(lambda lib, a: lib.linalg.matrix_power(a.detach(), 0), a)
    for n in (1, 2, 5, -1, -3):
        same(lambda lib, a, n=n: lib.linalg.matrix_power(a, n) * 1.0, a / 3, second=n != 1)
    same(lambda lib, a: lib.matrix_exp(a), a / 3, second=True)
    same(lambda lib, a: a.matrix_exp(), a * 3, rtol=1e-5)
    same(lambda lib, a: a.matrix_power(3), np.arange(4).reshape(2, 2))


@BOTH
@RECTANGLES
def test_pseudo_inverse(a: np.ndarray, shape: tuple[int, int]) -> None:
    x = rectangle(a, shape)
    same(lambda lib, x: lib.linalg.pinv(x), x, second=True)
    same(lambda lib, x: lib.linalg.pinv(x.detach(), rtol=0.5), x)
    same(lambda lib, x: lib.linalg.pinv(x.detach(), atol=1.0, rtol=0.1), x)
    same(lambda lib, x: x.pinverse(), x)
    same(lambda lib, a: lib.linalg.pinv(hermitian(a), hermitian=True), a)


@pytest.mark.parametrize("driver", [None, "gels", "gelsd", "gelss"])
@RECTANGLES
def test_least_squares(shape: tuple[int, int], driver: str | None) -> None:
    a = rectangle(REAL, shape)
    b = a[..., :2] + 1
    for field in range(4):
        same(lambda lib, a, b, i=field: lib.linalg.lstsq(a.detach(), b.detach(), driver=driver)[i], a, b)
    same(lambda lib, a, b: lib.linalg.lstsq(a, b, driver=driver).solution, a, b)
    same(lambda lib, a, b: lib.linalg.lstsq(a, b, driver=driver).solution, a, b[..., 0].copy())


def test_rank_and_condition() -> None:
    for options in ({}, {"hermitian": True}, {"atol": 1.0}, {"rtol": 0.5}, {"tol": 2.0}):
        same(lambda lib, a, o=options: lib.linalg.matrix_rank(a.detach(), **o), SINGULAR @ SINGULAR.T)
    same(lambda lib, a: lib.linalg.matrix_rank(a.detach()), REAL)
    for p in (None, 2, -2):
        same(lambda lib, a, p=p: lib.linalg.cond(a, p), REAL, second=True)
    for p in ("fro", "nuc", 1, -1, np.inf):          # PyTorch's gradients of these fail
        same(lambda lib, a, p=p: lib.linalg.cond(a.detach(), p), REAL)
    same(lambda lib, a: lib.linalg.cond(a.detach(), 1), np.ones((2, 2)))


def test_tensors_as_matrices() -> None:
    a, b = RNG.standard_normal((2, 3, 6)), RNG.standard_normal((2, 3))
    same(lambda lib, a: lib.linalg.tensorinv(a, ind=2), a, second=True)
    same(lambda lib, a, b: lib.linalg.tensorsolve(a, b), a, b)
    same(lambda lib, a, b: lib.linalg.tensorsolve(a, b, dims=(0,)), RNG.standard_normal((6, 2, 3)), b)
    same(lambda lib, x: lib.linalg.vander(x), b)
    same(lambda lib, x: lib.linalg.vander(x.detach(), N=3), np.array(2.0))
    same(lambda lib, x: lib.linalg.vander(x.detach(), N=2), b)
    same(lambda lib, x: lib.vander(x.detach()), b[0])
    same(lambda lib, x: lib.vander(x, 4, increasing=True), np.arange(3))


def test_diagonal() -> None:
    same(lambda lib, a: lib.linalg.diagonal(a), REAL)
    same(lambda lib, a: lib.linalg.diagonal(a, offset=1, dim1=0), REAL)


def test_empty_matrices() -> None:
    empty = np.zeros((0, 0))
    for name in ("inv", "det", "matrix_exp", "pinv", "eigvalsh", "svdvals", "cholesky"):
        same(lambda lib, a, n=name: getattr(lib.linalg, n)(a.detach()), empty)
    same(lambda lib, a: lib.linalg.matrix_rank(a.detach()), np.zeros((2, 0, 3)))


# ---------------------------------------------------------------- refusals
def test_refusals() -> None:
    flat, x = np.ones(2), np.ones((2, 3))
    for name in ("inv", "det", "slogdet", "cholesky", "eigh", "eigvals", "matrix_exp"):
        same_error(lambda lib, a, n=name: getattr(lib.linalg, n)(a), x,
                   match="A must be batches of square matrices, but they are 2 by 3 matrices")
    for name in ("inv", "det", "svd", "qr", "svdvals"):
        same_error(lambda lib, a, n=name: getattr(lib.linalg, n)(a), flat, match="must have at least 2 dimensions")
    for name in ("inv", "det", "cholesky", "svd"):
        same_error(lambda lib, a, n=name: getattr(lib.linalg, n)(a), np.ones((2, 2), "i8"),
                   match="Expected a floating point or complex tensor")
    same_error(lambda lib, a: lib.linalg.inv(a), np.ones((2, 2), "f2"), match="Low precision dtypes not supported")
    same_error(lambda lib, a, b: lib.linalg.solve(a, b), REAL[0], flat, match="Incompatible shapes of A and B for the equation AX = B")
    same_error(lambda lib, a, b: lib.linalg.solve(a, b), REAL[0], np.ones((3, 1), "f4"), match="Expected A and B to have the same dtype")
    same_error(lambda lib, a: lib.linalg.eigh(a, "foo"), REAL[0], match="Expected UPLO argument to be 'L' or 'U', but got foo")
    same_error(lambda lib, a: lib.linalg.qr(a, "foo"), REAL[0], match="qr received unrecognized mode 'foo'")
    same_error(lambda lib, a: lib.linalg.matrix_power(a, 2), x, match="matrix_power: A must be batches of square matrices")
    same_error(lambda lib, a, b: lib.linalg.solve_triangular(a, b, upper=True), REAL[0], flat,
               match="input tensor B must have at least 2 dimensions")


def test_matrices_without_what_is_asked_for() -> None:
    singular = np.ones((2, 2))
    for call, match in ((lambda lib, a: lib.linalg.inv(a), "input matrix is singular"),
                        (lambda lib, a: lib.linalg.solve(a, a), "input matrix is singular"),
                        (lambda lib, a: lib.linalg.cholesky(-a), "input is not positive-definite")):
        with pytest.raises(mg.linalg.LinAlgError, match=rf"{match}; got float64 \(2, 2\)") as error:
            call(mg, mg.tensor(singular))
        assert isinstance(error.value, RuntimeError)


def test_complete_qr_has_no_gradient() -> None:
    x = mg.tensor(rectangle(REAL, (4, 3)), requires_grad=True)
    with pytest.raises(NotImplementedError, match="not differentiable when mode='complete' and nrows > ncols; use mode='reduced'"):
        mg.linalg.qr(x, "complete").R.sum().backward()


@pytest.mark.parametrize("batches", [((), ()), ((2,), ()), ((), (3,)), ((2, 1), (3,)), ((40,), (40,))], ids=str)
@pytest.mark.parametrize("options", [{"upper": False}, {"upper": True}, {"upper": True, "left": False},
                                     {"upper": False, "unitriangular": True}], ids=str)
def test_larger_triangular_systems(batches: Any, options: dict[str, bool]) -> None:
    """Few matrices go one by one, many all at a time; a zero on the diagonal makes inf and nan either way."""
    a = RNG.standard_normal((*batches[0], 6, 6)) / 4 + 2 * np.eye(6)
    b = RNG.standard_normal((*batches[1], 6, 6))
    same(lambda lib, a, b: lib.linalg.solve_triangular(a, b, **options), a, b)
    same(lambda lib, a, b: lib.linalg.solve_triangular(a, b, **options), a + 1j * a * np.tri(6, k=-1), b + 1j * b[..., ::-1, :])
    a[..., 5, 5] = 0
    same(lambda lib, a, b: lib.isfinite(lib.linalg.solve_triangular(a, b, **options)), a, b)
