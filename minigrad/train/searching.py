"""search: hyperparameters tried by Optuna, by several processes at once if wanted, in a study that goes on where it was stopped."""
from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import threads
from ..errors import ArgumentError, ArgumentTypeError, WorkerError, describe, missing
from ..rng import manual_seed
from .interrupts import hears_ctrl_c
from .locking import alone
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
    show: bool
    trials: int


def search(objective: Objective, space: Space | None = None, trials: int = 100, *, method: Any = "tpe", direction: str = "maximize",
           prune: Any = None, workers: int = 1, file: str | Path | None = None, name: str = "search", seed: int = 0,
           show: bool = True) -> Any:
    """Try hyperparameters until `trials` trials are finished, and return Optuna's Study: `study.best_params`, `study.best_value`.

    objective: a function of Optuna's Trial that gives a number; `trial.params` holds a value for each name in `space`, and
    `trial.suggest_float(...)` gives more. space: `{"lr": Range(1e-4, 1e-1, log=True), "optimizer": ["sgd", "adam"]}`.
    method: "random"; "tpe", Bayesian, which prefers where trials went well; or a sampler of Optuna. direction: "maximize" or "minimize".
    prune: give up trials early, "median", "halving" or a pruner of Optuna; the objective reports with `callbacks.Pruning(trial)`.
    workers: processes that try at once; each gets its share of the CPU threads, and the objective must be picklable.
    file: where the study is kept. The same call goes on there, and what was running when the process died is tried again. Only one
    search may have the file at a time. show: print a line for every trial that is done.

    Every trial begins with `manual_seed(seed)`. What is tried depends on `seed`, the trial's turn and, for "tpe", the trials finished
    before: a search by one process ends the same however often it is stopped, a random one also with many. A result of nan counts as a
    pruned trial; an error in the objective, and Ctrl-C, end the search.

    >>> study = search(lambda trial: -(trial.params["x"] - 2.0) ** 2, {"x": Range(0.0, 10.0)}, trials=40)  # doctest: +SKIP
    >>> round(study.best_params["x"])                                                                      # doctest: +SKIP
    2
    """
    library()
    for what, value, known in (("method", method, METHODS), ("prune", prune, PRUNERS)):
        if (value is None or isinstance(value, str)) and value not in known:
            raise ArgumentError(f"search: {what} must be {' or '.join(repr(k) for k in known)}, or an object of Optuna; got {value!r}")
    if direction not in ("maximize", "minimize"):
        raise ArgumentError(f"search: direction must be 'maximize' or 'minimize'; got {direction!r}")
    if workers < 1:
        raise ArgumentError(f"search: workers must be at least 1; got {workers}")
    if not callable(objective):
        raise ArgumentTypeError(f"search: the objective must be a function of a trial; got {describe(objective)}")
    job = Job(objective, checked(space or {}), method, prune, direction, name, seed, None if file is None else Path(file), show, trials)
    if job.file is None:
        return tried(job, workers)
    with alone(job.file.with_name(job.file.name + ".search"), f"search: {job.file} is"):
        return tried(job, workers)


def tried(job: Job, workers: int) -> Any:
    """The study, when all is tried."""
    if workers == 1:
        study = study_of(job)
        with ending():
            study_trials(study, job, trials_left(study, job.trials, multiprocessing.get_context("spawn")))
        return study
    try:
        pickle.dumps(job)
    except Exception as error:
        raise ArgumentError(f"search: with workers={workers} the objective must be picklable: a function of a module, not a lambda or an "
                            f"inner one ({error})") from None
    if job.file is not None:
        return in_processes(job, workers)
    with tempfile.TemporaryDirectory() as folder:
        job.file = Path(folder) / "study.log"
        in_processes(job, workers)
        optuna, memory = library(), library().storages.InMemoryStorage()
        with quiet():
            optuna.copy_study(from_study_name=job.name, from_storage=storage_of(job), to_storage=memory)
        return optuna.load_study(study_name=job.name, storage=memory)


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
    journal = optuna.storages.journal                # making a symbolic link, as its usual lock does, is not for everyone on Windows
    lock = journal.JournalFileOpenLock(str(job.file)) if os.name == "nt" else None
    return optuna.storages.JournalStorage(journal.JournalFileBackend(str(job.file), lock_obj=lock))


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
    with quiet():
        return optuna.create_study(study_name=job.name, storage=storage_of(job), direction=job.direction, pruner=pruner,
                                   load_if_exists=True)


@contextmanager
def quiet() -> Iterator[None]:
    """In which Optuna does not report that there is a study."""
    log = library().logging
    before = log.get_verbosity()
    log.set_verbosity(max(before, log.WARNING))
    try:
        yield
    finally:
        log.set_verbosity(before)


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
@contextmanager
def ending() -> Iterator[None]:
    """In which Ctrl-C ends the search, also where it is a training in the objective that hears of it, and stops, first."""
    def end(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    heard, before = hears_ctrl_c(), None
    if heard:
        before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        if heard:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def study_trials(study: Any, job: Job, left: Any) -> None:
    """Try until nothing is left."""
    while (trial := next_trial(study, job, left)) is not None:
        try:
            manual_seed(job.seed)
            suggest(job.space, trial)
            finish(study, trial, job.objective(trial))
        except library().TrialPruned:
            finish(study, trial, math.nan)
        except BaseException:
            left.get_obj().value = 0                 # without its lock, which a process that died may hold
            study.tell(trial, state=library().trial.TrialState.FAIL, skip_if_finished=True)
            raise
        if job.show:
            print(line_of(study, trial.number, job.trials), flush=True)


def line_of(study: Any, number: int, trials: int) -> str:
    """What came of a trial, what it tried, and the best so far."""
    trial = next(t for t in study.get_trials(deepcopy=False) if t.number == number)
    gave = f"{trial.value:.6g}" if trial.state.name == "COMPLETE" else f"given up after {len(trial.intermediate_values)} reports"
    params = "  ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in trial.params.items())
    try:
        best = f"  (best: {study.best_value:.6g}, trial {study.best_trial.number})"
    except ValueError:                               # none went to its end yet
        best = ""
    return f"trial {number:>3} of {trials}: {gave}  {params}{best}"


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
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"search: the objective must return a number; got {describe(value)}") from None
    if math.isnan(number):
        study.tell(trial, state=library().trial.TrialState.PRUNED)
    else:
        study.tell(trial, number)


# ---------------------------------------------------------------- several processes
shared: dict[str, Any] = {}                          # of a worker: how many trials are left


def in_processes(job: Job, workers: int) -> Any:
    """Try with several processes; the first error of one of them is raised when all have ended."""
    context = multiprocessing.get_context("spawn")   # a forked child would wait for threads that it does not have
    study = study_of(job)
    left = trials_left(study, job.trials, context)
    threads_each = max(1, threads.get_num_threads() // workers)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin, initargs=(left, threads_each)) as pool:
        try:
            for future in [pool.submit(work, job) for _ in range(workers)]:
                future.result()
        except BrokenProcessPool:
            raise WorkerError(f"search: a process died while it tried (killed, or out of memory?); what was finished is in {job.file}, "
                              "where the same call goes on") from None
        finally:
            left.get_obj().value = 0                 # the others end after what they are trying
    return study


def begin(left: Any, threads_each: int) -> None:
    """What a worker does first."""
    shared["left"] = left
    threads.set_num_threads(threads_each)


def work(job: Job) -> None:
    """What a worker does then."""
    with ending():
        study_trials(open_study(job), job, shared["left"])
