"""Activation checkpointing: what a part of a model keeps for its gradients is thrown away, and computed again when it is needed.

`use_reentrant=False`: pack hooks keep a number in the place of each value; the first one that the backward pass asks for runs the function
again, and its values fill all places. `use_reentrant=True`: the function is one op, whose gradient rule runs it again and goes backward.
"""
from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from .._tensor import Tensor
from ..amp.state import state
from ..autograd import Function, backward
from ..cuda.random import get_rng_state, set_rng_state
from ..engine.inplace import node_of
from ..engine.mode import enable_grad, local, no_grad, watching
from ..engine.node import COUNT, TensorBase, quoted_line, tick, user_frame, wrap
from ..engine.saving import Hooks, kept, opened_value
from ..errors import ArgumentError, CheckpointError, GraphError, InplaceError, ShapeError, describe
from ..rng import fork_rng
from ..rng.generator import counted_stream, default_generator

Contexts = Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]]
_early_stop: bool | None = None                      # what `set_checkpoint_early_stop` says
_debug: bool | None = None                           # what `set_checkpoint_debug_enabled` says


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Two contexts that do nothing: the default for `context_fn`."""
    return nullcontext(), nullcontext()


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, context_fn: Contexts = noop_context_fn,
               determinism_check: str = "default", debug: bool = False, early_stop: bool = True, **kwargs: Any) -> Any:
    """`function(*args, **kwargs)`, whose inner values are not kept for the backward pass but computed again in it: less memory, more time.

    use_reentrant: False is recommended: keywords, `grad` with `inputs`, second gradients and nesting work. True needs an argument that
    requires a gradient. Left out it is True, with a warning, as in PyTorch.
    preserve_rng_state=True (a keyword): the second run draws the same random numbers; autocast is always as it was.
    context_fn: makes two contexts, for the first run and for the second. determinism_check: "default" compares shapes and dtypes of both
    runs, "none" does not. debug: an error also tells the ops of both runs. early_stop: the second run ends with the last value needed.
    Raises ValueError for options that do not exist, CheckpointError (a RuntimeError) where the second run differs from the first one.

    >>> import minigrad
    >>> x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    >>> y = checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False)
    >>> y.sum().backward()
    >>> minigrad.allclose(x.grad, x.exp().cos() * x.exp())
    True
    """
    if use_reentrant is None:
        use_reentrant = _reentrant_by_default("checkpoint")
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ArgumentError(f"checkpoint: Unexpected keyword arguments: {','.join(kwargs)}; use_reentrant=True passes on no keywords; "
                                "use_reentrant=False does")
        if context_fn is not noop_context_fn or debug:
            raise ArgumentError("checkpoint: Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in ("default", "none"):
        raise ArgumentError(f"checkpoint: determinism_check should be one of ['default', 'none'], but got {determinism_check}")
    debug = debug if _debug is None else _debug
    if debug and context_fn is not noop_context_fn:
        raise ArgumentError("checkpoint: debug=True is incompatible with non-default context_fn")
    first, again = context_fn()
    if not local.mode.recording:
        with first:
            return function(*args, **kwargs)
    frame = Frame(function, args, kwargs, preserve, again, determinism_check == "default", debug,
                  early_stop if _early_stop is None else _early_stop)
    with Hooks(frame.pack, frame.unpack), first, frame.noted(frame.first_ops):
        result = function(*args, **kwargs)
    frame.complete = True
    return result


def checkpoint_sequential(functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """Run a `Sequential`, or a list of modules or functions, in `segments` parts, all but the last one under `checkpoint`.

    kwargs: `preserve_rng_state` only. Raises ValueError for others.

    >>> import minigrad
    >>> layers = minigrad.nn.Sequential(*[minigrad.nn.Linear(4, 4) for _ in range(6)])
    >>> checkpoint_sequential(layers, 3, minigrad.ones(2, 4), use_reentrant=False).shape
    minigrad.Size([2, 4])
    """
    if use_reentrant is None:
        use_reentrant = _reentrant_by_default("checkpoint_sequential")
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ArgumentError(f"checkpoint_sequential: Unexpected keyword arguments: {','.join(kwargs)}; it takes preserve_rng_state")
    layers = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(layers) // segments

    def part(layers: list[Any]) -> Callable[[Any], Any]:
        def run(x: Any) -> Any:
            for layer in layers:
                x = layer(x)
            return x
        return run

    for i in range(segments - 1):
        input = checkpoint(part(layers[i * size:(i + 1) * size]), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(layers[(segments - 1) * size:])(input)


def _reentrant_by_default(name: str) -> bool:
    warnings.warn(f"{name}: the use_reentrant parameter should be passed explicitly; use_reentrant=False is recommended, and True is what "
                  "it is without", stacklevel=3)
    return True


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """What `early_stop` is for all checkpoints made inside."""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """What `debug` is for all checkpoints made inside; None leaves it to them."""
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


# ---------------------------------------------------------------- as it was in the first run
class Surroundings:
    """The random streams and autocast's settings at one moment, to compute again under."""

    def __init__(self, preserve_rng_state: bool) -> None:
        s = state()
        self.autocast = dict(s.enabled), dict(s.dtype), s.caching
        s.settle()
        self.streams = (default_generator.state_array(), counted_stream.state_array()) if preserve_rng_state else None

    @contextmanager
    def again(self) -> Iterator[None]:
        """A context like that moment, in which ops record whatever runs around it: a backward pass, mostly."""
        mode, s = local.mode, state()
        before = mode.arrays, mode.inference, mode.watch, s.enabled, s.dtype, s.caching
        mode.arrays = mode.inference = False
        if mode.running is not None:                 # what watches a pass does not watch this
            mode.watch = None
        s.enabled, s.dtype, s.caching = dict(self.autocast[0]), dict(self.autocast[1]), self.autocast[2]
        s.turned()
        try:
            with fork_rng(enabled=self.streams is not None), enable_grad():
                if self.streams is not None:
                    default_generator.set_state(self.streams[0])
                    counted_stream.set_state(self.streams[1])
                yield
        finally:
            mode.arrays, mode.inference, mode.watch, s.enabled, s.dtype, s.caching = before
            s.settle()


