"""What ops with several results return: named tuples that print as PyTorch's do.

    >>> import minigrad
    >>> minigrad.tensor([1.0, 3.0]).max(0).indices
    tensor(1)

Each class has its op's name; `minigrad.return_types` shows them to users.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..dtypes import dtype

if TYPE_CHECKING:
    from .._tensor import Tensor


def show(result: Any) -> str:
    """`torch.return_types.max(` and one field per line, `)`."""
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(result._fields, result, strict=True))
    return f"{dtype.prefix}.return_types.{type(result).__name__}(\n{fields})"


class ValuesIndices(NamedTuple):
    """Values, and the positions along the dimension that they were found at."""
    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return show(self)


class max(ValuesIndices):
    """The largest element of each slice along a dimension, and where it is."""


class min(ValuesIndices):
    """The smallest element of each slice along a dimension, and where it is."""


class median(ValuesIndices):
    """The lower median of each slice, and where it is."""


class nanmedian(ValuesIndices):
    """The lower median of each slice without its nan, and where it is."""


class mode(ValuesIndices):
    """The most frequent value of each slice, and where it is."""


class kthvalue(ValuesIndices):
    """The k-th smallest element of each slice, and where it is."""


class sort(ValuesIndices):
    """Sorted values, and where each came from."""


class topk(ValuesIndices):
    """The k largest or smallest elements of each slice, and where they are."""


class cummax(ValuesIndices):
    """Running maxima, and where each was reached last."""


class cummin(ValuesIndices):
    """Running minima, and where each was reached last."""


class aminmax(NamedTuple):
    """The smallest and the largest element of each slice."""
    min: Tensor
    max: Tensor

    def __repr__(self) -> str:
        return show(self)


class histogram(NamedTuple):
    """What falls in each bin, and the edges of the bins."""
    hist: Tensor
    bin_edges: Tensor

    def __repr__(self) -> str:
        return show(self)


class frexp(NamedTuple):
    """Numbers as mantissa * 2**exponent."""
    mantissa: Tensor
    exponent: Tensor

    def __repr__(self) -> str:
        return show(self)


class histogramdd(NamedTuple):
    """How many points fall in each bin, and the edges along each dimension."""
    hist: Tensor
    bin_edges: tuple[Tensor, ...]

    def __repr__(self) -> str:
        return show(self)


# ---------------------------------------------------------------- linear algebra
class linalg_qr(NamedTuple):
    """A = Q R: orthonormal columns, upper triangular."""
    Q: Tensor
    R: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_svd(NamedTuple):
    """A = U diag(S) Vh: orthonormal columns, descending singular values, orthonormal rows."""
    U: Tensor
    S: Tensor
    Vh: Tensor

    def __repr__(self) -> str:
        return show(self)


class svd(NamedTuple):
    """A = U diag(S) V^H, as `torch.svd` gives it."""
    U: Tensor
    S: Tensor
    V: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_eigh(NamedTuple):
    """Ascending eigenvalues of a Hermitian matrix, and its eigenvectors as columns."""
    eigenvalues: Tensor
    eigenvectors: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_eig(NamedTuple):
    """Eigenvalues in no order, and eigenvectors as columns; complex."""
    eigenvalues: Tensor
    eigenvectors: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_slogdet(NamedTuple):
    """A determinant as sign * exp(logabsdet)."""
    sign: Tensor
    logabsdet: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_lstsq(NamedTuple):
    """What minimizes |A X - B|, and what is known of A."""
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_cholesky_ex(NamedTuple):
    """A Cholesky factor, and the order of the first leading minor that is not positive-definite; 0 if all are."""
    L: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_inv_ex(NamedTuple):
    """An inverse, and which diagonal element of U is 0 in A = P L U; 0 if none."""
    inverse: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_solve_ex(NamedTuple):
    """The solution of a linear system, and which diagonal element of U is 0 in A = P L U; 0 if none."""
    result: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_lu(NamedTuple):
    """A = P L U: permutation, lower triangular with ones on the diagonal, upper triangular."""
    P: Tensor
    L: Tensor
    U: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_lu_factor(NamedTuple):
    """L and U in one matrix, and the row that each was exchanged with, counted from 1."""
    LU: Tensor
    pivots: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_lu_factor_ex(NamedTuple):
    """L and U in one matrix, pivots, and which diagonal element of U is 0; 0 if none."""
    LU: Tensor
    pivots: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return show(self)


class lu_unpack(NamedTuple):
    """What `lu_factor` packed."""
    P: Tensor
    L: Tensor
    U: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_ldl_factor(NamedTuple):
    """L and D of A = L D L^T in one lower triangle, and pivots."""
    LD: Tensor
    pivots: Tensor

    def __repr__(self) -> str:
        return show(self)


class linalg_ldl_factor_ex(NamedTuple):
    """L and D in one lower triangle, pivots, and which diagonal element of D is 0; 0 if none."""
    LD: Tensor
    pivots: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return show(self)


class geqrf(NamedTuple):
    """Householder vectors below R, and their factors."""
    a: Tensor
    tau: Tensor

    def __repr__(self) -> str:
        return show(self)


class triangular_solve(NamedTuple):
    """The solution of a triangular system, and a copy of the matrix."""
    solution: Tensor
    cloned_coefficient: Tensor

    def __repr__(self) -> str:
        return show(self)


class qr(NamedTuple):
    """A = Q R, as `torch.qr` gives it."""
    Q: Tensor
    R: Tensor

    def __repr__(self) -> str:
        return show(self)


class slogdet(NamedTuple):
    """A determinant as sign * exp(logabsdet), as `torch.slogdet` gives it."""
    sign: Tensor
    logabsdet: Tensor

    def __repr__(self) -> str:
        return show(self)
