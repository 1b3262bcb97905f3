"""What ran when: every op and every gradient rule of a thread, with its time, bytes, shapes, module and line."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any, ClassVar

from ..engine import mode as modes
from ..engine.mode import Scope, local
from ..engine.node import Node, TensorBase, line_of, user_frame, user_place
from .costs import macs, shape_of


@dataclass(slots=True, eq=False)
class Event:
    """Something that ran. Times are in nanoseconds.

    kind: "forward", "backward" (one gradient of an op, for one input), or "range" (a block that the user named). children: the time that
    events inside took. nbytes: of what it made. scope: the module call it ran in. place: the user's line, as code and instruction.
    """
    name: str
    kind: str
    thread: int
    scope: Scope | None
    start: int = 0
    end: int = 0
    children: int = 0
    depth: int = 0
    shapes: tuple[Any, ...] = ()
    nbytes: int = 0
    macs: int = 0
    place: tuple[Any, int] = (None, 0)

    @property
    def path(self) -> str:
        """The module that it ran in; "" outside of all."""
        return self.scope.path if self.scope is not None else ""

    @property
    def line(self) -> str:
        """`file:line` of the user's call; "" for ranges."""
        return line_of(*self.place) if self.place[0] is not None else ""

    @property
    def time(self) -> int:
        """From start to end."""
        return self.end - self.start

    @property
    def own_time(self) -> int:
        """Without the events inside."""
        return self.end - self.start - self.children


@dataclass(eq=False)
class Recorder:
    """Collects the events of the thread that attached it; called by every op. after: called when an op is done, before its clock stops."""
    fuses: ClassVar[bool] = True
    after: Callable[[], None] | None = None
    events: list[Event] = field(default_factory=list)
    stack: list[Event] = field(default_factory=list)

    def attach(self) -> None:
        """Take part in what this thread does."""
        mode = local.mode
        mode.watch = modes.in_front(self, mode.watch)
        mode.rules = modes.around_rules(self.rule, mode.rules)
        here.recorders.append(self)

    def detach(self) -> None:
        """Take no part any more."""
        mode = local.mode
        mode.watch, mode.rules = modes.without(self, mode.watch), modes.without(self.rule, mode.rules)
        here.recorders = [r for r in here.recorders if r is not self]

    def open(self, name: str, kind: str, scope: Scope | None) -> Event:
        """Something starts."""
        event = Event(name, kind, threading.get_ident(), scope, depth=len(self.stack))
        self.stack.append(event)
        self.events.append(event)
        event.start = perf_counter_ns()
        return event

    def close(self, event: Event) -> None:
        """It is done."""
        if self.after is not None:
            self.after()
        event.end = perf_counter_ns()
        if event in self.stack:
            del self.stack[self.stack.index(event):]
        if self.stack:
            self.stack[-1].children += event.end - event.start

    def __call__(self, op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Stands in front of every op."""
        event = self.open(op.name, "forward", local.mode.scope)
        try:
            result = call(*args, **kwargs)
        finally:
            self.close(event)
        outs = list(arrays_of(result))
        event.shapes = tuple([shape_of(a) if isinstance(a, TensorBase) else () for a in args])
        event.nbytes = 0 if op.view else sum(a.nbytes for a in outs)
        event.macs = macs(op.name, args, [a.shape for a in outs]) if not event.depth or self.is_range(event) else 0
        frame = user_frame()
        event.place = frame.f_code, frame.f_lasti
        return result

    def is_range(self, event: Event) -> bool:
        """True where only named blocks are around an event: what ops call inside is their own affair."""
        return all(outer.kind == "range" for outer in self.stack)

    def rule(self, node: Node, i: int, pull: Callable[..., Any], g: Any, saved: tuple[Any, ...]) -> Any:
        """Stands around every gradient rule."""
        event = self.open(node.name(), "backward", node.scope)
        try:
            result = pull(g, saved)
        finally:
            self.close(event)
        event.shapes = tuple([shape_of(v) for v in (g if isinstance(g, tuple) else (g,))])
        event.nbytes = sum(a.nbytes for a in arrays_of(result) if a is not getattr(g, "array", g))
        event.place = user_place(node)
        return result


def arrays_of(value: Any) -> Iterator[Any]:
    """The arrays of a result: a tensor, an array, or a sequence of these."""
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from arrays_of(v)
    elif hasattr(array := getattr(value, "array", value), "nbytes"):
        yield array


class _Here(threading.local):
    def __init__(self) -> None:
        self.recorders: list[Recorder] = []


here = _Here()                                       # the recorders of this thread, for blocks that the user names
