"""Streams, in which a device works off what it is told, and events, which mark a point there."""
from __future__ import annotations

from types import TracebackType
from typing import Any

from ..errors import DeviceError
from .devices import Device, cupy, number


class Event:
    """A point in a stream: `record` it, wait for it, or measure the milliseconds to another.

    enable_timing: whether times can be measured. blocking: whether a wait sleeps instead of asking again and again.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self._timed = enable_timing
        self.event = cupy("Event").cuda.Event(block=blocking, disable_timing=not enable_timing, interprocess=interprocess)

    def record(self, stream: Stream | None = None) -> None:
        """Put the event behind all that the stream, the current one by default, was told before."""
        self.event.record(None if stream is None else stream.stream)

    def wait(self, stream: Stream | None = None) -> None:
        """Let what the stream is told from now on wait for this event."""
        (current_stream() if stream is None else stream).wait_event(self)

    def synchronize(self) -> None:
        """Wait until the device has come to this event."""
        self.event.synchronize()

    def query(self) -> bool:
        """Whether the device has come to this event."""
        return bool(self.event.done)

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds of the device's time from this event to another. Raises DeviceError unless both measure time."""
        if not (self._timed and end_event._timed):
            raise DeviceError("elapsed_time: both events must measure time; make them with Event(enable_timing=True)")
        return float(cupy("Event").cuda.get_elapsed_time(self.event, end_event.event))


class Stream:
    """A queue of work for a device; queues run side by side."""

    def __init__(self, device: Device = None, priority: int = 0, *, stream: Any = None) -> None:
        module = cupy("Stream")
        self.device_index = number("Stream", device)
        with module.cuda.Device(self.device_index):
            self.stream = module.cuda.Stream(non_blocking=True, priority=priority or None) if stream is None else stream

    def synchronize(self) -> None:
        """Wait until the device has done all of this stream."""
        self.stream.synchronize()

    def query(self) -> bool:
        """Whether the device has done all of this stream."""
        return bool(self.stream.done)

    def record_event(self, event: Event | None = None) -> Event:
        """Put an event behind all that this stream was told."""
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let what follows here wait for an event."""
        self.stream.wait_event(event.event)

    def wait_stream(self, stream: Stream) -> None:
        """Let what follows here wait for all that another stream was told."""
        self.wait_event(stream.record_event())

    def __enter__(self) -> Stream:
        self.stream.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stream.__exit__(kind, error, trace)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and bool(self.stream == other.stream)

    def __hash__(self) -> int:
        return hash(self.stream)


class stream:
    """Context manager: work is put into this stream; None changes nothing."""

    def __init__(self, stream: Stream | None) -> None:
        self._stream = stream

    def __enter__(self) -> None:
        if self._stream is not None:
            self._stream.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._stream is not None:
            self._stream.__exit__(kind, error, trace)


def current_stream(device: Device = None) -> Stream:
    """The stream that work goes into now."""
    return Stream(device, stream=cupy("current_stream").cuda.get_current_stream())


def default_stream(device: Device = None) -> Stream:
    """The stream that work goes into where nothing else is said."""
    return Stream(device, stream=cupy("default_stream").cuda.Stream.null)


StreamContext = stream                               # PyTorch's function `stream` makes one; here both are the class
