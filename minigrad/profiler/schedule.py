"""When to record: `schedule(wait=1, warmup=1, active=3)` for a long training run."""
from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ..errors import AssertedArgumentError


class ProfilerAction(Enum):
    """What a profiler does in one step."""
    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(*, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0,
             skip_first_wait: int = 0) -> Callable[[int], ProfilerAction]:
    """The action of each step: after `skip_first` steps, cycles of `wait` idle, `warmup` and `active` recorded steps.

    repeat: so many cycles; 0 for no end. skip_first_wait: 1 leaves out the first cycle's wait.

    >>> [schedule(wait=1, warmup=1, active=2, repeat=1)(i).name for i in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if not (wait >= 0 and warmup >= 0 and active > 0 and repeat >= 0 and skip_first >= 0):
        raise AssertedArgumentError("Invalid profiler schedule arguments: active must be positive, the others not negative; got "
                                    f"wait={wait}, warmup={warmup}, active={active}, repeat={repeat}, skip_first={skip_first}")

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0:
            return ProfilerAction.NONE
        if skip_first_wait:
            step += wait
        length = wait + warmup + active
        if repeat and step // length >= repeat:
            return ProfilerAction.NONE
        at = step % length
        if at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if at < length - 1 else ProfilerAction.RECORD_AND_SAVE
    return action
