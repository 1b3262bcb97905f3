"""`torch.autograd.profiler`: the older names of `minigrad.profiler`."""
from __future__ import annotations

from typing import Any

from ..profiler import Event
from ..profiler import profile as _profile
from ..profiler import record_function as record_function


class profile(_profile):
    """`minigrad.profiler.profile` without a schedule. enabled=False: a block that records nothing."""

    def __init__(self, enabled: bool = True, *, use_cuda: bool = False, record_shapes: bool = False, with_flops: bool = False,
                 profile_memory: bool = False, with_stack: bool = False, with_modules: bool = False, **rest: Any) -> None:
        super().__init__(use_cuda=use_cuda, with_flops=with_flops)
        self.enabled = enabled

    @property
    def function_events(self) -> list[Event]:
        """All that was recorded."""
        return self.events()

    def start(self) -> None:
        """Begin, if enabled."""
        if self.enabled:
            super().start()
