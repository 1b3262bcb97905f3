"""Which parameters one compiled loop updates together."""
from __future__ import annotations

from itertools import accumulate, chain
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from ..backend import Backend, backend_of
from ..errors import ShapeError

Array = Any
PRECISE = "fdFD"                                     # dtypes that compiled loops know: a complex number is a pair of reals


class Batch(NamedTuple):
    """Parameters of one dtype on one kind of device.

    members: their places among all. table: addresses of their arrays, a row each. sizes: of each.
    """
    members: list[int]
    dtype: Any
    table: Array
    sizes: list[int]

    def run(self, kernel: str, chosen: list[int] | None, gradients: list[Array], numbers: tuple[float, ...]) -> None:
        """Update the chosen ones, None for all; `gradients` are of all parameters, also of those that are in no batch."""
        members, table, sizes = self.members, self.table, self.sizes
        if chosen is not None:
            members, table, sizes = [members[i] for i in chosen], table[chosen], [sizes[i] for i in chosen]
        found = [gradients[i] for i in members]
        dtype = self.dtype
        backend = backend_of(found[0])
        found = [g if g.flags.c_contiguous and g.dtype is dtype else backend.xp.ascontiguousarray(g, dtype) for g in found]
        if [g.size for g in found] != sizes:
            at = next(i for i, (g, n) in enumerate(zip(found, sizes)) if g.size != n)
            raise ShapeError(f"step: a gradient must have its parameter's size; got {found[at].size} elements for {sizes[at]}; "
                             "call zero_grad() where parameters are replaced")
        pairs = 2 if dtype.kind == "c" else 1
        backend.kernels.update(kernel, table, np.array(list(accumulate(sizes))) * pairs, found,
                             np.array(numbers, dtype.char.lower()))


class Together:
    """The batches of a group of parameters: found once, and again when an array is another than before."""
    __slots__ = ("_arrays", "batches", "others")

    def __init__(self, columns: list[list[Array]]) -> None:
        """columns: what each parameter brings: their values, and an array of state each."""
        self._arrays = list(chain(*columns))
        self.others: list[int] = []                  # the places of those that compiled loops cannot take
        places: dict[tuple[Backend, Any], list[int]] = {}
        met = set()
        for i, row in enumerate(zip(*columns)):
            fits = plain(row) and id(row[0]) not in met          # a parameter may be there twice
            (places.setdefault((backend_of(row[0]), row[0].dtype), []) if fits else self.others).append(i)
            met.add(id(row[0]))
        self.batches = [Batch(members, dtype, backend.kernels.table([[column[i] for i in members] for column in columns]),
                              [columns[0][i].size for i in members]) for (backend, dtype), members in places.items()]

    def fit(self, columns: list[list[Array]]) -> bool:
        """Whether these are the arrays that the batches were made of."""
        return sum(map(len, columns)) == len(self._arrays) and all(map(is_, chain(*columns), self._arrays))


def plain(row: tuple[Array, ...]) -> bool:
    """True for arrays in C order that may be written, of one size and one dtype that compiled loops know."""
    first = row[0]
    return first.dtype.char in PRECISE and all(
        type(a) is type(first) and a.dtype is first.dtype and a.size == first.size and in_order(a.flags) for a in row)


def in_order(flags: Any) -> bool:
    """Whether elements lie in C order, and may be written; CuPy's always may."""
    found: bool = flags.carray if hasattr(flags, "carray") else flags.c_contiguous
    return found
