"""How exactly floats are computed. On the CPU float32 is always float32; a GPU may round the factors of products to TF32 if asked."""
from __future__ import annotations

import warnings
from types import SimpleNamespace

PRECISIONS = ("highest", "high", "medium")
_now = SimpleNamespace(matmul="highest")


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact float32 matrix products must be: "highest", or "high" and "medium", for which a GPU rounds factors to TF32.

    On the CPU they are "highest" in any case. Another word changes nothing but gives a warning, as in PyTorch.
    """
    if precision in PRECISIONS:
        _now.matmul = precision
    else:
        warnings.warn(f"set_float32_matmul_precision: {precision!r} is not one of {', '.join(PRECISIONS)}; it stays {_now.matmul!r}",
                      stacklevel=2)


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was last told."""
    return str(_now.matmul)


def tf32() -> bool:
    """Whether a GPU may round the factors of float32 products to TF32, 10 bits behind the point."""
    return bool(_now.matmul != "highest")


def set_flush_denormal(mode: bool) -> bool:
    """False, PyTorch's way to say that the processor is left as it is."""
    return False
