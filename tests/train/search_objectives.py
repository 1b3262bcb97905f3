"""Objectives that other processes can import."""
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad.train import Range, search

SPACE = {"x": Range(0.0, 10.0), "n": Range(1, 4), "way": ["up", "down"], "lr": Range(1e-6, 1e-2, log=True)}


def hill(trial: Any) -> float:
    """Highest, 0, at x = 3, n = 2, way = "up"; `trial` learns which process looked."""
    p = trial.params
    trial.set_user_attr("process", os.getpid())
    return -(p["x"] - 3) ** 2 - abs(p["n"] - 2) - (p["way"] == "down")


def noisy(trial: Any) -> float:
    """A number that depends on random draws, too."""
    return float(trial.params["x"] + mg.rand(1).item())


def fails(trial: Any) -> float:
    raise ZeroDivisionError("as it should")


def dies(trial: Any) -> float:
    """Ends the whole process, as a power cut would, in the trial that the environment names."""
    if trial.number == int(os.environ["DIE_IN"]):
        os._exit(9)
    return hill(trial)


if __name__ == "__main__":
    search(dies, SPACE, 20, file=Path(sys.argv[1]), seed=5)
