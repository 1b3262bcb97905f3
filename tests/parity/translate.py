"""From PyTorch to minigrad: values, and functions that the database wrote in terms of `torch`."""
from __future__ import annotations

import dataclasses
import functools
import types
from typing import Any

import numpy as np
import torch

import minigrad as mg

FOREIGN = "torch.testing._internal"                  # where functions live that call PyTorch, and are to call us
ROOTS = {"torch": torch, "torch.nn.functional": torch.nn.functional, "torch.linalg": torch.linalg, "torch.special": torch.special,
         "torch.fft": torch.fft, "torch.Tensor": torch.Tensor}


class Untranslatable(Exception):
    """Something that minigrad has no counterpart of."""


# ---------------------------------------------------------------- values
@dataclasses.dataclass(frozen=True)
class Recipe:
    """A layer, or anything else of `torch.nn`, that is yet to be made: by PyTorch and by us, of the same arguments."""
    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)


def recipe(name: str, *args: Any, **kwargs: Any) -> Recipe:
    return Recipe(name, args, kwargs)


class Values:
    """Translates one sample. A tensor that occurs twice is one tensor on the other side, too.

    shared: tensors that overlap in memory do so on our side, too; PyTorch gets the sample itself.
    """

    def __init__(self, requires_grad: bool = False, shared: bool = False) -> None:
        self.requires_grad, self.shared = requires_grad, shared
        self.known: dict[int, tuple[Any, Any, Any]] = {}
        self.memory: dict[int, np.ndarray] = {}      # copies of storages, by address
        self.leaves: list[tuple[Any, Any]] = []      # (PyTorch's, ours), of the tensors that require grad

    def pair(self, value: Any) -> tuple[Any, Any]:
        """A value as PyTorch gets it and as we get it; tensors are fresh leaves."""
        if isinstance(value, torch.Tensor):
            return self._tensors(value)
        if isinstance(value, torch.Size):
            return value, mg.Size(value)
        if isinstance(value, Recipe):
            args, kwargs = self.pair(value.args), self.pair(value.kwargs)
            makers = getattr(torch.nn, value.name), look_up(f"torch.nn.{value.name}")
            return makers[0](*args[0], **kwargs[0]), makers[1](*args[1], **kwargs[1])
        if isinstance(value, slice):
            parts = [self.pair(v) for v in (value.start, value.stop, value.step)]
            return slice(*[p[0] for p in parts]), slice(*[p[1] for p in parts])
        if isinstance(value, (list, tuple)):
            parts = [self.pair(v) for v in value]
            kind = type(value) if type(value) in (list, tuple) else tuple
            return kind([p[0] for p in parts]), kind([p[1] for p in parts])
        if isinstance(value, dict):
            both = {k: self.pair(v) for k, v in value.items()}
            kind = type(value)
            return kind({k: v[0] for k, v in both.items()}), kind({k: v[1] for k, v in both.items()})
        return value, constant(value)

    def _tensors(self, value: Any) -> tuple[Any, Any]:
        if id(value) not in self.known:
            theirs = value if self.shared else value.detach().clone()
            ours = mg.from_numpy(self._overlapping(value) if self.shared else array_of(theirs).copy(order="K"))
            if self.requires_grad and value.requires_grad:
                theirs.requires_grad_()
                ours.requires_grad_()
                self.leaves.append((theirs, ours))
            self.known[id(value)] = (value, theirs, ours)
        return self.known[id(value)][1:]

    def _overlapping(self, tensor: Any) -> np.ndarray:
        """The array in a copy of its storage."""
        array = array_of(tensor)
        storage = tensor.untyped_storage()
        if not array.size or tensor.is_conj() or tensor.is_neg():
            return array.copy()
        if storage.data_ptr() not in self.memory:
            self.memory[storage.data_ptr()] = torch.tensor([], dtype=torch.uint8).set_(storage).numpy().copy()
        memory = self.memory[storage.data_ptr()][tensor.storage_offset() * tensor.itemsize:]
        return np.ndarray(array.shape, array.dtype, memory, strides=array.strides)


def array_of(tensor: Any) -> np.ndarray:
    """The values of a tensor of PyTorch."""
    if tensor.layout is not torch.strided or tensor.is_meta or tensor.dtype is torch.bfloat16 or tensor.is_quantized:
        raise Untranslatable(f"a {tensor.dtype} {tensor.layout} tensor on {tensor.device}")
    return np.asarray(tensor.numpy(force=True))


