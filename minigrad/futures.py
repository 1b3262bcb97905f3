"""`torch.futures`: values that will be there later, as Python's `concurrent.futures` has them."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A value that some thread sets once with `set_result`; others wait for it, or say what to do then.

    >>> later: Future[int] = Future()
    >>> text = later.then(lambda done: f"got {done.value()}")
    >>> later.set_result(3)
    >>> later.wait(), text.wait()
    (3, 'got 3')
    """

    def __init__(self, *, devices: Sequence[Any] | None = None) -> None:
        self._inner: futures.Future[T] = futures.Future()

    def done(self) -> bool:
        """True once there is a value, or an exception."""
        return self._inner.done()

    def wait(self) -> T:
        """The value, as soon as it is there; an exception that was set is raised."""
        return self._inner.result()

    def value(self) -> T:
        """The value of a future that is done; waits if it is not."""
        return self.wait()

    def set_result(self, result: T) -> None:
        """Make the future done. Raises RuntimeError if it is already."""
        try:
            self._inner.set_result(result)
        except futures.InvalidStateError as error:
            raise RuntimeError("Future: its value is set already, and can be set once only") from error

    def set_exception(self, result: BaseException) -> None:
        """Make `wait` raise this exception."""
        try:
            self._inner.set_exception(result)
        except futures.InvalidStateError as error:
            raise RuntimeError("Future: its value is set already, and can be set once only") from error

    def add_done_callback(self, callback: Callable[[Future[T]], Any]) -> None:
        """Call `callback(future)` when it is done; at once, if it is."""
        self._inner.add_done_callback(lambda _: callback(self))

    def then(self, callback: Callable[[Future[T]], S]) -> Future[S]:
        """The future of what `callback(future)` will return."""
        after: Future[S] = Future()

        def run(_: Any) -> None:
            try:
                after.set_result(callback(self))
            except Exception as error:
                after.set_exception(error)
        self._inner.add_done_callback(run)
        return after


def wait_all(futures: list[Future[Any]]) -> list[Any]:
    """The values of all of them, when all are there."""
    return [future.wait() for future in futures]


def collect_all(futures: list[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of the list itself, done when all in it are."""
    from threading import Lock
    every: Future[list[Future[Any]]] = Future()
    missing, lock = len(futures), Lock()

    def count_down(_: Future[Any]) -> None:
        nonlocal missing
        with lock:
            missing -= 1
            last = not missing
        if last:
            every.set_result(futures)
    if not futures:
        every.set_result(futures)
    for future in list(futures):
        future.add_done_callback(count_down)
    return every
