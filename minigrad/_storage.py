"""The memory behind tensors, as PyTorch's storages show it: where it is, how large, and what is in it.

    >>> import minigrad
    >>> x = minigrad.arange(6.0)
    >>> x[2:].untyped_storage().data_ptr() == x.data_ptr(), x[2:].untyped_storage().nbytes()
    (True, 24)
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .backend import backend_of
from .dtypes import dtype as DType
from .dtypes import from_numpy_dtype
from .engine.inplace import address
from .errors import UnsupportedError


class UntypedStorage:
    """The bytes that a tensor and all its views share."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._array)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return int(self._array.size * self._array.itemsize)

    size = __len__ = nbytes

    @property
    def device(self) -> Any:
        return backend_of(self._array).device_of(self._array)

    @property
    def is_cuda(self) -> bool:
        return bool(self.device.type == "cuda")

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return list(backend_of(self._array).to_host(self._array).tobytes())

    def __getitem__(self, i: Any) -> Any:
        return self.tolist()[i]

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def resize_(self, size: int) -> UntypedStorage:
        """Refused unless it changes nothing: memory is the array library's."""
        if size != self.nbytes():
            raise UnsupportedError(f"resize_: a storage of {self.nbytes()} bytes cannot be resized to {size}; make a new tensor")
        return self

    def __repr__(self) -> str:
        return f"[{type(self).__name__}(device={self.device}) of size {len(self)}]"


class TypedStorage:
    """The elements that a tensor and all its views share, in the order of memory."""

    def __init__(self, array: Any) -> None:
        self._array = array

    @property
    def dtype(self) -> DType:
        return from_numpy_dtype(self._array.dtype)

    @property
    def device(self) -> Any:
        return self.untyped().device

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._array)

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._array)

    def size(self) -> int:
        """How many elements there are."""
        return int(self._array.size)

    __len__ = size

    def element_size(self) -> int:
        """Bytes per element."""
        return int(self._array.itemsize)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self.untyped().nbytes()

    def tolist(self) -> list[Any]:
        """The elements as numbers."""
        order = sorted(range(self._array.ndim), key=lambda d: -self._array.strides[d])
        found: list[Any] = self._array.transpose(order).reshape(-1).tolist()
        return found

    def __getitem__(self, i: Any) -> Any:
        return self.tolist()[i]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        lines = "".join(f" {v}\n" for v in self.tolist())
        return f"{lines}[{type(self).__name__}(dtype={self.dtype}, device={self.device}) of size {len(self)}]"


def is_storage(obj: Any) -> bool:
    """True for a storage."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def untyped_storage(x: Any) -> UntypedStorage:
    """The bytes that x and its views share."""
    return UntypedStorage(x.array if x.base is None else x.base.array)


def storage(x: Any) -> TypedStorage:
    """The elements that x and its views share."""
    return TypedStorage(x.array if x.base is None else x.base.array)


def is_set_to(x: Any, tensor: Any) -> bool:
    """True if both are the same part of one memory, with the same shape and strides."""
    a, b = x.array, tensor.array
    return bool(a.dtype == b.dtype and address(a) == address(b) and a.shape == b.shape and a.strides == b.strides)
