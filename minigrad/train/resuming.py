"""Checkpoints of a whole training run, and how one goes on from the newest good one."""
from __future__ import annotations

import random
import re
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import rng
from ..backend import backend_of
from ..errors import CheckpointError
from ..rng import counted_stream
from ..serialization import load
from ..serialization import save as write

if TYPE_CHECKING:
    from .trainer import Trainer

NAME = re.compile(r"run-(\d+)-(\d+)\.safetensors$")  # epochs finished, batches of the next one


def settle() -> None:
    """Let compiled kernels start now.

    Until something needs them NumPy computes what is small, and rounds differently here and there: a run that goes on in a new process
    would not do so at the same place as the one that was not stopped.
    """
    kernels = backend_of(np.empty(0)).kernels
    if kernels.__name__.endswith(".cpu"):
        import_module(f"{kernels.__name__}.jit")


def state_of(trainer: Trainer) -> dict[str, Any]:
    """All that the rest of the run depends on."""
    parts = {name: getattr(trainer, name) for name in ("model", "optimizer", "scheduler", "scaler", "average", "mean_loss")}
    return {
        "parts": {name: part.state_dict() for name, part in parts.items() if part is not None},
        "metrics": {name: metric.state_dict() for name, metric in trainer.metrics.items()},
        "callbacks": trainer.callbacks.state_dict(),
        "loader": trainer.train_loader.state_dict() if hasattr(trainer.train_loader, "state_dict") else None,
        "random": {"minigrad": rng.get_rng_state(), "devices": counted_stream.state_array(), "python": random.getstate(),
                   "numpy": [part.astype(np.int64) if isinstance(part, np.ndarray) else part for part in np.random.get_state()]},
        "gradients": [None if p.grad is None else p.grad.detach() for p in trainer.model.parameters()],
        "history": dict(trainer.history), "logs": trainer.logs,
        "place": [trainer.epoch, trainer.batch, trainer.steps],
    }


def put_back(trainer: Trainer, state: dict[str, Any]) -> None:
    """Let a trainer be where `state_of` found one. Random numbers come last: what is before may draw some."""
    for name, part in state["parts"].items():
        getattr(trainer, name).load_state_dict(part)
    for name, metric in state["metrics"].items():
        if name in trainer.metrics:
            trainer.metrics[name].load_state_dict(metric)
    trainer.callbacks.load_state_dict(state["callbacks"])
    if state["loader"] is not None:
        trainer.train_loader.load_state_dict(state["loader"])
    for p, gradient in zip(trainer.model.parameters(), state["gradients"], strict=True):
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


def save(trainer: Trainer, keep: int) -> Path:
    """Write a checkpoint, whole or not at all, and remove all but the newest `keep`."""
    assert trainer.folder is not None
    trainer.folder.mkdir(parents=True, exist_ok=True)
    path = trainer.folder / f"run-{trainer.epoch:05}-{trainer.batch:07}.safetensors"
    write(state_of(trainer), path)
    for old in newest_first(trainer.folder)[max(keep, 1):]:
        old.unlink(missing_ok=True)
    return path


def newest_first(folder: Path) -> list[Path]:
    """The checkpoints of a folder, the newest in front."""
    return sorted((path for path in folder.glob("run-*.safetensors") if NAME.match(path.name)), reverse=True)


def restore(trainer: Trainer) -> bool:
    """Go on from the newest checkpoint that can be read; False where there is none.

    One that is damaged is passed over with a warning. Raises what `load_state_dict` raises for another model.
    """
    assert trainer.folder is not None
    for path in newest_first(trainer.folder):
        try:
            state = load(path)
        except (CheckpointError, OSError) as error:
            warnings.warn(f"fit: {path} cannot be read ({error}); going on from the checkpoint before it", stacklevel=3)
            continue
        put_back(trainer, state)
        return True
    return False
