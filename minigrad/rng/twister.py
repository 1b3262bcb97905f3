"""The Mersenne Twister as NumPy keeps it: made without being seeded twice, its state read and written where it lies in memory."""
from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
WORDS = 624                              # of the state; each refill of it yields as many draws


class Twister:
    """A bit generator (`bits`) with a `source` of distributions over it. `numpy.random` is imported with the first one."""
    __slots__ = ("_memory", "bits", "source")

    def __init__(self) -> None:
        self.bits: Any = np.random.MT19937(_blank())
        self.source: Any = np.random.RandomState(self.bits)
        self._memory = memory(self.bits)

    def read(self) -> Words:
        """The state as (625,): its words, then the place of the next one."""
        if self._memory is not None:
            return self._memory.copy()
        state = self.bits.state["state"]
        return np.append(state["key"], np.uint32(state["pos"]))

    def write(self, state: Words) -> None:
        """Go on from what `read` gave."""
        if self._memory is not None:
            self._memory[:] = state
        else:
            self.bits.state = {"bit_generator": "MT19937", "state": {"key": state[:WORDS], "pos": int(state[WORDS])}}


def memory(bits: Any) -> Words | None:
    """A state's memory as (625,), for as long as `bits` lives; None where a state does not lie in memory as expected."""
    return _at(bits) if laid_out() else None


@cache
def laid_out() -> bool:
    """Whether a state is its words and then the place of the next one, as uint32; found out with a state of its own."""
    bits = np.random.MT19937(1)
    bits.random_raw(5)
    state: Any = bits.state["state"]
    return sys.byteorder == "little" and [*state["key"].tolist(), state["pos"]] == _at(bits).tolist()


def _at(bits: Any) -> Words:
    return np.ctypeslib.as_array((ctypes.c_uint32 * (WORDS + 1)).from_address(bits.ctypes.state_address))


@cache
def _blank() -> Any:
    """A seed that is no seed: a true one follows, and NumPy's own way to make a state of one takes 0.2 ms."""
    from numpy.random.bit_generator import ISeedSequence

    class Blank(ISeedSequence):
        def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
            return np.zeros(n_words, dtype)

    return Blank()
