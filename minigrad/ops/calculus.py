"""Integrals and slopes of sampled functions."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine.node import TensorBase
from ..errors import ArgumentTypeError, DtypeError, OutOfRangeError, ShapeError, describe
from .cumulative import cumsum, part
from .dims import Number, one_dim
from .join import cat
from .operands import need_tensors
from .raw import raw
from .reduce import sum as sum_of

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- integrals
def areas(op: str, y: Any, x: Any, dx: Number | None, dim: int) -> tuple[Any, int]:
    """The area of each trapezoid between neighbouring samples, twice, and the dimension from the front."""
    if not y.ndim:
        raise OutOfRangeError(f"{op}: Dimension specified as {dim} but tensor has no dimensions")
    d = one_dim(op, dim, y.ndim)
    if raw(y).dtype.kind == "b":
        raise DtypeError(f"{op}: received a bool input for `y`, but bool is not supported; got {describe(y)}")
    if x is not None and dx is not None:
        raise ArgumentTypeError(f"{op}: takes x or dx, not both; got x {describe(x)}, dx={dx}")
    after, before = part(y, d, 1), part(y, d, 0, max(y.shape[d] - 1, 0))
    if x is None:
        return (after + before) * (1 if dx is None else dx), d
    if x.ndim == 1:
        if x.shape[0] != y.shape[d]:
            raise ShapeError(f"{op}: There must be one `x` value for each sample point; got y {describe(y)}, x {describe(x)}, dim {dim}")
        x = x.reshape([-1 if i == d else 1 for i in range(y.ndim)])
        step = part(x, d, 1) - part(x, d, 0, x.shape[d] - 1)
    else:
        if x.ndim < y.ndim:
            x = x.reshape((*[1] * (y.ndim - x.ndim), *x.shape))
        e = d + x.ndim - y.ndim
        step = part(x, e, 1) - part(x, e, 0, x.shape[e] - 1)
    return (after + before) * step, d


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """The integral of samples `y` along `dim` by the trapezoidal rule; samples at `x`, or `dx` apart, 1 by default."""
    need_tensors("trapezoid", y=y)
    found, d = areas("trapezoid", y, x, dx, dim)
    return sum_of(found, d - y.ndim) / 2.0


trapz = trapezoid


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """The running integral by the trapezoidal rule, from the second sample on; as `trapezoid`."""
    need_tensors("cumulative_trapezoid", y=y)
    found, d = areas("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(found, d - y.ndim) / 2.0


# ---------------------------------------------------------------- slopes
def gradient(input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The slope of samples along each of `dim`, all by default: central differences inside, one-sided ones of `edge_order` at the ends.

    spacing: the distance of samples, one number or one per dim, or a vector of their positions for each dim.
    """
    need_tensors("gradient", input=input)
    wanted: Any = range(input.ndim) if dim is None else dim if isinstance(dim, (tuple, list)) else [dim]
    dims = [one_dim("gradient", d, input.ndim) for d in wanted]
    if len(set(dims)) < len(dims):
        raise ShapeError(f"gradient: dim {next(d for d in dims if dims.count(d) > 1)} appears multiple times in the list of dims")
    steps: Any = list(spacing) if isinstance(spacing, (tuple, list)) else [1 if spacing is None else spacing] * len(dims)
    if len(steps) != len(dims):
        raise ShapeError("torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to the number of dims, "
                         f"{len(dims)}; got a list of length {len(steps)}")
    if edge_order not in (1, 2):
        raise ShapeError(f"torch.gradient only supports edge_order=1 and edge_order=2; got {edge_order}")
    if any(input.shape[d] < edge_order + 1 for d in dims):
        raise ShapeError(f"torch.gradient expected each dimension size to be at least edge_order+1; got {describe(input)}, "
                         f"edge_order={edge_order}")
    return tuple([slope(input, d, step, edge_order) for d, step in zip(dims, steps, strict=True)])


def slope(y: Any, d: int, spacing: Any, edge_order: int) -> Any:
    """Along one dimension. Source: Fornberg 1988, Generation of finite difference formulas on arbitrarily spaced grids."""
    n = y.shape[d]
    if isinstance(spacing, TensorBase) and raw(spacing).ndim:
        x = spacing.reshape([-1 if i == d else 1 for i in range(y.ndim)])    # type: ignore[attr-defined]
        gap = part(x, d, 1) - part(x, d, 0, n - 1)
        at = [part(gap, d, i, i + 1) for i in (0, 1 if n > 2 else 0, n - 3 if n > 2 else 0, n - 2)]
        before, after = part(gap, d, 0, n - 2), part(gap, d, 1, n - 1)
    else:
        at = [spacing] * 4
        before = after = spacing
    rise = part(y, d, 1) - part(y, d, 0, n - 1)      # between neighbours
    left, right = part(rise, d, 0, n - 2) / before, part(rise, d, 1, n - 1) / after
    inside = (left * after + right * before) / (before + after)
    first, last = part(rise, d, 0, 1) / at[0], part(rise, d, n - 2, n - 1) / at[3]
    if edge_order == 2:
        first = first + (first - part(rise, d, 1, 2) / at[1]) * at[0] / (at[0] + at[1])
        last = last + (last - part(rise, d, n - 3, n - 2) / at[2]) * at[3] / (at[2] + at[3])
    return cat((first, inside, last), d)
