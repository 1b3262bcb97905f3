"""Batches between processes: the arrays through shared memory, the rest pickled through a pipe.

A worker writes a batch into the slot that came with its task. The main process makes all slots; the worker opens a new one
when it hears of it, and removes its name. What a slot cannot hold travels in the message, which says what
size it would have needed: the next slot has that. The main process copies arrays out and uses the slot again.
"""
from __future__ import annotations

import contextlib
import os
import pickle
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ALIGN = 64                                           # bytes: vector loads
WORTH = 1 << 14                                      # bytes from which a slot is faster than the pipe


class Packed(NamedTuple):
    """A pickled value whose arrays lie in a slot (`sizes`, one after the other) or come along (`inline`)."""

    value: bytes
    sizes: list[int]
    inline: list[bytes] | None
    wanted: int                                      # bytes of a slot that would hold the arrays; 0: none is worth it


def pack(value: Any, slot: SharedMemory | None) -> Packed:
    """Pickle a value, its arrays into the slot where they fit. Raises what pickling it raises."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(value, 5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    sizes = [array.nbytes for array in arrays]
    wanted = sum(map(_padded, sizes))
    if slot is None or wanted > slot.size:
        return Packed(data, sizes, [bytes(array) for array in arrays], wanted if wanted >= WORTH else 0)
    at = 0
    for array, size in zip(arrays, sizes, strict=True):
        if size:
            _bytes_of(slot, at, size)[:] = np.frombuffer(array, np.uint8)
        at += _padded(size)
    return Packed(data, sizes, None, wanted)


def unpack(packed: Packed, slot: SharedMemory | None) -> Any:
    """The value, its arrays in memory of its own."""
    if packed.inline is not None:
        return pickle.loads(packed.value, buffers=[bytearray(array) for array in packed.inline])
    assert slot is not None or not packed.sizes
    arrays, at = [], 0
    for size in packed.sizes:
        array = np.empty(size, np.uint8)
        if size:
            array[:] = _bytes_of(slot, at, size)
        arrays.append(array)
        at += _padded(size)
    return pickle.loads(packed.value, buffers=arrays)


def _padded(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _bytes_of(slot: Any, at: int, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(slot.buf, np.uint8, size, at)


class Slot:
    """Shared memory that the main process made for one worker."""

    def __init__(self, size: int) -> None:
        """Room for `size` bytes or a little more. Raises OSError where shared memory cannot be had."""
        step = max(1 << (size - 1).bit_length() >> 3, WORTH)         # so that batches of about one size do not need a new one each
        size = -(-size // step) * step
        self.memory = SharedMemory(create=True, size=size)
        self._named = True

    @property
    def name(self) -> str:
        return self.memory.name

    def remove_name(self) -> None:
        """See that the memory goes when both processes have, where the worker has not."""
        if self._named:
            self._named = False
            with contextlib.suppress(FileNotFoundError):
                self.memory.unlink()

    def remove(self) -> None:
        """Give the memory back."""
        self.remove_name()
        with contextlib.suppress(BufferError):
            self.memory.close()


def open_slot(name: str) -> SharedMemory:
    """What the worker writes into; its name goes at once, so that nothing stays whoever is killed.

    Raises OSError where there is not so much shared memory.
    """
    memory = SharedMemory(name)
    with contextlib.suppress(FileNotFoundError):
        memory.unlink()
    if hasattr(os, "posix_fallocate") and hasattr(memory, "_fd"):
        try:
            os.posix_fallocate(memory._fd, 0, memory.size)           # without: a full /dev/shm kills who writes
        except OSError:
            memory.close()
            raise
    return memory
