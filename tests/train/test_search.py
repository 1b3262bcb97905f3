"""search: what is tried, by whom, and that a study goes on exactly."""
from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.errors import ArgumentError, CheckpointError, MissingDependencyError, WorkerError
from minigrad.train import Range, Trainer, search
from minigrad.train.callbacks import LambdaCallback, Pruning

from .search_objectives import SPACE, dies, fails, hill, noisy
from .test_trainer import blobs, heard  # noqa: F401

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)


def tried(study: Any) -> list[tuple[Any, float]]:
    """Parameters and values of the finished trials."""
    return [(t.params, t.value) for t in study.trials if t.state.name == "COMPLETE"]


def test_what_is_tried_lies_in_the_space() -> None:
    study = search(hill, SPACE, 60, method="random", seed=1)
    values = {name: [params[name] for params, _ in tried(study)] for name in SPACE}
    assert len(study.trials) == 60
    assert 0 <= min(values["x"]) < 1 < 9 < max(values["x"]) <= 10
    assert set(values["n"]) == {1, 2, 3, 4}
    assert set(values["way"]) == {"up", "down"}
    tenths = np.histogram(np.log10(values["lr"]), bins=4, range=(-6, -2))[0]
    assert tenths.sum() == 60
    assert tenths.min() >= 5                         # of 60 in 4 decades: 15 each
    assert study.best_value == max(value for _, value in tried(study))


def test_tpe_looks_where_it_went_well() -> None:
    def distance(method: str) -> float:
        return float(np.mean([abs(params["x"] - 3) for params, _ in tried(search(hill, {**SPACE}, 40, method=method))[20:]]))

    assert distance("tpe") < 0.6 * distance("random")


def test_a_direction() -> None:
    study = search(lambda trial: (trial.params["x"] - 7) ** 2, {"x": Range(0, 10)}, 30, direction="minimize")
    assert study.best_params == {"x": 7}


def test_trials_may_ask_for_more_and_begin_alike() -> None:
    study = search(lambda trial: trial.suggest_float("y", 0, 1) + 0 * mg.rand(1).item(), trials=5)
    assert len({params["y"] for params, _ in tried(study)}) == 5
    draws = {value - params["x"] for params, value in tried(search(noisy, {"x": Range(1, 3)}, 5, seed=4))}
    mg.manual_seed(4)
    np.testing.assert_allclose(sorted(draws), mg.rand(1).item(), rtol=1e-6)


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_a_study_that_was_stopped_ends_as_one_that_was_not(method: str, tmp_path: Path) -> None:
    whole = search(hill, SPACE, 25, method=method, seed=3)
    for trials in (4, 15, 15, 25):
        parts = search(hill, SPACE, trials, method=method, seed=3, file=tmp_path / "study.log")
        assert len(parts.trials) == trials
    assert tried(parts) == tried(whole)


def test_a_study_whose_process_died_ends_as_one_that_lived(tmp_path: Path) -> None:
    file = tmp_path / "study.log"
    for trial in ("13", "16"):                       # the second time in the trial that makes up for the first
        done = subprocess.run([sys.executable, "-m", "tests.train.search_objectives", str(file)], env={**os.environ, "DIE_IN": trial},
                              cwd=Path(__file__).parents[2], capture_output=True, text=True)
        assert done.returncode == 9, done.stderr
    with file.open("ab") as stream:
        stream.write(b'{"op_code": 4, "wor')         # it was writing
    (tmp_path / "study.log.lock").symlink_to(file)
    study = search(hill, SPACE, 20, file=file, seed=5)
    assert [t.state.name for t in study.trials].count("FAIL") == 2
    assert tried(study) == tried(search(hill, SPACE, 20, seed=5))


