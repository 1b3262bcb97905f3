"""Modules that hold parameters: in a list or a dictionary."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping
from typing import Any, Self

from ..engine.node import TensorBase
from ..errors import ArgumentTypeError, GraphError
from .container import pairs, position
from .module import Module
from .parameter import Parameter


def as_parameter(value: Any) -> Any:
    """A plain tensor as a parameter; anything else as it is."""
    return Parameter(value) if isinstance(value, TensorBase) and not isinstance(value, Parameter) else value    # type: ignore[arg-type]


def described(key: Any, value: Any, dtype_of: Any) -> str:
    """One line of a repr."""
    if not isinstance(value, TensorBase):
        return f"  ({key}): Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join([str(n) for n in value.array.shape])
    where = f" ({value.device})" if value.device.type != "cpu" else ""    # type: ignore[attr-defined]
    return f"  ({key}): {kind} containing: [{dtype_of(value)} of size {size}{where}]"


class ParameterList(Module):
    """A list whose parameters are members of the model. Tensors in it become parameters; other objects stay what they are.

    >>> import minigrad
    >>> from minigrad import nn
    >>> len(list(nn.ParameterList([minigrad.ones(2), minigrad.ones(3)]).parameters()))
    2
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self += values

    def __getitem__(self, i: int | slice) -> Any:
        if isinstance(i, slice):
            return type(self)([self[j] for j in range(*i.indices(len(self)))])
        return getattr(self, str(position(i, len(self))))

    def __setitem__(self, i: int, value: Any) -> None:
        setattr(self, str(position(i, len(self))), as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add a value at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add values at the end."""
        if not isinstance(values, Iterable) or isinstance(values, TensorBase):
            raise ArgumentTypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join([described(i, value, lambda t: t.dtype) for i, value in enumerate(self)])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise GraphError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dictionary whose parameters are members of the model. Tensors in it become parameters; other objects stay what they are."""

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._checked(key))

    def __setitem__(self, key: str, value: Any) -> None:
        attribute = self._checked(key)
        self._keys[key] = None
        setattr(self, attribute, as_parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    @staticmethod
    def _checked(key: Any) -> str:
        if not isinstance(key, str):
            raise ArgumentTypeError("Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                                    f"'{type(key).__name__}').")
        return key

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def keys(self) -> KeysView[str]:
        """The keys, in order of insertion."""
        return self._keys.keys()

    def values(self) -> Iterator[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def items(self) -> ItemsView[str, Any]:
        """Pairs of key and value."""
        return {key: self[key] for key in self._keys}.items()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or a default."""
        return self[key] if key in self else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is set to a default first if it is new."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Take a value out and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the last pair out and return it."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take all values out."""
        for key in list(self._keys):
            del self[key]

    def copy(self) -> ParameterDict:
        """A new dictionary of the same parameters."""
        return ParameterDict(self)

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dictionary with one value for all keys."""
        return ParameterDict(dict.fromkeys(keys, default))

    def update(self, parameters: Any) -> None:
        """Add values from a mapping (a plain one in sorted order), or from pairs of key and value."""
        found = pairs(parameters, "ParameterDict")
        for key, value in found if not isinstance(parameters, Mapping) or isinstance(parameters, OrderedDict) else sorted(found):
            self[key] = value

    def __or__(self, other: Any) -> ParameterDict:
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self, other: Any) -> Any:
        made = other.copy()
        made.update(self)
        return made

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return "\n".join([described(key, value, lambda t: t.type()) for key, value in self.items()])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise GraphError("ParameterDict should not be called.")
