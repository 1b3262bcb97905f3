"""Random tensors, and the state of the default generator. The same seed gives PyTorch's CPU numbers."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._data import Where, asked_dtype, check_layout, finished, number, size_of, sizes
from ._device import as_device
from ._layout import layout as Layout
from ._layout import memory_format as MemoryFormat
from ._tensor import Tensor
from .backend import NUMPY, backend_for
from .creation import _into, empty_like
from .dtypes import dtype as DType
from .engine.mode import local
from .engine.node import Leaf, TensorBase, wrap
from .errors import ArgumentTypeError, describe
from .ops.draws import bernoulli as bernoulli
from .ops.draws import binomial as binomial
from .ops.draws import chosen, floats_only, normal_, normal_around, random_, uniform_
from .ops.draws import multinomial as multinomial
from .ops.draws import poisson as poisson
from .rng import continuous, discrete
from .rng import default_generator as default_generator
from .rng import fork_rng as fork_rng
from .rng import get_rng_state as get_rng_state
from .rng import initial_seed as initial_seed
from .rng import manual_seed as manual_seed
from .rng import seed as seed
from .rng import set_rng_state as set_rng_state
from .rng.generator import Generator as Generator

Generator.as_user_sees = staticmethod(wrap)          # states are uint8 tensors to users
Generator.kernels = staticmethod(lambda: NUMPY.kernels)


def _drawn(op: str, draw: Any, shape: tuple[int, ...], generator: Generator | None, out: Any, to: Any, where: Where, requires_grad: bool,
           layout: Layout | None) -> Tensor:
    """A new tensor of draws, or `out` filled with them."""
    check_layout(op, layout)
    if local.mode.batch is not None:                 # under vmap: one draw for all samples, or one for each
        return finished(local.mode.batch.draw(draw, chosen(generator), shape, to), requires_grad)
    array = draw(chosen(generator), shape, to)
    target = as_device(where)
    made = backend_for(target).from_host(array, target)
    return _into(op, out, made) if out is not None else finished(made, requires_grad)


def _size(op: str, size: tuple[Any, ...], named: dict[str, Any]) -> tuple[int, ...]:
    if named:
        if size or list(named) != ["size"]:
            raise ArgumentTypeError(f"{op}: got an unexpected keyword argument {next(iter(named))!r}")
        size = (named["size"],)
    return sizes(op, size)


def rand(*size: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
         layout: Layout | None = None, device: Where = None, requires_grad: bool = False, pin_memory: bool = False, **named: Any) -> Tensor:
    """Uniform numbers of [0, 1): `rand(2, 3)` or `rand((2, 3))`."""
    to = asked_dtype("rand", out, dtype)
    floats_only("rand", to)
    return _drawn("rand", continuous.uniform, _size("rand", size, named), generator, out, to, device, requires_grad, layout)


def randn(*size: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
          layout: Layout | None = None, device: Where = None, requires_grad: bool = False, pin_memory: bool = False,
          **named: Any) -> Tensor:
    """Normal numbers of mean 0 and variance 1: `randn(2, 3)` or `randn((2, 3))`."""
    to = asked_dtype("randn", out, dtype)
    floats_only("randn", to)
    return _drawn("randn", continuous.normal, _size("randn", size, named), generator, out, to, device, requires_grad, layout)


def randint(*args: Any, low: int = 0, high: int | None = None, size: Sequence[int] | None = None, generator: Generator | None = None,
            out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
            requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Integers of low ... high - 1: `randint(high, size)` or `randint(low, high, size)`; int64 unless `dtype` says otherwise."""
    given = list(args)
    if size is None and given:
        size = given.pop()
    if size is None or len(given) > 2 or (not given and high is None):
        raise ArgumentTypeError(f"randint: takes (high, size) or (low, high, size); got {len(args)} positional arguments")
    if high is None:
        high = given.pop()
    if given:
        low = given.pop()
    for name, bound in (("low", low), ("high", high)):
        if isinstance(bound, float) or not hasattr(bound, "__index__"):
            raise ArgumentTypeError(f"randint: argument '{name}' must be int, not {describe(bound)}")
    a, b = int(low), int(high)
    to = asked_dtype("randint", out, dtype, np.dtype(np.int64))
    return _drawn("randint", lambda g, shape, kind: discrete.integers(g, shape, kind, a, b), size_of("randint", size), generator, out, to,
                  device, requires_grad, layout)


