"""Modules as functions of their parameters."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, RefusedArgumentError, describe
from ..ops.join import stack


def functional_call(module: Any, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict[str, Any] | None = None, *,
                    tie_weights: bool = True, strict: bool = False) -> Any:
    """module(*args, **kwargs) with other tensors in place of its parameters and buffers.

    parameter_and_buffer_dicts: {"layer.weight": tensor}, or several such dictionaries without a common name. args: one argument,
    or a tuple of them. tie_weights: what is one parameter under several names is replaced under all. strict: every
    parameter and buffer must be given, and nothing else.

    >>> import minigrad
    >>> layer = minigrad.nn.Linear(2, 1, bias=False)
    >>> functional_call(layer, {"weight": minigrad.ones(1, 2)}, minigrad.tensor([1.0, 2.0])).tolist()
    [3.0]
    """
    given: dict[str, Any] = {}
    if isinstance(parameter_and_buffer_dicts, Mapping):
        given = dict(parameter_and_buffer_dicts)
    elif isinstance(parameter_and_buffer_dicts, Sequence) and all(isinstance(d, Mapping) for d in parameter_and_buffer_dicts):
        for d in parameter_and_buffer_dicts:
            twice = sorted(set(given) & set(d))
            if twice:
                raise ArgumentError(f"functional_call: {twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
            given.update(d)
    else:
        raise ArgumentError("functional_call: Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
                            f"{type(parameter_and_buffer_dicts).__name__}")
    for name, t in given.items():
        if not isinstance(t, TensorBase):
            raise ArgumentTypeError(f"functional_call: {name} must be a Tensor; got {describe(t)}")
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with replaced(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def replaced(module: Any, given: dict[str, Any], tie_weights: bool, strict: bool) -> Iterator[None]:
    """A module with other tensors under some names."""
    owners = members(module)
    unknown, missing = sorted(set(given) - set(owners)), sorted(set(owners) - set(given))
    if strict and (unknown or missing):
        raise RefusedArgumentError("functional_call: Error(s) in loading state: "
                                   + (f"Unexpected key(s): {', '.join(unknown)}. " if unknown else "")
                                   + (f"Missing key(s): {', '.join(missing)}." if missing else ""))
    if unknown:
        raise MemberlessError(f"functional_call: {type(module).__name__} has no attribute {unknown[0]!r}; its parameters and buffers are "
                              f"{', '.join(owners)}")
    values = dict(given)
    if tie_weights:
        by_tensor = {id(owners[name][0].__dict__[owners[name][1]]): value for name, value in given.items()}
        for name, (owner, attribute) in owners.items():
            value = by_tensor.get(id(owner.__dict__[attribute]))
            if name not in values and value is not None and owner.__dict__[attribute] is not None:
                values[name] = value
    before = {name: owners[name][0].__dict__[owners[name][1]] for name in values}
    try:
        for name, value in values.items():
            owner, attribute = owners[name]
            owner.__dict__[attribute] = value
        yield
    finally:
        for name, value in before.items():
            owner, attribute = owners[name]
            now = owner.__dict__[attribute]
            if name in given and now is not values[name] and isinstance(now, TensorBase):
                given[name] = now
            owner.__dict__[attribute] = value


class MemberlessError(ArgumentTypeError, AttributeError):
    """A name that no parameter or buffer of a module has."""


def members(module: Any) -> dict[str, tuple[Any, str]]:
    """Every parameter and buffer by its full name: the module that it stands in, and its name there."""
    found = {}
    for path, owner in module.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        for attribute in (*owner._parameters, *owner._buffers):
            found[prefix + attribute] = owner, attribute
    return found


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of models of one architecture, stacked by name: what `vmap` over an ensemble maps over.

    Parameters that require grad do so stacked, as new leaves.
    """
    models = list(models)
    if not models:
        raise RefusedArgumentError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or not any(m.training for m in models)):
        raise RefusedArgumentError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RefusedArgumentError("stack_module_state: Expected all models to be of the same class.")
    return (stacked([dict(m.named_parameters()) for m in models]), stacked([dict(m.named_buffers()) for m in models]))


def stacked(states: list[dict[str, Any]]) -> dict[str, Any]:
    """One tensor per name."""
    found = {}
    for name in states[0]:
        tensors = [s[name] for s in states]
        needed = tensors[0].requires_grad
        if any(t.requires_grad != needed for t in tensors):
            raise RefusedArgumentError(f"stack_module_state: Expected {name} from each model to have the same .requires_grad")
        found[name] = stack([t.detach() for t in tensors], 0).requires_grad_(needed)
    return found


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Take the running statistics from every batch normalization in a module, in place, so that its call writes nothing. Returns it."""
    for module in root.modules():
        if getattr(module, "track_running_stats", False) and any(kind.__name__ == "_BatchNorm" for kind in type(module).__mro__):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """`func` as it is: its results and what it writes are the same with and without mutations, which only a tracer would see.

    remove: "mutations" or "mutations_and_views". Raises ArgumentError for another.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise ArgumentError(f"functionalize: remove must be 'mutations' or 'mutations_and_views'; got {remove!r}")
    return func
