"""What distributions share: parameters of one shape, probabilities and their logarithms, properties worked out once."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from .. import dtypes
from ..creation import tensor, tril_indices, zeros
from ..engine.mode import enable_grad
from ..engine.node import TensorBase
from ..errors import ArgumentError, describe
from ..ops.select import where
from ..ops.shape import broadcast_tensors
from ..ops.softmax import softmax
from ..random import randn

if TYPE_CHECKING:
    from .._tensor import Tensor

T = TypeVar("T")

EULER = 0.57721566490153286060                       # the Euler-Mascheroni constant
Shape = Any                                          # a Size, or any sequence of sizes
Parameter = Any                                      # a Tensor, or a number


def broadcast_all(*values: Parameter) -> tuple[Tensor, ...]:
    """Tensors and numbers as tensors of one shape; a number gets dtype and device of the first tensor.

    >>> import minigrad
    >>> [tuple(v.shape) for v in broadcast_all(minigrad.zeros(2, 1), minigrad.zeros(3), 1.0)]
    [(2, 3), (2, 3), (2, 3)]
    """
    for value in values:
        if not isinstance(value, (TensorBase, bool, int, float)):
            raise ArgumentError(f"broadcast_all: Input arguments must all be tensors or numbers; got {describe(value)}")
    like: Any = next((v for v in values if isinstance(v, TensorBase)), None)
    made = values
    if not all(isinstance(v, TensorBase) for v in values):
        dtype, device = (dtypes.get_default_dtype(), None) if like is None else (like.dtype, like.device)
        made = tuple([v if isinstance(v, TensorBase) else tensor(v, dtype=dtype, device=device) for v in values])
    return tuple(broadcast_tensors(*made))


def is_number(*values: Any) -> bool:
    """Whether all of these parameters came as plain numbers."""
    return all(isinstance(v, (bool, int, float)) for v in values)


def either(name: str, **given: Any) -> None:
    """Raise unless exactly one of two parameters was given."""
    if sum(v is not None for v in given.values()) != 1:
        first, second = given
        raise ArgumentError(f"{name}: Either `{first}` or `{second}` must be specified, but not both")


def standard_normal(shape: Shape, like: Tensor) -> Tensor:
    """Normal numbers in the dtype and on the device of a tensor."""
    return randn(tuple(shape), dtype=like.dtype, device=like.device)


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """The sum over the last `dims` dimensions."""
    if dims == 0:
        return value
    return value.reshape((*value.shape[:-dims], -1)).sum(-1)


def extremes(dtype: Any) -> tuple[float, float]:
    """The smallest normal number of a dtype, and the distance from 1 to the next."""
    info = dtypes.finfo(dtype)
    return info.tiny, info.eps


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities moved into [eps, 1 - eps]."""
    _, eps = extremes(probs.dtype)
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from log odds, or from unnormalized log probabilities along the last dimension."""
    return logits.sigmoid() if is_binary else softmax(logits, dim=-1)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Log odds of probabilities, or their logarithms; 0 and 1 are moved inwards by eps."""
    inside = clamp_probs(probs)
    return inside.log() - (-inside).log1p() if is_binary else inside.log()


def x_log_x(x: Tensor) -> Tensor:
    """x log x, 0 at 0."""
    return x.xlogy(x)


def infinite_where(condition: Tensor, value: Tensor) -> Tensor:
    """`value`, but infinity under the condition."""
    return where(condition, float("inf"), value)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle up to a diagonal, row by row: (..., n, n) -> (..., number of its elements)."""
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ArgumentError(f"tril_matrix_to_vec: diag must lie in [{-n}, {n - 1}]; got {diag}")
    i, j = tril_indices(n, n, diag)
    return mat[..., i, j]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """A lower triangular matrix with these elements, row by row: (..., d) -> (..., n, n); the inverse of `tril_matrix_to_vec`."""
    d = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * d + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if not round(n) - dtypes.finfo(vec.dtype).eps <= n <= round(n) + dtypes.finfo(vec.dtype).eps:
        raise ArgumentError(f"vec_to_tril_matrix: the last dimension must hold a whole triangle; got size {d} for diag={diag}")
    rows = round(n)
    made = zeros((*vec.shape[:-1], rows, rows), dtype=vec.dtype, device=vec.device)
    i, j = tril_indices(rows, rows, diag)
    made[..., i, j] = vec
    return made


class lazy_property(Generic[T]):
    """A property that is worked out when first asked for, in a graph also under `no_grad`, and kept as a plain attribute."""

    def __init__(self, wrapped: Callable[[Any], T]) -> None:
        self.wrapped, self.__doc__, self.__name__ = wrapped, wrapped.__doc__, wrapped.__name__

    @overload
    def __get__(self, instance: None, owner: Any = None) -> lazy_property[T]: ...
    @overload
    def __get__(self, instance: object, owner: Any = None) -> T: ...

    def __get__(self, instance: Any, owner: Any = None) -> T | lazy_property[T]:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.__name__, value)
        return value