def randperm(n: int, *, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
             layout: Layout | None = None, device: Where = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """The numbers 0 ... n - 1 in random order."""
    to = asked_dtype("randperm", out, dtype, np.dtype(np.int64))
    return _drawn("randperm", lambda g, shape, kind: discrete.permutation(g, shape[0], kind), sizes("randperm", (n,)), generator, out, to,
                  device, requires_grad, layout)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Sequence[int] | None = None, *, generator: Generator | None = None,
           out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
           requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Normal numbers: of one mean and standard deviation with `size`, or each with its own, given as tensors."""
    if isinstance(mean, TensorBase) or isinstance(std, TensorBase):
        made = normal_around(mean, std, generator)
        return _into("normal", out, made.array) if out is not None else made
    if size is None:
        raise ArgumentTypeError("normal: needs a size where mean and std are numbers")
    m, s = number("normal", mean), number("normal", std)
    to = asked_dtype("normal", out, dtype)
    return _drawn("normal", lambda g, shape, kind: continuous.normal(g, shape, kind, m, s), size_of("normal", size), generator, out, to,
                  device, requires_grad, layout)


# ---------------------------------------------------------------- like another tensor
def _required(t: Any, requires_grad: bool) -> Tensor:
    if requires_grad:
        t.node = Leaf(t)
    return t


def _room(made: Any) -> Any:
    """New memory; under vmap for as many numbers as will be drawn."""
    return made if local.mode.batch is None else local.mode.batch.room(made)


def rand_like(input: Tensor, *, dtype: DType | None = None, layout: Layout | None = None, device: Where = None, pin_memory: bool = False,
              requires_grad: bool = False, memory_format: MemoryFormat | None = None, generator: Generator | None = None) -> Tensor:
    """Uniform numbers of [0, 1) in the shape, dtype and device of another tensor."""
    made = _room(empty_like(input, dtype=dtype, layout=layout, device=device, memory_format=memory_format))
    return _required(uniform_(made, generator=generator), requires_grad)


def randn_like(input: Tensor, *, dtype: DType | None = None, layout: Layout | None = None, device: Where = None, pin_memory: bool = False,
               requires_grad: bool = False, memory_format: MemoryFormat | None = None, generator: Generator | None = None) -> Tensor:
    """Normal numbers of mean 0 and variance 1 in the shape, dtype and device of another tensor."""
    made = _room(empty_like(input, dtype=dtype, layout=layout, device=device, memory_format=memory_format))
    return _required(normal_(made, generator=generator), requires_grad)


def randint_like(input: Tensor, *args: int, low: int = 0, high: int | None = None, dtype: DType | None = None, layout: Layout | None = None,
                 device: Where = None, pin_memory: bool = False, requires_grad: bool = False, memory_format: MemoryFormat | None = None,
                 generator: Generator | None = None) -> Tensor:
    """Integers of low ... high - 1 in the shape, dtype and device of another tensor: `randint_like(x, high)` or `(x, low, high)`."""
    bounds = [*([low] if len(args) < 2 and high is None or not args else []), *args, *([high] if high is not None else [])]
    if len(bounds) != 2:
        raise ArgumentTypeError(f"randint_like: takes (high) or (low, high); got {bounds}")
    made = _room(empty_like(input, dtype=dtype, layout=layout, device=device, memory_format=memory_format))
    return _required(random_(made, *bounds, generator=generator), requires_grad)
