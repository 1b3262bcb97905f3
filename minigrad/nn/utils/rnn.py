"""Sequences of different lengths in one tensor."""
from __future__ import annotations

from collections.abc import Sequence

from ..._tensor import Tensor
from ...creation import full
from ...engine.node import TensorBase
from ...errors import ArgumentError, ArgumentTypeError, ShapeError, describe


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
