"""Sequences of different lengths in one tensor."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._tensor import Tensor
from ...creation import arange, full, tensor
from ...engine.node import TensorBase
from ...errors import ArgumentError, ArgumentTypeError, ShapeError, describe
from ...ops.index import getitem_copy, setitem


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None


class PackedSequence(_Packed):
    """Sequences of different lengths without padding, as RNN, LSTM and GRU take and return them.

    data (total, ...): all elements of time 0, then of time 1, ..., longest sequence first. batch_sizes: how many sequences reach
    each time; int64, on the CPU. sorted_indices: which sequence stands first, second, ...; unsorted_indices: the inverse; None
    where the order was kept. Made by `pack_padded_sequence` and `pack_sequence`.
    """
    __slots__ = ()

    def __new__(cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None) -> PackedSequence:
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise ArgumentTypeError(f"PackedSequence: needs data and batch_sizes; got {describe(data)}")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The data in another dtype or on another device; itself if nothing changes."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else PackedSequence(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self) -> PackedSequence:
        return self.to("cpu")

    def cuda(self, device: Any = None) -> PackedSequence:
        return self.to("cuda" if device is None else device)

    def double(self) -> PackedSequence:
        return self.to(self.data.double().dtype)

    def float(self) -> PackedSequence:
        return self.to(self.data.float().dtype)

    def half(self) -> PackedSequence:
        return self.to(self.data.half().dtype)

    def long(self) -> PackedSequence:
        return self.to(self.data.long().dtype)

    def int(self) -> PackedSequence:
        return self.to(self.data.int().dtype)

    def pin_memory(self) -> PackedSequence:
        return self

    def is_pinned(self) -> bool:
        return False

    @property
    def is_cuda(self) -> bool:
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each element of a permutation stands: its inverse."""
    if permutation is None:
        return None
    out = arange(len(permutation))
    out[permutation] = arange(len(permutation))
    return out


def permuted(state: Tensor, order: Tensor | None) -> Tensor:
    """A state (layers, N, H) with its sequences in another order."""
    return state if order is None else state.index_select(1, order)


# ---------------------------------------------------------------- packing
def pack_padded_sequence(input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False,
                         enforce_sorted: bool = True) -> PackedSequence:
    """Padded sequences (longest, B, ...), with batch_first (B, longest, ...), packed. lengths: one per sequence, on the CPU.

    enforce_sorted: they must stand longest first; otherwise they are sorted, and sorted back by `pad_packed_sequence`.
    Raises RuntimeError (ShapeError) where lengths do not fit.

    >>> import minigrad
    >>> pack_padded_sequence(minigrad.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True).data
    tensor([1, 3, 2])
    """
    sizes = np.asarray(lengths.tolist() if isinstance(lengths, TensorBase) else list(lengths), "i8")
    order: Tensor | None = None
    batch = input.shape[0 if batch_first else 1]
    if len(sizes) != batch:
        raise ShapeError("pack_padded_sequence: Expected `len(lengths)` to be equal to batch_size, but got "
                         f"{len(sizes)} (batch_size={batch})")
    if sizes.size and sizes.min() <= 0:
        raise ShapeError("pack_padded_sequence: Length of all samples has to be greater than 0, but found an element in 'lengths' that is "
                         f"<= 0; got {sizes.tolist()}")
    if enforce_sorted:
        if (sizes[:-1] < sizes[1:]).any():
            raise ShapeError("pack_padded_sequence: `lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
                             f"can pass `enforce_sorted=False` to have them sorted; got {sizes.tolist()}")
    else:
        places = np.argsort(-sizes, kind="stable")
        sizes, order = sizes[places], tensor(places)
        input = input.index_select(0 if batch_first else 1, order)
    by_time = input.transpose(0, 1) if batch_first else input
    longest = int(sizes[0]) if len(sizes) else 0
    if longest > by_time.shape[0]:
        raise ShapeError(f"pack_padded_sequence: a length of {longest} is longer than the padded input; got {describe(input)}")
    flat = by_time.reshape((by_time.shape[0] * batch, *by_time.shape[2:]))
    data = getitem_copy(flat, (places_of(sizes, longest),))
    return PackedSequence(data, tensor([int((sizes > t).sum()) for t in range(longest)]), order, None)


def places_of(lengths: Any, longest: int) -> Any:
    """Which rows of (time * batch) hold elements, in the order of packing."""
    return (lengths > np.arange(longest)[:, None]).reshape(-1).nonzero()[0]


def pad_packed_sequence(sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
                        total_length: int | None = None) -> tuple[Tensor, Tensor]:
    """A packed sequence as (longest, B, ...), with batch_first (B, longest, ...), and the lengths: the inverse of packing.

    total_length: pad to this, at least the longest.
    """
    data, sizes = sequence.data, np.asarray(sequence.batch_sizes.tolist())
    batch, longest = int(sizes[0]), len(sizes)
    if total_length is not None and total_length < longest:
        raise ArgumentError("pad_packed_sequence: Expected total_length to be at least the length of the longest sequence in input, but "
                            f"got total_length={total_length} and max sequence length being {longest}")
    lengths = (sizes > np.arange(batch)[:, None]).sum(1)
    time = total_length or longest
    room = full((time * batch, *data.shape[1:]), padding_value, dtype=data.dtype, device=data.device)
    out = setitem(room, data, None, (places_of(lengths, longest),)).reshape((time, batch, *data.shape[1:]))
    found = tensor(lengths)
    if sequence.unsorted_indices is not None:
        out, found = out.index_select(1, sequence.unsorted_indices), found[sequence.unsorted_indices]
    return out.transpose(0, 1) if batch_first else out, found


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (L_i, ...) packed. enforce_sorted: they must stand longest first; otherwise they are sorted."""
    return pack_padded_sequence(pad_sequence(sequences), [len(s) for s in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """What `pack_sequence` put together, apart again."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


# ---------------------------------------------------------------- padding


def pad_sequence(sequences: Tensor | Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0,
                 padding_side: str = "right") -> Tensor:
    """Sequences (L_i, ...) in one tensor (longest, B, ...), with batch_first (B, longest, ...), shorter ones filled up.

    >>> import minigrad
    >>> pad_sequence([minigrad.ones(1), minigrad.ones(3)], batch_first=True)
    tensor([[1., 0., 0.],
            [1., 1., 1.]])
    """
    if not isinstance(sequences, (list, tuple, TensorBase)):
        raise ArgumentTypeError(f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}")
    if padding_side not in ("right", "left"):
        raise ArgumentError(f"pad_sequence: padding_side must be 'right' or 'left'; got {padding_side!r}")
    each = list(sequences)
    if not each:
        raise ShapeError("pad_sequence: received an empty list of sequences")
    first = each[0]
    if any(s.array.shape[1:] != first.array.shape[1:] for s in each):
        raise ShapeError(f"pad_sequence: all sizes but the first must be equal; got {', '.join([describe(s) for s in each])}")
    longest = max([len(s) for s in each])
    shape = (len(each), longest) if batch_first else (longest, len(each))
    out = full((*shape, *first.array.shape[1:]), padding_value, dtype=first.dtype, device=first.device)
    for i, s in enumerate(each):
        span = slice(0, len(s)) if padding_side == "right" else slice(longest - len(s), longest)
        out[(i, span) if batch_first else (span, i)] = s
    return out


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """What `pad_sequence` put together, apart again."""
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [batch[i, :int(n)] for i, n in enumerate(lengths)]
