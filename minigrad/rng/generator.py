"""Where random numbers come from: the Mersenne Twister, its state, and the default generator."""
from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import _device
from ..errors import ArgumentError, ArgumentTypeError, RandomError, describe
from .counted import Counted
from .twister import WORDS, Twister, Words

State = NDArray[np.uint8]

DEFAULT_SEED = 67280421310721            # PyTorch's seed of a generator that nobody seeded
FEW = 2048                               # up to here `random_raw` is faster, above it `bytes`
PIECE = 32768                            # numbers made at once
MUCH = 2 ** 22                           # numbers drawn so far that say a program is worth the half second which Numba takes to start
SOME = 2 ** 18                           # the same where it has been started: each loop takes a second or two to compile, once for all time
CALL = 512                               # numbers that one call is worth, however few it asks for

# PyTorch's own layout, byte for byte, so that a checkpoint's random state can go either way.
LAYOUT = np.dtype([
    ("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"), ("words", "<u8", WORDS),
    ("unused", "<f8"), ("normal", "<f8"), ("unused2", "<f8"), ("has_normal", "<i4"), ("unused3", "<i4"),
    ("normal32", "<f4"), ("has_normal32", "<i4"),
])


class Generator:
    """A stream of random numbers, the same stream as PyTorch's CPU generator for the same seed.

    The numbers are made on the host and copied for other devices, so a seed gives the same numbers everywhere.
    Draws hold `lock`; a thread that wants several draws in a row may hold it too (it is reentrant).

    >>> Generator().manual_seed(0).initial_seed()
    0
    """
    __slots__ = ("_device", "_fresh", "_seed", "_twister", "lock", "spare_normal")
    _seed: int
    _fresh: bool                         # nothing drawn since the seed: the twister need not exist yet
    as_user_sees: ClassVar[Callable[[State], Any]] = staticmethod(lambda state: state)     # set once, to make a tensor
    kernels: ClassVar[Callable[[], Any]] = staticmethod(lambda: None)                      # set once, to draw in compiled loops
    _drawn: ClassVar[int] = 0            # numbers that a compiled loop might have drawn, by all generators
    spare_normal: float | None           # the second of a pair of normals, kept for the next one-by-one draw

    def __init__(self, device: str | _device.device = "cpu") -> None:
        self._device = _device.device(device)
        self.lock = RLock()
        self._twister: Twister | None = None             # numpy.random is slow to import: started at the first draw
        self._restart(DEFAULT_SEED)

    def __repr__(self) -> str:
        return f"<Generator device='{self._device}' initial_seed={self._seed}>"

    @property
    def device(self) -> _device.device:
        """The device whose tensors this generator is for."""
        return self._device

    # ------------------------------------------------------------ seed and state
    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed` again; takes -2**63 ... 2**64 - 1, negative ones counting down from 2**64.

        Raises RandomError for what is no int and ArgumentError for an int out of range.
        """
        if isinstance(seed, (bool, np.bool_)) or not hasattr(seed, "__index__"):
            raise RandomError(f"manual_seed: expected an int; got {type(seed).__name__} {seed!r}; write int(seed)")
        number = operator.index(seed)
        if not -2 ** 63 <= number < 2 ** 64:
            raise ArgumentError(f"manual_seed: must lie in -2**63 ... 2**64 - 1; got {number}; take it modulo 2**64")
        with self.lock:
            self._restart(number % 2 ** 64)
        return self

    def seed(self) -> int:
        """Seed from the operating system's entropy, and return the seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream began with."""
        return self._seed

    def get_state(self) -> Any:
        """All there is to know of the stream, as (5056,) uint8 in PyTorch's layout."""
        return type(self).as_user_sees(self.state_array())

    def state_array(self) -> State:
        """What `get_state` gives, always as an array."""
        record = np.zeros((), LAYOUT)
        with self.lock:
            fresh, state = self._fresh, self._running().read()
            record["seed"], record["seeded"], record["words"] = self._seed, 1, state[:WORDS]
            record["next"] = 0 if fresh else state[WORDS]
            record["left"] = WORDS - int(state[WORDS]) + 1
            self._fresh = fresh
            if self.spare_normal is not None:
                record["normal"], record["has_normal"] = self.spare_normal, 1
        return record.reshape(1).view(np.uint8)

    def set_state(self, new_state: Any) -> None:
        """Continue the stream from what `get_state` gave, here or in PyTorch.

        Raises ArgumentTypeError for anything but uint8 numbers, RandomError for a wrong size or content.
        """
        state = getattr(new_state, "array", new_state)                   # of a tensor, its array
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
            raise ArgumentTypeError("set_state: expected uint8 numbers as get_state() gives them; "
                                    f"got {describe(new_state)}")
        if state.size != LAYOUT.itemsize:
            raise RandomError(f"set_state: expected a state of size {LAYOUT.itemsize}; got {state.size}; "
                              "was it saved by a GPU generator?")
        record = np.ascontiguousarray(state).reshape(-1).view(LAYOUT)[0]
        words, left = record["words"], int(record["left"])
        if record["seeded"] != 1 or not 1 <= left <= WORDS or record["next"] > WORDS or words.max() >= 2 ** 32:
            raise RandomError("set_state: these bytes are no Mersenne Twister state; pass what get_state() returned")
        with self.lock:
            self._restart(int(record["seed"]))
            if record["next"] > 0 or words[0] != self._seed % 2 ** 32:               # else: seeded, nothing drawn yet
                self._running().write(np.append(words, WORDS + 1 - left).astype(np.uint32))
            self.spare_normal = float(record["normal"]) if record["has_normal"] else None

    def clone_state(self) -> Generator:
        """A generator of its own that continues as this one would."""
        other = Generator(self._device)
        other.set_state(self.state_array())
        return other

    def __reduce__(self) -> tuple[Any, tuple[str, State]]:
        return _restored, (str(self._device), self.state_array())    # for pickle, copy and deepcopy

    # ------------------------------------------------------------ the raw stream
    def words(self, n: int) -> Words:
        """The next `n` 32-bit words of the stream; read-only."""
        if n == 0:
            return np.empty(0, np.uint32)
        out = np.empty(n, np.uint32)
        if self.fill("words", out):
            return out
        with self.lock:
            twister = self._running()
            if n <= FEW:
                few: Words = twister.bits.random_raw(n).astype(np.uint32)
                return few
            return np.frombuffer(twister.source.bytes(4 * n), "<u4")

    def fill(self, name: str, out: NDArray[Any], *numbers: float, weight: int = 1) -> bool:
        """Let a compiled loop (kernels/cpu/draws.py) draw into an array; False where that would not pay, or there is none.

        weight: how many ordinary numbers one of these is worth.
        """
        kernels = type(self).kernels()
        if kernels is None or not out.size:
            return False
        if Generator._drawn < MUCH:
            Generator._drawn += weight * out.size + CALL
            if Generator._drawn < (MUCH if kernels.worthwhile() else SOME):
                return False
        with self.lock:
            return bool(kernels.draw(name, self._running().bits, out.reshape(-1), *numbers))

    def _restart(self, seed: int) -> None:
        self._seed, self._fresh, self.spare_normal = seed, True, None

    def _running(self) -> Twister:
        """The twister, seeded. The seed's low half counts, as in PyTorch."""
        if self._twister is None:
            self._twister = Twister()
        if self._fresh:
            self._twister.source.seed(self._seed % 2 ** 32)
            self._fresh = False
        return self._twister


def _restored(device: str, state: State) -> Generator:
    generator = Generator(device)
    generator.set_state(state)
    return generator


class Tape:
    """Uniform numbers read one by one from a generator, for algorithms that cannot say how many they need.

    Reads ahead in pieces; `close` puts the stream back to just behind the last number that was used.
    """
    __slots__ = ("_ahead", "_begin", "_drawn", "_generator", "_piece")

    def __init__(self, generator: Generator, expected: int) -> None:
        self._generator, self._piece, self._drawn = generator, max(expected, 16), 0
        self._begin: Any = None
        self._ahead: Iterator[float] = iter(())

    def __call__(self) -> float:
        """The next number of [0, 1), of 53 random bits."""
        for u in self._ahead:
            return u
        if self._begin is None:
            self._begin = self._generator._running().read()
        self._ahead = iter(uniform53(self._generator.words(2 * self._piece)).tolist())
        self._drawn += self._piece
        return next(self._ahead)

    def close(self) -> None:
        """Give back what was read ahead."""
        if self._begin is not None:
            twister = self._generator._running()
            twister.write(self._begin)
            twister.bits.random_raw(2 * (self._drawn - operator.length_hint(self._ahead)), output=False)


def blockwise(generator: Generator, n: int, dtype: np.dtype[Any], words_each: int,
              make: Callable[[Words], NDArray[Any]]) -> NDArray[Any]:
    """`make(words)` for n numbers that take `words_each` words each, in pieces whose temporaries stay in the cache."""
    if n <= PIECE:
        return make(generator.words(words_each * n))
    out = np.empty(n, dtype)
    with generator.lock:
        for i in range(0, n, PIECE):
            part = out[i:i + PIECE]
            part[...] = make(generator.words(words_each * len(part)))
    return out


def uniform53(words: Words) -> NDArray[np.float64]:
    """(2n,) words -> (n,) numbers of [0, 1): the low 53 bits of each pair, first word on top, over 2**53."""
    high, low = words[0::2] & np.uint32(0x1FFFFF), words[1::2]
    out: NDArray[np.float64] = high * np.float64(2.0 ** -21)
    out += low * np.float64(2.0 ** -53)                              # both exact, and so is their sum
    return out


# ---------------------------------------------------------------- the default generator
default_generator = Generator()
counted_stream = Counted(default_generator.seed())   # what devices draw themselves


def manual_seed(seed: int) -> Generator:
    """Seed the default generator (`int(seed)`, as PyTorch does) and the stream of all devices, and return the generator."""
    default_generator.manual_seed(int(seed))
    counted_stream.restart(int(seed))
    return default_generator


def seed() -> int:
    """Seed the default generator and the stream of all devices from the operating system's entropy, and return the seed."""
    drawn = default_generator.seed()
    counted_stream.restart(drawn)
    return drawn


def initial_seed() -> int:
    """The seed that the default generator began with."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The default generator's state, (5056,) uint8."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Continue the default generator from a state; errors as `Generator.set_state`."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cuda") -> Iterator[None]:
    """Inside the block draws are made as always; after it the default generator and the devices' stream are as they were before.

    `devices` and `device_type` are PyTorch's; here one stream serves all devices.
    """
    states = (default_generator.state_array(), counted_stream.state_array()) if enabled else None
    try:
        yield
    finally:
        if states is not None:
            set_rng_state(states[0])
            counted_stream.set_state(states[1])
