"""User-defined ops: a forward and a backward of one's own, on tensors."""
from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

from .._tensor import Tensor
from ..engine.inplace import check_open, node_of, wrote
from ..engine.mode import local, no_grad, on_tensors_only
from ..engine.node import COUNT, Node, Pick, TensorBase, new, quoted_line, stamp, wrap
from ..engine.run import sum_to
from ..engine.saving import Parcel, kept, opened_value
from ..errors import ArgumentTypeError, GraphError, InplaceError, ShapeError, UnsupportedError, describe


class FunctionCtx:
    """What a Function keeps between its forward and its backward.

    needs_input_grad: per argument of forward, whether a gradient is wanted.
    """

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple[Any, ...] = ()
        self._saved: list[Any] = []
        self._constant: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._materialize = True
        self._node: Callable[[], Node | None] = lambda: None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; a later write into their memory is noticed."""
        for t in tensors:
            if t is not None and not isinstance(t, TensorBase):
                raise ArgumentTypeError(f"save_for_backward: can only save Tensors or None; got {describe(t)}; keep it as ctx.name = value")
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor) -> None:
        """For forward-mode differentiation, which does not exist here; accepted and ignored."""

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """These outputs get no gradient."""
        self._constant = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """These inputs were written in place and are returned."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: backward gets None, not zeros, for outputs that nobody used."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What save_for_backward was given. Raises InplaceError if it was overwritten since."""
        found: list[Any] = []
        for entry in self._saved:
            if entry is None:
                found.append(None)
                continue
            array, node, cell, count = entry
            if type(array) is not Parcel and cell[COUNT] != count:       # of a parcel only its hooks know
                raise InplaceError("saved_tensors: one of the variables needed for gradient computation has been modified by an inplace "
                                   f"operation at {quoted_line(*cell[2])}; clone it before writing")
            found.append(wrap(opened_value(array), self._output_node(node) if isinstance(node, int) else node, cell))
        return tuple(found)

    saved_variables = saved_tensors

    def _output_node(self, index: int) -> Node | None:
        """The node of one of our outputs: found through a weak reference, or the context would hold itself."""
        node = self._node()
        if node is None or not node.op.several:
            return node
        return Pick(node, index, _Like(node.shape[index], node.dtype[index]))

    def _resolve(self, outputs: tuple[Any, ...]) -> None:
        """Turn the tensors to save into arrays, so that nothing here holds an output."""
        for t in self._to_save:
            if t is None:
                self._saved.append(None)
                continue
            at = next((i for i, out in enumerate(outputs) if out is t), None)
            value = kept(t if at is None else wrap(t.array, None, t.cell))
            self._saved.append((value, node_of(t) if at is None else at, t.cell, t.cell[COUNT]))
        self._to_save = ()


class _Like:
    def __init__(self, shape: Any, dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype


class _FunctionOp:
    """A Function as the engine sees an op: one input that is a sequence, one rule."""
    broadcast = False
    kept = ("ctx",)
    remake: ClassVar[dict[str, Any]] = {}
    slots: tuple[Any, ...] = ()
    slot_names: tuple[str, ...] = ()
    inputs = (0,)
    together = None

    def __init__(self, function: type[Function], several: bool, fills: bool) -> None:
        self.name, self.function, self.several, self.fills = function.__name__, function, several, fills
        self.node_name = f"{function.__name__}Backward"
        self.pulls = (self.pull,)

    def pull(self, g: Any, saved: tuple[Any, ...]) -> list[Any]:
        """Call the user's backward on tensors, and give back what the pass runs on."""
        ctx, shapes = saved
        gs = g if self.several else (g,)
        on_tensors = any(isinstance(v, TensorBase) for v in gs)
        with on_tensors_only():
            found = self.function.backward(ctx, *[v if v is None or isinstance(v, TensorBase) else wrap(v) for v in gs])
        grads = list(found) if isinstance(found, (tuple, list)) else [found]
        while len(grads) > len(shapes) and grads[-1] is None:
            grads.pop()
        if len(grads) != len(shapes):
            raise GraphError(f"{self.name}.backward: returned an incorrect number of gradients (expected {len(shapes)}, got {len(grads)}); "
                             "return one per argument of forward, None for those without")
        return [self.checked(v, shape, i, on_tensors) for i, (v, shape) in enumerate(zip(grads, shapes))]

    def checked(self, g: Any, shape: tuple[int, ...] | None, i: int, on_tensors: bool) -> Any:
        """One gradient of the user's, of the right type and shape."""
        if g is None or shape is None:
            return None
        if not isinstance(g, TensorBase):
            raise ArgumentTypeError(f"{self.name}.backward: expected Variable or None for gradient {i}; got {describe(g)}")
        if g.array.shape != shape:
            try:
                g = wrap(sum_to(g.array, shape)) if not on_tensors else sum_to(g, shape)
            except Exception:
                raise ShapeError(f"{self.name}.backward: returned an invalid gradient at index {i}: got {describe(g)} but expected shape "
                                 f"compatible with {tuple(shape)}") from None
        return g if on_tensors else g.array


