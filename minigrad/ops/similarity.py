"""Vectors along a dimension: brought to length 1, their distances, the cosines of their angles."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..backend import has_values
from ..engine.node import wrap
from ..errors import DtypeError, ShapeError, operand
from .elementwise import true_divide
from .magnitude import vector_norm
from .operands import need_tensors
from .raw import in_dtype
from .reduce import sum
from .select import clamp_min
from .shape import broadcast_tensors

if TYPE_CHECKING:
    from .._tensor import Tensor


def normalize(input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """The input over its p-norm along `dim`: vectors of length 1. Lengths below eps count as eps, so that 0 stays 0.

    >>> import minigrad
    >>> normalize(minigrad.tensor([3.0, 4.0]), dim=0)
    tensor([0.6000, 0.8000])
    """
    need_tensors("normalize", input=input)
    length = clamp_min(vector_norm(input, p, dim, True), eps)
    return true_divide(input, length) if out is None else true_divide(input, length, out=out)   # type: ignore[call-arg]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-08) -> Tensor:
    """The cosine of the angle between vectors along `dim`; x1 and x2 broadcast. Lengths below eps count as eps.

    Raises DtypeError for integers.
    """
    need_tensors("cosine_similarity", x1=x1, x2=x2)
    floats = [x.array.dtype for x in (x1, x2) if x.array.dtype.kind == "f"]
    if not floats:
        raise DtypeError(f"cosine_similarity: expected common dtype to be floating point; got x1 {operand(x1)}, x2 {operand(x2)}")
    x1, x2 = [x if x.array.dtype.kind == "f" else in_dtype(x, floats[0]) for x in (x1, x2)]
    x1, x2 = broadcast_tensors(x1, x2)
    return sum(x1 / held(vector_norm(x1, 2, dim, True), eps) * (x2 / held(vector_norm(x2, 2, dim, True), eps)), dim)


def held(length: Tensor, eps: float) -> Tensor:
    """A length of at least eps; the bound is a constant, which gradients do not see."""
    short = length.array < eps
    return length + wrap((eps - length.array) * short) if not has_values(short) or bool(short.any()) else length


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension: (N, D) and (N, D) -> (N,); they broadcast."""
    need_tensors("pairwise_distance", x1=x1, x2=x2)
    d = x1 - x2 + eps
    if not d.ndim:
        raise ShapeError(f"pairwise_distance: takes vectors of at least one dimension; got x1 {operand(x1)}, x2 {operand(x2)}")
    return vector_norm(d, p, -1, keepdim)
