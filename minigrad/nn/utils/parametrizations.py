"""Parametrizations of weights: a norm of their own, a spectral norm of 1, orthogonal matrices."""
from __future__ import annotations

from typing import Any

from ..._tensor import Tensor
from ...creation import eye, zeros_like
from ...engine.mode import no_grad
from ...engine.node import TensorBase
from ...errors import ArgumentError, OutOfRangeError, UnsupportedError, describe
from ...ops.factorizations import linalg_qr
from ...ops.join import cat
from ...ops.linalg import matrix_exp
from ...ops.magnitude import vector_norm
from ...ops.reflectors import geqrf, householder_product
from ...ops.systems import solve
from ...random import randn
from .. import functional as F
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from .parametrize import register_parametrization


# ---------------------------------------------------------------- length and direction apart
def norm_except(v: Tensor, dim: int | None) -> Tensor:
    """The norm of each slice along `dim`, kept as dimensions of size 1; of the whole for None or -1."""
    if dim is None or dim == -1:
        return vector_norm(v, 2)
    return vector_norm(v, 2, tuple([d for d in range(v.ndim) if d != dim % v.ndim]), True)


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Any:
        return weight_v * (weight_g / norm_except(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Length and direction of a weight."""
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int = 0) -> Module:
    """Train the length and the direction of each slice of a weight apart: w = g * v / |v|.

    dim: of the slices; None for one length in all. Files with the older names `weight_g` and `weight_v` load, too.
    Source: Salimans and Kingma 2016, Weight Normalization.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def renamed(state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)
    module._register_load_state_dict_pre_hook(renamed)
    return module


# ---------------------------------------------------------------- the largest singular value
def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight with `dim` as rows and all else as columns."""
    order = (dim, *[d for d in range(weight.ndim) if d != dim])
    return weight.permute(order).flatten(1)


def power_method(matrix: Tensor, u: Tensor, v: Tensor, steps: int, eps: float) -> None:
    """Turn u and v, in place, towards the left and right singular vectors of the largest singular value."""
    with no_grad():
        for _ in range(steps):
            u.copy_(F.normalize(matrix @ v, dim=0, eps=eps))
            v.copy_(F.normalize(matrix.transpose(0, 1).conj() @ u, dim=0, eps=eps))


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        n = weight.ndim
        if not -n <= dim < n:
            raise OutOfRangeError(f"spectral_norm: Dimension out of range (expected to be in range of [{-n}, {n - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ArgumentError("spectral_norm: Expected n_power_iterations to be positive, but got "
                                f"n_power_iterations={n_power_iterations}")
        self.dim, self.eps = dim % weight.ndim, eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim).detach()
            for buffer, size in (("_u", matrix.shape[0]), ("_v", matrix.shape[1])):
                self.register_buffer(buffer, F.normalize(randn(size, dtype=weight.dtype, device=weight.device), dim=0, eps=eps))
            power_method(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Any:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_method(matrix, self._u, self._v, self.n_power_iterations, self.eps)
        u, v = self._u.clone(), self._v.clone()      # the next call moves them, and this one's gradient needs them
        return weight / (u.conj() @ (matrix @ v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself: what has a norm of 1 stays."""
        return value


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> Module:
    """Divide a weight by its largest singular value, which n_power_iterations per training step follow.

    dim: of the outputs; 1 for transposed convolutions, else 0, by default. Source: Miyato et al. 2018, Spectral Normalization for GANs.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, TensorBase):
        raise ArgumentError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))   # type: ignore[arg-type]


# ---------------------------------------------------------------- orthogonal matrices
def orthogonalized(q: Tensor) -> Tensor:
    """The orthogonal factor of a matrix whose triangular factor has a positive diagonal."""
    q, r = linalg_qr(q)
    return q * r.diagonal(0, -2, -1).sgn().unsqueeze(-2)


def is_orthogonal(q: Tensor) -> bool:
    """True if the columns are orthonormal, within rounding."""
    n, k = q.shape[-2:]
    eps = 10 * n * (1.2e-7 if q.array.dtype.char in "fF" else 2.3e-16)
    return bool(((q.mH @ q - eye(k, dtype=q.dtype, device=q.device)).abs() < eps).all())


class _Orthogonal(Module):
    """An orthogonal matrix, tall or wide, from any matrix X of its shape; with `base`, what X = -1 on the diagonal gives."""

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ArgumentError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        x = x.mT if wide else x
        q = self._reflected(x) if self.orthogonal_map == "householder" else self._rotated(x)
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if wide else q

    def _rotated(self, x: Tensor) -> Tensor:
        """exp(A), or Cayley's (1 - A/2)^-1 (1 + A/2), of the skew matrix A whose lower triangle is x."""
        n, k = x.shape[-2:]
        x = x.tril()
        if n != k:
            x = cat([x, x.new_zeros((*x.shape[:-1], n - k))], -1)
        a = x - x.mH
        if self.orthogonal_map == "matrix_exp":
            return matrix_exp(a)[..., :k]
        one = eye(n, dtype=a.dtype, device=a.device)
        return solve(one - a / 2, one + a / 2)[..., :k]

    def _reflected(self, x: Tensor) -> Tensor:
        """The product of the reflections below the diagonal of x, with signs from it."""
        a = x.tril(-1)
        q = householder_product(a, 2 / (1 + (a * a).sum(-2)))
        return q * x.detach().diagonal(0, -2, -1).trunc().unsqueeze(-2)

    def right_inverse(self, q: Tensor) -> Tensor:
        """What gives q, or the orthogonal matrix nearest in direction: it becomes the base, or is taken apart into reflections."""
        if tuple(q.shape) != tuple(self.shape):
            raise ArgumentError(f"orthogonal: Expected a matrix or batch of matrices of shape {tuple(self.shape)}. Got a tensor of shape "
                                f"{tuple(q.shape)}.")
        like = q
        wide = q.shape[-2] < q.shape[-1]
        q = q.mT if wide else q
        n, k = q.shape[-2:]
        with no_grad():
            if not hasattr(self, "base"):
                return self._taken_apart(q, wide)
            if n != k:                               # complete it to a square matrix
                q = orthogonalized(cat([q, randn(*q.shape[:-1], n - k, dtype=q.dtype, device=q.device)], -1))
            else:
                q = q.clone() if is_orthogonal(q) else orthogonalized(q)
            self.base = q
            start = zeros_like(like)
            start.diagonal(0, -2, -1).fill_(-1.0)    # Householder's map gives the identity for it
            return start

    def _taken_apart(self, q: Tensor, wide: bool) -> Tensor:
        """The reflections of q = Q R, with signs that make R positive."""
        if self.orthogonal_map != "householder":
            raise UnsupportedError("orthogonal: It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                                   "use_trivialization=False.")
        a, tau = geqrf(q)
        signs = a.diagonal(0, -2, -1).sign()
        a.diagonal(0, -2, -1).copy_(signs.where(tau != 0, -signs))       # a factor of 0 means no reflection
        return a.mT if wide else a


def orthogonal(module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True) -> Module:
    """Keep a weight (..., n, k) orthogonal: its columns, or if it is wide its rows, are orthonormal.

    orthogonal_map: "matrix_exp", "cayley" or "householder"; by default the first for square and complex matrices, the last for others.
    use_trivialization: the map starts from the weight as it is, made orthogonal. Source: Lezcano-Casado 2019, Trivializations.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, TensorBase):
        raise ArgumentError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    w: Any = weight
    if w.ndim < 2:
        raise ArgumentError(f"orthogonal: Expected a matrix or batch of matrices. Got a tensor of {w.ndim} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if w.shape[-2] == w.shape[-1] or w.is_complex() else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ArgumentError(f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {describe(orthogonal_map)}')
    return register_parametrization(module, name, _Orthogonal(w, orthogonal_map, use_trivialization=use_trivialization), unsafe=True)
