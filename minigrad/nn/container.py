"""Modules that hold modules: in a chain, a list or a dictionary."""
from __future__ import annotations

import warnings
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from operator import index
from typing import Any, Self

from ..engine.mode import fuses, local
from ..errors import ArgumentError, ArgumentTypeError, AssertedArgumentError, OutOfRangeError, describe
from ..ops.conv import RELU
from . import hooks
from .activation import ReLU
from .conv import Conv2d
from .module import Module
from .traversal import framed, indented


def position(i: Any, n: int) -> int:
    """A list index counted from the front."""
    at: int = index(i)
    if not -n <= at < n:
        raise OutOfRangeError(f"index {at} is out of range; there are {n}")
    return at % n


class _Indexed(Module):
    """What Sequential and ModuleList share: children in order."""

    def _name(self, i: Any) -> str:
        return list(self._module_names)[position(i, len(self))]

    def _set_all(self, modules: Iterable[Module | None]) -> None:
        """These children, numbered from 0."""
        self._modules = {str(i): module for i, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._module_names)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __delitem__(self, i: int | slice) -> None:
        modules = list(self)
        del modules[i if isinstance(i, slice) else position(i, len(modules))]
        self._set_all(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, i: int, module: Module) -> Any:
        """Put a module in front of the one at position i."""
        modules = list(self)
        modules.insert(i, module)
        self._set_all(modules)
        return self

    def pop(self, i: int | slice) -> Any:
        """Take a module out and return it."""
        module = self[i]                             # type: ignore[index]
        del self[i]
        return module


class Sequential(_Indexed):
    """Modules in a chain: each gets what the one before it returned.

    Takes modules, or one OrderedDict of name to module.

    >>> import minigrad
    >>> from minigrad import nn
    >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], dict) else {str(i): module for i, module in enumerate(args)}
        for name, module in named.items():
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        attributes, mode = self.__dict__, local.mode
        modules = [attributes[name] for name in self._module_names]
        try:
            for module, following in zip(modules, [*modules[1:], None]):
                if type(module) is Conv2d and type(following) is ReLU and (mode.watch is None or fuses(mode.watch)):
                    # Where nobody sees what lies between, one kernel does both; the graph is the same.
                    if not (module._attention or following._attention or hooks.everywhere):
                        mode.epilogue = RELU
                input = module(input)
        finally:
            mode.epilogue = None
        return input

    def __getitem__(self, i: int | slice) -> Any:
        if isinstance(i, slice):
            return type(self)(dict(list(self._modules.items())[i]))
        return self.__dict__[self._name(i)]

    def __setitem__(self, i: int, module: Module) -> None:
        setattr(self, self._name(i), module)

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ArgumentError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise ArgumentError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(list(other))

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*list(self) * self._checked(times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self) * (self._checked(times) - 1))

    def _checked(self, times: Any) -> int:
        if not isinstance(times, int):
            raise ArgumentTypeError(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ArgumentError(f"Non-positive multiplication factor {times} for {type(self)}")
        return times

    def insert(self, i: int, module: Module) -> Self:
        """Put a module in front of the one at position i; raises IndexError outside -len ... len."""
        if not isinstance(module, Module):
            raise AssertedArgumentError(f"module should be of type: {Module}; got {describe(module)}")
        if not -len(self) <= i <= len(self):
            raise OutOfRangeError(f"Index out of range: {i}")
        return super().insert(i, module)

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in list(sequential):
            self.append(module)
        return self


class ModuleList(_Indexed):
    """A list whose modules are members of the model; it has no forward of its own."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self += modules

    def __getitem__(self, i: int | slice) -> Any:
        if isinstance(i, slice):
            return type(self)(list(self)[i])
        return self.__dict__[self._name(i)]

    def __setitem__(self, i: int, module: Module) -> None:
        setattr(self, self._name(i), module)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *list(other)])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def insert(self, i: int, module: Module) -> None:
        """Put a module in front of the one at position i."""
        super().insert(i, module)

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise ArgumentTypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def __repr__(self) -> str:
        """Equal neighbours share a line: `(0-2): 3 x Linear(...)`."""
        runs: list[list[Any]] = []                   # [first, last, repr]
        for i, text in enumerate([repr(module) for module in self]):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        lines = [f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}" for a, b, text in runs]
        return framed(self._get_name(), [], [indented(line) for line in lines])


class ModuleDict(Module):
    """A dictionary whose modules are members of the model; it has no forward of its own."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._module_names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._module_names)

    def __contains__(self, key: str) -> bool:
        return key in self._module_names

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take a module out and return it."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> KeysView[str]:
        """The keys, in order of insertion."""
        return self._modules.copy().keys()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of key and module."""
        return self._modules.copy().items()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.copy().values()

    def update(self, modules: Any) -> None:
        """Add modules from a mapping, or from pairs of key and module."""
        for key, module in pairs(modules, "ModuleDict"):
            self[key] = module


class Container(Module):
    """Deprecated: a module with these children and no forward. Derive from Module instead."""

    def __init__(self, **kwargs: Module) -> None:
        warnings.warn("`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that instead.",
                      FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


def pairs(source: Any, what: str) -> list[tuple[str, Any]]:
    """The pairs of a mapping or of a sequence of pairs, or the error that says which element is none."""
    if not isinstance(source, Iterable):
        raise ArgumentTypeError(f"{what}.update should be called with an iterable of key/value pairs, but got {type(source).__name__}")
    if hasattr(source, "items"):
        return list(source.items())
    found = []
    for j, pair in enumerate(source):
        if not isinstance(pair, Iterable):
            raise ArgumentTypeError(f"{what} update sequence element #{j} should be Iterable; is {type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ArgumentError(f"{what} update sequence element #{j} has length {len(pair)}; 2 is required")
        found.append(pair)
    return found
