"""Jacobians: `jacrev` row by row, `jacfwd` column by column, both for all at once; `jvp`, `linearize`, `hessian`."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ..batching.differentiation import fresh, gradients
from ..batching.mapping import vmap
from ..batching.trees import flatten, unflatten
from ..creation import eye, zeros, zeros_like
from ..engine.mode import enable_grad, is_grad_enabled
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, RefusedArgumentError, describe
from ..ops.axes import movedim
from ..ops.join import split_with_sizes
from .gradients import Argnums, Recorded


class Linear:
    """The derivative of a recorded function, as a function of tangents.

    Forward mode out of two backward passes: the gradient for the inputs is linear in the seed u, J.T @ u; the gradient of that
    for u, weighted with a tangent t, is J @ t.
    """

    def __init__(self, f: Recorded) -> None:
        self.f = f
        with enable_grad():
            self.at = [i for i, out in enumerate(f.outputs) if out.requires_grad and out.array.dtype.kind in "fc"]
            self.seeds = [fresh(zeros_like(f.outputs[i].detach()), False) for i in self.at]
            found = gradients([f.outputs[i] for i in self.at], f.inputs, self.seeds, True) if self.at else [None] * len(f.inputs)
        self.pulled = found

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """J @ tangents, for each output; zeros where it depends on no input."""
        live = [(g, t) for g, t in zip(self.pulled, tangents) if g is not None and g.requires_grad]
        create = is_grad_enabled() and (self.f.elsewhere or any(t.requires_grad for t in tangents))
        found = gradients([g for g, _ in live], self.seeds, [t for _, t in live], create) if live else [None] * len(self.seeds)
        results: list[Any] = [zeros_like(out.detach()) for out in self.f.outputs]
        for i, g in zip(self.at, found):
            if g is not None:
                results[i] = g
        return results


# ---------------------------------------------------------------- products
def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """func(*primals), and how it changes along the tangents: the Jacobian times them.

    primals, tangents: tuples of the same structure and shapes. has_aux: func returns (result, aux), which is returned as a third.
    Computed by two backward passes, so func must be twice differentiable as far as its ops' rules go.
    """
    if not isinstance(primals, tuple):
        raise RefusedArgumentError("jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals);"
                                   f" got {describe(primals)}")
    f = Recorded("jvp(f, primals, tangents)", func, primals, tuple(range(len(primals))), {}, has_aux)
    given = matching("jvp(f, primals, tangents)", f, tangents)
    moved = unflatten(Linear(f).push(given), f.shape)
    return (f.result(), moved, f.aux) if has_aux else (f.result(), moved)


def matching(name: str, f: Recorded, tangents: Any) -> list[Any]:
    """The leaves of tangents, one like each input."""
    leaves, tree = flatten(tangents)
    if tree != f.tree:
        raise RefusedArgumentError(f"{name}: Expected primals and tangents to have the same python structure; got {len(leaves)} tangents "
                                   f"for {len(f.inputs)} primals")
    for t, x in zip(leaves, f.inputs):
        if not isinstance(t, TensorBase):
            raise ArgumentTypeError(f"{name}: Expected tangents to be tensors; got {describe(t)}")
        if tuple(t.shape) != tuple(x.shape):         # type: ignore[attr-defined]
            raise RefusedArgumentError(f"{name}: a tangent must have the shape of its primal; got {describe(t)} for {describe(x)}")
    return leaves


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """func(*primals), and its derivative there as a function of tangents, for many of them."""
    f = Recorded("linearize(f, *primals)", func, primals, tuple(range(len(primals))), {}, False)
    linear = Linear(f)

    def jvp_fn(*tangents: Any) -> Any:
        return unflatten(linear.push(matching("jvp_fn(*tangents)", f, tangents)), f.shape)
    return f.result(), jvp_fn


# ---------------------------------------------------------------- Jacobians
def unit_vectors(like: Sequence[Any]) -> list[Any]:
    """For tensors with n elements in all: n tensors like each, of which one element in all is 1."""
    sizes = [prod(t.shape) for t in like]
    columns = split_with_sizes(eye(sum(sizes)), sizes, 1)
    return [c.to(device=t.device, dtype=t.dtype).reshape((-1, *t.shape)) for c, t in zip(columns, like)]


def jacrev(func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None,
           _preallocate_and_copy: bool = False) -> Callable[..., Any]:
    """The Jacobian of a function, as a function: one backward pass for all elements of the result together.

    A result of shape A and an argument of shape B give (*A, *B); structures of results hold structures of arguments. argnums,
    has_aux: as in `grad`. chunk_size: so many rows at a time.

    >>> import minigrad
    >>> jacrev(lambda x: x * x)(minigrad.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError(f"jacrev: chunk_size should be greater than 0; got {chunk_size}")

    def run(*args: Any, **kwargs: Any) -> Any:
        f = Recorded("jacrev(f)(*args)", func, args, argnums, kwargs, has_aux)
        sizes = [prod(out.shape) for out in f.outputs]
        if not sum(sizes):
            stacked: Any = [zeros((0, *x.shape), dtype=x.dtype) for x in f.inputs]
        else:
            stacked = vmap(lambda *seeds: tuple(f.pull(seeds)), chunk_size=chunk_size)(*unit_vectors(f.outputs))
        rows = [split_with_sizes(g, sizes, 0) for g in stacked]
        found = [unflatten([rows[j][i].reshape((*out.shape, *x.shape)) for j, x in enumerate(f.inputs)], f.tree)
                 for i, out in enumerate(f.outputs)]
        result = unflatten(found, f.shape)
        return (result, f.aux) if has_aux else result
    return run


def jacfwd(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error") -> Callable[..., Any]:
    """The Jacobian of a function, as a function: all elements of the arguments together. For few of them and many results.

    Shapes, argnums and has_aux: as in `jacrev`. randomness: accepted; the function runs once, outside of vmap.
    """
    def run(*args: Any, **kwargs: Any) -> Any:
        f = Recorded("jacfwd(f)(*args)", func, args, argnums, kwargs, has_aux)
        sizes = [prod(x.shape) for x in f.inputs]
        linear = Linear(f)
        if not sum(sizes):
            stacked: Any = [zeros((0, *out.shape), dtype=out.dtype) for out in f.outputs]
        else:
            stacked = vmap(lambda *tangents: tuple(linear.push(tangents)))(*unit_vectors(f.inputs))
        found = []
        for out, all_columns in zip(f.outputs, stacked):
            columns = split_with_sizes(movedim(all_columns, 0, -1), sizes, -1)
            found.append(unflatten([c.reshape((*out.shape, *x.shape)) for c, x in zip(columns, f.inputs)], f.tree))
        result = unflatten(found, f.shape)
        return (result, f.aux) if has_aux else result
    return run


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The second derivatives of a function, as a function: the Jacobian, column by column, of its Jacobian, row by row."""
    return jacfwd(jacrev(func, argnums), argnums)


