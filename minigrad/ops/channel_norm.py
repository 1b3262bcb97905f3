"""Normalization of channels: over groups of them, over the batch, over each alone, and by their neighbours. The formula is in `norm.py`."""
from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..backend import backend_of
from ..engine.inplace import wrote
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentError, RefusedArgumentError, ShapeError, operand
from .elementwise import sqrt
from .half import rounded, single
from .norm import Dims, check_affine, compiled, flat, layer_input, norm_input, norm_weight, normalize_rows, rows, shaped, summed, variance
from .operands import need_tensors
from .pool import avg_pool
from .powers import pow
from .raw import in_dtype
from .reduce import mean

if TYPE_CHECKING:
    from .._tensor import Tensor


def per_channel(values: Any, ndim: int) -> Any:
    """(C,) -> (1, C, 1, ...), to go with an input of so many dimensions."""
    return values.reshape((1, values.shape[0], *[1] * (ndim - 2)))


def to_channels(g: Any, w_shape: tuple[int, ...], w_dtype: Any) -> Any:
    """(N, C, ...) -> (C,): the gradient of one number per channel."""
    return summed(g, (1, *w_shape, *[1] * (g.ndim - 2)), w_dtype).reshape(w_shape)


# ---------------------------------------------------------------- over groups of channels
class Normalized(NamedTuple):
    """A normalized input, and the statistics that were used."""
    output: Tensor
    mean: Tensor
    var: Tensor