def test_several_processes_try_what_one_would(tmp_path: Path) -> None:
    many = search(hill, SPACE, 12, method="random", workers=2, file=tmp_path / "study.log")
    assert os.getpid() not in {t.user_attrs["process"] for t in many.trials}
    key = str
    assert sorted(map(key, tried(many))) == sorted(map(key, tried(search(hill, SPACE, 12, method="random"))))
    assert len(search(hill, SPACE, 14, method="random", file=tmp_path / "study.log").trials) == 14


def test_processes_without_a_file_and_their_errors() -> None:
    assert search(hill, SPACE, 4, workers=2).best_value <= 0
    with pytest.raises(ZeroDivisionError, match="as it should"):
        search(fails, SPACE, 4, workers=2)
    with pytest.raises(ArgumentError, match="with workers=2 the objective must be picklable: a function of a module, not a lambda"):
        search(lambda trial: 1.0, trials=2, workers=2)


def test_an_error_ends_the_search_and_its_turn_comes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        search(fails, SPACE, 3, file=tmp_path / "study.log")
    study = search(hill, SPACE, 3, file=tmp_path / "study.log")
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert study.trials[0].params == study.trials[1].params


@pytest.mark.usefixtures("heard")
def test_ctrl_c_in_a_training_ends_the_search(tmp_path: Path) -> None:
    def objective(trial: Any) -> float:
        net = nn.Linear(2, 3)
        press = LambdaCallback(on_batch_end=lambda made: trial.number == 2 and signal.raise_signal(signal.SIGINT))
        made = Trainer(net, "cross_entropy", optim.SGD(net.parameters(), trial.params["lr"]), callbacks=[press])
        return -made.fit(blobs(), epochs=1)["loss"][-1]

    def run(file: Path | None) -> Any:
        return search(objective, {"lr": Range(1e-3, 1.0, log=True)}, 5, file=file)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "study.log")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    study = run(tmp_path / "study.log")
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert study.trials[2].params == study.trials[3].params


@pytest.mark.slow
def test_a_worker_that_dies_is_named_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "study.log"
    monkeypatch.setenv("DIE_IN", "5")
    with pytest.raises(WorkerError, match=r"search: a process died while it tried .*; what was finished is in .*study\.log"):
        search(dies, SPACE, 10, method="random", workers=2, file=file)
    monkeypatch.setenv("DIE_IN", "-1")
    study = search(dies, SPACE, 10, method="random", workers=2, file=file)
    assert sorted(map(str, tried(study))) == sorted(map(str, tried(search(hill, SPACE, 10, method="random"))))


def test_a_file_is_one_search_s(tmp_path: Path) -> None:
    def nested(trial: Any) -> float:
        with pytest.raises(CheckpointError, match=r"search: .*study\.log is in use by process"):
            search(hill, SPACE, 1, file=tmp_path / "study.log")
        return 1.0
    search(nested, trials=1, file=tmp_path / "study.log")
    search(hill, SPACE, 2, file=tmp_path / "study.log")


def test_each_trial_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    search(lambda trial: trial.number + 0.5 if trial.number else math.nan, {"way": ["up"], "x": Range(2.0, 2.0)}, 3)
    assert capsys.readouterr().out.splitlines() == [
        "trial   0 of 3: given up after 0 reports  way up  x 2",
        "trial   1 of 3: 1.5  way up  x 2  (best: 1.5, trial 1)",
        "trial   2 of 3: 2.5  way up  x 2  (best: 2.5, trial 2)"]
    search(hill, SPACE, 2, show=False)
    assert capsys.readouterr() == ("", "")


def test_nan_is_no_result_and_no_error() -> None:
    study = search(lambda trial: math.nan if trial.params["x"] < 5 else trial.params["x"], {"x": Range(0.0, 10.0)}, 20)
    states = [t.state.name for t in study.trials]
    assert {"PRUNED", "COMPLETE"} == set(states)
    assert study.best_value > 5


