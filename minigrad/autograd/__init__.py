"""What users import to differentiate: backward, grad, Function, gradcheck, and the switches of recording."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine import backward as _engine
from ..engine.backward import backward as backward
from ..engine.backward import grad as grad
from ..engine.mode import enable_grad as enable_grad
from ..engine.mode import inference_mode as inference_mode
from ..engine.mode import no_grad as no_grad
from ..engine.mode import set_grad_enabled as set_grad_enabled
from . import function as function
from .anomaly_mode import detect_anomaly as detect_anomaly
from .anomaly_mode import set_detect_anomaly as set_detect_anomaly
from .function import Function as Function
from .gradcheck import gradcheck as gradcheck
from .gradcheck import gradgradcheck as gradgradcheck
from .variable import Variable as Variable

if TYPE_CHECKING:
    from . import forward_ad as forward_ad
    from . import functional as functional
    from . import grad_mode as grad_mode
    from . import graph as graph
    from . import profiler as profiler


def _batched_grads(*args: Any) -> Any:
    """Gradients for many seeds at once, by the batching rules, which load on first use."""
    from ..batching.differentiation import grads_of_seeds
    return grads_of_seeds(*args)


_engine.batched_grads = _batched_grads


def __getattr__(name: str) -> Any:
    if name in ("functional", "forward_ad", "profiler", "grad_mode", "graph"):            # loaded on first use
        from importlib import import_module
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
