"""`vmap`: a function of one sample as a function of many."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..engine.mode import local
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, RefusedArgumentError, describe
from ..ops.axes import movedim
from ..ops.join import cat, split
from ..ops.shape import expand
from . import rules, rules_index, rules_layers
from .dispatch import watch
from .level import Batched, Level
from .trees import TreeSpec, broadcast, flatten, unflatten

TABLES = (rules, rules_index, rules_layers)          # importing them declares the rules


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
         chunk_size: int | None = None) -> Callable[..., Any]:
    """`func`, written for one sample, as a function of many that runs once for all.

    in_dims: the dimension of the samples in each argument, None for what all samples share; an int for all arguments, or
    a tuple with one entry per argument, each as nested as the argument; what comes by keyword is shared. out_dims: where they
    stand in each result. randomness: random numbers are an "error", the "same" for all samples, or "different". chunk_size: so
    many samples at a time.
    Every op that runs on one sample runs, those without a batching rule sample by sample. `.item()`, `if` on values and
    shapes that depend on values raise UnsupportedError.

    >>> import minigrad
    >>> from minigrad.func import vmap
    >>> dots = vmap(minigrad.dot)
    >>> dots(minigrad.ones(3, 2), minigrad.ones(3, 2))
    tensor([2., 2., 2.])
    """
    if randomness not in ("error", "same", "different"):
        raise RefusedArgumentError(f"vmap: only allowed values for randomness are 'error', 'different' or 'same'; got {randomness!r}")
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError(f"vmap: chunk_size should be None or greater than 0; got {chunk_size}")

    @functools.wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        leaves, dims, tree = taken_apart(func, in_dims, args)
        size = common_size(leaves, dims)
        fronts = [v if d is None else movedim(v, d, 0) for v, d in zip(leaves, dims)]

        def call(values: list[Any], count: int) -> Any:
            with running(count, randomness) as level:
                given = [v if d is None else Batched(v, level) for v, d in zip(values, dims)]
                result = func(*unflatten(given, tree), **kwargs)
                return results(func, result, level, out_dims)

        if chunk_size is None or chunk_size >= size:
            outs, places, shape = call(fronts, size)
        else:
            pieces = [split(v, chunk_size, 0) if d is not None else None for v, d in zip(fronts, dims)]
            calls = [call([v if p is None else p[i] for v, p in zip(fronts, pieces)], min(chunk_size, size - i * chunk_size))
                     for i in range(-(-size // chunk_size))]
            places, shape = calls[0][1:]
            outs = [cat(parts, 0) if d is not None else parts[0]
                    for d, *parts in zip(places, *[c[0] for c in calls])]
        return unflatten([t if d is None else placed(func, t, d) for t, d in zip(outs, places)], shape)
    return run


class running:
    """Ops on batched tensors take their batching rules inside; the level is what `with` gives."""

    def __init__(self, size: int, randomness: str) -> None:
        mode = local.mode
        self.before = mode.batch, mode.watch
        self.level = Level(size, randomness, mode.batch, mode.watch)

    def __enter__(self) -> Level:
        local.mode.batch, local.mode.watch = self.level, watch
        return self.level

    def __exit__(self, *error: Any) -> None:
        self.level.closed = True
        local.mode.batch, local.mode.watch = self.before


# ---------------------------------------------------------------- arguments
def name_of(func: Any) -> str:
    """How errors call the function."""
    return getattr(func, "__name__", type(func).__name__)


def taken_apart(func: Any, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], list[Any], TreeSpec]:
    """The leaves of the arguments and the dimension of each that is mapped, from the front."""
    call = f"vmap({name_of(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple, list)):
        raise ArgumentError(f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
                            f"{type(in_dims).__name__}")
    leaves, tree = flatten(args)
    dims = broadcast(tuple(in_dims) if isinstance(in_dims, list) else in_dims, tree)
    if dims is None:
        raise ArgumentError(f"{call}: in_dims is not compatible with the structure of inputs: {len(args)} arguments with {len(leaves)} "
                            "values; give one int, or one entry per argument, as nested as it")
    found: list[Any] = []
    for value, d in zip(leaves, dims):
        if d is None:
            found.append(None)
            continue
        if not isinstance(d, int):
            raise ArgumentError(f"{call}: Got in_dim={d!r} for an input but in_dim must be either an integer dimension or None")
        if not isinstance(value, TensorBase):
            raise ArgumentError(f"{call}: Got in_dim={d} for an input but the input is of type {type(value).__name__}. We cannot vmap over "
                                "non-Tensor arguments, please use None as the respective in_dim")
        n = value.array.ndim
        if not -n <= d < n:
            raise ArgumentError(f"{call}: Got in_dim={d} for some input, but that input is a Tensor of dimensionality {n} so expected "
                                f"in_dim to satisfy -{n} <= in_dim < {n}; got {describe(value)}")
        found.append(d % n)
    return leaves, found, tree


def common_size(leaves: list[Any], dims: list[Any]) -> int:
    """How many samples there are."""
    sizes = [v.array.shape[d] for v, d in zip(leaves, dims) if d is not None]
    if not sizes:
        raise ArgumentError("vmap: at least one input must be a tensor to map over, with an in_dim that is not None; got none")
    if len(set(sizes)) > 1:
        raise ArgumentError(f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
                            "dimension")
    return int(sizes[0])


# ---------------------------------------------------------------- results
def results(func: Any, result: Any, level: Level, out_dims: Any) -> tuple[list[Any], list[Any], TreeSpec]:
    """The leaves of a result with all samples in front, and where each wants them."""
    leaves, tree = flatten(result)
    for value in leaves:
        if not isinstance(value, TensorBase):
            raise ArgumentError(f"vmap({name_of(func)}, ...): `{name_of(func)}` must only return Tensors, got type {type(value).__name__}")
    dims = broadcast(tuple(out_dims) if isinstance(out_dims, list) and type(result) is tuple else out_dims, tree)
    if dims is None and tree.type is None and isinstance(out_dims, (tuple, list)) and len(out_dims) == 1:
        dims = list(out_dims)
    if dims is None or any(d is not None and not isinstance(d, int) for d in dims):
        raise ArgumentError(f"vmap({name_of(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
                            f"outputs: {len(leaves)} tensors; give one int, or a structure of ints like it")
    return [removed(func, t, level, d) for t, d in zip(leaves, dims)], dims, tree


def removed(func: Any, t: Any, level: Level, d: Any) -> Tensor:
    """All samples of a result, along dimension 0."""
    array = t.array
    t = getattr(array, "tensor", t) if not isinstance(t, Batched) else t
    if isinstance(t, Batched) and t.level is level:
        if d is None:
            raise ArgumentError(f"vmap({name_of(func)}, ...): `{name_of(func)}` can not return a BatchedTensor when out_dim is None")
        return t.value
    return t if d is None else expand(t, (level.size, *t.shape))


def placed(func: Any, t: Any, d: int) -> Tensor:
    """All samples moved from dimension 0 to where `out_dims` says."""
    n = t.ndim
    if not -n <= d < n:
        raise ArgumentTypeError(f"vmap({name_of(func)}, ...): out_dim {d} is out of range for a result of {n} dimensions with its samples")
    return movedim(t, 0, d)
