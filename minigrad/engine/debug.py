"""Watching ops as they run: MINIGRAD_DEBUG=1..3, or `with debug(2):`.

1: each op with its shapes, dtype and time. 2: also the bytes that its node keeps alive, for which gradients, and each gradient rule as it
runs. 3: also stop at the first NaN or Inf, forward or backward, naming the op and the line.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Any

from .. import config
from ..errors import ArgumentError, describe, operand
from . import mode as modes
from .anomaly import Detector, input_name
from .mode import RuleWatch, Watch, local
from .node import TensorBase

LEVELS = range(4)


@cache
def watcher(level: int) -> Watch:
    """What runs in front of every op at a debug level."""
    def watch(op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        started = time.perf_counter()
        result = call(*args, **kwargs)
        took = time.perf_counter() - started
        outs = [t for t in (result if isinstance(result, tuple) else (result,)) if isinstance(t, TensorBase)]
        report(op, args, outs, took, level)
        return result
    return watch


def report(op: Any, args: tuple[Any, ...], outs: list[Any], took: float, level: int) -> None:
    """One line on stderr about an op that ran; a second one at level 2."""
    operands = ", ".join(describe(a) for a in args if isinstance(a, TensorBase))
    print(f"minigrad: {op.name:<24} {operands} -> {', '.join(describe(o) for o in outs)}  {took * 1e6:.0f} us", file=sys.stderr)
    node = outs[0].node if level >= 2 and outs else None
    if node is not None:
        solid = node.parents[0] if node.op.several else node
        kept = sum(getattr(v, "nbytes", 0) for v in solid.saved or ())
        live = [op.short[i] for i, parent in zip(op.inputs, solid.parents) if parent is not None]
        print(f"minigrad: {'':<24} keeps {kept} bytes for the gradients of {', '.join(live)}", file=sys.stderr)


def rule_watch(node: Any, i: int, pull: Callable[..., Any], g: Any, saved: tuple[Any, ...]) -> Any:
    """One line on stderr about a gradient rule that ran."""
    started = time.perf_counter()
    found = pull(g, saved)
    took = time.perf_counter() - started
    made = ", ".join(operand(v) for v in (found if isinstance(found, (tuple, list)) else (found,)) if v is not None)
    came = ", ".join(operand(v) for v in (g if isinstance(g, tuple) else (g,)) if v is not None)
    print(f"minigrad: {f'{node.name()} for {input_name(node, i)}':<24} {came} -> {made}  {took * 1e6:.0f} us", file=sys.stderr)
    return found


class debug:
    """Watch the ops of a block: `with debug(1): model(x)`. Levels are those of MINIGRAD_DEBUG; 0 is silent."""

    def __init__(self, level: int = 1) -> None:
        if level not in LEVELS:
            raise ArgumentError(f"debug: level must be 0, 1, 2 or 3; got {level!r}")
        self.level = level
        self._before: list[tuple[Watch | None, RuleWatch | None, Any]] = []

    def __enter__(self) -> debug:
        mode = local.mode
        self._before.append((mode.watch, mode.rules, mode.anomaly))
        for level in LEVELS[1:]:
            mode.watch = modes.without(watcher(level), mode.watch)
        mode.rules = modes.without(rule_watch, mode.rules)
        if self.level:
            mode.watch = modes.in_front(watcher(self.level), mode.watch)
        if self.level >= 2:
            mode.rules = modes.around_rules(rule_watch, mode.rules)
        if self.level == 3:
            Detector().attach()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        mode = local.mode
        mode.watch, mode.rules, mode.anomaly = self._before.pop()


def switch_on() -> None:
    """Let MINIGRAD_DEBUG take effect, in this thread and in new ones."""
    if config.DEBUG:
        debug(min(config.DEBUG, 3)).__enter__()
        mode = local.mode
        modes.default_watch, modes.default_rules, modes.default_anomaly = mode.watch, mode.rules, mode.anomaly
