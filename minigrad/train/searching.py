"""search: hyperparameters tried by Optuna, by several processes at once if wanted, in a study that goes on where it was stopped."""
from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import threads
from ..errors import ArgumentError, missing
from ..rng import manual_seed
from .space import Space, checked, suggest

Objective = Callable[[Any], float]
METHODS = {"random": "RandomSampler", "tpe": "TPESampler"}
PRUNERS = {None: "NopPruner", "median": "MedianPruner", "halving": "SuccessiveHalvingPruner"}


@dataclass
class Job:
    """What a process needs to know in order to try something."""
    objective: Objective
    space: Space
    method: Any
    prune: Any
    direction: str
    name: str
    seed: int
    file: Path | None


def search(objective: Objective, space: Space | None = None, trials: int = 100, *, method: Any = "tpe", direction: str = "maximize",
           prune: Any = None, workers: int = 1, file: str | Path | None = None, name: str = "search", seed: int = 0) -> Any:
    """Try hyperparameters until `trials` trials are finished, and return Optuna's Study: `study.best_params`, `study.best_value`.

    objective: a function of Optuna's Trial that gives a number; `trial.params` holds a value for each name in `space`, and
    `trial.suggest_float(...)` gives more. space: `{"lr": Range(1e-4, 1e-1, log=True), "optimizer": ["sgd", "adam"]}`.
    method: "random"; "tpe", Bayesian, which prefers where trials went well; or a sampler of Optuna. direction: "maximize" or "minimize".
    prune: give up trials early, "median", "halving" or a pruner of Optuna; the objective reports with `callbacks.Pruning(trial)`.
    workers: processes that try at once; each gets its share of the CPU threads, and the objective must be picklable.
    file: where the study is kept. The same call goes on there, and what was running when the process died is tried again. Only one
    search may have the file at a time.

    Every trial begins with `manual_seed(seed)`. What is tried depends on `seed`, the trial's turn and, for "tpe", the trials finished
    before: a search by one process ends the same however often it is stopped, a random one also with many. A result of nan counts as a
    pruned trial; an error in the objective ends the search.

    >>> study = search(lambda trial: -(trial.params["x"] - 2.0) ** 2, {"x": Range(0.0, 10.0)}, trials=40)  # doctest: +SKIP
    >>> round(study.best_params["x"])                                                                      # doctest: +SKIP
    2
    """
    optuna = library()
    for what, value, known in (("method", method, METHODS), ("prune", prune, PRUNERS)):
        if (value is None or isinstance(value, str)) and value not in known:
            raise ArgumentError(f"search: {what} must be {' or '.join(repr(k) for k in known)}, or an object of Optuna; got {value!r}")
    if direction not in ("maximize", "minimize"):
        raise ArgumentError(f"search: direction must be 'maximize' or 'minimize'; got {direction!r}")
    if workers < 1:
        raise ArgumentError(f"search: workers must be at least 1; got {workers}")
    job = Job(objective, checked(space or {}), method, prune, direction, name, seed, None if file is None else Path(file))
    if workers == 1:
        study = study_of(job)
        study_trials(study, job, trials_left(study, trials, multiprocessing.get_context("spawn")))
        return study
    try:
        pickle.dumps(job)
    except Exception as error:
        raise ArgumentError(f"search: with workers={workers} the objective must be picklable: a function of a module, not a lambda or an "
                            f"inner one ({error})") from None
    if job.file is not None:
        return in_processes(job, trials, workers)
    with tempfile.TemporaryDirectory() as folder:
        job.file = Path(folder) / "study.log"
        in_processes(job, trials, workers)
        memory = optuna.storages.InMemoryStorage()
        optuna.copy_study(from_study_name=name, from_storage=storage_of(job), to_storage=memory)
        return optuna.load_study(study_name=name, storage=memory)


def library() -> Any:
    """Optuna. Raises MissingDependencyError without it."""
    try:
        import optuna
    except ImportError:
        raise missing("Optuna", "train.search", "train") from None
    return optuna


