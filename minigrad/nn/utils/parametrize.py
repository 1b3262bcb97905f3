"""Parameters computed from others: `register_parametrization(layer, "weight", module)` makes `layer.weight` be `module(original)`.

What is trained and saved is the original, under `layer.parametrizations.weight`. The layer gets a class of its own with a property for
each such tensor, so reading `layer.weight` computes it, and writing goes through the inverse of the parametrization.
"""
from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..._tensor import Tensor
from ...engine.mode import no_grad
from ...engine.node import TensorBase
from ...errors import ArgumentError, ArgumentTypeError, RefusedArgumentError, UnsupportedError, describe
from .. import registration
from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

_cache: dict[tuple[int, str], Any] = {}
_cached = 0                                          # how many `cached()` blocks are open


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once, and then kept."""
    global _cached
    _cached += 1
    try:
        yield
    finally:
        _cached -= 1
        if not _cached:
            _cache.clear()


# ---------------------------------------------------------------- the chain behind one tensor
class ParametrizationList(ModuleList):
    """The modules that a tensor goes through, and the original, or the originals (original0, original1, ...), that it is made of."""

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ArgumentError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            start = self._inverted(original)
        self.is_tensor = isinstance(start, TensorBase)
        if self.is_tensor:
            if start.dtype != dtype:
                raise ArgumentError(f"When `right_inverse` outputs one tensor, it may not change the dtype.\noriginal.dtype: {dtype}\n"
                                    f"right_inverse(original).dtype: {start.dtype}")
            if start is not original:
                original.data = start
            self._keep("original", original, original)
        else:
            if not isinstance(start, Sequence) or not all(isinstance(t, TensorBase) for t in start):
                raise ArgumentError("'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                                    f"Got {type(start).__name__}")
            self.ntensors = len(start)
            for i, t in enumerate(start):
                self._keep(f"original{i}", t, original)
        if not unsafe:
            made = self()
            if not isinstance(made, TensorBase):
                raise ArgumentError(f"A parametrization must return a tensor. Got {type(made).__name__}.")
            check_unchanged(made, shape, dtype)      # type: ignore[arg-type]

    def _keep(self, name: str, value: Any, original: Any) -> None:
        """An original: a parameter if the tensor was one, else a buffer."""
        if not isinstance(original, Parameter):
            self.register_buffer(name, value)
        elif isinstance(value, Parameter):
            self.register_parameter(name, value)
        else:
            self.register_parameter(name, Parameter(value, requires_grad=original.requires_grad))

    def _inverted(self, value: Any) -> Any:
        """What the chain makes `value` of, as far as its modules say."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                return value
            try:
                value = module.right_inverse(value)
            except NotImplementedError:
                return value
        return value

    def originals(self) -> list[Any]:
        """The tensors that the chain begins with."""
        return [self.original] if self.is_tensor else [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the chain makes `value` of them."""
        with no_grad():
            start: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RefusedArgumentError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                start = module.right_inverse(start)
            given = [start] if self.is_tensor else list(start)
            kept = self.originals()
            if len(given) != len(kept):
                raise ArgumentError(f"right_inverse must return a sequence of tensors of length {len(kept)}; got {len(given)}")
            for t, old in zip(given, kept):
                if t.dtype != old.dtype:
                    raise ArgumentError(f"The tensor returned by right_inverse has dtype {t.dtype} while the original has dtype "
                                        f"{old.dtype}")
                old.data = t.clone() if t is value else t

    def forward(self) -> Tensor:
        first, *rest = list(self)
        x = first(*self.originals())
        for module in rest:
            x = module(x)
        return x


def check_unchanged(made: Tensor, shape: Any, dtype: Any) -> None:
    """Raise unless a parametrization has kept dtype and shape."""
    if made.dtype != dtype:
        raise ArgumentError("Registering a parametrization may not change the dtype of the tensor, unless the `unsafe` flag is enabled.\n"
                            f"original dtype: {dtype}, after the parametrization: {made.dtype}")
    if tuple(made.shape) != tuple(shape):
        raise ArgumentError("Registering a parametrization may not change the shape of the tensor, unless the `unsafe` flag is enabled.\n"
                            f"original shape: {tuple(shape)}, after the parametrization: {tuple(made.shape)}")


# ---------------------------------------------------------------- the class with properties
def parametrized_class(cls: type) -> type:
    """A class under `cls` for one module."""
    def deep_copied(self: Any, memo: dict[int, Any]) -> Any:
        own = type(self)
        twin: Any = object.__new__(type(own.__name__, own.__bases__, dict(vars(own))))       # properties of its own, too
        memo[id(self)] = twin
        registration.begin(twin, copy.deepcopy(registration.state_of(self), memo))
        return twin

    def refused(self: Any) -> Any:
        raise UnsupportedError("parametrize: serialization of parametrized modules is only supported through state_dict()")
    return type(f"Parametrized{cls.__name__}", (cls,), {"__deepcopy__": deep_copied, "__getstate__": refused, "__module__": __name__})


def tensor_property(name: str) -> Any:
    """Reading computes the tensor; writing sets the originals."""
    def read(self: Any) -> Any:
        chain = self.parametrizations[name]
        if not _cached:
            return chain()
        key = id(self), name
        if key not in _cache:
            _cache[key] = chain()
        return _cache[key]

    def write(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)
    return property(read, write)


# ---------------------------------------------------------------- what users call
def register_parametrization(module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Module:
    """Let a parameter or buffer be computed by a module from an original; several for one tensor make a chain.

    A parametrization may have `right_inverse(value)`, which says what original gives a value: it is used now for the tensor as it is, and
    when the tensor is assigned; it may return several originals, which `forward` then takes. unsafe: dtype and shape may change.
    Raises ValueError (ArgumentError) where they do without it, or where there is no such tensor.

    >>> import minigrad
    >>> class Positive(minigrad.nn.Module):
    ...     def forward(self, x):
    ...         return x.exp()
    >>> layer = register_parametrization(minigrad.nn.Linear(2, 1), "weight", Positive())
    >>> bool((layer.weight > 0).all())
    True
    """
    parametrization.train(module.training)
    owner: Any = module
    if is_parametrized(module, tensor_name):
        chain = owner.parametrizations[tensor_name]
        if not unsafe:
            before = getattr(module, tensor_name)
            after = parametrization(before)
            if not isinstance(after, TensorBase):
                raise ArgumentError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
            check_unchanged(after, before.shape, before.dtype)       # type: ignore[arg-type]
        chain.append(parametrization)
        chain.unsafe = chain.unsafe or unsafe
    elif tensor_name in module._parameters or tensor_name in module._buffers:
        chain = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            object.__setattr__(module, "__class__", parametrized_class(type(module)))
            owner.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, tensor_property(tensor_name))
        owner.parametrizations[tensor_name] = chain
    else:
        raise ArgumentError(f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'")
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """True if a tensor of a module, or any, is parametrized."""
    chains = module.__dict__.get("parametrizations")
    if not isinstance(chains, ModuleDict):
        return False
    return len(chains) > 0 if tensor_name is None else tensor_name in chains


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a tensor an ordinary one again: with the value it has now, or with that of the original.

    Raises ValueError (ArgumentError) where it is not parametrized, or where several originals leave no choice.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"Module {module} does not have a parametrization on {tensor_name}")
    owner: Any = module
    chain = owner.parametrizations[tensor_name]
    originals = chain.originals()
    if not leave_parametrized and len(originals) > 1:
        raise ArgumentError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
                            "sequence of tensors.")
    kept = originals[0] if chain.is_tensor else None
    if leave_parametrized:
        with no_grad():
            value = getattr(module, tensor_name)
        value = value.clone() if any(value is o for o in originals) else value
        if kept is None:
            trained = any(o.requires_grad for o in originals)
            kept = Parameter(value, requires_grad=trained) if isinstance(originals[0], Parameter) else value
        else:
            kept.data = value
    delattr(type(module), tensor_name)
    del owner.parametrizations[tensor_name]
    if not len(owner.parametrizations):
        del owner.parametrizations
        object.__setattr__(module, "__class__", type(module).__bases__[0])
    if isinstance(kept, Parameter):
        module.register_parameter(tensor_name, kept)
    else:
        module.register_buffer(tensor_name, kept)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: Module, tensor_name: str | None = None) -> Module:
    """Give a module the parametrizations of another, and their originals; of one tensor or of all."""
    if not is_parametrized(from_module):
        return to_module
    if tensor_name is not None and not is_parametrized(from_module, tensor_name):
        raise ArgumentError(f"transfer_parametrizations_and_params: {tensor_name} is not parametrized; got {describe(tensor_name)}")
    source: Any = from_module
    target: Any = to_module
    for name in [tensor_name] if tensor_name is not None else list(source.parametrizations):
        chain = source.parametrizations[name]
        if not hasattr(target, name):
            setattr(target, name, Parameter(getattr(source, name).detach().clone()))
        for p in chain:
            register_parametrization(target, name, p, unsafe=chain.unsafe)
        for i, original in enumerate(chain.originals()):
            mine = target.parametrizations[name].originals()[i]
            if not isinstance(mine, TensorBase):
                raise ArgumentTypeError(f"transfer_parametrizations_and_params: {name} has no original {i}")
            mine.data = original.detach().clone()    # type: ignore[attr-defined]
    return to_module
