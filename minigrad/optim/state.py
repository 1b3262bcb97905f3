"""The state of an optimizer as a dictionary of numbers and tensors, and back."""
from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from typing import Any

import numpy as np

from ..engine.node import TensorBase, wrap
from ..errors import ArgumentError


def state_dict(optimizer: Any) -> dict[str, Any]:
    """PyTorch's layout: {"state": {number: {...}}, "param_groups": [{option: ..., "params": [numbers]}]}."""
    numbers: dict[Any, int] = {}
    groups = []
    for group in optimizer.param_groups:
        for p in group["params"]:
            numbers.setdefault(p, len(numbers))
        groups.append({**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[p] for p in group["params"]]})
    return {"state": {numbers.get(p, p): state for p, state in optimizer.state.items()}, "param_groups": groups}


def load_state_dict(optimizer: Any, found: dict[str, Any]) -> None:
    """Replace state and options by copies of what was saved; the parameters stay the optimizer's own."""
    groups, saved_groups = optimizer.param_groups, found["param_groups"]
    if len(groups) != len(saved_groups):
        raise ArgumentError(f"loaded state dict has a different number of parameter groups: {len(saved_groups)}, "
                            f"the optimizer has {len(groups)}")
    if any(len(group["params"]) != len(saved["params"]) for group, saved in zip(groups, saved_groups)):
        raise ArgumentError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group")
    parameters = {number: p for group, saved in zip(groups, saved_groups) for number, p in zip(saved["params"], group["params"])}
    state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
    for number, values in found["state"].items():
        p = parameters.get(number)
        state[number if p is None else p] = deepcopy(values) if p is None else fitted(values, p)
    optimizer.state = state
    optimizer.param_groups = []
    for group, saved in zip(groups, saved_groups):
        names = {"param_names": group["param_names"]} if "param_names" in group and "param_names" not in saved else {}
        optimizer.param_groups.append({**deepcopy({k: v for k, v in saved.items() if k != "params"}), "params": group["params"], **names})


def fitted(value: Any, p: Any, key: Any = None) -> Any:
    """A copy of saved state with the device and, if that is a floating one, the dtype of its parameter; `step` keeps its own."""
    if key == "step" and isinstance(value, (int, float)):
        return wrap(np.asarray(value, np.float32))   # old checkpoints count in Python
    if isinstance(value, TensorBase):
        if key == "step":
            return value.detach().clone()            # type: ignore[attr-defined]
        return value.detach().to(p.device, p.dtype if p.array.dtype.kind == "f" else None, copy=True)    # type: ignore[attr-defined]
    if isinstance(value, dict):
        return {k: fitted(v, p, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([fitted(v, p) for v in value])
    return deepcopy(value)
