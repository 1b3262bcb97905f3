"""Checkpoints of a whole training run, and how one goes on from the newest good one."""
from __future__ import annotations

import io
import random
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import rng
from ..backend import backend_of
from ..errors import ArgumentError, CheckpointError
from ..rng import counted_stream
from ..serialization import load, write_atomically
from ..serialization import save as write
from .locking import alone

if TYPE_CHECKING:
    from .trainer import Trainer

# epochs finished, batches of the next one, CRC of the content: a changed bit in a weight is no error to who reads the file
NAME = re.compile(r"run-(\d+)-(\d+)(?:-([0-9a-f]{8}))?\.safetensors$")
VERSION = 1
LOADERS = ("train_loader", "validation_loader")


def settle() -> None:
    """Let compiled kernels start now.

    Until something needs them NumPy computes what is small, and rounds differently here and there: a run that goes on in a new process
    would not do so at the same place as the one that was not stopped.
    """
    kernels = backend_of(np.empty(0)).kernels
    if kernels.__name__.endswith(".cpu"):
        import_module(f"{kernels.__name__}.jit")


# ---------------------------------------------------------------- what is in a checkpoint
def parts_of(trainer: Trainer) -> dict[str, Any]:
    """What the trainer holds, a subclass's own things included, that has a `state_dict` and takes it back."""
    found: dict[str, Any] = {}
    for name, value in vars(trainer).items():
        stateful = callable(getattr(value, "state_dict", None)) and callable(getattr(value, "load_state_dict", None))
        if stateful and all(value is not other for other in found.values()):
            found[name] = value
    return found


def state_of(trainer: Trainer) -> dict[str, Any]:
    """All that the rest of the run depends on."""
    states = {name: part.state_dict() for name, part in parts_of(trainer).items()}
    return {
        "version": VERSION,
        "parts": {name: state for name, state in states.items() if state},
        "metrics": {name: metric.state_dict() for name, metric in trainer.metrics.items()},
        "random": {"minigrad": rng.get_rng_state(), "devices": counted_stream.state_array(), "python": random.getstate(),
                   "numpy": [part.astype(np.int64) if isinstance(part, np.ndarray) else part for part in np.random.get_state()]},
        "gradients": [None if p.grad is None else p.grad.detach() for p in trainer.parameters()],
        "history": dict(trainer.history), "logs": trainer.logs,
        "place": [trainer.epoch, trainer.batch, trainer.steps],
    }


def put_back(trainer: Trainer, state: dict[str, Any]) -> None:
    """Let a trainer be where `state_of` found one. Random numbers come last: what is before may draw some."""
    if state.get("version") != VERSION:
        raise ArgumentError(f"its version is {state.get('version')}, this minigrad writes {VERSION}")
    parts = parts_of(trainer)
    for name, part in state["parts"].items():
        if name in parts:
            parts[name].load_state_dict(part)
        elif name not in LOADERS:                    # a loader may be any iterable, and validation may be left out
            raise ArgumentError(f"it holds {name!r}, which this trainer has not")
    for name, metric in state["metrics"].items():
        if name in trainer.metrics:
            trainer.metrics[name].load_state_dict(metric)
    for p, gradient in zip(trainer.parameters(), state["gradients"], strict=True):
        p.grad = None if gradient is None else gradient.to(p.device)
    trainer.history.clear()
    trainer.history.update(state["history"])
    trainer.logs = state["logs"]
    trainer.epoch, trainer.batch, trainer.steps = state["place"]
    draws = state["random"]
    rng.set_rng_state(draws["minigrad"])
    counted_stream.set_state(draws["devices"])
    version, words, gauss = draws["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = draws["numpy"]
    np.random.set_state((kind, keys.astype(np.uint32), *rest))


# ---------------------------------------------------------------- files
@contextmanager
def folder_of(trainer: Trainer, resume: bool) -> Iterator[None]:
    """Have the trainer's folder for a run, and go on from what is in it, or make sure that it is nobody else's."""
    folder = trainer.folder
    if folder is None:
        yield
        return
    with alone(folder / "run.lock", f"fit: {folder} is"):
        for leavings in folder.glob(".run-*.part"):  # of processes that were killed while they wrote
            leavings.unlink(missing_ok=True)
        if resume:
            restore(trainer)
        elif (there := newest_first(folder)) and there[0] != trainer.saved:
            raise ArgumentError(f"fit: {folder} has checkpoints of another run, up to {there[0].name}; resume=True goes on with it, a new "
                                "run needs another folder, or an empty one")
        yield


def save(trainer: Trainer, keep: int) -> Path:
    """Write a checkpoint, whole or not at all, and remove all but the newest `keep` up to it.

    Raises CheckpointError where it cannot be written; those that are there stay.
    """
    assert trainer.folder is not None
    content = io.BytesIO()
    write(state_of(trainer), content, format="safetensors")
    data = content.getvalue()
    path = trainer.folder / f"run-{trainer.epoch:05}-{trainer.batch:07}-{zlib.crc32(data):08x}.safetensors"
    try:
        trainer.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        raise CheckpointError(f"fit: {path} cannot be written ({error}); the checkpoints before it are whole: make room, and go on with "
                              "resume=True") from error
    trainer.saved = path
    here = place_of(path)
    older = [old for old in newest_first(trainer.folder) if old != path and place_of(old) <= here]
    for old in older[max(keep, 1) - 1:]:
        old.unlink(missing_ok=True)
    return path


def place_of(path: Path) -> tuple[int, int]:
    """Epochs and batches in the name of a checkpoint."""
    found = NAME.match(path.name)
    assert found is not None
    return int(found[1]), int(found[2])


def newest_first(folder: Path) -> list[Path]:
    """The checkpoints of a folder, the newest in front."""
    return sorted((path for path in folder.glob("run-*.safetensors") if NAME.match(path.name)), key=place_of, reverse=True)


def restore(trainer: Trainer) -> bool:
    """Go on from the newest checkpoint that can be read; False where there is none.

    One that is damaged is passed over with a warning. Raises CheckpointError where one is whole but of another run or version.
    """
    assert trainer.folder is not None
    for path in newest_first(trainer.folder):
        try:
            state = read(path)
        except (CheckpointError, OSError) as error:
            warnings.warn(f"fit: {path} cannot be read ({error}); going on from the checkpoint before it", stacklevel=5)
            continue
        try:
            put_back(trainer, state)
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise CheckpointError(f"fit: {path} is of another run; make the trainer as it was then, or take another folder: "
                                  f"{error}") from error
        trainer.saved = path
        return True
    return False


def read(path: Path) -> dict[str, Any]:
    """The state in a file. Raises CheckpointError where it is not what was written."""
    data = path.read_bytes()
    found = NAME.match(path.name)
    if found is not None and found[3] and zlib.crc32(data) != int(found[3], 16):
        raise CheckpointError(f"its {len(data)} bytes are not those that were written")
    state = load(io.BytesIO(data))
    if not isinstance(state, dict) or "place" not in state:
        raise CheckpointError("it is no checkpoint of a run")
    return state
