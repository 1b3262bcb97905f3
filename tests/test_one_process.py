"""`distributed` and `futures`: what programs for many processes do when they run as the only one."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import minigrad as mg
from minigrad import distributed as dist
from minigrad.futures import Future, collect_all, wait_all
from minigrad.nn.parallel import DistributedDataParallel, gather, scatter


@pytest.fixture
def world() -> Iterator[None]:
    dist.init_process_group("GLOO", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_the_group_has_one_process(world: None) -> None:
    assert (dist.get_rank(), dist.get_world_size(), dist.get_backend(), dist.is_initialized()) == (0, 1, "gloo", True)
    assert dist.get_process_group_ranks(None) == [0]
    assert dist.new_group([0], backend="mpi").name() == "mpi"
    with pytest.raises(ValueError, match="exists already"):
        dist.init_process_group("gloo")
    with pytest.raises(ValueError, match=r"new_group: the only rank is 0; got ranks \[0, 1\]"):
        dist.new_group([0, 1])


def test_the_environment_stands_for_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(NotImplementedError, match="got rank 1 of world_size 2; start the program once, with WORLD_SIZE=1"):
        dist.init_process_group("gloo")
    assert not dist.is_initialized()


def test_without_a_group_there_is_no_rank() -> None:
    for ask in (dist.get_rank, dist.get_world_size, dist.barrier, lambda: dist.all_reduce(mg.ones(1))):
        with pytest.raises(ValueError, match="Default process group has not been initialized"):
            ask()


def test_collectives_keep_or_copy(world: None) -> None:
    x = mg.tensor([1.0, 2.0])
    for op in (dist.ReduceOp.SUM, dist.ReduceOp.AVG, dist.ReduceOp.MAX):
        assert dist.all_reduce(x, op) is None
    work = dist.all_reduce(x, async_op=True)
    assert work is not None
    assert work.wait()
    assert work.is_completed()
    dist.broadcast(x, 0)
    dist.reduce(x, dst=0)
    assert x.tolist() == [1, 2]

    def filled(act: Any, *shape: int) -> Any:
        out = mg.zeros(*shape)
        act(out)
        return out.tolist()
    assert filled(lambda out: dist.all_gather([out], x), 2) == [1, 2]
    assert filled(lambda out: dist.gather(x, [out], 0), 2) == [1, 2]
    assert filled(lambda out: dist.scatter(out, [x], 0), 2) == [1, 2]
    assert filled(lambda out: dist.all_gather_into_tensor(out, x), 1, 2) == [[1, 2]]
    assert filled(lambda out: dist.reduce_scatter(out, [x]), 2) == [1, 2]
    assert filled(lambda out: dist.all_to_all_single(out, x), 2) == [1, 2]
    with pytest.raises(ValueError, match="broadcast: the only rank is 0; got 1"):
        dist.broadcast(x, 1)
    with pytest.raises(ValueError, match="all_gather: lists must have one tensor per process, so one; got 2 outputs, 1 inputs"):
        dist.all_gather([x, x], x)


def test_objects_travel(world: None) -> None:
    found: list[Any] = [None]
    dist.all_gather_object(found, {"a": 1})
    assert found == [{"a": 1}]
    dist.scatter_object_list(found, ["b"])
    assert found == ["b"]
    dist.broadcast_object_list(found, 0)
    assert found == ["b"]


def test_gradients_pass_through_the_collectives_of_nn(world: None) -> None:
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    (dist.nn.all_gather(dist.nn.all_reduce(x))[0] * 3).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 3]


def test_data_parallel_is_its_module(world: None) -> None:
    module = mg.nn.Linear(2, 1)
    parallel = DistributedDataParallel(module, find_unused_parameters=True)
    assert list(parallel.state_dict()) == ["module.weight", "module.bias"]
    with parallel.no_sync():
        assert not parallel.require_backward_grad_sync
        parallel(mg.ones(3, 2)).sum().backward()
    assert parallel.require_backward_grad_sync
    assert module.bias.grad is not None
    assert module.bias.grad.tolist() == [3]
    with pytest.raises(RuntimeError, match="doesn't have any parameters that require a gradient"):
        DistributedDataParallel(mg.nn.ReLU())


def test_a_spread_optimizer_is_the_optimizer(world: None) -> None:
    from minigrad.distributed.optim import ZeroRedundancyOptimizer
    optimizer = ZeroRedundancyOptimizer([mg.ones(1, requires_grad=True)], mg.optim.Adam, lr=0.25)
    assert isinstance(optimizer, mg.optim.Adam)
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_what_goes_to_one_device_is_not_split() -> None:
    x = mg.ones(4, 2)
    assert scatter((x, 3), ["cpu"]) == [(x, 3)]
    assert gather([x], "cpu") is x
    with pytest.raises(NotImplementedError, match=r"scatter: batches are not split over devices; got \[0, 1\]; pass one of them"):
        scatter(x, [0, 1])
    with pytest.raises(NotImplementedError, match="gather: outputs come from one device; got 2 of them"):
        gather([x, x], "cpu")


def test_data_parallel_wants_a_group() -> None:
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        DistributedDataParallel(mg.nn.Linear(2, 1))


def test_futures() -> None:
    first: Future[int] = Future()
    second: Future[int] = Future()
    both = collect_all([first, second])
    double = first.then(lambda done: 2 * done.value())
    failing = first.then(lambda done: 1 // 0)
    assert not first.done()
    first.set_result(4)
    assert not both.done()
    second.set_exception(KeyError("k"))
    assert both.done()
    assert both.wait() == [first, second]
    assert wait_all([first, double]) == [4, 8]
    with pytest.raises(ZeroDivisionError):
        failing.wait()
    with pytest.raises(KeyError):
        second.wait()
    with pytest.raises(RuntimeError, match="can be set once only"):
        first.set_result(5)
    assert collect_all([]).wait() == []
