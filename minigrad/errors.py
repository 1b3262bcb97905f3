"""What goes wrong, and how it is said.

Every error of minigrad derives from `MinigradError` and from the builtin that PyTorch raises in the same
place, so `except RuntimeError` in a PyTorch script keeps working. A message names the op, the rule that was
broken, what came (dtype, shape, device) and what to do.
"""
from __future__ import annotations

from typing import Any

from .naming import named


class MinigradError(Exception):
    """Base of all errors that minigrad raises on purpose. The message begins with the function that the user called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*([named(args[0]), *args[1:]] if args and type(args[0]) is str else args), **kwargs)


class ShapeError(MinigradError, RuntimeError):
    """Shapes that do not fit together."""


class DtypeError(MinigradError, RuntimeError):
    """Dtypes that an op does not take, or does not mix."""


class DeviceError(MinigradError, RuntimeError):
    """Operands on different devices, or a device that is not there."""


class OutOfMemoryError(DeviceError):
    """A device's memory is full; the process can go on."""


class GraphError(MinigradError, RuntimeError):
    """A backward pass that cannot run: no graph, freed buffers, a non-scalar root."""


class InplaceError(MinigradError, RuntimeError):
    """A write that would make a gradient wrong."""


class ArgumentError(MinigradError, ValueError):
    """An argument of the right type with a value that makes no sense."""


class ArgumentTypeError(MinigradError, TypeError):
    """An argument of the wrong type."""


class OutOfRangeError(MinigradError, IndexError):
    """An index, a dimension or a label that does not exist."""


class UnsupportedError(MinigradError, NotImplementedError):
    """Something that PyTorch has and minigrad, by a stated limit, has not."""


class UnsupportedDtypeError(DtypeError, UnsupportedError):
    """A dtype that an op has no meaning for: where PyTorch says "not implemented for 'Bool'"."""


class LinalgError(MinigradError, RuntimeError):
    """A matrix without what was asked of it: singular, not positive definite, no convergence."""


class NonFiniteError(MinigradError, RuntimeError):
    """A NaN or Inf where `detect_anomaly` or `debug(3)` was asked to stop at one."""


class MissingDependencyError(MinigradError, ImportError):
    """An optional library that is not installed."""


class LackedNameError(MinigradError, AttributeError):
    """A name in a module that PyTorch may have and minigrad has not."""


class LackedModuleError(MinigradError, ModuleNotFoundError):
    """A module, or a name to import from one, that PyTorch may have and minigrad has not."""


class RandomError(MinigradError, RuntimeError):
    """A seed, a generator state or a parameter of a distribution that cannot be used."""


class CheckpointError(MinigradError, RuntimeError):
    """A file that is not, or is no longer, a checkpoint that can be read."""


class ExchangeError(MinigradError, BufferError):
    """Memory that cannot be shared with another library."""


class DatasetError(MinigradError, RuntimeError):
    """A data set whose files are missing, damaged or not what they say they are."""


class WorkerError(MinigradError, RuntimeError):
    """A worker process of a `DataLoader` that died, hangs, or raised what cannot be raised again as it was."""


class DownloadError(MinigradError, OSError):
    """An address that cannot be fetched."""


class ChecksumError(MinigradError, RuntimeError):
    """A file with another content than it should have."""


class ProcessFailedError(MinigradError, Exception):
    """A process that was started to share the work and failed."""


class MissingFilesError(DatasetError, FileNotFoundError):
    """A folder without the files that a data set is made of."""


class AssertedArgumentError(ArgumentError, AssertionError):
    """An argument that PyTorch refuses with an `AssertionError`."""


class MismatchError(MinigradError, AssertionError):
    """Values that a test expected to be the same, and that are not."""


class RefusedArgumentError(ArgumentError, RuntimeError):
    """An argument that PyTorch refuses with a `RuntimeError`."""


class MemberError(MinigradError, AttributeError):
    """A parameter, buffer or child that a module does not have, or cannot have yet."""


class NameTakenError(MinigradError, KeyError):
    """A name that a member of a module cannot be given."""
    __str__ = Exception.__str__                      # KeyError would show the quoted text


class StateDictError(MinigradError, RuntimeError):
    """A `state_dict` that does not fit the model or the optimizer it is loaded into."""


class MissingForwardError(MinigradError, NotImplementedError):
    """A module that is called but does not say what it computes."""


def describe(value: Any) -> str:
    """Say in a few words what an argument is: `float32 (3, 4)`, `int 7`, `list of 3`."""
    array = getattr(value, "array", value)
    if hasattr(array, "shape") and hasattr(array, "dtype"):
        kind = "" if array is not value else f"{type(value).__name__} "
        return f"{kind}{array.dtype} {tuple(array.shape)}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of {len(value)}"
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return f"{type(value).__name__} {value!r}" if value is not None else "None"
    return type(value).__name__


def operand(array: Any) -> str:
    """`describe` for the array of a tensor, or for a tensor: `float32 (3, 4)`."""
    return describe(array).removeprefix(f"{type(array).__name__} ")


def missing(library: str, purpose: str, extra: str) -> MissingDependencyError:
    """The one way to say that an optional library is not installed."""
    return MissingDependencyError(f"{purpose} needs {library}, which is not installed; pip install 'minigrad[{extra}]'")
