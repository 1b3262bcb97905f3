"""Worker processes that raise, exit, hang or are killed: an error that says which samples, no hang, no orphan, no shared memory."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad.errors import WorkerError
from minigrad.utils.data import DataLoader, Dataset, IterableDataset, pool
from minigrad.utils.data.failure import SHOWN, indices_shown

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="these data sets are not importable by a spawned process")
MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test of a fault leaves no shared memory behind. A worker that sleeps is not waited for as long as usual."""
    monkeypatch.setattr(pool, "GRACE", 0.5)
    before = segments()
    yield
    assert segments() <= before


def segments() -> set[str]:
    return {path.name for path in MEMORY.glob("psm_*")} if MEMORY.is_dir() else set()


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process ends within that time; a zombie has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


class At(Dataset[Any]):
    """`act(i)` happens at sample `at`; other samples are large enough for shared memory."""

    def __init__(self, at: int, act: Callable[[int], Any]) -> None:
        self.at, self.act = at, act

    def __getitem__(self, i: int) -> Any:
        return self.act(i) if i == self.at else mg.full((5000,), float(i))

    def __len__(self) -> int:
        return 12


def raising(error: BaseException) -> Callable[[int], Any]:
    def act(i: int) -> Any:
        raise error
    return act


class Local(Exception):
    """Its constructor takes no message."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} {b}")


def failing(dataset: Any, **options: Any) -> Exception:
    """What iterating raises, without the traceback, which would keep the workers."""
    try:
        list(DataLoader(dataset, **{"batch_size": 2, "num_workers": 2, **options}))
    except Exception as error:
        return error.with_traceback(None)
    pytest.fail("nothing was raised")


# ---------------------------------------------------------------- exceptions
@pytest.mark.parametrize("error", [ValueError("bad value"), KeyError("k"), OSError(2, "no file"), ZeroDivisionError(), IndexError("far")])
def test_an_exception_keeps_its_class_and_brings_traceback_and_index(error: Exception) -> None:
    found = failing(At(5, raising(error)))
    assert type(found) is type(error)
    text = str(found)
    assert text.startswith(f"Caught {type(error).__name__} in DataLoader worker process 0, reading sample index 5.\n"
                           "Original Traceback (most recent call last):\n")
    assert "in act" in text
    assert "raise error" in text


@pytest.mark.parametrize(("error", "text"), [
    (Local(1, 2), "Caught Local in DataLoader worker process 0, reading sample index 5"), (SystemExit(3), "Caught SystemExit"),
    (StopIteration("early"), "Caught StopIteration"), (KeyboardInterrupt(), "Caught KeyboardInterrupt"),
    (UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), "Caught UnicodeDecodeError")])
def test_what_cannot_be_raised_again_is_a_worker_error(error: BaseException, text: str) -> None:
    found = failing(At(5, raising(error)))
    assert type(found) is WorkerError
    assert isinstance(found, RuntimeError)
    assert text in str(found)


def test_a_class_made_inside_a_function_is_told_by_name() -> None:
    class Inner(ValueError):
        pass

    found = failing(At(5, raising(Inner("deep"))))
    assert type(found) is WorkerError
    assert "Caught Inner" in str(found)
    assert "deep" in str(found)


@pytest.mark.parametrize("collate_fn", [raising(ValueError("no batch")), lambda batch: lambda: None])
def test_errors_of_the_batch_name_its_indices(collate_fn: Any) -> None:
    text = str(failing(range(8), collate_fn=collate_fn))
    assert "in DataLoader worker process 0, making the batch of sample indices [0, 1]" in text


def test_a_result_that_cannot_be_pickled_says_so() -> None:
    found = failing(At(5, lambda i: open(os.devnull)), collate_fn=list)
    assert isinstance(found, TypeError)
    assert "cannot pickle" in str(found)
    assert "sample indices [4, 5]" in str(found)


def test_a_tensor_with_a_graph_is_refused() -> None:
    found = failing(At(5, lambda i: mg.ones(5000, requires_grad=True) * 2))
    assert "can't pickle a tensor with a graph; call detach() first" in str(found)


def test_errors_before_the_first_sample() -> None:
    def init(worker: int) -> None:
        raise LookupError(f"worker {worker} cannot start")

    found = failing(range(8), worker_init_fn=init)
    assert isinstance(found, LookupError)
    assert "worker 0 cannot start" in str(found)

    class Broken(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            raise LookupError("no stream")

    assert "no stream" in str(failing(Broken()))


def test_after_an_exception_the_next_batch_follows() -> None:
    for persistent in (False, True):
        loader = DataLoader(At(5, raising(ValueError("bad"))), 2, num_workers=2, persistent_workers=persistent)
        for _ in range(2):
            batches, seen, errors = iter(loader), [], 0
            while True:
                try:
                    seen.append(next(batches)[0, 0].item())
                except ValueError:
                    errors += 1
                except StopIteration:
                    break
            assert (seen, errors) == ([0, 2, 6, 8, 10], 1)


def test_long_batches_are_abbreviated() -> None:
    assert indices_shown([[1, 2], 3]) == "[1, 2], 3"
    assert indices_shown([list(range(SHOWN + 2))]).endswith("19, ... 2 more]")


@pytest.mark.parametrize("method", ["spawn", pytest.param("forkserver", marks=pytest.mark.slow)])
def test_what_cannot_be_sent_to_workers_is_named(method: str) -> None:
    found = failing([lambda: 1], collate_fn=lambda batch: 2, multiprocessing_context=method)
    assert found.__notes__ == [
        f"DataLoader: workers started by {method!r} are sent the dataset and the collate_fn, which cannot be pickled; define its class or "
        "function at the top of a file, or use multiprocessing_context='fork' or num_workers=0"]


def test_ctrl_c_is_held_back_only_while_workers_start() -> None:
    class Held(Dataset[bool]):
        def __getitem__(self, i: int) -> bool:
            return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

        def __len__(self) -> int:
            return 1

    assert [batch.item() for batch in DataLoader(Held(), num_workers=1)] == [False]
    assert not Held()[0]


@pytest.mark.slow
def test_ctrl_c_while_a_spawned_worker_starts(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent("""
        import os, signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if __name__ != "__main__":
            os.kill(os.getpid(), signal.SIGINT)              # what a terminal sends to all
        from minigrad.utils.data import DataLoader
        if __name__ == "__main__":
            print(len(list(DataLoader(range(4), num_workers=1, multiprocessing_context="spawn"))))
    """))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4\n", "")


# ---------------------------------------------------------------- deaths
@pytest.mark.parametrize(("number", "text"), [
    (signal.SIGKILL, "SIGKILL, worker 1 of 2"), (signal.SIGTERM, "SIGTERM, worker 1 of 2")])
def test_a_worker_that_is_killed(number: int, text: str) -> None:
    def act(i: int) -> None:
        os.kill(os.getpid(), number)
        time.sleep(60)

    begun = time.monotonic()
    found = failing(At(7, act))
    assert type(found) is WorkerError
    assert "is killed by signal: " in str(found)
    assert text in str(found)
    assert "it had the sample indices [6, 7]" in str(found)
    assert ("out of memory" in str(found)) == (number == signal.SIGKILL)
    assert time.monotonic() - begun < 30             # the sleeper beside it was not waited for


def test_a_worker_that_leaves() -> None:
    found = failing(At(5, lambda i: os._exit(3)))
    assert "exited unexpectedly (exit code 3, worker 0 of 2); it had the sample indices [4, 5]" in str(found)


@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_killed_between_batches_and_the_next_epoch(persistent: bool) -> None:
    class Pid(Dataset[int]):
        def __getitem__(self, i: int) -> int:
            return os.getpid()

        def __len__(self) -> int:
            return 40

    loader = DataLoader(Pid(), num_workers=2, persistent_workers=persistent)
    batches = iter(loader)
    pids = [int(next(batches)) for _ in range(2)]
    os.kill(pids[1], signal.SIGKILL)
    with pytest.raises(WorkerError, match=rf"DataLoader worker \(pid {pids[1]}\) is killed by signal: Killed"):
        list(batches)
    with pytest.raises(WorkerError, match="have ended; make a new one"):
        next(batches)
    assert all(map(gone, pids))
    assert len(list(loader)) == 40                   # the next epoch has new workers


def test_a_stream_whose_worker_is_killed() -> None:
    class Ends(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            yield 1
            os.kill(os.getpid(), signal.SIGKILL)

    assert "is killed by signal" in str(failing(Ends(), batch_size=1))


def test_a_batch_that_takes_too_long() -> None:
    begun = time.monotonic()
    found = failing(At(4, lambda i: time.sleep(60)), timeout=0.5)
    assert "DataLoader timed out after 0.5 seconds, waiting for sample indices: worker 0 for [4, 5]" in str(found)
    assert time.monotonic() - begun < 30


# ---------------------------------------------------------------- the main process
PROGRAM = """
import os, signal, sys, time
import minigrad as mg
from minigrad.utils.data import DataLoader, Dataset

