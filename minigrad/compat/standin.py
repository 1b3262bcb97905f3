"""`as_torch`: from here on `import torch` means minigrad.

A finder at the head of `sys.meta_path` answers for `torch` and `torchvision` with alias modules. An alias holds the public names
of ours, for programs that walk through its `__dict__`, too; what our module loads late it gets when it is first asked for, and keeps.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any, ClassVar

from ..dtypes import dtype
from ..errors import LackedModuleError, LackedNameError
from ..version import VISION, __version__
from .namespace import FILES, OURS, TOPS, is_public, private, public_names, real_name
from .suggestion import lacked_attribute, lacked_import

SETTINGS = "torch.backends."                         # modules below it hold values that programs set
VERSIONS = {"torch": __version__, "torchvision": VISION}


class Finder:
    """Finds and loads alias modules; one finder, one set of them."""

    def __init__(self) -> None:
        self.aliases: dict[str, ModuleType] = {}
        self._hidden: dict[str, ModuleType] = {}

    def begin(self) -> None:
        """Go before all other finders, and put a real PyTorch out of reach."""
        self._hidden = _take_modules()
        sys.meta_path.insert(0, self)
        dtype.prefix = "torch"

    def end(self) -> None:
        """Leave everything as it was before."""
        sys.meta_path.remove(self)
        _take_modules()
        sys.modules.update(self._hidden)
        dtype.prefix = OURS

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """An alias for every name below `torch`: what we lack must not be found elsewhere."""
        if name.partition(".")[0] not in TOPS:
            return None
        if real_name(name) is None:
            raise LackedModuleError(lacked_import(name))
        return ModuleSpec(name, self, origin=OURS, is_package=True)  # type: ignore[arg-type]

    def find_distributions(self, context: Any = None) -> Iterator[Any]:
        """What `importlib.metadata` says of the packages that are stood in for: their versions. Others are found as ever."""
        from .metadata import StoodIn  # late: importlib.metadata takes its time
        name = getattr(context, "name", None)
        return (StoodIn(top, version) for top, version in VERSIONS.items() if name is None or name.lower() == top)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.alias(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do: an alias is complete when it is made."""

    def alias(self, name: str) -> ModuleType:
        """The module `torch.nn`, whose attributes are those of ours."""
        if name not in self.aliases:
            self.aliases[name] = self._made(name, import_module(real_name(name) or name))
        return self.aliases[name]

    def _made(self, name: str, real: ModuleType) -> ModuleType:
        if name.startswith(SETTINGS):
            return Mirror(name, real)
        alias = (Shared if any(hasattr(real, file) for file in FILES.get(name, ())) else ModuleType)(name, real.__doc__)
        kept = vars(alias)

        def look_up(attribute: str) -> Any:
            """Called for what is not kept yet."""
            if attribute == "__all__":
                return list(vars(real).get("__all__") or public_names(name))
            kept[attribute] = value = self._member(name, real, attribute)
            return value

        kept.update({key: value for key, value in vars(real).items() if is_public(key, value) and not isinstance(value, ModuleType)})
        kept.update(__path__=[], __getattr__=look_up, __dir__=lambda: sorted({*kept, *public_names(name)}))
        if "__file__" in vars(real):
            kept["__file__"] = real.__file__
        if name in VERSIONS:
            kept["__version__"] = VERSIONS[name]
        return alias

    def _member(self, name: str, real: ModuleType, attribute: str) -> Any:
        """What `torch.nn.Linear` is: of a module its alias, of anything else the thing itself."""
        value = getattr(real, attribute, _NOTHING)
        if not isinstance(value, ModuleType) and value is not _NOTHING and (
                attribute[0] == "_" or is_public(attribute, value) or attribute in vars(real).get("__all__", ())):
            return value
        submodule = f"{name}.{attribute}"
        if real_name(submodule) is None:
            if (value := private(name, attribute)) is not None:
                return value
            raise LackedNameError(lacked_attribute(name, attribute))
        return self.alias(submodule)


_NOTHING = object()


class Shared(ModuleType):
    """An alias with a function that has the name of a file: to have imported `torchvision.models.alexnet` does not hide it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and f"{self.__name__}.{name}" == value.__name__):
            super().__setattr__(name, value)


class Mirror(ModuleType):
    """An alias of a module whose attributes are settings: nothing is kept here, and what is set is set there."""

    def __init__(self, name: str, real: ModuleType) -> None:
        super().__init__(name, real.__doc__)
        vars(self).update(__path__=[], __file__=real.__file__, _real=real)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name, _NOTHING)
        if value is _NOTHING or isinstance(value, ModuleType):
            raise LackedNameError(lacked_attribute(self.__name__, name))
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") or isinstance(value, ModuleType):
            super().__setattr__(name, value)
        else:
            setattr(self._real, name, value)


def _take_modules() -> dict[str, ModuleType]:
    """Take all that is imported of `torch` and `torchvision` out of `sys.modules`."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in TOPS}


class StandIn:
    """What `as_torch` returns: a context manager whose end is the end of the pretence."""
    _finder: Finder | None = None                    # of all of them
    _users: ClassVar[set[StandIn]] = set()

    def __init__(self) -> None:
        if not StandIn._users:
            StandIn._finder = Finder()
            StandIn._finder.begin()
        StandIn._users.add(self)

    def __enter__(self) -> Any:
        return import_module("torch")

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        self.undo()

    def undo(self) -> None:
        """Let `import torch` mean again what it meant before, unless another call of `as_torch` still holds."""
        StandIn._users.discard(self)
        if not StandIn._users and StandIn._finder:
            StandIn._finder.end()
            StandIn._finder = None


def as_torch() -> StandIn:
    """Make `import torch` and `import torchvision`, with everything below them, mean minigrad in this process.

    An installed PyTorch is out of reach until the end; modules that have imported it already keep it. Names print as PyTorch's
    (`torch.float32`), and `torch.__version__` says which PyTorch is stood in for, with `+minigrad` behind.
    Call it once at the head of a program, or use it as a context manager, which undoes it:

    >>> import minigrad
    >>> with minigrad.as_torch():
    ...     import torch
    ...     print(torch.zeros(2).dtype)
    torch.float32
    >>> minigrad.zeros(2).dtype
    minigrad.float32

    A name that minigrad lacks raises AttributeError or ImportError with the nearest one that it has.
    """
    return StandIn()
