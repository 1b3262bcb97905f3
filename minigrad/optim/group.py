"""Parameter groups: the checks, and what users may write in them."""
from __future__ import annotations

import warnings
from typing import Any

from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, RefusedArgumentError, describe

# The default of an option that a group must give.
required: Any = type("required", (), {"__repr__": lambda self: "<required parameter>"})()


def checked(given: Any, defaults: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy of a group with its parameters as a list and all options filled in.

    Raises ArgumentTypeError for what is no parameter, ArgumentError for one that is no leaf or has a group already.
    """
    if not isinstance(given, dict):
        raise ArgumentTypeError(f"param_group must be a dict, but got {type(given)}")
    group = {**given}
    group["params"], names = listed(group["params"])
    if names is not None:
        group["param_names"] = names
    for p in group["params"]:
        if not isinstance(p, TensorBase):
            raise ArgumentTypeError(f"optimizer can only optimize Tensors, but one of the params is {describe(p)}")
        if not (p.is_leaf or p.retains_grad or defaults.get("differentiable")):    # type: ignore[attr-defined]
            raise ArgumentError(f"can't optimize a non-leaf Tensor; got {describe(p)}, which was computed; give the leaf it came from, "
                                "or detach() it")
    for name, default in defaults.items():
        if default is required and name not in group:
            raise ArgumentError(f"parameter group didn't specify a value of required optimization parameter {name}")
        group.setdefault(name, default)
    if len(set(group["params"])) != len(group["params"]):
        warnings.warn("optimizer contains a parameter group with duplicate parameters; in future, this will cause an error", stacklevel=4)
    taken = {p for other in others for p in other["params"]}
    if not taken.isdisjoint(group["params"]):
        raise ArgumentError("some parameters appear in more than one parameter group")
    if others and ("param_names" in others[0]) != (names is not None):
        came = "without names" if names is None else "with names"
        raise ArgumentError(f"all optimizer param groups should be with/without names. cannot add param group {came} to the optimizer; "
                            "give all as (name, parameter) pairs, or none")
    return group


def listed(params: Any) -> tuple[list[Any], list[str] | None]:
    """The parameters of a group, and their names if they came as pairs."""
    if isinstance(params, TensorBase):
        return [params], None
    if isinstance(params, (set, frozenset)):
        raise ArgumentTypeError("optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                                "will change between runs. Please use a list instead.")
    params = list(params)
    pairs = [p for p in params if isinstance(p, tuple)]
    if pairs and len(pairs) == len(params):
        return [p for _, p in pairs], [name for name, _ in pairs]
    if pairs:
        raise ArgumentError("all optimizer params should be with/without names. Some param names are missing")
    return params, None


def tensor_or_float(group: dict[str, Any], name: str) -> Any:
    """An option as a number; a tensor as it is where a step is to have a gradient for it."""
    return group[name] if group.get("differentiable") else float(group[name])


def non_negative(what: str, value: Any) -> None:
    """Raise ArgumentError unless an option is >= 0; `what` is PyTorch's wording of it."""
    one_element(value)
    if not 0.0 <= float(value):
        raise ArgumentError(f"Invalid {what}: {value}")


def one_element(value: Any, name: str = "lr") -> None:
    """Raise ArgumentError for an option that is a tensor of several elements, or none."""
    if isinstance(value, TensorBase) and value.array.size != 1:
        raise ArgumentError(f"Tensor {name} must be 1-element; got {describe(value)}")


def fraction(what: str, value: Any) -> None:
    """Raise ArgumentError unless an option lies in [0, 1)."""
    if not 0.0 <= float(value) < 1.0:
        raise ArgumentError(f"Invalid {what}: {value}")


def check_ways(name: str, options: dict[str, Any]) -> None:
    """Raise where ways to make a step exclude each other, or are not there."""
    if options.get("fused") and options.get("differentiable"):
        raise RefusedArgumentError(f"{name}: `fused` does not support `differentiable`")
    if options.get("fused") and options.get("foreach"):
        raise RefusedArgumentError(f"{name}: `fused` and `foreach` cannot be `True` together.")


def check_betas(betas: Any) -> None:
    """Raise ArgumentError unless both decay rates lie in [0, 1)."""
    for i in (0, 1):
        fraction(f"beta parameter at index {i}", betas[i])
