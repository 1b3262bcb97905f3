"""Ways to fill a parameter before training. Each writes into its tensor, outside the graph, and returns it."""
from __future__ import annotations

import math
import warnings
from typing import Any, Literal

from .._tensor import Tensor
from ..backend import backend_of
from ..engine.inplace import wrote
from ..engine.mode import no_grad
from ..engine.node import wrap
from ..errors import ArgumentError, describe
from ..random import randperm
from ..rng import Generator

Fan = Literal["fan_in", "fan_out"]
LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid")


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights grow to keep the variance through a nonlinearity; param: the slope of leaky_relu.

    >>> calculate_gain("leaky_relu", 1)
    1.0
    """
    if nonlinearity in LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ArgumentError(f"negative_slope {slope} not a valid number")
        return math.sqrt(2.0 / (1 + slope ** 2))
    if nonlinearity == "selu":
        return 3 / 4
    raise ArgumentError(f"Unsupported nonlinearity {nonlinearity}")


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs one output has, and how many outputs one input: (out, in, *kernel) -> in * k, out * k."""
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ArgumentError(f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; got {describe(tensor)}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def _is_empty(tensor: Tensor) -> bool:
    if not tensor.array.size:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return not tensor.array.size


def _write(tensor: Tensor, array: Any) -> Tensor:
    tensor.array[...] = array
    wrote(tensor.cell)
    return tensor


def _like(tensor: Tensor) -> Any:
    """Memory of the same shape, dtype and device, to draw into."""
    return wrap(backend_of(tensor.array).xp.empty_like(tensor.array))


# ---------------------------------------------------------------- one distribution or constant
@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform numbers of [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal numbers."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    return _write(tensor, val)


@no_grad()
def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return _write(tensor, 1)


@no_grad()
def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return _write(tensor, 0)


@no_grad()
def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
                  generator: Generator | None = None) -> Tensor:
    """Normal numbers, drawn again until they lie within [a, b] (by rejection from a uniform where few normal ones would)."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.",
                      stacklevel=2)
    xp = backend_of(tensor.array).xp
    inside = (math.erf((b - mean) / std / math.sqrt(2)) - math.erf((a - mean) / std / math.sqrt(2))) / 2
    draw = tensor.normal_ if inside > 0.3 else tensor.uniform_
    again = _like(tensor)
    if inside > 0.3:                                 # the chance of a normal number to lie within [a, b]
        low, high = (tensor.array.dtype.type(bound) for bound in (a, b))
        draw(mean, std, generator=generator)
        while (outside := (tensor.array < low) | (tensor.array > high)).any():
            xp.copyto(tensor.array, again.normal_(mean, std, generator=generator).array, where=outside)
    else:
        peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
        rejected = xp.ones(tensor.array.shape, bool)
        chance = _like(tensor)
        draw(a, b, generator=generator)
        candidates = tensor.array.copy()
        while True:
            # keep a candidate with probability density(candidate) / density(mode)
            log_density = ((candidates - mean) / std) ** 2 * -0.5 - peak
            rejected &= xp.log(chance.uniform_(generator=generator).array) > log_density
            if not rejected.any():
                break
            candidates = again.uniform_(a, b, generator=generator).array
            xp.copyto(tensor.array, candidates, where=rejected)
    wrote(tensor.cell)
    return tensor


# ---------------------------------------------------------------- scaled by the number of connections
def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform with standard deviation gain * sqrt(2 / (fan_in + fan_out)). Glorot and Bengio, 2010."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)). Glorot and Bengio, 2010."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)), generator)


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: Fan = "fan_in", nonlinearity: str = "leaky_relu",
                     generator: Generator | None = None) -> Tensor:
    """Uniform with standard deviation gain / sqrt(fan); a: the slope of leaky_relu. He et al., 2015."""
    if _is_empty(tensor):
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: Fan = "fan_in", nonlinearity: str = "leaky_relu",
                    generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain / sqrt(fan); a: the slope of leaky_relu. He et al., 2015."""
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)), generator)


# ---------------------------------------------------------------- matrices of a certain form
@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix. 2-D tensors only."""
    if tensor.array.ndim != 2:
        raise ArgumentError(f"Only tensors with 2 dimensions are supported; got {describe(tensor)}")
    return _write(tensor, backend_of(tensor.array).xp.eye(*tensor.array.shape))


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Convolution weights (F, C/groups, *kernel) that pass each channel on, as far as there are as many."""
    shape = tensor.array.shape
    if len(shape) not in (3, 4, 5):
        raise ArgumentError(f"Only tensors with 3, 4, or 5 dimensions are supported; got {describe(tensor)}")
    if shape[0] % groups:
        raise ArgumentError(f"dim 0 must be divisible by groups; got {describe(tensor)}, groups {groups}")
    each = shape[0] // groups
    centre = tuple([n // 2 for n in shape[2:]])
    _write(tensor, 0)
    for g in range(groups):
        for d in range(min(each, shape[1])):
            tensor.array[(g * each + d, d, *centre)] = 1
    return tensor


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """gain times a random (semi-)orthogonal matrix (size 0, all other sizes). Saxe et al., 2013.

    Q of a normal matrix's QR decomposition, columns signed by R's diagonal so that it is uniform (Mezzadri, 2006).
    """
    if tensor.array.ndim < 2:
        raise ArgumentError(f"Only tensors with 2 or more dimensions are supported; got {describe(tensor)}")
    if not tensor.array.size:
        return tensor
    xp = backend_of(tensor.array).xp
    rows = tensor.array.shape[0]
    flat = wrap(xp.empty((rows, tensor.array.size // rows), tensor.array.dtype)).normal_(0, 1, generator=generator).array
    wide = flat.shape[0] < flat.shape[1]
    q, r = xp.linalg.qr(flat.T if wide else flat)
    q = q * xp.sign(xp.diagonal(r))
    return _write(tensor, (q.T if wide else q).reshape(tensor.array.shape) * gain)


@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal numbers with a fraction `sparsity` of each column set to zero. 2-D tensors only. Martens, 2010."""
    if tensor.array.ndim != 2:
        raise ArgumentError(f"Only tensors with 2 dimensions are supported; got {describe(tensor)}")
    rows, columns = tensor.array.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        tensor.array[randperm(rows).array[:zeros], column] = 0
    wrote(tensor.cell)
    return tensor


# ---------------------------------------------------------------- old names
def _deprecated(function: Any) -> Any:
    """A function under its name without the underscore, which warns."""
    new, old = function.__name__, function.__name__[:-1]

    def initialize(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)
    initialize.__name__ = initialize.__qualname__ = old
    initialize.__doc__ = f"Deprecated: see `{new}`."
    return initialize


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
