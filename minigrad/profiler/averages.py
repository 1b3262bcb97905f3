"""Events added up: per op, per module, and the tables that show them."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.mode import BackwardScope, Scope
from ..errors import ArgumentError
from .recorder import Event

MICRO = 1000.0                                       # nanoseconds


@dataclass
class Average:
    """All events of one name. Times are in microseconds, as in PyTorch; memory is the bytes of what was made."""
    key: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    cpu_memory_usage: int = 0
    flops: int = 0
    input_shapes: tuple[Any, ...] = ()
    stack: str = ""
    kind: str = "forward"

    @property
    def cpu_time(self) -> float:
        """The mean of one call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    self_cpu_memory_usage = property(lambda self: self.cpu_memory_usage)

    def add(self, event: Event) -> None:
        """One more."""
        self.count += 1
        self.cpu_time_total += event.time / MICRO
        self.self_cpu_time_total += event.own_time / MICRO
        self.cpu_memory_usage += event.nbytes
        self.flops += 2 * event.macs


class Averages(list[Average]):
    """What `key_averages` returns: a list with a `table`."""

    def __init__(self, items: Iterable[Average], *, shapes: bool = False, stacks: bool = False, memory: bool = True,
                 flops: bool = False) -> None:
        super().__init__(items)
        self._shapes, self._stacks, self._memory, self._flops = shapes, stacks, memory, flops

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in which something recorded ran."""
        return sum(a.self_cpu_time_total for a in self)

    def total_average(self) -> Average:
        """All together."""
        total = Average("Total")
        for a in self:
            total.count += a.count
            total.cpu_time_total += a.self_cpu_time_total
            total.self_cpu_time_total += a.self_cpu_time_total
            total.cpu_memory_usage += a.cpu_memory_usage
            total.flops += a.flops
        return total

    def table(self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75, max_name_column_width: int = 55,
              max_shapes_column_width: int = 80, header: str | None = None, top_level_events_only: bool = False) -> str:
        """A table of the first `row_limit` rows (-1: all), largest `sort_by` first: a time or `count`, `cpu_memory_usage`, `flops`."""
        rows = sorted(self, key=sorting(sort_by), reverse=True) if sort_by else list(self)
        total = self.self_cpu_time_total or 1.0
        columns: list[tuple[str, Callable[[Average], str]]] = [
            ("Name", lambda a: clipped(a.key, max_name_column_width)),
            ("Self CPU %", lambda a: f"{100 * a.self_cpu_time_total / total:.2f}%"),
            ("Self CPU", lambda a: time_text(a.self_cpu_time_total)),
            ("CPU total %", lambda a: f"{100 * a.cpu_time_total / total:.2f}%"),
            ("CPU total", lambda a: time_text(a.cpu_time_total)),
            ("CPU time avg", lambda a: time_text(a.cpu_time))]
        if self._memory:
            columns.append(("Bytes made", lambda a: bytes_text(a.cpu_memory_usage)))
        columns.append(("# of Calls", lambda a: str(a.count)))
        if self._flops:
            columns.append(("FLOPs", lambda a: f"{a.flops:,}" if a.flops else "--"))
        if self._shapes:
            columns.append(("Input Shapes", lambda a: clipped(str([list(s) for s in a.input_shapes]), max_shapes_column_width)))
        if self._stacks:
            columns.append(("Source Location", lambda a: a.stack[-max_src_column_width:]))
        shown = rows if row_limit < 0 else rows[:row_limit]
        text = grid([title for title, _ in columns], [[show(a) for _, show in columns] for a in shown])
        return "".join([f"{header}\n" if header else "", text, f"\nSelf CPU time total: {time_text(self.self_cpu_time_total)}"])

    def __str__(self) -> str:
        return self.table()


def sorting(by: str) -> Callable[[Average], float]:
    """How rows are ordered. Raises ArgumentError for a name that no column has."""
    names = ("cpu_time", "cpu_time_total", "self_cpu_time_total", "count", "cpu_memory_usage", "self_cpu_memory_usage", "flops")
    if by not in names:
        raise ArgumentError(f"table: sort_by must be one of {', '.join(names)}; got {by!r}")
    return lambda a: getattr(a, by)


def averages(events: Iterable[Event], by_shape: bool = False, by_line: bool = False, **columns: bool) -> Averages:
    """One row per name; by_shape, by_line: also per shapes of the operands, per line of the program."""
    found: dict[Any, Average] = {}
    for event in events:
        key = event.name, event.shapes if by_shape else (), event.line if by_line else ""
        if key not in found:
            found[key] = Average(event.name, input_shapes=key[1], stack=key[2], kind=event.kind)
        found[key].add(event)
    return Averages(found.values(), shapes=by_shape, stacks=by_line, **columns)


# ---------------------------------------------------------------- modules
@dataclass
class ModuleAverage:
    """What one module took, those inside it included. Times in microseconds."""
    path: str
    kind: str
    calls: int = 0
    forward: float = 0.0
    backward: float = 0.0
    nbytes: int = 0
    macs: int = 0


class ModuleAverages(list[ModuleAverage]):
    """What `module_averages` returns: modules in the order in which they first ran, with a `table`."""

    def table(self) -> str:
        """A row per module, indented by depth."""
        rows = [["  " * (m.path.count(".") + 1 if m.path else 0) + (m.path.rpartition(".")[2] or "(model)"), m.kind, str(m.calls),
                 time_text(m.forward), time_text(m.backward), bytes_text(m.nbytes), f"{m.macs:,}"] for m in self]
        return grid(["Module", "Kind", "Calls", "Forward", "Backward", "Bytes made", "MACs"], rows, left=2)

    def __str__(self) -> str:
        return self.table()


def module_averages(events: Iterable[Event]) -> ModuleAverages:
    """One row per module path. An event counts for the module that it ran in and for all around it."""
    found: dict[tuple[str, str], ModuleAverage] = {}
    calls: dict[tuple[str, str], set[int]] = {}
    for event in events:
        if event.kind == "range":
            continue
        chain: list[Scope] = []
        scope = event.scope
        while scope is not None:
            if not isinstance(scope, BackwardScope):
                chain.append(scope)
            scope = scope.parent
        for scope in reversed(chain):
            key = scope.path, scope.cls.__name__
            row = found.setdefault(key, ModuleAverage(*key))
            calls.setdefault(key, set()).add(id(scope))
            if event.kind == "forward":
                row.forward += event.own_time / MICRO
            else:
                row.backward += event.own_time / MICRO
            row.nbytes += event.nbytes
            row.macs += event.macs
    for key, row in found.items():
        row.calls = len(calls[key])
    return ModuleAverages(found.values())


# ---------------------------------------------------------------- text
def grid(titles: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Columns with lines around the titles; the first `left` are aligned to the left."""
    widths = [max([len(title), *[len(row[i]) for row in rows]]) for i, title in enumerate(titles)]
    rule = "  ".join("-" * w for w in widths)

    def line(cells: Sequence[str]) -> str:
        return "  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))).rstrip()
    return "\n".join([rule, line(titles), rule, *[line(row) for row in rows], rule])


def time_text(microseconds: float) -> str:
    """1.234ms."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3f}{unit}"
    return f"{microseconds:.3f}us"


def bytes_text(n: int) -> str:
    """1.21 MB, in powers of 1024."""
    size = float(n)
    for unit in ("B", "KB", "MB"):
        if abs(size) < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"


def clipped(text: str, width: int) -> str:
    """The text, cut to a width."""
    return text if len(text) <= width else text[:width - 3] + "..."
