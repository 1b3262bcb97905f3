"""Module, the base of all layers and models: what it is made of, and what happens when it is called."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from sys import _getframe
from typing import Any, Self
from weakref import ref

from .. import dtypes
from .._tensor import Tensor
from ..engine.hooks import RemovableHandle
from ..engine.mode import Scope, local
from ..engine.node import new
from ..errors import ArgumentError, ArgumentTypeError, MemberError, MinigradError, MissingForwardError
from . import conversion, hooks, place, registration, state, traversal
from .members import Members, ModuleBase
from .parameter import Parameter

Pairs = Iterator[tuple[str, Any]]


def _no_forward(self: Module, *input: Any) -> None:
    raise MissingForwardError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(ModuleBase):
    """Base of all layers and models. Derive from it, make members in `__init__`, compute in `forward`.

    Tensors assigned as `Parameter`, and modules, become members: they are found by `parameters()`, moved by `to()`,
    saved by `state_dict()`.

    >>> import minigrad
    >>> from minigrad import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(2, 1)
    ...     def forward(self, x):
    ...         return self.fc(x)
    >>> Net()(minigrad.ones(3, 2)).shape
    minigrad.Size([3, 1])
    """
    dump_patches = False
    call_super_init = False                          # True: a class with several bases passes its arguments on
    _version = 1                                     # of the layout of its state_dict

    forward: Callable[..., Any] = _no_forward

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            name = f"{type(self).__name__}.__init__()"
            raise ArgumentTypeError(f"{name} got an unexpected keyword argument '{next(iter(kwargs))}'" if kwargs else
                                    f"{name} takes 1 positional argument but {len(args) + 1} were given")
        registration.begin(self)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # ------------------------------------------------------------ a call
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        mode = local.mode
        outer, caller = mode.scope, mode.module
        if caller is None or outer is None:
            path = ""
        else:
            path = caller.__dict__["_paths"].get(id(self))
            if path is None:
                path = place.path_from(caller, self)
            if outer.path:
                path = f"{outer.path}.{path}" if path else outer.path
        frame = _getframe(1)
        mode.module = self
        mode.scope = scope = new(Scope)              # attribute by attribute: half the cost of a call of the class
        scope.path, scope.cls, scope.module = path, type(self), ref(self)
        scope.parent, scope.code, scope.lasti = outer, frame.f_code, frame.f_lasti
        try:
            if self.__dict__["_attention"] or hooks.everywhere:
                return place.attend(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except MinigradError as error:
            place.add(error, scope)
            raise
        finally:
            mode.scope, mode.module = outer, caller

    # ------------------------------------------------------------ attributes
    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__getattr__" in vars(cls) and cls.__getattribute__ is object.__getattribute__:
            cls.__getattribute__ = registration.ask_getattr  # type: ignore[method-assign]

    @property
    def _parameters(self) -> Members:
        return Members(self.__dict__, self._parameter_names)

    @_parameters.setter
    def _parameters(self, members: Mapping[str, Any]) -> None:
        registration.replace_all(self._parameters, members)

    @property
    def _buffers(self) -> Members:
        return Members(self.__dict__, self._buffer_names)

    @_buffers.setter
    def _buffers(self, members: Mapping[str, Any]) -> None:
        registration.replace_all(self._buffers, members)

    @property
    def _modules(self) -> Members:
        return Members(self.__dict__, self._module_names)

    @_modules.setter
    def _modules(self, members: Mapping[str, Any]) -> None:
        registration.replace_all(self._modules, members)

    def __setattr__(self, name: str, value: Any) -> None:
        if not registration.set_member(self, name, value):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Reached for what does not exist; subclasses with a `__getattr__` of their own get all their members from here."""
        if registration.is_member(self.__dict__, name):
            return self.__dict__[name]
        message = f"'{type(self).__name__}' object has no attribute '{name}'"
        if "_parameter_names" not in self.__dict__:
            message += "; call super().__init__() first in its __init__"
        raise MemberError(message, name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        if not registration.delete_member(self, name):
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        return sorted(name for name in names if not name[0].isdigit())

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; None reserves the name."""
        registration.register_parameter(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but not trained; persistent: part of the state_dict."""
        registration.register_buffer(self, name, tensor, persistent)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child under a name."""
        registration.register_module(self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Another name of `add_module`."""
        registration.register_module(self, name, module)

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as "features.0"; "" is the module itself. Raises AttributeError."""
        return registration.get_submodule(self, target)

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a path; strict: only where there is one already."""
        registration.set_submodule(self, target, module, strict)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "features.0.weight". Raises AttributeError."""
        return registration.get_parameter(self, target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as "norm.running_mean". Raises AttributeError."""
        return registration.get_buffer(self, target)

    # ------------------------------------------------------------ everything below
    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once; recurse: also those of the modules below."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths; remove_duplicate: each once, under its first path."""
        return traversal.named_members(self, lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths."""
        return traversal.named_members(self, lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def children(self) -> Iterator[Module]:
        """The modules directly below, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below with their names."""
        return traversal.named_children(self)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below, each once."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(self, memo: set[Module] | None = None, prefix: str = "",
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all below, with their paths; its own is ""."""
        return traversal.named_modules(self, set() if memo is None else memo, prefix, remove_duplicate)

    def _named_members(self, get_members_fn: Callable[[Module], Any], prefix: str = "", recurse: bool = True,
                       remove_duplicate: bool = True) -> Pairs:
        return traversal.named_members(self, get_members_fn, prefix, recurse, remove_duplicate)

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Call `fn` on every module below, children first, then on this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Training mode (or, with False, evaluation mode) for this module and all below."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"training mode is expected to be boolean; got {mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Evaluation mode: dropout passes everything, batch normalisation uses its running statistics."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters collect gradients, or none."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zeros."""
        traversal.zero_grad(self.parameters(), set_to_none)

    # ------------------------------------------------------------ dtype and device, in place on the same Parameters
    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        conversion.convert(self, fn, recurse)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move and cast parameters and buffers: to(device), to(dtype), to(device, dtype), to(tensor).

        Only floating-point and complex members are cast; dtype must be such a one.
        """
        return self._apply(conversion.converter(*args, **kwargs))

    def type(self, dst_type: Any) -> Self:
        """Cast all parameters and buffers, integers too."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Floating-point members to float32."""
        return self._apply(conversion.floating(dtypes.float32))

    def double(self) -> Self:
        """Floating-point members to float64."""
        return self._apply(conversion.floating(dtypes.float64))

    def half(self) -> Self:
        """Floating-point members to float16."""
        return self._apply(conversion.floating(dtypes.float16))

    def bfloat16(self) -> Self:
        """Raises UnsupportedError: there is no bfloat16."""
        return self._apply(conversion.floating(dtypes.by_name("bfloat16")))

    def cpu(self) -> Self:
        """All members to the computer's own memory."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:
        """All members to a CUDA device."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Members of the same shapes on a device, with memory that is yet to be filled."""
        return self._apply(conversion.emptier(device), recurse)

    def share_memory(self) -> Self:
        """Raises UnsupportedError: tensors live in the memory of one process."""
        return self._apply(lambda t: t.share_memory_())

    # ------------------------------------------------------------ saving and loading
    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by path, detached unless keep_vars; the memory is shared."""
        return state.state_dict(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> state.IncompatibleKeys:
        """Copy values in by path; says which keys were missing and which unexpected.

        strict: those are an error. assign: take the tensors themselves, with their dtype and device.
        Raises StateDictError (a RuntimeError) with everything that did not fit.
        """
        return state.load_state_dict(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        state.save(self, destination, prefix, keep_vars)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool, missing_keys: list[str],
                              unexpected_keys: list[str], error_msgs: list[str]) -> None:
        state.load(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)

    def get_extra_state(self) -> Any:
        """Override together with `set_extra_state` to keep more than tensors in the state_dict."""
        raise MissingForwardError(f"{type(self).__name__}: reached get_extra_state of Module; override it to have extra state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned."""
        raise MissingForwardError(f"{type(self).__name__}: reached set_extra_state of Module; override it to load extra state")

    def __getstate__(self) -> dict[str, Any]:
        return registration.state_of(self)

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        registration.begin(self, attributes)

    # ------------------------------------------------------------ hooks
    def register_forward_pre_hook(self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call hook(module, args) before forward; what it returns takes the place of args.

        with_kwargs: hook(module, args, kwargs) -> None or (args, kwargs).
        """
        return hooks.register(self, "_forward_pre_hooks", hook, prepend, with_kwargs=with_kwargs)

    def register_forward_hook(self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False,
                              always_call: bool = False) -> RemovableHandle:
        """Call hook(module, args, output) after forward; what it returns takes the place of the output.

        with_kwargs: hook(module, args, kwargs, output). always_call: also after an exception, with output None.
        """
        return hooks.register(self, "_forward_hooks", hook, prepend, with_kwargs=with_kwargs, always_call=always_call)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_output) before the module's backward; what it returns takes the place of grad_output."""
        return hooks.register(self, "_backward_pre_hooks", hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) after the module's backward; what it returns takes the place of grad_input."""
        return hooks.register(self, "_backward_hooks", hook, prepend)

    register_backward_hook = register_full_backward_hook

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(module, prefix, keep_vars) before the module is saved."""
        return hooks.register(self, "_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata) after the module is saved; it may change state_dict."""
        return hooks.register(self, "_state_dict_hooks", hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs) before loading."""
        return hooks.register(self, "_load_state_dict_pre_hooks", hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., Any], with_module: bool = False) -> RemovableHandle:
        return hooks.register(self, "_load_state_dict_pre_hooks", hook, with_module=with_module)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(module, incompatible_keys) after loading; it may change the two lists in place."""
        return hooks.register(self, "_load_state_dict_post_hooks", hook)

    # ------------------------------------------------------------ printing
    def _get_name(self) -> str:
        return self.__class__.__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of its repr."""
        return ""

    def __repr__(self) -> str:
        return traversal.module_repr(self)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Accepted and ignored: there is nothing to compile here."""
