"""One step of an optimizer for many parameters at once, on a GPU: one launch per dtype."""
from __future__ import annotations

from typing import Any

import numpy as np

from .machine import Array, array_module, by_value, launch

COLUMNS = 5                           # a parameter, its gradient, and up to three arrays of state
NUMBERS = np.dtype([("of", np.float64, 12)])


class Table:
    """Where the arrays of parameters lie. rows (n, COLUMNS): addresses, on the host; sent to the device when they are others."""

    def __init__(self, columns: list[list[Array]]) -> None:
        self.like = columns[0][0]
        self.rows = np.empty((len(columns[0]), COLUMNS), np.int64)
        self.rows[:] = addresses_of(columns[0])[:, None]
        for k, column in enumerate(columns[1:], 2):
            self.rows[:, k] = addresses_of(column)
        self.sent: tuple[Any, Any, Any] | None = None

    def __getitem__(self, chosen: list[int]) -> Table:
        part = object.__new__(Table)
        part.like, part.rows, part.sent = self.like, self.rows[chosen], None
        return part

    def on_device(self, ends: Any) -> tuple[Array, Array]:
        """The addresses and the ends as arrays of the device."""
        said = self.rows.tobytes() + ends.tobytes()
        if self.sent is None or self.sent[0] != said:
            xp = array_module()
            self.sent = said, xp.asarray(self.rows.copy()), xp.asarray(ends.astype(np.int64))
        return self.sent[1:]


def table(columns: list[list[Array]]) -> Table:
    """Addresses for `update`: of n parameters and, in further lists, of arrays of their state, at most three.

    All lie in C order; those of one parameter have the same size. The table does not keep them alive.
    """
    return Table(columns)


def update(name: str, table: Table, ends: Any, gradients: list[Array], numbers: Any) -> None:
    """Run the formula of this name on the arrays of a table, whose dtype is that of its parameters.

    ends: where each parameter would end if one followed the other, in elements.
    """
    table.rows[:, 1] = addresses_of(gradients)
    rows, sent_ends = table.on_device(ends)
    like = table.like.real if table.like.dtype.kind == "c" else table.like
    padded = np.zeros(12)
    padded[:len(numbers)] = numbers
    launch("updates", name, like, int(ends[-1]), rows, sent_ends, len(ends), by_value(NUMBERS, padded))


def addresses_of(arrays: list[Array]) -> Any:
    """Where the elements of each array begin, int64."""
    return np.array([a.data.ptr for a in arrays], np.int64)
