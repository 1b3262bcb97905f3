"""Why some samples make no batch: which of them, where in the sample, and what to do."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._tensor import Tensor
from ...errors import ArgumentTypeError, MinigradError, ShapeError

ONE_LENGTH = "give the DataLoader a collate_fn that pads the samples (nn.utils.rnn.pad_sequence) or keeps them in a list"
ONE_SHAPE = f"bring them to one shape in the data set (images: Resize, CenterCrop), or {ONE_LENGTH}"


class Misfit(NamedTuple):
    """What is wrong with the field `where` of the samples `entries` of a batch."""

    kind: type[Exception]
    what: str
    where: str
    entries: tuple[int, ...]
    remedy: str


def explained(error: Exception, batch: Sequence[Any], own: tuple[Any, ...] = ()) -> Exception | None:
    """The error in words about samples; None where nothing is known to be wrong with them, or it was explained already.

    `own`: classes that a program has functions of its own for. `entries` of the new error are the positions in the batch that it speaks of.
    """
    found = None if not len(batch) or hasattr(error, "entries") else next(_Search(own).misfits(batch, "sample"), None)
    if found is None:
        return None
    place = "" if found.where == "sample" else f" in {found.where}"
    better = found.kind(f"default_collate: {found.what}{place}; {found.remedy}")
    better.entries = found.entries                   # type: ignore[attr-defined]
    return better


class _Search:
    """Goes through the fields of samples, in order, for those that do not go together."""

    def __init__(self, own: tuple[Any, ...]) -> None:
        self.own = own

    def misfits(self, batch: Sequence[Any], where: str) -> Iterator[Misfit]:
        """What is wrong with some samples, or with one field of them."""
        first = batch[0]
        if isinstance(first, self.own):
            return
        if isinstance(first, (Tensor, np.ndarray)):
            yield from self._unlike(batch, where)
        elif isinstance(first, Mapping):
            yield from self._in_mappings(batch, where)
        elif isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
            yield from self._in_sequences(batch, where)
        elif not isinstance(first, (str, bytes, int, float, np.generic)):
            yield _unknown(first, where)
        else:
            yield from self._of_other_kinds(batch, where)

    def _unlike(self, batch: Sequence[Any], where: str) -> Iterator[Misfit]:
        yield from self._of_other_kinds(batch, where)
        first = batch[0]
        if isinstance(first, np.ndarray) and first.dtype.kind in "SUO":
            yield _unknown(first.dtype, where)
        for i, other in enumerate(batch):
            if other.shape != first.shape:
                shapes = f"{list(first.shape)} at entry 0 and {list(other.shape)} at entry {i}"
                yield Misfit(ShapeError, f"stack expects each tensor to be equal size, but got {shapes}", where, (0, i), ONE_SHAPE)
                return

    def _in_mappings(self, batch: Sequence[Any], where: str) -> Iterator[Misfit]:
        yield from self._of_other_kinds(batch, where, Mapping)
        for key in batch[0]:
            for i, sample in enumerate(batch):
                if key not in sample:
                    yield Misfit(_NoKey, f"the key {key!r} of entry 0 is missing in entry {i}", where, (0, i),
                                 "give all samples the same keys, or pass a collate_fn")
                    return
            yield from self.misfits([sample[key] for sample in batch], f"{where}[{key!r}]")

    def _in_sequences(self, batch: Sequence[Any], where: str) -> Iterator[Misfit]:
        yield from self._of_other_kinds(batch, where, Sequence)
        lengths = [len(sample) for sample in batch]
        for i, length in enumerate(lengths):
            if length != lengths[0]:
                found = f"lengths {lengths[0]} at entry 0 and {length} at entry {i}"
                yield Misfit(ShapeError, f"each element in list of batch should be of equal size; got {found}", where, (0, i), ONE_LENGTH)
                return
        names = getattr(batch[0], "_fields", range(lengths[0]))
        for name, field in zip(names, zip(*batch, strict=True), strict=True):
            yield from self.misfits(field, f"{where}.{name}" if isinstance(name, str) else f"{where}[{name}]")

    def _of_other_kinds(self, batch: Sequence[Any], where: str, kind: Any = None) -> Iterator[Misfit]:
        """A sample of another kind than the first one, where that cannot be meant."""
        first = batch[0]
        kind = kind or next(k for k in (Tensor, np.ndarray, str, bytes, (int, float, np.generic)) if isinstance(first, k))
        for i, other in enumerate(batch):
            if not isinstance(other, kind):
                kinds = f"{_named(first)} at entry 0 and {_named(other)} at entry {i}"
                yield Misfit(ArgumentTypeError, f"the samples must be of one kind; got {kinds}", where, (0, i),
                             "convert them in the data set, or pass a collate_fn")
                return


def _unknown(found: Any, where: str) -> Misfit:
    kind = found if isinstance(found, np.dtype) else type(found)
    remedy = "pass a collate_fn that knows it"
    if type(found).__module__.startswith("PIL."):
        remedy = "give the data set transform=ToTensor(), or pass a collate_fn"
    elif found is None:
        remedy = "give a value instead, or pass a collate_fn that leaves such samples out"
    what = f"batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
    return Misfit(ArgumentTypeError, what, where, (0,), remedy)


def _named(value: Any) -> str:
    return type(value).__name__ if value is not None else "None"


class _NoKey(MinigradError, KeyError):
    """A key that not all samples have, which Python tells by a KeyError."""
    __str__ = Exception.__str__
