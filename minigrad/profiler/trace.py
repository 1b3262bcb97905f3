"""Events as a Chrome trace: a file that chrome://tracing and ui.perfetto.dev draw."""
from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..engine.mode import Scope
from .recorder import Event

CATEGORY = {"forward": "cpu_op", "backward": "cpu_op", "range": "user_annotation"}


def entry(event: Event) -> dict[str, Any]:
    """One block of the drawing."""
    arguments = {"Input Dims": [list(s) for s in event.shapes], "Bytes made": event.nbytes, "Module": event.path, "Line": event.line}
    return {"ph": "X", "cat": CATEGORY[event.kind], "name": event.name, "pid": os.getpid(), "tid": event.thread, "ts": event.start / 1e3,
            "dur": event.time / 1e3, "args": {k: v for k, v in arguments.items() if v}}


def module_calls(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Module calls as blocks around their ops: from the first to the last op of each, forward only."""
    spans: dict[int, tuple[Scope, int, int, int]] = {}
    for event in events:
        scope = event.scope if event.kind == "forward" else None
        while scope is not None:
            _, start, end, _ = spans.get(id(scope), (scope, event.start, event.end, 0))
            spans[id(scope)] = scope, min(start, event.start), max(end, event.end), event.thread
            scope = scope.parent
    return [{"ph": "X", "cat": "python_function", "name": f"nn.Module: {scope.path or scope.cls.__name__}", "pid": os.getpid(),
             "tid": thread, "ts": start / 1e3, "dur": (end - start) / 1e3, "args": {"Kind": scope.cls.__name__}}
            for scope, start, end, thread in spans.values()]


def write(path: str | os.PathLike[str], events: Iterable[Event]) -> None:
    """Write the trace; a name that ends in .gz is compressed."""
    listed = list(events)
    blocks = sorted([*map(entry, listed), *module_calls(listed)], key=lambda e: (e["ts"], -e["dur"]))
    names = [{"ph": "M", "name": "process_name", "pid": os.getpid(), "tid": 0, "args": {"name": "minigrad"}}]
    text = json.dumps({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": [*names, *blocks]})
    target = Path(path)
    if target.suffix == ".gz":
        target.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        target.write_text(text, encoding="utf-8")
