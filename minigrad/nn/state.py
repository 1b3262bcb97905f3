"""Saving a module's state as a dictionary from path to tensor, and loading it again."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import dtypes
from .._tensor import Tensor
from ..engine.mode import no_grad
from ..errors import ArgumentTypeError, MinigradError, StateDictError
from .parameter import Parameter

EXTRA_STATE = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found: keys of the model that were missing, and keys that the model does not have."""
    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


def persistent_buffers(module: Any) -> dict[str, Any]:
    """The buffers that are part of the state."""
    return {name: b for name, b in module._buffers.items() if name not in module._non_persistent_buffers_set}


# ---------------------------------------------------------------- saving
def state_dict(module: Any, *args: Any, destination: Any, prefix: str, keep_vars: bool) -> Any:
    """See `Module.state_dict`; its arguments may be positional."""
    given = [*args, *(destination, prefix, keep_vars)[len(args):]]
    destination, prefix, keep_vars = given
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()        # for each module, in which version of its layout it was saved
    metadata = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = metadata
    for hook in list(module._state_dict_pre_hooks.values()):
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for hook in list(module._state_dict_hooks.values()):
        changed = hook(module, destination, prefix, metadata)
        destination = destination if changed is None else changed
    return destination


def save(module: Any, destination: Any, prefix: str, keep_vars: bool) -> None:
    """Write the module's own members, without its children's."""
    for name, member in {**module._parameters, **persistent_buffers(module)}.items():
        if member is not None:
            destination[prefix + name] = member if keep_vars else member.detach()
    if has_own(module, "get_extra_state"):
        destination[prefix + EXTRA_STATE] = module.get_extra_state()


def has_own(module: Any, method: str) -> bool:
    """True if a class overrides one of Module's methods."""
    from .module import Module
    return getattr(type(module), method) is not getattr(Module, method)


# ---------------------------------------------------------------- loading
def load_state_dict(module: Any, state: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """See `Module.load_state_dict`."""
    if not isinstance(state, Mapping):
        raise ArgumentTypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    load_tree(module, OrderedDict(state), "", getattr(state, "_metadata", None) or {}, assign, missing, unexpected, errors)
    if strict and unexpected:
        errors.insert(0, f"Unexpected key(s) in state_dict: {quoted(unexpected)}. ")
    if strict and missing:
        errors.insert(0, f"Missing key(s) in state_dict: {quoted(missing)}. ")
    if errors:
        raise StateDictError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(errors))
    return IncompatibleKeys(missing, unexpected)


def quoted(keys: list[str]) -> str:
    return ", ".join([f'"{key}"' for key in keys])


def load_tree(module: Any, state: Any, prefix: str, metadata: Any, assign: bool, missing: list[str], unexpected: list[str],
              errors: list[str]) -> None:
    """Load the module and all below. Each sees only the entries under its prefix."""
    local_metadata = dict(metadata.get(prefix[:-1], {}))
    if assign:
        local_metadata["assign_to_params_buffers"] = True
    module._load_from_state_dict(state, prefix, local_metadata, True, missing, unexpected, errors)
    for name, child in module._modules.items():
        if child is not None:
            below = f"{prefix}{name}."
            load_tree(child, OrderedDict([(k, v) for k, v in state.items() if k.startswith(below)]), below, metadata, assign,
                      missing, unexpected, errors)
    found = IncompatibleKeys(missing, unexpected)
    for hook in list(module._load_state_dict_post_hooks.values()):
        if hook(module, found) is not None:
            raise StateDictError("Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, "
                                 "if incompatible_keys need to be modified, it should be done inplace.")


def load(module: Any, state: Any, prefix: str, local_metadata: dict[str, Any], strict: bool, missing: list[str], unexpected: list[str],
         errors: list[str]) -> None:
    """Load the module's own members, without its children's."""
    for i, hook in list(module._load_state_dict_pre_hooks.items()):
        first = (module,) if module._hook_options.get(i, {}).get("with_module") else ()
        hook(*first, state, prefix, local_metadata, strict, missing, unexpected, errors)
    members = {name: m for name, m in {**module._parameters, **persistent_buffers(module)}.items() if m is not None}
    assign = local_metadata.get("assign_to_params_buffers", False)
    for name, member in members.items():
        key = prefix + name
        if key in state:
            load_member(module, name, member, key, state[key], assign, errors)
        elif strict:
            missing.append(key)
    extra = prefix + EXTRA_STATE
    takes_extra = has_own(module, "set_extra_state")
    if takes_extra and extra in state:
        module.set_extra_state(state[extra])
    elif takes_extra and strict:
        missing.append(extra)
    elif strict and extra in state:
        unexpected.append(extra)
    if strict:
        for key in state:
            if key.startswith(prefix) and key != extra:
                first_name, dot, _ = key[len(prefix):].partition(".")
                if first_name not in (module._module_names if dot else members):
                    unexpected.append(key)


def load_member(module: Any, name: str, member: Any, key: str, value: Any, assign: bool, errors: list[str]) -> None:
    """Copy one value into its member, or say why not."""
    if not isinstance(value, Tensor):
        errors.append(f'While copying the parameter named "{key}", expected {dtypes.dtype.prefix}.Tensor or Tensor-like object '
                      f"from checkpoint but received {type(value)}")
        return
    if not member.array.ndim and value.array.ndim == 1:
        value = value[0]                             # very old checkpoints keep 0-d values as 1-d
    if value.array.shape != member.array.shape:
        errors.append(f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                      f"the shape in current model is {member.shape}.")
        return
    try:
        with no_grad():
            if not assign:
                member.copy_(value)
            elif isinstance(member, Parameter):
                new = value if isinstance(value, Parameter) else Parameter(value, requires_grad=member.requires_grad)
                setattr(module, name, new.requires_grad_(member.requires_grad))
            else:
                setattr(module, name, value)
    except MinigradError as error:
        errors.append(f'While copying the parameter named "{key}", whose dimensions in the model are {member.shape} and whose '
                      f"dimensions in the checkpoint are {value.shape}, an exception occurred : {error.args}.")
