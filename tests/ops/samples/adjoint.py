"""The oracle for adjoints: what a linear function's transpose does, by the definition."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def transposed(linear: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...], g: np.ndarray) -> Any:
    """A.T @ g for the function x -> A @ x of arrays of this shape: one basis vector after another."""
    out = np.zeros(shape)
    for i in np.ndindex(*shape):
        basis = np.zeros(shape)
        basis[i] = 1
        out[i] = (linear(basis) * g).sum()
    return out
