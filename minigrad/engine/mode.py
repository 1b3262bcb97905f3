"""The one thread-local switch that an op's call path reads, and the context managers that turn it."""
from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
Watch = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
RuleWatch = Callable[[Any, int, Callable[..., Any], Any, tuple[Any, ...]], Any]
default_watch: Watch | None = None                   # what a new thread starts with; MINIGRAD_DEBUG sets it
default_rules: RuleWatch | None = None
default_anomaly: Any = None


class Scope:
    """A module call: its path in the model, the class, the module itself (weakly), and where it was called from.

    Each thread has a stack of them, linked by `parent`; the innermost is `local.mode.scope`. Nodes keep the one they were made under.
    """
    __slots__ = ("path", "cls", "module", "parent", "code", "lasti")
    path: str
    cls: type[Any]
    module: Callable[[], Any]                        # the module, or None once it is gone
    parent: Scope | None
    code: CodeType
    lasti: int

    @property
    def kind(self) -> str:
        """The name of the module's class."""
        return self.cls.__name__


class BackwardScope(Scope):
    """What a rule of an op runs under while `create_graph` records it: the op's name; `parent` is the scope of the op."""
    __slots__ = ("op",)
    op: str

    @property
    def kind(self) -> str:
        """Which op's gradient it is."""
        return f"gradient of {self.op}"


class Mode:
    """State of one thread.

    recording: ops on tensors that require grad make nodes.
    arrays: ops take plain arrays (only while the engine runs rules).
    inference: inside `inference_mode`.
    scope, module: the innermost module call, for drawing and errors.
    watch: None, or what debug, autocast, profile, vmap ... put in front of every op: `watch(op, call, args, kwargs)`.
    rules: None, or what profile, pictures ... put around every gradient rule: `rules(node, i, pull, g, saved)`.
    anomaly: None, or what looks for NaN and Inf (`anomaly.py`).
    autocast: None, or what autocast is set to in this thread.
    batch: the innermost vmap that is running, or None.
    written: None, or what is told of every result that goes into a tensor's memory: `written(x, result)`.
    saving: None, or the hooks that take what nodes keep (`saving.py`).
    running: None, or the number and the task of the backward pass that is running.
    epilogue: None; the name of the op that will follow the next one at once, whose kernel may do both in one pass; then the result.
    """
    __slots__ = ("recording", "arrays", "inference", "scope", "module", "watch", "rules", "anomaly", "autocast", "batch", "epilogue",
                 "written", "saving", "running")

    def __init__(self) -> None:
        self.recording = True
        self.arrays = False
        self.inference = False
        self.scope: Scope | None = None
        self.module: Any = None
        self.watch: Watch | None = default_watch
        self.rules: RuleWatch | None = default_rules
        self.anomaly: Any = default_anomaly
        self.autocast: Any = None
        self.batch: Any = None
        self.epilogue: Any = None
        self.written: Callable[[Any, Any], None] | None = None
        self.saving: Any = None
        self.running: tuple[int, Any] | None = None


class _Local(threading.local):
    def __init__(self) -> None:
        self.mode = Mode()


local = _Local()                 # read once per op: `local.mode` is a slow look-up, the slots behind it are fast


