"""What the command line names: a model in a module or a file, a tensor by its shape."""
from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from .. import dtypes
from .._tensor import Tensor
from ..creation import zeros
from ..errors import ArgumentError, ArgumentTypeError, MinigradError, describe
from ..nn import Module
from ..random import randn


def model_at(place: str) -> Module:
    """The model at `package.module:Name` or `path/file.py:Name`. Name is a module, or a class or function that makes one without arguments.

    Raises ArgumentError where there is none.
    """
    where, _, name = place.partition(":")
    found: Any = load(where)
    for part in name.split("."):
        if not hasattr(found, part):
            raise ArgumentError(f"{place}: {where} has no {name!r}; it has {', '.join(models_in(found)) or 'no models'}")
        found = getattr(found, part)
    if not isinstance(found, Module) and callable(found):
        try:
            found = found()
        except MinigradError:
            raise
        except TypeError as error:
            raise ArgumentTypeError(f"{place}: could not be made without arguments: {error}; name a function that makes it") from error
    if not isinstance(found, Module):
        raise ArgumentTypeError(f"{place}: is no nn.Module, and made none; got {describe(found)}")
    return found


def load(where: str) -> Any:
    """A module by its name, or the module that a file makes."""
    try:
        if not where.endswith(".py"):
            return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{where}.".startswith(f"{error.name}."):
            raise                                    # something that the module itself imports
        raise ArgumentError(f"{where}: no such module; name one that Python can import from here, or a file: path/file.py:Name") from None
    path = Path(where)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ArgumentError(f"{where}: no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module                  # where pickles and dataclasses look for it
    sys.path.insert(0, str(path.resolve().parent))   # its neighbours, as when it is run as a script
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def models_in(module: Any) -> list[str]:
    """Names in a module that are models or classes of models."""
    return [name for name, value in vars(module).items() if isinstance(value, Module)
            or isinstance(value, type) and issubclass(value, Module) and value.__module__ == getattr(module, "__name__", "")]


def tensor_of_shape(text: str) -> Tensor | None:
    """A tensor for `1,1,28,28` (normally distributed) or `1,16:int64` (zeros); None for a text that is no shape."""
    shape, _, name = text.partition(":")
    try:
        sizes = tuple(int(n) for n in shape.split(",") if n.strip())
        dtype = dtypes.by_name(name or "float32")
    except (ValueError, TypeError, NotImplementedError):
        return None
    if not shape.strip() or any(n < 0 for n in sizes):
        return None
    return randn(*sizes, dtype=dtype) if dtype.is_floating_point else zeros(*sizes, dtype=dtype)
