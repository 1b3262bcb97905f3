"""Random numbers written into tensors, and drawn from the numbers in them.

Draws are made on the host, in the order in which the elements lie in memory, as PyTorch makes them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.general import into
from ..engine.inplace import write
from ..engine.mode import local
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, UnsupportedDtypeError, describe
from ..rng import continuous, discrete, rejection
from ..rng.generator import Generator, default_generator
from .overwrite import copy
from .shape import broadcast_shapes

if TYPE_CHECKING:
    from .._tensor import Tensor

Draw = Callable[[Generator, tuple[int, ...], Any], Any]      # generator, shape, dtype -> array on the host


class Overwrite:
    """`copy` under the name of a random method, for its messages."""

    def __init__(self, name: str) -> None:
        self.__name__, self.op = name, copy.op       # type: ignore[attr-defined]

    def __call__(self, *args: Any) -> Any:
        return copy(*args)


NAMES = ("uniform", "normal", "log_normal", "cauchy", "exponential", "geometric", "random", "bernoulli")
OVERWRITES = {name: Overwrite(name) for name in NAMES}


def overwrite(name: str, x: Any, generator: Generator | None, draw: Draw) -> Any:
    """Write draws into x's memory, in memory order."""
    array = x.array
    order = sorted(range(array.ndim), key=lambda d: -array.strides[d])
    if local.mode.batch is not None:
        return write(x, OVERWRITES[name], wrap(local.mode.batch.draw(draw, chosen(generator), array.shape, array.dtype)))
    drawn = draw(chosen(generator), tuple([array.shape[d] for d in order]), array.dtype)
    if order != list(range(array.ndim)):
        drawn = drawn.transpose([order.index(d) for d in range(array.ndim)])
    backend = backend_of(array)
    return write(x, OVERWRITES[name], wrap(backend.from_host(drawn, backend.device_of(array))))


def chosen(generator: Generator | None) -> Generator:
    """The generator that was given, or the default one."""
    if local.mode.batch is not None:
        local.mode.batch.allow_randomness()
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise ArgumentTypeError(f"generator: must be a Generator; got {describe(generator)}")
    return generator


def floats_only(name: str, dtype: Any, kinds: str = "fc") -> None:
    """Raise for dtypes that a distribution is not drawn in."""
    if dtype.kind not in kinds:
        raise UnsupportedDtypeError(f"{name}: not implemented for {dtype}; draw into a floating-point tensor")


# ---------------------------------------------------------------- methods that write
def uniform_(input: Tensor, *bounds: float, generator: Generator | None = None, **named: float) -> Tensor:
    """Uniform numbers of [from, to), [0, 1) by default: `uniform_(from, to)`."""
    low, high = two_bounds("uniform_", bounds, named, 0.0, 1.0)
    floats_only("uniform_", input.array.dtype)
    return overwrite("uniform", input, generator, lambda g, shape, dtype: continuous.uniform(g, shape, dtype, low, high))


def two_bounds(op: str, bounds: tuple[Any, ...], named: dict[str, Any], low: Any, high: Any) -> tuple[Any, Any]:
    """`from` and `to`, which Python's grammar does not let be ordinary parameters."""
    values = {"from": low, "to": high, **dict(zip(("from", "to"), bounds)), **named}
    if len(values) > 2 or len(bounds) + len(named) > 2:
        raise ArgumentTypeError(f"{op}: takes from and to; got {', '.join([*map(str, bounds), *named])}")
    return values["from"], values["to"]


def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Normal numbers."""
    array: Any = input.array
    floats_only("normal_", array.dtype)
    draw = continuous.normal if array.flags.c_contiguous else continuous.normal_in_pairs
    return overwrite("normal", input, generator, lambda g, shape, dtype: draw(g, shape, dtype, mean, std))


def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """exp of normal numbers with this mean and standard deviation."""
    floats_only("log_normal_", input.array.dtype, "f")
    return overwrite("log_normal", input, generator, lambda g, shape, dtype: continuous.log_normal(g, shape, dtype, mean, std))


def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers of the Cauchy distribution."""
    floats_only("cauchy_", input.array.dtype, "f")
    return overwrite("cauchy", input, generator, lambda g, shape, dtype: continuous.cauchy(g, shape, dtype, median, sigma))


def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers of the exponential distribution with this rate."""
    floats_only("exponential_", input.array.dtype, "f")
    return overwrite("exponential", input, generator, lambda g, shape, dtype: continuous.exponential(g, shape, dtype, lambd))


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Numbers of trials up to the first success."""
    floats_only("geometric_", input.array.dtype, "fiu")
    return overwrite("geometric", input, generator, lambda g, shape, dtype: discrete.geometric(g, shape, dtype, p))


