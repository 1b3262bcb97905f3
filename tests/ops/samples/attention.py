"""Samples of ops/attention.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def weights(scores: np.ndarray, hidden: Any, masked: bool) -> np.ndarray:
    e = np.exp(scores) * (1 if hidden is None else ~hidden)
    total = e.sum(-1, keepdims=True)
    return np.divide(e, total, out=np.zeros(e.shape), where=total != 0)


@samples("attend", oracle=weights)
def attend(r: Draw) -> Iterator[S]:
    hidden = np.array([[False, True, False, False], [True, True, True, True], [False, False, False, True]])
    yield S(r(2, 3, 4), None, False)
    yield S(r(2, 3, 4), None, True)
    yield S(r(2, 3, 4), hidden, False)               # one query sees no key
    yield S(r(3, 4), hidden[0], False)
    yield S(r(2, 3, 0), None, False)