signal.signal(signal.SIGINT, signal.default_int_handler)     # what was started in the background ignores it

class Slow(Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, i):
        time.sleep({seconds} if i > 3 else 0)
        return mg.full((5000,), float(os.getpid()), dtype=mg.float64)

batches = iter(DataLoader(Slow(), num_workers=2, {options}))
print(*(int(next(batches)[0, 0]) for _ in range(2)), flush=True)
{then}
"""


def start(then: str, seconds: float = 0.05, options: str = "") -> tuple[subprocess.Popen[str], list[int]]:
    """A program with two workers, and their process ids. It has a process group of its own, as one in a terminal has."""
    code = textwrap.dedent(PROGRAM).format(seconds=seconds, then=then, options=options)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    assert process.stdout is not None
    return process, [int(pid) for pid in process.stdout.readline().split()]


@pytest.mark.parametrize("options", ["", "persistent_workers=True"])
def test_ctrl_c_ends_the_program_and_its_workers(options: str) -> None:
    process, pids = start("for batch in batches: pass", options=options)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert errors.count("KeyboardInterrupt") == 1    # of the main process alone
    assert "resource_tracker" not in errors
    assert len(pids) == 2
    assert all(map(gone, pids))


def test_ctrl_c_outside_of_the_loader_can_be_caught() -> None:
    process, pids = start("try: time.sleep(60)\nexcept KeyboardInterrupt: print(len(next(batches)), flush=True)")
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "1\n", "")
    assert all(map(gone, pids))


def test_workers_end_when_the_main_process_is_killed() -> None:
    process, pids = start("time.sleep(60)")
    process.kill()
    process.communicate(timeout=30)
    assert all(map(gone, pids))


@pytest.mark.slow
def test_workers_end_in_the_midst_of_a_sample_when_the_main_process_is_killed() -> None:
    process, pids = start("time.sleep(60)", seconds=1000)
    process.kill()
    process.communicate(timeout=30)
    assert all(gone(pid, 20) for pid in pids)


@pytest.mark.parametrize("then", ["sys.exit(0)", "raise ValueError", "os._exit(0)", "del batches", ""])
def test_a_program_that_ends_takes_its_workers_along(then: str) -> None:
    process, pids = start(then)
    _, errors = process.communicate(timeout=30)
    assert all(map(gone, pids))
    assert "leaked" not in errors or "_exit" in then
    assert errors.count("Error") == (then == "raise ValueError")


def test_a_worker_is_not_gone_before_the_memory_it_opens_has_lost_its_name() -> None:
    program = """
        import time, _posixshmem
        from multiprocessing import resource_tracker
        from multiprocessing.shared_memory import SharedMemory
        import minigrad as mg
        from minigrad.utils.data import DataLoader

        def unlink(self):
            _posixshmem.shm_unlink(self._name)
            time.sleep(0.2)
            resource_tracker.unregister(self._name, "shared_memory")

        SharedMemory.unlink = unlink
        for _ in range(2):
            for batch in DataLoader(list(mg.zeros(40, 20000)), num_workers=1):
                break
            del batch
        print("end")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_a_forked_child_of_the_program_does_not_keep_the_workers() -> None:
    process, pids = start("child = os.fork()\nif not child: time.sleep(60)\nelse: print(child, flush=True); os.kill(os.getpid(), 9)")
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        assert process.wait(30) == -signal.SIGKILL
        assert all(map(gone, pids))
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate(timeout=30)
