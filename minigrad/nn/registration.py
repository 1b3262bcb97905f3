"""How members come into a module and out of it."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from .. import dtypes
from .._tensor import Tensor
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, MemberError, NameTakenError
from .members import Members, ModuleBase, OwnMembers, views
from .parameter import Buffer, Parameter

KINDS = {"parameter": "_parameter_names", "buffer": "_buffer_names", "module": "_module_names"}
HOOKS = ("_backward_pre_hooks", "_backward_hooks", "_forward_pre_hooks", "_forward_hooks", "_state_dict_pre_hooks", "_state_dict_hooks",
         "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")


def begin(module: Any, attributes: Mapping[str, Any] | None = None) -> None:
    """Give a module the attributes of one without members, or those of another one (`state_of`)."""
    own = module.__dict__
    own.update({"training": True, "_parameter_names": {}, "_buffer_names": {}, "_module_names": {}, "_non_persistent_buffers_set": set(),
                "_attention": True, "_hook_options": {}, **{name: OrderedDict() for name in HOOKS}})
    own.update(attributes or {}, _paths={})
    own.update(views(module))


def state_of(module: Any) -> dict[str, Any]:
    """The attributes of a module without what belongs to this one alone."""
    return {name: value for name, value in module.__dict__.items() if not isinstance(value, OwnMembers)} | {"_paths": {}}


def type_name(value: Any) -> str:
    """What an error calls an argument: `minigrad.FloatTensor`, `int`."""
    return str(value.type()) if isinstance(value, Tensor) else type(value).__name__


# ---------------------------------------------------------------- registering
def check_ready(module: Any, kind: str) -> None:
    """Raise unless a module has been through `Module.__init__`."""
    if "_parameter_names" not in module.__dict__:
        raise MemberError(f"cannot assign {kind if kind != 'parameter' else 'parameters'} before Module.__init__() call; "
                          f"{type(module).__name__}.__init__ must call super().__init__() first")


def check_name(module: Any, kind: str, name: Any) -> None:
    """Raise unless a member of this kind can have this name."""
    check_ready(module, kind)
    if not isinstance(name, str):
        raise ArgumentTypeError(f"{kind} name should be a string. Got {type(name).__name__}")
    if "." in name:
        raise NameTakenError(f"{kind} name can't contain \".\", got: {name}")
    if not name:
        raise NameTakenError(f'{kind} name can\'t be empty string ""')
    if hasattr(module, name) and name not in module.__dict__[KINDS[kind]]:
        raise NameTakenError(f"attribute '{name}' already exists")


def put(module: Any, kind: str, name: str, member: Any) -> None:
    """Write a member and its name."""
    attributes = module.__dict__
    attributes[KINDS[kind]][name] = None
    attributes[name] = member
    if kind == "module":
        attributes["_paths"] = {}


def register_parameter(module: Any, name: str, param: Any) -> None:
    """See `Module.register_parameter`."""
    check_name(module, "parameter", name)
    if param is not None and not isinstance(param, Parameter):
        raise ArgumentTypeError(f"cannot assign '{type_name(param)}' object to parameter '{name}' "
                                f"({dtypes.dtype.prefix}.nn.Parameter or None required)")
    if param is not None and not param.is_leaf:
        raise ArgumentTypeError(f"cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. "
                                f"To express '{name}' as a function of another Tensor, compute the value in the forward() method.")
    put(module, "parameter", name, param)


def register_buffer(module: Any, name: str, tensor: Any, persistent: bool) -> None:
    """See `Module.register_buffer`."""
    check_name(module, "buffer", name)
    if tensor is not None and not isinstance(tensor, TensorBase):
        raise ArgumentTypeError(f"cannot assign '{type_name(tensor)}' object to buffer '{name}' "
                                f"({dtypes.dtype.prefix} Tensor or None required)")
    put(module, "buffer", name, tensor)
    if persistent:
        module._non_persistent_buffers_set.discard(name)
    else:
        module._non_persistent_buffers_set.add(name)


def register_module(module: Any, name: str, child: Any) -> None:
    """See `Module.add_module`."""
    if child is not None and not isinstance(child, ModuleBase):
        raise ArgumentTypeError(f"{type_name(child)} is not a Module subclass")
    check_name(module, "module", name)
    put(module, "module", name, child)


# ---------------------------------------------------------------- attributes
def is_member(attributes: dict[str, Any], name: str) -> bool:
    """Whether a module with these attributes has a parameter, buffer or child of that name."""
    return name in attributes and any(name in attributes.get(names, ()) for names in KINDS.values())


def ask_getattr(module: Any, name: str) -> Any:
    """`__getattribute__` of classes with a `__getattr__`: it is asked for members too, which PyTorch keeps out of `__dict__`."""
    if is_member(object.__getattribute__(module, "__dict__"), name):
        return type(module).__getattr__(module, name)
    return object.__getattribute__(module, name)


def set_member(module: Any, name: str, value: Any) -> bool:
    """`module.name = value`, if that concerns a member; False for an ordinary attribute."""
    attributes = module.__dict__
    if isinstance(value, Parameter):
        make_way(module, "parameter", name)
        register_parameter(module, name, value)
    elif name in attributes.get("_parameter_names", ()):
        if value is not None:
            raise ArgumentTypeError(f"cannot assign '{type_name(value)}' as parameter '{name}' ({dtypes.dtype.prefix}.nn.Parameter "
                                    "or None expected); write nn.Parameter(value), or copy into it under no_grad()")
        attributes[name] = None
    elif isinstance(value, ModuleBase):
        check_ready(module, "module")                # and no check of the name: it may be one of the class
        make_way(module, "module", name)
        put(module, "module", name, value)
    elif name in attributes.get("_module_names", ()):
        if value is not None:
            raise ArgumentTypeError(f"cannot assign '{type_name(value)}' as child module '{name}' "
                                    f"({dtypes.dtype.prefix}.nn.Module or None expected)")
        attributes[name] = None
    elif isinstance(value, Buffer):
        register_buffer(module, name, value, value.persistent)
    elif name in attributes.get("_buffer_names", ()):
        if value is not None and not isinstance(value, TensorBase):
            prefix = dtypes.dtype.prefix
            raise ArgumentTypeError(f"cannot assign '{type_name(value)}' as buffer '{name}' "
                                    f"({prefix}.nn.Buffer, {prefix}.Tensor or None expected)")
        attributes[name] = value
    else:
        return False
    return True


def make_way(module: Any, kind: str, name: str) -> None:
    """Drop what a name stood for before, unless it was a member of the same kind."""
    attributes = module.__dict__
    if name in attributes and name not in attributes.get(KINDS[kind], ()):
        delete_member(module, name)
        attributes.pop(name, None)


def delete_member(module: Any, name: str) -> bool:
    """`del module.name`, if it is a member."""
    attributes = module.__dict__
    for names in KINDS.values():
        if name in attributes.get(names, ()):
            del attributes[names][name], attributes[name]
            attributes["_non_persistent_buffers_set"].discard(name)
            if names == "_module_names":
                attributes["_paths"] = {}
            return True
    return False


def replace_all(members: Members, new: Mapping[str, Any]) -> None:
    """`module._modules = new`: these members and no others of the kind."""
    new = dict(new)
    members.clear()
    members.update(new)


# ---------------------------------------------------------------- paths
def get_submodule(module: Any, target: str) -> Any:
    """See `Module.get_submodule`."""
    for name in target.split(".") if target else ():
        if not hasattr(module, name):
            raise MemberError(f"{module._get_name()} has no attribute `{name}`")
        module = getattr(module, name)
        if not isinstance(module, ModuleBase):
            raise MemberError(f"`{name}` is not an nn.Module")
    return module


def set_submodule(module: Any, target: str, child: Any, strict: bool) -> None:
    """See `Module.set_submodule`."""
    path, _, name = target.rpartition(".")
    if not name:
        raise ArgumentError("Cannot set the submodule without a target name!")
    if not isinstance(child, ModuleBase):
        raise ArgumentTypeError(f"`module` is not an nn.Module, found {type_name(child)}")
    parent = get_submodule(module, path)
    if strict and not hasattr(parent, name):
        raise MemberError(f"{parent._get_name()} has no attribute `{name}`")
    if hasattr(parent, name) and not isinstance(getattr(parent, name), ModuleBase):
        raise MemberError(f"`{name}` is not an nn.Module")
    setattr(parent, name, child)


def get_parameter(module: Any, target: str) -> Any:
    """See `Module.get_parameter`."""
    path, _, name = target.rpartition(".")
    owner = get_submodule(module, path)
    if not hasattr(owner, name):
        raise MemberError(f"{owner._get_name()} has no attribute `{name}`")
    found = getattr(owner, name)
    if not isinstance(found, Parameter):
        raise MemberError(f"`{name}` is not an nn.Parameter")
    return found


def get_buffer(module: Any, target: str) -> Any:
    """See `Module.get_buffer`."""
    path, _, name = target.rpartition(".")
    owner = get_submodule(module, path)
    if not hasattr(owner, name):
        raise MemberError(f"{owner._get_name()} has no attribute `{name}`")
    if name not in owner._buffers:
        raise MemberError(f"`{name}` is not a buffer")
    return getattr(owner, name)
