"""`utils.benchmark`: how often statements run, and what is made of the times."""
from __future__ import annotations

import pytest

import minigrad as mg
from minigrad.utils.benchmark import Compare, Measurement, Timer


class Clock:
    """A clock on which every reading is a step later."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_statistics() -> None:
    m = Measurement(10, [10.0, 20.0, 30.0, 40.0, 100.0], "x", "label", "sub")
    assert m.times == [1.0, 2.0, 3.0, 4.0, 10.0]
    assert (m.median, m.mean, m.iqr) == (3.0, 4.0, 2.0)
    assert repr(m) == "<Measurement of label: sub: 3.000s (median of 5 blocks, IQR 2.000s, 10 runs each, 1 thread)>"
    assert Measurement(1, [2e-6], "f(x)").iqr == 0.0


def test_statistics_are_pytorchs() -> None:
    benchmark = pytest.importorskip("torch.utils.benchmark")
    times = [3.0, 1.0, 2.5, 9.0, 4.0, 4.5]
    theirs = benchmark.Measurement(2, times, benchmark.TaskSpec("x", "pass"))
    ours = Measurement(2, times, "x")
    assert (ours.median, ours.mean, ours.iqr) == pytest.approx((theirs.median, theirs.mean, theirs.iqr))


def test_timeit_runs_setup_and_statement() -> None:
    ran: list[str] = []
    m = Timer("ran.append('s')", "ran.append('setup')", globals={"ran": ran}).timeit(300)
    assert ran.count("s") == 303                     # three to warm up
    assert ran.count("setup") == 2
    assert m.number_per_run == 300
    assert len(m.raw_times) == 1


def test_blocked_autorange_fills_the_time() -> None:
    m = Timer("pass", timer=Clock(0.01)).blocked_autorange(min_run_time=0.1)
    assert m.number_per_run == 1
    assert m.raw_times == pytest.approx([0.01] * 10, abs=1e-9) or m.raw_times == pytest.approx([0.01] * 11, abs=1e-9)
    assert m.median == pytest.approx(0.01)
    seen: list[int] = []
    Timer("pass").blocked_autorange(lambda number, seconds: seen.append(number), 0.002)
    assert seen[0] > 100                             # one run is too short to be timed


def test_adaptive_autorange_stops_when_the_times_agree() -> None:
    assert len(Timer("pass", timer=Clock(0.01)).adaptive_autorange(min_run_time=0.05, max_run_time=1.0).times) < 10


def test_threads_are_put_back() -> None:
    before = mg.get_num_threads()
    used: list[int] = []
    Timer("used.append(minigrad.get_num_threads())", globals={"used": used}, num_threads=1).timeit(1)
    assert set(used) == {1}
    assert mg.get_num_threads() == before


def test_refusals() -> None:
    with pytest.raises(NotImplementedError, match=r"Timer: statements are Python; got language 'c\+\+'"):
        Timer("x", language="c++")
    with pytest.raises(ValueError, match="Timer: num_threads must be at least 1; got 0"):
        Timer("x", num_threads=0)


def test_compare() -> None:
    results = [Measurement(1, [2e-6], "x", "sizes", "8", "numpy"), Measurement(1, [3e-6], "x", "sizes", "8", "ours"),
               Measurement(1, [5e-6], "x", "sizes", "16", "numpy")]
    lines = str(Compare(results)).splitlines()
    assert lines[0] == "sizes"
    assert lines[2].split() == ["numpy", "ours"]
    assert lines[4].split() == ["8", "(1", "thread)", "2.0", "3.0"]
    assert lines[5].split() == ["16", "(1", "thread)", "5.0"]
    assert lines[-1] == "Times are in microseconds (us)."
