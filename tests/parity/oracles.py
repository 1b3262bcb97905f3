"""Where PyTorch's own result is not what a result is held against, and what is.

Such samples count as passed only if they agree with what stands here in PyTorch's place: another way to say the same in PyTorch, or
PyTorch's values within the precision that its database grants them.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Oracle:
    """function: made from the entry's function, it gives PyTorch's result another way. reason: why that."""
    function: Callable[[Any], Any]
    reason: str


def clone_and_copy(function: Any) -> Any:
    """`as_strided_scatter` as a write through a view."""
    def as_strided_scatter(input: torch.Tensor, src: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        out = input.clone()
        out.as_strided(*args, **kwargs).copy_(src)
        return out
    return as_strided_scatter


def without_options(function: Any) -> Any:
    """The loss in one piece."""
    return lambda *args, options=None, **kwargs: function(*args, **kwargs)


VIEWED = Oracle(clone_and_copy, "PyTorch's gradients of it fail its own gradcheck; held against clone() and a copy_ into as_strided")
WHOLE = Oracle(without_options, "PyTorch has no second gradients with options=; held against those without")

# (entry, check) -> what its gradients must be
GRADIENTS = {("as_strided_scatter", "gradient"): VIEWED, ("as_strided_scatter", "gradgrad"): VIEWED,
             ("nn.functional.linear_cross_entropy/chunked", "gradgrad"): WHOLE}

# entry -> relative tolerance: float64 values that PyTorch's database itself compares with SciPy's to five digits, as they are no better
PRECISION = {f"special.{name}": 1e-5 for name in ("airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1")}
PRECISION_REASON = "PyTorch's float64 values have six or seven digits right; held against them to five, as its database does"


def oracle(entry: str, check: str, function: Any) -> Any:
    """The function whose gradients ours are compared with: PyTorch's own but for those listed."""
    found = GRADIENTS.get((entry, check))
    return function if found is None else found.function(function)
