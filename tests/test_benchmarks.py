"""The benchmark harness: its statistics, its comparison of values, its processes, its page. No time is asserted."""
from __future__ import annotations

import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from benchmarks import family, report, run
from benchmarks.__main__ import main
from benchmarks.figures import in_order, means, shown
from benchmarks.rounds import Paired, Result, Side, WorkerError, WorkError, bootstrap, compare, difference
from benchmarks.worker import digest


def result(work: str, *ratios: float) -> Result:
    """A workload of one measure with these ratios."""
    return Result(work, {"cpu": Paired.of([r * 0.002 for r in ratios], [0.002] * len(ratios)),
                         "wall": Paired.of([r * 0.006 for r in ratios], [0.002] * len(ratios))}, 3.0, 5000.0)


def a_run(name: str = "pooling", threads: int = 1, against: str = "torch") -> run.Run:
    machine = {"cpu": "A CPU", "cores": "2", "system": "Linux", "versions": "Python 3", "date": "2026-01-02", "commit": "abc",
               "load": "0.10"}
    results = [result("forward: max", 0.5, 0.4, 0.6), result("forward: mean", 2.0, 1.9, 2.1), Result("backward: max", note="values differ")]
    return run.Run(name, against, threads, 3, machine, results, "0.20")


# ---------------------------------------------------------------- statistics
def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    paired = Paired.of([1.0, 4.0, 9.0], [1.0, 2.0, 3.0])
    assert (paired.ours, paired.theirs, paired.ratio) == (4.0, 2.0, 2.0)
    assert paired.low == 1.0
    assert paired.high == 3.0


def test_the_interval_narrows_with_agreement() -> None:
    assert bootstrap([2.0] * 7) == (2.0, 2.0)
    low, high = bootstrap([1.0, 1.9, 2.0, 2.0, 2.0, 2.1, 5.0])
    assert 1.0 < low < 2.0 < high < 5.0              # one wild round on each side is outside


def test_geometric_means_are_of_groups() -> None:
    found = means([result("a: x", 0.5), result("a: y", 2.0), result("b: x", 3.0), Result("a: z", note="no")], "cpu")
    assert found == {"a": pytest.approx(1.0)}


@pytest.mark.parametrize(("value", "measure", "text"), [
    (1.5, "wall", "1.50 s"), (0.0123, "cpu", "12.3 ms"), (4.56e-6, "cpu", "4.56 us"), (7.8e-8, "cpu", "78 ns"),
    (123_400_000, "whole", "123 MB"), (4, "epochs", "4")])
def test_numbers_are_shown_with_three_figures(value: float, measure: str, text: str) -> None:
    assert shown(value, measure) == text


def test_cpu_time_counts_for_one_thread_and_wall_time_for_several() -> None:
    assert in_order(("cpu", "wall"), 1) == ["cpu", "wall"]
    assert in_order(("cpu", "wall"), 2) == ["wall", "cpu"]
    assert in_order(("step", "imported"), 2) == ["step", "imported"]


# ---------------------------------------------------------------- values
def test_equal_values_pass_and_others_are_told() -> None:
    x = mg.arange(12.0).reshape(3, 4)
    same = [digest((x, 2.5)), digest(None)]
    assert difference(same, [digest((x.numpy() * (1 + 1e-5), 2.5)), []]) == ""
    assert "call 1 gives" in difference(same, [digest((x * 1.1, 2.5)), []])
    assert "call 1 gives" in difference(same, [digest((x.flip(0), 2.5)), []])            # the same numbers elsewhere
    assert "[4, 3]" in difference(same, [digest((x.reshape(4, 3), 2.5)), []])
    assert "2 arrays here and 1 there" in difference(same, [digest(x), []])
    assert "call 2 gives 0 arrays here and 1 there" in difference(same, [digest((x, 2.5)), digest(x)])


def test_values_that_are_no_numbers_do_not_pass() -> None:
    with np.errstate(invalid="ignore"):
        nan = [digest(math.nan)]
    assert "nan" in difference(nan, nan)


