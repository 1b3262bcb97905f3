"""Gradients of functions: `grad`, `grad_and_value`, `vjp`."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..batching.differentiation import fresh, gradients, leads_elsewhere
from ..batching.level import active, spread
from ..batching.trees import TreeSpec, flatten, mapped, unflatten
from ..creation import ones_like, zeros_like
from ..engine.mode import enable_grad, is_grad_enabled
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, RefusedArgumentError, describe

Argnums = int | tuple[int, ...]


class Recorded:
    """A function that has run once, ready to be differentiated by some of its arguments.

    inputs, tree: the leaves of those arguments, and their structure. outputs, shape: of the result. aux: what came with it.
    """

    def __init__(self, name: str, func: Callable[..., Any], args: Sequence[Any], argnums: Argnums, kwargs: dict[str, Any],
                 has_aux: bool) -> None:
        self.name = name
        self.track = is_grad_enabled()
        chosen = [args[i] for i in places(name, argnums, len(args))]
        leaves, self.tree = flatten(chosen[0] if isinstance(argnums, int) else tuple(chosen))
        for t in leaves:
            if not isinstance(t, TensorBase):
                raise ArgumentTypeError(f"{name}: Expected tensors to differentiate by, got {describe(t)}; choose others with argnums")
        with enable_grad():
            self.inputs: list[Any] = [fresh(t, self.track) for t in leaves]
            given = list(args)
            rebuilt = unflatten(self.inputs, self.tree)
            for i, value in zip(places(name, argnums, len(args)), [rebuilt] if isinstance(argnums, int) else rebuilt):
                given[i] = value
            result = func(*given, **kwargs)
        self.aux = None
        if has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RefusedArgumentError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True; got "
                                           f"{describe(result)}")
            result, self.aux = result
        self.outputs, self.shape = flatten(result)
        for t in self.outputs:
            if not isinstance(t, TensorBase):
                raise RefusedArgumentError(f"{name}: Expected f to be a function that has only tensor outputs, got unsupported output "
                                           f"{describe(t)}")
        with enable_grad():
            self.outputs = [spread(t, active()) for t in self.outputs]
        self.elsewhere = self.track and leads_elsewhere(self.outputs, self.inputs)
        if self.aux is not None:
            self.aux = mapped(self.shown, self.aux)

    def shown(self, t: Any) -> Any:
        """A result as the caller gets it: without the graph that only led to our inputs."""
        if not isinstance(t, TensorBase) or self.track and (self.elsewhere or leads_elsewhere([t], self.inputs)):   # type: ignore[list-item]
            return t
        return t.detach()                            # type: ignore[attr-defined]

    def result(self) -> Any:
        """What the function returned."""
        return unflatten([self.shown(t) for t in self.outputs], self.shape)

    def pull(self, seeds: Sequence[Any], create_graph: bool | None = None, retain_graph: bool = True) -> list[Any]:
        """The gradient for each input; zeros where there is none."""
        if create_graph is None:
            create_graph = is_grad_enabled() and (self.elsewhere or any(s.requires_grad for s in seeds))
        found = gradients(self.outputs, self.inputs, seeds, create_graph, retain_graph)
        return [zeros_like(x) if g is None else g for x, g in zip(self.inputs, found)]


def places(name: str, argnums: Argnums, n: int) -> list[int]:
    """`argnums` as a list of positions from the front."""
    if not isinstance(argnums, (int, tuple)):
        raise RefusedArgumentError(f"{name}: argnums must be int or Tuple[int, ...], got: {type(argnums).__name__}")
    if isinstance(argnums, tuple) and not argnums:
        raise RefusedArgumentError(f"{name}: argnums must be non-empty")
    found = []
    for i in (argnums,) if isinstance(argnums, int) else argnums:
        if not -n <= i < n:
            raise RefusedArgumentError(f"{name}: Got argnum={i}, but only {n} positional inputs")
        found.append(i % n)
    if len(set(found)) < len(found):
        raise RefusedArgumentError(f"{name}: argnums elements must be unique, got argnums={argnums}")
    return found


# ---------------------------------------------------------------- what users call
def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function (gradient, value) of a function with one number as its value.

    argnums: the arguments to differentiate by, each a tensor or a structure of tensors. has_aux: func returns (value, aux), and
    the function (gradient, (value, aux)). Raises RuntimeError (RefusedArgumentError) where the value is no single number.
    """
    def run(*args: Any, **kwargs: Any) -> Any:
        name = "grad_and_value(f)(*args)"
        f = Recorded(name, func, args, argnums, kwargs, has_aux)
        if f.shape.type is not None:
            raise RefusedArgumentError(f"{name}: Expected f(*args) to return a tensor, got {f.shape.type.__name__}")
        value = f.outputs[0]
        if value.ndim:
            raise RefusedArgumentError(f"{name}: Expected f(*args) to return a scalar tensor, got tensor with {value.ndim} dims. Maybe you "
                                       "wanted to use the vjp or jacrev APIs instead?")
        if value.array.dtype.kind == "c":
            raise RefusedArgumentError(f"{name}: Expected f(*args) to return a real tensor, got {describe(value)}")
        found = unflatten(f.pull([ones_like(value)], retain_graph=f.elsewhere), f.tree)
        return found, ((f.shown(value), f.aux) if has_aux else f.shown(value))
    return run


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function with one number as its value, as a function.

    argnums and has_aux as in `grad_and_value`; with has_aux it returns (gradient, aux).

    >>> import minigrad
    >>> grad(minigrad.sin)(minigrad.tensor(0.0))
    tensor(1.)
    """
    both = grad_and_value(func, argnums, has_aux)

    def run(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found
    return run


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """func(*primals), and the function from cotangents (like the result) to a tuple of gradients, one per primal.

    has_aux: func returns (result, aux); then (result, function, aux) is returned.
    """
    if not primals:
        raise ArgumentError("vjp: needs at least one primal to differentiate by")
    f = Recorded("vjp(f, *primals)", func, primals, tuple(range(len(primals))), {}, has_aux)

    def vjp_fn(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given = cotangents[0] if len(cotangents) == 1 and f.shape.type is None else cotangents
        seeds = like_outputs(f, given[0] if len(cotangents) == 1 and f.shape.type is not None else given)
        return unflatten(f.pull(seeds, create_graph, retain_graph), f.tree)
    return (f.result(), vjp_fn, f.aux) if has_aux else (f.result(), vjp_fn)


def like_outputs(f: Recorded, cotangents: Any) -> list[Any]:
    """The leaves of cotangents, which must have the structure and the shapes of the result."""
    leaves, tree = flatten(cotangents)
    if tree != f.shape and not same_but_for_sequences(tree, f.shape):
        raise RefusedArgumentError("vjp_fn: Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                                   f"function; got {len(leaves)} tensors for {len(f.outputs)}")
    for s, out in zip(leaves, f.outputs):
        if not isinstance(s, TensorBase) or tuple(s.shape) != tuple(out.shape):   # type: ignore[attr-defined]
            raise RefusedArgumentError(f"vjp_fn: Mismatch in shape: a cotangent must be a tensor like its output; got {describe(s)} for "
                                       f"{describe(out)}")
    return leaves


def same_but_for_sequences(a: TreeSpec, b: TreeSpec) -> bool:
    """A tuple passes for a list."""
    if a.type in (list, tuple) and b.type in (list, tuple):
        return len(a.parts) == len(b.parts) and all(same_but_for_sequences(x, y) for x, y in zip(a.parts, b.parts))
    return a == b
