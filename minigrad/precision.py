"""How exactly floats are computed. PyTorch's wishes for less are taken note of; here float32 is always float32."""
from __future__ import annotations

import warnings
from types import SimpleNamespace

PRECISIONS = ("highest", "high", "medium")
_now = SimpleNamespace(matmul="highest")


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact float32 matrix products must be: "highest", "high" or "medium". They are "highest" in any case.

    Another word changes nothing but gives a warning, as in PyTorch.
    """
    if precision in PRECISIONS:
        _now.matmul = precision
    else:
        warnings.warn(f"set_float32_matmul_precision: {precision!r} is not one of {', '.join(PRECISIONS)}; it stays {_now.matmul!r}",
                      stacklevel=2)


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was last told."""
    return str(_now.matmul)


def set_flush_denormal(mode: bool) -> bool:
    """False, PyTorch's way to say that the processor is left as it is."""
    return False
