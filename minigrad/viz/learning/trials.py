"""What a search for hyperparameters found."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .figure import COLOURS, GREY, figure, quiet


def search_results(study: Any) -> Any:
    """The value of each finished trial of an Optuna study, over its turn, with the best so far, and over each hyperparameter.

    study: what `train.search` returns. A hyperparameter that was searched by its logarithm has a logarithmic axis. The best trial is
    marked. Raises ArgumentError where no trial is finished.
    """
    trials = finished(study)
    sign = 1 if study.direction.name == "MAXIMIZE" else -1
    values = np.array([trial.value for trial in trials], float)
    turns = np.array([trial.number for trial in trials])
    best = int(np.argmax(sign * values))
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    made = figure(figsize=(3.2 * (len(names) + 1), 3.0))
    axes = made.subplots(1, len(names) + 1, sharey=True, squeeze=False)[0]
    axes[0].step(turns, sign * np.maximum.accumulate(sign * values), where="post", color=COLOURS[1], label="best so far")
    points(axes[0], turns, values, best, "trial")
    axes[0].set_ylabel("value")
    axes[0].legend(frameon=False)
    for place, name in zip(axes[1:], names):
        has = [i for i, trial in enumerate(trials) if name in trial.params]
        kind = trials[has[0]].distributions[name]
        choices = getattr(kind, "choices", None)
        x = [choices.index(trials[i].params[name]) if choices else trials[i].params[name] for i in has]
        points(place, np.array(x, float), values[has], has.index(best) if best in has else None, name)
        if choices:
            place.set_xticks(range(len(choices)), [str(choice) for choice in choices])
        elif getattr(kind, "log", False):
            place.set_xscale("log")
    return made


def points(axes: Any, x: Any, values: Any, best: int | None, label: str) -> None:
    """A point for each trial, the best one in colour."""
    axes.scatter(x, values, s=12, color=GREY, zorder=3)
    if best is not None:
        axes.scatter(x[best], values[best], s=40, color=COLOURS[0], zorder=4)
    axes.set_xlabel(label)
    quiet(axes, "both")


def trial_curves(study: Any, names: Sequence[str] = ("accuracy", "val_accuracy"), *, best: int = 20, columns: int = 5) -> Any:
    """The curves over epochs of the best trials, the best first, each in a panel.

    names: of the curves in the history that the objective left: `trial.set_user_attr("history", dict(history))`; of a trial that left
    none the numbers that it reported. Raises ArgumentError where no trial is finished.
    """
    sign = 1 if study.direction.name == "MAXIMIZE" else -1
    trials = sorted(finished(study), key=lambda trial: -sign * trial.value)[:best]
    columns = min(columns, len(trials))
    rows = -(-len(trials) // columns)
    made = figure(figsize=(2.2 * columns, 2.1 * rows))
    grid = list(made.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for place, (axes, trial) in enumerate(zip(grid, trials), 1):
        history = trial.user_attrs.get("history", {"reported": list(trial.intermediate_values.values())})
        for i, name in enumerate(name for name in (*names, "reported") if name in history):
            axes.plot(np.arange(1, len(history[name]) + 1), history[name], color=COLOURS[i], label=name)
        params = ", ".join(f"{name} {value:.1e}" if isinstance(value, float) else f"{name} {value}" for name, value in trial.params.items())
        axes.set_title(f"{place}: {trial.value:.3g}\n{params}", fontsize=7)
        quiet(axes, "both")
    for axes in grid[len(trials):]:
        axes.axis("off")
    if grid[0].get_legend_handles_labels()[1]:
        grid[0].legend(frameon=False, fontsize=7)
    return made


def finished(study: Any) -> list[Any]:
    """The trials that have a value."""
    trials = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    if not trials:
        raise ArgumentError(f"search_results: the study has no finished trial; got {len(study.trials)} trials")
    return trials