# ---------------------------------------------------------------- not reentrant
class Holder:
    """Stands in a node for a value that was not kept."""
    __slots__ = ("number", "__weakref__")

    def __init__(self, number: int) -> None:
        self.number = number


class Stop(BaseException):
    """The second run has all that is needed. No `Exception`, which a program may catch by accident."""


class Frame:
    """One call of `checkpoint`: the way to run its function again, and the values of the second run until they are used.

    holders: what stands for the values, in the order in which they were saved; those of nodes that are gone are None.
    facts: the shape and dtype of each. made: number -> (array, cell, write count) of the second run; in_pass: the backward pass it is for.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], preserve: bool,
                 context: AbstractContextManager[Any], compares: bool, debug: bool, early_stop: bool) -> None:
        self.function, self.kwargs, self.context = function, kwargs, context
        self.compares, self.debug, self.early_stop = compares, debug, early_stop
        # arrays and nodes, as a tensor that is written later would hold this frame through its new node
        self.args = [(kept(a), node_of(a), a.cell, a.cell[COUNT]) if isinstance(a, TensorBase) else Plain(a) for a in args]
        self.surroundings = Surroundings(preserve)
        self.holders: list[weakref.ref[Holder]] = []
        self.facts: list[str] = []
        self.made: dict[int, tuple[Any, Any, int]] = {}
        self.in_pass = 0
        self.complete = False
        self.first_ops: list[str] = []
        self.second_ops: list[str] = []

    def pack(self, tensor: Any) -> Holder:
        """In the first run: keep a number."""
        holder = Holder(len(self.holders))
        self.holders.append(weakref.ref(holder))
        self.facts.append(describe(tensor))
        return holder

    def unpack(self, holder: Holder) -> Any:
        """In the backward pass: the value, for which the function runs again unless it has in this pass."""
        number = local.mode.running[0] if local.mode.running is not None else tick()
        if self.in_pass != number or holder.number not in self.made:
            self.in_pass = number
            self.run_again()
        array, cell, count = self.made.pop(holder.number)
        if cell[COUNT] != count:
            raise InplaceError("checkpoint: a value needed for gradient computation was modified by an inplace operation at "
                               f"{quoted_line(*cell[2])}, inside the checkpointed function; clone it before writing")
        return wrap(array, None, cell)

    def run_again(self) -> None:
        """The second run. Raises CheckpointError where it does not save what the first one saved."""
        self.made.clear()
        self.second_ops.clear()
        args = [self.argument(a) for a in self.args]
        count = 0

        def keep(tensor: Any) -> Any:
            nonlocal count
            number, count = count, count + 1
            if number < len(self.holders):
                if self.holders[number]() is not None:
                    self.check(number, tensor)
                    self.made[number] = tensor.array, tensor.cell, tensor.cell[COUNT]
                if self.early_stop and count == len(self.holders):
                    raise Stop(self)
            elif self.complete:
                raise self.differs("it saves more tensors than the first")
            return tensor

        with self.surroundings.again(), Hooks(keep, lambda tensor: tensor), self.context, self.noted(self.second_ops):
            try:
                self.function(*args, **self.kwargs)
            except Stop as stop:
                if stop.args[0] is not self:
                    raise
        if count < len(self.holders):
            raise self.differs(f"A different number of tensors was saved: {len(self.holders)} in the first run, {count} in the second")

    def argument(self, saved: Any) -> Any:
        """An argument of the first run. Raises InplaceError if it was written since."""
        if isinstance(saved, Plain):
            return saved.value
        value, node, cell, count = saved
        if value is opened_value(value) and cell[COUNT] != count:
            raise InplaceError("checkpoint: an input of the checkpointed function has been modified by an inplace operation at "
                               f"{quoted_line(*cell[2])}; clone it before writing")
        return wrap(opened_value(value), node, cell)

    def check(self, number: int, tensor: Any) -> None:
        if self.compares and describe(tensor) != self.facts[number]:
            raise self.differs("Recomputed values for the following tensors have different metadata than during the forward pass: "
                               f"tensor {number} was {self.facts[number]} and is {describe(tensor)}")

    def differs(self, how: str) -> CheckpointError:
        ops = ""
        if self.debug:
            ops = "".join(f"\nops of the {name} run:\n  " + "\n  ".join(found)
                          for name, found in (("first", self.first_ops), ("second", self.second_ops)))
        return CheckpointError(f"checkpoint: the second run of the function does not do what the first did: {how}; the function must not "
                               f"depend on anything that changes in between{ops or '; debug=True tells the ops of both runs'}")

    @contextmanager
    def noted(self, ops: list[str]) -> Iterator[None]:
        """Note down the ops inside, if asked to."""
        def watch(op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            frame = user_frame()
            operands = ", ".join(describe(a) for a in args if isinstance(a, TensorBase))
            ops.append(f"{op.name} {operands} at {quoted_line(frame.f_code, frame.f_lasti)}")
            return call(*args, **kwargs)
        with watching(watch) if self.debug else nullcontext():
            yield


class Plain:
    """An argument that is no tensor."""
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


# ---------------------------------------------------------------- reentrant
class CheckpointFunction(Function):
    """A function as one op: its backward runs it again with a graph, and goes backward through that."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        if local.mode.recording is False and not any(ctx.needs_input_grad):
            warnings.warn("checkpoint: None of the inputs have requires_grad=True. Gradients will be None", stacklevel=3)
        ctx.function, ctx.surroundings = run_function, Surroundings(preserve_rng_state)
        ctx.plain = [None if isinstance(a, TensorBase) else a for a in args]
        ctx.where = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
        ctx.save_for_backward(*[args[i] for i in ctx.where])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        running = local.mode.running
        if running is not None and running[1].wanted is not None:
            raise GraphError("checkpoint: When use_reentrant=True, it is incompatible with .grad() or passing an `inputs` parameter to "
                             ".backward(); set use_reentrant=False, or call .backward() without `inputs`")
        if local.mode.recording:
            raise GraphError("checkpoint: use_reentrant=True gives no second gradients; set use_reentrant=False for create_graph=True")
        args = list(ctx.plain)
        for i, t in zip(ctx.where, ctx.saved_tensors):
            args[i] = t.detach().requires_grad_(t.requires_grad)
        with ctx.surroundings.again():
            outputs = ctx.function(*args)
        pairs = [(out, g) for out, g in zip(outputs if isinstance(outputs, (tuple, list)) else [outputs], grads)
                 if isinstance(out, TensorBase) and node_of(out) is not None]
        if not pairs:
            raise GraphError("checkpoint: none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([out for out, _ in pairs], [g for _, g in pairs])
        return (None, None, *[a.grad if isinstance(a, Tensor) else None for a in args])


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Each tensor of a tuple as a leaf on the same memory that requires a gradient if the tensor does.

    Raises RuntimeError for anything but a tuple.
    """
    if not isinstance(inputs, tuple):
        raise ShapeError(f"detach_variable: Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple([t.detach().requires_grad_(t.requires_grad) if isinstance(t, Tensor) else t for t in inputs])


def check_backward_validity(inputs: Sequence[Any]) -> None:
    """Warn if no tensor among the inputs requires a gradient."""
    if not any(isinstance(t, Tensor) and t.requires_grad for t in inputs):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """The GPUs of the tensors among the arguments, and the states of their generators, for `set_device_states`."""
    devices = sorted({a.get_device() for a in args if isinstance(a, TensorBase) and a.is_cuda})       # type: ignore[attr-defined]
    return devices, [get_rng_state(device) for device in devices]


def set_device_states(devices: Sequence[int], states: Sequence[Any], *, device_type: str | None = None) -> None:
    """Set the generators of these GPUs to the states that `get_device_states` found."""
    for device, kept_state in zip(devices, states):
        set_rng_state(kept_state, device)