class Function:
    """Derive from it, write `forward(ctx, ...)` and `backward(ctx, *grad_outputs)` as static methods, call `apply`.

    >>> import minigrad
    >>> class Square(minigrad.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         x, = ctx.saved_tensors
    ...         return 2 * x * g
    >>> x = minigrad.tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)

    Or write `forward(...)` without ctx and `setup_context(ctx, inputs, output)` beside it.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The computation; tensors come and go, nothing inside is recorded."""
        raise UnsupportedError("Function: you must implement the forward function for custom autograd.Function")

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> None:
        """Save for backward what it needs, where forward takes no ctx."""
        raise UnsupportedError("Function: setup_context is not implemented")

    @staticmethod
    def backward(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        """One gradient per argument of forward, from one per output."""
        raise UnsupportedError("Function: you must implement the backward function for your custom autograd.Function")

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, and record it as one op."""
        mode = local.mode
        if mode.batch is not None:                   # under vmap
            from ..batching.dispatch import function_by_sample
            found = function_by_sample(functools.partial(cls.apply, **kwargs), cls.__name__, args)
            if found is not None:
                return found
        ctx = FunctionCtx()
        nodes = tuple([node_of(a) if isinstance(a, TensorBase) else None for a in args])
        ctx.needs_input_grad = tuple([n is not None for n in nodes])
        separate = cls.setup_context is not Function.setup_context
        with no_grad():
            if separate:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args, **kwargs)
        several = isinstance(output, (tuple, list))
        outputs = tuple(output) if several else (output,)
        if any(n is not None for n in nodes) and mode.recording:
            outputs = cls._record(ctx, args, nodes, outputs, several)
        ctx._resolve(outputs)
        ctx._constant = ctx._dirty = ()
        return (type(output)(outputs) if type(output) in (tuple, list) else outputs) if several else outputs[0]

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: tuple[Any, ...], nodes: tuple[Any, ...], outputs: tuple[Any, ...],
                several: bool) -> tuple[Any, ...]:
        """Give the outputs a node."""
        node: Node = new(Node)
        node.op = _FunctionOp(cls, several, ctx._materialize)
        node.parents = (nodes,)
        node.saved = (ctx, tuple([a.array.shape if isinstance(a, TensorBase) else None for a in args]))
        node.cells = node.options = ()
        node.hooks = node.shapes = None
        shapes = tuple([o.array.shape if isinstance(o, TensorBase) else () for o in outputs])
        dtypes = tuple([o.array.dtype if isinstance(o, TensorBase) else None for o in outputs])
        node.shape, node.dtype = (shapes, dtypes) if several else (shapes[0], dtypes[0])
        stamp(node, local.mode)
        ctx._node = weakref.ref(node)
        made = []
        for i, out in enumerate(outputs):
            if not isinstance(out, TensorBase) or out.array.dtype.kind not in "fc" or any(out is c for c in ctx._constant):
                made.append(out)
                continue
            if any(out is d for d in ctx._dirty):
                check_open(out, f"{cls.__name__}.apply")
                wrote(out.cell)
                t = out
            elif any(out is a for a in args):
                t = wrap(out.array, None, out.cell)
            else:
                t = out
            t.node = Pick(node, i, t.array) if several else node
            made.append(t)
        for position, out in enumerate(outputs):     # an output that was saved is known by its new self
            ctx._to_save = tuple([made[position] if t is out else t for t in ctx._to_save])
        return tuple(made)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a backward that cannot be differentiated itself: its results carry no graph."""
    @functools.wraps(backward)
    def run(ctx: FunctionCtx, *grads: Any) -> Any:
        with no_grad():
            return backward(ctx, *grads)
    return run


