"""`profile`: what it counts, where it says things ran, and what it writes."""
from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.engine import mode as modes
from minigrad.engine.mode import fuses, local, watching
from minigrad.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule, tensorboard_trace_handler
from minigrad.profiler.costs import macs
from minigrad.profiler.recorder import Recorder


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 2))


def run(model: nn.Module) -> None:
    model(mg.ones(5, 1, 8, 8)).sum().backward()


def test_counts_and_bytes_of_ops() -> None:
    x = mg.ones(3, 4, requires_grad=True)
    with profile() as prof:
        for _ in range(3):
            (x.exp() + 1.0).sum().backward()
    rows = {row.key: row for row in prof.key_averages()}
    assert {key: row.count for key, row in rows.items()} == {"exp": 3, "add": 3, "sum": 3, "SumBackward0": 3, "AddBackward0": 3,
                                                             "ExpBackward0": 3}
    assert rows["exp"].cpu_memory_usage == 3 * 48
    assert rows["AddBackward0"].cpu_memory_usage == 0            # the gradient is handed through
    assert all(0 < row.self_cpu_time_total <= row.cpu_time_total for row in rows.values())
    assert rows["exp"].cpu_time == rows["exp"].cpu_time_total / 3


def test_nothing_stays_behind() -> None:
    with profile():
        mg.ones(1).exp()
    assert local.mode.watch is None
    assert local.mode.rules is None
    with profile() as outer:
        with profile() as inner:
            mg.ones(1).exp()
        mg.ones(1).log()
    assert [e.name for e in inner.events()] == ["exp"]
    assert [e.name for e in outer.events()] == ["exp", "log"]


def test_modules_with_what_is_inside_them() -> None:
    with profile() as prof:
        run(net())
    rows = {row.path: row for row in prof.module_averages()}
    assert list(rows) == ["", "0", "1", "2", "3"]
    assert [row.kind for row in rows.values()] == ["Sequential", "Conv2d", "ReLU", "Flatten", "Linear"]
    assert [row.macs for row in rows.values()] == [5 * 4 * 36 * 9 + 5 * 144 * 2, 5 * 4 * 36 * 9, 0, 0, 5 * 144 * 2]
    assert rows[""].forward == pytest.approx(sum(rows[str(i)].forward for i in range(4)))
    assert rows[""].backward == pytest.approx(sum(rows[str(i)].backward for i in range(4)))
    assert rows["1"].nbytes == 2 * 5 * 4 * 36 * 4    # the result and the gradient
    assert rows["0"].calls == 1


def test_a_module_that_is_called_twice_counts_two_calls() -> None:
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, layer)
    with profile() as prof:
        model(mg.ones(1, 2))
    assert [(row.path, row.calls, row.macs) for row in prof.module_averages()] == [("", 1, 8), ("0", 2, 8)]


def test_a_kernel_that_does_two_ops_still_does() -> None:
    model, x = nn.Sequential(nn.Conv2d(8, 16, 3), nn.ReLU()), mg.rand(4, 8, 32, 32)
    seen: list[Any] = []
    plain = model(x)
    with profile() as prof:
        fused = model(x)
    with watching(lambda op, call, args, kwargs: seen.append(op.name) or call(*args, **kwargs)):
        apart = model(x)
    assert seen == [e.name for e in prof.events()] == ["convolution", "relu"]
    assert (fused == plain).all()
    assert mg.allclose(apart, plain)
    assert fuses(Recorder())
    assert fuses(modes.in_front(Recorder(), Recorder()))
    assert not fuses(modes.in_front(Recorder(), lambda *args: None))


def test_events_know_line_shapes_and_module() -> None:
    model = net()
    with profile() as prof:
        run(model)
    forward = next(e for e in prof.events() if e.name == "linear")
    backward = next(e for e in prof.events() if e.name == "LinearBackward0")
    assert (forward.path, backward.path) == ("3", "3")
    assert forward.shapes == ((5, 144), (2, 144), (2,))
    assert forward.line == backward.line
    assert Path(forward.line.rpartition(":")[0]) == Path(__file__)


def test_the_table() -> None:
    x = mg.ones(8, 8, requires_grad=True)
    with profile(with_flops=True) as prof:
        (x @ x).sum().backward()
    text = prof.key_averages().table(sort_by="flops", row_limit=1, header="one step")
    lines = text.splitlines()
    assert lines[0] == "one step"
    assert " ".join(lines[2].split()) == "Name Self CPU % Self CPU CPU total % CPU total CPU time avg Bytes made # of Calls FLOPs"
    assert lines[4].startswith("matmul ")
    assert lines[4].endswith(f" {2 * 8 ** 3:,}")
    assert lines[-1].startswith("Self CPU time total: ")
    assert len(lines) == 7
    with pytest.raises(ValueError, match=r"table: sort_by must be one of cpu_time, .*; got 'cuda_time'"):
        prof.table("cuda_time")
    shapes = prof.key_averages(group_by_input_shape=True).table()
    assert "[[8, 8], [8, 8]]" in shapes


def test_own_time_leaves_out_what_is_inside() -> None:
    with profile() as prof:
        with record_function("block"):
            mg.ones(10).exp()
            with record_function("inner"):
                mg.ones(10).exp()
    block, first, inner, second = prof.events()
    assert [e.name for e in prof.events()] == ["block", "exp", "inner", "exp"]
    assert block.own_time == block.time - first.time - inner.time
    assert inner.own_time == inner.time - second.time
    assert prof.self_cpu_time_total * 1000 == pytest.approx(block.time)


def test_record_function_decorates_and_does_nothing_outside() -> None:
    @record_function("named")
    def work() -> Any:
        return mg.ones(1).exp()
    work()
    with profile() as prof:
        work()
    assert [e.name for e in prof.events()] == ["named", "exp"]