def constant(value: Any) -> Any:
    """What is no tensor and holds none."""
    if isinstance(value, torch.dtype):
        return dtype_of(value)
    if isinstance(value, torch.device):
        return mg.device(str(value))
    if isinstance(value, (torch.layout, torch.memory_format)):
        return look_up(str(value))
    if isinstance(value, torch.Generator):
        return mg.Generator().manual_seed(value.initial_seed())
    counterpart = getattr(mg.nn, type(value).__name__, None) if type(value).__module__.startswith("torch.nn.modules") else None
    if counterpart is not None and dataclasses.is_dataclass(value):
        return counterpart(**{f.name: constant(getattr(value, f.name)) for f in dataclasses.fields(value)})
    if counterpart is not None:
        return counterpart()                         # the database has layers with default options only
    if callable(value):
        return function(value)
    if type(value).__module__.startswith("torch"):
        raise Untranslatable(f"a {type(value).__name__}")
    return value


def dtype_of(dtype: Any) -> Any:
    name = str(dtype).removeprefix("torch.")
    try:
        return getattr(mg, name)
    except (AttributeError, NotImplementedError) as error:
        raise Untranslatable(f"dtype {name}") from error


# ---------------------------------------------------------------- functions
@functools.cache
def dotted_names() -> dict[int, str]:
    """Where PyTorch's functions and classes stand, by identity; of several places the first."""
    names: dict[int, str] = {}
    for root, module in ROOTS.items():
        for name in dir(module):
            value = getattr(module, name, None)
            if callable(value):
                names.setdefault(id(value), f"{root}.{name}")
    return names


def look_up(path: str) -> Any:
    """Ours for `torch.nn.functional.relu`."""
    value: Any = mg
    for name in path.split(".")[1:]:
        try:
            value = getattr(value, name)
        except (AttributeError, NotImplementedError) as error:
            raise Untranslatable(f"no {path.replace('torch', 'minigrad', 1)}") from error
    return value


def function(theirs: Any, name: str | None = None) -> Any:
    """Our counterpart of a function of PyTorch's, or of one that calls PyTorch's. `name`: the entry's, which comes first."""
    if name is not None and theirs is at("torch." + name):
        return look_up("torch." + name)
    if isinstance(theirs, functools.partial):
        return functools.partial(function(theirs.func), *[constant(a) for a in theirs.args],
                                 **{k: constant(v) for k, v in theirs.keywords.items()})
    if isinstance(theirs, types.FunctionType) and (theirs.__module__ or "").startswith(FOREIGN):
        return rewritten(theirs)
    if id(theirs) in dotted_names():
        return look_up(dotted_names()[id(theirs)])
    if (getattr(theirs, "__module__", "") or "").partition(".")[0] == "torch" or type(theirs).__name__ == "method_descriptor":
        raise Untranslatable(f"no counterpart of {theirs!r}")
    return theirs                                    # of Python's own


def at(path: str) -> Any:
    """PyTorch's function of this name; None if there is none."""
    value: Any = torch
    for name in path.split(".")[1:]:
        value = getattr(value, name, None)
    return value


def rewritten(theirs: types.FunctionType) -> types.FunctionType:
    """A function of the database with our module where it says `torch`."""
    names = set(names_in(theirs.__code__))
    known = {n: global_value(v) for n, v in theirs.__globals__.items() if n in names}
    cells = tuple([types.CellType(global_value(c.cell_contents)) for c in theirs.__closure__ or ()])
    ours = types.FunctionType(theirs.__code__, {"__builtins__": __builtins__, **known}, theirs.__name__, theirs.__defaults__, cells)
    ours.__kwdefaults__ = theirs.__kwdefaults__
    return ours


def names_in(code: types.CodeType) -> list[str]:
    inner = [n for c in code.co_consts if isinstance(c, types.CodeType) for n in names_in(c)]
    return [*code.co_names, *inner]


def global_value(value: Any) -> Any:
    """What stands for a global or a closed-over value."""
    if value is torch:
        return mg
    if isinstance(value, types.ModuleType) and value.__name__.startswith("torch."):
        return look_up(value.__name__)
    if isinstance(value, type) and issubclass(value, torch.Tensor):
        return mg.Tensor
    if isinstance(value, (torch.dtype, torch.device)) or callable(value) and not isinstance(value, type):
        try:
            return constant(value)
        except Untranslatable:
            return value                             # a name that this function may never reach
    return value
