"""Samples of ops/tiled_attention.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.ops.tiled_attention import noise_of, packed_bits
from tests.ops.samples import Draw, S, samples
from tests.ops.samples.attention import weights


def oracle(operands: Any, needs: Any, mask: Any, causal: bool, scale: float, bits: Any, p: float) -> np.ndarray:
    q, k, v = operands
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = scale * q @ k.swapaxes(2, 3)
    hidden = np.triu(np.ones(scores.shape[2:], bool), 1) if causal else None
    if mask is not None:
        hidden, scores = (mask, scores) if mask.dtype == bool else (None, scores + mask)
    w = weights(scores, hidden, True)
    return (w if bits is None else w * noise_of(bits, w.shape, p, w.dtype)) @ v


@samples("tiled_attention", oracle=oracle)
def _tiled(r: Draw) -> Iterator[S]:
    yes = (True,) * 3
    hidden = np.array([[False, True, False, False], [True, True, True, True], [False, False, False, True]])
    bits = packed_bits(np.random.default_rng(0).random((4, 3, 4)) < 0.7)
    cases: list[Any] = [(None, False, None), (None, True, None), (hidden, False, None), (hidden[:1].reshape(1, 1, 1, 4), False, bits),
                        (np.linspace(-1, 1, 12).reshape(1, 3, 4), False, None), (None, False, bits)]
    for mask, causal, some in cases:
        yield S([r(2, 2, 3, 5), r(2, 2, 4, 5), r(2, 2, 4, 2)], yes, mask, causal, 0.4, some, 0.3)
    yield S([r(1, 4, 3, 2), r(1, 2, 4, 2), r(1, 2, 4, 2)], yes, None, True, 1.0, None, 0.0)