# ---------------------------------------------------------------- the study
def storage_of(job: Job) -> Any:
    """Where a study is kept: a log of JSON lines, or memory alone."""
    optuna = library()
    if job.file is None:
        return optuna.storages.InMemoryStorage()
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(job.file)))


def study_of(job: Job) -> Any:
    """The study, begun or taken up again; trials that a dead process left running have failed."""
    optuna = library()
    if job.file is not None:
        job.file.parent.mkdir(parents=True, exist_ok=True)
        mend(job.file)
    study = open_study(job)
    found = study.direction.name.lower()
    if found != job.direction:
        raise ArgumentError(f"search: the study in {job.file} wants to {found}, not to {job.direction}; take another file or name")
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def open_study(job: Job) -> Any:
    """The study as the processes of a search share it."""
    optuna = library()
    pruner = getattr(optuna.pruners, PRUNERS[job.prune])() if job.prune is None or isinstance(job.prune, str) else job.prune
    return optuna.create_study(study_name=job.name, storage=storage_of(job), direction=job.direction, pruner=pruner, load_if_exists=True)


def mend(file: Path) -> None:
    """Take away what a process that was killed while it wrote has left: half a line, and a lock."""
    Path(f"{file}.lock").unlink(missing_ok=True)
    if file.exists():
        content = file.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(file, content.rfind(b"\n") + 1)


def taken(study: Any) -> set[int]:
    """The turns that are finished or running."""
    states = library().trial.TrialState
    trials = study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED, states.RUNNING))
    return {trial.user_attrs.get("turn", trial.number) for trial in trials}


def trials_left(study: Any, trials: int, context: Any) -> Any:
    """How many are still to be tried, a number that processes share."""
    return context.Value("q", max(0, trials - len(taken(study))))


# ---------------------------------------------------------------- trying
def study_trials(study: Any, job: Job, left: Any) -> None:
    """Try until nothing is left."""
    while (trial := next_trial(study, job, left)) is not None:
        try:
            manual_seed(job.seed)
            suggest(job.space, trial)
            finish(study, trial, job.objective(trial))
        except library().TrialPruned:
            finish(study, trial, math.nan)
        except Exception:
            with left.get_lock():
                left.value = 0
            study.tell(trial, state=library().trial.TrialState.FAIL)
            raise


def next_trial(study: Any, job: Job, left: Any) -> Any:
    """A new trial in the first turn that is free, or None where none is left. The turn, not the process's past, decides its draws."""
    with left.get_lock():
        if left.value <= 0:
            return None
        left.value -= 1
        others = taken(study)
        turn = next(i for i in range(len(others) + 1) if i not in others)
        if isinstance(job.method, str):
            seed = int(np.random.SeedSequence([job.seed, turn]).generate_state(1)[0])
            study.sampler = getattr(library().samplers, METHODS[job.method])(seed=seed)
        else:
            study.sampler = job.method
        trial = study.ask()
        trial.set_user_attr("turn", turn)
        return trial


def finish(study: Any, trial: Any, value: Any) -> None:
    """Write down a result; nan is that of a pruned trial, whose last report Optuna takes in its place."""
    number = float(value)
    if math.isnan(number):
        study.tell(trial, state=library().trial.TrialState.PRUNED)
    else:
        study.tell(trial, number)


# ---------------------------------------------------------------- several processes
shared: dict[str, Any] = {}                          # of a worker: how many trials are left


def in_processes(job: Job, trials: int, workers: int) -> Any:
    """Try with several processes; the first error of one of them is raised when all have ended."""
    context = multiprocessing.get_context("spawn")   # a forked child would wait for threads that it does not have
    study = study_of(job)
    left = trials_left(study, trials, context)
    threads_each = max(1, threads.get_num_threads() // workers)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin, initargs=(left, threads_each)) as pool:
        for future in [pool.submit(work, job) for _ in range(workers)]:
            future.result()
    return study


def begin(left: Any, threads_each: int) -> None:
    """What a worker does first."""
    shared["left"] = left
    threads.set_num_threads(threads_each)


def work(job: Job) -> None:
    """What a worker does then."""
    study_trials(open_study(job), job, shared["left"])
