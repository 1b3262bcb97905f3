"""Files and folders that one process at a time may have."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import CheckpointError

_held: set[Path] = set()                             # by this process: the system's locks are between processes


@contextmanager
def alone(path: Path, says: str) -> Iterator[None]:
    """Hold a lock file; the system lets go of it when the process ends, by SIGKILL, too.

    Raises CheckpointError where somebody has it (`says`, "another process" and its number), or where it cannot be made.
    """
    path = path.absolute()
    taken = f"{says} in use by process {{}}; wait for its end, or take another place"
    if path in _held:                                # and leave the file alone: to close it would free it
        raise CheckpointError(taken.format(os.getpid()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise CheckpointError(f"{says.split(':')[0]}: {path.parent} cannot be written to ({error}); take another folder") from error
    with file:
        if not _lock(file):
            file.seek(0)
            raise CheckpointError(taken.format(file.read() or "unknown"))
        _held.add(path)
        try:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
        finally:
            _held.discard(path)


def _lock(file: IO[Any]) -> bool:
    """Whether the lock is ours now. A lock of fcntl is one process's alone, unlike flock's, which its forked children would hold on to."""
    try:
        import fcntl
    except ImportError:                              # Windows, where a file that another process has locked cannot be written
        return _lock_on_windows(file)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:                                  # a file system without locks
        return True
    return True


def _lock_on_windows(file: IO[Any]) -> bool:
    from importlib import import_module
    msvcrt = import_module("msvcrt")
    try:
        file.seek(1 << 20)                           # behind the content, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