def test_bad_trials_are_given_up_early() -> None:
    epochs: list[int] = []

    def objective(trial: Any) -> float:
        net = nn.Linear(2, 3)
        made = Trainer(net, "cross_entropy", optim.SGD(net.parameters(), trial.params["lr"]), metrics=["accuracy"],
                       callbacks=[Pruning(trial, "val_loss")])
        try:
            return made.fit(blobs(), blobs(30, 1), epochs=6)["val_loss"][-1]
        finally:
            epochs.append(made.epoch)

    study = search(objective, {"lr": Range(1e-6, 1.0, log=True)}, 16, method="random", direction="minimize",
                   prune="median")
    states = [t.state.name for t in study.trials]
    assert states.count("PRUNED") >= 3
    assert study.best_value < 0.3
    for state, number in zip(states, epochs, strict=True):
        assert (number < 6) == (state == "PRUNED") or number == 6


def test_pictures_of_a_search() -> None:
    pytest.importorskip("matplotlib")
    from minigrad.viz.learning import search_results, trial_curves

    def objective(trial: Any) -> float:
        if trial.number == 2:
            return math.nan
        if trial.number > 4:
            trial.set_user_attr("history", {"accuracy": [0.1, 0.2, 0.3], "val_accuracy": [0.0, 0.1, 0.2]})
        trial.report(0.5, 1)
        return hill(trial)

    study = search(objective, SPACE, 8, show=False)
    made = search_results(study)
    assert [axes.get_xlabel() for axes in made.axes] == ["trial", *SPACE]
    assert [axes.get_xscale() for axes in made.axes] == ["linear", "linear", "linear", "linear", "log"]
    assert len(made.axes[1].collections[0].get_offsets()) == 7       # without the one that was given up
    assert made.axes[1].collections[1].get_offsets().tolist() == [[study.best_params["x"], study.best_value]]
    falling = made.axes[0].lines[0].get_ydata()
    assert list(falling) == sorted(falling)
    curves = trial_curves(study, best=6, columns=3)
    assert len(curves.axes) == 6
    assert curves.axes[0].get_title().startswith(f"1: {study.best_value:.3g}\n")
    assert sorted(len(axes.lines) for axes in curves.axes) == [1, 1, 1, 2, 2, 2]
    with pytest.raises(ArgumentError, match="the study has no finished trial; got 1 trials"):
        search_results(search(lambda trial: math.nan, trials=1, show=False))


def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="method must be 'random' or 'tpe', or an object of Optuna; got 'grid'"):
        search(hill, method="grid")
    with pytest.raises(ArgumentError, match="prune must be None or 'median' or 'halving', or an object of Optuna; got 'hard'"):
        search(hill, prune="hard")
    with pytest.raises(ArgumentError, match="direction must be 'maximize' or 'minimize'; got 'max'"):
        search(hill, direction="max")
    with pytest.raises(ArgumentError, match="'x' must be a Range, or a list of choices; got 3"):
        search(hill, {"x": 3})                       # type: ignore[dict-item]
    with pytest.raises(ArgumentError, match="low must not be above high; got 2 and 1"):
        Range(2, 1)
    with pytest.raises(ArgumentError, match="log=True needs low > 0 and no step; got low 0, step None"):
        Range(0, 1, log=True)
    with pytest.raises(ArgumentError, match="step must be above 0; got 0"):
        Range(0, 1, step=0)
    with pytest.raises(TypeError, match="the objective must return a number; got None"):
        search(lambda trial: None, trials=1)         # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match=r"the objective must be a function of a trial; got float 3\.0"):
        search(3.0)                                  # type: ignore[arg-type]
    search(hill, SPACE, 1, file=tmp_path / "study.log")
    with pytest.raises(ArgumentError, match="wants to maximize, not to minimize; take another file or name"):
        search(hill, SPACE, 2, file=tmp_path / "study.log", direction="minimize")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingDependencyError, match=r"train.search needs Optuna, which is not installed; pip install 'minigrad\[train\]'"):
        search(hill)