# ---------------------------------------------------------------- families
@pytest.mark.parametrize("name", family.NAMES)
def test_every_family_lists_workloads(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    works = family.workloads("minigrad", name)
    assert all(callable(build) for build in works.values())
    assert works or name == "memory"                 # which needs Linux


@pytest.mark.parametrize(("name", "work"), [
    ("models", "inference: LSTM cell 64-128, 28 steps, batch 32"), ("convolutions", "backward: 100x1x28 -> 16, k3 p1"),
    ("optimizers", "16 tensors: Adam"), ("shape", "chain: view"),
    ("loader", "in this process: pairs"), ("loader", "2 workers: rows")])
def test_a_workload_gives_the_same_values_in_pytorch(name: str, work: str) -> None:
    torch = pytest.importorskip("torch")
    values = []
    for lib in (mg, torch):
        state = lib.get_rng_state()
        lib.manual_seed(0)
        step = family.workloads(lib.__name__, name)[work]()
        values.append([digest(step()), digest(step())])
        lib.set_rng_state(state)
    assert values[0][0]
    assert difference(*values) == ""


# ---------------------------------------------------------------- processes
def test_two_processes_in_turn() -> None:
    (found,) = compare("overhead", against="minigrad", rounds=2, seconds=0.001, only=["(2, 3): add"])
    assert found.work == "(2, 3): add"
    assert found.note == ""
    assert set(found.measures) == {"cpu", "wall"}
    assert all(p.low <= p.ratio <= p.high and p.ours > 0 for p in found.measures.values())


def test_a_side_tells_its_errors() -> None:
    side = Side("minigrad", "overhead", 1)
    try:
        assert "(2, 3): add" in side.works()
        with pytest.raises(WorkError, match="minigrad: KeyError: 'no such work'"):
            side.ask(work="no such work", calls=1)
        assert side.ask(work="(2, 3): add", calls=1)["wall"] > 0         # it goes on
    finally:
        side.close()


def test_a_side_that_ends_is_told() -> None:
    side = Side("no_such_library", "overhead", 1)
    with pytest.raises(WorkerError, match="the process of no_such_library ended with code 1"):
        side.works()
    side.close()


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "no family nothing; there are models, convolutions" in capsys.readouterr().err
    main(["overhead", "--against", "no_such_library"])
    assert "no_such_library is not installed and left out; pip install no_such_library" in capsys.readouterr().out
    kept = tmp_path / "figures.json"
    kept.write_text("[]")
    with pytest.raises(SystemExit):
        main(["overhead", "--only", "add", "--json", str(kept)])
    assert "--only would put a part in place of a whole family" in capsys.readouterr().err


# ---------------------------------------------------------------- the page
def test_runs_are_kept_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    assert run.read(path) == []
    old, other, new = a_run(), a_run(threads=2), a_run()
    new.rounds = 9
    run.write(path, run.put(run.put([old], other), new))
    assert run.read(path) == [other, new]


def test_page() -> None:
    text = report.document([a_run("norms"), a_run(threads=2), a_run(), a_run(against="jax")], picture=True)
    assert text.index("## Pooling") < text.index("### 1 thread") < text.index("### 2 threads") < text.index("## Normalization")
    cpu, wall = "1.00 ms | 2.00 ms | **0.50** | 0.40 .. 0.60", "3.00 ms | 2.00 ms | **1.50** | 1.20 .. 1.80"
    assert f"| forward: max | {cpu} | {wall} | 3 / 5,000 |" in text
    assert f"| forward: max | {wall} | {cpu} | 3 / 5,000 |" in text
    assert "| Pooling: forward | PyTorch | 1.00 | 3.00 |" in text        # one thread's CPU time, two threads' wall time
    assert "- backward: max: values differ\n" in text
    assert "3 rounds; load 0.10 before, 0.20 after; 2026-01-02, commit abc." in text
    assert "### 1 thread, against JAX" in text
    assert "(images/benchmarks.svg)" in text


def test_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first, second, page = tmp_path / "a.svg", tmp_path / "b.svg", tmp_path / "page.md"
    report.write([a_run(), a_run(threads=2), a_run("overhead")], page, first)
    report.write([a_run(), a_run(threads=2), a_run("overhead")], page, second)
    assert first.read_bytes() == second.read_bytes()
    texts = [element.text for element in ElementTree.parse(first).iter() if element.tag.endswith("}text")]
    rows = [text for text in texts if text and ": forward" in text]
    assert rows == ["Pooling: forward: mean", "Pooling: forward: max", "Per-op overhead: forward"]       # from below: 6, 1.5, 1
    assert "CPU time, 1 thread" in texts
    assert "wall time, 2 threads" in texts
    assert "images/benchmarks.svg" in page.read_text()


def test_what_diagnostics_cost_can_be_measured() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.diagnostics", "--rounds", "1", "chain"], capture_output=True, text=True,
                          cwd=Path(__file__).parents[1], check=True)
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]]
    assert rows == ["watchers, off: chain of small ops", "source line: chain of small ops", "profile(): chain of small ops"]
