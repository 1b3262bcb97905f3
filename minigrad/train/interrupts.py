"""Ctrl-C during training."""
from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """Context manager in which Ctrl-C asks to stop, and a second Ctrl-C stops at once.

    Threads beside the main one have none, and a program that ignores Ctrl-C, as one in the background does, goes on to.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None
        self._heard = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN

    def __enter__(self) -> Interrupts:
        if self._heard:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._heard:
            signal.signal(signal.SIGINT, self._before or signal.SIG_DFL)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
