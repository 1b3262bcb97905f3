"""Every optimizer of PyTorch's database, and every schedule. Needs PyTorch and expecttest: pip install 'minigrad[parity]'."""
from __future__ import annotations

from typing import Any

import pytest

from minigrad import optim

torch = pytest.importorskip("torch", reason="the oracle; pip install 'minigrad[parity]'")
pytest.importorskip("expecttest", reason="PyTorch's database imports it; pip install 'minigrad[parity]'")
pytestmark = pytest.mark.parity


def pytest_generate_tests(metafunc: Any) -> None:
    """The database is loaded, which takes seconds, only where parity tests are asked for."""
    wanted = "parity" in metafunc.config.option.markexpr and "not parity" not in metafunc.config.option.markexpr
    if "info" in metafunc.fixturenames:
        found = optimizers() if wanted else []
        metafunc.parametrize("info", found, ids=[info.name for info in found])
    if "schedule" in metafunc.fixturenames:
        metafunc.parametrize("schedule", schedules() if wanted else [])


def optimizers() -> list[Any]:
    from .optim_checks import infos
    return infos()


def schedules() -> list[str]:
    from .optim_checks import scheduler_names
    return scheduler_names()


def check(results: Any) -> None:
    """There are samples, and none differs."""
    found = list(results)
    assert found
    assert [f"{r.at}: {r.failure}" for r in found if r.failure] == []


@pytest.mark.parametrize("what", ["steps", "errors"])
def test_optimizer(info: Any, what: str) -> None:
    from . import optim_checks
    check(getattr(optim_checks, what)(info))


def test_arguments_of_an_optimizer(info: Any) -> None:
    from .optim_checks import signature
    check(signature(info.name))


@pytest.mark.filterwarnings("ignore:Detected call:UserWarning:torch")    # of nested schedules, needlessly
def test_schedule(schedule: str) -> None:
    from .optim_checks import rates, scheduler_signature
    check(rates(schedule))
    check(scheduler_signature(schedule))


def test_every_optimizer_and_schedule_is_there() -> None:
    from torch.testing._internal.common_optimizers import optim_db

    from .optim_checks import LIMITED, scheduler_names
    assert [info.name for info in optim_db if not hasattr(optim, info.name)] == list(LIMITED)
    public = [name for name in dir(torch.optim) if isinstance(getattr(torch.optim, name), type)]
    assert [name for name in public if not hasattr(optim, name)] == list(LIMITED)
    assert [name for name in scheduler_names() if not hasattr(optim.lr_scheduler, name)] == []
