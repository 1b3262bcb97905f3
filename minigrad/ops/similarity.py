"""Lengths of vectors along a dimension, and what is made of them: unit vectors, distances, cosines."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import wrap
from ..engine.op import op
from ..errors import DtypeError, ShapeError, operand
from .dims import Dims, many_dims
from .elementwise import abs, sign, true_divide, zeros_as
from .loss import need_tensors
from .powers import pow
from .raw import in_dtype, like, raw
from .reduce import add_up, sum
from .select import clamp_min, masked

if TYPE_CHECKING:
    from .._tensor import Tensor


def length_rule(g: Any, x: Any, out: Any, p: float, dim: Dims) -> Any:
    """sign(x) * (|x| / length)^(p - 1), and 0 where the length is 0; the largest share alike for p = inf."""
    if p == 0:
        return zeros_as(x)
    if p == 1:
        return sign(x) * g
    if p == 2:
        return x * masked(g / out, raw(out) != 0)
    if math.isinf(p):
        hits = (abs_of(raw(x)) == raw(out)).astype(raw(x).dtype)
        return sign(x) * g * like(g, hits / hits.sum(axis=many_dims("norm", dim, hits.ndim), keepdims=True))
    slopes = sign(x) * pow(abs(x), p - 1) * masked(g / pow(out, p - 1), raw(out) != 0)
    return slopes if p > 1 else masked(slopes, raw(x) != 0)


def abs_of(x: Any) -> Any:
    """|x| of an array."""
    return backend_of(x).xp.abs(x)


@op(x=lambda g, x, out, p, dim: length_rule(g, x, out, p, dim))
def lengths(input: Tensor, p: float, dim: Dims) -> Tensor:
    """The p-norm over `dim`, which stays as a dimension of size 1: sum(|x|^p)^(1/p); p = inf: the largest, 0: how many are not 0."""
    x: Any = input
    if x.dtype.kind != "f":
        raise DtypeError(f"norm: Expected a floating point tensor as input; got {operand(x)}; convert it with .float()")
    axes = many_dims("norm", dim, x.ndim)
    if p == 0:
        return add_up((x != 0).astype(x.dtype), axes, True)   # type: ignore[no-any-return]
    if math.isinf(p):
        return abs_of(x).max(axis=axes, keepdims=True) if p > 0 else abs_of(x).min(axis=axes, keepdims=True)   # type: ignore[no-any-return]
    if p == 2:
        return backend_of(x).xp.sqrt(add_up(x * x, axes, True))   # type: ignore[no-any-return]
    return add_up(abs_of(x) ** p, axes, True) ** (1 / p)      # type: ignore[no-any-return]


def normalize(input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """The input over its p-norm along `dim`: vectors of length 1. Lengths below eps count as eps, so that 0 stays 0.

    >>> import minigrad
    >>> normalize(minigrad.tensor([3.0, 4.0]), dim=0)
    tensor([0.6000, 0.8000])
    """
    need_tensors("normalize", input=input)
    length = clamp_min(lengths(input, p, dim), eps)
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
    return sum(x1 / held(lengths(x1, 2, dim), eps) * (x2 / held(lengths(x2, 2, dim), eps)), dim)


def held(length: Tensor, eps: float) -> Tensor:
    """A length of at least eps; the bound is a constant, which gradients do not see."""
    short = length.array < eps
    return length + wrap((eps - length.array) * short) if bool(short.any()) else length


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension: (N, D) and (N, D) -> (N,); they broadcast."""
    need_tensors("pairwise_distance", x1=x1, x2=x2)
    d = x1 - x2 + eps
    if not d.ndim:
        raise ShapeError(f"pairwise_distance: takes vectors of at least one dimension; got x1 {operand(x1)}, x2 {operand(x2)}")
    length = lengths(d, p, -1)
    return length if keepdim else length.squeeze(-1)