# ---------------------------------------------------------------- several watches at a time
class _Stack:
    """A watch in front of others: to it, running the op means to show it to them."""
    __slots__ = ("first", "rest")

    def __init__(self, first: Watch, rest: Watch) -> None:
        self.first, self.rest = first, rest

    def __call__(self, op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        rest = self.rest
        return self.first(op, lambda *args, **kwargs: rest(op, call, args, kwargs), args, kwargs)


class _RuleStack(_Stack):
    """The same for what stands around gradient rules."""
    __slots__ = ()

    def __call__(self, node: Any, i: int, pull: Callable[..., Any], g: Any, saved: Any) -> Any:  # type: ignore[override]
        rest: Any = self.rest
        first: Any = self.first
        return first(node, i, lambda g, saved: rest(node, i, pull, g, saved), g, saved)


def in_front(watch: Any, rest: Any, stack: type[_Stack] = _Stack) -> Any:
    """`watch`, which sees each op first, and whatever watches already."""
    return watch if rest is None else stack(watch, rest)


def around_rules(watch: RuleWatch, rest: RuleWatch | None) -> RuleWatch:
    """The same for a watch of gradient rules."""
    found: RuleWatch = in_front(watch, rest, _RuleStack)
    return found


def without(watch: Any, all: Any) -> Any:
    """Whatever watches, but for one that need not be there."""
    if isinstance(all, _Stack):
        rest = without(watch, all.rest)
        return rest if all.first == watch else in_front(all.first, rest, type(all))
    return None if all == watch else all


class watching:
    """Context manager: `watch` sees the ops of this thread, too."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._before: list[Watch | None] = []

    def __enter__(self) -> None:
        self._before.append(local.mode.watch)
        local.mode.watch = in_front(self.watch, local.mode.watch)

    def __exit__(self, *error: object) -> None:
        local.mode.watch = self._before.pop()


def fuses(watch: Watch) -> bool:
    """True for a watch that does not mind if a kernel does two ops in one pass: one with `fuses = True`, which looks at no values."""
    return isinstance(watch, _Stack) and fuses(watch.first) and fuses(watch.rest) or getattr(watch, "fuses", False)


# ---------------------------------------------------------------- switches
class _Switch:
    """Context manager and decorator that sets some slots of the mode and puts them back."""

    def __init__(self, **settings: bool) -> None:
        self._settings = settings
        self._before: list[dict[str, bool]] = []

    def __enter__(self) -> None:
        mode = local.mode
        self._before.append({name: getattr(mode, name) for name in self._settings})
        for name, value in self._settings.items():
            setattr(mode, name, value)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        mode = local.mode
        for name, value in self._before.pop().items():
            setattr(mode, name, value)

    def __call__(self, function: F) -> F:
        """Decorate a function; of a generator function, each resumption runs under the switch."""
        settings = self._settings                    # a new switch per call: calls may overlap in threads

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with _Switch(**settings):
                return function(*args, **kwargs)

        @functools.wraps(function)
        def run_generator(*args: Any, **kwargs: Any) -> Any:
            steps = function(*args, **kwargs)
            resume: Callable[[], Any] = functools.partial(next, steps)
            while True:
                try:
                    with _Switch(**settings):
                        value = resume()
                except StopIteration as end:
                    return end.value
                try:
                    resume = functools.partial(steps.send, (yield value))
                except GeneratorExit:
                    with _Switch(**settings):
                        steps.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(steps.throw, error)

        return cast(F, run_generator if inspect.isgeneratorfunction(function) else run)


class no_grad(_Switch):
    """Ops inside make no graph. Context manager and decorator (with or without parentheses); thread-local.

    >>> import minigrad
    >>> x = minigrad.ones(2, requires_grad=True)
    >>> with minigrad.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, function: Any = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__(recording=False)


class enable_grad(_Switch):
    """Ops inside make a graph again, also inside `no_grad`. Context manager and decorator."""

    def __new__(cls, function: Any = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__(recording=True)


class set_grad_enabled(_Switch):
    """Turn recording on or off: at once when called, and back at the end of a `with` block."""

    def __init__(self, mode: bool) -> None:
        super().__init__(recording=bool(mode))
        self._outer = local.mode.recording
        local.mode.recording = bool(mode)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        super().__exit__(kind, error, trace)
        local.mode.recording = self._outer

    def __call__(self, function: F) -> F:
        local.mode.recording = self._outer           # a decorator acts inside the function only
        return super().__call__(function)


class inference_mode(_Switch):
    """`no_grad` under the name that inference code uses. Context manager and decorator.

    More permissive than PyTorch: tensors made inside may be used in a graph afterwards.
    """

    def __new__(cls, mode: Any = True) -> Any:
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: Any = True) -> None:
        super().__init__(recording=False, inference=True) if mode else super().__init__(inference=False)


def on_tensors_only() -> _Switch:
    """User code inside a backward pass: ops refuse arrays again."""
    return _Switch(arrays=False)


def on_arrays() -> _Switch:
    """Ops take plain arrays: how the engine runs rules."""
    return _Switch(arrays=True)


def is_grad_enabled() -> bool:
    """True where ops on tensors that require grad make a graph."""
    return local.mode.recording


def is_inference_mode_enabled() -> bool:
    """True inside `inference_mode`."""
    return local.mode.inference
