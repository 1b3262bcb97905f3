"""Every entry of the scope, checked on PyTorch's own samples. Needs PyTorch and expecttest: pip install 'minigrad[parity]'."""
from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="the oracle; pip install 'minigrad[parity]'")
pytest.importorskip("expecttest", reason="PyTorch's database imports it; pip install 'minigrad[parity]'")
pytestmark = pytest.mark.parity

TIERS = ("core", "extended", "fft")
CHECKS = ("value", "variant", "in place", "gradient", "gradgrad", "in-place gradient", "error")


def pytest_generate_tests(metafunc: Any) -> None:
    """The database is loaded, which takes seconds, only where parity tests are asked for."""
    if "entry" not in metafunc.fixturenames:
        return
    wanted = "parity" in metafunc.config.option.markexpr and "not parity" not in metafunc.config.option.markexpr
    found = load() if wanted else []
    metafunc.parametrize("entry", found, ids=[e.name for e in found])


def load() -> list[Any]:
    from .database import entries
    return entries(*TIERS)


@pytest.mark.parametrize("check", CHECKS)
def test_entry(entry: Any, check: str) -> None:
    """All samples agree with PyTorch, but for those that a listed difference excuses."""
    from .checks import CHECKS as CHECK
    from .differences import judge, of
    judge([r for r in CHECK[check](entry) if r.failure], of(entry.name, check), f"{entry.name}, {check}")


def test_differences_are_about_entries_that_exist() -> None:
    from .database import entries
    from .differences import DIFFERENCES
    names = {e.name for e in entries(*TIERS)}
    assert [d for d in DIFFERENCES if d.entry not in names or d.check not in CHECKS] == []
    assert all(d.reason for d in DIFFERENCES)


def test_every_public_name_is_there_or_accounted_for() -> None:
    from .namespaces import MODULE_NAMESPACES, REASONS, lacked
    found = {**lacked(), **lacked(MODULE_NAMESPACES)}
    assert {title: reasons[""] for title, reasons in found.items() if "" in reasons} == {}
    given = {reason for reasons in found.values() for reason in reasons}
    assert [reason for reason, _ in REASONS if reason not in given] == []
