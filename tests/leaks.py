"""State that outlives a test: what there is, how to read it, how to put it back."""
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import minigrad
from minigrad import _printing, config, rng
from minigrad.engine.mode import Mode, local


def _mode() -> dict[str, Any]:
    return {name: getattr(local.mode, name) for name in Mode.__slots__}


def _set_mode(slots: dict[str, Any]) -> None:
    for name, value in slots.items():
        setattr(local.mode, name, value)


def _switches() -> dict[str, Any]:
    return {name: value for name, value in vars(config).items() if name.isupper()}


def _torch() -> Any:
    """PyTorch where a test has imported it; its defaults would leak into every other comparison."""
    return sys.modules.get("torch")


def _torch_defaults() -> Any:
    torch = _torch()
    return torch and (torch.get_default_dtype(), torch.is_grad_enabled(), torch._tensor_str.get_printoptions())


def _set_torch_defaults(defaults: Any) -> None:
    torch = _torch()
    if torch and defaults:
        torch.set_default_dtype(defaults[0])
        torch.set_grad_enabled(defaults[1])
        torch.set_printoptions(**defaults[2])


# name: (read it, put it back)
STATE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "mode of the thread (grad, inference, watch, scope)": (_mode, _set_mode),
    "default dtype": (minigrad.get_default_dtype, minigrad.set_default_dtype),
    "default device": (minigrad.get_default_device, minigrad.set_default_device),
    "default generator": (lambda: rng.default_generator, lambda g: setattr(rng, "default_generator", g)),
    "print options": (_printing.get_printoptions, lambda options: _printing.set_printoptions(**options)),
    "switches of minigrad.config": (_switches, lambda switches: vars(config).update(switches)),
    "NumPy's floating-point error handling": (np.geterr, lambda handling: np.seterr(**handling)),
    "PyTorch's defaults": (_torch_defaults, _set_torch_defaults),
}


def snapshot() -> dict[str, Any]:
    """Everything in STATE, read now."""
    return {name: read() for name, (read, _) in STATE.items()}


def put_back(before: Mapping[str, Any]) -> list[str]:
    """Restore what differs from the snapshot; say what did: `default dtype: minigrad.float32 became ...`."""
    leaked = []
    for name, (read, restore) in STATE.items():
        was, now = before[name], read()
        if now != was and was is not None:           # None: PyTorch, imported by this very test
            restore(was)
            leaked.append(f"{name}: {was} became {now}")
    return leaked


class WarningFilters:
    """Warning filters that a piece of code leaves behind, except where it imported a module, which may set some."""

    def __init__(self) -> None:
        self._filters, self._modules = list(warnings.filters), len(sys.modules)

    def leaked(self) -> list[str]:
        if len(sys.modules) != self._modules or warnings.filters == self._filters:
            return []
        new = [f"warning filter {f!r}" for f in warnings.filters if f not in self._filters]
        return new or ["the order of the warning filters"]