def random_(input: Tensor, *bounds: int, generator: Generator | None = None, **named: int) -> Tensor:
    """Integers of from ... to - 1: `random_(from, to)`, `random_(to)`, or all that the dtype holds."""
    if len(bounds) == 1 and not named:
        bounds = (0, bounds[0])
    low, high = two_bounds("random_", bounds, named, 0, None)
    if not bounds and not named:
        return overwrite("random", input, generator, discrete.any_integers)
    return overwrite("random", input, generator, lambda g, shape, dtype: discrete.integers(g, shape, dtype, low, high))


def bernoulli_(input: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Ones with probability p, a number or a tensor that broadcasts to this one's shape; else zeros."""
    if not isinstance(p, TensorBase):
        return overwrite("bernoulli", input, generator, lambda g, shape, dtype: discrete.bernoulli(g, p, shape, dtype))
    odds = backend_of(p.array).to_host(p.array)
    array: Any = input.array
    try:
        odds = np.broadcast_to(odds, array.shape)
    except ValueError:
        raise ShapeError(f"bernoulli_: p of shape {list(odds.shape)} does not broadcast to {list(array.shape)}") from None
    floats_only("bernoulli_: p", odds.dtype, "f")
    order = sorted(range(array.ndim), key=lambda d: -array.strides[d])
    return overwrite("bernoulli", input, generator, lambda g, shape, dtype: discrete.bernoulli(g, odds.transpose(order), shape, dtype))


# ---------------------------------------------------------------- functions of tensors
def on_host(op: str, x: Any) -> Any:
    """The array of a tensor, on the host."""
    if not isinstance(x, TensorBase):
        raise ArgumentTypeError(f"{op}: input must be a Tensor; got {describe(x)}")
    return backend_of(x.array).to_host(x.array)


def beside(x: Any, array: Any) -> Any:
    """A new tensor on x's device."""
    backend = backend_of(x.array)
    return wrap(backend.from_host(array, backend.device_of(x.array)))


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Ones with the probabilities in the input, or all with probability p, else zeros; the input's dtype."""
    x = on_host("bernoulli", input)
    if p is None:
        floats_only("bernoulli", x.dtype, "f")
    made = beside(input, discrete.bernoulli(chosen(generator), x if p is None else p, x.shape, x.dtype))
    return made if out is None else into("bernoulli", out, made)


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None,
                out: Tensor | None = None) -> Tensor:
    """Indices drawn with odds in proportion to the weights: (m,) -> (num_samples,), (rows, m) -> (rows, num_samples)."""
    if out is not None and out.array.dtype != "i8":
        raise DtypeError(f"multinomial: expects an int64 tensor as out; got {describe(out)}")
    made = beside(input, discrete.multinomial(chosen(generator), on_host("multinomial", input), num_samples, replacement))
    return made if out is None else into("multinomial", out, made)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """A Poisson number for each rate in the input; its dtype."""
    rates = on_host("poisson", input)
    floats_only("poisson", rates.dtype, "f")
    return beside(input, discrete.poisson(chosen(generator), rates))


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """A binomial number for each number of trials and each probability, tensors that broadcast and have one dtype."""
    trials, odds = on_host("binomial", count), on_host("binomial", prob)
    if trials.dtype.kind != "f":
        raise ArgumentError(f"binomial: count must be floating-point; got {describe(count)}; write count.float()")
    if trials.dtype != odds.dtype:
        raise DtypeError(f"binomial: count and prob must have one dtype; got {describe(count)} and {describe(prob)}")
    shape = tuple(broadcast_shapes(trials.shape, odds.shape))
    return beside(count, rejection.binomial(chosen(generator), np.broadcast_to(trials, shape), np.broadcast_to(odds, shape)))


def normal_around(mean: Any, std: Any, generator: Generator | None) -> Any:
    """Normal numbers, each with its own mean and standard deviation; at least one of them a tensor."""
    like = mean if isinstance(mean, TensorBase) else std
    floats_only("normal", like.array.dtype)
    m, s = [on_host("normal", v) if isinstance(v, TensorBase) else v for v in (mean, std)]
    if not isinstance(std, TensorBase):              # as PyTorch: std inside the draw, the mean added
        return beside(like, continuous.normal(chosen(generator), m.shape, m.dtype, 0.0, s) + m)
    if (s < 0).any():
        raise ShapeError("normal: expects all elements of std >= 0.0")
    shape = tuple(broadcast_shapes(np.shape(m), s.shape))
    drawn = continuous.normal(chosen(generator), shape, like.array.dtype)
    drawn *= s
    drawn += m
    return beside(like, drawn)
