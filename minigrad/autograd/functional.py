"""PyTorch's `torch.autograd.functional`: products with Jacobians and Hessians of a function at a point, and the matrices themselves."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ..batching.differentiation import batched_grads, fresh, gradients
from ..batching.mapping import vmap
from ..creation import eye, ones_like, zeros, zeros_like
from ..engine.mode import enable_grad
from ..engine.node import TensorBase
from ..errors import ArgumentTypeError, AssertedArgumentError, GraphError, RefusedArgumentError, UnsupportedError, describe
from ..ops.axes import movedim
from ..ops.join import split_with_sizes, stack

Tensors = Any                                        # a tensor, or a tuple of tensors; results have the structure of what they go with


# ---------------------------------------------------------------- what all share
class Evaluated:
    """A function at a point, with the graph between.

    single: whether inputs, and results, came as one tensor instead of a tuple.
    """

    def __init__(self, name: str, func: Callable[..., Any], inputs: Tensors, create_graph: bool, strict: bool) -> None:
        self.name, self.create_graph, self.strict = name, create_graph, strict
        given, self.single_input = as_tuple("inputs", name, inputs)
        with enable_grad():
            self.inputs = [fresh(x, create_graph) for x in given]
            self.outputs, self.single_output = as_tuple("outputs of the user-provided function", name, func(*self.inputs))
        for i, out in enumerate(self.outputs):
            if strict and not out.requires_grad:
                raise GraphError(f"{name}: Output {i} of the user-provided function does not require gradients. The outputs must be "
                                 "computed in a differentiable manner from the input when running in strict mode.")

    def need_one_number(self) -> None:
        """Raise unless the function returned a single number."""
        if not self.single_output:
            raise GraphError(f"{self.name}: The function given to {self.name} should return a single Tensor")
        if self.outputs[0].numel() != 1:
            raise GraphError(f"{self.name}: The Tensor returned by the function given to {self.name} should contain a single element; got "
                             f"{describe(self.outputs[0])}")

    def vector(self, v: Tensors, like: Sequence[Any], what: str) -> list[Any]:
        """v, one tensor like each of these; 1 for a single number where it is left out."""
        if v is None:
            if len(like) != 1 or like[0].numel() != 1:
                raise GraphError(f"{self.name}: The vector v can only be None if {what} a single Tensor with a single element.")
            return [ones_like(like[0].detach())]
        given, _ = as_tuple("v", self.name, v)
        if len(given) != len(like):
            raise GraphError(f"{self.name}: v is a tuple of invalid length: should be {len(like)} but got {len(given)}.")
        for i, (t, x) in enumerate(zip(given, like)):
            if tuple(t.shape) != tuple(x.shape):
                which = f"Entry {i} in v" if len(like) > 1 else "v"
                raise GraphError(f"{self.name}: {which} has invalid size: should be {tuple(x.shape)} but got {tuple(t.shape)}.")
        return given

    def filled(self, found: Sequence[Any], what: str, like: Sequence[Any] | None = None) -> list[Any]:
        """Gradients, with zeros where there is none, which `strict` refuses; out of the graph unless one is wanted."""
        results = []
        for i, (g, x) in enumerate(zip(found, like or self.inputs)):
            if g is None and self.strict:
                raise GraphError(f"{self.name}: {what} is independent of input {i}. This is not allowed in strict mode.")
            if g is not None and self.strict and self.create_graph and not g.requires_grad:
                raise GraphError(f"{self.name}: The jacobian of the user-provided function is independent of input {i}. This is not "
                                 "allowed in strict mode when create_graph=True.")
            results.append(zeros_like(x.detach()) if g is None else g if self.create_graph else g.detach())
        return results

    def values(self) -> Any:
        """What the function returned."""
        return packed([t if self.create_graph else t.detach() for t in self.outputs], self.single_output)


def as_tuple(what: str, name: str, value: Any) -> tuple[list[Any], bool]:
    """A tensor or a tuple of tensors as a list, and whether it was one tensor."""
    if isinstance(value, TensorBase):
        return [value], True
    if not isinstance(value, tuple) or not all(isinstance(v, TensorBase) for v in value):
        odd = next((f"{describe(v)} at index {i}" for i, v in enumerate(value) if not isinstance(v, TensorBase)), "") \
            if isinstance(value, tuple) else str(type(value))
        raise ArgumentTypeError(f"{name}: The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given "
                                f"{what} has type {odd}.")
    return list(value), False


def packed(values: Sequence[Any], single: bool) -> Any:
    """One tensor, or a tuple of several."""
    return values[0] if single else tuple(values)


# ---------------------------------------------------------------- products
def vjp(func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """func(*inputs), and the vector v, like the result, times the Jacobian.

    create_graph: the results can be differentiated. strict: an input that the result does not depend on is an error, not zeros.

    >>> import minigrad
    >>> vjp(lambda x: x * x, minigrad.tensor([1.0, 2.0]), minigrad.ones(2))[1]
    tensor([2., 4.])
    """
    f = Evaluated("vjp", func, inputs, create_graph, strict)
    seeds = f.vector(v, f.outputs, "the user-provided function returns")
    found = gradients(f.outputs, f.inputs, seeds, create_graph)
    return f.values(), packed(f.filled(found, "The output of the user-provided function"), f.single_input)


def jvp(func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """func(*inputs), and the Jacobian times the vector v, like the inputs; by two backward passes, as `func.jvp`. Options as in `vjp`."""
    f = Evaluated("jvp", func, inputs, create_graph, strict)
    tangents = f.vector(v, f.inputs, "the input to the user-provided function is")
    moved = pushed(f, tangents)
    results = []
    for i, (g, out) in enumerate(zip(moved, f.outputs)):
        if g is None and strict:
            raise GraphError(f"jvp: Output {i} of the user-provided function is independent of its inputs. This is not allowed in strict "
                                 "mode.")
        results.append(zeros_like(out.detach()) if g is None else g if create_graph else g.detach())
    if strict and create_graph and not all(r.requires_grad for r in results):
        raise GraphError("jvp: The jacobian of the user-provided function is independent of input 0. This is not allowed in strict mode "
                         "when create_graph=True.")
    return f.values(), packed(results, f.single_output)


def pushed(f: Evaluated, tangents: Sequence[Any]) -> list[Any]:
    """The Jacobian times tangents, None where an output depends on no input: the derivative, by u, of u times the Jacobian."""
    at = [i for i, out in enumerate(f.outputs) if out.requires_grad]
    with enable_grad():
        us = [fresh(zeros_like(f.outputs[i].detach()), False) for i in at]
        pulled = gradients([f.outputs[i] for i in at], f.inputs, us, True)
    live = [(g, t) for g, t in zip(pulled, tangents) if g is not None and g.requires_grad]
    found = gradients([g for g, _ in live], us, [t for _, t in live], f.create_graph) if live else [None] * len(us)
    results: list[Any] = [None] * len(f.outputs)
    for i, g in zip(at, found):
        results[i] = g
    return results


# ---------------------------------------------------------------- Jacobians
def jacobian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
             strategy: str = "reverse-mode") -> Any:
    """The Jacobian of a function: (*output, *input) for each output and input, in tuples where there are tuples of them.

    vectorize: all rows in one pass, by batching rules. strategy: "forward-mode" goes by columns, and needs vectorize. Options
    otherwise as in `vjp`.
    """
    check_strategy("jacobian", strategy, "strategy", vectorize, strict)
    f = Evaluated("jacobian", func, inputs, create_graph, strict)
    if strategy == "forward-mode":
        return by_columns(f)
    rows = []
    for i, out in enumerate(f.outputs):
        sizes = out.numel()
        if not out.requires_grad or not sizes:
            found: list[Any] = [None] * len(f.inputs)
        elif vectorize:
            units = eye(sizes, dtype=out.dtype, device=out.device).reshape((sizes, *out.shape))
            found = batched_grads([out], f.inputs, [units], create_graph)
        else:
            found = one_by_one(out, f.inputs, create_graph)
        whole = [None if g is None else g.reshape((*out.shape, *x.shape)) for g, x in zip(found, f.inputs)]
        like = [zeros((*out.shape, *x.shape), dtype=x.dtype, device=x.device) for x in f.inputs]
        rows.append(packed(f.filled(whole, f"Output {i} of the user-provided function", like), f.single_input))
    return packed(rows, f.single_output)


def one_by_one(out: Any, inputs: Sequence[Any], create_graph: bool) -> list[Any]:
    """The gradients of each element of an output, stacked; None for an input that none depends on."""
    flat = out.reshape(-1)
    n = flat.shape[0]
    units = eye(n, dtype=out.dtype, device=out.device)
    rows = [gradients([out], inputs, [units[i].reshape(out.shape)], create_graph) for i in range(n)]
    return [None if all(row[j] is None for row in rows) else
            stack([zeros_like(x.detach()) if row[j] is None else row[j] for row in rows], 0) for j, x in enumerate(inputs)]


def by_columns(f: Evaluated) -> Any:
    """The Jacobian by tangents, all at once."""
    sizes = [prod(x.shape) for x in f.inputs]
    units = split_with_sizes(eye(sum(sizes), dtype=f.inputs[0].dtype), sizes, 1)

    def columns(*tangents: Any) -> tuple[Any, ...]:
        return tuple([zeros_like(out.detach()) if g is None else g for g, out in zip(pushed(f, tangents), f.outputs)])
    found = vmap(columns)(*[u.reshape((-1, *x.shape)) for u, x in zip(units, f.inputs)])
    rows = []
    for out, g in zip(f.outputs, found):
        parts = split_with_sizes(movedim(g, 0, -1), sizes, -1)
        rows.append(packed([(p if f.create_graph else p.detach()).reshape((*out.shape, *x.shape)) for p, x in zip(parts, f.inputs)],
                           f.single_input))
    return packed(rows, f.single_output)


def check_strategy(name: str, strategy: str, argument: str, vectorize: bool, strict: bool) -> None:
    """What PyTorch refuses."""
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertedArgumentError(f'{name}: Expected {argument} to be either "forward-mode" or "reverse-mode"; got {strategy!r}')
    if strict and strategy == "forward-mode":
        raise AssertedArgumentError(f'{name}: `strict=True` and `{argument}="forward-mode"` are not supported together; use '
                                    f'{argument}="reverse-mode"')
    if strategy == "forward-mode" and not vectorize:
        raise UnsupportedError(f"{name}: forward mode is only implemented for `vectorize=True`; pass it too")
    if strict and vectorize:
        raise RefusedArgumentError(f"{name}: `strict=True` and `vectorized=True` are not supported together. Please either set "
                                   "`strict=False` or `vectorize=False`.")


# ---------------------------------------------------------------- Hessians
def hessian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """The second derivatives of a function with one number as its value: (*input i, *input j), in tuples of tuples for a tuple.

    outer_jacobian_strategy: how the Jacobian of the gradient is made, as `strategy` of `jacobian`. Other options, too.
    """
    check_strategy("hessian", outer_jacobian_strategy, "outer_jacobian_strategy", vectorize, strict)
    single = isinstance(inputs, TensorBase)

    def gradient(*xs: Any) -> tuple[Any, ...]:
        f = Evaluated("hessian", func, xs, True, strict)
        f.need_one_number()
        found = gradients(f.outputs, f.inputs, [ones_like(f.outputs[0].detach())], True)
        for i, g in enumerate(found):
            if strict and (g is None or not g.requires_grad):
                raise GraphError(f"hessian: the jacobian of the user-provided function with respect to input {i} is independent of the "
                                 "input. This is not allowed in strict mode.")
        return tuple([zeros_like(x.detach()) if g is None else g for g, x in zip(found, f.inputs)])
    rows = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return rows[0] if single else rows


def vhp(func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The value of a function with one number as its value, and the vector v, like the inputs, times its Hessian. Options as in `vjp`."""
    return with_hessian("vhp", func, inputs, v, create_graph, strict)


def hvp(func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The value of a function with one number as its value, and its Hessian times the vector v. As `vhp`: Hessians are symmetric."""
    return with_hessian("hvp", func, inputs, v, create_graph, strict)


def with_hessian(name: str, func: Callable[..., Any], inputs: Tensors, v: Tensors, create_graph: bool, strict: bool) -> tuple[Any, Any]:
    """The gradient of (gradient * v)."""
    f = Evaluated(name, func, inputs, create_graph, strict)
    vector = f.vector(v, f.inputs, "the input to the user-provided function is")
    f.need_one_number()
    with enable_grad():
        first = gradients(f.outputs, f.inputs, [ones_like(f.outputs[0].detach())], True)
    live = [(g, t) for g, t in zip(first, vector) if g is not None and g.requires_grad]
    found = gradients([g for g, _ in live], f.inputs, [t for _, t in live], create_graph) if live else [None] * len(f.inputs)
    return f.values(), packed(f.filled(found, "The gradient of the user-provided function"), f.single_input)
