"""The derivative book: rules are cut out of the source cleanly, and the page is up to date."""
from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from minigrad.engine.op import OPS

TOOL = Path(__file__).parents[1] / "tools" / "make_derivative_book.py"
PAIR = (lambda g, y: g * y, lambda g, x: g * x), (lambda g, y: g + (y or (lambda x: x)(y)))
LONG = {"x": lambda g, x, out:
        g * (x +
             out), "y": lambda g: -g}


@pytest.fixture(scope="module")
def book() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_derivative_book", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_lambda_is_cut_out_of_its_line(book: ModuleType) -> None:
    (first, second), third = PAIR
    assert book.written(first) == "lambda g, y: g * y"
    assert book.written(second) == "lambda g, x: g * x"
    assert book.written(third) == "lambda g, y: g + (y or (lambda x: x)(y))"


def test_further_lines_keep_their_shape(book: ModuleType) -> None:
    assert book.written(LONG["x"]) == "lambda g, x, out:\n    g * (x +\n         out)"
    assert book.written(LONG["y"]) == "lambda g: -g"


def test_section_of_an_op(book: ModuleType) -> None:
    text = book.section(OPS["atan2"], set())
    assert "### atan2\n`atan2(input: Tensor, other: Tensor) -> Tensor`\n" in text
    assert "```python\nx=lambda g, x, y: g * over_square(y, x)\ny=lambda g, x, y: g * -over_square(x, y)\n" in text
    assert "No gradient." in book.section(OPS["isnan"], set())


def test_a_function_that_rules_share_is_shown_once(book: ModuleType) -> None:
    told: set[str] = set()
    assert "\ndef winner(" in book.section(OPS["maximum"], told)
    assert "\ndef winner(" not in book.section(OPS["minimum"], told)


@pytest.mark.slow
def test_page_is_up_to_date(book: ModuleType) -> None:
    assert book.DOCUMENT.read_text(encoding="utf-8") == book.page(), "docs/ops.md is out of date; run python tools/make_derivative_book.py"
