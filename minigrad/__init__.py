"""minigrad: a small PyTorch in pure Python."""
from __future__ import annotations

from ._tensor import Size as Size
from ._tensor import Tensor as Tensor
from .creation import ones as ones
from .creation import tensor as tensor
from .creation import zeros as zeros
from .engine.mode import enable_grad as enable_grad
from .engine.mode import no_grad as no_grad
from .ops.conv import conv2d as conv2d
from .ops.shape import cat as cat