def grouped(x: Any, num_groups: int) -> Any:
    """(N, C, ...) -> (N, groups, everything in a group)"""
    return x.reshape((x.shape[0], num_groups, prod(x.shape[1:]) // num_groups))


def planes(x: Any) -> Any:
    """An array (N, C, ...) as (N, C, positions), to compute with."""
    return single(x).reshape((*x.shape[:2], prod(x.shape[2:])))


def group_gradients(g: Any, x: Any, w: Any, m: Any, var: Any, num_groups: int, eps: float, *dtypes: Any) -> Any:
    """Gradients for x, the weight and the bias in one visit, in these dtypes; None where there is no kernel for it."""
    if isinstance(g, TensorBase) or not x.size:
        return None
    found = backend_of(x).kernels.group_norm_gradients(planes(g), planes(x), num_groups, flat(w), m, var, eps)
    return shaped(found, (x.shape, x.shape[1:2], x.shape[1:2]), dtypes)


def group_input(g: Any, x: Any, w: Any, m: Any, var: Any, num_groups: int, eps: float) -> Any:
    """Gradient for x."""
    if (found := group_gradients(g, x, w, m, var, num_groups, eps, g.dtype)) is not None:
        return found[0]
    g = g if w is None else g * per_channel(w, x.ndim)
    group = grouped(x, num_groups)
    if isinstance(g, TensorBase):
        return norm_input(grouped(g, num_groups), group, None, m, var, (2,), eps).reshape(x.shape)
    return layer_input(grouped(g, num_groups), group, None, m, var, group.shape[2:], eps).reshape(x.shape)


def group_weight(g: Any, x: Any, m: Any, var: Any, num_groups: int, eps: float) -> Any:
    """What is summed to the gradient for the weight."""
    return norm_weight(grouped(g, num_groups), grouped(x, num_groups), m, var, eps).reshape(x.shape)


@op(x=lambda g, x, w, mean, var, num_groups, eps, x_dtype: in_dtype(group_input(g, x, w, mean, var, num_groups, eps), x_dtype),
    w=lambda g, x, mean, var, num_groups, eps, w_shape, w_dtype:
    to_channels(group_weight(g, x, mean, var, num_groups, eps), w_shape, w_dtype),
    b=lambda g, b_shape, b_dtype: to_channels(g, b_shape, b_dtype),
    together=lambda g, x, w, mean, var, num_groups, eps, x_dtype, w_dtype, b_dtype:
    group_gradients(g, x, w, mean, var, num_groups, eps, x_dtype, w_dtype, b_dtype),
    kept={"mean": lambda x, num_groups: mean(grouped(x, num_groups), (2,), True),
          "var": lambda x, num_groups: variance(grouped(x, num_groups), (2,))},
    returns=Normalized)
def group_normalize(input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """`group_norm`, and the mean and variance of each group, (N, groups, 1)."""
    x: Any = input
    if x.size and (found := backend_of(x).kernels.group_norm(planes(x), num_groups, flat(weight), flat(bias), eps)) is not None:
        y, m, var = found
        return rounded(y.reshape(x.shape), x.dtype), m, var          # type: ignore[return-value]
    group = grouped(single(x), num_groups)
    y, m, var = normalize_rows(group, rows(group, group.shape[2:]), None, None, eps)
    y = y.reshape(x.shape)
    if weight is not None:
        y *= per_channel(weight, x.ndim)
    if bias is not None:
        y += per_channel(bias, x.ndim)
    shape = (x.shape[0], num_groups, 1)
    return rounded(y, x.dtype), m.reshape(shape), var.reshape(shape)   # type: ignore[return-value]


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05) -> Tensor:
    """Normalized over groups of channels of one sample: input (N, C, ...), C divisible by `num_groups`; weight, bias (C,).

    Raises ShapeError where sizes do not fit, ArgumentError for groups of a single value.
    Source: Wu and He 2018, Group Normalization.
    """
    x = input.array
    if x.ndim < 2:
        raise ShapeError(f"group_norm: Expected at least 2 dimensions for input tensor but received {x.ndim}; got x {operand(x)}")
    if num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError("group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
                         f"{list(x.shape)} and num_groups={num_groups}")
    check_affine("group_norm", x, x.shape[1:2], "Expected {} to be a vector of size equal to the number of channels in input,",
                 weight=getattr(weight, "array", None), bias=getattr(bias, "array", None))
    size = [x.shape[0] * x.shape[1] // num_groups, num_groups, *x.shape[2:]]
    if prod(size) == num_groups:
        raise ArgumentError(f"group_norm: Expected more than 1 value per channel when training, got input size {size}")
    return group_normalize(input, num_groups, weight, bias, eps).output    # type: ignore[attr-defined]


# ---------------------------------------------------------------- over the batch
def others(ndim: int) -> Dims:
    """All dimensions but that of the channels."""
    return (0, *range(2, ndim))


def batch_gradients(g: Any, x: Any, w: Any, m: Any, var: Any, training: bool, eps: float, *dtypes: Any) -> Any:
    """Gradients for x, the weight and the bias in one visit, in these dtypes; None where there is no kernel for it."""
    kernels = None if isinstance(g, TensorBase) or not x.size else backend_of(x).kernels if training else compiled(x)
    if kernels is None:
        return None
    kernel = kernels.batch_norm_gradients if training else kernels.fixed_norm_gradients
    found = kernel(planes(g), planes(x), flat(w), m.reshape(1, -1, 1), var.reshape(1, -1, 1), eps)
    return shaped(found, (x.shape, x.shape[1:2], x.shape[1:2]), dtypes)


def batch_input(g: Any, x: Any, w: Any, m: Any, var: Any, training: bool, eps: float) -> Any:
    """Gradient for x; without training, the statistics are constants."""
    if not training:
        r = 1 / sqrt(var + eps)
        return g * (r if w is None else r * per_channel(w, x.ndim))
    if isinstance(g, TensorBase) or not x.size:
        dx = norm_input(g, x, None, m, var, others(x.ndim), eps)
        return dx if w is None else dx * per_channel(w, x.ndim)
    dx = backend_of(x).kernels.batch_norm_input(planes(g), planes(x), flat(w), m.reshape(1, -1, 1), var.reshape(1, -1, 1), eps)
    return dx.reshape(x.shape)


def batch_weight(g: Any, x: Any, m: Any, var: Any, eps: float, w_shape: tuple[int, ...], w_dtype: Any) -> Any:
    """Gradient for the weight."""
    if isinstance(g, TensorBase) or not x.size:
        return to_channels(norm_weight(g, x, m, var, eps), w_shape, w_dtype)
    return in_dtype(backend_of(x).kernels.batch_norm_weight(planes(g), planes(x), m.reshape(1, -1, 1), var.reshape(1, -1, 1), eps), w_dtype)


@op(x=lambda g, x, w, mean, var, training, eps, x_dtype: in_dtype(batch_input(g, x, w, mean, var, training, eps), x_dtype),
    w=lambda g, x, mean, var, eps, w_shape, w_dtype: batch_weight(g, x, mean, var, eps, w_shape, w_dtype),
    b=lambda g, b_shape, b_dtype: to_channels(g, b_shape, b_dtype),
    together=lambda g, x, w, mean, var, training, eps, x_dtype, w_dtype, b_dtype:
    batch_gradients(g, x, w, mean, var, training, eps, x_dtype, w_dtype, b_dtype),
    kept={"mean": lambda x, mean, training: over_batch(x) if training else wrap(mean),
          "var": lambda x, var, training: variance(x, others(x.ndim)) if training else wrap(var)},
    returns=Normalized)
def batch_normalize(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Any, running_var: Any, training: bool,
                    eps: float) -> Tensor:
    """`batch_norm` with statistics of the batch in training, else with copies of the running ones; and those, (1, C, 1, ...)."""
    x: Any = input
    shape = (1, *x.shape[1:2], *[1] * (x.ndim - 2))
    if training and x.size:
        y, m, var = backend_of(x).kernels.batch_norm(planes(x), flat(weight), flat(bias), eps)
        return rounded(y.reshape(x.shape), x.dtype), m.reshape(shape), var.reshape(shape)   # type: ignore[return-value]
    if training:
        zeros = backend_of(x).xp.zeros(shape, single(x).dtype)
        return x.copy(), zeros, zeros                # type: ignore[return-value]
    # copies: the running ones may be updated before the gradient is asked for
    m, var = per_channel(running_mean, x.ndim).copy(), per_channel(running_var, x.ndim).copy()
    kernels, row = compiled(x), (1, -1, 1)
    if kernels is not None:
        found = kernels.fixed_norm(planes(x), flat(weight), flat(bias), m.reshape(row), var.reshape(row), eps)
        if found is not None:
            return rounded(found.reshape(x.shape), x.dtype), m, var      # type: ignore[return-value]
    scale = 1 / backend_of(x).xp.sqrt(var + eps)
    y = single(x) - m
    y *= scale if weight is None else scale * per_channel(weight, x.ndim)
    if bias is not None:
        y += per_channel(bias, x.ndim)
    return rounded(y, x.dtype), m, var     # type: ignore[return-value]


def over_batch(x: Any) -> Any:
    """The mean of each channel."""
    return mean(x, others(x.ndim), True)


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
    """Each channel normalized over the batch and all positions: input (N, C, ...), everything else (C,).

    In training the batch's own mean and variance are used, and the running ones, if given, are moved towards them in
    place: running = (1 - momentum) * running + momentum * new, with the unbiased variance. Else the running ones are
    used. Raises ArgumentError for one value per channel in training, ShapeError where sizes do not fit.
    Source: Ioffe and Szegedy 2015, Batch Normalization.
    """
    x = input.array
    if x.shape == (0,):                              # nothing, of no channel
        return input.clone()
    if x.ndim < 2:
        raise ShapeError(f"batch_norm: expected at least 2 dimensions (N, C, ...); got x {operand(x)}")
    check_running("batch_norm", running_mean, running_var, x)
    check_affine("batch_norm", x, x.shape[1:2], "{} should contain one element per channel,", weight=getattr(weight, "array", None),
                 bias=getattr(bias, "array", None))
    if not training:
        if running_mean is None or running_var is None:
            raise RefusedArgumentError("batch_norm: running_mean must be defined in evaluation mode")
        if eps < 0:
            raise ArgumentError(f"batch_norm: batch_norm eps must be non-negative, but got {eps}")
        return batch_normalize(input, weight, bias, running_mean.array, running_var.array, False, eps).output   # type: ignore[attr-defined]
    count = prod(x.shape) // max(x.shape[1], 1)
    if count == 1:
        raise ArgumentError(f"batch_norm: Expected more than 1 value per channel when training, got input size {input.shape}")
    if eps <= 0:
        raise ArgumentError(f"batch_norm: batch_norm eps must be positive during training, but got {eps}")
    found: Any = batch_normalize(input, weight, bias, None, None, True, eps)
    if running_mean is not None and running_var is not None and count:
        update_running(running_mean, found.mean.array, momentum)
        update_running(running_var, found.var.array * (count / (count - 1)), momentum)
    return found.output


def check_running(name: str, running_mean: Any, running_var: Any, x: Any) -> None:
    """Running statistics come in pairs, one number per channel, in x's dtype."""
    if (running_mean is None) != (running_var is None):
        raise ArgumentError(f"{name}: running_mean and running_var must either both be None or neither be None")
    if running_mean is not None:
        check_affine(name, x, x.shape[1:2], "{} should contain one element per channel,", running_mean=running_mean.array,
                     running_var=running_var.array)


def update_running(running: Tensor, new: Any, momentum: float) -> None:
    """Move a running statistic towards a new one, in its memory."""
    array = running.array
    array *= 1 - momentum
    array += momentum * new.reshape(array.shape)
    wrote(running.cell)


# ---------------------------------------------------------------- over each channel of each sample
def instance_norm(input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
                  bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
    """Each channel of each sample normalized over its positions: input (N, C, ...), everything else (C,).

    The running statistics, if given, are moved towards the mean of those of the samples; they are used only without
    `use_input_stats`. Raises ArgumentError for a single position, ShapeError where sizes do not fit.
    Source: Ulyanov et al. 2016, Instance Normalization.
    """
    need_tensors("instance_norm", input=input)
    x = input.array
    if x.ndim < 2:
        raise ShapeError(f"instance_norm: expected at least 2 dimensions (N, C, ...); got x {operand(x)}")
    count = prod(x.shape[2:])
    if use_input_stats and count == 1:
        raise ArgumentError(f"instance_norm: Expected more than 1 spatial element when training, got input size {input.shape}")
    check_running("instance_norm", running_mean, running_var, x)
    if not use_input_stats:
        if running_mean is None:
            raise RefusedArgumentError("instance_norm: Expected running_mean and running_var to be defined when use_input_stats is false")
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    check_affine("instance_norm", x, x.shape[1:2], "{} should contain one element per channel,", weight=getattr(weight, "array", None),
                 bias=getattr(bias, "array", None))
    found: Any = group_normalize(input, x.shape[1], weight, bias, eps)
    if running_mean is not None and running_var is not None and x.shape[0]:
        update_running(running_mean, found.mean.array.mean(axis=0), momentum)
        update_running(running_var, found.var.array.mean(axis=0) * (count / (count - 1)), momentum)
    return found.output


# ---------------------------------------------------------------- by neighbouring channels
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha * m)^beta, m the mean of x^2 over `size` neighbouring channels, 0 beyond the ends: input (N, C, ...).

    Raises ArgumentError for less than 3 dimensions. Source: Krizhevsky et al. 2012, ImageNet Classification.
    """
    x = input.array
    if x.ndim < 3:
        raise ArgumentError(f"local_response_norm: Expected 3D or higher dimensionality input (got {x.ndim} dimensions)")
    if size < 1:
        raise RefusedArgumentError(f"local_response_norm: size should be greater than zero; got {size}")
    if not x.size:
        return input
    squares = (input * input).reshape((x.shape[0], 1, x.shape[1], prod(x.shape[2:])))
    around = ((size // 2, (size - 1) // 2), (0, 0))
    m = avg_pool(squares, (size, 1), (1, 1), around, squares.shape[2:], True, size).reshape(x.shape)
    return input / pow(m * alpha + k, beta)
