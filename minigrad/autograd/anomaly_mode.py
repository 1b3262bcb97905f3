"""`detect_anomaly`: stop at the op that makes the first NaN or Inf, forward or backward."""
from __future__ import annotations

from typing import Any

from ..engine.anomaly import Detector
from ..engine.mode import local
from ..errors import ArgumentTypeError, describe


class set_detect_anomaly:
    """Turn the search for NaN and Inf on or off: at once when called, and back at the end of a `with` block. Thread-local.

    The op that makes the first one raises NonFiniteError (a RuntimeError) with its line and module path, in the forward pass or in the
    backward pass. check_nan=False: look for nothing. check_inf=False: let Inf pass; one that comes of infinite operands, such as a mask
    with -inf, always does. sampled: look only at what backward passes start from and at the gradients that leaves get, and search for
    the op when something is there: cheap enough to leave on.

    >>> import minigrad
    >>> x = minigrad.tensor([0.0, 4.0], requires_grad=True)
    >>> with minigrad.autograd.set_detect_anomaly(True):
    ...     x.sqrt().sum().backward()
    Traceback (most recent call last):
        ...
    minigrad.errors.NonFiniteError: Function 'SqrtBackward0' returned inf values in its 0th output: ...
    """

    def __init__(self, mode: bool, check_nan: bool = True, *, check_inf: bool = True, sampled: bool = False) -> None:
        if not isinstance(mode, bool):
            raise ArgumentTypeError(f"set_detect_anomaly: mode must be True or False; got {describe(mode)}")
        self._before: Any = local.mode.anomaly
        self._detector = Detector(check_nan, check_inf, sampled) if mode else None
        switch_to(self._detector)

    def __enter__(self) -> None:
        """On since it was made."""

    def __exit__(self, *error: object) -> None:
        switch_to(self._before)


class detect_anomaly(set_detect_anomaly):
    """`set_detect_anomaly(True, ...)` for a block: `with detect_anomaly(): ...`."""

    def __init__(self, check_nan: bool = True, *, check_inf: bool = True, sampled: bool = False) -> None:
        super().__init__(True, check_nan, check_inf=check_inf, sampled=sampled)
        switch_to(self._before)

    def __enter__(self) -> None:
        self._before = local.mode.anomaly
        switch_to(self._detector)


def switch_to(detector: Detector | None) -> None:
    """Let this detector, or none, be the one of this thread."""
    if local.mode.anomaly is not None:
        local.mode.anomaly.detach()
    if detector is not None:
        detector.attach()


def is_anomaly_enabled() -> bool:
    """True where NaN and Inf are looked for."""
    return local.mode.anomaly is not None


def is_anomaly_check_nan_enabled() -> bool:
    """False only inside `detect_anomaly(check_nan=False)`."""
    return local.mode.anomaly is None or bool(local.mode.anomaly.check_nan)