def test_an_error_inside_leaves_a_whole_record() -> None:
    with profile() as prof:
        with pytest.raises(RuntimeError):
            mg.ones(2) + mg.ones(3)
        mg.ones(2).exp()
    assert [(e.name, e.depth) for e in prof.events()] == [("add", 0), ("exp", 0)]


# ---------------------------------------------------------------- schedules
def test_schedules_are_pytorchs() -> None:
    profiler = pytest.importorskip("torch").profiler
    for options in ({"wait": 1, "warmup": 1, "active": 2}, {"wait": 0, "warmup": 1, "active": 1, "repeat": 2},
                    {"wait": 2, "warmup": 1, "active": 3, "repeat": 1, "skip_first": 4}):
        ours, theirs = schedule(**options), profiler.schedule(**options)
        assert [ours(i).name for i in range(20)] == [theirs(i).name for i in range(20)]
    with pytest.raises(AssertionError, match="Invalid profiler schedule arguments"):
        schedule(wait=0, warmup=0, active=0)
    assert ProfilerAction.RECORD_AND_SAVE.value == profiler.ProfilerAction.RECORD_AND_SAVE.value


def test_steps_follow_the_schedule() -> None:
    cycles: list[list[str]] = []
    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2),
                 on_trace_ready=lambda prof: cycles.append([e.name for e in prof.events()])) as prof:
        for _ in range(10):
            mg.ones(1).exp()
            prof.step()
    assert cycles == [["ProfilerStep#2", "exp", "ProfilerStep#3", "exp"], ["ProfilerStep#6", "exp", "ProfilerStep#7", "exp"]]
    assert local.mode.watch is None


# ---------------------------------------------------------------- traces
@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_chrome_trace(tmp_path: Path, name: str) -> None:
    with profile() as prof, record_function("step"):
        run(net())
    prof.export_chrome_trace(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    blocks = json.loads(gzip.decompress(data) if name.endswith("gz") else data)["traceEvents"]
    drawn = {b["name"]: b for b in blocks if b["ph"] == "X"}
    assert {"step", "convolution", "ConvolutionBackward0", "nn.Module: Sequential", "nn.Module: 0"} <= set(drawn)
    conv, module = drawn["convolution"], drawn["nn.Module: 0"]
    assert conv["args"]["Module"] == "0"
    assert conv["args"]["Input Dims"][1] == [4, 1, 3, 3]
    assert module["ts"] <= conv["ts"]
    assert conv["ts"] + conv["dur"] <= module["ts"] + module["dur"] + 1e-3


def test_tensorboard_trace_handler(tmp_path: Path) -> None:
    with profile(on_trace_ready=tensorboard_trace_handler(str(tmp_path / "log"), "me")):
        mg.ones(1).exp()
    file, = (tmp_path / "log").iterdir()
    assert file.name.startswith("me.")
    assert file.name.endswith(".pt.trace.json")


# ---------------------------------------------------------------- PyTorch's ways to call it
def test_activities_without_a_gpu() -> None:
    with profile(activities=[ProfilerActivity.CPU]) as prof:
        mg.ones(1).exp()
    assert prof.total_average().count == 1
    if not mg.cuda.is_available():
        with pytest.warns(UserWarning, match="CUDA is not available, disabling CUDA profiling"):
            profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])


def test_the_older_name() -> None:
    with mg.autograd.profiler.profile() as prof:
        mg.ones(1).exp()
    assert [e.name for e in prof.events()] == ["exp"]
    with mg.autograd.profiler.profile(enabled=False) as prof:
        mg.ones(1).exp()
    assert prof.events() == []


def test_starting_twice() -> None:
    prof = profile()
    prof.start()
    with pytest.raises(RuntimeError, match="profile: has been started already"):
        prof.start()
    prof.stop()


# ---------------------------------------------------------------- multiplications
@pytest.mark.parametrize(("program", "count"), [
    (lambda: nn.Conv2d(4, 6, (3, 5), groups=2)(mg.ones(2, 4, 8, 9)), 2 * 6 * 6 * 5 * (2 * 3 * 5)),
    (lambda: nn.ConvTranspose2d(4, 6, 3, stride=2)(mg.ones(2, 4, 5, 5)), 2 * 4 * 25 * (6 * 9)),
    (lambda: nn.Conv1d(3, 2, 4)(mg.ones(1, 3, 10)), 2 * 7 * 3 * 4),
    (lambda: mg.ones(5, 2, 3) @ mg.ones(3, 7), 5 * 2 * 7 * 3),
    (lambda: mg.addmm(mg.ones(7), mg.ones(2, 3), mg.ones(3, 7)), 2 * 3 * 7),
    (lambda: mg.addbmm(mg.ones(2, 7), mg.ones(4, 2, 3), mg.ones(4, 3, 7)), 4 * 2 * 3 * 7),
    (lambda: mg.einsum("bij,bjk->bik", mg.ones(4, 2, 3), mg.ones(4, 3, 7)), 4 * 2 * 3 * 7),
    (lambda: nn.LSTMCell(3, 4)(mg.ones(2, 3)), 2 * 16 * (3 + 4)),
    (lambda: nn.GRUCell(3, 4)(mg.ones(2, 3)), 2 * 12 * (3 + 4)),
    (lambda: mg.ones(5).dot(mg.ones(5)), 5),
])
def test_macs(program: Any, count: int) -> None:
    with profile() as prof, mg.no_grad():
        program()
    assert sum(e.macs for e in prof.events()) == count


def test_macs_of_an_unknown_op_are_none() -> None:
    assert macs("exp", (mg.ones(3),), [(3,)]) == 0
