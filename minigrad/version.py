"""Which PyTorch this stands in for: the numbers that scripts compare, as `torch.version` has them."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

cuda: str | None = None                              # PyTorch's wording: the CUDA it was compiled with
hip: str | None = None
xpu: str | None = None
git_version = "unknown"
debug = False


class Version(str):
    """A version string that compares by its numbers, with strings and with tuples of ints, as `torch.__version__` does.

    >>> Version("2.13.0+minigrad") > "2.2", Version("2.13.0+minigrad") >= (1, 8)
    (True, True)
    """
    __slots__ = ()

    def _compare(self, other: Any, holds: Callable[[Any, Any], bool]) -> bool:
        if not isinstance(other, (str, tuple)):
            return NotImplemented
        mine, theirs = _key(self), _key(other)
        return holds(mine, theirs) if mine and theirs else holds(str(self), str(other))

    def __lt__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a >= b)

    def __eq__(self, other: object) -> bool:
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other: object) -> bool:
        return self._compare(other, lambda a, b: a != b)

    __hash__ = str.__hash__


_PARTS = re.compile(r"v?(\d+(?:\.\d+)*)(?:[._-]?(a|alpha|b|beta|rc|c|dev|post)[._-]?(\d*))?[^+]*(?:\+(.*))?", re.IGNORECASE)
_STAGES = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "rc": -1, "c": -1, "": 0, "post": 1}


def _key(version: str | tuple[Any, ...]) -> tuple[Any, ...]:
    """What decides the order: numbers without trailing zeros, stage before or after the release, local part."""
    text = ".".join(map(str, version)) if isinstance(version, tuple) else str.__str__(version)
    match = _PARTS.fullmatch(text.strip())
    if match is None:
        return ()
    release, stage, number, local = match.groups()
    numbers = [int(n) for n in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), _STAGES[(stage or "").lower()], int(number or 0), local or ""


__version__ = Version("2.13.0+minigrad")             # the PyTorch whose names and behaviour minigrad is checked against
VISION = Version("0.28.0+minigrad")                  # the torchvision that belongs to it
