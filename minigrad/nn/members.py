"""The parameters, buffers and children of a module, each as a mapping from name to member.

Members live in the module's `__dict__` like any attribute, so that `self.weight` is a plain look-up (30 ns; through
`__getattr__` it would be 900). Beside them the module keeps, for each kind, only the names in order of registration, and a view for
programs that look into `module.__dict__["_parameters"]`.
"""
from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any
from weakref import ref

Names = dict[str, None]                              # an ordered set


class Keys(KeysView[str]):
    """Names of members, in either direction."""
    _mapping: Members

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._mapping)


class Values(ValuesView[Any]):
    """Members, in either direction."""
    _mapping: Members

    def __reversed__(self) -> Iterator[Any]:
        return (self._mapping[name] for name in reversed(self._mapping))


class Items(ItemsView[str, Any]):
    """Names with members, in either direction."""
    _mapping: Members

    def __reversed__(self) -> Iterator[tuple[str, Any]]:
        return ((name, self._mapping[name]) for name in reversed(self._mapping))


class Members(MutableMapping[str, Any]):
    """A live view of one kind of member: what is written here is written into the module."""
    __slots__ = ("_attributes", "_names")

    def __init__(self, attributes: dict[str, Any], names: Names) -> None:
        self._attributes, self._names = attributes, names

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._attributes[name]

    def __setitem__(self, name: str, member: Any) -> None:
        self._attributes[name] = member
        self._names[name] = None

    def __delitem__(self, name: str) -> None:
        del self._names[name]
        self._attributes.pop(name, None)             # gone already where a program deletes from `__dict__` first

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def keys(self) -> Keys:
        return Keys(self)

    def values(self) -> Values:
        return Values(self)

    def items(self) -> Items:
        return Items(self)

    def popitem(self) -> tuple[str, Any]:
        """Take the last entry out."""
        for name in reversed(self._names):
            return name, self.pop(name)
        raise KeyError("popitem(): dictionary is empty")

    def copy(self) -> dict[str, Any]:
        """A plain dictionary with the same entries."""
        return dict(self)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self} if isinstance(other, Mapping) else NotImplemented

    def __ior__(self, other: Any) -> Members:        # type: ignore[misc]
        self.update(other)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy or a pickle is a plain dictionary: it belongs to no module."""
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return repr(dict(self))


class OwnMembers(Members):
    """The same view as it lies in the module's own `__dict__`: it holds the module weakly, so that modules die by reference counting."""
    __slots__ = ("_module",)

    def __init__(self, module: ModuleBase, names: Names) -> None:
        self._module, self._names = ref(module), names

    @property
    def _attributes(self) -> dict[str, Any]:         # type: ignore[override]
        module = self._module()
        return {} if module is None else module.__dict__


def views(module: ModuleBase) -> dict[str, OwnMembers]:
    """The entries of a module's `__dict__` under which PyTorch has its members."""
    return {"_parameters": OwnMembers(module, module._parameter_names), "_buffers": OwnMembers(module, module._buffer_names),
            "_modules": OwnMembers(module, module._module_names)}


class ModuleBase:
    """What modules are recognised by, below the class Module itself; and the attributes that keep track of members."""
    training: bool
    _parameter_names: Names
    _buffer_names: Names
    _module_names: Names
    _non_persistent_buffers_set: set[str]
    _attention: bool                                 # not called yet, or has hooks: a call takes the longer way
    _hook_options: dict[int, dict[str, Any]]
    _paths: dict[int, str | None]                    # id of a module below -> its path from here; filled as calls come by
