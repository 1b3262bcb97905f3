"""Questions about a value: is it a tensor, how many elements, what type by name, what dtype would come out."""
from __future__ import annotations

from typing import Any, TypeGuard

from . import dtypes
from ._tensor import Tensor
from .dtypes import dtype
from .errors import ArgumentTypeError, describe


def is_tensor(obj: Any) -> TypeGuard[Tensor]:
    """True for a Tensor, or an instance of a class derived from it."""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> int:
    """The number of elements. Raises TypeError for anything but a tensor."""
    if not isinstance(input, Tensor):
        raise ArgumentTypeError(f"numel: input must be a Tensor; got {describe(input)}")
    return input.numel()


def typename(obj: Any) -> str:
    """The name of a tensor's type (`torch.FloatTensor`), of a class or function, or of an object's class.

    >>> typename(3), typename(Tensor)
    ('int', 'minigrad._tensor.Tensor')
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None) or ""
    return named.__qualname__ if module in ("", "builtins") else f"{module}.{named.__qualname__}"


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of `tensor1 + tensor2`; either may be a number. Raises TypeError for anything else."""
    operands = []
    for value in (tensor1, tensor2):
        if isinstance(value, Tensor):
            operands.append((value.array.dtype, dtypes.DIMENSIONED if value.ndim else dtypes.ZERO_DIM))
        elif isinstance(value, (bool, int, float, complex)):
            operands.append((dtypes.scalar_dtype(value), dtypes.SCALAR))
        else:
            raise ArgumentTypeError(f"result_type: takes tensors and numbers; got {describe(value)}")
    return dtypes.from_numpy_dtype(dtypes.result_numpy(operands))


def is_inference(input: Tensor) -> bool:
    """False: tensors made under inference_mode are ordinary ones here."""
    return input.is_inference()


def is_distributed(input: Tensor) -> bool:
    """False: no tensor here is spread over processes."""
    return input.is_distributed()


# ---------------------------------------------------------------- warnings
_warn_always = False


def set_warn_always(b: bool) -> None:
    """Note whether warnings shall repeat. Ours are Python's, whose filters decide: `warnings.simplefilter("always")`."""
    global _warn_always
    if not isinstance(b, bool):
        raise ArgumentTypeError(f"set_warn_always: expects a bool, but got {describe(b)}")
    _warn_always = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told last; False at first."""
    return _warn_always
