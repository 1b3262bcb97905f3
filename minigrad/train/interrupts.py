"""Ctrl-C during training."""
from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


def hears_ctrl_c() -> bool:
    """Whether this thread may handle Ctrl-C, in a program that does not ignore it."""
    return threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


class Interrupts:
    """Context manager in which Ctrl-C asks to stop, and a second Ctrl-C stops at once.

    Threads beside the main one have none, and a program that ignores Ctrl-C, as one in the background does, goes on to. A handler that
    was there before, that of a search for one, hears of it at the end: it shall stop, too.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None
        self._heard = hears_ctrl_c()

    def __enter__(self) -> Interrupts:
        if self._heard:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._heard:
            return
        signal.signal(signal.SIGINT, self._before or signal.SIG_DFL)
        if self.asked and kind is None and callable(self._before) and self._before is not signal.default_int_handler:
            self._before(signal.SIGINT, None)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
