"""Where layers are known to differ from PyTorch's: the lines are read as those of `differences.py`."""
from __future__ import annotations

from .differences import Difference

NESTED = "there are no nested tensors: padding is computed like everything else"
CROSS = "the gradient is that of the result; PyTorch's adds up other channels than the result does"

DIFFERENCES: list[Difference] = [
    Difference("Module", "members", "there are no devices ipu, mtia and xpu, and no type variables among the members", "names"),
    Difference("DataParallel", "members", "batches are not split over devices", "names"),
    Difference("TransformerEncoder", "made", NESTED, "attributes .*"),
    *[Difference("CrossMapLRN2d", check, CROSS) for check in ("gradient", "second gradient")],
    Difference("Embedding", "second gradient", "PyTorch's second gradient forgets scale_grad_by_freq", "(train|eval) 4"),
    Difference("LinearCrossEntropyLoss", "second gradient", "there are second gradients with options=, which PyTorch lacks"),
]
