"""What holds for every test: how hard Hypothesis tries, where random numbers start, and that no state leaks."""
from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from minigrad.rng import default_generator

from . import leaks

# HYPOTHESIS_PROFILE=ci or deep tries harder than a laptop should. No deadlines: the first call of a kernel compiles it.
for name, examples in (("dev", 20), ("ci", 100), ("deep", 3000)):
    hypothesis.settings.register_profile(name, max_examples=examples, deadline=None, print_blob=name != "dev")
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


class DefaultGenerator:
    """The default generator as Hypothesis wants to see it: every example starts from a seed that it chose."""
    seed = staticmethod(default_generator.manual_seed)
    getstate = staticmethod(default_generator.state_array)
    setstate = staticmethod(default_generator.set_state)


managed = DefaultGenerator()                         # Hypothesis keeps it weakly
hypothesis.register_random(managed)


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    """Fail a test that leaves state behind, and restore it. Every test draws from seed 0, whichever ran before."""
    before, stream = leaks.snapshot(), default_generator.state_array()
    default_generator.manual_seed(0)
    yield
    leaked = leaks.put_back(before)
    default_generator.set_state(stream)
    if leaked:
        pytest.fail("this test leaks state; " + "; ".join(leaked))


@pytest.hookimpl(wrapper=True, trylast=True)         # innermost: inside pytest's own saving of the warning filters
def pytest_runtest_call(item: pytest.Item) -> Any:
    filters = leaks.WarningFilters()
    result = yield
    if leaked := filters.leaked():
        pytest.fail("this test leaks state; use warnings.catch_warnings(): " + "; ".join(leaked))
    return result
